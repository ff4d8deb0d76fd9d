"""Reading Markdown lists: tables and cards as people write them, and what is refused with its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmgraph.errors import ListError
from fmgraph.lists import import_list
from fmgraph.lists.export_list import Listing, ListingTable, to_markdown

TABLE = """\
# Models of everything

Some words, and | a pipe.

## Heart :heart:

| Name | Weights |
|:-----|--------:|
| A [x](https://a.example/x) |  -  |
| B \\| C | `w` |

### 🫁 Lungs

Name | Size
--- | ---
D | 3
"""

CARDS = """\
## Gallery

### 2026

> ### [Journal of Hearts] A model: of hearts
>
> **👥 Authors:** *Ann One, Bo Two*
>
> **Link:** [[Read]](https://a.example/1)
> continued here
<br>

> ### No venue here
> **Authors**: Cy Three
> **Hardware:** two GPUs
<br>

### 2025

> ### [Linked title](https://a.example/3)
>
> - **Link:** <https://a.example/4>

> A remark that is no card.
"""


def refused(text: str | bytes) -> ListError:
    with pytest.raises(ListError) as caught:
        import_list(text, "l", file="list.md")
    assert caught.value.file == "list.md"
    assert caught.value.remedy
    return caught.value


def test_tables_keep_sections_headers_lines_and_markdown_source() -> None:
    found = import_list(TABLE, "l")
    assert found.layout == "table"
    assert [(t.section, t.headers) for t in found.tables] == [
        ("Heart :heart:", ("Name", "Weights")),
        ("Lungs", ("Name", "Size")),
    ]
    assert [(row.line, row.cells) for row in found.rows] == [
        (9, {"Name": "A [x](https://a.example/x)", "Weights": "-"}),
        (10, {"Name": "B | C", "Weights": "`w`"}),
        (16, {"Name": "D", "Size": "3"}),
    ]
    assert found.repaired == 0


def test_cards_have_one_set_of_columns_and_their_heading_split() -> None:
    found = import_list(CARDS, "l")
    assert found.layout == "cards"
    assert [t.section for t in found.tables] == ["2026", "2025"]
    headers = ("Venue", "Title", "Authors", "Link", "Hardware")
    assert {t.headers for t in found.tables} == {headers}
    assert [(row.line, tuple(row.cells.values())) for row in found.rows] == [
        (
            5,
            (
                "Journal of Hearts",
                "A model: of hearts",
                "*Ann One, Bo Two*",
                "[[Read]](https://a.example/1) continued here",
                "",
            ),
        ),
        (13, ("", "No venue here", "Cy Three", "", "two GPUs")),
        (20, ("", "[Linked title](https://a.example/3)", "", "<https://a.example/4>", "")),
    ]
    assert [line for line, _ in found.notes] == [24]


@pytest.mark.parametrize(
    "cell",
    [
        "[T](https://paper.link](https://a.example/1)",
        "[HF]([https://hub.example/org/model](https://drive.example/2?usp=sharing))",
        "[[Read the Paper]](https://a.example/4)",
        "[a](https://a.example/1) [b](https://a.example/2)",
        "[a](https://a.example/(x)_y)",
        "**bold _and [unclosed](https://a.example",
    ],
)
def test_nested_doubled_and_broken_links_stay_as_they_are(cell: str) -> None:
    found = import_list(f"| Paper | Code |\n|--|--|\n| {cell} | - |\n", "l")
    assert found.rows[0].cells["Paper"] == cell


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("| 1 | 2 | 3 |", "too many cells: 3"),
        ("| a | [x](https://a.example/?q=1|2) |", "too many cells: 3"),
        ("a line without pipes", "too few cells: 1"),
    ],
)
def test_a_ragged_row_is_refused_with_its_line(row: str, message: str) -> None:
    error = refused(f"# H\n\n| A | B |\n|---|---|\n| 1 | 2 |\n{row}\n")
    assert error.line == 6
    assert message in error.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("| A | B |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n", 5),
        ("| A | B |\n|---|---|---|\n| 1 | 2 |\n", 1),
        ("<div>\n| A | B |\n|---|---|\n| 1 | 2 |\n</div>\n", 2),
        ("A | B | C\n--- | ---\n1 | 2 | 3\n", 2),
    ],
)
def test_rows_outside_a_table_are_not_lost_silently(text: str, line: int) -> None:
    error = refused(text)
    assert error.line == line
    assert "part of no table" in error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Only words\n\nHello.\n", "no table and no card"),
        ("", "no table and no card"),
        ("> ### T\n> **Link:** x\n> **Link:** y\n", "'Link' stands twice"),
        ("> ### T\n>\n> words\n>\n> **Link:** y\n", "without a label"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str) -> None:
    assert message in refused(text).message


def test_a_quoted_table_is_a_table_and_an_empty_one_is_noted() -> None:
    found = import_list("> | A | B |\n> |--|--|\n> | 1 | 2 |\n\n| C |\n|---|\n", "l")
    assert [row.cells for row in found.rows] == [{"A": "1", "B": "2"}]
    assert found.notes == ((5, "a table without rows was passed over"),)


def test_tables_in_code_are_examples() -> None:
    found = import_list("```\n| X | Y |\n|---|---|\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n", "l")
    assert [row.cells for row in found.rows] == [{"A": "1", "B": "2"}]


@pytest.mark.parametrize("list_id", ["", "A list", "a--b", "../x"])
def test_a_list_id_is_a_slug(list_id: str) -> None:
    with pytest.raises(ListError, match="no list id"):
        import_list(TABLE, list_id)


#: Cells as people write them: Markdown, pipes and backslashes included. What could be mojibake (``×“`` is
#: also a misread Hebrew letter) is tested on its own.
CELL = st.text(st.sampled_from("abcXYZ 0159-_*~`'\"<>()[]{}#!&$%^+=:;,./?\\|é×αβ→中✅ü"), max_size=25).map(
    str.strip
)


@settings(deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[CELL] * width), min_size=1, max_size=4)))
def test_a_table_given_back_reads_in_as_the_same_cells(rows: list[tuple[str, ...]]) -> None:
    headers = tuple(f"H|{number}" for number in range(len(rows[0])))
    markdown = to_markdown(Listing("l", "L", (ListingTable("S", headers, tuple(rows)),)))
    found = import_list(markdown, "l")
    assert found.tables[0].section == "S"
    assert found.tables[0].headers == headers
    assert [tuple(row.cells.values()) for row in found.rows] == rows
    assert found.repaired == 0


@settings(deadline=None)
@given(st.text(max_size=200))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    try:
        found = import_list(f"| A | B |\n|--|--|\n| {text} | 1 |\n", "l")
    except ListError:
        return
    assert all(cell == cell.strip() for row in found.rows for cell in row.cells.values())
