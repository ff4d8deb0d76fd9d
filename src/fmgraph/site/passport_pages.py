"""``/{kind}/{slug}.cdx.json``: a work's passport, a CycloneDX ML-BOM."""

from __future__ import annotations

import json

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.passport import MEDIA_TYPE, passport
from fmgraph.errors import NotFoundError
from fmgraph.ontology import work_kinds
from fmgraph.rdf.formats import Format
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG

CYCLONEDX = Format("cyclonedx", "CycloneDX", MEDIA_TYPE, "cdx.json")


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/<kind>/<slug>.cdx.json")
    def bill_of_materials(kind: str, slug: str) -> Response:
        work = f"{site.links.base}{kind}/{slug}"
        if kind not in work_kinds() or not SLUG.fullmatch(slug) or not site.graph.triples([work]):
            raise NotFoundError(f"there is no work {kind}/{slug}; works have passports")
        bom = passport(site.engine, work)
        answer = site.answer((json.dumps(bom, ensure_ascii=False, indent=1) + "\n").encode(), CYCLONEDX)
        answer.headers["Content-Disposition"] = f'inline; filename="{slug}.cdx.json"'
        return answer
