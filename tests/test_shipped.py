"""The shipped graph as a whole: complete, the same in every build, readable by both libraries."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

import fmgraph
from fmgraph.check import check_data
from fmgraph.errors import BrokenDataError, RecordError
from fmgraph.lists import load_lists
from fmgraph.ontology import all_kinds
from fmgraph.publish.make_dataset import make_dataset, shipped_dataset
from fmgraph.publish.released_records import current_release
from fmgraph.rdf.store import read_meta, write_dataset
from fmgraph.resources import data_dir

PREFIX = "PREFIX fmg: <https://w3id.org/fmgraph/ns#> PREFIX dcterms: <http://purl.org/dc/terms/> "


def test_every_list_and_row_is_in_the_graph(shipped):
    rows = shipped.rows(
        f"{PREFIX} SELECT ?list (COUNT(?row) AS ?rows) "
        "{ ?row a fmg:ListRow ; dcterms:isPartOf ?list } GROUP BY ?list"
    )
    counts = {row["list"].value.rsplit("/", 1)[1]: int(row["rows"].value) for row in rows}
    assert counts == {source.id: len(source.rows) for source in load_lists(data_dir())}


def test_two_builds_are_the_same_to_the_byte(shipped_dir, tmp_path):
    started = time.process_time()
    again = make_dataset(tmp_path)
    assert time.process_time() - started < 60, "a build takes seconds of the processor"
    first = (shipped_dir / "current" / "graph.nt").read_bytes()
    assert (again / "graph.nt").read_bytes() == first
    assert first.split(b"\n")[:-1] == sorted(set(first.split(b"\n")[:-1]))


def test_no_blank_nodes_and_both_libraries_read_the_same(shipped_dir):
    path = shipped_dir / "current" / "graph.nt"
    triples = list(ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES))
    assert not [one for one in triples if isinstance(one.subject, ox.BlankNode)]
    graph = rdflib.Graph().parse(path, format="nt")
    assert len(graph) == len(triples) == read_meta(shipped_dir).triples


def test_every_entity_has_a_label_and_a_class(shipped):
    for kind in all_kinds().values():
        without = shipped.rows(
            f"{PREFIX} SELECT ?entity {{ ?entity a fmg:{kind.cls} FILTER NOT EXISTS {{ ?entity "
            "<http://www.w3.org/2000/01/rdf-schema#label> ?label } } LIMIT 3"
        )
        assert not without or kind.name == "claim", without


def test_a_reader_goes_from_any_fact_to_its_source_in_one_query(shipped):
    """Every accepted triple of a work, paper or dataset with a claimed property has a claim with a source."""
    without = shipped.rows(
        f"""{PREFIX} PREFIX prov: <http://www.w3.org/ns/prov#>
        PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?s ?p ?o {{
          VALUES ?class {{ fmg:Work fmg:Paper fmg:Dataset fmg:Institution }}
          ?p fmg:claimed true . ?s a ?class ; ?p ?o .
          MINUS {{
            ?claim rdf:subject ?s ; rdf:object ?o ; rdf:predicate ?said ; fmg:basis ?basis ;
              prov:hadPrimarySource|prov:wasQuotedFrom ?source .
            ?said rdfs:subPropertyOf* ?p .
          }} }} LIMIT 5"""
    )
    assert without == []


def test_the_data_is_clean():
    """As the compiled shapes see it; ``make check`` has pyshacl, which judges them, find as little."""
    assert [str(one) for one in check_data(engine="compiled") if one.severity != "open"] == []


def test_the_dataset_is_made_once_and_again_when_its_files_change(shipped_dir):
    assert shipped_dataset() == shipped_dir
    assert current_release(data_dir()) == (fmgraph.__version__, read_meta(shipped_dir).modified)


def test_broken_data_makes_no_graph(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "x.yaml").write_text("label: [", encoding="utf-8")
    with pytest.raises(BrokenDataError, match=r"x\.yaml"):
        make_dataset(tmp_path / "out", tmp_path)
    assert not Path(tmp_path / "out").exists()
    with pytest.raises(RecordError, match="release"):
        current_release(tmp_path)


def test_open_graph_is_an_rdflib_graph_over_all_of_it(shipped_dir):
    graph = fmgraph.open_graph(shipped_dir)
    assert len(graph) == read_meta(shipped_dir).triples
    model = rdflib.URIRef("https://w3id.org/fmgraph/model/retfound")
    assert str(graph.value(model, rdflib.RDFS.label)) == "RETFound"


def test_the_cache_keeps_the_newest_graphs_and_nothing_that_is_not_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = tmp_path / "fmgraph"
    for age, name in enumerate(["a" * 16, "b" * 16, "c" * 16, "notes"]):
        (cache / name).mkdir(parents=True)
        os.utime(cache / name, (1e9 - age, 1e9 - age))
    line = "<http://e/a> <http://e/b> <http://e/c> ."
    monkeypatch.setattr(
        "fmgraph.publish.make_dataset.make_dataset", lambda folder: write_dataset([line], folder, "1")
    )
    folder = shipped_dataset()
    assert {path.name for path in cache.iterdir()} == {folder.name, "a" * 16, "b" * 16, "notes"}
    assert shipped_dataset() == folder
