"""Which row of a newer edition is which row of the older one.

Identifiers come first (arXiv, DOI, GitHub, Hugging Face, then any page), then names and titles; identifiers
that contradict each other veto. Likeness of text never pairs rows, it only proposes: a row that is taken for
another passes that one's record on to a work that it is not.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fmgraph.lists.row_identifiers import OF_PAPERS, PAGE, Known

#: From this similarity on a row that is gone is proposed for one that is new.
_ALIKE = 0.6
#: So many rows are compared by likeness at most: it takes quadratic time and only proposes.
_COMPARED = 200
_REPOSITORIES = ("github", "huggingface", "huggingface-dataset", "huggingface-space")
#: In this order do identifiers pair rows.
_SCHEMES = (*OF_PAPERS, *_REPOSITORIES, PAGE)


@dataclass(frozen=True)
class Signature:
    """What identifies a row: its section and cells, prose as its digest, and what it is known by."""

    section: str
    cells: Mapping[str, str]
    known: Known = field(default=Known(frozenset(), frozenset()))


def match_rows(old: Sequence[Signature], new: Sequence[Signature]) -> dict[int, int]:
    """Return new position → old position (from 0) for the rows that are in both editions."""
    pairing = _Pairing(old, new)
    pairing.equal()
    for scheme in _SCHEMES:
        pairing.by(lambda row, s=scheme: {(s, id_) for one, id_ in row.known.identifiers if one == s})  # type: ignore[misc]
    pairing.by(lambda row: row.known.titles)
    return pairing.pairs


def proposals(
    old: Sequence[Signature], new: Sequence[Signature], pairs: Mapping[int, int]
) -> list[tuple[int, int]]:
    """Return (new position, old position) of unpaired rows that look alike, for a person to decide."""
    paired_old = set(pairs.values())
    left_old = [index for index in range(len(old)) if index not in paired_old][:_COMPARED]
    left_new = [index for index in range(len(new)) if index not in pairs][:_COMPARED]
    likely_pairs = []
    for i in left_new:
        scored = [
            (_likeness(old[j], new[i]), j) for j in left_old if not new[i].known.contradicts(old[j].known)
        ]
        best = max(scored, default=(0.0, -1))
        if best[0] >= _ALIKE:
            likely_pairs.append((i, best[1]))
    return likely_pairs


def changed_columns(old: Signature, new: Signature) -> list[str]:
    """Return the headers whose cells differ, in the new edition's order; ``section`` where it moved."""
    headers = dict.fromkeys([*new.cells, *old.cells])
    moved = ["section"] if old.section != new.section else []
    return moved + [header for header in headers if old.cells.get(header, "") != new.cells.get(header, "")]


class _Pairing:
    """Pairs in the making; each step takes only what is left of the steps before it."""

    def __init__(self, old: Sequence[Signature], new: Sequence[Signature]) -> None:
        self._old, self._new = old, new
        self.pairs: dict[int, int] = {}
        self._paired_old: set[int] = set()

    def _pair(self, new: int, old: int) -> None:
        self.pairs[new] = old
        self._paired_old.add(old)

    def equal(self) -> None:
        """Pair the rows that are equal in every cell."""
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for index, row in enumerate(self._old):
            waiting[_whole(row)].append(index)
        for index, row in enumerate(self._new):
            if same := waiting.get(_whole(row)):
                self._pair(index, same.popleft())

    def by(self, keys: Callable[[Signature], Iterable[Hashable]]) -> None:
        """Pair the rows that share a key with one row of the other edition; what else is shared decides."""
        with_key: dict[Hashable, list[int]] = defaultdict(list)
        for index, row in enumerate(self._old):
            if index not in self._paired_old:
                for key in keys(row):
                    with_key[key].append(index)
        best_matches: dict[int, int] = {}
        for index, row in enumerate(self._new):
            if index in self.pairs:
                continue
            candidates = {old for key in keys(row) for old in with_key.get(key, ())}
            if (best := self._best(index, candidates)) is not None:
                best_matches[index] = best
        match_counts = Counter(best_matches.values())
        for index, old in best_matches.items():
            rivals = (
                [other for other, wish in best_matches.items() if wish == old]
                if match_counts[old] > 1
                else [index]
            )
            if self._favourite(old, rivals) == index:
                self._pair(index, old)

    def _best(self, new: int, candidates: Iterable[int]) -> int | None:
        """Return the one old row that shares most with the new one, None where none or several do."""
        row = self._new[new]
        possible = [old for old in candidates if not self._vetoed(row, self._old[old])]
        return _only_best({old: _shared(row, self._old[old]) for old in possible})

    def _favourite(self, old: int, rivals: Sequence[int]) -> int | None:
        return _only_best({new: _shared(self._new[new], self._old[old]) for new in rivals})

    def _vetoed(self, new: Signature, old: Signature) -> bool:
        """Whether what the rows are known by contradicts: a paper beside a paper, else code beside code."""
        if new.known.contradicts(old.known):
            return True
        shared = {scheme for scheme, _ in new.known.identifiers & old.known.identifiers}
        if len(shared) > 1:
            return False
        # One paper or repository holds several works: other names are other works.
        return _names_differ(new, old) or (not shared and new.known.contradicts(old.known, _REPOSITORIES))


def _names_differ(new: Signature, old: Signature) -> bool:
    """Whether both rows have names or titles and none of one is like one of the other."""
    if new.known.titles & old.known.titles:
        return False
    ratios = (
        difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
        for one in new.known.titles
        for other in old.known.titles
    )
    return max(ratios, default=1.0) < _ALIKE


def _shared(new: Signature, old: Signature) -> tuple[int, int, int, int]:
    """Return how much two rows share: titles, identifiers, the section, equal cells."""
    equal = sum(1 for header, cell in new.cells.items() if cell and old.cells.get(header) == cell)
    return (
        len(new.known.titles & old.known.titles),
        len(new.known.identifiers & old.known.identifiers),
        int(new.section == old.section),
        equal,
    )


def _only_best(scores: Mapping[int, tuple[int, ...]]) -> int | None:
    if not scores:
        return None
    best = max(scores.values())
    winners = [index for index, score in scores.items() if score == best]
    return winners[0] if len(winners) == 1 else None


def _whole(row: Signature) -> Hashable:
    return row.section, frozenset((header, cell) for header, cell in row.cells.items() if cell)


def _likeness(old: Signature, new: Signature) -> float:
    """Return the mean similarity of the cells that both rows have, 0 to 1."""
    pairs = [(old.cells[h], cell) for h, cell in new.cells.items() if cell and old.cells.get(h)]
    ratios = [difflib.SequenceMatcher(None, a[:200], b[:200]).ratio() for a, b in pairs]
    return sum(ratios) / len(ratios) if ratios else 0.0
