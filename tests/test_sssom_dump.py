"""The mapping file by the rules of SSSOM's schema, restated: its library needs sixty packages.

https://mapping-commons.github.io/sssom/spec/: what a mapping set and a mapping must have, that identifiers
are CURIEs of declared prefixes, and how the TSV is laid out.
"""

from __future__ import annotations

import csv

import pytest
import yaml

from fmgraph.publish.sssom_dump import COLUMNS, document
from fmgraph.rdf.sorted_lines import lines_of
from fmgraph.rdf.store import open_dataset

#: Slots of a mapping that the schema knows, of those that the file may have.
JUSTIFICATIONS = {"semapv:ManualMappingCuration", "semapv:LexicalMatching", "semapv:UnspecifiedMatching"}


@pytest.fixture(scope="module")
def file(shipped_dir) -> tuple[dict, list[dict[str, str]]]:
    with lines_of(open_dataset(shipped_dir)) as lines:
        text = "".join(document(lines, "1.0"))
    head = "".join(line[1:] for line in text.splitlines(keepends=True) if line.startswith("#"))
    body = [line for line in text.splitlines() if not line.startswith("#")]
    return yaml.safe_load(head), list(csv.DictReader(body, delimiter="\t", strict=True))


def test_the_set_has_what_is_mandatory(file):
    head, _ = file
    assert head["mapping_set_id"].startswith("https://")
    assert head["license"].startswith("https://")
    assert head["mapping_set_version"] == "1.0"
    spaces = head["curie_map"].values()
    assert all(space.startswith("http") for space in spaces)
    assert len(set(spaces)) == len(spaces)


def test_every_mapping_has_what_is_mandatory_and_curies_of_declared_prefixes(file):
    head, rows = file
    assert len(rows) > 100
    for row in rows:
        assert set(row) == set(COLUMNS)
        assert row["mapping_justification"] in JUSTIFICATIONS
        assert row["subject_label"]
        for slot in ("subject_id", "predicate_id", "object_id"):
            prefix, colon, local = row[slot].partition(":")
            assert colon, row
            assert local, row
            assert prefix in head["curie_map"], row
    keys = [tuple(row.values()) for row in rows]
    assert keys == sorted(set(keys))


def test_they_are_the_links_of_the_graph(file, shipped):
    head, rows = file

    def expand(curie: str) -> str:
        prefix, _, local = curie.partition(":")
        return head["curie_map"][prefix] + local

    made = {tuple(expand(row[slot]) for slot in ("subject_id", "predicate_id", "object_id")) for row in rows}
    found = shipped.rows(
        """PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT ?s ?p ?o {
          VALUES ?p { skos:exactMatch skos:closeMatch <https://schema.org/sameAs> } ?s ?p ?o
          FILTER(STRSTARTS(STR(?s), "https://w3id.org/fmgraph/") && !CONTAINS(STR(?s), "/ns#")) }"""
    )
    assert made == {tuple(row[name].value for name in "spo") for row in found}
