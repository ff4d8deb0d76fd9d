"""Identifiers as IRIs, repositories as entities, kinds of links, and the linksets that count them."""

from __future__ import annotations

import re

import pytest

from fmgraph.graph.address_triples import identifier_links, link_types, repositories
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import FMG, FOAF, SCHEMA
from fmgraph.rdf.terms import LABEL, A, iri, literal, own
from fmgraph.records.address_kinds import link_kinds
from fmgraph.records.addresses import parse_address
from fmgraph.resources import ontology_dir

W = iri("https://w3id.org/fmgraph/model/one")
SAME = iri(SCHEMA + "sameAs")


@pytest.mark.parametrize(
    ("prop", "value", "same"),
    [
        ("doi", "10.1002/(sici)x<y", "https://doi.org/10.1002/(sici)x%3Cy"),
        ("arxiv", "2309.07778", "https://arxiv.org/abs/2309.07778"),
        ("arxiv", "hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
    ],
)
def test_an_identifier_with_a_resolver_is_an_iri_too(prop, value, same):
    schema = Schema(ontology_dir() / "context.jsonld", ontology_dir() / "fmgraph.ttl")
    triples = [(W, own(prop), literal(value)), (W, own("title"), literal("10.1/x"))]
    assert identifier_links(triples, schema) == {(W, SAME, iri(same))}


def test_a_repository_is_one_however_it_is_linked():
    usual = ["https://github.com/MahmoodLab/UNI", "https://github.com/MahmoodLab/UNI/blob/abc/README.md"]
    links = [*usual, "https://github.com/mahmoodlab/uni/releases", "https://example.org/a/b"]
    made = repositories([(W, own("code"), iri(link)) for link in links])
    node = iri("https://github.com/MahmoodLab/UNI")
    assert {s for s, p, o in made if o == own("Repository")} == {node}
    assert {s for s, p, _ in made if p == own("inRepository")} == {iri(link) for link in links[1:3]}
    assert {(p, o) for s, p, o in made if s == node} == {
        (A, own("Repository")),
        (LABEL, literal("MahmoodLab/UNI")),
        (own("host"), literal("github.com")),
        (own("repositoryOwner"), literal("MahmoodLab")),
        (own("repositoryName"), literal("UNI")),
    }


def test_a_data_set_at_hugging_face_is_a_repository_of_its_own():
    made = repositories([(W, iri(FOAF + "homepage"), iri("https://huggingface.co/datasets/o/n/tree/main/x"))])
    assert (iri("https://huggingface.co/datasets/o/n"), own("repositoryOwner"), literal("o")) in made
    assert not repositories([(W, own("weights"), iri("https://huggingface.co/o"))])


@pytest.mark.parametrize(
    ("address", "key", "kind"),
    [
        ("https://github.com/o/n", "code", "code"),
        ("https://github.com/o/n", "homepage", "code"),
        ("https://github.com/o/n/releases", "weights", "weights"),
        ("https://huggingface.co/o/n", "homepage", "weights"),
        ("https://huggingface.co/datasets/o/n", "weights", "dataset"),
        ("https://huggingface.co/o", "homepage", "organisation"),
        ("https://n.readthedocs.io/en/latest/", "homepage", "documentation"),
        ("https://docs.google.com/forms/d/e/x/viewform", "weights", "request-form"),
        ("https://docs.google.com/document/d/x", "weights", "weights"),
        ("https://forms.gle/x", "weights", "request-form"),
        ("https://arxiv.org/abs/2309.07778", "url", "paper"),
        ("https://www.nature.com", "homepage", "page"),
    ],
)
def test_what_a_link_is(address, key, kind):
    assert link_kinds(parse_address(address), [key]) == {kind}


def test_only_links_of_ours_have_a_kind():
    page = iri("https://huggingface.co/o/n")
    triples = [(W, own("weights"), page), (W, own("code"), page), (W, own("builtOn"), iri("https://a.b/c"))]
    assert link_types(triples) == {(page, own("linkKind"), literal("weights"))}


def test_the_shipped_graph_has_them(shipped):
    def count(pattern: str) -> int:
        query = f"PREFIX fmg: <{FMG}> PREFIX schema: <{SCHEMA}> PREFIX void: <http://rdfs.org/ns/void#>"
        return int(shipped.rows(f"{query} SELECT (COUNT(*) AS ?n) {{ {pattern} }}")[0]["n"].value)

    resolvable = count("?p fmg:doi ?d") + count("?p fmg:arxiv ?d")
    assert count("?p a fmg:Paper ; schema:sameAs ?iri") == resolvable > 0
    assert count("?w fmg:weights ?page . ?page a fmg:Repository ; fmg:host 'huggingface.co'")
    assert count("?claim <http://www.w3.org/ns/prov#hadPrimarySource>/fmg:inRepository ?r")
    assert not count("?x fmg:inRepository ?r FILTER NOT EXISTS { ?r a fmg:Repository }")


def test_no_work_has_a_link_twice(shipped):
    """Eleven had: a repository in two cases, with and without a slash, /tree/main or ?usp=sharing."""
    rows = shipped.rows(
        f"SELECT ?s ?p ?o {{ VALUES ?p {{ <{FMG}code> <{FMG}weights> <{FMG}demo> }} ?s ?p ?o }}"
    )
    seen: dict[tuple[str, str, str], str] = {}
    assert len(rows) > 500
    for row in rows:
        address = re.sub(r"[?#]usp=\w+$|/$|/tree/(main|master)/?$|\.git$", "", row["o"].value).lower()
        key = (row["s"].value, row["p"].value, re.sub(r"^https?://(www\.)?", "", address))
        assert key not in seen, (key, seen[key], row["o"].value)
        seen[key] = row["o"].value


@pytest.mark.parametrize(
    ("space", "predicate"),
    [
        ("http://id.nlm.nih.gov/mesh/", f"{FMG}mesh"),
        ("http://dicom.nema.org/resources/ontology/DCM/", f"{FMG}dicom"),
        ("http://edamontology.org/", f"{FMG}edam"),
        ("http://purl.obolibrary.org/obo/UBERON_", f"{FMG}uberon"),
        ("https://arxiv.org/", f"{SCHEMA}sameAs"),
        ("https://doi.org/", f"{SCHEMA}sameAs"),
        ("https://github.com/", f"{FMG}code"),
        ("https://huggingface.co/", f"{FMG}weights"),
    ],
)
def test_links_are_a_linkset_with_their_number(shipped, space, predicate):
    counted = f'{{ ?s <{predicate}> ?o FILTER(STRSTARTS(STR(?o), "{space}")) }}'
    (there,) = shipped.rows(f"SELECT (COUNT(*) AS ?n) {counted}")
    (told,) = shipped.rows(f"""PREFIX void: <http://rdfs.org/ns/void#> SELECT ?n {{
      ?l void:linkPredicate <{predicate}> ; void:triples ?n ;
        void:objectsTarget [ void:uriSpace "{space}" ] }}""")
    assert int(told["n"].value) == int(there["n"].value) > 0
