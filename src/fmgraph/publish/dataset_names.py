"""IRIs, texts and file names that the self-description, the dumps and the web pages share.

Everything that describes the dataset is a hash IRI of one document, ``{BASE}void#…``, so that one page
answers for all of it and no node is blank.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Triple

from fmgraph.rdf.prefixes import BASE, PREFIXES, RDF, XSD

#: The SIB editor and other readers of schema statistics look for its ``datatypePartition`` and ``datatype``.
VOID_EXT = "http://ldf.fi/void-ext#"
#: Media types as IRIs, the values of ``dcat:mediaType`` (DCAT 3, section 6.8.16).
IANA = "https://www.iana.org/assignments/media-types/"
#: Format IRIs of ``sd:resultFormat`` and ``void:feature``. https://www.w3.org/ns/formats/
FORMATS = "http://www.w3.org/ns/formats/"

TITLE = "fmgraph: a knowledge graph of medical foundation models"
DESCRIPTION = (
    "Medical foundation models with what they are built on, what they were trained on, who made them and "
    "under which licence, each statement with the list row, paper or repository that makes it."
)
KEYWORDS = (
    "foundation models",
    "knowledge graph",
    "linked data",
    "machine learning",
    "medical imaging",
    "model lineage",
)
AUTHORS = "The fmgraph contributors"
#: Licence of the data.
DATA_LICENSE = "https://creativecommons.org/publicdomain/zero/1.0/"


@dataclass(frozen=True)
class Syntax:
    """An RDF syntax in which the dataset is dumped."""

    suffix: str
    title: str
    media_type: str
    format_iri: str
    edition: str = ""  #: of RDF, where the file is not RDF 1.1

    @property
    def key(self) -> str:
        """What tells the syntax from the others: ``ttl``, ``ttl-1.2``."""
        return "-".join(filter(None, (self.suffix, self.edition)))

    @property
    def file_name(self) -> str:
        """The name of the file of the whole dataset: ``fmgraph.ttl``, ``fmgraph-1.2.ttl``."""
        return "-".join(filter(None, ("fmgraph", self.edition))) + f".{self.suffix}"


#: The syntaxes of the dumps, by key: the file name's suffix and, where it is not 1.1, the edition of RDF.
SYNTAXES: dict[str, Syntax] = {
    syntax.key: syntax
    for syntax in (
        Syntax("ttl", "Turtle", "text/turtle", f"{FORMATS}Turtle"),
        Syntax("nt", "N-Triples", "application/n-triples", f"{FORMATS}N-Triples"),
        Syntax("nq", "N-Quads", "application/n-quads", f"{FORMATS}N-Quads"),
        Syntax("rdf", "RDF/XML", "application/rdf+xml", f"{FORMATS}RDF_XML"),
        Syntax("jsonld", "JSON-LD", "application/ld+json", f"{FORMATS}JSON-LD"),
        Syntax("ttl", "Turtle 1.2 (claims as triple terms)", "text/turtle", f"{FORMATS}Turtle", "1.2"),
        Syntax("nt", "N-Triples 1.2", "application/n-triples", f"{FORMATS}N-Triples", "1.2"),
    )
}
#: Compressions of the dumps: file name suffix to media type; "" is none.
COMPRESSIONS: dict[str, str] = {"": "", "gz": "application/gzip", "zst": "application/zstd"}


@dataclass(frozen=True)
class DumpFile:
    """One file of the whole dataset in ``/dump/``."""

    syntax: Syntax
    compression: str

    @property
    def name(self) -> str:
        """The file name: ``fmgraph.ttl.gz``."""
        return ".".join(filter(None, (self.syntax.file_name, self.compression)))


@dataclass(frozen=True)
class StoredFile:
    """A file that is there, with its size in bytes; ``sha256`` in hex, "" where unknown."""

    name: str
    size: int
    sha256: str


def dump_files() -> Iterator[DumpFile]:
    """Yield the files that every release offers: each syntax, plain and in each compression."""
    for syntax in SYNTAXES.values():
        for compression in COMPRESSIONS:
            yield DumpFile(syntax, compression)


def describing(local: str, base: str = BASE) -> str:
    """Return the IRI of a part of the description: ``describing("dataset")`` ends in ``void#dataset``."""
    return f"{base}void#{local}"


def release_iri(version: str, base: str = BASE) -> str:
    """Return the IRI of a release of the dataset."""
    return f"{base}release/{version}"


def short(iri: str) -> str:
    """Return a name for an IRI that fits in a fragment: ``fmg-Model``; a hash where no prefix fits."""
    for prefix, namespace in PREFIXES.items():
        local = iri.removeprefix(namespace)
        if local != iri and re.fullmatch(r"[A-Za-z0-9_]+", local):
            return f"{prefix}-{local}"
    return hashlib.sha256(iri.encode()).hexdigest()[:12]


class Collector:
    """Collects triples from plain strings, each once, in the order of writing."""

    def __init__(self) -> None:
        self._triples: dict[Triple, None] = {}

    def iri(self, subject: str, predicate: str, *objects: str) -> None:
        """Add triples whose objects are IRIs."""
        for value in objects:
            self._triples[Triple(NamedNode(subject), NamedNode(predicate), NamedNode(value))] = None

    def type(self, subject: str, *classes: str) -> None:
        """Add ``rdf:type`` triples."""
        self.iri(subject, f"{RDF}type", *classes)

    def text(self, subject: str, predicate: str, *values: str, datatype: str | None = None) -> None:
        """Add triples whose objects are literals, of ``xsd:string`` or the datatype."""
        kind = NamedNode(datatype) if datatype else None
        for value in values:
            literal = Literal(value, datatype=kind)
            self._triples[Triple(NamedNode(subject), NamedNode(predicate), literal)] = None

    def count(self, subject: str, predicate: str, value: int) -> None:
        """Add a triple whose object is an ``xsd:integer``."""
        self.text(subject, predicate, str(value), datatype=f"{XSD}integer")

    def add(self, triple: Triple) -> None:
        """Add a ready triple."""
        self._triples[triple] = None

    def triples(self) -> list[Triple]:
        """Return what was collected."""
        return list(self._triples)
