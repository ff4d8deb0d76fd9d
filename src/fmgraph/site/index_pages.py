"""``/{kind}/``: all entities of a kind, in pages, narrowed by facets that are plain GET links with counts."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox
from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.ontology import Facet, Kind, all_kinds
from fmgraph.rdf.prefixes import FMG
from fmgraph.site.entity_facts import heading, label_of
from fmgraph.site.graph_reader import batches, iri, text, values
from fmgraph.site.page_context import Site, page_number
from fmgraph.text import nearest

#: Entities shown on one page.
PAGE = 50
#: Up to this many are sorted by name, more by IRI.
MOST_SORTED = 20_000
#: Values of a facet that are asked for; how many more there are is said.
MOST_VALUES = 200


@dataclass(frozen=True)
class Choice:
    """One value of a facet: its name, how many entities have it, and the link that sets or drops it."""

    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class FacetShown:
    """A facet with its heading and values; ``more`` values are not listed."""

    facet: Facet
    title: str
    choices: list[Choice]
    more: int


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/<kind>/")
    def index(kind: str) -> Response:
        if kind not in all_kinds():
            raise NotFoundError(f"there is nothing at {kind!r}", nearest(kind, all_kinds()))
        return _index(site, all_kinds()[kind])


def _index(site: Site, kind: Kind) -> Response:
    facets = site.graph.ontology.facets(kind.iri)
    chosen = {f.name: request.args[f.name] for f in facets if request.args.get(f.name)}
    patterns = {f.name: _pattern(site, f, chosen[f.name]) for f in facets if f.name in chosen}
    cls = f"?s a {iri(kind.iri)} ."
    pattern = " ".join([cls, *patterns.values()])
    total = site.graph.count(pattern)
    page, last, offset = page_number(total, PAGE)
    by_name = total <= MOST_SORTED
    iris = _page_of(site, pattern, by_name, offset)
    shown = [_facet(site, kind, facet, cls, patterns, chosen) for facet in facets]
    labels, years, details = _about(site, iris)
    view = site.view((value for pairs in details.values() for value in pairs), labels)
    canonical = site.links.path(kind.name, "", **chosen, page=page if page > 1 else None)
    return site.page(
        "index.html",
        headers={"Link": f'<{site.links.absolute(canonical)}>; rel="canonical"'},
        kind=kind,
        iris=iris,
        years=years,
        by_name=by_name,
        total=total,
        page=page,
        last=last,
        offset=offset,
        view=view,
        details=details,
        facets=[one for one in shown if one.choices],
        chosen=chosen,
        clear=site.links.path(kind.name, ""),
        page_link=lambda n: site.links.path(kind.name, "", **chosen, page=n),
    )


def _page_of(site: Site, pattern: str, by_name: bool, offset: int) -> list[str]:
    """Return the IRIs of one page, by name or, where sorting all names would take too long, by IRI."""
    if by_name:
        query = (
            f"SELECT ?s (MIN(STR(?l)) AS ?label) WHERE {{ {pattern} OPTIONAL {{ ?s rdfs:label ?l }} }} "
            "GROUP BY ?s ORDER BY LCASE(?label) ?s"
        )
    else:
        query = f"SELECT DISTINCT ?s WHERE {{ {pattern} }} ORDER BY ?s"
    return [row["s"].value for row in site.graph.rows(f"{query} LIMIT {PAGE} OFFSET {offset}")]


def _about(site: Site, iris: list[str]) -> tuple[dict[str, str], dict[str, str], dict[str, list[str]]]:
    """Return label, year and what else a line of the index names (modalities, venue …) by IRI."""
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
    return site.graph.labels(iris), years, details


def _value(site: Site, facet: Facet, written: str) -> ox.NamedNode | None:
    if facet.kind is None:
        return None
    value = written if ":" in written else f"{site.links.base}{facet.kind}/{written}"
    try:
        return ox.NamedNode(value)
    except ValueError:
        raise NotFoundError(f"there is no {facet.kind} {written!r}") from None


def _path(facet: Facet) -> str:
    return iri(facet.prop) + (f"/{iri(facet.along)}?" if facet.along else "")


def _pattern(site: Site, facet: Facet, written: str) -> str:
    node = _value(site, facet, written)
    if node is not None:
        return f"?s {_path(facet)} {node} ."
    return f"?s {_path(facet)} ?v_{facet.name} . FILTER(STR(?v_{facet.name}) = {ox.Literal(written)})"


def _facet(
    site: Site, kind: Kind, facet: Facet, cls: str, patterns: dict[str, str], chosen: dict[str, str]
) -> FacetShown:
    """Return the facet's values among what the other facets leave."""
    others = " ".join([cls, *(p for name, p in patterns.items() if name != facet.name)])
    order = "DESC(STR(?v))" if facet.newest_first else "DESC(?n) STR(?v)"
    inner = f"{others} ?s {_path(facet)} ?v"
    rows = site.graph.rows(
        f"SELECT ?v (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {inner} }} GROUP BY ?v "
        f"ORDER BY {order} LIMIT {MOST_VALUES + 1}"
    )
    more = site.graph.count(inner, "?v") - MOST_VALUES if len(rows) > MOST_VALUES else 0
    view = site.view(row["v"] for row in rows)
    now = chosen.get(facet.name, "")
    selected = _value(site, facet, now) if now else None
    choices = []
    for row in rows[:MOST_VALUES]:
        value = row["v"]
        entity = site.links.entity(value.value) if facet.kind and isinstance(value, ox.NamedNode) else None
        ours = entity is not None and value.value.startswith(site.links.base)
        written = entity[1] if entity and ours else text(value)
        is_chosen = value == selected if selected is not None else bool(now) and written == now
        target = {**chosen, facet.name: None if is_chosen else written}
        href = site.links.path(kind.name, "", **target)
        choices.append(Choice(view.name(value), int(row["n"].value), href, is_chosen))
    title = heading(label_of(facet.prop, site.graph.ontology))
    return FacetShown(facet, title, choices, more)
