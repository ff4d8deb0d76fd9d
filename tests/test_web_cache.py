"""The response cache: it never changes an answer, keeps within its bytes, and forgets at a reload."""

from __future__ import annotations

import gzip
import json
import re
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.server.http.response_cache import Key, ResponseCache, make_etag, matches
from fmgraph.server.http.service_state import NAME
from rsgi_client import RsgiClient

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


def answer(
    client: FlaskClient | RsgiClient, method: str, url: str, headers: dict[str, str]
) -> tuple[object, ...]:
    response = client.open(url, method=method, headers=headers)
    body, status = response.data, getattr(response, "status_code", response.status)
    fields = {k.lower(): v for k, v in dict(response.headers).items()}
    if fields.get("content-encoding") == "gzip" and method != "HEAD":
        body = gzip.decompress(body)
    if fields.get("etag", "").startswith("W/"):  # a page of results, which says how long it took
        body = re.sub(rb"in [0-9.]+ s", b"", body)
        fields.pop("content-length", None)
    return status, fields, body


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> RsgiClient:
    return RsgiClient(app, tmp_path)


def cache_of(app: Flask) -> ResponseCache:
    found: ResponseCache = app.extensions[NAME].cache
    return found


def test_cached_and_uncached_are_the_same(app: Flask, client: FlaskClient, served: RsgiClient) -> None:
    asked = list(product(METHODS, URLS, HEADERS))
    wanted = [answer(client, *one) for one in asked]
    for _ in range(2):
        for one, expected in zip(asked, wanted, strict=True):
            assert answer(served, *one) == expected, one
    assert len(cache_of(app)) > 20


def test_posts_are_kept_by_body_and_type(app: Flask, served: RsgiClient) -> None:
    for body, content_type, status in (
        (b"ASK {}", "application/sparql-query", 200),
        (b"query=ASK%7B%7D", "application/x-www-form-urlencoded", 200),
        (b"ASK {}", "text/plain", 415),
        (b"ASK { FILTER(false) }", "application/sparql-query", 200),
    ):
        fields = {"content-type": content_type}
        answers = [served.open("/sparql", "POST", fields, body) for _ in range(2)]
        assert [a.status for a in answers] == [status] * 2
        assert answers[0].data == answers[1].data
        if status == 200:
            assert json.loads(answers[0].data)["boolean"] is (b"false" not in body)
    assert len(cache_of(app)) == 3


def test_the_engine_is_asked_once(app: Flask, served: RsgiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "/sparql?query=ASK%7B%7D"
    first = served.open(url)
    monkeypatch.setattr(app.extensions[NAME].engine.__class__, "run", None)
    assert served.open(url).data == first.data
    assert served.open(url, headers={"If-None-Match": first.headers["etag"]}).status == 304
    assert served.open(url, "HEAD").headers["content-length"] == first.headers["content-length"]


def test_errors_and_heads_are_not_kept(app: Flask, served: RsgiClient) -> None:
    served.open("/sparql?query=ASK%7B")
    served.open("/sparql?query=ASK%7B%7D", "HEAD")
    served.open("/sparql?query=ASK%7B%7D", headers={"Accept": "image/png"})
    served.open("/sparql?query=SELECT(NOW()AS?x)%7B%7D")
    served.open("/healthz")
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
