"""``/sitemap.xml``: the addresses of pages, for crawlers (https://www.sitemaps.org/protocol.html).

An index of one sitemap for each kind of entity that records are of; a kind of which there are more than a
sitemap may hold has several.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.ontology import Kind, all_kinds
from fmgraph.rdf.formats import Format
from fmgraph.site.page_context import Site

#: Addresses in one sitemap: what the protocol allows.
MOST = 50_000
#: Pages that are no entity's.
_PAGES = (
    "",
    "about",
    "list/",
    "lineage/",
    "queries",
    "results/",
    "coverage",
    "changes",
    "release/",
    "vocabulary",
    "sparql",
)
_XML = Format("xml", "sitemap", "application/xml", "xml")
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/sitemap.xml")
    def sitemap() -> Response:
        names = [f"{kind.name}-{part}" for kind in _kinds() for part in range(1, _parts(site, kind) + 1)]
        places = [
            site.links.absolute(site.links.path("sitemap", f"{name}.xml")) for name in ("pages", *names)
        ]
        return _answer(site, "sitemapindex", "sitemap", places)

    @pages.get("/sitemap/<name>.xml")
    def part(name: str) -> Response:
        if name == "pages":
            paths = [site.links.root + page for page in _PAGES]
            return _answer(site, "urlset", "url", [site.links.absolute(path) for path in paths])
        kind, _, number = name.rpartition("-")
        known = {one.name: one for one in _kinds()}
        if kind not in known or not number.isdecimal() or not 1 <= int(number) <= _parts(site, known[kind]):
            raise NotFoundError(f"there is no sitemap {name!r}; /sitemap.xml lists those that there are")
        offset = (int(number) - 1) * MOST
        some = f"ORDER BY ?s LIMIT {MOST} OFFSET {offset}"
        query = f"SELECT DISTINCT ?s WHERE {{ ?s a <{known[kind].iri}> }} {some}"
        pages_ = [site.links.page(row["s"].value) for row in site.graph.rows(query)]
        ours = [page for page in pages_ if page and page.startswith(site.links.root)]
        return _answer(site, "urlset", "url", [site.links.absolute(page) for page in ours])


def _kinds() -> list[Kind]:
    return [kind for kind in all_kinds().values() if kind.recorded]


def _parts(site: Site, kind: Kind) -> int:
    return -(-site.graph.count(f"?s a <{kind.iri}>") // MOST)


def _answer(site: Site, root: str, item: str, places: list[str]) -> Response:
    changed = (
        f"<lastmod>{escape(site.engine.meta.modified[:10])}</lastmod>" if site.engine.meta.modified else ""
    )
    items = "".join(f"<{item}><loc>{escape(place)}</loc>{changed}</{item}>\n" for place in places)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SPACE}">\n{items}</{root}>\n'
    return site.answer(text.encode(), _XML)
