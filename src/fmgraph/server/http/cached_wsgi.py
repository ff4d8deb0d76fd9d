"""The response cache as WSGI middleware, for any WSGI server and for the test client.

The served process uses the same cache from :mod:`fmgraph.server.http.rsgi_app`, which is faster.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.http import unquote_etag
from werkzeug.wsgi import get_content_length

from fmgraph.server.http.query_request import WITH_BODY
from fmgraph.server.http.response_cache import CACHEABLE, Entry, Key, matches

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from fmgraph.server.http.service_state import Service

#: Bodies up to this many bytes are looked up; a longer query is answered all the same, uncached.
_LONGEST_BODY = 65536


class CachedWsgi:
    """Answers from the cache what it holds and stores what the application marks as cacheable."""

    def __init__(self, app: WSGIApplication, service: Service) -> None:
        self._app = app
        self._service = service

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        key = _key(environ)
        if key is None:
            return self._app(environ, start_response)
        cache = self._service.cache
        entry = cache.get(key)
        if entry is not None:
            cache.touch(key)
            return _answer(entry, environ, start_response)
        generation = cache.generation
        caught: list[Any] = []

        def catch(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            caught[:] = (status, headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body = self._app(environ, catch)
        # A HEAD has no body to keep; anything but a whole 200 is not kept.
        if environ["REQUEST_METHOD"] == "HEAD" or not environ.get(CACHEABLE) or caught[0][:3] != "200":
            return body
        parts = list(body)
        if hasattr(body, "close"):
            body.close()
        store(cache, key, caught[1], b"".join(parts), generation)
        return parts


def store(cache: Any, key: Key, headers: list[tuple[str, str]], body: bytes, generation: int) -> None:
    """Put a 200 answer that has an entity tag into the cache."""
    lowered = [(name.lower(), value) for name, value in headers]
    etag, _ = unquote_etag(dict(lowered).get("etag"))
    if etag:
        cache.put(key, etag, lowered, body, generation)


def _key(environ: WSGIEnvironment) -> Key | None:
    method = environ["REQUEST_METHOD"]
    content_type, body = "", b""
    if method in WITH_BODY:
        length = get_content_length(environ)
        if length is None or length > _LONGEST_BODY or "HTTP_CONTENT_ENCODING" in environ:
            return None
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        content_type = environ.get("CONTENT_TYPE", "")
    elif method not in ("GET", "HEAD"):
        return None
    return Key(
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT", ""),
        environ.get("HTTP_ACCEPT_ENCODING", ""),
        content_type,
        body,
        "GET" if method == "HEAD" else method,
    )


def _answer(entry: Entry, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    method = environ["REQUEST_METHOD"]
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and method != "POST" and matches(asked, entry.etag):
        start_response("304 NOT MODIFIED", entry.unchanged)
        return []
    start_response("200 OK", entry.headers)
    return [] if method == "HEAD" else [entry.body]
