"""From a node of the graph back to the place in the files that a person can correct."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urldefrag

import pyoxigraph as ox

from fmgraph.check.violations import term_of
from fmgraph.errors import ListError, RecordError
from fmgraph.lists import SourceList, load_list
from fmgraph.ontology import Schema, all_kinds
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, PROV, RDF, RDFS
from fmgraph.rdf.terms import Term, bare
from fmgraph.records.record_files import Record, parse_record, read_text
from fmgraph.text import match_key


@dataclass(frozen=True)
class Place:
    """A place in the data folder; parts that cannot be told are None."""

    file: str | None = None
    line: int | None = None
    field: str | None = None


class Places:
    """Finds places for the nodes of one graph, built from one data folder."""

    def __init__(self, store: ox.Store, data_dir: Path, schema: Schema) -> None:
        self._store, self._data, self._schema = store, data_dir, schema
        self._record = lru_cache(maxsize=None)(self._read_record)
        self._list = lru_cache(maxsize=None)(self._read_list)

    def of(self, focus: Term, predicate: str = "", value: Term = "") -> Place:
        """Return the place of a node's statement; ``predicate`` is an IRI, ``value`` a term.

        Claims lead to the cell or record that makes them, values with structure to a claim of theirs.
        """
        iri = bare(focus) if focus.startswith("<") else focus
        kind, _, rest = urldefrag(iri)[0].removeprefix(BASE).partition("/")
        if not iri.startswith(BASE) or not _has_files(kind):
            return self._licence(iri, predicate, value) or self._claimed(focus)
        if kind == "claim":
            return self._claim(focus)
        if kind == "row":
            return self._row(rest, iri)
        if kind in ("evaluation", "protocol", "comparison"):
            return self._evaluation(kind, rest)
        if kind == "list":
            return Place(self._display_path(self._data / "list" / f"{rest}.yaml"), 1, self._key(predicate))
        place = self._in_record(kind, rest, predicate, value)
        return self._claimed(focus) if place.file is None else place  # a person whom a paper names

    def _evaluation(self, kind: str, slug: str) -> Place:
        """Return the line of a result in its protocol's CSV, or the protocol's YAML."""
        protocol = slug if kind == "protocol" else slug.rpartition("-")[0]
        path = self._data / "evaluation" / f"{protocol}.yaml"
        if kind != "evaluation" or not path.with_suffix(".csv").exists():
            return Place(self._display_path(path), 1)
        lines = read_text(path.with_suffix(".csv")).split("\n")
        line = next((number for number, text in enumerate(lines, 1) if text.startswith(f"{slug},")), 1)
        return Place(self._display_path(path.with_suffix(".csv")), line)

    def _in_record(self, kind: str, slug: str, predicate: str, value: Term) -> Place:
        path = self._data / kind / f"{slug}.yaml"
        key, record = self._key(predicate), self._record(kind, slug)
        if record is None:
            exists = path.exists()
            return Place(self._display_path(path) if exists else None, 1 if exists else None, key)
        line = record.lines.get(key or "")
        statements = record.statements.get(key or "", [])
        value_key = match_key(value)
        value_lines = [statement.line for statement in statements if match_key(statement.value) in value_key]
        if value and value_lines:
            line = value_lines[0]
        if line is None and predicate:  # the statement comes from a list, not from the record
            quoted = self._quoted(f"<{record_iri(kind, slug)}>", predicate, value)
            if quoted is not None:
                return quoted
        return Place(self._display_path(path), line or 1, key)

    def _quoted(self, focus: Term, predicate: str, value: Term) -> Place | None:
        for claim in self._subjects(f"{RDF}subject", focus):
            if self._object(claim, f"{RDF}predicate") == f"<{predicate}>" and value in (
                "",
                self._object(claim, f"{RDF}object"),
            ):
                return self._claim(claim)
        return None

    def _claim(self, claim: Term) -> Place:
        row = self._object(claim, f"{PROV}wasQuotedFrom")
        if row and row.startswith(f"<{BASE}row/"):
            cell = self._object(claim, f"{FMG}cell") or row
            return self._row(urldefrag(bare(row))[0].rsplit("/", 1)[1], bare(cell))
        subject = self._object(claim, f"{RDF}subject") or ""
        predicate = self._object(claim, f"{RDF}predicate") or "<>"
        if not subject.startswith(f"<{BASE}"):
            known = self._licence(bare(subject), bare(predicate), "")
            return known or Place(field=self._key(bare(predicate)))
        kind, _, slug = bare(subject).removeprefix(BASE).partition("/")
        return self._in_record(kind, slug, bare(predicate), self._object(claim, f"{RDF}object") or "")

    def _claimed(self, node: Term) -> Place:
        """Return the place of a claim that has the node as its object or source."""
        for predicate in (f"{RDF}object", f"{PROV}hadPrimarySource", f"{PROV}wasQuotedFrom"):
            for claim in self._subjects(predicate, node):
                return self._claim(claim)
        paper = self._object(node, f"{FMG}ofPaper")
        return self.of(paper, f"{FMG}author") if paper else Place()

    def _licence(self, iri: str, predicate: str, value: Term) -> Place | None:
        """Return the place in the licence record that has the IRI for its own."""
        for path in sorted((self._data / "license").glob("*.yaml")):
            record = self._record("license", path.stem)
            if record is not None and iri in record.values("iri"):
                return self._in_record("license", path.stem, predicate, value)
        return None

    def _row(self, row_id: str, iri: str) -> Place:
        row = f"<{BASE}row/{row_id}>"
        parent = self._object(row, f"{DCTERMS}isPartOf")
        source = self._list(bare(parent).rsplit("/", 1)[1]) if parent else None
        if source is None:
            return Place()
        column = self._object(f"<{iri}>", f"{FMG}column")
        label = self._object(column, f"{RDFS}label") if column else None
        lines = [entry.csv_line for entry in source.rows if entry.id == row_id]
        field = label.strip('"') if label else None
        return Place(self._display_path(source.csv_path), lines[0] if lines else None, field)

    def _key(self, predicate: str) -> str | None:
        known = self._schema.by_iri.get(predicate)
        return known.key if known else predicate.rsplit("#", 1)[-1].rsplit("/", 1)[-1] or None

    def _object(self, subject: Term, predicate: str) -> Term | None:
        for quad in self._store.quads_for_pattern(_node(subject), ox.NamedNode(predicate), None):
            return term_of(quad.object)
        return None

    def _subjects(self, predicate: str, obj: Term) -> list[Term]:
        quads = self._store.quads_for_pattern(None, ox.NamedNode(predicate), _node(obj))
        return [term_of(quad.subject) for quad in quads]

    def _read_record(self, kind: str, slug: str) -> Record | None:
        path = self._data / kind / f"{slug}.yaml"
        if not _has_files(kind) or not path.is_file():
            return None
        try:
            return parse_record(kind, slug, path, read_text(path), {*self._schema.fields, "iri"})
        except RecordError:  # the build has reported it, with its line
            return None

    def _read_list(self, list_id: str) -> SourceList | None:
        try:
            return load_list(self._data / "list" / f"{list_id}.yaml")
        except ListError:  # the build has reported it, with its line
            return None

    def _display_path(self, path: Path) -> str:
        return display_path(path, self._data)


def display_path(path: Path, data_dir: Path) -> str:
    """Return the path as findings show it: relative to the data folder's parent, where it lies under it."""
    try:
        return str(path.resolve().relative_to(data_dir.resolve().parent))
    except ValueError:
        return str(path)


def record_iri(kind: str, slug: str) -> str:
    """Return the IRI under which a record is published, licences apart."""
    return f"{BASE}{kind}/{slug}"


def _has_files(kind: str) -> bool:
    """Tell whether entities of the kind come from files: records, lists and what is in a list."""
    known = all_kinds().get(kind)
    return known is not None and (known.recorded or kind in ("row", "claim"))


def _node(term: Term) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(term.removeprefix("_:")) if term.startswith("_:") else ox.NamedNode(bare(term))
