"""``/static/``: style sheet, scripts and icon, compressed and revalidated like every other answer."""

from __future__ import annotations

import mimetypes

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.rdf.formats import content_type
from fmgraph.server.http.service_state import tag
from fmgraph.site import page_context as shared
from fmgraph.site.page_context import Site

#: For an address that carries the digest of what it leads to (RFC 8246).
_FOREVER = "public, max-age=31536000, immutable"


def register(pages: Blueprint, site: Site) -> None:
    """Add the route. Only files that are there when the application starts are served."""
    files = {
        path.relative_to(shared.STATIC).as_posix(): path
        for path in shared.STATIC.rglob("*")
        if path.is_file()
    }

    @pages.get("/favicon.ico")
    def favicon() -> Response:
        """Lead those that ask for it by custom to the icon."""
        return Response(status=301, headers={"Location": site.asset("icon.svg") or site.links.root})

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        if name not in files:
            raise NotFoundError(f"there is no file {name!r}")
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        response = tag(
            Response(files[name].read_bytes(), content_type=content_type(guessed)), name, site.edition
        )
        if request.args.get("v") == site.edition[:10]:
            response.headers["Cache-Control"] = _FOREVER
        return response
