"""The dump in RDF 1.2 says what that in 1.1 says, as another program reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store, parse, serialize

from fmgraph.publish.dump_files import write_dumps
from fmgraph.publish.rdf12_dump import reified
from fmgraph.rdf.prefixes import FMG, RDF
from fmgraph.rdf.store import dataset_of_files

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
REST = f"?c a <{FMG}Claim> ; <{FMG}rank> ?rank ; <{FMG}accepted> ?accepted"
OLD = f"SELECT * {{ ?c <{RDF}subject> ?s ; <{RDF}predicate> ?p ; <{RDF}object> ?o . {REST} }}"
NEW = f"SELECT * {{ ?c <{RDF}reifies> <<( ?s ?p ?o )>> . {REST} }}"


def claims(file: Path, query: str) -> set[tuple[str, ...]]:
    store = Store()
    store.load(path=file)
    found = store.query(query)
    names = sorted(variable.value for variable in found.variables)
    return {tuple(str(row[name]) for name in names) for row in found}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dump")
    write_dumps(dataset_of_files([SAMPLE]), folder, ["ttl", "nt", "ttl-1.2", "nt-1.2"], [""], parts=False)
    return folder


@pytest.mark.parametrize("suffix", ["ttl", "nt"])
def test_both_give_the_same_claims_by_query(folder, suffix):
    old = claims(folder / f"fmgraph.{suffix}", OLD)
    assert old == claims(folder / f"fmgraph-1.2.{suffix}", NEW)
    assert old


def test_pyoxigraph_reads_and_writes_both_without_loss(folder):
    read = {
        suffix: {q.triple for q in parse(path=folder / f"fmgraph-1.2.{suffix}")} for suffix in ("ttl", "nt")
    }
    assert read["ttl"] == read["nt"]
    for form in (RdfFormat.TURTLE, RdfFormat.N_TRIPLES):
        again = serialize(read["nt"], format=form)
        assert {quad.triple for quad in parse(again, form)} == read["nt"]


def test_all_else_is_as_it_was(folder):
    old = set((folder / "fmgraph.nt").read_text().splitlines())
    new = set((folder / "fmgraph-1.2.nt").read_text().splitlines())
    reification = {f"<{RDF}{name}>" for name in ("subject", "predicate", "object")}
    assert {line.split(" ")[1] for line in old - new} == reification
    assert {line.split(" ")[1] for line in new - old} == {f"<{RDF}reifies>"}
    assert len(old - new) == 3 * len(new - old)


def test_a_node_with_two_objects_keeps_what_it_has():
    lines = [f'<urn:c> <{RDF}{name}> "x y" .\n' for name in ("object", "predicate", "subject")]
    (made,) = reified(lines)
    assert made == f'<urn:c> <{RDF}reifies> <<( "x y" "x y" "x y" )>> .\n'
    twice = [f'<urn:c> <{RDF}object> "z" .\n', *lines]
    assert list(reified(twice)) == twice
    assert list(reified(lines[:2])) == lines[:2]
