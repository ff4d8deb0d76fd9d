"""The self-description: each count is compared with SPARQL over the graph that holds the description."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from fmgraph.errors import UsageError
from fmgraph.publish.describe import (
    dataset_jsonld,
    describe,
    describing,
    document_query,
    dump_files,
    service_description,
    void,
)
from fmgraph.publish.void_count import count_store
from fmgraph.rdf.prefixes import BASE, FMG
from fmgraph.server.engine import Engine, ResultFormats

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
VOID = "PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#> "
SCHEMA = "PREFIX s: <https://schema.org/> "
SH = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "


@dataclass(frozen=True)
class Parameter:
    name: str = "root"
    kind: str = "model"
    description: str = "where to start"
    default: str = f" <{BASE}model/retfound> "


@dataclass(frozen=True)
class Query:
    name: str
    form: str
    text: str
    title: str = "A title"
    description: str = "What it answers."
    parameters: tuple[Parameter, ...] = field(default=(Parameter(),))


QUERIES = [
    Query("built-on", "SELECT", '#+ title: x\nSELECT ?m WHERE {\n  ?m a "\\n" }\n'),
    Query("is-there", "ASK", "ASK { ?s ?p ?o }"),
    Query("around", "CONSTRUCT", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"),
    Query("about", "DESCRIBE", "DESCRIBE ?s { ?s ?p ?o }", parameters=()),
]


def rows(store: Store, query: str) -> list[tuple[str, ...]]:
    result = store.query(query)
    assert isinstance(result, QuerySolutions)
    return [tuple(term.value for term in row) for row in result]


@pytest.fixture(scope="module")
def sample() -> Store:
    """The graph without its description."""
    store = Store()
    store.bulk_load(path=SAMPLE)
    return store


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    store.bulk_load(path=SAMPLE)
    triples = describe(store, "1.2.0", "2026-11-22", QUERIES, previous="https://example.org/release/1.1.0")
    store.extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    return store


def check_counts(described: Store, store: Store) -> None:
    """Compare every count that VoID states with what SPARQL counts in the graph that it describes."""
    dataset = f"<{describing('dataset')}>"
    stated = dict(
        rows(
            described,
            f"SELECT ?p ?o {{ {dataset} ?p ?o FILTER(isNumeric(?o)) }}",
        )
    )
    for name, what in {
        "triples": "*",
        "distinctSubjects": "DISTINCT ?s",
        "distinctObjects": "DISTINCT ?o",
        "properties": "DISTINCT ?p",
    }.items():
        assert [(stated[f"http://rdfs.org/ns/void#{name}"],)] == rows(
            store, f"SELECT (COUNT({what}) AS ?n) {{ ?s ?p ?o }}"
        ), name
    assert [(stated["http://rdfs.org/ns/void#classes"],)] == rows(
        store, "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }"
    )
    assert [(stated["http://rdfs.org/ns/void#entities"],)] == rows(
        store, f'SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{BASE}")) }}'
    )
    of_class = f"{dataset} void:classPartition [ void:class ?a ; void:propertyPartition [ void:property ?b ; "
    datatype = "void-ext:datatypePartition [ void-ext:datatype ?c ; void:triples ?n ] ] ]"
    literals = "?s a ?a ; ?b ?o FILTER(isLiteral(?o)) BIND(DATATYPE(?o) AS ?c)"
    pairs = {
        f"{dataset} void:propertyPartition [ void:property ?a ; void:triples ?n ]": ("?a", "?s ?a ?o"),
        f"{dataset} void:classPartition [ void:class ?a ; void:entities ?n ]": ("?a", "?s a ?a"),
        f"{of_class} void:triples ?n ] ]": ("?a ?b", "?s a ?a ; ?b ?o"),
        f"{of_class} void:classPartition [ void:class ?c ; void:triples ?n ] ] ]": (
            "?a ?b ?c",
            "?s a ?a ; ?b ?o . ?o a ?c",
        ),
        of_class + datatype: ("?a ?b ?c", literals),
    }
    for pattern, (names, counted) in pairs.items():
        left = sorted(rows(described, f"{VOID} SELECT {names} ?n {{ {pattern} }}"))
        right = sorted(rows(store, f"SELECT {names} (COUNT(*) AS ?n) {{ {counted} }} GROUP BY {names}"))
        assert left == right, pattern


def test_counts_equal_sparql_counts(store: Store, sample: Store) -> None:
    check_counts(store, sample)


def test_value_counts_equal_sparql_counts(store: Store) -> None:
    described = rows(
        store,
        f"{VOID} SELECT ?c ?p ?o ?n {{ ?cp void:class ?c ; void:propertyPartition ?pp ."
        " ?pp void:property ?p ; void-ext:objectPartition [ void-ext:object ?o ; void:triples ?n ] }",
    )
    assert len(described) > 20
    for cls, predicate, value, number in described:
        term = f"<{value}>" if value.startswith("http") else f'?v FILTER(STR(?v) = "{value}")'
        assert rows(store, f"SELECT (COUNT(*) AS ?n) {{ ?s a <{cls}> ; <{predicate}> {term} }}") == [
            (number,)
        ]


def test_a_facet_with_many_values_has_their_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmgraph.publish.void_partitions.MOST_VALUES", 2)
    graph = Store()
    graph.bulk_load(path=SAMPLE, format=RdfFormat.TURTLE)
    plain = Store()
    plain.extend(graph)
    graph.extend(Quad(*triple) for triple in void(graph, BASE))
    check_counts(graph, plain)
    partition = "?cp void:class ?c ; void:propertyPartition ?pp . ?pp void:property ?p"
    left = rows(graph, f"{VOID} SELECT ?c ?p ?n {{ {partition} ; void:distinctObjects ?n }}")
    assert left
    for cls, predicate, number in left:
        assert int(number) > 2
        counted = f"SELECT (COUNT(DISTINCT ?o) AS ?n) {{ ?s a <{cls}> ; <{predicate}> ?o }}"
        assert rows(graph, counted) == [(number,)]
        asked = f'FILTER(STR(?c) = "{cls}" && STR(?p) = "{predicate}")'
        assert not rows(graph, f"{VOID} SELECT ?c {{ {partition} ; void-ext:objectPartition ?o {asked} }}")


def test_linksets_count_the_links(store: Store) -> None:
    query = f"""{VOID} SELECT ?p ?space ?n {{ ?l a void:Linkset ; void:linkPredicate ?p ; void:triples ?n ;
        void:objectsTarget [ void:uriSpace ?space ] }}"""
    found = rows(store, query)
    spaces = {space for _, space, _ in found}
    assert {
        "https://ror.org/",
        "https://spdx.org/licenses/",
        "https://github.com/",
        "https://arxiv.org/",
    } <= spaces
    for predicate, space, number in found:
        counted = f'SELECT (COUNT(*) AS ?n) {{ ?s <{predicate}> ?o FILTER(STRSTARTS(STR(?o), "{space}")) }}'
        assert rows(store, counted) == [(number,)]


def test_sib_editor_finds_what_it_asks_for(store: Store) -> None:
    schema = rows(
        store,
        f"""{VOID} SELECT DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype WHERE {{
          ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
          ?pp void:property ?prop .
          {{ ?pp void:classPartition [ void:class ?objectClass ] BIND("" AS ?objectDatatype) }} UNION
          {{ ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] BIND("" AS ?objectClass) }}
        }}""",
    )
    assert (f"{FMG}Model", f"{FMG}builtOn", f"{FMG}Model", "") in schema
    assert (f"{FMG}Model", f"{FMG}year", "", "http://www.w3.org/2001/XMLSchema#gYear") in schema
    examples = rows(
        store,
        f"""{SH} SELECT ?sq ?comment ?query WHERE {{ ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ;
            sh:select|sh:ask|sh:construct|sh:describe ?query . }} ORDER BY ?sq""",
    )
    assert [iri.removeprefix(f"{BASE}query/") for iri, _, _ in examples] == [
        "about",
        "around",
        "built-on",
        "is-there",
    ]
    assert examples[2][2] == 'SELECT ?m WHERE {\n  ?m a "\\n" }\n'
    prefixes = dict(rows(store, f"{SH} SELECT ?p ?n {{ [] sh:namespace ?n ; sh:prefix ?p }}"))
    assert prefixes["fmg"] == FMG


def test_parameters_are_published_with_their_defaults(store: Store) -> None:
    found = rows(
        store,
        f"{SCHEMA} SELECT ?n ?d ?t {{ [] s:valueName ?n ; s:defaultValue ?d ; s:additionalType ?t }}",
    )
    assert set(found) == {("root", f"<{BASE}model/retfound>", f"{FMG}Model")}


def test_no_blank_nodes_and_deterministic() -> None:
    made = []
    for _ in range(2):
        store = Store()
        store.bulk_load(path=SAMPLE)
        made.append(describe(store, "1.2.0", "2026-11-22", QUERIES))
    assert made[0] == made[1]
    assert not any(isinstance(t.subject, BlankNode) or isinstance(t.object, BlankNode) for t in made[0])
    assert all(t.subject.value.startswith((f"{BASE}void", f"{BASE}query/")) for t in made[0])


def test_a_graph_is_described_once(store: Store) -> None:
    with pytest.raises(UsageError, match="described once"):
        describe(store, "1.2.0", "2026-11-22")


def test_document_queries_give_the_whole_document_and_it_parses(store: Store) -> None:
    small = set(store.query(document_query()))  # type: ignore[arg-type]
    made = small | set(store.query(document_query(partitions=True)))  # type: ignore[arg-type]
    wanted = {q.triple for q in store if q.subject.value.startswith(f"{BASE}void")}
    assert made == wanted
    turtle = serialize(sorted(made, key=str), format=RdfFormat.TURTLE)
    assert {q.triple for q in parse(turtle, RdfFormat.TURTLE)} == wanted


def test_the_description_stays_small_and_leads_to_its_partitions(shipped: Engine) -> None:
    small = shipped.run(document_query(), formats=ResultFormats(graph="text/turtle"), trusted=True).body
    assert len(small) < 60_000
    assert b"/void/partitions>" in small
    assert b"classPartition" not in small


def test_catalogue_offers_every_dump_with_type_and_licence(store: Store) -> None:
    query = """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?url ?type { ?d a dcat:Dataset ; dcterms:license ?l ; dcat:version "1.2.0" ;
          dcat:previousVersion <https://example.org/release/1.1.0> ;
          dcterms:modified "2026-11-22"^^<http://www.w3.org/2001/XMLSchema#date> ; dcat:distribution ?x ;
          dcterms:issued "2026-11-22"^^<http://www.w3.org/2001/XMLSchema#date> .
        ?x dcat:downloadURL ?url ; dcat:mediaType ?type ; dcterms:license ?l }"""
    urls = {url.removeprefix(f"{BASE}dump/") for url, _ in rows(store, query)}
    assert urls == {file.name for file in dump_files()}
    assert len(urls) == 21


def test_service_elsewhere_moves_endpoint_and_dumps_only() -> None:
    store = Store()
    store.bulk_load(path=SAMPLE)
    triples = describe(store, "1", "2026-11-22T10:00:00Z", service="https://kg.example.org/")
    text = "\n".join(map(str, triples))
    assert "<https://kg.example.org/sparql>" in text
    assert f"<{BASE}sparql>" not in text
    assert f"<{describing('dataset')}>" in text
    assert "dateTime" in text


def test_service_description_is_truthful() -> None:
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object) for t in service_description(7))
    sd = f"{VOID} PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> "
    assert rows(store, f"{sd} SELECT ?n {{ [] sd:defaultDataset/sd:defaultGraph/void:triples ?n }}") == [
        ("7",)
    ]
    languages = rows(store, f"{sd} SELECT ?l {{ [] sd:supportedLanguage ?l }}")
    assert [value.rsplit("#")[-1] for (value,) in languages] == ["SPARQL11Query"]
    assert not rows(store, f"{sd} SELECT ?f {{ [] sd:feature ?f }}")


@dataclass(frozen=True)
class Release:
    version: str = "1.2.0"
    modified: str = "2026-11-22"
    triples: int = 5


def test_jsonld_parses_without_the_network() -> None:
    text = json.dumps(dataset_jsonld(Release()))
    store = Store()
    store.load(text.encode(), RdfFormat.JSON_LD)
    query = f"""{SCHEMA} SELECT ?v ?u {{ ?d a s:Dataset ; s:version ?v ; s:license ?l ; s:datePublished ?p ;
        s:distribution/s:contentUrl ?u }}"""
    found = rows(store, query)
    assert {version for version, _ in found} == {"1.2.0"}
    assert {url.removeprefix(f"{BASE}dump/") for _, url in found} <= {file.name for file in dump_files()}


NODES = st.sampled_from([NamedNode(f"{BASE}model/{c}") for c in "abc"] + [NamedNode("https://ror.org/1")])
XSD_INTEGER = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
NUMBERS = st.integers(0, 900).map(lambda n: Literal(str(n), datatype=XSD_INTEGER))
OBJECTS = st.one_of(
    NODES, NUMBERS, st.just(NamedNode(describing("dataset"))), st.just(Literal("x", language="en"))
)
PREDICATES = st.sampled_from([NamedNode(FMG + p) for p in ("builtOn", "modality", "year", "ror")])
TYPES = st.sampled_from([NamedNode(FMG + c) for c in ("Model", "Work")])
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
TRIPLES = st.one_of(
    st.builds(Triple, NODES, PREDICATES, OBJECTS), st.builds(Triple, NODES, st.just(RDF_TYPE), TYPES)
)


@settings(max_examples=25, deadline=None)
@given(st.lists(TRIPLES, max_size=40))
def test_counts_hold_for_any_graph(triples: list[Triple]) -> None:
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    described = Store()
    described.extend(Quad(t.subject, t.predicate, t.object) for t in void(store, BASE))
    check_counts(described, store)


def test_count_store_of_an_empty_graph() -> None:
    counts = count_store(Store())
    assert (counts.triples, counts.subjects, dict(counts.classes)) == (0, 0, {})
