"""Which claims become triples."""

from __future__ import annotations

import itertools

import pytest

from fmgraph import resources
from fmgraph.graph.authorships import name_people
from fmgraph.graph.claims import Claim, accepted, not_had
from fmgraph.graph.materialise import transitive
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import SKOS
from fmgraph.rdf.terms import LABEL, entity, iri, literal, own

SUBJECT = entity("model", "uni")


@pytest.fixture(scope="module")
def schema() -> Schema:
    folder = resources.ontology_dir()
    return Schema(folder / "context.jsonld", folder / "fmgraph.ttl")


def claim(predicate: str, value: str, basis: str = "list", rank: str = "normal") -> Claim:
    return Claim(SUBJECT, own(predicate), literal(value), entity("row", "a-01"), basis, rank=rank)


def values(schema, *claims):
    """Return the values that are accepted, in whatever order the claims come."""
    some = {
        frozenset(t[2].strip('"') for t in accepted(order, schema))
        for order in itertools.permutations(claims)
    }
    (only,) = some
    return only


def test_a_primary_source_outranks_lists_where_one_value_is_allowed(schema):
    assert "year" in {iri.rsplit("#", 1)[1] for iri in schema.single_valued}
    assert values(schema, claim("year", "2023"), claim("year", "2024", "primary")) == {"2024"}
    assert values(schema, claim("year", "2023"), claim("year", "2024", "secondary")) == {"2024"}
    two = claim("year", "2023", "secondary"), claim("year", "2024", "secondary")
    assert values(schema, *two) == {"2023", "2024"}  # which `fmgraph check` finds


def test_each_variant_has_a_value_where_the_property_allows_it(schema):
    def count(value, variant=None, basis="primary"):
        made = claim("parameterCount", value, basis)
        made.variant = variant
        return made

    assert own("parameterCount").strip("<>") in schema.per_variant
    base, large = count("86", "B"), count("307", "L")
    assert values(schema, base, large) == {"86", "307"}
    assert values(schema, base, count("87", "B", "secondary"), large) == {"86", "307"}
    assert values(schema, base, large, count("300", None, "list")) == {"86", "307"}
    assert values(schema, base, count("87", "B")) == {"86", "87"}  # which `fmgraph check` finds
    assert len({one.term for one in (count("7", "a"), count("7", "b"), count("7"))}) == 3


def test_the_newest_list_outranks_the_others_where_one_value_is_allowed(schema):
    older, newer, below = (claim("year", year) for year in ("2022", "2023", "2024"))
    older.edition, newer.edition = ("2025-12-08", "b-list", -1), ("2026-01-03", "a-list", -7)
    below.edition = ("2026-01-03", "a-list", -8)
    assert values(schema, older, below, newer) == {"2023"}
    assert [one.accepted for one in (older, newer, below)] == [False, True, False]


def test_elsewhere_all_stand(schema):
    assert values(schema, claim("name", "a"), claim("name", "b", "primary")) == {"a", "b"}


def test_a_deprecated_claim_yields_nothing(schema):
    assert values(schema, claim("year", "2023"), claim("year", "2024", "primary", "deprecated")) == {"2023"}


def test_preferred_claims_stand_alone(schema):
    assert values(schema, claim("name", "a", "primary"), claim("name", "b", rank="preferred")) == {"b"}


def test_each_claim_says_whether_the_graph_holds_its_statement(schema):
    agreeing, other, winner = claim("year", "2024"), claim("year", "2023"), claim("year", "2024", "primary")
    wrong = claim("year", "2024", rank="deprecated")
    accepted([agreeing, other, winner, wrong], schema)
    assert [c.accepted for c in (agreeing, other, winner, wrong)] == [True, False, True, False]


def test_of_alternatives_only_that_of_the_released_variant_is_had():
    def uses(parent, variant=None, rank="normal"):
        made = claim("usesLanguageModel", parent, "primary", rank)
        made.alternative, made.variant = "language-model", variant
        return made

    released, other = uses("vicuna", "7B"), uses("llama", "13B")
    both = {(SUBJECT, own("usesLanguageModel"), literal(name)) for name in ("vicuna", "llama")}
    assert not_had([released, other]) == both
    assert not_had([released, uses("llama", "13B", "deprecated")]) == {triple_of(released)}
    named = claim("releasedVariant", "7B", "primary")
    assert not_had([released, other, named]) == {triple_of(other)}
    assert not_had([claim("usesLanguageModel", "vicuna")]) == set()


def triple_of(made):
    return (made.subject, made.predicate, made.object)


def test_a_claim_is_named_by_what_it_says_and_where(schema):
    one, same = claim("year", "2023"), claim("year", "2023", rank="deprecated")
    other = Claim(SUBJECT, own("year"), literal("2023"), entity("row", "a-02"), "list")
    assert one.term == same.term != other.term


def test_closures_survive_a_cycle():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}}
    assert transitive(edges) == {start: {"a", "b", "c", "d"} for start in "abc"}


def test_a_person_has_one_label_and_the_other_spellings_beside_it():
    person, other = entity("person", "bennett-a-landman"), entity("person", "jane-doe")
    triples = {
        (person, LABEL, literal("Bennett A Landman")),
        (person, LABEL, literal("Bennett A. Landman")),
        (other, LABEL, literal("Jane Doe")),
        (SUBJECT, LABEL, literal("UNI")),
    }
    assert name_people(triples) == {person: "Bennett A. Landman", other: "Jane Doe"}
    assert triples == {
        (person, LABEL, literal("Bennett A. Landman")),
        (person, iri(f"{SKOS}altLabel"), literal("Bennett A Landman")),
        (other, LABEL, literal("Jane Doe")),
        (SUBJECT, LABEL, literal("UNI")),
    }
