"""``/{kind}/``: all entities of a kind as a table, in pages, sorted and narrowed by plain GET links.

``?format=csv`` and ``?format=json`` give all that the address shows, not one page of it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError, UsageError
from fmgraph.ontology import Kind, all_kinds
from fmgraph.rdf.formats import HTML, Format
from fmgraph.rdf.prefixes import FMG
from fmgraph.site.graph_reader import batches, text, values
from fmgraph.site.index_facets import Facets
from fmgraph.site.list_pages import overviews
from fmgraph.site.page_context import Site, View, page_number
from fmgraph.site.work_answers import Answers, descendants_count, license_name, read_answers
from fmgraph.text import nearest

#: Entities shown on one page.
PAGE = 50
#: Up to this many are sorted, and given as a table in a file; more are by IRI, and in the dumps.
MOST_SORTED = 20_000
CSV = Format("csv", "CSV", "text/csv", "csv")
JSON = Format("json", "JSON", "application/json", "json")
#: Ways to sort: their words, and the query's ORDER BY over ?label, ?year and ?n.
_SORTS = {
    "name": "LCASE(?label)",
    "year": "DESC(?year) LCASE(?label)",
    "descendants": "DESC(?n) LCASE(?label)",
}
_BUILT_ON_IT = "OPTIONAL { SELECT ?s (COUNT(DISTINCT ?d) AS ?m) WHERE { ?d fmg:derivesFrom ?s } GROUP BY ?s }"


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/<kind>/")
    def index(kind: str) -> Response:
        if kind not in all_kinds():
            raise NotFoundError(f"there is nothing at {kind!r}", nearest(kind, all_kinds()))
        return _index(site, all_kinds()[kind])


def _index(site: Site, kind: Kind) -> Response:
    facets = Facets(site, kind)
    sorts = [name for name in _SORTS if name != "descendants" or kind.work]
    sort = request.args.get("sort", "name")
    if sort not in sorts:
        raise NotFoundError(f"an index is not sorted by {sort!r}", nearest(sort, sorts))
    total = site.graph.count(facets.pattern)
    form = site.negotiate((HTML, CSV, JSON))
    if form is not HTML:
        if total > MOST_SORTED:
            raise UsageError(f"{total:,} are too many for one table: narrow it, or take a dump (/dump/)")
        rows = _records(site, kind, _some(site, facets.pattern, sort, total, total, 0))
        return site.answer(_serialise(rows, form), form)
    page, last, offset = page_number(total, PAGE)
    iris = _some(site, facets.pattern, sort, total, PAGE, offset)
    sort_parameter = {"sort": None if sort == "name" else sort}
    here = {**facets.selection, **sort_parameter}
    canonical = site.links.path(kind.name, "", **here, page=page if page > 1 else None)

    def by(one: str) -> str:
        return site.links.path(kind.name, "", **{**facets.selection, "sort": None if one == "name" else one})

    context: dict[str, Any] = _table(site, kind, iris)
    return site.page(
        "index.html",
        headers={"Link": f'<{site.links.absolute(canonical)}>; rel="canonical"', "Vary": "Accept"},
        kind=kind,
        iris=iris,
        by_name=total <= MOST_SORTED,
        sort=sort,
        sorts={one: by(one) for one in sorts},
        total=total,
        page=page,
        last=last,
        offset=offset,
        facets=list(facets.show(**sort_parameter)),
        selection=facets.selection,
        permissive_code=_permissive_code(site, facets) if kind.work else None,
        clear=site.links.path(kind.name, ""),
        files=[(one, site.links.path(kind.name, "", **here, format=one.suffix)) for one in (CSV, JSON)],
        page_link=lambda n: site.links.path(kind.name, "", **here, page=n),
        **context,
    )


def _some(site: Site, pattern: str, sort: str, total: int, size: int, offset: int) -> list[str]:
    """Return the IRIs of one page in the order asked for, or by IRI where sorting would take too long."""
    if total > MOST_SORTED:
        query = f"SELECT DISTINCT ?s WHERE {{ {pattern} }} ORDER BY ?s"
    else:
        year = "OPTIONAL { ?s fmg:year ?y }" if sort == "year" else ""
        built = _BUILT_ON_IT if sort == "descendants" else ""
        query = (
            "SELECT ?s (MIN(STR(?l)) AS ?label)"
            f"{' (MAX(STR(?y)) AS ?year)' if year else ''}{' (MAX(COALESCE(?m, 0)) AS ?n)' if built else ''} "
            f"WHERE {{ {pattern} OPTIONAL {{ ?s rdfs:label ?l }} {year} {built} }} "
            f"GROUP BY ?s ORDER BY {_SORTS[sort]} ?s"
        )
    return [row["s"].value for row in site.graph.rows(f"{query} LIMIT {size} OFFSET {offset}")]


def _table(site: Site, kind: Kind, iris: list[str]) -> dict[str, Any]:
    """Return what a page of the table shows: the answers about works, or years and details of other kinds."""
    labels = site.graph.labels(iris)
    if kind.work:
        answers = read_answers(site.graph, iris)
        built_on = descendants_count(site.graph, iris)
        terms = [term for one in answers.values() for term in one.terms]
        return {
            "answers": answers,
            "built_on": built_on,
            "license_name": license_name,
            "view": site.view(terms, labels),
        }
    years, details = _about(site, iris)
    lists = overviews(site.graph, iris) if kind.name == "list" else {}
    terms = [value for some in details.values() for value in some]
    view = site.view([*terms, *(one.source for one in lists.values() if one.source)], labels)
    return {"answers": None, "years": years, "details": details, "lists": lists, "view": view}


def _about(site: Site, iris: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return year and what else a line of the index names (modalities, venue …) by IRI."""
    years: dict[str, str] = {}
    details: dict[str, list[str]] = {}
    for some in batches(iris):
        query = (
            f"SELECT ?s ?p ?o WHERE {{ {values('s', some)} VALUES ?p {{ fmg:modality fmg:publishedIn "
            "fmg:partOf skos:broader fmg:year } ?s ?p ?o } ORDER BY ?s ?o"
        )
        for row in site.graph.rows(query):
            if row["p"].value == FMG + "year":
                years[row["s"].value] = text(row["o"])
            else:
                details.setdefault(row["s"].value, []).append(text(row["o"]))
    return years, details


