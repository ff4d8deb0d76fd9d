"""Simulated editions of the shipped lists: rows dropped, rows of other lists added, formatting changed."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import pytest

from fmgraph import resources
from fmgraph.lists import Row, SourceList, load_lists
from fmgraph.lists.editions import Signature, match_rows
from fmgraph.lists.row_identifiers import known_by

LISTS = load_lists(resources.data_dir())
BY_ID = {source.id: source for source in LISTS}
_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((https?://[^()\s]+)\)")
#: Ways in which a maintainer formats the same row anew.
FORMATS: list[Callable[[str], str]] = [
    lambda cell: cell,
    lambda cell: _LINK.sub(r"[✓](\2)", cell),
    lambda cell: _LINK.sub(r'<a href="\2"><b>\1</b></a>', cell),
    lambda cell: _LINK.sub(r"[\1](\2/)", cell),
    lambda cell: _LINK.sub(lambda m: f"[{m[1]}]({m[2].replace('https://', 'http://')})", cell),
    lambda cell: re.sub(r"^([^:\[\]*]{2,40}): (?=\w)", r"**\1**: ", cell),
    lambda cell: cell.replace("–", "-").replace("×", "x"),
    lambda cell: f"{cell}." if cell and cell[-1].isalpha() and " " in cell else cell,
]


def signature(source: SourceList, row: Row, change: Callable[[str], str] = FORMATS[0]) -> Signature:
    cells = {header: change(cell) for header, cell in row.cells.items()}
    columns = source.table(row).columns
    named = [column.header for column in columns if {"name", "title"} & set(column.spec.fields)]
    return Signature(source.table(row).section, cells, known_by(cells, named))


@pytest.mark.parametrize("list_id", sorted(BY_ID))
@pytest.mark.parametrize("seed", range(3))
def test_no_row_of_a_simulated_edition_is_taken_for_another(list_id: str, seed: int) -> None:
    """A quarter is dropped, a quarter is new (rows of other lists), every row is formatted anew."""
    draw = random.Random(f"{list_id} {seed}")
    source = BY_ID[list_id]
    rows = list(source.rows)
    kept = draw.sample(range(len(rows)), max(1, len(rows) * 3 // 4))
    known_here = [signature(source, row).known for row in rows]
    here = {key for known in known_here for key in (*known.identifiers, *known.titles)}
    others = [(other, row) for other in LISTS for row in other.rows]
    foreign = [
        (other, row)
        for other, row in draw.sample(others, len(rows) * 2)
        if not {*signature(other, row).known.identifiers, *signature(other, row).known.titles} & here
    ][: len(rows) // 4]
    new = [(index, signature(source, rows[index], draw.choice(FORMATS))) for index in kept]
    new += [(-1, signature(other, row, draw.choice(FORMATS))) for other, row in foreign]
    draw.shuffle(new)
    old = [signature(source, row) for row in rows]
    pairs = match_rows(old, [one for _, one in new])
    names = [sorted(one.known.titles) for one in old]
    wrong = [
        (rows[new[i][0]].id if new[i][0] >= 0 else "foreign", rows[j].id)
        for i, j in pairs.items()
        if new[i][0] != j and (new[i][0] < 0 or names[new[i][0]] != names[j])  # one work in two rows may swap
    ]
    assert wrong == []
    found = sum(1 for i in pairs if new[i][0] >= 0)
    assert found >= 0.9 * len(kept)


def test_six_thousand_changed_rows_are_paired_in_seconds() -> None:
    def row(number: int, year: int, code: str) -> Signature:
        cells = {
            "Title": f"Model {number}: a model of things number {number}",
            "Year": str(year),
            "Code": f"[{code}](https://github.com/acme/m{number})",
        }
        return Signature("S", cells, known_by(cells, ["Title"]))

    old = [row(number, 2025, "code") for number in range(6000)]
    new = [row(number, 2026, "✓") for number in reversed(range(6000))]
    started = time.perf_counter()
    pairs = match_rows(old, new)
    assert time.perf_counter() - started < 20
    assert pairs == {position: 5999 - position for position in range(6000)}
