"""The headers that every answer carries: CORS (the Fetch standard), security, Vary; and content coding."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import zstandard
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from fmgraph.errors import ProtocolError
from fmgraph.server.http.negotiation import choose_encoding

#: No inline script or style, nothing from elsewhere, no framing. https://www.w3.org/TR/CSP3/
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
#: On every answer, errors too. CORS without credentials: the service has no users, all is public.
ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, Content-Disposition, Query-Warning",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Server": "fmgraph",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
#: Request headers that a page elsewhere may set: any. No credentials are taken, and ``*`` stands for all but
#: Authorization (the Fetch standard, 3.3.4).
_ALLOWED = "*, Authorization"
_COMPRESSIBLE = ("text/", "application/")
_NOT_COMPRESSIBLE = ("application/gzip", "application/zstd", "application/zip", "application/octet-stream")
#: Below this many bytes a coding gains nothing.
SMALLEST_CODED = 1024


def _zstd(body: bytes) -> bytes:
    # A compressor must not be shared between threads; making one takes microseconds.
    return zstandard.ZstdCompressor(level=3).compress(body)


#: What compresses, by content coding.
CODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": _zstd,
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
#: The content codings offered, best first.
CODINGS: tuple[str, ...] = tuple(CODERS)


def coding_for(accept_encoding: str | None) -> str:
    """Return the content coding for an Accept-Encoding field; ProtocolError 406 where all are refused."""
    coding = choose_encoding(accept_encoding, CODINGS)
    if coding is None:
        raise ProtocolError(
            f"Accept-Encoding refuses all codings; there are {', '.join(CODINGS)}, identity", 406
        )
    return coding


def coded_etag(etag: str, coding: str) -> str:
    """Return the entity tag (without quotes) of a representation in a coding: each has its own."""
    return etag if coding == "identity" else f"{etag}-{coding}"


def encode(response: Response, coding: str, accept_encoding: str | None) -> None:
    """Compress a complete response in place when that is worth it, and mark headers and entity tag.

    Small ones only where the client refuses identity; errors, files and compressed formats never.
    """
    media_type = response.mimetype or ""
    if (
        coding == "identity"
        or response.direct_passthrough
        or response.status_code != 200
        or "Content-Encoding" in response.headers
        or not media_type.startswith(_COMPRESSIBLE)
        or media_type in _NOT_COMPRESSIBLE
    ):
        return
    body = response.get_data()
    if len(body) < SMALLEST_CODED and choose_encoding(accept_encoding, ()) is not None:
        return
    response.set_data(CODERS[coding](body))
    response.headers["Content-Encoding"] = coding
    etag, weak = response.get_etag()
    if etag is not None:
        response.set_etag(coded_etag(etag, coding), bool(weak))


def dress(headers: Headers) -> None:
    """Add what every answer carries; a header that the view has set stays."""
    framing = "Content-Security-Policy" in headers  # a view with a policy of its own says who may frame it
    for name, value in ALWAYS.items():
        if not (framing and name == "X-Frame-Options"):
            headers.setdefault(name, value)
    vary = {part.strip().lower() for part in headers.get("Vary", "").split(",")}
    missing = [name for name in ("Accept", "Accept-Encoding") if name.lower() not in vary]
    if missing:
        headers["Vary"] = ", ".join([*filter(None, [headers.get("Vary", "")]), *missing])


def preflight(request: Request, methods: str) -> Response:
    """Return the answer to OPTIONS, a CORS preflight or not: 204 with the methods and the allowed headers.

    Nothing of the request shapes a header.
    """
    response = Response(status=204)
    response.headers.pop("Content-Type", None)
    response.headers["Allow"] = methods
    if "Origin" in request.headers and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = methods
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
