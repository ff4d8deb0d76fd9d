"""``/search?q=…``: entities by name, best first."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import LimitError
from fmgraph.ontology import searched_classes
from fmgraph.rdf import text_index
from fmgraph.site.page_context import Site, page_number

#: Hits on one page.
PAGE = 30
#: Without an index every name is looked at; more triples than this need one.
MOST_SCANNED = 2_000_000
#: Characters of a question that are used.
_LONGEST = 200


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/search")
    def search_page() -> Response:
        asked = " ".join(request.args.get("q", "").split())[:_LONGEST]
        kind = request.args.get("kind", "")
        kind = kind if kind in searched_classes() else ""
        total = _ask(site, asked, kind, 0, 1).total if asked else 0
        page, last, offset = page_number(total, PAGE)
        hits = _ask(site, asked, kind, offset, PAGE) if total else text_index.Hits(0, [])
        return site.page(
            "search.html",
            q=asked,
            kind_chosen=kind,
            hits=hits,
            page=page,
            last=last,
            offset=offset,
            page_link=lambda n: site.links.path("search", q=asked, kind=kind, page=n),
        )


def _ask(site: Site, asked: str, kind: str, offset: int, size: int) -> text_index.Hits:
    index = site.search_index
    if index is not None and index.is_file():
        return text_index.query(index, asked, size, offset, kind or None)
    if site.engine.meta.triples > MOST_SCANNED:
        raise LimitError(
            "this dataset has no search index (fmgraph build makes one)", "graph size without index"
        )
    classes = searched_classes()
    names = text_index.entries(site.engine.rows, {kind: classes[kind]} if kind else classes)
    return text_index.scan(names, asked, size, offset)
