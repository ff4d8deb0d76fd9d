"""The response cache: it never changes an answer, keeps within its bytes, and forgets at a reload."""

from __future__ import annotations

import gzip
import re
from itertools import product
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.server.engine import Engine
from fmgraph.server.http.response_cache import Key, ResponseCache, make_etag, matches
from fmgraph.server.http.service_state import NAME
from fmgraph.settings import Settings
from fmgraph.site import create_app

LONG = quote("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 200")
URLS = [
    f"/sparql?query={LONG}",
    f"/sparql?query={LONG}&format=csv",
    f"/sparql/?query={LONG}",
    "/sparql?query=ASK%7B%7D",
    "/sparql?query=ASK%7B",
    "/sparql?query=SELECT(RAND()AS?x)%7B%7D&format=turtle",
    "/sparql",
    "/dump/fmgraph.nt",
    "/model/retizero",
    "/nowhere/at/all/here",
]
HEADERS: list[dict[str, str]] = [
    {},
    {"Accept": "text/html", "Accept-Encoding": "gzip"},
    {"Accept": "application/xml, text/turtle;q=0.2", "Origin": "https://other.example"},
    {"Accept": "image/png"},
    {"Accept-Encoding": "gzip, identity;q=0"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"other"', "Range": "bytes=0-9"},
]
METHODS = ["GET", "HEAD", "GET", "POST", "OPTIONS"]


def answer(client: FlaskClient, method: str, url: str, headers: dict[str, str]) -> tuple[object, ...]:
    response = client.open(url, method=method, headers=headers)
    body = response.data
    if response.headers.get("Content-Encoding") == "gzip" and method != "HEAD":
        body = gzip.decompress(body)
    fields = {k.lower(): v for k, v in response.headers}
    if fields.get("etag", "").startswith("W/"):  # a page of results, which says how long it took
        body = re.sub(rb"in [0-9.]+ s", b"", body)
        fields.pop("content-length", None)
    return response.status_code, fields, body


def cache_of(app: Flask) -> ResponseCache:
    found: ResponseCache = app.extensions[NAME].cache
    return found


def test_cached_and_uncached_are_the_same(app: Flask, engine: Engine, settings: Settings) -> None:
    with_cache = app.test_client()
    without = create_app(engine, settings, cached=False).test_client()
    asked = list(product(METHODS, URLS, HEADERS))
    wanted = [answer(without, *one) for one in asked]
    for _ in range(2):
        for one, expected in zip(asked, wanted, strict=True):
            assert answer(with_cache, *one) == expected, one
    assert len(cache_of(app)) > 20


def test_posts_are_kept_by_body_and_type(app: Flask, client: FlaskClient) -> None:
    for body, content_type, status in (
        (b"ASK {}", "application/sparql-query", 200),
        (b"query=ASK%7B%7D", "application/x-www-form-urlencoded", 200),
        (b"ASK {}", "text/plain", 415),
        (b"ASK { FILTER(false) }", "application/sparql-query", 200),
    ):
        answers = [client.post("/sparql", data=body, content_type=content_type) for _ in range(2)]
        assert [a.status_code for a in answers] == [status] * 2
        assert answers[0].data == answers[1].data
        if status == 200:
            assert answers[0].json["boolean"] is (b"false" not in body)
    assert len(cache_of(app)) == 3


def test_the_engine_is_asked_once(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "/sparql?query=ASK%7B%7D"
    first = client.get(url)
    monkeypatch.setattr(app.extensions[NAME].engine.__class__, "run", None)
    assert client.get(url).data == first.data
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.head(url).headers["Content-Length"] == first.headers["Content-Length"]


def test_errors_and_heads_are_not_kept(app: Flask, client: FlaskClient) -> None:
    client.get("/sparql?query=ASK%7B")
    client.head("/sparql?query=ASK%7B%7D")
    client.get("/sparql?query=ASK%7B%7D", headers={"Accept": "image/png"})
    client.get("/sparql?query=SELECT(NOW()AS?x)%7B%7D")
    client.get("/healthz")
    assert len(cache_of(app)) == 0


HEAD = [("etag", '"x"'), ("content-type", "a/b"), ("vary", "Accept")]


def key(name: str) -> Key:
    return Key("/sparql", name, "", "")


def test_the_least_recently_used_goes_first() -> None:
    cache = ResponseCache(200_000)
    for name in "abc":
        cache.put(key(name), name, HEAD, bytes(49_000), 0)
    cache.touch(key("a"))
    cache.put(key("d"), "d", HEAD, bytes(49_000), 0)
    cache.put(key("e"), "e", HEAD, bytes(49_000), 0)
    assert [name for name in "abcde" if cache.get(key(name))] == ["a", "d", "e"]
    assert cache.size <= cache.capacity
    cache.touch(key("b"))


def test_one_tag_is_kept_once_and_too_large_not_at_all() -> None:
    cache = ResponseCache(200_000)
    for name in "abcdefgh":
        cache.put(key(name), "same", HEAD, bytes(40_000), 0)
    assert len(cache) == 8
    assert cache.size < 60_000
    cache.put(key("huge"), "huge", HEAD, bytes(60_000), 0)
    assert cache.get(key("huge")) is None


def test_a_reload_empties_it_and_late_answers_of_before_are_not_taken() -> None:
    cache = ResponseCache(200_000)
    cache.put(key("a"), "a", HEAD, b"old", 0)
    cache.clear()
    assert (len(cache), cache.size, cache.entry("a")) == (0, 0, None)
    cache.put(key("a"), "a", HEAD, b"old", 0)
    assert len(cache) == 0
    cache.put(key("a"), "a", HEAD, b"new", cache.generation)
    assert len(cache) == 1


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.integers(0, 3000)), max_size=40)
)
def test_the_size_is_what_it_holds(puts: list[tuple[str, str, int]]) -> None:
    cache = ResponseCache(12_000)
    for name, etag, length in puts:
        cache.put(key(name), etag, HEAD, bytes(length), 0)
        assert 0 <= cache.size <= cache.capacity
    for name in "abcdef":
        cache.touch(key(name))
    cache.put(key("last"), "last", HEAD, b"", 0)
    while len(cache):
        cache._evict(*cache._keys.popitem())
    assert cache.size == 0
    assert not cache._entries


def test_etags_tell_lists_from_strings() -> None:
    tags = [make_etag("ab", "c"), make_etag("a", "bc"), make_etag(["ab"], "c"), make_etag(["a", "b"], "c")]
    assert len(set(tags)) == 4
    assert make_etag("a\ud800") != make_etag("a")


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ("", False),
    ],
)
def test_if_none_match(field: str, same: bool) -> None:
    assert matches(field, "a") is same