def _records(site: Site, kind: Kind, iris: list[str]) -> list[dict[str, Any]]:
    """Return the table as records, for CSV and JSON."""
    table = _table(site, kind, iris)
    view: View = table["view"]
    if not kind.work:
        return [
            {
                "iri": one,
                "name": view.name(one),
                "year": table["years"].get(one, ""),
                "about": [view.name(value) for value in table["details"].get(one, [])],
                **(asdict(table["lists"][one]) if one in table["lists"] else {}),
            }
            for one in iris
        ]
    answers: Mapping[str, Answers] = table["answers"]
    return [work_record(one, answers[one], view, table["built_on"].get(one, 0)) for one in iris]


def work_record(work: str, a: Answers, view: View, built_on: int) -> dict[str, Any]:
    """Return a work's answers as plain values; unknown is ``unknown``, an empty list or None."""
    return {
        "iri": work,
        "name": view.name(work),
        "year": max(a.years, default=""),
        "modality": [view.name(one) for one in a.modalities],
        "built_on": [view.name(one) for one in a.built_on],
        "trained_from_scratch": True if a.from_scratch else None,
        "trained_on": [view.name(one) for one in a.trained_on],
        "weights": a.weights_status,
        "weights_url": a.weights,
        "weights_license": [license_name(one, view.name(one)) for one in a.weights_licenses],
        "commercial_use": a.commercial_words,
        "code_license": [license_name(one, view.name(one)) for one in a.code_licenses],
        "parameters": a.parameters,
        "descendants": built_on,
    }


def _serialise(rows: list[dict[str, Any]], form: Format) -> bytes:
    if form is JSON:
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    if rows:
        table.writerow(rows[0])
    table.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _permissive_code(site: Site, facets: Facets) -> tuple[int, str] | None:
    """Return how many more have only a permissive licence of their code, and the link to them.

    None unless commercial use is asked for: a licence of the code says nothing of the weights.
    """
    if facets.selection.get("commercial") != ["yes"]:
        return None
    others = (
        f"{facets.others('commercial')} ?s fmg:codeLicense ?code . ?code fmg:commercialUse true "
        "FILTER NOT EXISTS { ?s fmg:weightsLicense ?any }"
    )
    rows = site.graph.rows(f"SELECT DISTINCT ?s ?code WHERE {{ {others} }} ORDER BY ?code")
    if not rows:
        return None
    codes = sorted({row["code"].value for row in rows})
    names = [one if not one.startswith(site.links.base) else one.rsplit("/", 1)[-1] for one in codes]
    rest = {name: some for name, some in facets.selection.items() if name != "commercial"}
    rest |= {"code-license": names, "weights-license": ["unknown"]}
    link = site.links.path(facets.kind.name, "", **rest)
    return len({row["s"].value for row in rows}), link
