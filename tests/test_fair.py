"""FAIR by other people's rules, over HTTP on the shipped graph: the facts that their tools look at, restated.

FOOPS! (https://foops.linkeddata.es, 24 checks of an ontology; what is in its metadata is in
``test_ontology.py``), F-UJI (https://www.f-uji.net, FsF metrics of a data set), DCAT-AP 3.0.1
(https://semiceu.github.io/DCAT-AP/releases/3.0.1/), signposting level 1 (https://signposting.org/FAIR/).
What needs the network is left out: registries of prefixes and of ontologies, and resolving w3id.org.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
import requests
from pyshacl import validate
from rdflib import DCTERMS, RDF, RDFS, SDO, SKOS, Graph, Literal, Namespace, URIRef

from conftest import Running
from fmgraph.ontology import published_ontology
from fmgraph.publish.dataset_names import AUTHORS, DATA_LICENSE
from fmgraph.publish.dump_files import write_dumps
from fmgraph.rdf import prefixes
from fmgraph.rdf.prefixes import BASE, FMG
from fmgraph.rdf.store import open_dataset
from fmgraph.server.engine import Engine

DCAT, VOID, SD = Namespace(prefixes.DCAT), Namespace(prefixes.VOID), Namespace(prefixes.SD)
SPDX = Namespace("http://spdx.org/rdf/terms#")
SH = Namespace(prefixes.SH)
DATASET = URIRef(f"{BASE}void#dataset")
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
GRAPH_TYPES = ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")


@pytest.fixture(scope="module")
def service(shipped_dir: Path, tmp_path_factory: pytest.TempPathFactory, start_fmgraph) -> Iterator[str]:
    """``fmgraph serve`` over the shipped graph with two dumps, as a deployment has them; its address."""
    dumps = tmp_path_factory.mktemp("dumps") / "dump"
    write_dumps(open_dataset(shipped_dir), dumps, ["ttl", "nt"], ["", "gz"], parts=False)
    start: Callable[..., Running] = start_fmgraph
    running = start("--dumps", str(dumps))
    yield f"http://127.0.0.1:{running.port}"
    assert running.stop() == 0


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def void(service: str, http: requests.Session) -> Graph:
    return Graph().parse(data=http.get(f"{service}/void.nt").text, format="nt")


def here(service: str, iri: str) -> str:
    """The address under which the service answers for one of its IRIs or paths."""
    return service + "/" + iri.removeprefix(BASE).lstrip("/")


def read(body: bytes, media_type: str) -> Graph:
    """RDF as a graph; by pyoxigraph, as rdflib's own JSON-LD parser uses what rdflib has deprecated."""
    triples = (quad.triple for quad in ox.parse(body, ox.RdfFormat.from_media_type(media_type)))
    return Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


# ---- every IRI of ours answers with RDF -----------------------------------------------------------------


