"""Errors as answers: ``application/problem+json`` (RFC 9457), or a small HTML page for a browser.

The one shape: ``type``, ``title``, ``status``, ``detail`` always; ``line`` and ``column`` for a syntax error,
``limit`` and ``retry_after`` (seconds) for a limit, ``nearest`` for an unknown name, ``available`` (media
types) for 406 and 415. ``type`` is an IRI under the entity base that ends in the error's name.
"""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import escape
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from fmgraph.errors import FmgraphError, LimitError, NotFoundError, ProtocolError, QuerySyntaxError
from fmgraph.rdf.formats import HTML, Format
from fmgraph.rdf.prefixes import BASE
from fmgraph.server.http.negotiation import choose

_JSON = Format("problem", "problem details", "application/problem+json", "json", ("application/json",))
#: C0 and C1 controls: never echoed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_DETAIL = 2000


class NotAcceptableError(ProtocolError):
    """Nothing that the client accepts is there; ``available`` lists the media types that are."""

    title = "Not acceptable"

    def __init__(self, message: str, available: list[str], status: int = 406) -> None:
        self.available = available
        super().__init__(message, status)


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Error")).lower()


def problem(error: FmgraphError) -> dict[str, Any]:
    """Return the members of the problem details object (RFC 9457, section 3.1) of an error."""
    detail = _CONTROL.sub("\ufffd", str(error))
    if len(detail) > _LONGEST_DETAIL:
        detail = detail[:_LONGEST_DETAIL] + "…"
    title = error.title
    if type(error) is ProtocolError:
        title = HTTP_STATUS_CODES.get(error.status, title)
    members: dict[str, Any] = {
        "type": f"{BASE}problem/{_kebab(type(error).__name__)}",
        "title": title,
        "status": error.status,
        "detail": detail,
    }
    if isinstance(error, QuerySyntaxError):
        members.update({k: v for k in ("line", "column") if (v := getattr(error, k)) is not None})
    elif isinstance(error, LimitError):
        members.update({k: v for k in ("limit", "retry_after") if (v := getattr(error, k)) is not None})
    elif isinstance(error, NotFoundError):
        members["nearest"] = error.nearest
    elif isinstance(error, NotAcceptableError):
        members["available"] = error.available
    return members


def from_http(error: HTTPException) -> FmgraphError:
    """Return werkzeug's own refusals (404 of the router, 405, 413 …) as errors of the one tree."""
    status = error.code or 500
    name = HTTP_STATUS_CODES.get(status, "error")
    if status == 404:
        return NotFoundError("nothing is at this path")
    headers = {k: v for k, v in error.get_headers() if k.lower() in ("location", "retry-after")}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return ProtocolError(error.description or name, status, headers)


def respond(error: FmgraphError, accept: str | None, page: Any = None) -> Response:
    """Return the answer for an error: HTML when the client prefers it, problem details otherwise.

    ``page`` renders the members as HTML when given. A client that accepts neither gets problem details.
    """
    members = problem(error)
    try:
        choice = choose(accept, (_JSON, HTML))
    except ProtocolError:
        choice = None
    if choice is not None and choice.format is HTML:
        text = page(members) if page is not None else _page(members)
        response = Response(text, members["status"], content_type=HTML.content_type)
    else:
        body = json.dumps(members, ensure_ascii=False) + "\n"
        response = Response(body, members["status"], content_type=_JSON.media_type)
    if isinstance(error, ProtocolError):
        response.headers.update(error.headers)
    if error.status == 503:
        seconds = error.retry_after if isinstance(error, LimitError) else None
        response.headers["Retry-After"] = str(max(1, int(seconds or 5)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(members: dict[str, Any]) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(', '.join(value) if isinstance(value, list) else value)}</dd>"
        for name, value in members.items()
        if name not in ("title", "detail") and value != []
    )
    title = escape(f"{members['status']} {members['title']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><pre>{escape(members['detail'])}</pre><dl>{rows}</dl></body></html>\n"
    )
