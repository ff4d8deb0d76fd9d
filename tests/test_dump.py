"""Every dump is parsed back and compared with the store; equal graphs give equal bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
from io import BytesIO
from pathlib import Path

import pytest
import rdflib
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize
from rdflib.compare import isomorphic

from fmgraph.errors import OntologyError, UsageError
from fmgraph.ontology import all_kinds
from fmgraph.publish.describe import SYNTAXES, describe
from fmgraph.publish.dump_files import CHECKSUMS, write, write_dumps
from fmgraph.publish.graph_sections import sections
from fmgraph.publish.jsonld_dump import document as jsonld_document
from fmgraph.publish.jsonld_dump import record_context
from fmgraph.publish.turtle_dump import turtle
from fmgraph.rdf.prefixes import BASE, FMG, XSD
from fmgraph.rdf.sorted_lines import Lines, groups, lines_of, lines_of_triples, sorted_lines
from fmgraph.rdf.store import Dataset, dataset_of_files, open_dataset, write_dataset

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    store = Store()
    store.bulk_load(path=SAMPLE)
    store.extend(Quad(*triple) for triple in describe(store, "1", "2026-11-22"))
    return open_dataset(write_dataset(store, tmp_path_factory.mktemp("dataset"), "1", modified="2026-11-22"))


@pytest.fixture(scope="module")
def folder(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dump")
    write_dumps(dataset, folder)
    return folder


def triples_of(path: Path) -> set[Triple]:
    return {quad.triple for quad in parse(path=path)}


@pytest.mark.parametrize("suffix", [key for key, syntax in SYNTAXES.items() if not syntax.edition])
def test_each_format_parses_back_to_the_store(dataset: Dataset, folder: Path, suffix: str) -> None:
    assert triples_of(folder / f"fmgraph.{suffix}") == {quad.triple for quad in dataset.store}


@pytest.mark.filterwarnings("ignore:.*ConjunctiveGraph:DeprecationWarning")  # raised inside rdflib
@pytest.mark.parametrize("suffix", ["ttl", "rdf", "jsonld"])
def test_rdflib_reads_the_same(folder: Path, suffix: str) -> None:
    def graph(ending: str) -> rdflib.Graph:
        return rdflib.Graph().parse(folder / f"fmgraph.{ending}", format=FORMATS[ending])

    assert isomorphic(graph(suffix), graph("nt"))


FORMATS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}


def test_bytes_are_reproducible(dataset: Dataset, folder: Path, tmp_path: Path) -> None:
    files = write_dumps(dataset, tmp_path)
    assert {file.name for file in files} == {file.name for file in folder.iterdir()}
    assert {file.name: file.read_bytes() for file in files} == {
        f.name: f.read_bytes() for f in folder.iterdir()
    }


def test_a_dataset_of_files_gives_the_same_bytes(dataset: Dataset, folder: Path, tmp_path: Path) -> None:
    assert dataset.path is not None
    loaded = dataset_of_files([dataset.path / "graph.nt"])
    for file in write_dumps(loaded, tmp_path, ["ttl", "jsonld"], [""], parts=False)[:-1]:
        assert file.read_bytes() == (folder / file.name).read_bytes()


def test_checksums_and_compression(folder: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (folder / CHECKSUMS).read_text().splitlines())
    assert set(sums) == {file.name for file in folder.iterdir()} - {CHECKSUMS}
    for name, digest in sums.items():
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        if name.endswith(".gz"):
            assert gzip.decompress(data) == (folder / name[:-3]).read_bytes()
            assert data[4:8] == b"\0\0\0\0"
        if name.endswith(".zst"):
            assert zstandard.decompress(data) == (folder / name[:-4]).read_bytes()


def test_turtle_is_grouped_by_kind_with_claims_last(folder: Path) -> None:
    text = (folder / "fmgraph.ttl").read_text()
    titles = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    order = [kind.plural for kind in all_kinds().values()]
    assert [title for title in titles if title in order[:14]] == [p for p in order[:14] if p in titles]
    assert titles[-3:] == ["source lists", "list rows", "claims"]
    assert 'model:retizero a fmg:Model, fmg:Work ;\n    rdfs:label "RetiZero" ;' in text
    assert text.count("\nmodel:retizero ") == 1
    assert text.index("\npaper:examplenet a") < text.index("paper/examplenet#author-1> a")


def test_parts_hold_a_kind_or_a_list(dataset: Dataset, folder: Path) -> None:
    store = {quad.triple for quad in dataset.store}
    models = triples_of(folder / "fmgraph-model.ttl")
    assert models == {t for t in store if t.subject.value.startswith(f"{BASE}model/")}
    licences = {t.subject.value for t in triples_of(folder / "fmgraph-license.ttl")}
    assert {"https://spdx.org/licenses/MIT", f"{BASE}license/example-licence"} <= licences
    one = triples_of(folder / "list-plm2233-2025-12.ttl")
    assert one
    assert one <= store
    assert not any("plm2233-2025-11" in str(triple) for triple in one)
    quoted = NamedNode("http://www.w3.org/ns/prov#wasQuotedFrom")
    wanted = {t.subject for t in store if t.predicate == quoted and "plm2233-2025-12-" in str(t.object)}
    assert wanted == {t.subject for t in one if t.subject.value.startswith(f"{BASE}claim/")}
    assert not (folder / "fmgraph-application.ttl").exists()


def test_unknown_format_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="csv"):
        write_dumps(dataset, tmp_path, ["csv"])


def write_nt(file: Path, literal: Literal) -> None:
    serialize([Triple(NamedNode("x:s"), NamedNode("x:p"), literal)], file, RdfFormat.N_TRIPLES)


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\x0c", "\x08", "\x1f", "\ufffe"])
def test_what_xml_cannot_hold_is_refused_not_written(tmp_path: Path, character: str) -> None:
    file = tmp_path / "x.nt"
    write_nt(file, Literal(f"a{character}b"))
    with pytest.raises(UsageError, match="XML cannot hold"):
        write_dumps(dataset_of_files([file]), tmp_path, ["rdf"])
    assert not (tmp_path / "fmgraph.rdf").exists()
    write_dumps(dataset_of_files([file]), tmp_path, ["ttl", "nt", "jsonld"], [""])


def test_backslashes_are_not_control_characters(tmp_path: Path) -> None:
    file = tmp_path / "x.nt"
    write_nt(file, Literal("a\\u0001 \\b"))
    write_dumps(dataset_of_files([file]), tmp_path, ["rdf"], [""])
    assert triples_of(tmp_path / "fmgraph.rdf") == triples_of(file)


def test_no_context_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OntologyError):
        record_context(tmp_path)


def test_jsonld_uses_the_keys_of_the_records(folder: Path) -> None:
    document = json.loads((folder / "fmgraph.jsonld").read_text())
    nodes = {node["@id"]: node for node in document["@graph"]}
    retizero = nodes[f"{BASE}model/retizero"]
    assert retizero["label"] == "RetiZero"
    assert retizero["year"] == "2025"
    assert retizero["initialised_from"] == f"{BASE}model/retfound"
    assert "Model" in retizero["@type"]


IRIS = st.sampled_from(
    [NamedNode(f"{BASE}{k}/{s}") for k in ("model", "claim", "row") for s in ("a", "a-1", "a#x", "a-1#y")]
    + [NamedNode(i) for i in ("https://ror.org/1", f"{BASE}ns#Model", f"{BASE}ns", "urn:x:y", BASE)]
    + [NamedNode("https://e.org/a%20b#c.")]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.sampled_from(["5", "-7", "0", "12345678901234567"])
LITERALS = st.one_of(
    TEXTS.map(Literal),
    st.sampled_from(['"""', 'a\n"b"\n\\n', "\\\\n\n", "'", "\r\n", '\\"\n', "]]>", "<&>", "@x"]).map(Literal),
    TEXTS.map(lambda text: Literal(text, language="en-gb")),
    NUMBERS.map(lambda text: Literal(text, datatype=NamedNode(f"{XSD}integer"))),
    st.sampled_from(["true", "x"]).map(lambda text: Literal(text, datatype=NamedNode(f"{XSD}boolean"))),
    st.sampled_from(["2025", "no year"]).map(lambda text: Literal(text, datatype=NamedNode(f"{XSD}gYear"))),
    st.just(Literal("1.5", datatype=NamedNode(f"{XSD}decimal"))),
    st.just(Literal("1E3", datatype=NamedNode("https://e.org/type/x"))),
)  # fmt: skip
PREDICATES = st.sampled_from(
    [NamedNode(f"{FMG}{name}") for name in ("year", "code", "builtOn", "parameterCount")]
    + [NamedNode(i) for i in ("https://e.org/p", "urn:p")]
    + [NamedNode("http://www.w3.org/2000/01/rdf-schema#label"), NamedNode("https://schema.org/url")]
)  # fmt: skip
NODES = st.one_of(IRIS, st.sampled_from([BlankNode("b0"), BlankNode("b1")]))
TYPED = st.builds(
    Triple, NODES, st.just(NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")), st.one_of(IRIS)
)
GRAPHS = st.lists(
    st.one_of(st.builds(Triple, NODES, PREDICATES, st.one_of(NODES, LITERALS)), TYPED), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(GRAPHS)
def test_turtle_of_any_graph_parses_back(graph: list[Triple]) -> None:
    assert {quad.triple for quad in parse(turtle(graph), RdfFormat.TURTLE, rename_blank_nodes=False)} == set(
        graph
    )


@settings(max_examples=150, deadline=None)
@given(GRAPHS)
def test_jsonld_of_any_graph_parses_back(graph: list[Triple]) -> None:
    text = "".join(jsonld_document(lines_of_triples(graph), record_context()))
    assert {quad.triple for quad in parse(text.encode(), RdfFormat.JSON_LD)} == set(graph)


@settings(max_examples=100, deadline=None)
@given(GRAPHS)
def test_rdfxml_of_any_graph_parses_back_or_is_refused(graph: list[Triple]) -> None:
    target = BytesIO()
    try:
        write(lines_of_triples(graph), "rdf", target)
    except UsageError:
        return

    assert {q.triple for q in parse(target.getvalue(), RdfFormat.RDF_XML)} == set(graph)


@settings(max_examples=100, deadline=None)
@given(GRAPHS)
def test_sections_hold_every_line_once(graph: list[Triple]) -> None:
    lines = lines_of_triples(graph)
    found = [line for _, part in sections(lines) for line in part]
    assert sorted(found) == sorted(lines)
    regrouped = [pair for _, part in sections(lines) for _, pairs in groups(part) for pair in pairs]
    assert len(regrouped) == len(set(graph))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab>#-é"), min_size=1, max_size=4)),
    st.text(st.sampled_from("ab>#-é"), max_size=3),
)
def test_ranges_are_what_a_scan_finds(texts: list[str], prefix: str) -> None:
    data = sorted_lines("".join(text + "\n" for text in texts).encode())
    wanted = [line + "\n" for line in data.decode().split("\n") if line and line.startswith(prefix)]
    assert list(Lines(data).starting(prefix)) == wanted


def test_an_empty_dataset_can_be_dumped(tmp_path: Path) -> None:
    empty = open_dataset(write_dataset([], tmp_path / "dataset", "0"))
    with lines_of(empty) as lines:
        assert not list(lines)
    write_dumps(empty, tmp_path / "dump")
    for syntax in SYNTAXES.values():
        assert not triples_of(tmp_path / "dump" / syntax.file_name)
