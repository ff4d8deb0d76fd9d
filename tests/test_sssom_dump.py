"""The mapping file by SSSOM's own library, and that its mappings are the links of the graph.

https://mapping-commons.github.io/sssom/spec/: what a mapping set and a mapping must have, that identifiers
are CURIEs of declared prefixes, and how the TSV is laid out.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fmgraph.publish.sssom_dump import COLUMNS, document
from fmgraph.rdf.sorted_lines import lines_of
from fmgraph.rdf.store import open_dataset

#: Slots of a mapping that the schema knows, of those that the file may have.
JUSTIFICATIONS = {"semapv:ManualMappingCuration", "semapv:LexicalMatching", "semapv:UnspecifiedMatching"}

#: Prints for each file how many mappings it has and what is wrong with it.
SSSOM = """
import json, sys
from sssom.constants import SchemaValidationType as Kind
from sssom.parsers import parse_sssom_table
from sssom.validators import validate

kinds = [Kind.JsonSchema, Kind.PrefixMapCompleteness, Kind.StrictCurieFormat]
for path in sys.argv[1:]:
    parsed = parse_sssom_table(path)
    reports = validate(parsed, kinds, fail_on_error=False)
    print(json.dumps([len(parsed.df), [one.message for each in reports.values() for one in each.results]]))
"""


@pytest.fixture(scope="module")
def written(shipped_dir) -> str:
    with lines_of(open_dataset(shipped_dir)) as lines:
        return "".join(document(lines, "1.0"))


@pytest.fixture(scope="module")
def file(written: str) -> tuple[dict, list[dict[str, str]]]:
    text = written
    head = "".join(line[1:] for line in text.splitlines(keepends=True) if line.startswith("#"))
    body = [line for line in text.splitlines() if not line.startswith("#")]
    return yaml.safe_load(head), list(csv.DictReader(body, delimiter="\t", strict=True))


def test_the_library_of_sssom_validates_it(written: str, file, tmp_path: Path):
    """In a process of its own: what the library imports warns."""
    spoilt = written.replace("semapv:ManualMappingCuration", "semapw:Guess", 1).replace("\tror:", "\tror", 1)
    paths = [tmp_path / "good.sssom.tsv", tmp_path / "spoilt.sssom.tsv"]
    for path, text in zip(paths, (written, spoilt), strict=True):
        path.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SSSOM, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    good, bad = map(json.loads, done.stdout.splitlines())
    assert good == [len(file[1]), []]
    assert any("semapw" in message for message in bad[1])


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
