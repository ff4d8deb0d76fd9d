"""Reported results: what may be ranked, what is wrong with a file, and that no two protocols are compared."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from evaluation_data import PROTOCOL, RECORDS, write_protocol
from fmgraph.answers.named_queries import get_query
from fmgraph.graph import build
from fmgraph.graph.evaluations import printed_number
from fmgraph.rdf.terms import entity, own
from fmgraph.settings import Settings
from fmgraph.site import create_app

_PREFIX = "PREFIX fmg: <https://w3id.org/fmgraph/ns#> "


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in RECORDS.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "data"


def objects(result, subject: str, local: str) -> list[str]:
    return sorted(o for s, p, o in result.triples if s == subject and p == own(local))


def ranks(result, slug: str, count: int) -> list[str | None]:
    """The ranks of a protocol's results, in their order; None for one that is in no comparison."""
    every = [
        objects(result, entity("evaluation", f"{slug}-{n:03d}"), "rankInComparison")
        for n in range(1, count + 1)
    ]
    return [found[0].split('"')[1] if found else None for found in every]


def test_results_are_ranked_within_what_is_alike(data):
    write_protocol(
        data,
        "t",
        [
            {"printed": "0.5"},
            {"model": "model/two", "printed": "70%", "scale": "percent"},
            {"model": "model/two", "variant": "large", "printed": "0.7"},
            {"dataset": "e", "printed": "0.1"},
            {"setting": "fine-tuned", "printed": "0.9"},
        ],
    )
    result = build(data)
    assert result.findings == []
    assert ranks(result, "t", 5) == ["3", "1", "1", "1", "1"]
    assert (
        len({c for n in (1, 4, 5) for c in objects(result, entity("evaluation", f"t-00{n}"), "inComparison")})
        == 3
    )


def test_less_is_better_where_the_metric_says_so(data):
    write_protocol(
        data,
        "t",
        [{"metric": "error", "printed": "0.2"}, {"metric": "error", "model": "model/two", "printed": "0.1"}],
    )
    assert ranks(build(data), "t", 2) == ["2", "1"]


@pytest.mark.parametrize(
    "change",
    [{"metric": "not-stated", "printed": "612"}, {"copied_from": "another paper"}],
    ids=["no metric", "copied"],
)
def test_what_cannot_be_judged_is_in_no_ranking(data, change):
    write_protocol(data, "t", [change, {"model": "model/two"}])
    result = build(data)
    assert result.findings == []
    assert ranks(result, "t", 2) == [None, "1"]


def test_a_protocol_that_is_not_ranked_ranks_nothing(data):
    write_protocol(
        data, "t", [{}, {"model": "model/two"}], PROTOCOL + 'ranked: "false"\nreason: ways of their own\n'
    )
    assert ranks(build(data), "t", 2) == [None, None]


WRONG = {
    "no such work": ({"model": "model/tow"}, "model", "nearest: two"),
    "a variant with a record of its own": ({"variant": "small"}, "variant", "write model/one-small"),
    "no such data set": ({"dataset": "dd"}, "dataset", "data/dataset/"),
    "no such metric": ({"metric": "acuracy"}, "metric", "nearest: accuracy"),
    "over the greatest value": ({"printed": "1.5"}, "printed", "outside the range"),
    "a share printed in percent": ({"printed": "50%"}, "printed", "no number"),
    "in words": ({"printed": "about half"}, "printed", "no number"),
    "no value": ({"printed": ""}, "printed", "every result says it"),
    "no source's place": ({"at": ""}, "at", "every result says it"),
    "no reporter": ({"reporter": "me"}, "reporter", "authors, third-party"),
    "a scale of one's own": ({"scale": "stars"}, "scale", "fraction, percent"),
    "a kind without an interval": ({"interval_kind": "95% CI"}, "interval", "is empty"),
    "a source that is none": ({"source": "somewhere"}, "source", "not a source"),
    "an id of another file": ({"id": "u-001"}, "id", "write t-<number"),
}


