"""The suggestions for a list as one unified patch of its Markdown, in the list's own style."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fmgraph.lists.list_feedback import Suggestion
from fmgraph.text import match_key

_BAR = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[(?P<label>[^\[\]]*)\]\((?P<url>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
#: What may stand beside a value: emphasis, and a name in parentheses. Else it is not plain what to change.
_ALONE = re.compile(r"[\W_]*(?:\([^()]+\)[\W_]*)?")
#: How many lines below its first a card or item may reach.
_REACH = 30


@dataclass(frozen=True)
class Patch:
    """A unified diff (as ``patch -p1`` and ``git apply`` take it), and what is not in it."""

    text: str
    placed: tuple[Suggestion, ...]
    unplaced: tuple[Suggestion, ...]  #: those with several values, or whose place in the file is not certain


def patch(markdown: str, suggestions: Sequence[Suggestion], name: str = "README.md") -> Patch:
    """Return the patch of a Markdown file; ``name`` is the file's path in the repository.

    Only cells that stand in the file as the graph has them are changed, each to one value.
    """
    before = markdown.splitlines(keepends=True)
    after = list(before)
    placed: list[Suggestion] = []
    unplaced: list[Suggestion] = []
    for one in suggestions:
        (placed if _place(before, after, one) else unplaced).append(one)
    diff = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    diff_lines = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)
    return Patch("".join(diff_lines), tuple(placed), tuple(unplaced))


def _place(before: list[str], after: list[str], one: Suggestion) -> bool:
    """Change the cell that the suggestion is about; False where it cannot be told, or has no one value."""
    if len(one.right) != 1 or not one.column or one.line > len(before):
        return False
    number = one.line - 1
    cells = _cells(before[number])
    if len(cells) >= one.column and before[number].lstrip().startswith("|"):
        start, end = cells[one.column - 1]
        if before[number][start:end].strip() != one.cell:
            return False
        start, end = _cells(after[number])[one.column - 1]
        new = changed_cell(after[number][start:end].strip(), one, _label(before, one))
        if new is not None:
            after[number] = f"{after[number][:start]} {new} {after[number][end:]}"
        return new is not None
    for number in range(one.line - 1, min(one.line - 1 + _REACH, len(before))):  # a card, an item
        if one.cell and before[number].count(one.cell) == 1 and after[number].count(one.cell) == 1:
            new = changed_cell(one.cell, one, "")
            if new is not None:
                after[number] = after[number].replace(one.cell, new)
            return new is not None
    return False


def _cells(line: str) -> list[tuple[int, int]]:
    """Return where each cell of a pipe table's line starts and ends; [] where the line is none."""
    bars = [match.start() for match in _BAR.finditer(line)]
    if not bars:
        return []
    starts = [bar + 1 for bar in bars]
    ends = [*bars[1:], len(line.rstrip("\n"))]
    if line[: bars[0]].strip():
        starts, ends = [0, *starts], [bars[0], *ends]
    if line.rstrip().endswith("|"):
        starts, ends = starts[:-1], ends[:-1]
    return list(zip(starts, ends, strict=True))


def changed_cell(cell: str, one: Suggestion, label: str = "") -> str | None:
    """Return the cell with the right value in place of the wrong one; None where the place is not plain.

    The suggestion has one right value. ``label`` is what the table calls links in that column.
    """
    right = one.right[0]
    name = label or right.text.rsplit("/", 1)[-1]
    text = f"[{name}]({right.iri})" if right.iri else right.text.replace("|", r"\|")
    if one.is_gap:
        return text
    if len(one.wrong) != 1:
        return None
    wrong = one.wrong[0]
    if wrong.iri:
        links = [match for match in _LINK.finditer(cell) if match["url"] == wrong.iri]
        if len(links) != 1 or not right.iri or cell != links[0][0]:
            return None
        return text if label else f"[{links[0]['label']}]({right.iri})"
    if cell.count(wrong.text) == 1 and _ALONE.fullmatch(cell.replace(wrong.text, "")):
        return cell.replace(wrong.text, text)
    return text if match_key(cell) == match_key(wrong.text) and not _LINK.search(cell) else None


def _label(lines: Sequence[str], one: Suggestion) -> str:
    """Return what the row's table calls links in that column; "" where it has no custom."""
    labels: Counter[str] = Counter()
    for step in (-1, 1):
        number = one.line - 1 + step
        while 0 <= number < len(lines) and (cells := _cells(lines[number])):
            if len(cells) >= one.column:
                start, end = cells[one.column - 1]
                labels.update(match["label"] for match in _LINK.finditer(lines[number][start:end]))
            number += step
    common = labels.most_common(1)
    return common[0][0] if common and common[0][1] > 1 else ""
