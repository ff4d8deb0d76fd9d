"""Queries that are sent to do harm: each yields what a stranger could type."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.mix import PREFIXES, RESULTS, Request


def _doubling(levels: int) -> str:
    steps = " ".join(f"BIND(CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(levels))
    return f'SELECT (STRLEN(?s{levels}) AS ?n) WHERE {{ BIND("0123456789abcdef" AS ?s0) {steps} }}'


#: Name and query; ``{n}`` is a number that differs each time, so that no answer can be kept.
ATTACKS: dict[str, str] = {
    "cross product": "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?g) }",
    "cross product, sorted": "SELECT ?a ?d WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c DESC(?f) ?a",
    "cross product, grouped": "SELECT ?a ?d (GROUP_CONCAT(?f) AS ?all) WHERE { ?a ?b ?c . ?d ?e ?f } "
    "GROUP BY ?a ?d",
    "everything": "SELECT * WHERE { ?a ?b ?c OPTIONAL { ?c ?d ?e OPTIONAL { ?e ?f ?g } } }",
    "distinct": "SELECT DISTINCT ?a ?c ?f WHERE { ?a ?b ?c . ?d ?b ?f }",
    "path explosion": "SELECT (COUNT(*) AS ?n) WHERE { ?a (fmg:builtOn|!fmg:builtOn)* ?b }",
    "closure of closures": "SELECT ?a ?b WHERE { ?a ((fmg:builtOn|^fmg:builtOn)+/(a|^a)+)+ ?b }",
    "doubling strings": _doubling(40),
    "pattern": 'SELECT ?a WHERE { ?a ?b ?c FILTER(REGEX(STR(?c), "(a*)*(b*)*(c*)*{n}$")) }',
    "deep nesting": f"SELECT * WHERE {'{' * 10_000} ?a ?b ?c {'}' * 10_000}",
    "deep expression": f"SELECT * WHERE {{ ?a ?b ?c FILTER({'(' * 5_000}1{')' * 5_000}) }}",
    "long chain": f"SELECT * WHERE {{ ?a {'/'.join(['fmg:builtOn'] * 3_000)} ?b }}",
    "many variables": f"SELECT * WHERE {{ {' '.join(f'?v{n} ?p{n} ?v{n + 1} .' for n in range(2_000))} }}",
}  # fmt: skip


def attacks(seed: int) -> Iterator[tuple[str, Request]]:
    """Yield the name and the request of one attack after another, without end."""
    pick = random.Random(seed)
    names = sorted(ATTACKS)
    number = 0
    while True:
        number += 1
        name = pick.choice(names)
        text = ATTACKS[name].replace("{n}", str(number))
        yield name, Request(f"{PREFIXES}{text}\n# {seed}.{number}", RESULTS)