@pytest.mark.parametrize(("change", "field", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_is_one_finding_and_the_others_stand(data, change, field, words):
    write_protocol(data, "t", [change, {"model": "model/two"}])
    result = build(data)
    [finding] = result.findings
    assert (finding.line, finding.field) == (2, field)
    assert words in f"{finding.message} {finding.remedy}"
    assert finding.file == "data/evaluation/t.csv"
    assert ranks(result, "t", 2) == [None, "1"]


def test_two_values_of_one_cell_are_told(data):
    write_protocol(data, "t", [{"printed": "0.5"}, {"printed": "0.6"}])
    [finding] = build(data).findings
    assert finding.line == 3
    assert "line 2 says 0.5" in finding.message


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ("definition: x\nsource: https://example.org/\n", "label"),
        (PROTOCOL + "colour: red\n", "colour"),
        (PROTOCOL + "ranked: maybe\n", "ranked"),
        (PROTOCOL + 'ranked: "false"\n', "reason"),
    ],
)
def test_a_wrong_protocol_is_told(data, fields, field):
    write_protocol(data, "t", [{}], fields)
    [finding] = build(data).findings
    assert (finding.file, finding.field) == ("data/evaluation/t.yaml", field)


def test_results_without_a_protocol_are_told(data):
    write_protocol(data, "t", [{}])
    (data / "evaluation" / "t.yaml").unlink()
    [finding] = build(data).findings
    assert "add t.yaml" in (finding.remedy or "")


@given(st.text(max_size=12), st.sampled_from(["fraction", "percent", "score", "elo"]))
def test_any_text_is_a_number_or_refused(text, scale):
    try:
        number = printed_number(text, scale)
    except ValueError:
        return
    assert number.is_finite()


_RESULTS = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["model/one", "model/two"]),
            "variant": st.sampled_from(["", "a", "b"]),
            "dataset": st.sampled_from(["d", "e"]),
            "metric": st.sampled_from(["accuracy", "error", "not-stated"]),
            "printed": st.sampled_from(["0.1", "0.5", "0.9"]),
            "copied_from": st.sampled_from(["", "", "elsewhere"]),
        }
    ),
    max_size=6,
)


_PROTOCOLS = ("p", "q", "r")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_RESULTS, min_size=2, max_size=len(_PROTOCOLS)))
def test_no_query_and_no_page_ranks_over_protocols(data, drawn):
    """Of any protocols: each rank is that among the alike of its own protocol, wherever it is told."""
    protocols = dict(zip(_PROTOCOLS, drawn, strict=False))
    for slug in _PROTOCOLS:
        placed = [
            {**result, "at": f"place {slug}-{n:03d}."} for n, result in enumerate(protocols.get(slug, ()), 1)
        ]
        write_protocol(data, slug, placed, PROTOCOL.replace("A table", f"Table {slug}"))
    result = build(data)
    assert result.findings == []
    store = Store()
    store.bulk_load("".join(result.lines()).encode(), RdfFormat.N_TRIPLES)
    expected = _expected_ranks(protocols)

    of_comparison: dict[str, set[str]] = {}
    for row in store.query(_PREFIX + "SELECT ?c ?p { ?r fmg:inComparison ?c ; fmg:protocol ?p }"):
        of_comparison.setdefault(row["c"].value, set()).add(row["p"].value)
    assert all(len(found) == 1 for found in of_comparison.values())

    for slug in protocols:
        rows = store.query(get_query("best-under").bind({"protocol": entity("protocol", slug)[1:-1]}))
        told = sorted((int(row["rank"].value), row["printed"].value) for row in rows)
        known = {
            name: (rank, protocols[slug][int(name[-3:]) - 1]["printed"])
            for name, rank in expected.items()
            if name.startswith(slug) and rank is not None
        }
        assert told == sorted(pair for pair in known.values() if pair[0] <= 3)
    for dataset in ("d", "e"):
        for metric in ("accuracy", "error", "not-stated"):
            arguments = {
                "dataset": entity("dataset", dataset)[1:-1],
                "metric": entity("metric", metric)[1:-1],
            }
            for row in store.query(get_query("results-on").bind(arguments)):
                rank = row["rank"] and int(row["rank"].value)
                assert rank == expected[row["result"].value.rsplit("/", 1)[1]]

    client = create_app(store, Settings()).test_client()
    pages = ["model/one", "model/two", "dataset/d", "dataset/e", *(f"protocol/{slug}" for slug in protocols)]
    for page in pages:
        told_on_page: dict[str, int | None] = {}
        for table in re.findall(r"<table.*?</table>", client.get(f"/results/{page}").text, re.DOTALL):
            of_table = _ranks_in(table)
            assert len({name[0] for name in of_table}) == 1
            told_on_page |= of_table
        csv_rows = csv.DictReader(io.StringIO(client.get(f"/results/{page}.csv").text))
        in_csv = {row["at"][6:11]: int(row["rank"]) if row["rank"] else None for row in csv_rows}
        assert in_csv == {name: expected[name] for name in in_csv}
        alone = {name for name, rank in told_on_page.items() if rank is None and expected[name] == 1}
        assert told_on_page == {name: None if name in alone else expected[name] for name in in_csv}


