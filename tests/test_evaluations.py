"""Reported results: what may be ranked, what is wrong with a file, and that no two protocols are compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation_data import PROTOCOL, RECORDS, write_protocol
from fmgraph.answers.named_queries import get_query
from fmgraph.graph import build
from fmgraph.graph.evaluations import printed_number
from fmgraph.rdf.terms import entity, own


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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_RESULTS, _RESULTS)
def test_no_comparison_holds_two_protocols(data, first, second):
    write_protocol(data, "p", first)
    write_protocol(data, "q", second)
    result = build(data)
    protocols: dict[str, set[str]] = {}
    for subject, predicate, comparison in result.triples:
        if predicate == own("inComparison"):
            protocols.setdefault(comparison, set()).update(objects(result, subject, "protocol"))
    assert all(len(found) == 1 for found in protocols.values())


@pytest.mark.parametrize("name", ["results", "results-on", "best-under"])
def test_no_query_ranks_over_protocols(shipped, name):
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
