"""Which record a row is about: what decides, what vetoes, and what is left to a person."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmgraph import resources
from fmgraph.cli import main
from fmgraph.curation.identities import (
    UNIQUE,
    addresses,
    identifiers_of,
    known_records,
    names_in_title,
    of_row,
    plain,
    with_rows,
)
from fmgraph.curation.match_records import Matcher
from fmgraph.lists import Origin, import_list, load_list, load_lists, write_list
from fmgraph.lists.set_records import set_records
from fmgraph.ontology import Schema

RECORDS = {
    "model/alpha": """
label: AlphaPath
described_by: alpha
source: https://example.org/
code: https://github.com/Lab/Alpha
weights: https://huggingface.co/Lab/alpha
""",
    "model/alpha-2": """
label: AlphaPath 2
source: https://example.org/
variant_of: alpha
weights: https://huggingface.co/Lab/alpha2
code: https://github.com/Lab/Alpha
""",
    "model/beta": "label: Beta\ndescribed_by: beta\n",
    "dataset/beta-1m": "label: Beta-1M\ndescribed_by: beta\n",
    "paper/alpha": """
label: A pathology model that sees every slide of the world
source: https://example.org/
arxiv: '2401.00001'
doi: 10.1038/s41591-024-00001-1
year: '2024'
""",
    "paper/beta": """
