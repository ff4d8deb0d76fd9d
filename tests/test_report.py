"""The report to a list's maintainer, from the sample graph."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, Store, Triple

from fmgraph.errors import NotFoundError
from fmgraph.lists.feedback_markdown import to_markdown
from fmgraph.lists.list_feedback import Suggestion, Value, feedback
from fmgraph.lists.list_patch import patch
from fmgraph.lists.markdown_text import code, escape, link
from fmgraph.rdf.prefixes import BASE, FMG, RDF, RDFS

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
Term = NamedNode | BlankNode | Literal | Triple


class Engine:
    def __init__(self) -> None:
        self.store = Store()
        self.store.bulk_load(path=SAMPLE)

    def rows(self, query: str) -> list[dict[str, Term]]:
        result = self.store.query(query)
        assert isinstance(result, QuerySolutions)
        names = [variable.value for variable in result.variables]
        return [{name: row[name] for name in names if row[name] is not None} for row in result]  # type: ignore[misc]


def report(engine: Engine, list_id: str) -> str:
    return to_markdown(feedback(engine, list_id))


def test_a_deprecated_claim_is_a_correction_with_reason_and_evidence() -> None:
    text = report(Engine(), "plm2233-2025-12")
    assert "1 correction and 1 gap in 3 rows" in text
    assert "### EyeCLIP: row 13 (line 76), Retinal Models" in text
    (item,) = [line for line in text.splitlines() if line.startswith("- **Model backbone**")]
    assert "says `ViT-B/16`" in item
    assert "The released code loads ViT-B/32." in item
    assert "it should be ViT-B/32 (" in item
    assert item.count("https://github.com/Michi-3000/EyeCLIP/blob/7b3f2bc/CLIP_ft_all_1enc_all.py") == 1


def test_an_outranked_claim_is_a_correction_too() -> None:
    text = report(Engine(), "plm2233-2025-11")
    assert "**Weights** says `✅`: it should be gated" in text


def test_another_spelling_is_no_correction_and_nothing_is_told_twice() -> None:
    engine = Engine()
    (found,) = engine.rows(
        f"""SELECT ?c ?o {{ ?c <{FMG}rank> <{FMG}DeprecatedRank> ; <{RDF}object> ?o ; <{RDF}subject> ?s }}"""
    )
    label = NamedNode(f"{RDFS}label")
    engine.store.remove(Quad(NamedNode(f"{BASE}backbone/vit-b-16"), label, Literal("ViT-B/16")))
    engine.store.add(Quad(NamedNode(f"{BASE}backbone/vit-b-16"), label, Literal("vit-b / 32")))
    assert found["o"] == NamedNode(f"{BASE}backbone/vit-b-16")
    assert "1 correction " in report(engine, "plm2233-2025-12")  # somebody gave a reason
    for quad in list(engine.store.quads_for_pattern(found["c"], NamedNode(f"{FMG}reason"), None)):  # type: ignore[arg-type]
        engine.store.remove(quad)
    assert "0 corrections" in report(engine, "plm2233-2025-12")


def test_gaps_name_the_empty_column_and_the_source() -> None:
    text = report(Engine(), "plm2233-2025-12")
    gaps = text[text.index("## Gaps") :]
    assert "### RETFound: row 21 (line 82)" in gaps
    assert "- **Weights** is empty: [https://huggingface.co/YukunZhou/RETFound\\_mae\\_natureCFP]" in gaps
    assert "Licence" not in gaps  # the list has no column for it
    assert "RetiZero" not in gaps  # all it has is in the row


def test_nothing_wrong_is_said_in_so_many_words() -> None:
    engine = Engine()
    for claim in engine.rows(f"SELECT ?c {{ ?c a <{FMG}Claim> }}"):
        for quad in list(engine.store.quads_for_pattern(claim["c"], None, None)):  # type: ignore[arg-type]
            engine.store.remove(quad)
    text = report(engine, "plm2233-2025-11")
    assert "0 corrections and 0 gaps in 1 row." in text
    assert text.count("None.") == 2


def test_an_unknown_list_has_neighbours() -> None:
    with pytest.raises(NotFoundError, match="nearest: plm2233-2025-12"):
        report(Engine(), "plm2233-2025-13")
    with pytest.raises(NotFoundError):
        report(Engine(), "x> . DROP ALL")


def test_data_cannot_break_the_markdown() -> None:
    engine, name = Engine(), NamedNode(f"{RDFS}label")
    eyeclip = NamedNode(f"{BASE}model/eyeclip")
    engine.store.remove(Quad(eyeclip, name, Literal("EyeCLIP")))
    engine.store.add(Quad(eyeclip, name, Literal("<script>alert(1)</script>\n# *Eye*")))
    html = MarkdownIt().render(report(engine, "plm2233-2025-12"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; # *Eye*: row 13" in html


@pytest.mark.parametrize("text", ["a`b", "``", "`", "a``b`c", "x"])
def test_code_spans_hold_backticks(text: str) -> None:
    assert f"<code>{text}</code>" in MarkdownIt().render(code(text))


def test_links_only_to_the_web() -> None:
    assert link("x", "javascript:alert(1)") == "x"
    html = MarkdownIt().render(link("a [b] <c>", "https://e.org/a>b c"))
    assert 'href="https://e.org/a%3Eb%20c"' in html
    assert "a [b] &lt;c&gt;" in html
    assert escape("a\n- b") == "a - b"


LIST = """\
# A list

