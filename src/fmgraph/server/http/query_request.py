"""What a request to ``/sparql`` asks, read strictly (SPARQL 1.1 Protocol, section 2.1).

A query once, by exactly one of the three ways; a dataset in the URL or the form; everything UTF-8.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import request
from pyoxigraph import NamedNode
from werkzeug.http import parse_options_header

from fmgraph.errors import ProtocolError, QueryError
from fmgraph.server.guard import is_volatile
from fmgraph.settings import Settings

#: Media types of a POST (sections 2.1.2 and 2.1.3).
FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
#: Methods whose query is in the body: POST, and QUERY, which says that asking changes nothing
#: (draft-ietf-httpbis-safe-method-w-body).
WITH_BODY = ("POST", "QUERY")
#: A percent sign that encodes nothing.
BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_READ_ONLY = "this service is read-only: it takes queries and no updates"
#: The prologue: comments, BASE, PREFIX. Then comes the form (SPARQL 1.1 Query, rules 2 to 6).
_FORM = re.compile(
    r"(?:\s+|#[^\r\n]*|BASE\s*<[^<>]*>|PREFIX\s+[^\s:<]*:\s*<[^<>]*>)*+(SELECT|ASK|CONSTRUCT|DESCRIBE)\b",
    re.IGNORECASE,
)
#: Most parameters of a query string or form, and most graphs and characters of the IRI of each.
MOST_PARAMETERS, _MOST_GRAPHS, _LONGEST_IRI = 1000, 100, 2048
#: What some editors put at the beginning of a file; it is no part of the text.
BOM = "\ufeff"
_ABSENT = "an empty query is no query"


@dataclass(frozen=True)
class QueryRequest:
    """What a request asks: the query, the dataset of the protocol, and what ``format=`` and ``warn=`` say."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None
    warn: bool = False

    @property
    def volatile(self) -> bool:
        """Return whether asking twice can give two answers: no ETag, not stored."""
        return is_volatile(self.query)

    @property
    def kind(self) -> str | None:
        """Return "solutions" or "graph" by the query's form; None where its beginning is not understood."""
        match = _FORM.match(self.query)
        return None if match is None else "solutions" if match[1].upper() in ("SELECT", "ASK") else "graph"


def unquote(text: bytes) -> bytes:
    """Return a part of a query string decoded, ``+`` as a space; every ``%`` has its two hexadecimal digits.

    Quoted-printable is the same with another sign, and there is a decoder in C for it: a twentieth of the
    time of ``urllib.parse.unquote_to_bytes``, which is what a long query in a URL costs most.
    """
    return a2b_qp(text.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))


def parameters(text: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a query string or form; ProtocolError 400 where it is not UTF-8.

    As the URL standard's application/x-www-form-urlencoded parser, but for refusing what that mends.
    """
    if text.count(b"&") >= MOST_PARAMETERS:
        raise ProtocolError(f"the {where} has more than {MOST_PARAMETERS} parameters")
    if BAD_PERCENT.search(text):
        raise ProtocolError(f"the {where} has a % that is not followed by two hexadecimal digits")
    for part in text.split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            yield unquote(name).decode("utf-8"), unquote(value).decode("utf-8")
        except UnicodeDecodeError:
            raise ProtocolError(f"the {where} is not UTF-8") from None


def _gather(pairs: list[tuple[str, str]]) -> QueryRequest | None:
    """Return the request that the parameters make, None where there is no ``query`` among them."""
    if any(name in ("update", "using-graph-uri", "using-named-graph-uri") for name, _ in pairs):
        raise ProtocolError(_READ_ONLY, 403)
    queries = [value for name, value in pairs if name == "query"]
    # The first counts: SPARQLWrapper sends two, a short name and what it would write into Accept.
    formats = [value for name, value in pairs if name == "format"][:1]
    if len(queries) > 1:
        raise ProtocolError("the request has more than one query")
    graphs = {
        key: tuple(dict.fromkeys(_graph(value) for name, value in pairs if name == key and value))
        for key in ("default-graph-uri", "named-graph-uri")
    }
    if max(map(len, graphs.values())) > _MOST_GRAPHS:
        raise ProtocolError(f"the request names more than {_MOST_GRAPHS} graphs")
    warn = any(name == "warn" and value in ("1", "true", "yes") for name, value in pairs)
    query_request = QueryRequest(
        "", graphs["default-graph-uri"], graphs["named-graph-uri"], next(iter(formats), None), warn
    )
    return replace(query_request, query=queries[0].removeprefix(BOM)) if queries else None


def _graph(iri: str) -> str:
    if len(iri) > _LONGEST_IRI:
        raise ProtocolError(f"the IRI of a graph is longer than {_LONGEST_IRI} characters")
    try:
        return NamedNode(iri).value
    except ValueError:
        raise ProtocolError("a graph is named by an absolute IRI; that of the request is not one") from None


def _read_posted_body(settings: Settings) -> tuple[str, bytes]:
    """Return media type and body of a POST or QUERY; raises 415 for another type, 413 for too much."""
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    media_type = media_type.lower()
    charset = options.get("charset", "utf-8").strip().lower()
    headers = {"Accept-Post": f"{FORM}, {DIRECT}"}
    if media_type == UPDATE:
        raise ProtocolError(_READ_ONLY, 403)
    if media_type not in (FORM, DIRECT):
        raise ProtocolError(f"a query is posted as {FORM} or {DIRECT}", 415, headers)
    if charset not in ("utf-8", "utf8"):
        raise ProtocolError("a query is posted in UTF-8", 415, headers)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProtocolError(
            "a query is posted without a content coding", 415, {"Accept-Encoding": "identity"}
        )
    # In a form a byte can take three, and the graphs come on top.
    limit = settings.query_kb * 1024 * (3 if media_type == FORM else 1) + (65536 if media_type == FORM else 0)
    request.max_content_length = limit
    return media_type, request.get_data()


def read(settings: Settings) -> QueryRequest | None:
    """Return what the current request asks; None for a GET that has no query. ProtocolError for a bad one."""
    url = request.query_string
    pairs = list(parameters(url, "query string")) if url else []
    if request.method in WITH_BODY:
        media_type, body = _read_posted_body(settings)
        if media_type == DIRECT:
            try:
                pairs.append(("query", body.decode("utf-8")))
            except UnicodeDecodeError:
                raise ProtocolError("the query is not UTF-8") from None
        elif body:
            pairs += parameters(body, "form")
    query_request = _gather(pairs)
    if query_request is None:
        if request.method in WITH_BODY or any(name != "format" for name, _ in pairs):
            raise ProtocolError("the request has no query")
        return QueryRequest("", format=next((value for _, value in pairs), None))
    check_query(query_request.query, settings)
    return query_request


def check_query(query: str, settings: Settings) -> None:
    """Raise the error of a query that no engine is given: an empty one, a long one, one with U+0000."""
    if not query.strip():
        raise ProtocolError(_ABSENT)
    if "\0" in query:
        raise QueryError("a query cannot hold U+0000")
    if len(query.encode()) > settings.query_kb * 1024:
        raise ProtocolError(f"the query is longer than {settings.query_kb} KiB", 413)