def test_every_kind_of_iri_answers_with_rdf_that_is_about_it(service, http, shipped: Engine):
    """A few of each kind of address and of fragment that the graph has, its predicates and classes too."""
    seen: dict[str, list[str]] = {}
    ours = f'FILTER(ISIRI(?s) && STRSTARTS(STR(?s), "{BASE}"))'
    named = f"{{ ?s ?p ?o }} UNION {{ ?x a ?s }} UNION {{ ?x <{DCAT.previousVersion}> ?s }}"
    for row in shipped.rows(f"SELECT DISTINCT ?s {{ {named} {ours} }}"):
        path, fragment, _ = row["s"].value.removeprefix(BASE).partition("#")
        seen.setdefault(path.partition("/")[0] + fragment, []).append(row["s"].value)
    assert len(seen) > 30
    assert seen.keys() >= {"model", "model#", "paper", "row#", "claim", "query", "release", "void#", "ns#"}
    for name, iris in seen.items():
        for iri in sorted(iris)[:: max(1, len(iris) // 3)][:3]:
            answer = http.get(here(service, iri.partition("#")[0]), headers={"Accept": "text/turtle"})
            assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (
                200,
                "text/turtle",
            ), iri
            about = {quad.subject for quad in ox.parse(answer.content, ox.RdfFormat.TURTLE, base_iri=BASE)}
            assert ox.NamedNode(iri) in about, (name, iri)


# ---- FOOPS! ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", [*GRAPH_TYPES, "text/html"])
def test_the_ontology_is_negotiated(service, http, media_type):
    """CN1, DOC1, RDF1, URI1, URI2, HTTP1: page and RDF at its own address, and that of its version."""
    for path in ("ns", f"ns/{version()}"):
        answer = http.get(here(service, path), headers={"Accept": media_type})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == media_type
        if media_type != "text/html":
            graph = read(answer.content, media_type)
            assert (URIRef(f"{BASE}ns"), RDF.type, URIRef("http://www.w3.org/2002/07/owl#Ontology")) in graph


def version() -> str:
    graph = Graph().parse(data=published_ontology())
    return str(graph.value(URIRef(f"{BASE}ns"), URIRef("http://www.w3.org/2002/07/owl#versionInfo")))


def test_the_page_of_the_ontology_documents_every_term(service, http):
    """DOC1, VOC3, VOC4: each term has a place in the page, a label and a definition."""
    page = http.get(here(service, "ns"), headers={"Accept": HTML}).text
    graph = Graph().parse(data=http.get(here(service, "ns.ttl")).text)
    terms = {term for term in graph.subjects(RDF.type) if str(term).startswith(FMG)}
    assert len(terms) > 200
    for term in terms:
        assert graph.value(term, RDFS.label), term
        assert graph.value(term, SKOS.definition) or graph.value(term, RDFS.comment), term
        assert f'id="{str(term).removeprefix(FMG)}"' in page, term


# ---- F-UJI ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def landing(service: str, http: requests.Session) -> tuple[requests.Response, Graph]:
    """The landing page, and the JSON-LD in it."""
    page = http.get(f"{service}/", headers={"Accept": HTML})
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)[1]
    return page, read(block.encode(), "application/ld+json")


@pytest.mark.parametrize(
    ("metric", "in_page", "in_rdf"),
    [
        ("F1 identifier", SDO.identifier, DCTERMS.identifier),
        ("F2 creator", SDO.creator, DCTERMS.creator),
        ("F2 title", SDO.name, DCTERMS.title),
        ("F2 publisher", SDO.publisher, DCTERMS.publisher),
        ("F2 publication date", SDO.datePublished, DCTERMS.issued),
        ("F2 summary", SDO.description, DCTERMS.description),
        ("F2 keywords", SDO.keywords, DCAT.keyword),
        ("F3 identifier of the data", SDO.distribution, DCAT.distribution),
        ("A1 access", SDO.isAccessibleForFree, DCTERMS.accessRights),
        ("R1.1 licence", SDO.license, DCTERMS.license),
        ("R1.2 provenance", SDO.dateModified, DCTERMS.modified),
        ("version", SDO.version, DCAT.version),
    ],
)
def test_f_uji_finds_it_in_the_page_and_in_the_rdf(landing, void, metric, in_page, in_rdf):
    assert landing[1].value(DATASET, in_page), metric
    assert void.value(DATASET, in_rdf), metric


def test_f_uji_finds_the_licence_creator_and_related_things(landing, void):
    """R1.1 a licence that SPDX knows, F2 a name for who made it, I3 links to other things."""
    licenses = (void.value(DATASET, DCTERMS.license), landing[1].value(DATASET, SDO.license))
    assert licenses == (URIRef(DATA_LICENSE), URIRef(DATA_LICENSE))
    assert AUTHORS in map(str, void.objects(void.value(DATASET, DCTERMS.creator)))
    assert len(list(void.subjects(RDF.type, VOID.Linkset))) >= 15
    previous = void.value(DATASET, DCAT.previousVersion)
    assert (DATASET, URIRef(f"{prefixes.PROV}wasRevisionOf"), previous) in void


def test_f_uji_finds_files_as_they_are_described(service, http, landing, void):
    """R1 and R1.3-02D: type, size and checksum said of each file are the file's; formats are open ones."""
    addresses = {}
    for part in void.objects(DATASET, DCAT.distribution):
        local = str(void.value(part, DCAT.downloadURL)).removeprefix(BASE)
        size = void.value(part, DCAT.byteSize)
        packed = str(void.value(part, DCAT.compressFormat) or "").rpartition("media-types/")[2]
        media = str(void.value(part, DCAT.mediaType)).rpartition("media-types/")[2]
        if size is None:
            continue  # made when asked, which takes seconds
        answer = http.head(here(service, local), headers={"Accept-Encoding": "identity"})
        assert answer.headers["Content-Type"].partition(";")[0] == (packed or media)
        assert answer.headers["Content-Length"] == str(size)
        assert size.datatype == URIRef(f"{prefixes.XSD}nonNegativeInteger")
        checksum = void.value(part, SPDX.checksum)
        assert void.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert re.fullmatch("[0-9a-f]{64}", str(void.value(checksum, SPDX.checksumValue)))
        addresses[local] = str(size)
    assert set(addresses) == {f"dump/fmgraph.{suffix}" for suffix in ("ttl", "ttl.gz", "nt", "nt.gz")}
    graph = landing[1]
    told = {
        str(graph.value(part, SDO.contentUrl)).removeprefix(BASE): str(graph.value(part, SDO.contentSize))
        for part in graph.objects(DATASET, SDO.distribution)
        if graph.value(part, SDO.contentSize)
    }
    assert told == {local: f"{size} B" for local, size in addresses.items()}


# ---- DCAT-AP 3.0.1 --------------------------------------------------------------------------------------

#: What the profile demands of each class, in our words: property, least, most, and what a value is.
DEMANDS: dict[str, list[tuple[str, int, int | None, str]]] = {
    "dcat:Catalog": [
        ("dcterms:title", 1, None, "literal"),
        ("dcterms:description", 1, None, "literal"),
        ("dcterms:publisher", 1, 1, "iri"),
        ("dcterms:license", 0, 1, "iri"),
        ("foaf:homepage", 0, 1, "iri"),
        ("dcterms:issued", 0, 1, "literal"),
        ("dcterms:modified", 0, 1, "literal"),
        ("dcat:dataset", 0, None, "iri"),
        ("dcat:service", 0, None, "iri"),
    ],
    "dcat:CatalogRecord": [
        ("dcterms:modified", 1, 1, "literal"),
        ("foaf:primaryTopic", 1, 1, "iri"),
    ],
    "dcat:Dataset": [
        ("dcterms:title", 1, None, "literal"),
        ("dcterms:description", 1, None, "literal"),
        ("dcat:landingPage", 0, None, "iri"),
        ("dcterms:publisher", 0, 1, "iri"),
        ("dcterms:accessRights", 0, 1, "iri"),
        ("dcterms:issued", 0, 1, "literal"),
        ("dcterms:modified", 0, 1, "literal"),
        ("dcterms:language", 0, None, "iri"),
        ("dcat:keyword", 0, None, "literal"),
        ("dcat:version", 0, 1, "literal"),
        ("dcat:distribution", 0, None, "iri"),
        ("dcat:hasVersion", 0, None, "iri"),
    ],
    "dcat:Distribution": [
        ("dcat:accessURL", 1, None, "iri"),
        ("dcat:downloadURL", 0, None, "iri"),
        ("dcat:byteSize", 0, 1, "xsd:nonNegativeInteger"),
        ("dcat:mediaType", 0, 1, "iri"),
        ("dcat:compressFormat", 0, 1, "iri"),
        ("dcterms:format", 0, 1, "iri"),
        ("dcterms:license", 0, 1, "iri"),
        ("dcterms:issued", 0, 1, "literal"),
        ("dcterms:modified", 0, 1, "literal"),
        ("spdx:checksum", 0, 1, "iri"),
    ],
    "dcat:DataService": [
        ("dcterms:title", 1, None, "literal"),
        ("dcat:endpointURL", 1, None, "iri"),
        ("dcat:servesDataset", 0, None, "iri"),
        ("dcterms:license", 0, 1, "iri"),
    ],
    "foaf:Agent": [("foaf:name", 1, None, "literal")],
    "spdx:Checksum": [("spdx:algorithm", 1, 1, "iri"), ("spdx:checksumValue", 1, 1, "xsd:hexBinary")],
    "skos:Concept": [("skos:prefLabel", 1, None, "literal")],
}
_VALUES = {"iri": "sh:nodeKind sh:IRI", "literal": "sh:nodeKind sh:Literal"}


def shapes() -> str:
    names = {**prefixes.PREFIXES, "spdx": str(SPDX)}
    text = "".join(f"@prefix {name}: <{space}> .\n" for name, space in names.items())
    for cls, demands in DEMANDS.items():
        text += f"<urn:shape:{cls}> a sh:NodeShape ; sh:targetClass {cls} .\n"
        for path, least, most, value in demands:
            kind = _VALUES.get(value, f"sh:datatype {value}")
            most_words = f" ; sh:maxCount {most}" if most is not None else ""
            text += f"<urn:shape:{cls}> sh:property [ sh:path {path} ; {kind} ; "
            text += f"sh:minCount {least}{most_words} ] .\n"
    return text


@pytest.fixture(scope="module")
def catalogued(service, http, shipped_dir: Path, void: Graph) -> Graph:
    """All that is of DCAT's classes once our subclasses and subproperties are inferred."""
    store = ox.Store()
    store.bulk_load(path=open_dataset(shipped_dir, few_queries=True).path / "graph.nt")
    rdfs = f"PREFIX rdfs: <{prefixes.RDFS}>"
    store.update(f"{rdfs} INSERT {{ ?s a ?d }} WHERE {{ ?c rdfs:subClassOf+ ?d . ?s a ?c }}")
    store.update(f"{rdfs} INSERT {{ ?s ?q ?o }} WHERE {{ ?p rdfs:subPropertyOf+ ?q . ?s ?p ?o }}")
    names = "".join(f"PREFIX {name}: <{space}> " for name, space in prefixes.PREFIXES.items())
    classes = " ".join(cls for cls in DEMANDS if not cls.startswith("spdx:"))
    found = store.query(f"{names} CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?c {{ {classes} }} ?s a ?c ; ?p ?o }}")
    graph = Graph().parse(data=ox.serialize(found, format=ox.RdfFormat.N_TRIPLES), format="nt")
    graph += void
    for release in void.objects(DATASET, DCAT.hasVersion):
        graph += Graph().parse(data=http.get(here(service, f"{release}.nt")).text, format="nt")
    return graph


def test_what_is_declared_below_dcat_satisfies_dcat_ap(catalogued: Graph):
    """846 violations before: rows and lists were datasets by inference, datasets had no title."""
    counts = Counter(str(o) for o in catalogued.objects(None, RDF.type))
    assert counts[str(DCAT.Dataset)] > 500
    assert counts[str(DCAT.Distribution)] >= 9
    holds, _, text = validate(catalogued, shacl_graph=Graph().parse(data=shapes()), inference="none")
    assert holds, text[:3000]


def test_the_shapes_find_what_is_missing(catalogued: Graph):
    spoilt = Graph()
    spoilt += catalogued
    spoilt.remove((DATASET, DCTERMS.title, None))
    part = next(catalogued.objects(DATASET, DCAT.distribution))
    spoilt.set((part, DCAT.byteSize, Literal("many")))
    _, report, _ = validate(spoilt, shacl_graph=Graph().parse(data=shapes()), inference="none")
    assert set(report.objects(None, SH.focusNode)) == {DATASET, part}


# ---- signposting ----------------------------------------------------------------------------------------


def links(answer: requests.Response) -> list[tuple[str, str, str]]:
    """The links of an answer's header: relation, target, media type."""
    parsed = requests.utils.parse_header_links(answer.headers.get("Link", ""))
    return [(one["rel"], one["url"], one.get("type", "")) for one in parsed]


PAGES = ["", "model/titan", "dataset/tcga", "paper/uni", "institution/stanford-university", "release/0.1.0/"]


@pytest.mark.parametrize("path", PAGES)
def test_signposting_is_complete_and_true(service, http, path):
    """Level 1: what is promised is there, with the type that was said, and leads back."""
    page = http.get(here(service, path), headers={"Accept": HTML})
    assert page.status_code == 200
    told = links(page)
    relations = Counter(rel for rel, _, _ in told)
    assert relations["cite-as"] == 1
    assert relations["type"] == 2
    assert relations["describedby"] == 4
    for rel, target, media in told:
        if urlsplit(target).netloc and not target.startswith(BASE):
            continue  # somebody else's
        if rel == "item" and not target.endswith((".nt", ".ttl", ".gz")):
            continue  # made when asked, which takes seconds
        accept = {"Accept": media or "*/*"}
        answer = http.get(here(service, target.partition("#")[0]), headers=accept, stream=True)
        assert answer.status_code == 200, (rel, target)
        if media:
            assert answer.headers["Content-Type"].partition(";")[0] == media, (rel, target)
        back = {(one, to) for one, to, _ in links(answer)}
        if rel == "describedby":
            assert any(one == "describes" for one, _ in back), target
        if rel == "item":
            assert any(one == "collection" for one, _ in back), target
        answer.close()


# ---- the endpoint and the graph describe themselves -----------------------------------------------------


def test_the_service_description_leads_to_all_that_helps(service, http):
    """VoID, the ontology, example queries, the limits, and what full-text search is called."""
    described = Graph().parse(data=http.get(f"{service}/sparql", headers={"Accept": "text/turtle"}).text)
    node = described.value(predicate=RDF.type, object=SD.Service)
    told = set(map(str, described.objects(node, RDFS.seeAlso)))
    assert {f"{BASE}{name}" for name in ("void", "ns", "queries", "openapi.json")} <= told
    for address in told:
        assert http.get(here(service, address)).status_code == 200
    assert str(described.value(node, SD.propertyFeature)) == f"{FMG}matches"
    assert "10 s" in str(described.value(node, DCTERMS.description))
    query = 'SELECT ?s { ?s <https://w3id.org/fmgraph/ns#matches> "retfound" }'
    found = http.get(f"{service}/sparql", params={"query": query, "format": "json"}).json()
    assert found["results"]["bindings"]


def test_void_is_small_and_names_every_vocabulary(service, http, void, shipped: Engine):
    assert len(http.get(f"{service}/void").content) < 60_000
    spaces = set(map(str, void.objects(DATASET, VOID.vocabulary)))
    described = f'FILTER(!STRSTARTS(STR(?s), "{BASE}void"))'
    rows = shipped.rows(f"SELECT DISTINCT ?t {{ {{ ?s ?t ?o }} UNION {{ ?s a ?t }} {described} }}")
    terms = {row["t"].value for row in rows}
    assert [term for term in terms if not term.startswith(tuple(spaces))] == []
    assert [space for space in spaces if not any(term.startswith(space) for term in terms)] == []
    assert {prefixes.FAIR4ML, prefixes.SCHEMA, prefixes.PROV, "http://www.w3.org/ns/org#"} <= spaces
