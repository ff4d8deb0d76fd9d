"""Lineage over the sample graph: paths, evidence, formats, names."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from fmgraph.answers.lineage import lineage
from fmgraph.answers.lineage_formats import FORMATS
from fmgraph.errors import NotFoundError
from fmgraph.rdf.prefixes import entity_iri

RETFOUND, RETIZERO = entity_iri("model", "retfound"), entity_iri("model", "retizero")


def test_what_is_built_on_it_with_the_claim_and_its_source(engine):
    answer = lineage(engine, "RETFound")
    assert answer.root == RETFOUND
    assert RETIZERO in {node.iri for node in answer.nodes}
    [edge] = [edge for edge in answer.edges if (edge.child, edge.parent) == (RETIZERO, RETFOUND)]
    assert edge.relation == "initialisedFrom", "the specific relation, not the umbrella"
    assert edge.evidence
    assert all(one.claim and one.source for one in edge.evidence)


def test_ancestors_are_the_other_way_and_paths_start_at_the_root(engine):
    answer = lineage(engine, "retizero", "ancestors")
    by_iri = {node.iri: node for node in answer.nodes}
    assert by_iri[RETFOUND].path == (RETIZERO, RETFOUND)
    assert max(node.depth for node in answer.nodes) >= 2
    for node in answer.nodes:
        assert len(node.path) == node.depth + 1
        for near, far in zip(node.path, node.path[1:], strict=False):
            assert any((edge.child, edge.parent) == (near, far) for edge in answer.edges)


def test_depth_limits_the_steps(engine):
    whole, one = lineage(engine, "retizero", "ancestors"), lineage(engine, "retizero", "ancestors", depth=1)
    assert {node.depth for node in one.nodes} == {1}
    assert len(one.nodes) < len(whole.nodes)


@pytest.mark.parametrize(
    "name", ["RETFound", "retfound", "model/retfound", RETFOUND, "RETFound-MAE", "ret found"]
)
def test_names(engine, name):
    assert lineage(engine, name).root == RETFOUND


def test_an_unknown_name_suggests_the_nearest(engine):
    with pytest.raises(NotFoundError, match="RETFound"):
        lineage(engine, "RETFond")


@pytest.mark.parametrize("form", [*FORMATS])
def test_every_format_tells_every_work(engine, form):
    answer = lineage(engine, "RETFound")
    text = FORMATS[form][1](answer)
    plain = [label for label in answer.labels().values() if label.replace("-", "").isalnum()]
    assert len(plain) >= 2
    assert all(label in text for label in plain)


def test_json_and_turtle_are_read_back(engine):
    answer = lineage(engine, "retizero", "ancestors")
    data = json.loads(FORMATS["json"][1](answer))
    assert {node["iri"] for node in data["nodes"]} == {node.iri for node in answer.nodes}
    triples = {str(quad.predicate) for quad in ox.parse(FORMATS["turtle"][1](answer), ox.RdfFormat.TURTLE)}
    assert {f"<https://w3id.org/fmgraph/ns#{edge.relation}>" for edge in answer.edges} <= triples


def test_a_label_cannot_break_out_of_a_diagram(engine):
    answer = lineage(engine, "RETFound")
    hostile = type(answer)(answer.root, 'a"]; evil["', answer.direction, answer.nodes, answer.edges)
    assert "a&quot;]; evil[&quot;" in FORMATS["mermaid"][1](hostile)
    assert '"a\\"]; evil[\\""' in FORMATS["dot"][1](hostile)
