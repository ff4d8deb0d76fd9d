"""``/results/``: reported results by protocol, data set and work, as pages with dot plots and as CSV."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.rdf.formats import HTML, RESULTS
from fmgraph.rdf.prefixes import RDFS
from fmgraph.site.graph_reader import iri, text
from fmgraph.site.page_context import Site, page_number
from fmgraph.site.result_tables import (
    BY_KIND,
    SIZE,
    as_csv,
    comparison_sizes,
    reporter_name,
    results_of,
    tables,
)
from fmgraph.text import SLUG

#: Tables on one page.
PAGE = 40
CSV = next(form for form in RESULTS if form.name == "csv")
_FORMATS = (HTML, CSV)


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/results/")
    def protocols() -> Response:
        rows = site.graph.rows(
            "SELECT ?protocol ?label ?definition ?ranked (COUNT(?r) AS ?results)"
            " (COUNT(DISTINCT ?w) AS ?works) (COUNT(DISTINCT ?d) AS ?datasets) WHERE {"
            " ?protocol a fmg:Protocol ; rdfs:label ?label ; skos:definition ?definition ;"
            " fmg:ranked ?ranked ."
            " ?r fmg:protocol ?protocol ; fmg:evaluates ?w ; fmg:onDataset ?d }"
            " GROUP BY ?protocol ?label ?definition ?ranked ORDER BY LCASE(?label)"
        )
        return site.page("protocols.html", rows=rows)

    @pages.get("/results/<kind>/<name>")
    def results(kind: str, name: str) -> Response:
        slug, _, suffix = name.partition(".")
        if kind not in BY_KIND or not SLUG.fullmatch(slug):
            raise NotFoundError(f"results are of {', '.join(BY_KIND)}, not of {kind}/{name}", [])
        node = f"{site.links.base}{kind}/{slug}"
        names = [o for _, p, o in site.graph.triples([node]) if p == RDFS + "label"]
        if not names:
            raise NotFoundError(f"there is no {kind} {slug!r}", [])
        form = site.negotiate(_FORMATS, suffix)
        every = results_of(site.graph, kind, node)
        if form is CSV:
            return site.answer(as_csv(every).encode(), CSV)
        all_tables = tables(every)
        page, last, offset = page_number(len(all_tables), PAGE)
        about = site.graph.rows(
            f"SELECT ?definition ?reason ?source WHERE {{ {iri(node)} skos:definition ?definition ."
            f" OPTIONAL {{ {iri(node)} fmg:reason ?reason }}"
            f" OPTIONAL {{ {iri(node)} prov:hadPrimarySource ?source }} }}"
        )
        page_tables = all_tables[offset : offset + PAGE]
        return site.page(
            "results.html",
            kind=kind,
            slug=slug,
            label=text(names[0]),
            about=about[0] if about and kind == "protocol" else None,
            tables=page_tables,
            total=len(every),
            offset=offset,
            page=page,
            last=last,
            page_link=lambda n: site.links.path("results", kind, slug, page=n),
            size=SIZE,
            sizes=comparison_sizes(site.graph, {table.iri for table in page_tables if table.ranked}),
            reporter_name=reporter_name,
            view=site.view({one.source for table in page_tables for one in table.results}),
        )