label: One million pairs of images and text
source: https://example.org/
arxiv: '2402.00002'
""",
}
ALPHA_TITLE = "A pathology model that sees every slide of the world"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in RECORDS.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return tmp_path


def schema() -> Schema:
    folder = resources.ontology_dir()
    return Schema(folder / "context.jsonld", folder / "fmgraph.ttl")


def imported(data: Path, rows: list[str], list_id: str = "some-2026-01") -> None:
    header = "## Models\n\n| Name | Year | Title | Paper | Code | Weights |\n|---|---|---|---|---|---|\n"
    text = header + "".join(f"| {row} |\n" for row in rows)
    write_list(import_list(text, list_id), data, Origin("https://github.com/a/b", "README.md"))


def matched(data: Path, row: str):
    imported(data, [row])
    source = load_list(data / "list" / "some-2026-01.yaml")
    return Matcher(known_records(data, schema())).match(source)[0]


@pytest.mark.parametrize(
    ("row", "record"),
    [
        # a paper's identifier that is one record's only
        ("| | | [link](https://arxiv.org/pdf/2401.00001v2.pdf) | |", "model/alpha"),
        ("| | | [link](https://www.nature.com/articles/s41591-024-00001-1) | |", "model/alpha"),
        # two signals
        ("AlphaPath | | | | [x](https://github.com/lab/alpha/tree/main) |", "model/alpha"),
        ("AlphaPath 2 | | | | [x](https://github.com/lab/alpha/tree/main) |", "model/alpha-2"),
        (f"| 2024 | {ALPHA_TITLE.upper()} | | |", "model/alpha"),
        ("Beta | | | https://huggingface.co/papers/2402.00002 | |", "model/beta"),
        ("Beta-1M | | | https://arxiv.org/abs/2402.00002 | |", "dataset/beta-1m"),
        # a data set has the paper of its model, and the table is about models
        ("| | One million pairs of images and text | https://arxiv.org/abs/2402.00002 | |", "model/beta"),
        # weights of one record only, and a title that is like its paper's
        (
            "| | The pathology model that sees every slide of the world | | | https://hf.co/Lab/alpha/tree/main",
            "model/alpha",
        ),
        # the name stands for the work, so nothing but the name is the variant's
        (
            "**AlphaPath 2** | | | | [c](https://github.com/Lab/Alpha) | https://hf.co/Lab/Alpha2",
            "model/alpha-2",
        ),
    ],
)
def test_decided(data: Path, row: str, record: str) -> None:
    found = matched(data, row)
    assert (found.state, found.record) == ("matched", record), found.candidates


@pytest.mark.parametrize(
    ("row", "candidate", "why"),
    [
        ("AlphaPath | | | | |", "model/alpha", "same name"),  # names are borne by several
        (f"| 2023 | {ALPHA_TITLE} | | |", "model/alpha", "same title"),
        (
            f"AlphaPath | | {ALPHA_TITLE} | https://arxiv.org/abs/2405.55555 | |",
            "model/alpha",
            "another arXiv",
        ),
        ("GammaPath | | | https://arxiv.org/abs/2401.00001 | |", "model/alpha", "another name"),
        ("| | | https://arxiv.org/abs/2402.00002 | |", "model/beta", "same arXiv"),  # a data set's too
        # another branch, folder or fork is another thing
        (
            "| | Something else entirely, in three dimensions | | https://github.com/lab/alpha |",
            "model/alpha",
            "",
        ),
        # identifiers of two records
        ("AlphaPath | | | https://arxiv.org/abs/2401.00001 | | https://hf.co/Lab/Alpha2", "model/alpha", ""),
        ("| | A pathology model that sees each slide of the world | | |", "model/alpha", "only alike"),
    ],
)
def test_left_to_a_person(data: Path, row: str, candidate: str, why: str) -> None:
    found = matched(data, row)
    assert (found.state, found.record) == ("open", None)
    assert candidate in {one.record for one in found.candidates}
    assert any(why in one.evidence for one in found.candidates)


def test_tables_of_data_sets_are_about_data_sets(data: Path) -> None:
    table = "## Datasets\n\n| Dataset | Paper |\n|---|---|\n| {} | https://arxiv.org/abs/2402.00002 |\n"
    for name, record in (("Beta-1M", "dataset/beta-1m"), ("Beta", None)):
        write_list(
            import_list(table.format(name), "data-2026"), data, Origin("https://github.com/a/b", "x.md")
        )
        source = load_list(data / "list" / "data-2026.yaml")
        (found,) = Matcher(known_records(data, schema())).match(source)
        assert found.record == record, found


def test_what_is_unknown_has_no_candidate(data: Path) -> None:
    assert (
        matched(data, "| 2026 | An essay on something else | https://arxiv.org/abs/2601.1 | |").candidates
        == ()
    )


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_writes_what_is_certain_and_keeps_what_a_person_wrote(data: Path) -> None:
    imported(
        data,
        [
            "AlphaPath | | | https://arxiv.org/abs/2401.00001 | |",
            'AlphaPath | | "A, b" | https://arxiv.org/abs/2401.00001 | |',
            "AlphaPath | | | | |",
        ],
    )
    path = data / "list" / "some-2026-01.csv"
    before = path.read_text(encoding="utf-8").replace("some-2026-01-02,,", "some-2026-01-02,model/beta,")
    path.write_text(before, encoding="utf-8")
    dry = run("match", "some-2026-01", "--data", data, "--dry-run", "--format", "json")
    assert path.read_text(encoding="utf-8") == before
    assert [row["state"] for row in json.loads(dry)] == ["matched", "contradicted", "open"]
    text = run("match", "some-2026-01", "--data", data)
    assert "3 rows: 1 matched" in text
    assert "model/alpha (0.60): same name" in text
    after = path.read_text(encoding="utf-8")
    assert after == before.replace("some-2026-01-01,,", "some-2026-01-01,model/alpha,")
    rows = list(
        csv.DictReader(
            run("match", "some-2026-01", "--data", data, "--format", "tsv").splitlines(), delimiter="\t"
        )
    )
    assert (rows[0]["state"], rows[0]["record"]) == ("given", "model/alpha")


def test_an_unknown_list_is_said_with_the_nearest(data: Path) -> None:
    imported(data, ["AlphaPath | | | | |"])
    result = CliRunner().invoke(main, ["match", "some-2026-02", "--data", str(data)])
    assert result.exit_code == 1
    assert "nearest: some-2026-01" in result.output


def test_rows_of_other_lists_say_what_a_paper_is_called(data: Path) -> None:
    imported(
        data,
        ["| 2024 | The title of the preprint, which was another one | https://arxiv.org/abs/2401.00001 | |"],
        "old-1",
    )
    assert "same arXiv; another title" in run("match", "old-1", "--data", data)
    set_records(data / "list" / "old-1.csv", {"old-1-01": "model/alpha"})  # as a person decides
    imported(data, ["AlphaPath | | The title of the preprint, which was another one | | |"])
    assert "1 matched" in run("match", "some-2026-01", "--data", data)


def test_no_wrong_record_where_the_right_one_is_missing() -> None:
    """Take each record of the shipped lists away: its rows must stay open, whatever else is there."""
    data = resources.data_dir()
    lists = load_lists(data)
    known = known_records(data, schema())
    identities = {row.id: of_row(source, row) for source in lists for row in source.rows}
    about: dict[str, list] = {}
    for source in lists:
        for row in source.rows:
            if row.record:
                about.setdefault(row.record, []).append(row)
    everything = with_rows(known, lists)
    for record in sorted(about)[::3]:
        gone = next(one for one in known if one.name == record)
        rest = [
            one
            for one in everything
            if one.name != record
            and not one.identity.titles & gone.identity.titles  # its paper, and variants that share that
        ]
        matcher = Matcher(rest)
        for row in about[record]:
            found = matcher.match_row(row, identities[row.id])
            assert not found.decided, (row.id, record, found.candidates[0])


def test_rows_find_their_own_records() -> None:
    """No shipped row is matched to another record; most of those that share an identifier are matched."""
    data = resources.data_dir()
    known, lists = known_records(data, schema()), load_lists(data)
    right = total = 0
    for source in lists:
        matcher = Matcher(with_rows(known, [other for other in lists if other is not source]))
        for found in matcher.match(source):
            assert found.state != "contradicted", found
            shared = found.row.record and set(UNIQUE) & {
                signal for one in found.candidates if one.record == found.row.record for signal in one.agree
            }
            total += bool(shared)
            right += bool(shared) and found.decided
    assert right > 0.6 * total > 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2401.00001v3", {"arXiv": {"2401.00001"}}),
        ("https://doi.org/10.48550/arXiv.2401.00001", {"arXiv": {"2401.00001"}}),
        ("https://doi.org/10.1016/S2589-7500(24)00025-6", {"DOI": {"10.1016/s2589-7500(24)00025-6"}}),
        ("https://github.com/A/B.git", {"GitHub": {"a/b"}}),
        ("https://github.com/A/B/tree/main/sub/dir", {"GitHub": {"a/b/sub/dir"}}),
        ("https://github.com/A/B/blob/main/README.md#x", {"GitHub": {"a/b"}}),
        ("https://github.com/A", {}),
        ("https://huggingface.co/datasets/A/B", {"Hugging Face data set": {"a/b"}}),
        ("https://huggingface.co/collections/A/B", {}),
        ("https://openreview.net/forum?id=AbC&x=1", {"page": {"openreview.net/AbC"}}),
        ("https://img.shields.io/badge/x", {}),
        ("https://[", {}),
    ],
)
def test_identifiers_in_addresses(url: str, expected: dict[str, set[str]]) -> None:
    assert identifiers_of([url]) == expected


def test_addresses_in_markdown_and_html() -> None:
    cell = (
        "[a](https://e.org/x_(y)) ![Star](https://img.shields.io/z) [b](https://e.org/b)[c](https://e.org/c)"
        ' <a href="https://e.org/d?a=1&amp;b=2"><img src="https://e.org/i.png"></a> https://e.org/e.'
    )
    assert addresses(cell) == [
        "https://e.org/x_(y)", "https://e.org/b", "https://e.org/c", "https://e.org/d?a=1&b=2", "https://e.org/e",
    ]  # fmt: skip


def test_names_in_titles() -> None:
    assert names_in_title("**Triad**: Vision model for three dimensions")[1]
    assert names_in_title("Towards it: a study of many things") == (
        {"Towards it": "a study of many things"},
        False,
    )
    assert names_in_title("A study of many things (SoMT)")[0] == {"SoMT": "A study of many things"}
    assert plain("[**A**_b_](https://e.org) ![x](y) a_b <br> c") == "Ab a_b c"
