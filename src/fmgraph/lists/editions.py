"""Which row of a newer edition is which row of the older one.

No column is a key: titles repeat and get corrected, links move, rows change places. So rows that are equal
are paired first, and what is left is paired by how much they share, rare values counting more than common
ones (a repository's address says more than ``2025``).
"""

from __future__ import annotations

import difflib
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Share of the (weighted) cells that two rows must have in common to be one row in two editions.
THRESHOLD = 0.3
#: From this similarity on, two texts of several words count as one text with a correction.
_CORRECTED = 0.8
#: Cells that tell nothing about which row it is.
_COMMON = frozenset({"", "-", "—", "–", "✅"})


@dataclass(frozen=True)
class Signature:
    """What identifies a row: its section and cells, prose as its digest."""

    section: str
    cells: Mapping[str, str]


def match_rows(old: Sequence[Signature], new: Sequence[Signature]) -> dict[int, int]:
    """Return new position → old position (from 0) for the rows that are in both editions."""
    pairs: dict[int, int] = {}
    waiting: dict[tuple[str, frozenset[tuple[str, str]]], deque[int]] = {}
    for index, row in enumerate(old):
        waiting.setdefault(_whole(row), deque()).append(index)
    for index, row in enumerate(new):
        if same := waiting.get(_whole(row)):
            pairs[index] = same.popleft()
    taken = set(pairs.values())
    left_old = [index for index in range(len(old)) if index not in taken]
    left_new = [index for index in range(len(new)) if index not in pairs]
    weights = [_weights(rows) for rows in (old, new)]
    candidates = []
    for i in left_new:
        for j in left_old:
            score = _score(old[j], new[i], weights)
            if score >= THRESHOLD:
                elsewhere = old[j].section != new[i].section
                candidates.append((-score, elsewhere, abs(i - j), i, j))
    for _, _, _, i, j in sorted(candidates):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def changed_columns(old: Signature, new: Signature) -> list[str]:
    """Return the headers whose cells differ, in the new edition's order; ``section`` where it moved."""
    headers = dict.fromkeys([*new.cells, *old.cells])
    moved = ["section"] if old.section != new.section else []
    return moved + [header for header in headers if old.cells.get(header, "") != new.cells.get(header, "")]


def _whole(row: Signature) -> tuple[str, frozenset[tuple[str, str]]]:
    return row.section, frozenset((header, cell) for header, cell in row.cells.items() if cell)


def _weights(rows: Iterable[Signature]) -> Mapping[tuple[str, str], int]:
    return Counter((header, cell) for row in rows for header, cell in row.cells.items())


def _score(old: Signature, new: Signature, weights: Sequence[Mapping[tuple[str, str], int]]) -> float:
    """Return the weighted share of equal cells, 0 to 1; a value in n rows weighs 1/n.

    Only columns that both editions have count. Rows that share less than one rare value share little.
    """
    total = common = 0.0
    for header in (header for header in new.cells if header in old.cells):
        pair = old.cells[header], new.cells[header]
        weight = max(
            0.0 if cell in _COMMON else 1 / counts[header, cell]
            for cell, counts in zip(pair, weights, strict=True)
        )
        total += weight
        common += weight * _similarity(*pair)
    return common / max(total, 1.0)


def _similarity(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if " " not in one or " " not in other:  # addresses and digests are equal or they are not
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _CORRECTED or matcher.quick_ratio() < _CORRECTED:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _CORRECTED else 0.0
