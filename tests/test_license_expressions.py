"""SPDX expressions as licences: one node each, whatever the order and case."""

from __future__ import annotations

import pytest

from fmgraph.graph.license_expressions import expression_term, parse_expression

SPDX = "<https://spdx.org/licenses/{}>".format


def node(text: str) -> tuple[str, set[str]]:
    term, triples = expression_term(parse_expression(text), SPDX)
    return term, {f"{predicate.rsplit('#', 1)[-1]} {obj}" for _, predicate, obj in triples}


def test_an_expression_names_its_licences() -> None:
    term, about = node("MIT OR Apache-2.0")
    assert term == "<https://w3id.org/fmgraph/license/apache-2-0-or-mit>"
    assert {f"anyOf> {SPDX('MIT')}", f"anyOf> {SPDX('Apache-2.0')}"} < about
    assert node("apache-2.0 or mit") == (term, about)


def test_nested_expressions_and_exceptions() -> None:
    term, about = node("MIT AND (Apache-2.0 OR BSD-3-Clause)")
    assert f"allOf> {SPDX('MIT')}" in about
    assert term != node("(MIT AND Apache-2.0) OR BSD-3-Clause")[0]
    assert node("GPL-2.0-only WITH Classpath-exception-2.0")[0].endswith("classpath-exception-2-0>")


@pytest.mark.parametrize(
    "text", ["MIT", "MIT OR Nothing-1.0", "MIT OR", "AND", "CC BY 4.0", "a (b OR", "© or ™"]
)
def test_what_is_no_expression(text: str) -> None:
    assert parse_expression(text) is None
