"""Results of a query for people: names in place of IRIs, columns that sort, pages, a chart or a drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox
from flask import request

from fmgraph.rdf.formats import GRAPHS, RESULTS, Format
from fmgraph.rdf.prefixes import RDF, XSD
from fmgraph.server.engine import Answer
from fmgraph.site.graph_reader import Term, text
from fmgraph.site.lineage_picture import Drawing, Relations, draw
from fmgraph.site.page_context import Site, View, page_number
from fmgraph.site.page_links import words
from fmgraph.site.rdf_documents import write
from fmgraph.site.result_charts import Chart, chart

#: Rows on one page, triples written out, and edges drawn at most.
PAGE, MOST_TRIPLES, MOST_EDGES = 1000, 2000, 160
#: A query longer than this is posted, and a posted one has no address for its other pages.
LONGEST_IN_ADDRESS = 5000
_NUMBERS = {
    XSD + name for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
}


@dataclass(frozen=True)
class Column:
    """A column as it is shown: of a variable, with the names of its IRIs where another column has them."""

    name: str  #: the variable
    title: str
    number: bool  #: whether all its values are numbers
    place: int  #: in the solutions
    label: int | None = None  #: place of the column that has its names
    sort: str | None = None  #: link that sorts by it
    sorted: str | None = None  #: "ascending" or "descending"


@dataclass(frozen=True)
class Cell:
    """A value: its words, where it leads, and the IRI or literal in full where the words are not that."""

    words: str
    href: str | None
    outside: bool
    full: str


@dataclass
class ResultView:
    """What a page shows of an answer."""

    kind: str  #: "select", "ask" or "graph"
    total: int
    seconds: float
    formats: Sequence[Format]
    truth: bool = False
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell | None]] = ()
    page: int = 1
    last: int = 1
    offset: int = 0
    turtle: str = ""
    triples: int = 0  #: written out
    chart: Chart | None = None
    drawing: Drawing | None = None
    lineage: bool = False  #: whether all that is drawn is lineage
    solutions: Sequence[dict[str, Any]] = ()  #: all of them, by variable


def show(site: Site, answer: Answer, address: tuple[str, ...]) -> ResultView:
    """Return what a page shows of an answer that the engine gave as JSON or N-Triples.

    ``address`` is the path of the page; the parameters of the request are kept in its links. Raises
    NotFoundError for a page or a column to sort by that is not there.
    """
    if answer.kind == "graph":
        return _graph(site, answer)
    parsed = ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON)
    if isinstance(parsed, ox.QueryBoolean):
        return ResultView("ask", 1, answer.seconds, RESULTS, truth=bool(parsed))
    assert isinstance(parsed, ox.QuerySolutions)  # noqa: S101 - the two kinds there are
    names = [variable.value for variable in parsed.variables]
    rows = [list(solution) for solution in parsed]
    columns = _columns(names, rows)
    columns, rows = _sorted(site, columns, rows, address)
    page, last, offset = page_number(len(rows), PAGE)
    some = rows[offset : offset + PAGE]
    view = site.view(term for row in some for term in row if isinstance(term, ox.NamedNode))
    cells = [[_cell(view, row, column) for column in columns] for row in some]
    return ResultView(
        "select",
        len(rows),
        answer.seconds,
        RESULTS,
        columns=columns,
        rows=cells,
        page=page,
        last=last,
        offset=offset,
        chart=chart(columns, [[row[column.place] for column in columns] for row in rows], cells),
        solutions=[dict(zip(names, row, strict=True)) for row in rows],
    )


def link(site: Site, address: tuple[str, ...], **changes: object) -> str | None:
    """Return the link to this page with parameters changed; None where the query is too long for one."""
    parameters: dict[str, object] = {key: values for key, values in request.values.lists() if key}
    if sum(len(str(value)) for value in parameters.values()) > LONGEST_IN_ADDRESS:
        return None
    return site.links.path(*address, **{**parameters, **changes})


def _columns(names: Sequence[str], rows: Sequence[Sequence[Term | None]]) -> list[Column]:
    """Return the columns to show: one that names what another holds is merged into that.

    ``?xLabel`` or ``?x_label`` names ``?x``, and ``?label`` what stands before it.
    """
    plain = {_plain(name): place for place, name in enumerate(names)}
    labels: dict[int, int] = {}
    for place, name in enumerate(names):
        if name == "label" and place:
            named_by = place - 1
        else:
            target = plain.get(_plain(name).removesuffix("label")) if _plain(name).endswith("label") else None
            if target is None or target == place:
                continue
            named_by = target
        if _entities(row[named_by] for row in rows):
            labels.setdefault(named_by, place)
    merged = set(labels.values())
    return [
        Column(name, words(name), _numbers(row[place] for row in rows), place, labels.get(place))
        for place, name in enumerate(names)
        if place not in merged
    ]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _entities(column: Any) -> bool:
    return all(isinstance(term, ox.NamedNode) for term in column if term is not None)


def _numbers(column: Any) -> bool:
    some = [term for term in column if term is not None]
    return bool(some) and all(
        isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS for term in some
    )


def _sorted(
    site: Site, columns: list[Column], rows: list[list[Term | None]], address: tuple[str, ...]
) -> tuple[list[Column], list[list[Term | None]]]:
    """Return columns with the links that sort by them, and the rows sorted by ``?sort=`` (``-`` for down)."""
    sort_parameter = request.values.get("sort", "")
    name, down = sort_parameter.removeprefix("-"), sort_parameter.startswith("-")
    linked_columns = []
    for column in columns:
        here = column.name == name
        turned = f"-{column.name}" if (here and not down) or (not here and column.number) else column.name
        linked_columns.append(
            Column(
                column.name,
                column.title,
                column.number,
                column.place,
                column.label,
                link(site, address, sort=turned, page=None) if len(rows) > 1 else None,
                ("descending" if down else "ascending") if here else None,
            )
        )
    sort_column = next((column for column in columns if column.name == name), None)
    if sort_column is None:
        return linked_columns, rows
    place = sort_column.place if sort_column.label is None else sort_column.label
    bound = [row for row in rows if row[place] is not None]
    key = _number if sort_column.number else _text
    bound.sort(key=lambda row: key(row[place]), reverse=down)
    return linked_columns, bound + [row for row in rows if row[place] is None]


def _number(term: Any) -> float:
    try:
        value = float(term.value)
    except ValueError:
        return -math.inf
    return -math.inf if math.isnan(value) else value


def _text(term: Any) -> str:
    return text(term).casefold()


def _cell(view: View, row: Sequence[Term | None], column: Column) -> Cell | None:
    term = row[column.place]
    if term is None:
        return None
    label = row[column.label] if column.label is not None else None
    name = text(label) if label is not None else view.name(term)
    href = view.href(term)
    return Cell(name, href, bool(href and view.outside(href)), text(term))


def _graph(site: Site, answer: Answer) -> ResultView:
    triples = [quad.triple for quad in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)]
    triples = sorted(set(triples), key=str)
    first_triples = triples[:MOST_TRIPLES]
    drawing, lineage = _drawing(site, triples)
    return ResultView(
        "graph",
        len(triples),
        answer.seconds,
        GRAPHS[:4],
        turtle=write(first_triples, GRAPHS[0]).decode(),
        triples=len(first_triples),
        drawing=drawing,
        lineage=lineage,
    )


def _drawing(site: Site, triples: Sequence[ox.Triple]) -> tuple[Drawing | None, bool]:
    """Return the triples between IRIs as a picture, and whether all are lineage; None for none or many."""
    edges = [
        triple
        for triple in triples
        if isinstance(triple.subject, ox.NamedNode)
        and isinstance(triple.object, ox.NamedNode)
        and triple.predicate.value != RDF + "type"
        and triple.subject != triple.object
    ]
    if not edges or len(edges) > MOST_EDGES:
        return None, False
    ontology = site.graph.ontology
    lineage = all(ontology.property(edge.predicate.value).drawn_as for edge in edges)
    view = site.view(term for edge in edges for term in (edge.subject, edge.object))
    relations = Relations(
        {iri: view.name(iri) for edge in edges for iri in (_iri(edge.subject), _iri(edge.object))}
    )
    leads: dict[tuple[str, str], str] = {}
    for edge in edges:
        subject, value, prop = _iri(edge.subject), _iri(edge.object), edge.predicate.value
        pair = (value, subject) if lineage else (subject, value)
        relations.pairs.setdefault(pair, []).append(prop)
        leads.setdefault(pair, site.links.why(subject, prop, f"<{value}>"))
    return draw(site.links, ontology, relations, whole=True, leads=leads, forward=not lineage), lineage


def _iri(term: Any) -> str:
    return str(term.value)
