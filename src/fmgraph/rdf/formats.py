"""The formats the service speaks: their short names for ``?format=``, media types and file suffixes.

Sources: SPARQL 1.1 Query Results JSON, XML, CSV and TSV Formats; RDF 1.1 Turtle, N-Triples, N-Quads, TriG,
XML Syntax; JSON-LD 1.1 (W3C Recommendations; each registers its media type).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """One serialisation: ``media_type`` is the registered one, ``aliases`` are others it is asked by."""

    name: str
    label: str
    media_type: str
    suffix: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  #: further short names taken by ``?format=``

    @property
    def content_type(self) -> str:
        """Return the Content-Type to send, with a charset for text types."""
        return content_type(self.media_type)


#: For SELECT and ASK, in the order of the service's preference. (CSV and TSV of ASK are not in the
#: specifications: they hold the one word ``true`` or ``false``, as other stores send it.)
RESULTS = (
    Format("json", "JSON", "application/sparql-results+json", "srj", ("application/json",)),
    Format("xml", "XML", "application/sparql-results+xml", "srx", ("application/xml", "text/xml")),
    Format("csv", "CSV", "text/csv", "csv"),
    Format("tsv", "TSV", "text/tab-separated-values", "tsv", ("text/plain",)),
)
#: For CONSTRUCT and DESCRIBE, and for every RDF document, in the order of the service's preference.
GRAPHS = (
    Format(
        "turtle",
        "Turtle",
        "text/turtle",
        "ttl",
        (
            "application/x-turtle",
            "application/turtle",
            "text/n3",
            "text/rdf+n3",
            "application/n3",
        ),
        ("ttl", "n3"),
    ),
    Format("ntriples", "N-Triples", "application/n-triples", "nt", ("text/plain",), ("nt", "n-triples")),
    Format(
        "rdfxml",
        "RDF/XML",
        "application/rdf+xml",
        "rdf",
        ("application/xml", "text/xml"),
        ("rdf", "xml", "rdf+xml"),
    ),
    Format("jsonld", "JSON-LD", "application/ld+json", "jsonld", ("application/json",), ("json-ld", "json")),
    Format("nquads", "N-Quads", "application/n-quads", "nq", ("text/x-nquads",), ("nq", "n-quads")),
    Format("trig", "TriG", "application/trig", "trig", ("application/x-trig",)),
)
HTML = Format("html", "HTML", "text/html", "html", ("application/xhtml+xml",))


def content_type(media_type: str) -> str:
    """Return the Content-Type header for a media type: text types say that they are UTF-8."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def named(name: str, formats: tuple[Format, ...]) -> Format | None:
    """Return the format of a short name, suffix or media type (any case; parameters ignored), or None.

    A space stands for ``+``: that is what a bare ``+`` in a query string becomes, and no name has a space.
    """
    key = name.partition(";")[0].strip().lower().replace(" ", "+")
    for form in formats:
        if key in (form.name, form.suffix, form.media_type, *form.names):
            return form
    return next((form for form in formats if key in form.aliases), None)
