"""The ontology and the context: complete, consistent, and as FOOPS! and the build expect them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyhornedowl
import pyhornedowl.model as owl
import pyoxigraph as ox
import pytest
from rdflib import (
    DCAT,
    DCTERMS,
    FOAF,
    ORG,
    OWL,
    PROV,
    RDF,
    RDFS,
    SDO,
    SKOS,
    VANN,
    BNode,
    Graph,
    Literal,
    Namespace,
    URIRef,
)

import fmgraph
from fmgraph import resources
from fmgraph.ontology import all_kinds, published_ontology
from fmgraph.publish import ontology_page
from fmgraph.rdf.prefixes import BASE, FAIR4ML, FMG

NS = URIRef(f"{BASE}ns")
F = Namespace(FMG)
FOLDER = resources.ontology_dir()
CONTEXT = json.loads((FOLDER / "context.jsonld").read_text(encoding="utf-8"))["@context"]
KEYS = {key: value for key, value in CONTEXT.items() if isinstance(value, dict)}
#: Terms of others that YAML keys stand for.
REUSED = {
    "rdfs:label",
    "skos:altLabel",
    "skos:definition",
    "skos:broader",
    "skos:closeMatch",
    "dcat:landingPage",
    "foaf:homepage",
    "schema:url",
}
#: Properties that records cannot state: a person has no record.
KEYLESS = {"orcid"}
PROPERTIES = (OWL.ObjectProperty, OWL.DatatypeProperty)


@pytest.fixture(scope="module")
def ontology():
    return Graph().parse(FOLDER / "fmgraph.ttl", format="turtle")


def own_terms(graph, *types):
    kinds = types or (None,)
    found = {s for kind in kinds for s in graph.subjects(RDF.type, kind)}
    return sorted(str(s) for s in found if str(s).startswith(FMG))


def local(iri):
    return str(iri).removeprefix(FMG)


def flagged(graph, flag):
    return {local(s) for s in graph.subjects(F[flag], Literal(True)) if str(s).startswith(FMG)}


def test_has_no_blank_nodes(ontology):
    assert not [term for triple in ontology for term in triple if isinstance(term, BNode)]


def test_every_term_has_one_label_and_a_definition_in_english(ontology):
    for term in own_terms(ontology):
        labels = list(ontology.objects(URIRef(term), RDFS.label))
        definitions = list(ontology.objects(URIRef(term), SKOS.definition))
        assert [label.language for label in labels] == ["en"], term
        assert [definition.language for definition in definitions] == ["en"], term
        assert str(definitions[0]).endswith("."), term


def test_every_term_used_is_defined(ontology):
    used = {str(term) for triple in ontology for term in triple if str(term).startswith(FMG)} - {FMG}
    assert used <= set(own_terms(ontology))


@pytest.mark.parametrize("namespace", [DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDFS, SDO, SKOS, VANN], ids=str)
def test_terms_of_others_exist(ontology, namespace):
    """The namespaces of rdflib are closed: they know the terms that the vocabularies define."""
    used = {term for triple in ontology for term in triple if str(term).startswith(str(namespace))}
    assert used - {URIRef(namespace)}
    assert [term for term in used if term not in namespace] == []


@pytest.mark.parametrize(
    ("check", "predicate"),
    [
        ("OM1 title", DCTERMS.title),
        ("OM1 description", DCTERMS.description),
        ("OM1 creator", DCTERMS.creator),
        ("OM1 namespace", VANN.preferredNamespaceUri),
        ("OM2 and FIND1 prefix", VANN.preferredNamespacePrefix),
        ("OM2 version", OWL.versionInfo),
        ("OM2 created", DCTERMS.created),
        ("OM2 citation", DCTERMS.bibliographicCitation),
        ("OM3 publisher", DCTERMS.publisher),
        ("OM3 status", URIRef("http://purl.org/ontology/bibo/status")),
        ("OM3 source", DCTERMS.source),
        ("OM3 issued", DCTERMS.issued),
        ("OM4 licence", DCTERMS.license),
        ("VER1 versionIRI", OWL.versionIRI),
        ("FIND3_BIS catalogue", URIRef("https://schema.org/includedInDataCatalog")),
        ("modified", DCTERMS.modified),
    ],
)
def test_foops_metadata(ontology, check, predicate):
    assert ontology.value(NS, predicate) is not None, check


def test_foops_identity(ontology):
    """URI2 the ontology's id, VER1 a version IRI below it, FIND1 prefix and namespace, OM4 a licence IRI."""
    assert list(ontology.subjects(RDF.type, OWL.Ontology)) == [NS]
    version = str(ontology.value(NS, OWL.versionInfo))
    assert ontology.value(NS, OWL.versionIRI) == URIRef(f"{NS}/{version}")
    assert str(ontology.value(NS, VANN.preferredNamespaceUri)) == FMG
    assert str(ontology.value(NS, VANN.preferredNamespacePrefix)) == "fmg"
    assert str(ontology.value(NS, DCTERMS.license)).startswith(
        "https://creativecommons.org/publicdomain/zero/"
    )
    assert version in str(ontology.value(NS, DCTERMS.bibliographicCitation))