| Year | Title | Code | Backbone |
|------|-------|------|----------|
| 2023 | **Alpha**: a model | [✓](https://github.com/a/a) | ViT-B/16 |
| 2024 | Old title (Beta) | - | iBOT, DINOv2 |
| 2024 | A \\| B | [✓](https://github.com/c/old) | ViT |
"""


def suggestion(line: int, column: int, cell: str, wrong: str, right: str, *more: str) -> Suggestion:
    is_link = right.startswith("http")
    texts = (right, *more)
    values = tuple(Value(one.removeprefix("https://github.com/"), one if is_link else None) for one in texts)
    of = (Value(wrong, wrong if wrong.startswith("http") else None),) if wrong else ()
    return Suggestion("row", line - 4, line, "A list", "Work", "Header", column, cell, of, "", values, ())


def test_one_patch_of_what_is_plain() -> None:
    plain = [
        suggestion(5, 1, "2023", "2023", "2022"),
        suggestion(5, 4, "ViT-B/16", "ViT-B/16", "ViT-B/32"),
        suggestion(6, 2, "Old title (Beta)", "Old title", "New | title"),
        suggestion(6, 3, "-", "", "https://github.com/b/b"),
        suggestion(
            7, 3, "[✓](https://github.com/c/old)", "https://github.com/c/old", "https://github.com/c/new"
        ),
    ]
    not_plain = [
        suggestion(6, 4, "iBOT, DINOv2", "iBOT", "DINOv2"),  # beside another value
        suggestion(7, 4, "ViT", "ViT", "ViT-L", "ViT-B"),  # which of the two?
        suggestion(7, 4, "Swin", "Swin", "ViT-L"),  # the file has something else there
        suggestion(99, 1, "2023", "2023", "2022"),
    ]
    made = patch(LIST, [*plain, *not_plain], "docs/README.md")
    assert list(made.placed) == plain
    assert list(made.unplaced) == not_plain
    assert made.text.startswith("--- a/docs/README.md\n+++ b/docs/README.md\n@@ ")
    assert [line for line in made.text.splitlines() if line.startswith("+|")] == [
        "+| 2022 | **Alpha**: a model | [✓](https://github.com/a/a) | ViT-B/32 |",
        r"+| 2024 | New \| title (Beta) | [✓](https://github.com/b/b) | iBOT, DINOv2 |",
        r"+| 2024 | A \| B | [✓](https://github.com/c/new) | ViT |",
    ]


def test_cards_are_patched_where_the_text_stands_once() -> None:
    card = "> ### [Old Venue] A title\n> **Hardware:** 8 GPUs\n"
    made = patch(card, [suggestion(1, 1, "Old Venue", "Old Venue", "New Venue")])
    assert "+> ### [New Venue] A title" in made.text
    assert patch(card, [suggestion(1, 1, "", "", "New Venue")]).text == ""  # nothing stands there to change


def test_the_shipped_lists_get_no_formatting_and_nothing_from_secondary_sources(shipped) -> None:
    for list_id in ("plm2233-2025-12", "plm2233-2025-11", "qiangqwu-2026-01", "haonguyenthai-2025-11"):
        found = feedback(shipped, list_id)
        assert found.suggestions
        for one in found.suggestions:
            assert one.evidence or any(value.evidence for value in one.right), one
            places = [*one.evidence, *(place for value in one.right for place in value.evidence)]
            assert not any("BearCleverProud" in place.iri for place in places), one
            texts = {"".join(value.text.split()).casefold() for value in one.right}
            assert not {"".join(value.text.split()).casefold() for value in one.wrong} & texts or one.reason


def test_the_command_prints_a_patch(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from fmgraph.cli import main

    file = tmp_path / "list.md"
    file.write_text("nothing of it\n", encoding="utf-8")
    arguments = ["report", "plm2233-2025-12", "--data", str(SAMPLE), "--patch", str(file)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "0 of 2 suggestions are in the patch" in result.output
