"""The graph as tables, read by programs that are not ours: DuckDB, the Hub's library, mlcroissant."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from fmgraph.answers.named_queries import get_query
from fmgraph.cli import main
from fmgraph.publish.dump_files import write_dumps
from fmgraph.publish.tables import TABLES, file_name
from fmgraph.rdf.store import dataset_of_files, open_dataset

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="module")
def dumps(shipped_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables") / "dump"
    write_dumps(open_dataset(shipped_dir), folder, ["nt"], [""], parts=False, tables=True)
    return folder


@pytest.fixture(scope="module")
def database(dumps: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(
            f"CREATE VIEW {table.name} AS SELECT * FROM '{dumps / file_name(table, 'parquet')}'"
        )
    return connection


def answer(shipped, name: str, **parameters: str) -> list[dict[str, str]]:
    rows = shipped.rows(get_query(name).bind(parameters, shipped))
    return [{key: str(getattr(term, "value", term)) for key, term in row.items()} for row in rows]


def test_parquet_holds_what_csv_holds(dumps, database):
    for table in TABLES:
        with (dumps / file_name(table, "csv")).open(encoding="utf-8", newline="") as file:
            written = list(csv.reader(file))
        names = [column.name for column in table.all_columns]
        assert written[0] == names
        types = {column.name: column.type for column in table.all_columns}
        texts = [name for name in names if types[name] == "text"]
        rows = database.execute(f"SELECT {', '.join(texts)} FROM {table.name}").fetchall()
        assert len(rows) == len(written) - 1 > 0
        places = [names.index(name) for name in texts]
        assert [tuple(value or "" for value in row) for row in rows] == [
            tuple(line[place] for place in places) for line in written[1:]
        ]


def test_single_columns_have_one_value(dumps):
    """Whatever is no text is a number or a truth value; the conversion to Parquet would have failed else."""
    for table in TABLES:
        with (dumps / file_name(table, "csv")).open(encoding="utf-8", newline="") as file:
            keys = [row[0] for row in csv.reader(file)][1:]
        assert keys == sorted(set(keys))


def test_what_most_is_built_on_comes_out_of_duckdb(shipped, database):
    rows = database.execute("""
        WITH RECURSIVE above(child, parent) AS (
            SELECT child, parent FROM lineage
            UNION SELECT above.child, lineage.parent FROM above JOIN lineage ON lineage.child = above.parent
        )
        SELECT parent, COUNT(DISTINCT child) FROM above GROUP BY parent
    """).fetchall()
    counted = dict(rows)
    expected = answer(shipped, "most-built-on")
    assert len(expected) > 10
    assert [counted[row["work"]] for row in expected] == [int(row["built"]) for row in expected]


def test_where_claims_come_from_comes_out_of_duckdb(shipped, database):
    rows = database.execute("SELECT property, basis, COUNT(*) FROM claims GROUP BY ALL").fetchall()
    expected = {(row["property"], row["basis"], int(row["claims"])) for row in answer(shipped, "evidence")}
    assert set(rows) == expected


def test_weights_by_modality_come_out_of_duckdb(shipped, database):
    rows = database.execute("""
        SELECT DISTINCT work, unnest(string_split(weights, ' | ')) AS at FROM works
        WHERE kind = 'model' AND list_contains(string_split(modalities, ' | '), 'Histopathology')
          AND (access IS NULL OR access <> 'not-released')
    """).fetchall()
    narrow = {
        (row["model"], row["weights"]) for row in answer(shipped, "open-weights", modality="histopathology")
    }
    own = shipped.rows(
        "SELECT ?m { ?m <https://w3id.org/fmgraph/ns#modality> "
        "<https://w3id.org/fmgraph/modality/histopathology> }"
    )
    mine = {row["m"].value for row in own}
    assert set(rows) == {pair for pair in narrow if pair[0] in mine}
    assert rows


def test_the_same_graph_gives_the_same_bytes(tmp_path):
    dataset = dataset_of_files([SAMPLE])
    for name in ("one", "two"):
        write_dumps(dataset, tmp_path / name, ["nt"], [""], parts=False, tables=True)
    sums = [(tmp_path / name / "SHA256SUMS").read_text() for name in ("one", "two")]
    assert sums[0] == sums[1]
    assert "fmgraph-works.parquet" in sums[0]
    write_dumps(dataset, tmp_path / "one", ["nt"], [""], parts=False)
    assert not list((tmp_path / "one").glob("*.parquet"))


def test_the_folder_is_one_that_the_hub_takes(tmp_path):
    from huggingface_hub import DatasetCard

    folder = tmp_path / "hub"
    done = CliRunner().invoke(main, ["dump", "--hub", str(folder), "--data", str(SAMPLE)])
    assert done.exit_code == 0, done.output
    card = DatasetCard.load(folder / "README.md")
    assert card.data.license == "cc0-1.0"
    configs = {one["config_name"]: one["data_files"] for one in card.data.configs}
    assert set(configs) == {table.name for table in TABLES}
    assert all((folder / file).is_file() for file in configs.values())
    described = json.loads((folder / "croissant.json").read_text())
    assert all((folder / one["contentUrl"]).is_file() for one in described["distribution"])
    again = CliRunner().invoke(main, ["dump", "--hub", str(folder), "--data", str(SAMPLE)])
    assert (again.exit_code, "is not empty" in again.output) == (2, True)


MLCROISSANT = """
import json, sys
import mlcroissant
dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = dataset.metadata.ctx.issues
counts = {one.id: sum(1 for _ in dataset.records(one.id)) for one in dataset.metadata.record_sets}
print(json.dumps([sorted(issues.errors), sorted(issues.warnings), counts]))
"""


def test_mlcroissant_validates_and_loads_every_record(dumps, database):
    """In a process of its own: it warns of much that is its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MLCROISSANT, str(dumps / "fmgraph-croissant.json")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    errors, warned, counts = json.loads(done.stdout.splitlines()[-1])
    assert errors == []
    assert warned == []
    for table in TABLES:
        assert counts[table.name] == database.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()[0]