def entities_in(axiom) -> Iterator[tuple[str, str]]:
    """The entities of an axiom of py-horned-owl: their sort and IRI."""
    for name in (name for name in dir(axiom) if not name.startswith("_") and name != "serialize"):
        for one in value if isinstance(value := getattr(axiom, name), (list, set, tuple)) else [value]:
            if isinstance(one, (owl.Class, owl.ObjectProperty, owl.DataProperty, owl.AnnotationProperty)):
                yield type(one).__name__, str(one.first)
            elif isinstance(one, owl.IRI) and name == "ap":
                yield "AnnotationProperty", str(one)


def test_owl_2_reads_all_of_it_and_every_term_is_declared():
    """By horned-owl: no triple is left over, and no term is used as what it is not declared to be."""
    graph = Graph().parse(data=published_ontology())
    read = pyhornedowl.open_ontology_from_string(graph.serialize(format="xml"), "rdf")
    axioms = [one.component for one in read.get_axioms()]
    header = [(NS, RDF.type, OWL.Ontology), (NS, OWL.versionIRI, None)]
    assert len(axioms) == len(graph) - sum(len(list(graph.triples(one))) for one in header)
    declares = [one for one in axioms if type(one).__name__.startswith("Declare")]
    declared = {(type(one).__name__.removeprefix("Declare"), str(one.first.first)) for one in declares}
    used = {
        entity
        for one in axioms
        if not type(one).__name__.startswith("Declare")
        for entity in entities_in(one)
    }
    own = (str(OWL), str(RDF), str(RDFS))  # among them rdf:Statement, as declarations.ttl says
    assert {iri for _, iri in used - declared if not iri.startswith(own)} == set()
    assert len(used) > 150
    sorts = Counter(iri for _, iri in declared)
    assert [iri for iri, number in sorts.items() if number > 1] == []
    assert str(RDF.Statement) in {iri for _, iri in used}


def test_only_what_is_used_of_others_is_declared(ontology):
    extra = Graph().parse(FOLDER / "declarations.ttl")
    assert set(extra.predicates()) == {RDF.type}
    used = {term for triple in ontology for term in triple}
    assert [term for term in extra.subjects() if term not in used or str(term).startswith(FMG)] == []


def test_foops_reuse(ontology):
    """VOC1 and VOC2: terms of other vocabularies are imported by subclass, subproperty or match."""
    links = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch, SKOS.exactMatch)
    foreign = {str(o) for link in links for o in ontology.objects(None, link) if not str(o).startswith(FMG)}
    assert len({iri.rsplit("#", 1)[0].rsplit("/", 1)[0] for iri in foreign}) >= 8


def test_there_is_a_class_for_every_kind(ontology):
    for kind in all_kinds().values():
        assert (F[kind.cls], RDF.type, OWL.Class) in ontology
        assert ((F[kind.cls], RDFS.subClassOf, F.Work) in ontology) == kind.work


def test_every_property_says_how_it_comes_about(ontology):
    """Claimed, editorial or derived; what is none of these belongs to claims, lists and values."""
    machinery = {
        F[c] for c in ("Claim", "Table", "Column", "ListRow", "Cell", "Quantity", "Hardware", "Authorship")
    }
    machinery |= {F.SourceList, F.Search, F.Evaluation, F.Protocol, F.Comparison}
    for term in own_terms(ontology, *PROPERTIES):
        name = local(term)
        ways = [flag for flag in ("claimed", "editorial", "derived") if name in flagged(ontology, flag)]
        assert len(ways) <= 1, name
        if not ways:
            domains = set(ontology.objects(URIRef(term), RDFS.domain)) | set(
                ontology.objects(URIRef(term), URIRef("https://schema.org/domainIncludes"))
            )
            assert domains, name
            assert domains <= machinery, name


