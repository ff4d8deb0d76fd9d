"""Queries in other vocabularies find what queries in ours do; what is added is marked and has no claim."""

from __future__ import annotations

import pytest

from fmgraph.ontology import shipped as shipped_ontology
from fmgraph.rdf.prefixes import DCAT, DCTERMS, FAIR4ML, PREFIXES, RDF, SCHEMA

MORE = {
    "fair4ml": FAIR4ML,
    "org": "http://www.w3.org/ns/org#",
    "bibo": "http://purl.org/ontology/bibo/",
    "fabio": "http://purl.org/spar/fabio/",
}
PROLOGUE = "".join(f"PREFIX {name}: <{space}>\n" for name, space in {**PREFIXES, **MORE}.items())


def solutions(engine, pattern: str, names: str = "*") -> set[frozenset[str]]:
    rows = engine.rows(f"{PROLOGUE}SELECT {names} {{ {pattern} }}")
    return {frozenset(str(term) for term in row.values()) for row in rows}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("?m a fair4ml:MLModel ; fair4ml:trainedOn ?d", "?m a fmg:Model ; fmg:trainedOn ?d"),
        ("?x prov:wasDerivedFrom ?y", "?x fmg:builtOn ?y"),
        ("?x schema:isBasedOn ?y", "?x fmg:builtOn ?y"),
        ("?x fair4ml:fineTunedFrom ?y", "?x fmg:fineTunedFrom ?y"),
        ("?x fair4ml:evaluatedOn ?y", "?x fmg:evaluatedOn ?y"),
        ("?d a dcat:Dataset ; dcterms:title ?t . ?d a fmg:Dataset", "?d a fmg:Dataset ; rdfs:label ?t"),
        ("?d a schema:Dataset ; schema:name ?t . ?d a fmg:Dataset", "?d a fmg:Dataset ; rdfs:label ?t"),
        ("?p a schema:ScholarlyArticle ; schema:author ?a", "?p a fmg:Paper ; fmg:author ?a"),
        ("?p bibo:doi ?doi", "?p fmg:doi ?doi"),
        ("?p fabio:hasArXivId ?id", "?p fmg:arxiv ?id"),
        ("?o org:subOrganizationOf ?p", "?o a fmg:Institution ; fmg:partOf ?p"),
        ("?m a fair4ml:MLModel ; schema:license ?l", "?m a fmg:Model ; fmg:weightsLicense ?l"),
        ("?w prov:wasAttributedTo ?i", "?w fmg:developedBy ?i"),
        (
            "?c a skos:Concept ; skos:prefLabel ?p FILTER(LANG(?p) = 'en') BIND(STR(?p) AS ?l)",
            "?k fmg:conceptScheme ?s . ?c a ?k ; rdfs:label ?l",
        ),
    ],
)
def test_their_terms_find_what_ours_find(shipped, theirs, ours):
    names = "?c ?l" if "?k" in ours else "*"
    assert solutions(shipped, theirs, names)
    assert solutions(shipped, theirs, names) == solutions(shipped, ours, names)


def test_an_institution_is_no_creative_work(shipped):
    assert not solutions(shipped, "?i a fmg:Institution ; schema:isPartOf ?p")


def test_names_have_a_language_in_one_place_only(shipped):
    """Proper names are the same in every language; a query by ``rdfs:label "Histopathology"`` has no tag."""
    assert not solutions(shipped, "?c skos:prefLabel ?l FILTER(LANG(?l) != 'en')")
    assert solutions(
        shipped, '?c a fmg:Modality ; rdfs:label "Histopathology" ; skos:prefLabel "Histopathology"@en'
    )
    tagged = "?x rdfs:label ?l FILTER(LANG(?l) != '' && !STRSTARTS(STR(?x), STR(fmg:)))"
    assert not solutions(
        shipped, f"?x a ?k . VALUES ?k {{ fmg:Work fmg:Paper fmg:Modality fmg:Task }} {tagged}"
    )


def test_every_scheme_has_its_top_concepts(shipped):
    without = "?c skos:inScheme ?s FILTER NOT EXISTS { ?s skos:hasTopConcept ?top }"
    assert not solutions(shipped, without)


def test_what_is_added_is_marked_and_has_no_claim(shipped):
    marked = solutions(shipped, "?term fmg:materialised true")
    for term in (FAIR4ML + "MLModel", SCHEMA + "isBasedOn", DCAT + "Dataset"):
        assert frozenset({f"<{term}>"}) in marked
    of_others = "?c rdf:predicate ?term . ?term fmg:materialised true MINUS { ?term fmg:claimed true }"
    assert not solutions(shipped, of_others, "?term")


def test_what_is_marked_is_there(shipped):
    """A mark on a term that nothing of ours is below would be a promise without triples."""
    used = f"{{ ?s ?term ?o }} UNION {{ ?s <{RDF}type> ?term }}"
    rows = shipped.rows(f"{PROLOGUE}SELECT DISTINCT ?term {{ ?term fmg:materialised true . {used} }}")
    assert shipped_ontology().flagged("materialised") == {row["term"].value for row in rows}


def test_datasets_have_what_dcat_ap_demands(shipped):
    """DCAT-AP 3.0.1: what is mandatory for a dataset, a catalogue and a record of one."""
    for cls, prop in [
        (DCAT + "Dataset", DCTERMS + "title"),
        (DCAT + "Dataset", DCTERMS + "description"),
        (DCAT + "Catalog", DCTERMS + "title"),
        (DCAT + "Catalog", DCTERMS + "description"),
        (DCAT + "Catalog", DCTERMS + "publisher"),
        (DCAT + "CatalogRecord", DCTERMS + "modified"),
    ]:
        missing = solutions(shipped, f"?x <{RDF}type> <{cls}> FILTER NOT EXISTS {{ ?x <{prop}> ?value }}")
        assert not missing, (cls, prop)
