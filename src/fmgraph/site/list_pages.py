"""Lists and their rows: the tables as the source has them, and what was read in each cell; author lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.lists.list_feedback import Feedback, Suggestion
from fmgraph.rdf.prefixes import DCTERMS, FMG, FOAF, PROV, SCHEMA
from fmgraph.site.claim_view import Claim, read_claims
from fmgraph.site.correction_pages import correction_path
from fmgraph.site.entity_facts import label_of
from fmgraph.site.graph_reader import LABEL, Graph, Term, batches, iri, text, values
from fmgraph.site.list_files import feedback_of
from fmgraph.site.page_context import Site, page_number
from fmgraph.site.page_links import safe

#: Rows of a list shown on one page.
PAGE = 200
#: What ``?show=`` narrows a list to: rows with a wrong cell, rows with a gap.
_SHOWS = ("corrections", "gaps")
_MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")


@dataclass
class Column:
    """A column of a list's table; ``stored`` is False for prose, whose text is not kept."""

    iri: str
    label: str
    position: int
    stored: bool = True


@dataclass
class ListRow:
    """A row: its IRI and label, what it is about, and its raw cells by column IRI."""

    iri: str
    label: str
    topic: str | None
    line: str | None
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class Table:
    """A table of a list, with the rows of this page."""

    iri: str
    label: str
    position: int
    columns: list[Column]
    rows: list[ListRow]

    @property
    def filled(self) -> list[Column]:
        """The columns in which one of the rows has a cell."""
        return [one for one in self.columns if any(row.cells.get(one.iri) for row in self.rows)]


@dataclass
class Cell:
    """A cell of one row with what was read in it."""

    iri: str
    column: str
    raw: str
    claims: list[Claim]


@dataclass
class Overview:
    """What the index says of a list: how many rows it has, the date of the edition, and where it is."""

    rows: int
    date: str
    source: str | None


def register(pages: Blueprint, site: Site) -> None:
    """Add the former address of the index of lists, which leads to the present one."""

    @pages.get("/lists")
    def all_lists() -> Response:
        return Response(status=301, headers={"Location": site.links.path("list", "")})


def overviews(graph: Graph, lists: Iterable[str]) -> dict[str, Overview]:
    """Return what the index says of each list."""
    rows = graph.rows(
        f"SELECT ?list (MIN(?from) AS ?source) (MAX(STR(?issued)) AS ?date) (COUNT(DISTINCT ?row) AS ?rows) "
        f"WHERE {{ {values('list', lists)} OPTIONAL {{ ?list dcterms:source ?from }} "
        "OPTIONAL { ?list dcterms:issued ?issued } "
        "OPTIONAL { ?row dcterms:isPartOf ?list ; a fmg:ListRow } } GROUP BY ?list"
    )
    return {
        row["list"].value: Overview(int(row["rows"].value), _opt(row, "date") or "", _opt(row, "source"))
        for row in rows
    }


def authors(triples: Iterable[tuple[str, str, Term]]) -> list[tuple[str | None, str]]:
    """Return (person IRI or None, name as printed) of a paper's authorship nodes, in order."""
    parts: dict[str, dict[str, str]] = {}
    for subject, prop, value in triples:
        if "#author" in subject:
            parts.setdefault(subject, {})[prop] = text(value)
    authorships = [p for p in parts.values() if SCHEMA + "name" in p]
    authorships.sort(key=lambda p: _position(p))
    return [(p.get(FMG + "person"), p[SCHEMA + "name"]) for p in authorships]


