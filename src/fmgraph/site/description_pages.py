"""``/void`` and ``/.well-known/void``: what the graph says of itself, as RDF (VoID, section 7.2) or HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox
from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.publish.dcat import dump_iri
from fmgraph.publish.describe import describing, document_query, dump_files
from fmgraph.publish.release_description import measured_dumps, version_triples
from fmgraph.rdf.formats import GRAPHS, HTML, Format, named
from fmgraph.rdf.prefixes import DCTERMS, FMG, VOID
from fmgraph.server.engine import ResultFormats
from fmgraph.site import signposting
from fmgraph.site.page_context import Site
from fmgraph.site.rdf_documents import write
from fmgraph.site.signposting import ENTITY_GRAPHS

#: Turtle for a client that takes anything: whoever asks for VoID by machine expects RDF.
_FORMATS = (*GRAPHS, HTML)


@dataclass(frozen=True)
class Use:
    """A property of a class (or of the whole), and in how many triples."""

    iri: str
    triples: int


@dataclass(frozen=True)
class Part:
    """A class, how many entities are of it, and the properties that they have."""

    iri: str
    entities: int
    uses: list[Use]


class Description:
    """What VoID says of a dataset, for a page."""

    def __init__(self, triples: Iterable[ox.Triple], dataset: ox.NamedNode) -> None:
        """Take the triples of the description."""
        self._dataset = dataset
        self._values: dict[tuple[str, str], list[str]] = defaultdict(list)
        for triple in triples:
            key = (str(triple.subject), triple.predicate.value)
            self._values[key].append(
                triple.object.value if isinstance(triple.object, ox.Literal) else str(triple.object)
            )

    def facts(self) -> list[tuple[str, str]]:
        """Return what is said of the whole, names and values."""
        predicates = (
            ("triples", VOID + "triples"),
            ("entities", VOID + "entities"),
            ("subjects", VOID + "distinctSubjects"),
            ("objects", VOID + "distinctObjects"),
            ("properties", VOID + "properties"),
            ("classes", VOID + "classes"),
            ("is the date of the last change", DCTERMS + "modified"),
        )
        pairs = ((name, self._one(str(self._dataset), iri)) for name, iri in predicates)
        return [(name, f"{int(value):,}" if _is_number(value) else value) for name, value in pairs if value]

    def classes(self) -> list[Part]:
        """Return the classes of our own ontology, the most frequent first."""
        parts = [
            Part(
                self._iri(part, VOID + "class"),
                self._number(part, VOID + "entities"),
                self._uses(part),
            )
            for part in self._values[str(self._dataset), VOID + "classPartition"]
        ]
        ours = [part for part in parts if part.iri.startswith(FMG)]
        return sorted(ours, key=lambda part: (-part.entities, part.iri))

    def _uses(self, part: str) -> list[Use]:
        uses = [
            Use(self._iri(use, VOID + "property"), self._number(use, VOID + "triples"))
            for use in self._values[part, VOID + "propertyPartition"]
        ]
        return sorted(uses, key=lambda use: (-use.triples, use.iri))

    def _one(self, subject: str, predicate: str) -> str:
        return next(iter(self._values[subject, predicate]), "")

    def _number(self, subject: str, predicate: str) -> int:
        text = self._one(subject, predicate)
        return int(text) if _is_number(text) else 0

    def _iri(self, subject: str, predicate: str) -> str:
        return self._one(subject, predicate).strip("<>")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/void")
    @pages.get("/void.<suffix>")
    @pages.get("/.well-known/void")
    def description(suffix: str = "") -> Response:
        if suffix and named(suffix, _FORMATS) is None:
            raise NotFoundError(f"the description is there as {', '.join(f.suffix for f in _FORMATS)}")
        return describe_dataset(site, site.negotiate(_FORMATS, suffix))

    @pages.get("/void/partitions")
    @pages.get("/void/partitions.<suffix>")
    def partitions(suffix: str = "") -> Response:
        return _partitions(site, site.negotiate(GRAPHS, suffix))


def describe_dataset(site: Site, form: Format) -> Response:
    """Return what the graph says of itself in a format; raises NotFoundError where it says nothing."""
    triples = _with_files(site, _triples(site, partitions=False))
    dataset = ox.NamedNode(describing("dataset", site.links.base))
    if form is HTML:
        description = Description(triples | _triples(site, partitions=True), dataset)
        response = site.page(
            "void.html",
            facts=description.facts(),
            classes=description.classes(),
            formats=[f.suffix for f in ENTITY_GRAPHS],
            view=site.view(),
        )
    else:
        ordered = sorted(triples, key=lambda triple: (triple.subject != dataset, str(triple)))
        response = site.answer(write(ordered, form), form)
        response.headers["Link"] = signposting.description_links(site.links)
    response.headers["Content-Location"] = site.links.path(f"void.{form.suffix}")
    return response


def _with_files(site: Site, triples: set[ox.Triple]) -> set[ox.Triple]:
    """Return the description with the sizes of the dumps, without dumps that are not here, with releases."""
    base = site.links.base
    there = {file.name for file in site.dump_files()}
    absent = [file for file in dump_files() if file.name not in there]
    nodes = {ox.NamedNode(dump_iri(file, base)) for file in absent}
    ends = tuple(f"/dump/{file.name}" for file in absent)

    def is_here(triple: ox.Triple) -> bool:
        if triple.predicate.value == f"{VOID}dataDump" and isinstance(triple.object, ox.NamedNode):
            return not triple.object.value.endswith(ends)
        return triple.subject not in nodes and triple.object not in nodes

    present_triples = {triple for triple in triples if is_here(triple)}
    return present_triples | {
        *measured_dumps(site.stored_dumps(), base),
        *version_triples(site.releases(), base),
    }


def _triples(site: Site, *, partitions: bool) -> set[ox.Triple]:
    query = document_query(site.links.base, partitions=partitions)
    answer = site.engine.run(query, formats=ResultFormats(graph="application/n-triples"), trusted=True)
    triples = {quad.triple for quad in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)}
    if not triples:
        raise NotFoundError("this graph does not describe itself (fmgraph build adds the description)")
    return triples


def _partitions(site: Site, form: Format) -> Response:
    """Return the counts by class, property and value: most of what the graph says of itself."""
    response = site.answer(write(sorted(_triples(site, partitions=True), key=str), form), form)
    response.headers["Link"] = signposting.description_links(site.links)
    response.headers["Content-Location"] = site.links.path("void", f"partitions.{form.suffix}")
    return response
