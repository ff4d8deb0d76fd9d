"""Deciding about a list: by TSV, by threshold, in a terminal; thirty rows by the commands alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from fmgraph import resources
from fmgraph.cli import main
from fmgraph.curation.edit_records import Edits
from fmgraph.graph import build
from fmgraph.lists import load_list
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import FMG, entity_iri

RECORDS = {
    "modality/histopathology": "label: Histopathology\naka: [Pathology]\ndefinition: Microscopy of tissue.\n",
    "modality/fundus-photography": "label: Fundus photography\ndefinition: Photographs of the retina.\n",
    "venue/journal-of-arms-and-slides": "label: Journal of Arms and Slides\ntype: journal\n",
    "model/known-one": """\
# a comment that stays
label: KnownOne
scope: medical
described_by: known-one
year: {value: "2024", source: "arxiv:2401.00009", at: date}
""",
    "paper/known-one": """\
label: A model that was here before all the others
type: article
arxiv: {value: "2401.00009", source: "arxiv:2401.00009", at: identifier}
year: {value: "2024", source: "arxiv:2401.00009", at: date}
""",
}
HEADER = "| Name | Year | Modality | Title | Paper | Code | Weights |\n|---|---|---|---|---|---|---|\n"


def title(number: int) -> str:
    tasks = (
        "Segmenting",
        "Counting cells in",
        "Writing reports about",
        "A survey-sized encoder for",
        "Watching",
    )
    organs = ("the retina", "lungs", "a beating heart", "liver tissue", "moles", "brains", "kidneys", "bones")
    ways = ("with very few labels", "by self-distillation", "from ten million films", "as humans would not")
    return f"{tasks[number % 5]} {organs[number % 8]} {ways[number % 4]}, take {number * number}"


def atom(number: int) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
        f"<id>http://arxiv.org/abs/{arxiv(number)}v1</id><published>2025-01-01T00:00:00Z</published><title>{title(number)}</title>"
        f"<author><name>Author {number}</name></author><author><name>Else Body</name></author></entry></feed>"
    )


def arxiv(number: int) -> str:
    return f"25{number % 12 + 1:02d}.{number:05d}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in RECORDS.items():
        path = tmp_path / "data" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """Answers about 27 of the thirty rows, one with weights and a venue that is nearly one that is known."""
    folder = tmp_path / "metadata"
    files = {f"arxiv/{arxiv(number)}.xml": atom(number) for number in range(1, 28)}
    card = {"license": "mit", "base_model": "Big/ground", "datasets": ["Big/slides"]}
    for number in (1, 2, 3):
        answer = {"id": f"Lab/m{number}", "sha": "0" * 40, "gated": False, "cardData": card}
        answer["siblings"] = [{"rfilename": "model.safetensors"}]
        files[f"huggingface/models/Lab/m{number}.json"] = json.dumps(answer)
    files["crossref/10.1234/four.json"] = json.dumps(
        {
            "message": {
                "DOI": "10.1234/four",
                "type": "journal-article",
                "title": [title(4)],
                "container-title": ["Journal of Arms & Slides"],
                "issued": {"date-parts": [[2025]]},
                "author": [{"given": "Ann", "family": "Four"}],
            }
        }
    )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def markdown() -> str:
    rows = []
    for number in range(1, 28):
        code = f"[GitHub](https://github.com/Lab/m{number})" if number % 2 else "-"
        weights = f"[weights](https://huggingface.co/Lab/m{number})" if number < 4 else "-"
        paper = f"[arXiv](https://arxiv.org/abs/{arxiv(number)})"
        if number == 4:
            paper = "[Journal](https://doi.org/10.1234/four)"
        modality = "Pathology" if number % 2 else "Fundus photography"
        rows.append(f"M{number} | 2025 | {modality} | {title(number)} | {paper} | {code} | {weights}")
    known = "A model that was here before all the others | https://arxiv.org/abs/2401.00009"
    rows.append(f"KnownOne | 2024 | | {known} | |")
    rows.append("KnownOne | 2025 | | | | |")  # its name alone
    rows.append("How to read this list | 2025 | | | | |")  # about no work
    return "# A list\n\n## Models\n\n" + HEADER + "".join(f"| {row} |\n" for row in rows)


def run(*arguments: str | Path, code: int | None = 0, text: str | None = None) -> str:
    result: Result = CliRunner().invoke(
        main, [str(one) for one in arguments], input=text, catch_exceptions=False
    )
    assert result.exit_code == code or (code is None and result.exit_code in (1, 2)), result.output
    return result.output


def imported(data: Path, text: str = "") -> None:
    file = data.parent / "README.md"
    file.write_text(text or markdown(), encoding="utf-8")
    run(
        "import", file, "--list", "thirty-2026", "--data", data, "--repository", "https://github.com/a/b",
        "--path", "README.md", "--commit", "0123abc", "--date", "2026-01-02", "--label", "Thirty",
    )  # fmt: skip


def unreviewed(data: Path) -> list[str]:
    return [path.stem for path in data.rglob("*.yaml") if "\nreviewed:" in path.read_text("utf-8")]


def decided(data: Path, decisions: dict[str, dict[str, str]], code: int | None = 0) -> str:
    """Export the review, write decisions (item → columns) into it as a person would, and import it."""
    file = data.parent / "review.tsv"
    run("review", "thirty-2026", "--data", data, "--export", file)
    with file.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines, delimiter="\t")
        rows = [{**row, **decisions.get(row["id"], {})} for row in reader]
        assert set(decisions) <= {row["id"] for row in rows}, [row["id"] for row in rows]
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, rows[0], delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    return run("review", "thirty-2026", "--data", data, "--import", file, code=code)


def test_thirty_rows_from_import_to_a_clean_check_by_the_commands_alone(data: Path, metadata: Path) -> None:
    imported(data)
    assert "30 rows: 1 matched" in run("match", "thirty-2026", "--data", data)
    text = run("draft", "thirty-2026", "--data", data, "--metadata", metadata)
    assert "29 rows without a record; 28 drafted" in text
    run("review", "thirty-2026", "--data", data, "--accept-above", "0.9")
    decided(
        data,
        {
            "thirty-2026-29": {"decision": "accept"},
            "thirty-2026-30": {"decision": "skip: it is a hint to readers"},
            "venue/journal-of-arms-slides": {
                "decision": "accept",
                "record": "venue/journal-of-arms-and-slides",
            },
        },
    )
    assert unreviewed(data) == []
    rows = {row.id: row.record for row in load_list(data / "list" / "thirty-2026.yaml").rows}
    assert rows["thirty-2026-29"] == "model/known-one"
    assert rows["thirty-2026-30"] is None
    assert len({record for record in rows.values() if record}) == 28
    paper = yaml.safe_load((data / "paper/m4.yaml").read_text())
    assert paper["published_in"][0]["value"] == "journal-of-arms-and-slides"
    venue = (data / "venue/journal-of-arms-and-slides.yaml").read_text()
    assert "aka: [Journal of Arms & Slides]" in venue
    assert not (data / "venue/journal-of-arms-slides.yaml").exists()
    again = run("draft", "thirty-2026", "--data", data, "--metadata", metadata)
    assert "0 rows without a record" in again  # the skipped row is not asked about again
    left = run("review", "thirty-2026", "--data", data, "--export", data.parent / "left.tsv")
    assert left.startswith("0 items to decide")
    report = run("check", "--data", data)
    assert "error" not in report.replace("0 errors", ""), report
    assert "open" not in report.replace("0 open", ""), report


def drafted(data: Path, metadata: Path) -> None:
    imported(data)
    run("match", "thirty-2026", "--data", data)
    run("draft", "thirty-2026", "--data", data, "--metadata", metadata)


def test_one_answer_holds_for_all_that_use_a_name(data: Path, metadata: Path) -> None:
    drafted(data, metadata)
    (data / "dataset").mkdir(exist_ok=True)
    (data / "dataset/slide-set.yaml").write_text("label: SlideSet\n")
    decided(data, {"dataset/slides": {"decision": "accept", "record": "dataset/slide-set"}})
    for number in (1, 2, 3):
        model = yaml.safe_load((data / f"model/m{number}.yaml").read_text())
        assert model["trained_on"][0]["value"] == "slide-set"
    assert not (data / "dataset/slides.yaml").exists()
    assert "aka: [slides]" in (data / "dataset/slide-set.yaml").read_text()


def test_a_draft_can_get_another_name_kind_or_record(data: Path, metadata: Path) -> None:
    drafted(data, metadata)
    text = decided(
        data,
        {
            "thirty-2026-01": {"decision": "accept", "record": "application/first", "label": "The First"},
            "thirty-2026-02": {"decision": "accept", "record": "model/known-one"},
        },
    )
    assert "renamed  model/m1 is application/first" in text
    record = yaml.safe_load((data / "application/first.yaml").read_text())
    assert (record["label"], record["described_by"], "reviewed" in record) == ("The First", "m1", False)
    rows = {row.id: row.record for row in load_list(data / "list" / "thirty-2026.yaml").rows}
    assert (rows["thirty-2026-01"], rows["thirty-2026-02"]) == ("application/first", "model/known-one")
    assert "deleted  paper/m2: nothing refers to it" in text  # the draft that turned out to be another record
    assert "# a comment that stays" in (data / "model/known-one.yaml").read_text()
    assert (data / "dataset/slides.yaml").exists()  # M1 and M3 need it


def test_new_rows_are_drafted_at_once(data: Path, metadata: Path) -> None:
    drafted(data, metadata)
    text = decided(data, {"thirty-2026-29": {"decision": "new"}})
    assert "drafted  thirty-2026-29  model/knownone" in text


@pytest.mark.parametrize(
    ("item", "columns", "said"),
    [
        ("thirty-2026-03", {"decision": "perhaps"}, "'perhaps' is no decision"),
        ("thirty-2026-03", {"decision": "skip"}, "say why"),
        ("thirty-2026-03", {"decision": "accept", "record": "M3"}, "'M3' names no record"),
        ("thirty-2026-03", {"decision": "new"}, "has a draft"),
        (
            "thirty-2026-29",
            {"decision": "accept", "record": "model/nowhere"},
            "there is no record model/nowhere",
        ),
        ("model/ground", {"decision": "new"}, "a name is accepted"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    data: Path, metadata: Path, item: str, columns: dict[str, str], said: str
) -> None:
    drafted(data, metadata)
    before = {path: path.read_bytes() for path in data.rglob("*.*")}
    text = decided(data, {"thirty-2026-05": {"decision": "accept"}, item: columns}, code=None)
    assert said in text
    assert before == {path: path.read_bytes() for path in data.rglob("*.*")}


def test_the_terminal_asks_one_after_the_other(data: Path, metadata: Path) -> None:
    drafted(data, metadata)
    answers = "a\nwhat\nlater\nr model/known-one\nskip it is an essay\nquit\n"
    text = run("review", "thirty-2026", "--data", data, text=answers)
    assert "1/" in text
    assert "'what' is no decision" in text
    rows = {row.id: row.record for row in load_list(data / "list" / "thirty-2026.yaml").rows}
    assert [rows[f"thirty-2026-0{number}"] for number in (1, 2, 3, 4)] == [
        "model/m1", "model/m2", "model/known-one", None,
    ]  # fmt: skip
    assert "reviewed" not in (data / "model/m1.yaml").read_text()
    assert load_list(data / "list" / "thirty-2026.yaml").skip == {"thirty-2026-04": "it is an essay"}
    before = {path: path.read_bytes() for path in data.rglob("*.*")}
    run("review", "thirty-2026", "--data", data, text="a\n", code=1)  # the input ends: nothing is decided
    assert before == {path: path.read_bytes() for path in data.rglob("*.*")}


def test_drafts_wait_until_they_are_accepted(data: Path, metadata: Path) -> None:
    drafted(data, metadata)
    path = data / "list" / "thirty-2026.yaml"
    assert len(load_list(path).provisional) == 28
    decided(data, {"thirty-2026-03": {"decision": "accept"}})
    assert "thirty-2026-03" not in load_list(path).provisional
    assert len(load_list(path).provisional) == 27


def test_one_answer_for_a_name_in_many_cells(data: Path, metadata: Path) -> None:
    imported(data, markdown().replace("| Pathology |", "| Slidez |").replace("Fundus photography", "Qqq"))
    run("draft", "thirty-2026", "--data", data, "--metadata", metadata)
    said = {
        "cell:modality:Slidez": {"decision": "accept", "record": "modality/histopathology"},
        "cell:modality:Qqq": {"decision": "skip: nobody knows what is meant"},
    }
    listed = data / "list" / "thirty-2026.yaml"
    decided(data, said)
    assert "Slidez" in (data / "modality/histopathology.yaml").read_text("utf-8")
    cells = load_list(listed).not_read
    assert {cell.column for cell in cells} == {"Modality"}
    assert {cell.part for cell in cells} == {"Qqq"}
    assert len(cells) == 13
    with pytest.raises(AssertionError):  # neither is asked again
        decided(data, said)


def test_the_rest_of_a_cell_is_read_though_a_name_in_it_is_not(data: Path, metadata: Path) -> None:
    imported(data, markdown().replace("| Fundus photography |", "| Qqq, Fundus photography |"))
    run("match", "thirty-2026", "--data", data)
    run("draft", "thirty-2026", "--data", data, "--metadata", metadata)
    run("review", "thirty-2026", "--data", data, "--accept-above", "0.9")
    assert "no modality is called 'Qqq'" in run("check", "--data", data)
    decided(data, {"cell:modality:Qqq": {"decision": "skip: nobody knows what is meant"}})
    assert "Qqq" not in run("check", "--data", data)
    told = f"<{entity_iri('model', 'm2')}> <{FMG}modality> <{entity_iri('modality', 'fundus-photography')}> ."
    assert told in [line.rstrip("\n") for line in build(data).lines()]


def test_edits_change_only_what_has_to_change(data: Path) -> None:
    folder = resources.ontology_dir()
    edits = Edits(data, Schema(folder / "context.jsonld", folder / "fmgraph.ttl"))
    before = RECORDS["model/known-one"]
    edits.add_name("model/known-one", "K1")
    edits.add_name("model/known-one", "K, 2")
    edits.add_name("model/known-one", "KnownOne")
    edits.rename("paper/known-one", "paper/renamed")
    edits.write()
    after = (data / "model/known-one.yaml").read_text()
    assert after == before.replace("label: KnownOne\n", "label: KnownOne\naka: [K1, 'K, 2']\n").replace(
        "described_by: known-one", "described_by: renamed"
    )
    assert (data / "paper/renamed.yaml").read_text() == RECORDS["paper/known-one"]
    assert edits.references()["paper/renamed"] == {"model/known-one"}


def test_a_work_whose_year_nothing_states_comes_to_a_clean_check(data: Path, metadata: Path) -> None:
    imported(data, "## Models\n\n| Name | Title |\n|---|---|\n| Undated | A model of no year at all |\n")
    run("draft", "thirty-2026", "--data", data, "--metadata", metadata)
    assert run("check", "--data", data).count("error:") == 0
    run("review", "thirty-2026", "--data", data, "--accept-above", "0")
    record = yaml.safe_load((data / "model/undated.yaml").read_text())
    assert [one["for"] for one in record["searched"]] == ["year"]
    assert run("check", "--data", data) == "no findings\n"