def markdown_parts(raw: str) -> list[tuple[str, str | None]]:
    """Return a raw cell as (text, address or None) pieces: Markdown links become links, the rest stays."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for match in _MARKDOWN_LINK.finditer(raw):
        if match.start() > end:
            pieces.append((raw[end : match.start()], None))
        pieces.append((match[1] or match[2], match[2] if safe(match[2]) else None))
        end = match.end()
    if end < len(raw):
        pieces.append((raw[end:], None))
    return pieces


def block(
    site: Site, kind: str, node: str, triples: Sequence[tuple[str, str, Term]]
) -> dict[str, Any] | None:
    """Return what the template of a list or row shows beside the facts; None for other kinds."""
    if kind == "row":
        return _row_block(site, node, triples)
    return _list_block(site, node, triples) if kind == "list" else None


def _row_block(site: Site, node: str, triples: Sequence[tuple[str, str, Term]]) -> dict[str, Any]:
    parts = _by_subject(triples)
    claims = read_claims(site.graph, f"?c prov:wasQuotedFrom {iri(node)} .")
    columns = {
        c.iri: c
        for c in _columns(site.graph, [p[FMG + "column"] for p in parts.values() if FMG + "column" in p])
    }
    cells = [
        Cell(
            one,
            columns[p[FMG + "column"]].label,
            p.get(PROV + "value", ""),
            [c for c in claims if c.cell == one],
        )
        for one, p in parts.items()
        if p.get(FMG + "column") in columns
    ]
    cells.sort(key=lambda cell: columns[parts[cell.iri][FMG + "column"]].position)
    loose = [claim for claim in claims if claim.cell not in {cell.iri for cell in cells}]
    subjects = _subjects(site, node)
    terms = [*(c.value for c in claims), *subjects.values()]
    labels = {prop: label_of(prop, site.graph.ontology) for prop in {c.prop for c in claims}}
    return {
        "cells": cells,
        "loose": loose,
        "labels": labels,
        "view": site.view(terms),
        "subjects": subjects,
        "topic": parts.get(node, {}).get(FOAF + "primaryTopic"),
        "correct": lambda claim: correction_path(site, subjects.get(claim.iri, ""), claim.prop),
        "parts": markdown_parts,
    }


def _subjects(site: Site, row: str) -> dict[str, str]:
    """Return the claims read in the row with the entity that each is about."""
    rows = site.graph.rows(f"SELECT ?c ?s WHERE {{ ?c prov:wasQuotedFrom {iri(row)} ; rdf:subject ?s }}")
    return {solution["c"].value: solution["s"].value for solution in rows}


def _list_block(site: Site, node: str, triples: Sequence[tuple[str, str, Term]]) -> dict[str, Any]:
    every = site.graph.count(f"?s a fmg:ListRow ; dcterms:isPartOf {iri(node)} .")
    slug = node.rpartition("/")[2]
    list_feedback = feedback_of(site, slug)
    shown_only = request.args.get("show", "")
    if shown_only not in ("", *_SHOWS):
        raise NotFoundError(f"there is no show={shown_only[:20]!r}: there are {', '.join(_SHOWS)}")
    suggestions = {"corrections": list_feedback.corrections, "gaps": list_feedback.gaps}.get(shown_only)
    only = values("s", {one.row for one in suggestions}) if suggestions is not None else ""
    total = every if suggestions is None else len({one.row for one in suggestions})
    page, last, offset = page_number(total, PAGE)
    solutions = site.graph.rows(
        f"SELECT ?s ?label ?table ?topic ?line WHERE {{ {only} "
        f"?s a fmg:ListRow ; dcterms:isPartOf {iri(node)} ; "
        "rdfs:label ?label ; schema:position ?n . OPTIONAL { ?s fmg:inTable ?table } "
        "OPTIONAL { ?s foaf:primaryTopic ?topic } OPTIONAL { ?s fmg:line ?line } } "
        f"ORDER BY ?n ?s LIMIT {PAGE} OFFSET {offset}"
    )
    tables = _tables(triples)
    rows: dict[str, ListRow] = {}
    for row in solutions:
        one = ListRow(row["s"].value, row["label"].value, _opt(row, "topic"), _opt(row, "line"))
        where = _opt(row, "table") or ""
        if one.iri not in rows and where in tables:
            tables[where].rows.append(one)
        rows.setdefault(one.iri, one)
    for some in batches(rows):
        query = (
            f"SELECT ?row ?column ?raw WHERE {{ {values('row', some)} "
            "?c fmg:inRow ?row ; fmg:column ?column ; prov:value ?raw }"
        )
        for cell in site.graph.rows(query):
            rows[cell["row"].value].cells[cell["column"].value] = cell["raw"].value
    view = site.view(one.topic for one in rows.values() if one.topic)
    page_tables = [table for table in sorted(tables.values(), key=lambda t: t.position) if table.rows]
    return {
        "tables": page_tables,
        "total": total,
        "every": every,
        "feedback": list_feedback,
        "show": shown_only,
        "marks": _marks(list_feedback),
        "page": page,
        "last": last,
        "offset": offset,
        "view": view,
        "row_count": len(rows),
        "parts": markdown_parts,
    }


def _marks(list_feedback: Feedback) -> dict[tuple[str, str], list[Suggestion]]:
    """Return the corrections of each cell, by the row's IRI and the column's heading."""
    marks: dict[tuple[str, str], list[Suggestion]] = {}
    for one in list_feedback.corrections:
        marks.setdefault((one.row, one.header), []).append(one)
    return marks


def _opt(row: Any, name: str) -> str | None:
    return text(row[name]) if row.get(name) is not None else None


def _by_subject(triples: Iterable[tuple[str, str, Term]]) -> dict[str, dict[str, str]]:
    by_subject: dict[str, dict[str, str]] = {}
    for subject, prop, value in triples:
        by_subject.setdefault(subject, {})[prop] = text(value)
    return by_subject


def _columns(graph: Graph, iris: Iterable[str]) -> list[Column]:
    return [_column(node, parts) for node, parts in _by_subject(graph.triples(iris)).items()]


def _position(parts: dict[str, str]) -> int:
    """Return where a table or column stands; 0 for what is no whole number, whatever the graph says."""
    position = parts.get(SCHEMA + "position", "")
    return int(position) if position.isascii() and position.isdigit() and len(position) < 10 else 0


def _column(node: str, parts: dict[str, str]) -> Column:
    position = _position(parts)
    return Column(node, parts.get(LABEL, node), position, parts.get(FMG + "stored") != "false")


def _tables(triples: Iterable[tuple[str, str, Term]]) -> dict[str, Table]:
    parts = _by_subject(triples)
    tables = {
        node: Table(node, p.get(LABEL, ""), _position(p), [], [])
        for node, p in parts.items()
        if "#" in node and DCTERMS + "isPartOf" in p
    }
    for node, p in parts.items():
        if p.get(FMG + "inTable") in tables:
            tables[p[FMG + "inTable"]].columns.append(_column(node, p))
    for table in tables.values():
        table.columns.sort(key=lambda column: column.position)
    return tables
