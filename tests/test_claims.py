"""Which claims become triples."""

from __future__ import annotations

import itertools

import pytest

from fmgraph import resources
from fmgraph.graph.claims import Claim, accepted
from fmgraph.graph.materialise import transitive
from fmgraph.ontology import Schema
from fmgraph.rdf.terms import entity, literal, own

SUBJECT = entity("model", "uni")


@pytest.fixture(scope="module")
def schema() -> Schema:
    folder = resources.ontology_dir()
    return Schema(folder / "context.jsonld", folder / "fmgraph.ttl")


def claim(predicate: str, value: str, basis: str = "list", rank: str = "normal") -> Claim:
    return Claim(SUBJECT, own(predicate), literal(value), entity("row", "a-01"), basis, rank=rank)


def values(schema, *claims):
    for order in itertools.permutations(claims):
        found = {triple[2].strip('"') for triple in accepted(order, schema)}
    return found


def test_a_primary_source_outranks_lists_where_one_value_is_allowed(schema):
    assert "year" in {iri.rsplit("#", 1)[1] for iri in schema.single_valued}
    assert values(schema, claim("year", "2023"), claim("year", "2024", "primary")) == {"2024"}
    assert values(schema, claim("year", "2023"), claim("year", "2024", "secondary")) == {"2023", "2024"}


def test_elsewhere_all_stand(schema):
    assert values(schema, claim("name", "a"), claim("name", "b", "primary")) == {"a", "b"}


def test_a_deprecated_claim_yields_nothing(schema):
    assert values(schema, claim("year", "2023"), claim("year", "2024", "primary", "deprecated")) == {"2023"}


def test_preferred_claims_stand_alone(schema):
    assert values(schema, claim("name", "a", "primary"), claim("name", "b", rank="preferred")) == {"b"}


def test_a_claim_is_named_by_what_it_says_and_where(schema):
    one, same = claim("year", "2023"), claim("year", "2023", rank="deprecated")
    other = Claim(SUBJECT, own("year"), literal("2023"), entity("row", "a-02"), "list")
    assert one.term == same.term != other.term


def test_closures_survive_a_cycle():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}}
    assert transitive(edges) == {start: {"a", "b", "c", "d"} for start in "abc"}