def test_evidence_is_demanded_for_lineage_training_data_licences_and_institutions(ontology):
    lineage = {local(p) for p in ontology.transitive_subjects(RDFS.subPropertyOf, F.builtOn)}
    training = {local(p) for p in ontology.transitive_subjects(RDFS.subPropertyOf, F.trainedOn)}
    others = {"notTrainedOn", "license", "codeLicense", "weightsLicense", "developedBy"}
    assert flagged(ontology, "evidenceRequired") == lineage | training | others | {"trainedFromScratch"}


def test_every_lineage_relation_says_whether_weights_pass(ontology):
    below = set(ontology.transitive_subjects(RDFS.subPropertyOf, F.builtOn)) - {F.builtOn}
    assert len(below) == 10
    for relation in below:
        assert isinstance(ontology.value(relation, F.passesWeights).toPython(), bool), relation
    assert ontology.value(F.builtOn, F.passesWeights) is None
    assert ontology.value(F.distilledFrom, F.passesWeights) == Literal(False)
    assert ontology.value(F.fineTunedFrom, F.passesWeights) == Literal(True)


def test_concepts_have_their_schemes(ontology):
    for name, scheme in {
        "Backbone": "backbones",
        "PretrainingMethod": "methods",
        "Modality": "modalities",
        "Organ": "organs",
        "Task": "tasks",
        "Disease": "diseases",
        "Unit": "units",
    }.items():
        assert ontology.value(F[name], F.conceptScheme) == F[scheme]
        assert (F[scheme], RDF.type, SKOS.ConceptScheme) in ontology


def test_domains_and_ranges_are_classes(ontology):
    for predicate in (RDFS.domain, URIRef("https://schema.org/domainIncludes"), RDFS.range):
        for value in ontology.objects(None, predicate):
            if str(value).startswith(FMG):
                assert (value, RDF.type, OWL.Class) in ontology, value


def test_annotations_that_take_one_value_have_one(ontology):
    for name in (
        "kind",
        "order",
        "group",
        "facet",
        "facetOrder",
        "facetAlong",
        "closureOf",
        "completenessWeight",
    ):
        twice = [s for s in set(ontology.subjects(F[name])) if len(set(ontology.objects(s, F[name]))) > 1]
        assert not twice, (name, twice)


# ---- the context


def test_each_key_stands_for_a_term_that_there_is(ontology):
    for key, entry in KEYS.items():
        name = entry["@id"]
        assert name in REUSED or name.removeprefix("fmg:") in map(local, own_terms(ontology, *PROPERTIES)), (
            key
        )


def test_each_property_of_records_has_exactly_one_key(ontology):
    stated = flagged(ontology, "claimed") | flagged(ontology, "editorial")
    named = [entry["@id"].removeprefix("fmg:") for entry in KEYS.values() if entry["@id"].startswith("fmg:")]
    assert sorted(named) == sorted(stated - KEYLESS)


def test_keys_are_typed_as_the_ontology_ranges(ontology):
    for key, entry in KEYS.items():
        if not entry["@id"].startswith("fmg:"):
            continue
        term = F[entry["@id"].removeprefix("fmg:")]
        is_object = (term, RDF.type, OWL.ObjectProperty) in ontology
        assert (entry.get("@type") == "@id") == is_object, key
        if not is_object:
            datatype = str(ontology.value(term, RDFS.range)).rsplit("#", 1)[1]
            assert entry.get("@type", "xsd:string") == f"xsd:{datatype}", key


def test_references_are_resolved_within_their_kind(ontology):
    """The base of a key is the folder of the kind that the property ranges over."""
    folder = {F[kind.cls]: kind.name for kind in all_kinds().values()} | {F.Work: "model"}
    for key, entry in KEYS.items():
        base = entry.get("@context", {}).get("@base", "")
        if base.startswith(BASE):
            term = F[entry["@id"].removeprefix("fmg:")]
            assert base == f"{BASE}{folder[ontology.value(term, RDFS.range)]}/", key
        elif base:
            assert re.fullmatch(r"https?://[^ ]+/", base), key