def _expected_ranks(protocols: dict[str, list[dict[str, str]]]) -> dict[str, int | None]:
    """The rank of each result, counted from what was drawn; None where it may not have one."""
    ranked: dict[str, int | None] = {}
    for slug, results in protocols.items():
        for n, one in enumerate(results, 1):
            alike = [
                float(other["printed"])
                for other in results
                if all(other[key] == one[key] for key in ("dataset", "metric")) and not other["copied_from"]
            ]
            value, less_is_better = float(one["printed"]), one["metric"] == "error"
            better = sum(other < value if less_is_better else other > value for other in alike)
            without = one["copied_from"] or one["metric"] == "not-stated"
            ranked[f"{slug}-{n:03d}"] = None if without else better + 1
    return ranked


def _ranks_in(table: str) -> dict[str, int | None]:
    """The rank beside each result of a table of a page, by the name in its place; None where it says none."""
    found: dict[str, int | None] = {}
    for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[1:]:
        name = re.search(r"place (\w-\d{3})\.", row)
        rank = re.match(r'<tr><td class="number">(\d+)</td>', row) or re.search(r"<td>(\d+) of \d+</td>", row)
        assert name is not None
        found[name[1]] = int(rank[1]) if rank else None
    return found


@pytest.mark.parametrize("name", ["results", "results-on", "best-under"])
def test_the_shipped_graph_ranks_within_protocols(shipped, name):
    """A rank is only given within a comparison, and a comparison belongs to one protocol."""
    text = get_query(name).text
    assert "AVG" not in text.upper()
    if "rank" in text:
        assert "fmg:inComparison ?comparison" in text
    rows = shipped.rows(
        "PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT ?c (COUNT(DISTINCT ?p) AS ?n) "
        "{ ?r fmg:inComparison ?c ; fmg:protocol ?p } GROUP BY ?c HAVING (?n > 1)"
    )
    assert list(rows) == []


def test_contamination_is_what_leaks_implies(shipped):
    """The results on a data set for which `leaks` names the work are contaminated, and no others are."""
    pairs = {
        (row["work"].value, row["dataset"].value)
        for row in shipped.rows(
            "PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT DISTINCT ?work ?dataset "
            "{ ?r fmg:evaluates ?work ; fmg:onDataset ?dataset }"
        )
    }
    implied: set[tuple[str, str]] = set()
    for dataset in {dataset for _, dataset in pairs}:
        text = get_query("leaks").bind({"dataset": dataset}, shipped)
        implied |= {(row["work"].value, dataset) for row in shipped.rows(text)}
    contaminated = set()
    for work in {work for work, _ in pairs}:
        text = get_query("contaminated").bind({"model": work}, shipped)
        for row in shipped.rows(text):
            [dataset] = shipped.rows(
                f"SELECT ?d {{ <{row['result'].value}> <https://w3id.org/fmgraph/ns#onDataset> ?d }}"
            )
            contaminated.add((work, dataset["d"].value))
    assert contaminated == implied & pairs
    assert contaminated
