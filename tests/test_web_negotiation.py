"""Content negotiation by RFC 9110: what is chosen, what is refused, and that no field breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.errors import ProtocolError
from fmgraph.rdf.formats import GRAPHS, HTML, RESULTS, named
from fmgraph.server.http.negotiation import choose, choose_encoding, parse_accept

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "text/turtle"),
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
        ("application/*", "application/n-triples"),
        ("application/ld+json;q=0.5, application/rdf+xml;q=0.6", "application/rdf+xml"),
        ("*/*;q=0.5, text/turtle;q=0.1", "application/n-triples"),
        ("text/turtle;q=0, */*;q=0.1", "application/n-triples"),
        ("text/*;q=0.9, application/trig;q=0.8", "text/turtle"),
        ("text/turtle;q=0", None),
        ("*/*;q=0", None),
        ("image/*", None),
        ("application/rdf+xml, text/turtle", "application/rdf+xml"),
        ("*/*, application/rdf+xml", "application/rdf+xml"),
        ("text/turtle;charset=utf-8;q=0.2, application/trig;q=0.1", "text/turtle"),
        ('text/turtle;x="a,b;q=0";q=0.2, application/trig;q=0.1', "text/turtle"),
        ("text/turtle;q=2, application/trig", "application/trig"),
        ("text/turtle;q=, application/trig", "application/trig"),
        ("text, , /, */x, application/trig", "application/trig"),
        (' Text/Turtle ; Q=0.3 , "', "text/turtle"),
        ("no media range at all", "text/turtle"),
        (BROWSER, "application/xml"),
    ],
)
def test_graphs(accept: str | None, chosen: str | None) -> None:
    choice = choose(accept, GRAPHS)
    assert (choice.media_type if choice else None) == chosen


def test_a_browser_gets_html_where_there_is_some() -> None:
    choice = choose(BROWSER, (*RESULTS, HTML))
    assert choice is not None
    assert choice.format is HTML


def test_a_field_of_absurd_length_is_431() -> None:
    with pytest.raises(ProtocolError) as caught:
        choose("text/turtle," * 10_000, GRAPHS)
    assert caught.value.status == 431


fields = st.text(st.sampled_from('abtextrul*/;,="\\ q0.19+-é\0'), max_size=60)


@given(fields)
def test_any_field_is_understood_somehow(field: str) -> None:
    for formats in (GRAPHS, RESULTS):
        choice = choose(field, formats)
        assert choice is None or choice.quality > 0
        if choice is None:
            assert parse_accept(field)


media_types = st.sampled_from([form.media_type for form in GRAPHS])
qualities = st.integers(0, 1000)


@given(st.dictionaries(media_types, qualities, min_size=1))
def test_the_best_quality_wins_and_zero_never(asked: dict[str, int]) -> None:
    field = ", ".join(f"{media_type};q={quality / 1000:.3f}" for media_type, quality in asked.items())
    choice = choose(field, GRAPHS)
    best = max(asked.values())
    if best == 0:
        assert choice is None
    else:
        assert choice is not None
        assert asked[choice.media_type] == best


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("deflate, gzip;q=0.5, zstd", "zstd"),
        ("*", "zstd"),
        ("*, zstd;q=0", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0, *;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0.5, gzip;q=0.4", "identity"),
        ("x-gzip", "gzip"),
        ("gzip;q=x", "identity"),
    ],
)
def test_codings(field: str | None, coding: str | None) -> None:
    assert choose_encoding(field, ("zstd", "gzip")) == coding


@given(fields)
def test_any_accept_encoding_is_understood_somehow(field: str) -> None:
    assert choose_encoding(field, ("gzip",)) in ("gzip", "identity", None)


def test_formats_are_found_by_name_suffix_and_media_type() -> None:
    for form in GRAPHS:
        for name in (form.name, form.suffix, form.media_type, form.media_type.upper(), *form.names):
            assert named(name, GRAPHS) is form
    assert named("srj", RESULTS) is RESULTS[0]
    assert named("json", GRAPHS) is not None
    assert named("doc", GRAPHS) is None
