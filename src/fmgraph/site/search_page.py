"""Looking things up: ``/search`` for people, ``/suggest`` for boxes, ``/resolve`` for programs.

``/opensearch.xml`` tells browsers of the first two
(https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md).
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.resolve import Match
from fmgraph.errors import ParameterError
from fmgraph.ontology import searched_classes
from fmgraph.rdf.formats import Format
from fmgraph.site.page_context import Site, page_number

#: Hits on one page, and suggestions for a box.
PAGE, SUGGESTIONS = 30, 8
#: Characters of a question that are used.
_LONGEST = 200
_JSON = Format("json", "JSON", "application/json", "json")
#: Suggestions as OpenSearch defines them: the question and three lists.
_SUGGESTIONS = Format("opensearch", "OpenSearch", "application/x-suggestions+json", "json")
_OPENSEARCH = Format("xml", "OpenSearch", "application/opensearchdescription+xml", "xml")


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/search")
    def search_page() -> Response:
        text, kinds = _question(), _kinds()
        kind = kinds[0] if kinds else ""
        total = site.resolver.search(text, kinds, 1)[0] if text else 0
        page, last, offset = page_number(total, PAGE)
        return site.page(
            "search.html",
            q=text,
            kind_chosen=kind,
            matches=site.resolver.search(text, kinds, PAGE, offset)[1] if total else [],
            total=total,
            page=page,
            last=last,
            offset=offset,
            page_link=lambda n: site.links.path("search", q=text, kind=kind, page=n),
        )

    @pages.get("/suggest")
    def suggest() -> Response:
        text = _question()
        matches = site.resolver.resolve(text, _kinds(), SUGGESTIONS) if text else []
        if request.args.get("format") == _SUGGESTIONS.name:
            return site.answer(json.dumps(_opensearch_lists(site, text, matches)).encode(), _SUGGESTIONS)
        body = [
            {**match.to_dict(), "what": site.kind_name(match.kind), "page": site.links.page(match.iri)}
            for match in matches
        ]
        return site.answer(json.dumps(body, ensure_ascii=False).encode(), _JSON)

    @pages.get("/resolve")
    def resolve() -> Response:
        text = " ".join(request.args.get("id", "").split())
        if not text:
            raise ParameterError("say what to resolve: /resolve?id= a DOI, arXiv id, repository, name or IRI")
        match = site.resolver.find(text, _kinds())
        return Response(status=303, headers={"Location": site.links.page(match.iri) or match.iri})

    @pages.get("/opensearch.xml")
    def opensearch() -> Response:
        search = escape(site.links.absolute(site.links.path("search")))
        suggestions = escape(site.links.absolute(site.links.path("suggest")))
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
            "  <ShortName>fmgraph</ShortName>\n"
            "  <Description>Medical foundation models, by name or identifier</Description>\n"
            f'  <Url type="text/html" template="{search}?q={{searchTerms}}"/>\n'
            f'  <Url type="{_SUGGESTIONS.media_type}" '
            f'template="{suggestions}?q={{searchTerms}}&amp;format={_SUGGESTIONS.name}"/>\n'
            "</OpenSearchDescription>\n"
        )
        return site.answer(body.encode(), _OPENSEARCH)


def _question() -> str:
    return " ".join(request.args.get("q", "").split())[:_LONGEST]


def _kinds() -> tuple[str, ...]:
    kind = request.args.get("kind", "")
    return (kind,) if kind in searched_classes() else ()


def _opensearch_lists(site: Site, text: str, matches: list[Match]) -> list[object]:
    """Return the question, the names, what each is, and where each is."""
    return [
        text,
        [match.label for match in matches],
        [f"{match.kind}: {match.title}" if match.title else match.kind for match in matches],
        [site.links.absolute(site.links.page(match.iri) or match.iri) for match in matches],
    ]
