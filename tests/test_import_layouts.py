"""Lists as they are laid out in the wild, and that no link of a file is lost in silence."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmgraph.errors import ListError
from fmgraph.lists import import_list, load_list, write_list
from fmgraph.lists.html_blocks import html_events
from fmgraph.lists.import_list import ImportedList
from fmgraph.lists.inline_markdown import links, plain


def rows(text: str) -> list[tuple[str, int, dict[str, str]]]:
    """Section, line and filled cells of each row."""
    found = import_list(text, "l")
    return [
        (table.section, row.line, {header: cell for header, cell in row.cells.items() if cell})
        for table in found.tables
        for row in table.rows
    ]


def test_items_are_venue_title_links_and_text() -> None:
    text = """\
## Models
1. [2026 arXiv] **Heart: A model of hearts** [[paper]](https://a.example/1) [code](https://github.com/a/heart)
2. [Lung](https://a.example/2) - breathes. ([weights](https://huggingface.co/a/lung), [demo]())
- [ ] Liver: a model of livers. [[Paper]](https://a.example/3)
* [**CVPR, 2025**] **Kidney**: A model of kidneys.

## Data
- Nothing to be seen
"""
    assert rows(text) == [
        (
            "Models",
            2,
            {
                "Venue": "2026 arXiv",
                "Title": "**Heart: A model of hearts**",
                "Links": "[[paper]](https://a.example/1) [code](https://github.com/a/heart)",
            },
        ),
        (
            "Models",
            3,
            {
                "Title": "[Lung](https://a.example/2)",
                "Links": "[weights](https://huggingface.co/a/lung)",
                "Text": "breathes.",
            },
        ),
        ("Models", 4, {"Title": "Liver: a model of livers.", "Links": "[[Paper]](https://a.example/3)"}),
        ("Models", 5, {"Venue": "**CVPR, 2025**", "Title": "**Kidney**: A model of kidneys."}),
    ]


def test_brackets_with_a_year_after_a_title_are_its_venue() -> None:
    text = """\
**Heart: A model.** [Jun., 2022] [AAAI, 2022].<br>*Ann One*<br>[[PDF](https://a.example/1)]

**A lung [of sorts].** [Mar., 2023].<br>[[PDF](https://a.example/2)]
"""
    assert [cells for _, _, cells in rows(text)] == [
        {
            "Venue": "AAAI, 2022",
            "Title": "**Heart: A model.**",
            "Links": "[PDF](https://a.example/1)",
            "Text": "[Jun., 2022] <br>*Ann One*<br>",
        },
        {"Venue": "Mar., 2023", "Title": "**A lung [of sorts].**", "Links": "[PDF](https://a.example/2)"},
    ]


def test_bold_lines_are_headings_even_right_below_an_item() -> None:
    text = """\
# Methods
**2025**
- [ICML] A. [[p]](https://a.example/1)
**2024**
- [ICLR] B. [[p]](https://a.example/2)

# Data
- [C](https://a.example/3)
"""
    assert [(section, cells["Title"]) for section, _, cells in rows(text)] == [
        ("Methods › 2025", "A."),
        ("Methods › 2024", "B."),
        ("Data", "[C](https://a.example/3)"),
    ]


def test_items_below_an_item_are_rows_or_its_links() -> None:
    text = """\
- Heart
  - [paper](https://a.example/1)
  - [code](https://github.com/a/heart)
- MRI
  - [One](https://a.example/2): of brains, with words
  - [Two](https://a.example/3): of knees, with words
"""
    assert [(line, cells["Title"]) for _, line, cells in rows(text)] == [
        (1, "Heart"),
        (5, "[One](https://a.example/2)"),
        (6, "[Two](https://a.example/3)"),
    ]


def test_works_at_any_depth_are_rows_of_their_own() -> None:
    text = """\
- Models
  - MRI
    - [One](https://a.example/1)
    - [Two](https://a.example/2)
      - [code](https://github.com/a/two)
  - CT
    - [Three](https://a.example/3): of chests
"""
    assert [(line, cells["Title"], cells.get("Links")) for _, line, cells in rows(text)] == [
        (3, "[One](https://a.example/1)", None),
        (4, "[Two](https://a.example/2)", "[code](https://github.com/a/two)"),
        (7, "[Three](https://a.example/3)", None),
    ]


def test_links_below_a_heading_are_those_of_the_work_that_it_names() -> None:
    text = """\
## Models
### Heart
- Paper: [here](https://a.example/1)
- [Code](https://github.com/a/heart)

### Lung
- [Paper](https://a.example/2)
- [Weights](https://huggingface.co/a/lung)
"""
    assert rows(text) == [
        (
            "Models",
            3,
            {
                "Title": "Heart",
                "Links": "Paper: [here](https://a.example/1) [Code](https://github.com/a/heart)",
            },
        ),
        (
            "Models",
            7,
            {
                "Title": "Lung",
                "Links": "[Paper](https://a.example/2) [Weights](https://huggingface.co/a/lung)",
            },
        ),
    ]


def test_a_table_in_an_item_does_not_hide_the_items_beside_it() -> None:
    text = "- Group\n\n  | A |\n  |---|\n  | [x](https://a.example/1) |\n\n- [B](https://a.example/2) b\n"
    assert [line for _, line, _ in rows(text)] == [5, 7]
    assert import_list(text, "l").unread == ()


def test_items_that_are_no_rows_are_told() -> None:
    text = "## Models\n- A model of hearts\n- [B](https://a.example/1)\n- C (2024)\n"
    found = import_list(text, "l")
    assert [row.line for row in found.rows] == [3]
    assert [line for line, _ in found.notes] == [2]
    assert found.notes[0][1].endswith("lines 2, 4")


def test_a_cell_across_an_html_table_is_the_heading_of_the_rows_below() -> None:
    text = """\
## S
<table><tr><th>A</th><th>B</th></tr>
<tr><td>a</td><td>1</td></tr>
<tr><td colspan="2"><b>Group</b></td></tr>
<tr><td>b</td><td>2</td></tr>
</table>
"""
    assert rows(text) == [("S", 3, {"A": "a", "B": "1"}), ("S › Group", 5, {"A": "b", "B": "2"})]


def test_sections_below_the_news_are_news_and_those_below_the_contents_are_not() -> None:
    text = "# {}\n## 2024\n- [A](https://a.example/1) a\n\n# Models\n- [B](https://a.example/2) b\n"
    assert [line for _, line, _ in rows(text.format("News"))] == [6]
    assert [line for _, line, _ in rows(text.format("Table of Contents"))] == [3, 6]
    assert [line for _, line, _ in rows(text.format("New models"))] == [3, 6]


def test_paragraphs_with_the_links_of_a_work_are_rows_where_there_are_several() -> None:
    work = "**{0}**{1}[[paper]](https://a.example/{0}) [[code]](https://github.com/a/{0})\n\n"
    for between in (" ", "  \nAnn One  \n", "\\\n", ": a model\n"):
        text = work.format("heart", between) + work.format("lung", between)
        found = import_list("See the [paper](https://a.example/p) for more words.\n\n" + text, "l")
        assert [row.cells["Title"].partition(":")[0] for row in found.rows] == ["**heart**", "**lung**"]
        assert found.unread == ((1, "https://a.example/p"),)
    with pytest.raises(ListError, match="no table and no card"):
        import_list(work.format("heart", " "), "l")


def test_a_row_that_cannot_be_read_can_be_left() -> None:
    text = "| A | B |\n|---|---|\n| a | [x](https://a.example/1) | c |\n| b | 2 |\n"
    found = import_list(text, "l", leave={3})
    assert [row.line for row in found.rows] == [4]
    assert found.unread == ((3, "https://a.example/1"),)
    assert found.notes[0][0] == 3
    with pytest.raises(ListError):
        import_list(text, "l", leave={4})


def test_what_was_passed_over_is_told_where_nothing_is_read() -> None:
    with pytest.raises(ListError) as caught:
        import_list("## News\n- [A](https://a.example/1)\n", "l")
    assert [error.line for error in caught.value.all()] == [None, 2]


def test_an_html_table_with_spans_and_grouped_headers() -> None:
    text = """\
<table>
 <thead><tr><th rowspan="2">Model</th><th colspan="2"><b>Size</b></th></tr>
 <tr><th>Params</th><th>Data</th></tr></thead>
 <tbody>

 <tr><td rowspan=2>A&amp;B</td><td>1<br>2</td><td><a href="https://a.example/?x=1&amp;y=2">x</a></td></tr>
 <!-- <tr><td>old</td><td>0</td><td>0</td></tr> -->
 <tr><td>3<td>4</tr>
 </tbody>
</table>
"""
    found = import_list(text, "l")
    assert found.tables[0].headers == ("Model", "Size / Params", "Size / Data")
    assert [tuple(row.cells.values()) for row in found.rows] == [
        ("A&amp;B", "1<br>2", '<a href="https://a.example/?x=1&amp;y=2">x</a>'),
        ("A&amp;B", "3", "4"),
    ]
    assert [row.line for row in found.rows] == [6, 8]
    assert (found.links, found.unread) == (1, ())


def test_headings_of_every_kind_and_front_matter() -> None:
    table = "| N |\n|---|\n| {} |\n\n"
    text = (
        "---\ntitle: T\n---\n\n" + table.format("a")
        + "Setext\n===\n\n" + table.format("b")
        + "<h2 align='center'>CT <i>scans</i></h2>\n\n" + table.format("c")
        + "<details><summary>Older</summary>\n\n" + table.format("d") + "</details>\n\n" + table.format("e")
    )  # fmt: skip
    assert [(section, cells["N"]) for section, _, cells in rows(text)] == [
        ("", "a"),
        ("Setext", "b"),
        ("CT scans", "c"),
        ("Older", "d"),
        ("CT scans", "e"),
    ]
    assert rows(text)[0][1] == 7


def test_rows_in_comments_are_no_rows_and_what_is_about_the_list_is_none() -> None:
    text = """\
## Contents
- [Models](#models)
- [Elsewhere](https://a.example/nav)

## News
| Date | What |
|---|---|
| 2026 | [moved](https://a.example/news) |

## Models
| N | L |
|---|---|
| A | [x](https://a.example/1) |
<!--
| B | [x](https://a.example/2) |
-->
"""
    found = import_list(text, "l")
    assert [row.cells["N"] for row in found.rows] == ["A"]
    assert found.unread == ((3, "https://a.example/nav"), (8, "https://a.example/news"))
    assert found.links == 3
    assert len(found.notes) == 2


def test_cards_with_a_linked_title_and_a_table() -> None:
    text = """\
> ### [[Nature] A heart](https://a.example/1)
> **Link:** [x](https://a.example/2)
>
> | Size | Data |
> |---|---|
> | 1 | [d](https://a.example/3) |

> ### **A remark**
> *not a card*
"""
    assert rows(text) == [
        (
            "",
            1,
            {
                "Venue": "Nature",
                "Title": "[A heart](https://a.example/1)",
                "Link": "[x](https://a.example/2)",
                "Table": "| Size | Data |<br>|---|---|<br>| 1 | [d](https://a.example/3) |",
            },
        )
    ]


@pytest.mark.parametrize(
    ("heading", "venue", "title"),
    [
        ("**[[MICCAI 2024] A lung](https://a.example/1)**", "MICCAI 2024", "[A lung](https://a.example/1)"),
        ("**[Nature] A lung**", "Nature", "A lung"),
        ("**[Nature]** [A lung](https://a.example/1)", "Nature", "[A lung](https://a.example/1)"),
        ("[[Nature](https://n.example)] A lung", "[Nature](https://n.example)", "A lung"),
        ("[A lung](https://a.example/1)", "", "[A lung](https://a.example/1)"),
        ("*In vivo* and **in vitro**", "", "*In vivo* and **in vitro**"),
    ],
)
def test_the_heading_of_a_card_is_venue_and_title(heading: str, venue: str, title: str) -> None:
    [(_, _, cells)] = rows(f"> ### {heading}\n> **Link:** x\n")
    assert (cells.get("Venue", ""), cells["Title"]) == (venue, title)


@pytest.mark.parametrize("comment", ["<!-- | B | b | -->", "<!--\n| B | b |\n\n| C | c |\n-->", "<!-- --> "])
@pytest.mark.parametrize("edge", ["| ", ""])
def test_a_comment_between_rows_does_not_end_the_table(comment: str, edge: str) -> None:
    end = edge[::-1]
    above, below = f"{edge}A | a{end}", f"{edge}D | d{end}\n{edge}E | {end}"
    text = f"| N | L |\n|---|---|\n{above}\n{comment}\n{below}\n"
    found = import_list(f"{text}\nA | sentence\n", "l")
    assert [row.cells["N"] for row in found.rows] == ["A", "D", "E"]
    assert found.rows[1].line == 5 + comment.count("\n")
    assert any("comment" in note for _, note in found.notes)


def test_a_heading_in_a_quote_reaches_to_its_end() -> None:
    text = "## CT\n\n> ## News\n> - [x](https://a.example/news)\n\n| N |\n|---|\n| A |\n"
    assert [(section, cells) for section, _, cells in rows(text)] == [("CT", {"N": "A"})]


def test_a_rule_at_the_head_of_a_file_is_no_front_matter() -> None:
    table = "| N |\n|---|\n| {} |\n\n"
    assert len(rows("---\n\n## One\n\n" + table.format("a") + "---\n\n" + table.format("b"))) == 2
    assert [row[0] for row in rows("---\n# ours\ntitle: a: b\n---\n" + table.format("a"))] == [""]


def test_full_width_marks_end_an_address() -> None:
    found = import_list("| L |\n|---|\n| （https://a.example/1）、https://a.example/2。 |\n", "l")
    assert [link.href for link in links(found.rows[0].cells["L"])] == [
        "https://a.example/1",
        "https://a.example/2",
    ]


def test_blocks_with_breaks_are_rows_where_there_are_several() -> None:
    block = "**[{0}](https://a.example/{0})**<br>\n*Ann One*<br>\n[Code](https://github.com/a/{0})\n\n"
    text = "A [list](https://a.example/l)<br>of [things](https://a.example/t).\n\n## Models\n\n"
    found = rows(text + block.format("heart") + block.format("lung"))
    assert [(section, cells["Title"], cells["Links"]) for section, _, cells in found] == [
        ("Models", f"[{name}](https://a.example/{name})", f"[Code](https://github.com/a/{name})")
        for name in ("heart", "lung")
    ]


def test_harmless_slips_are_read_and_noted() -> None:
    text = "|  | L | L |\n|---|---|---|\n| a | b |\n| `x|y` | c | d |\n| e | f | g | |\n"
    found = import_list(text, "l")
    assert [tuple(row.cells.values()) for row in found.rows] == [
        ("a", "b", ""),
        ("`x|y`", "c", "d"),
        ("e", "f", "g"),
    ]
    assert found.tables[0].headers == ("Column 1", "L", "L (2)")
    assert [line for line, _ in found.notes] == [1, 1, 3, 4, 5]


def test_all_rows_that_cannot_be_read_are_told_at_once() -> None:
    text = "| A | B |\n|---|---|\n| 1 | 2 | 3 |\n| 1 | 2 |\nwords\n\n| A |\n|---|\n| 1 | 2 |\n"
    with pytest.raises(ListError) as caught:
        import_list(text, "l", file="list.md")
    assert [error.line for error in caught.value.all()] == [3, 5, 9]
    assert str(caught.value).count("list.md:") == 3


def test_a_reference_link_keeps_its_address() -> None:
    found = import_list("| L |\n|---|\n| [paper][1] |\n\n[1]: https://a.example/x_(y) 'T'\n", "l")
    assert found.rows[0].cells["L"] == "[paper](<https://a.example/x_(y)>)"
    assert found.unread == ()


URL = st.from_regex(r"\Ahttps://[a-z]{1,5}\.example/[a-z0-9]{1,6}\Z")
LINK = st.one_of(
    st.builds(
        "[{}]({})".format, st.sampled_from(["code", "a b", "**x**", "![i](https://i.example/i.png)"]), URL
    ),
    st.builds("[[p]]({})".format, URL),
    st.builds("<{}>".format, URL),
    st.builds(
        '<a href="{}"><img src="https://img.shields.io/badge/Code-x-green" alt="Code"></a>'.format, URL
    ),
    URL,
)
WORDS = st.text(st.sampled_from("abc XY.,-*_`!()[]"), max_size=12)
TEXT = st.lists(st.one_of(LINK, WORDS), max_size=4).map(" ".join)
BLOCK = st.one_of(
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3).map(
        lambda cells: "| A | B |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in cells)
    ),
    st.lists(TEXT, min_size=1, max_size=3).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.lists(TEXT, min_size=1, max_size=3).map(lambda texts: "\n".join(f"1. [V] {text}" for text in texts)),
    TEXT.map(lambda text: f"## {text}"),
    TEXT.map(lambda text: f"> ### {text}\n> **Link:** {text}"),
    TEXT.map(lambda text: f"<table><tr><th>A</th></tr><tr><td>{text}</td></tr></table>"),
    TEXT.map(lambda text: f"{text}<br>{text}"),
    TEXT.map(lambda text: f"{text}  \n{text}"),
    st.tuples(TEXT, TEXT, TEXT).map(lambda t: f"- {t[0]}\n  - {t[1]}\n    - {t[2]}\n    - x {t[0]}"),
    st.tuples(URL, URL).map(lambda u: f"### Heart\n- Paper: [p]({u[0]})\n- [code]({u[1]})"),
    TEXT.map(lambda text: f"- Group\n\n  | A |\n  |---|\n  | {text} |\n\n- {text}"),
    TEXT.map(
        lambda text: f"<table><tr><th>A</th><th>B</th></tr><tr><td colspan=2>{text}</td></tr>"
        f"<tr><td>a</td><td>{text}</td></tr></table>"
    ),
    TEXT.map(lambda text: f"## News\n- {text}"),
    TEXT,
)  # fmt: skip


def in_rows(found: ImportedList) -> Counter[str]:
    return Counter(link.href for row in found.rows for cell in row.cells.values() for link in links(cell))


@settings(deadline=None, max_examples=150)
@given(st.lists(BLOCK, min_size=1, max_size=6))
def test_every_link_is_in_a_row_or_told_as_unread(blocks: list[str]) -> None:
    text = "\n\n".join([*blocks, "| Z |\n|---|\n| last |"])
    expected = Counter(link.href for block in blocks for line in block.split("\n") for link in links(line))
    try:
        found = import_list(text, "l")
    except ListError:
        return
    told = in_rows(found) + Counter(href for _, href in found.unread)
    assert set(expected) <= set(told)
    assert found.links >= len(found.unread)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(WORDS, TEXT), min_size=1, max_size=5))
def test_every_item_is_a_row_or_told_as_passed_over(texts: list[str]) -> None:
    text = "".join(f"- a{number} {text}\n" for number, text in enumerate(texts))
    found = import_list(f"{text}\n| Z |\n|---|\n| last |", "l")
    told = {row.line for row in found.rows}
    for line, note in found.notes:
        told |= {line, *(map(int, note.rpartition("lines ")[2].split(", ")) if "lines" in note else ())}
    assert set(range(1, len(texts) + 1)) <= told


@settings(deadline=None)
@given(st.text(st.sampled_from("<>/\"'=- \n|[]()!#*`:abhrefltdx&;\\"), max_size=120))
def test_any_text_is_imported_or_refused(text: str) -> None:
    html_events(text, 1)
    plain(text)
    links(text)
    for source in (
        text,
        f"<table>{text}",
        f"- [x](https://a.example) {text}\n{text}",
        f"> ### {text}\n> **L:** {text}",
    ):
        try:
            found = import_list(source, "l")
        except ListError:
            continue
        assert found.rows


def imported(tmp_path: Path, text: str) -> Path:
    write_list(import_list(text, "l"), tmp_path)
    return tmp_path / "list/l.yaml"


FIRST = "| Name | Note |\n|---|---|\n| A | Says [x](https://a.example/n) |\n| B | - |\n"


def test_a_link_in_prose_is_not_kept_and_told(tmp_path: Path) -> None:
    report = write_list(import_list(FIRST, "l"), tmp_path)
    assert report.unread == [(3, "https://a.example/n")]
    assert "  links    1 in the file, 0 in rows, 1 left unread, at lines 3" in str(report)
    assert not report.too_many_unread


def test_a_list_that_is_hardly_read_is_a_failure(tmp_path: Path) -> None:
    nav = "".join(f"[{n}](https://a.example/{n})\n\n" for n in range(40))
    report = write_list(import_list(nav + FIRST, "l"), tmp_path)
    assert report.too_many_unread


def test_an_import_killed_between_its_two_files_is_told(tmp_path: Path) -> None:
    path = imported(tmp_path, FIRST)
    yaml = path.read_text(encoding="utf-8")
    imported(tmp_path, FIRST.replace("| B | - |", "| C | - |"))
    path.write_text(yaml, encoding="utf-8")
    with pytest.raises(ListError, match="import the list again"):
        load_list(path)
    imported(tmp_path, FIRST)
    assert [row.cells["Name"] for row in load_list(path).rows] == ["A", "B"]


def test_states_of_rows_cells_and_columns_are_kept(tmp_path: Path) -> None:
    path = imported(
        tmp_path,
        "## S\n| Name | Size | Rank |\n|---|---|---|\n| A | big | 1 |\n| B | 2 | 2 |\n| C | 3 | 3 |\n",
    )
    text = path.read_text(encoding="utf-8")
    text = text.replace("columns: [Name, Size, Rank]", "columns: [Name, Size, {Rank: {ignore: here only}}]")
    path.write_text(
        text + "replaces: k\nskip: {l-03: a tool}\nnot_read: [{row: l-01, column: Size, reason: no number}]\n"
        "provisional: [l-02]\n",
        encoding="utf-8",
    )  # fmt: skip
    before = load_list(path)
    assert before.tables[0].columns[2].spec.ignored == "here only"
    assert (before.skip, before.provisional, before.replaces) == ({"l-03": "a tool"}, {"l-02"}, "k")
    assert [(cell.row, cell.column, cell.reason) for cell in before.not_read] == [
        ("l-01", "Size", "no number")
    ]
    imported(tmp_path, "## S\n| Name | Size | Rank |\n|---|---|---|\n| A | big | 1 |\n| C | 3 | 3 |\n")
    after = load_list(path)
    assert after.tables[0].columns[2].spec.ignored == "here only"
    assert (after.skip, after.provisional, after.removed_ids) == ({"l-03": "a tool"}, frozenset(), ("l-02",))


def test_all_that_is_wrong_with_a_list_is_told_at_once(tmp_path: Path) -> None:
    path = imported(tmp_path, FIRST)
    text = path.read_text(encoding="utf-8").replace("layout: table", "layout: poem")
    path.write_text(text + "skip: {l-09: none such}\nprovisional: [l-08]\n", encoding="utf-8")
    with pytest.raises(ListError) as caught:
        load_list(path)
    assert len(list(caught.value.all())) == 3


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80), st.integers(0, 300))
def test_a_mangled_csv_or_yaml_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    path = imported(tmp_path_factory.mktemp("mangled"), FIRST)
    for file in (path, path.with_suffix(".csv")):
        whole = file.read_bytes()
        file.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
        with contextlib.suppress(ListError):
            assert load_list(path).rows is not None
        file.write_bytes(whole)
