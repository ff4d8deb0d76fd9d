"""What sources state and the shipped data must therefore say; the facts are in ``data/known``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fmgraph import resources
from fmgraph.graph.catalogue import Catalogue
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import entity_iri, fmg
from fmgraph.records.record_files import Record, iter_records

KNOWN = Path(__file__).parent / "data" / "known"


def known(name: str) -> Any:
    return yaml.safe_load((KNOWN / f"{name}.yaml").read_text("utf-8"))


LINEAGE = known("lineage")


def objects(engine, slug: str, prop: str) -> set[str]:
    rows = engine.rows(f"SELECT ?o {{ <{entity_iri('model', slug)}> <{fmg(prop)}> ?o }}")
    return {row["o"].value.rsplit("/", 1)[1] for row in rows}


@pytest.mark.parametrize("slug", LINEAGE["chains"])
def test_chains_run_through(slug, shipped):
    assert set(LINEAGE["chains"][slug]) <= objects(shipped, slug, "derivesFrom")


@pytest.mark.parametrize("slug", LINEAGE["distilled_from"])
def test_teachers(slug, shipped):
    assert objects(shipped, slug, "distilledFrom") == set(LINEAGE["distilled_from"][slug])


@pytest.mark.parametrize("slug", LINEAGE["not_trained_on"])
def test_denied_training_data(slug, shipped):
    assert set(LINEAGE["not_trained_on"][slug]) <= objects(shipped, slug, "notTrainedOn")


@pytest.mark.parametrize("slug", LINEAGE["not_from"])
def test_resemblance_of_names_is_no_lineage(slug, shipped):
    assert not set(LINEAGE["not_from"][slug]) & objects(shipped, slug, "derivesFrom")


def test_words_of_the_lists_find_their_records():
    folder = resources.ontology_dir()
    keys = {*Schema(folder / "context.jsonld", folder / "fmgraph.ttl").fields, "iri"}
    records = [one for one in iter_records(resources.data_dir(), keys) if isinstance(one, Record)]
    catalogue = Catalogue(records)
    for kind, words in known("names").items():
        assert {word: catalogue.find(kind, word) for word in words} == words
