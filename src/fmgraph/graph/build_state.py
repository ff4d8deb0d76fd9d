"""What the parts of one build share: schema, catalogue, value reader, and what they have found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.claims import Claim
from fmgraph.graph.sources import source_iri, source_label
from fmgraph.graph.values import Value, Values
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import BASE, SCHEMA
from fmgraph.rdf.terms import LABEL, A, Term, Triple, bare, iri, literal, own
from fmgraph.records.addresses import parse_address
from fmgraph.records.findings import Finding, Severity
from fmgraph.records.record_files import Record


@dataclass(frozen=True)
class ListClaim:
    """A claim that a list row makes, with what a correction finds it by."""

    claim: Claim
    record: str  #: ``kind/slug`` of the row's record
    list_id: str
    key: str  #: YAML key of the claim's property
    column: str  #: YAML key that the cell's column stands for


class SourceBases:
    """Which sources records take for primary and which for secondary, and which are lists of works."""

    def __init__(self) -> None:
        self._bases: dict[tuple[str, str | None], set[str]] = {}

    def add(self, source: Term, basis: str, record: Record | None = None) -> None:
        """Keep that the record, or a list where there is none, takes the source for one of that basis."""
        for name in {_name(record), None}:
            for key in (bare(source), _whole(source)):
                self._bases.setdefault((key, name), set()).add(basis)

    def is_secondary(self, source: Term, record: Record) -> bool:
        """Tell whether the source is a secondary one for the record's work, by the bases that records state.

        The basis that the record gives for the source counts first, then the one it gives for the source's
        repository, then those of all other records; in the last two cases one primary basis decides.
        """
        name = _name(record)
        bases = self._bases.get((bare(source), name), set())
        if bases:
            return "secondary" in bases
        bases = self._bases.get((_whole(source), name)) or self._bases.get((_whole(source), None), set())
        return bases == {"secondary"}


def _name(record: Record | None) -> str | None:
    return f"{record.kind}/{record.slug}" if record else None


def _whole(source: Term) -> str:
    """Return what a source is part of: a repository in any revision, a preprint in any version."""
    text = bare(source)
    if text.startswith(BASE):
        return text
    address = parse_address(text)
    if address.root:
        return address.root.iri.casefold()
    return f"arxiv:{address.arxiv}" if address.arxiv else address.key


@dataclass
class Build:
    """One build in progress."""

    data_dir: Path
    schema: Schema
    catalogue: Catalogue
    values: Values
    findings: list[Finding] = field(default_factory=list)
    triples: set[Triple] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    list_claims: list[ListClaim] = field(default_factory=list)
    broken_lists: set[str] = field(default_factory=set)  #: ids of lists that could not be loaded
    bases: SourceBases = field(default_factory=lambda: SourceBases())

    def place(self, path: Path) -> str:
        """Return the path as findings show it: relative to the data folder's parent."""
        try:
            return str(path.resolve().relative_to(self.data_dir.resolve().parent))
        except ValueError:
            return str(path)

    def find(
        self,
        message: str,
        path: Path,
        line: int | None,
        key: str,
        rule: str,
        remedy: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Add a finding; a remedy may follow the message after a semicolon."""
        text, _, hint = message.partition("; ")
        self.findings.append(
            Finding(text, self.place(path), line, key, remedy or hint or None, rule, severity)
        )

    def paper_of(self, record: Record) -> Record | None:
        """Return the record of the paper that describes the work; the record itself where it is a paper."""
        if record.kind == "paper":
            return record
        for slug in record.values("described_by"):
            return self.catalogue.records["paper"].get(slug)
        return None

    def source(self, text: str) -> Term:
        """Return the term of a source reference and describe the source; raises ValueError."""
        address = source_iri(text, self.catalogue.spellings)
        if address.startswith(BASE):
            slug = address.rsplit("/", 1)[-1]
            if not self.catalogue.has("paper", slug):
                raise ValueError(f"there is no record paper/{slug}; add data/paper/{slug}.yaml")
            return iri(address)
        node = iri(address)
        self.triples.add((node, A, own("Source")))
        self.triples.add((node, LABEL, literal(source_label(address))))
        return node

    def add_structure(self, key: str, value: Value) -> None:
        """Add the triples of a value's own node; links to code and weights become artefacts."""
        self.triples.update(value.structure)
        kind = {"code": "SoftwareSourceCode", "weights": "DataDownload", "container": "DataDownload"}.get(key)
        if kind:
            self.triples.add((value.term, A, own("Artifact")))
            self.triples.add((value.term, A, iri(SCHEMA + kind)))
            self.triples.add((value.term, LABEL, literal(source_label(value.term[1:-1]))))
