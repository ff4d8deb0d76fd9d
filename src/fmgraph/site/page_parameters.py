"""The parameters that each page takes; what else an address has is left out by a redirect.

So an address with something at its end is no new page to be made, and the cache answers it.
"""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.ontology import all_kinds
from fmgraph.site.page_context import Site

#: By the name of the view; ``index`` takes its facets, too. ``format`` is taken by all.
PARAMETERS: dict[str, frozenset[str]] = {
    "as_csv": frozenset(("corrected",)),
    "as_markdown": frozenset(("corrected",)),
    "changes": frozenset(("kind", "list")),
    "compare": frozenset(("m",)),
    "disagreements": frozenset(("page",)),
    "entity": frozenset(("page", "all", "show")),
    "entity_incoming": frozenset(("p", "page")),
    "index": frozenset(("page", "sort")),
    "lineage_of": frozenset(("all",)),
    "resolve": frozenset(("id",)),
    "results": frozenset(("page",)),
    "search_page": frozenset(("q", "kind", "page")),
    "static": frozenset(("v",)),
    "suggest": frozenset(("q", "kind")),
    "whole_field": frozenset(("relation", "modality", "all")),
    "why": frozenset(("s", "p", "o")),
}
#: Views that say themselves what they do with a parameter.
_OWN = ("named_query", "query_entity")
#: Those of a protocol, whose clients may send what the service does not know: :mod:`.reconcile_service`.
_PROTOCOL = "reconcile"


def register(pages: Blueprint, site: Site) -> None:
    """Have unknown parameters left out before a page is made."""

    @pages.before_request
    def leave_out() -> Response | None:
        view = (request.endpoint or "").rpartition(".")[2]
        own = view in _OWN or view.startswith(_PROTOCOL)
        if own or not request.query_string or request.method not in ("GET", "HEAD"):
            return None
        parameters = PARAMETERS.get(view, frozenset()) | {"format"}
        kind = all_kinds().get((request.view_args or {}).get("kind", ""))
        if view == "index" and kind is not None:
            parameters |= {facet.name for facet in site.graph.ontology.facets(kind.iri)}
        if set(request.args) <= parameters:
            return None
        query = {name: values for name, values in request.args.lists() if name in parameters}
        segments = request.path.removeprefix("/").split("/")
        return Response(status=302, headers={"Location": site.links.path(*segments, **query)})