def test_a_plain_record_becomes_the_triples_expected():
    record = {
        "@context": CONTEXT,
        "@id": f"{BASE}model/retizero",
        "@type": "Model",
        "label": "RetiZero",
        "aka": ["Reti-Zero"],
        "year": "2025",
        "parameter_count": "304000000",
        "weights_available": "true",
        "initialised_from": "retfound",
        "described_by": "retizero",
        "wikidata": "Q42",
        "code": "https://github.com/LooKing9218/RetiZero",
    }
    got = {str(quad.triple) for quad in ox.parse(json.dumps(record), format=ox.RdfFormat.JSON_LD)}
    me, xsd = f"<{BASE}model/retizero>", "http://www.w3.org/2001/XMLSchema#"
    assert got == {
        f"{me} <{RDF.type}> <{FMG}Model>",
        f'{me} <{RDFS.label}> "RetiZero"',
        f'{me} <{SKOS.altLabel}> "Reti-Zero"',
        f'{me} <{FMG}year> "2025"^^<{xsd}gYear>',
        f'{me} <{FMG}parameterCount> "304000000"^^<{xsd}integer>',
        f'{me} <{FMG}weightsAvailable> "true"^^<{xsd}boolean>',
        f"{me} <{FMG}initialisedFrom> <{BASE}model/retfound>",
        f"{me} <{FMG}describedBy> <{BASE}paper/retizero>",
        f"{me} <{FMG}wikidata> <http://www.wikidata.org/entity/Q42>",
        f"{me} <{FMG}code> <https://github.com/LooKing9218/RetiZero>",
    }


@pytest.mark.parametrize("kind", ["dataset", "institution"])
def test_part_of_stays_within_the_kind_of_the_record(kind):
    iri = f"{BASE}{kind}/a"
    record = {"@context": CONTEXT, "@id": iri, "part_of": ["b"]}
    (quad,) = ox.parse(json.dumps(record), format=ox.RdfFormat.JSON_LD, base_iri=iri)
    assert quad.object == ox.NamedNode(f"{BASE}{kind}/b")


# ---- schema.org


def test_schema_org_is_written_with_https_everywhere():
    folders = (FOLDER, resources.shapes_dir(), resources.queries_dir(), Path(fmgraph.__file__).parent)
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".ttl", ".jsonld", ".rq", ".py"}
    ]
    mixed = {path.name for path in files if "http://schema.org/" in path.read_text(encoding="utf-8")}
    assert mixed == {"equivalences.ttl", "term_usage.py"}  # the latter is the check against it


def test_equivalences_cover_the_terms_used(ontology):
    equal = Graph().parse(FOLDER / "equivalences.ttl", format="turtle")
    both = {pair for p in (OWL.equivalentClass, OWL.equivalentProperty) for pair in equal.subject_objects(p)}
    pairs = {s: o for s, o in both if not str(s).startswith(FAIR4ML)}
    assert all(str(o) == str(s).replace("https://", "http://", 1) for s, o in pairs.items())
    slash = {
        (str(s).replace("#", "/"), str(o).replace("http://", "https://")) for s, o in both - pairs.items()
    }
    assert slash
    assert all(one == other for one, other in slash)
    fair = {str(s) for s in ontology.subjects(F.materialised) if str(s).startswith(FAIR4ML)}
    assert fair == {str(s) for s, _ in both if str(s).startswith(FAIR4ML)}
    used = {term for triple in ontology for term in triple if str(term).startswith("https://schema.org/")}
    used |= {
        URIRef(f"https://schema.org/{entry['@id'].removeprefix('schema:')}")
        for entry in KEYS.values()
        if entry["@id"].startswith("schema:")
    }
    assert {str(term) for term in used} <= {str(term) for term in pairs}


# ---- the page


def test_every_term_has_its_place_in_the_page(ontology):
    page = ontology_page.html()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {local(term) for term in own_terms(ontology)} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_page_needs_no_inline_script_or_style():
    assert not re.search(r"<script|<style|\bstyle=|\bon[a-z]+=|javascript:", ontology_page.html())


def test_the_page_is_that_of_the_ontology(tmp_path):
    """pyLODE turns on debug logging for its whole process, and leaves files open: it gets its own."""
    code = (
        "import sys; from pathlib import Path; from fmgraph.publish.ontology_page import render; "
        "sys.stdout.write(render(Path(sys.argv[1])))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, FOLDER / "fmgraph.ttl"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(ontology_page.__file__).parent.parent), "PYTHONIOENCODING": "utf-8"},
    )
    assert run.stdout == ontology_page.html(), "run python -m fmgraph.publish.ontology_page"
