"""What the maintainer of a source list may want to correct or add, row by row, as Markdown ready to send.

Made from the graph alone, by SPARQL. A correction is a cell whose reading the graph does not accept, because
a curator deprecated it or a primary source outranks it; a gap is a cell that is empty, or a code, weights or
licence entry that is missing, where the graph has a value with a source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from fmgraph.errors import NotFoundError
from fmgraph.lists.markdown_text import code, escape, link
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, FOAF, PROV, RDF, RDFS, SCHEMA, entity_iri
from fmgraph.text import SLUG, match_key, nearest

_PREFIXES = f"""PREFIX dcterms: <{DCTERMS}> PREFIX fmg: <{FMG}> PREFIX foaf: <{FOAF}> PREFIX prov: <{PROV}>
PREFIX rdf: <{RDF}> PREFIX rdfs: <{RDFS}> PREFIX schema: <{SCHEMA}>
"""
_LISTS = "SELECT ?list ?label ?source { ?list a fmg:SourceList ; rdfs:label ?label ; dcterms:source ?source }"
_ROWS = """SELECT ?row ?position ?line ?table ?section ?work ?name {
  ?row a fmg:ListRow ; dcterms:isPartOf %s ; schema:position ?position ; fmg:inTable ?table ; fmg:line ?line ;
    foaf:primaryTopic ?work .
  ?work rdfs:label ?name . ?table rdfs:label ?section
} ORDER BY ?position"""
_WRONG = """SELECT ?row ?s ?p ?o ?value ?said ?column ?reason ?evidence ?evidenceName {
  ?row a fmg:ListRow ; dcterms:isPartOf %s .
  ?claim prov:wasQuotedFrom ?row ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .
  ?claim fmg:accepted false .
  FILTER NOT EXISTS { ?p fmg:absenceOf ?any }
  OPTIONAL { ?claim prov:value ?said }
  OPTIONAL { ?claim fmg:cell/fmg:column/rdfs:label ?column }
  OPTIONAL { ?claim fmg:reason ?reason }
  OPTIONAL { ?claim fmg:correctedBy ?evidence OPTIONAL { ?evidence rdfs:label ?evidenceName } }
  OPTIONAL { ?o rdfs:label ?value }
} ORDER BY ?row ?column ?claim"""
#: What is accepted of the subjects of a list and said by a source that is no list, by property or below it.
_RIGHT = """SELECT DISTINCT ?s ?p ?o ?value ?source ?sourceName ?at {
  { SELECT DISTINCT ?s { ?row dcterms:isPartOf %s ; foaf:primaryTopic ?work . ?work fmg:describedBy? ?s } }
  ?claim rdf:subject ?s ; rdf:predicate ?q ; rdf:object ?o ; fmg:accepted true .
  ?claim prov:hadPrimarySource|prov:wasQuotedFrom ?source .
  FILTER NOT EXISTS { ?source a fmg:ListRow }
  ?q rdfs:subPropertyOf* ?p .
  FILTER(STRSTARTS(STR(?p), "%s"))
  OPTIONAL { ?claim fmg:locator ?at }
  OPTIONAL { ?source rdfs:label ?sourceName }
  OPTIONAL { ?o rdfs:label ?value }
} ORDER BY ?s ?p ?o ?source"""
#: Which property the columns of each table are about, seen from the claims quoted from them.
_COLUMNS = """SELECT DISTINCT ?table ?column ?header ?p {
  ?row dcterms:isPartOf %s . ?cell fmg:inRow ?row ; fmg:column ?column .
  ?claim fmg:cell ?cell ; rdf:predicate ?p .
  ?column fmg:inTable ?table ; rdfs:label ?header ; schema:position ?position
} ORDER BY ?table ?position ?p"""
_CELLS = "SELECT ?row ?column { ?row dcterms:isPartOf %s . ?cell fmg:inRow ?row ; fmg:column ?column }"
_QUOTED = (
    "SELECT DISTINCT ?row ?p { ?row dcterms:isPartOf %s . ?c prov:wasQuotedFrom ?row ; rdf:predicate ?p }"
)
_PAPERS = """SELECT ?work ?paper {
  ?row dcterms:isPartOf %s ; foaf:primaryTopic ?work . ?work fmg:describedBy ?paper
}"""
#: Worth telling even where the list has no column for it.
_WANTED = {f"{FMG}code": "Code", f"{FMG}weights": "Weights", f"{FMG}weightsLicense": "Licence of the weights"}

_Term = NamedNode | BlankNode | Literal | Triple


class Rows(Protocol):
    """What answers the queries: any engine."""

    def rows(self, query: str) -> Sequence[Mapping[str, _Term]]:
        """Return the solutions of a SELECT query."""
        ...


_Solution = Mapping[str, str]


@dataclass(frozen=True)
class _Graph:
    """The answers of the graph about one list."""

    rows: list[_Solution]
    wrong: dict[str, list[_Solution]]  #: by row
    right: dict[tuple[str, str], list[_Solution]]  #: by subject and property
    columns: dict[str, dict[str, list[_Solution]]]  #: by table and column
    cells: set[tuple[str, str]]  #: row and column
    quoted: set[tuple[str, str]]  #: row and property
    papers: dict[str, list[str]]  #: by work


def report(engine: Rows, list_id: str) -> str:
    """Return the corrections and gaps of a list as Markdown.

    Raises NotFoundError with the nearest ids for a list that the graph does not have.
    """
    lists = {found["list"].removeprefix(f"{BASE}list/"): found for found in _ask(engine, _LISTS)}
    if not SLUG.fullmatch(list_id) or list_id not in lists:
        raise NotFoundError(f"there is no list {list_id!r}", nearest(list_id, lists) or sorted(lists))
    graph = _collect(engine, f"<{entity_iri('list', list_id)}>")
    corrections = {row["row"]: _corrections(graph, row) for row in graph.rows}
    gaps = {row["row"]: _gaps(graph, row) for row in graph.rows}
    about = lists[list_id]
    counts = [sum(map(len, found.values())) for found in (corrections, gaps)]
    return "\n".join(
        [
            f"# Corrections and gaps: {escape(about['label'])}",
            "",
            f"For {link(about['source'], about['source'])}: {_number(counts[0], 'correction')} and "
            f"{_number(counts[1], 'gap')} in {_number(len(graph.rows), 'row')}. "
            "Each names the source where it can be checked.",
            "",
            *_section("Corrections", graph.rows, corrections),
            *_section("Gaps", graph.rows, gaps),
        ]
    )


def _ask(engine: Rows, query: str) -> list[_Solution]:
    return [
        {
            name: term.value
            for name, term in found.items()
            if term is not None and not isinstance(term, Triple)
        }
        for found in engine.rows(_PREFIXES + query)
    ]


def _collect(engine: Rows, node: str) -> _Graph:
    wrong, right = defaultdict(list), defaultdict(list)
    for found in _ask(engine, _WRONG % node):
        wrong[found["row"]].append(found)
    for found in _ask(engine, _RIGHT % (node, FMG)):
        right[found["s"], found["p"]].append(found)
    columns: dict[str, dict[str, list[_Solution]]] = defaultdict(lambda: defaultdict(list))
    for found in _ask(engine, _COLUMNS % node):
        columns[found["table"]][found["column"]].append(found)
    papers = defaultdict(list)
    for found in _ask(engine, _PAPERS % node):
        papers[found["work"]].append(found["paper"])
    return _Graph(
        rows=_ask(engine, _ROWS % node),
        wrong=wrong,
        right=right,
        columns=columns,
        cells={(found["row"], found["column"]) for found in _ask(engine, _CELLS % node)},
        quoted={(found["row"], found["p"]) for found in _ask(engine, _QUOTED % node)},
        papers=papers,
    )


def _section(title: str, rows: Sequence[_Solution], items: Mapping[str, list[str]]) -> list[str]:
    out = [f"## {title}", ""]
    for row in rows:
        if items[row["row"]]:
            place = f"row {row['position']} (line {row['line']}), {escape(row['section'])}"
            out += [f"### {escape(row['name'])}: {place}", "", *items[row["row"]], ""]
    return out if len(out) > 2 else [*out, "None.", ""]


def _corrections(graph: _Graph, row: _Solution) -> list[str]:
    """Return one item for each cell and property with a reading that is not accepted."""
    cells: dict[tuple[str, str, str, str], list[_Solution]] = defaultdict(list)
    for found in graph.wrong.get(row["row"], ()):
        cells[found.get("column", ""), found.get("said", ""), found["s"], found["p"]].append(found)
    items = []
    for (column, said, subject, predicate), claims in cells.items():
        text = (
            f"- **{escape(column or _local(predicate))}** says {code(said)}"
            if said
            else f"- **{escape(column)}**"
        )
        read = ", ".join(escape(_value(claim)) for claim in claims)
        text += f", read as {_local(predicate)} {read}."
        for claim in {
            (c.get("reason"), c.get("evidence"), c.get("evidenceName")): c for c in claims
        }.values():
            if "reason" in claim:
                text += f" {_sentence(claim['reason'])}"
            if "evidence" in claim:
                text += f" See {link(claim.get('evidenceName', claim['evidence']), claim['evidence'])}."
        right = graph.right.get((subject, predicate), [])
        if not any("reason" in claim for claim in claims):
            if {match_key(_value(claim)) for claim in claims} <= {match_key(_value(one)) for one in right}:
                continue  # another spelling of the same
            text += " Sources of higher rank say otherwise."
        if right:
            text += f" Instead: {_evidence(right)}."
        items.append(text)
    return list(dict.fromkeys(items))  # a year is said of the work and of its paper


def _gaps(graph: _Graph, row: _Solution) -> list[str]:
    """Return one item for each empty cell, and wanted property, that the graph can fill."""
    subjects = [row["work"], *graph.papers.get(row["work"], ())]
    told: set[str] = set()
    items = []
    for column, meanings in graph.columns.get(row["table"], {}).items():
        if (row["row"], column) in graph.cells:
            continue
        for meaning in meanings:
            known = [f for s in subjects for f in graph.right.get((s, meaning["p"]), ())]
            if known and meaning["p"] not in told and (row["row"], meaning["p"]) not in graph.quoted:
                told.add(meaning["p"])
                items.append(f"- **{escape(meaning['header'])}** is empty: {_evidence(known)}.")
    for predicate, name in _WANTED.items():
        known = graph.right.get((row["work"], predicate), [])
        if known and predicate not in told and (row["row"], predicate) not in graph.quoted:
            items.append(f"- **{name}** is missing: {_evidence(known)}.")
    return items


def _evidence(found: Sequence[_Solution]) -> str:
    """Return values, each with the sources that give it."""
    sources: dict[str, list[str]] = defaultdict(list)
    for one in found:
        at = f": {escape(one['at'])}" if "at" in one else ""
        text = link(one.get("sourceName", one["source"]), one["source"]) + at
        if text not in sources[_shown(one)]:
            sources[_shown(one)].append(text)
    return "; ".join(f"{value} ({', '.join(where)})" for value, where in sources.items())


def _value(found: _Solution) -> str:
    return found.get("value", found["o"].removeprefix(BASE))


def _shown(found: _Solution) -> str:
    external = not found["o"].startswith(BASE)
    return link(_value(found), found["o"]) if external else escape(_value(found))


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _local(iri: str) -> str:
    return escape(iri.rsplit("#")[-1].rsplit("/")[-1])


def _sentence(text: str) -> str:
    text = escape(text.strip())
    return (text[:1].upper() + text[1:]).rstrip(".") + "."
