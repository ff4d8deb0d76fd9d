"""``fmgraph match``: which record a row is about.

A row is decided where two signals agree (identifiers, title, name; with a title also the year), or where one
identifier belongs to one record only and nothing speaks against it: a paper's (arXiv, DOI) as it is, that of
code or weights (GitHub, Hugging Face) where the titles are alike, since variants share repositories.
Conflicting identifiers veto: nothing is decided where a row's identifiers belong to different records, or
where they and the record's differ. Likeness of texts proposes and never decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from fmgraph.curation.identities import (
    OF_PAPERS,
    PAGE,
    UNIQUE,
    Identity,
    Known,
    conflicting,
    of_row,
)
from fmgraph.lists.source_list import Row, SourceList

#: How much each signal says that row and record are one, from 0 to 1.
_WEIGHTS = {
    "arXiv": 0.95,
    "DOI": 0.95,
    "Hugging Face": 0.9,
    "Hugging Face data set": 0.9,
    "GitHub": 0.85,
    "title": 0.9,
    "name": 0.6,
}
_WEIGHTS |= {"page": 0.5, "year": 0.1}
#: From this likeness (0 to 100) on, a text makes a record a candidate.
_LIKE = 85.0
#: Below this likeness, two titles speak against one another.
_UNLIKE = 60.0
#: Titles shorter than this (as match keys) are no titles: names, or links' labels such as "arXiv".
_TITLE_LENGTH = 20
#: What shows that two papers, or two sets of code or weights, are not the same.
_CONFLICTS = tuple(f"another {scheme}" for scheme in UNIQUE)
_OTHER_PAPER = {f"another {scheme}" for scheme in OF_PAPERS}
#: How many candidates are shown of an undecided row.
_SHOWN = 3


@dataclass(frozen=True)
class Candidate:
    """A record that a row may be about."""

    record: str  #: ``kind/slug``
    label: str
    agree: tuple[str, ...]  #: signals on which both agree, e.g. ``("arXiv", "title")``
    against: tuple[str, ...]  #: what speaks against it, in words
    confidence: float  #: 0 to 1

    @property
    def evidence(self) -> str:
        """What speaks for it and against it, in one line."""
        return "; ".join([*([f"same {', '.join(self.agree)}"] if self.agree else []), *self.against])


@dataclass(frozen=True)
class Match:
    """What was found for one row."""

    row: Row
    title: str
    candidates: tuple[Candidate, ...]  #: the best first
    decided: bool  #: whether the first candidate is the row's record

    @property
    def possible(self) -> list[Candidate]:
        """The candidates but for those with another paper: they are other works, whatever else agrees."""
        return [one for one in self.candidates if not _OTHER_PAPER & set(one.against)]

    @property
    def rivalry(self) -> float:
        """The confidence of the best that is possible, 0 to 1."""
        return max((one.confidence for one in self.possible), default=0.0)

    @property
    def record(self) -> str | None:
        """The record that the row has, or that it was decided to be about."""
        return self.row.record or (self.candidates[0].record if self.decided else None)

    @property
    def state(self) -> str:
        """``given`` by a person, ``contradicted`` (given, another one fits), ``matched`` or ``open``."""
        if self.row.record is None:
            return "matched" if self.decided else "open"
        other = self.decided and self.candidates[0].record != self.row.record
        return "contradicted" if other else "given"


class Matcher:
    """The known records by what identifies them."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._known = {one.name: one for one in known}
        self._described = _describing(known)
        self._by: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in known:
            identity = one.identity
            for scheme, values in identity.identifiers.items():
                for value in values:
                    self._by[scheme, value].add(one.name)
            for title in identity.titles:
                self._by["title", title].add(one.name)
            for name in identity.names:
                self._by["name", name].add(one.name)
        self._titles = sorted({key for kind, key in self._by if kind == "title"})

    def match(self, source: SourceList) -> list[Match]:
        """Return what is found for each row of the list, in its order, but for those that are skipped."""
        return [self.match_row(row, of_row(source, row)) for row in source.rows if row.id not in source.skip]

    def match_row(self, row: Row, identity: Identity) -> Match:
        """Return the candidates for one row, and whether the first is certain."""
        signals_by_record: dict[str, set[str]] = defaultdict(set)
        pointed: list[tuple[str, set[str]]] = []  # signal → records, for each identifier that is known
        for signal, value in _signals(identity):
            records = self._by.get((signal, value), set())
            if records and signal in UNIQUE:
                pointed.append((signal, records))
            for name in records:
                signals_by_record[name].add(signal)
        candidates = [self._judge(name, signals, identity) for name, signals in signals_by_record.items()]
        candidates += self._alike(identity, signals_by_record)
        candidates = self._without_papers(candidates)
        candidates.sort(key=lambda one: (-one.confidence, -len(one.agree), one.record))
        decided = bool(candidates) and self._certain(candidates, pointed)
        return Match(row, identity.display_name, tuple(candidates), decided)

    def _judge(self, name: str, signals: set[str], identity: Identity) -> Candidate:
        other = self._known[name].identity
        if "title" in signals and identity.years & other.years:
            signals = {*signals, "year"}
        # Repositories move: where the paper is certainly the same, another address of the code says little.
        schemes = OF_PAPERS if "title" in signals and signals & set(OF_PAPERS) else UNIQUE
        against = [
            f"another {scheme}"
            for scheme in schemes
            if scheme not in signals and conflicting(identity, other, scheme)
        ]
        kind = name.partition("/")[0]
        if "dataset" in identity.kinds and kind not in identity.kinds:
            against.append("a row about data")
        if kind == "dataset" and "dataset" not in identity.kinds and "name" not in signals:
            against.append("a row about a work")  # a data set shares the paper of the model that it came with
        # Variants share a paper, so that a title alone does not outweigh a name that may be another's.
        if identity.names and "name" not in signals and (identity.has_name or not signals & set(UNIQUE)):
            against.append("another name")
        likeness = _likeness(identity.titles, other.titles)
        if likeness is not None and likeness < _UNLIKE and not signals & {"title", "name"}:
            against.append("another title")
        elif not signals & {*OF_PAPERS, "title", "name"} and (likeness or 0) < _UNLIKE:
            against.append("nothing else agrees")
        return self._candidate(name, signals, against)

    def _candidate(
        self, name: str, signals: Iterable[str], against: list[str], likeness: float = 0
    ) -> Candidate:
        doubt = 1 - likeness
        agree = tuple(signal for signal in _WEIGHTS if signal in set(signals))
        for signal in agree:
            doubt *= 1 - _WEIGHTS[signal]
        confidence = round((1 - doubt) * 0.5 ** len(against), 2)
        return Candidate(name, self._known[name].label, agree, tuple(against), min(confidence, 0.99))

    def _alike(self, identity: Identity, matched_names: Iterable[str]) -> list[Candidate]:
        """Return candidates whose titles are like the row's, where nothing else finds them."""
        best: dict[str, float] = {}
        for title in (title for title in identity.titles if len(title) >= _TITLE_LENGTH):
            hits = process.extract(title, self._titles, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=_SHOWN)
            for near, score, _ in hits:
                for name in self._by["title", near]:
                    best[name] = max(best.get(name, 0), score)
        matched_names = set(matched_names)
        candidates = []
        for name, score in best.items():
            if name not in matched_names:
                conflicts = [one for one in self._judge(name, set(), identity).against if one in _CONFLICTS]
                against = [f"title only alike ({score:.0f} %)", *conflicts]
                candidates.append(self._candidate(name, (), against, score / 100))
        return candidates

    def _without_papers(self, candidates: list[Candidate]) -> list[Candidate]:
        """Return the candidates without papers that describe another candidate: the row is about that."""
        names = {one.record for one in candidates}
        return [one for one in candidates if not self._described.get(one.record, set()) & names]

    def _certain(self, candidates: list[Candidate], pointed: list[tuple[str, set[str]]]) -> bool:
        best = candidates[0]
        if best.against or any(best.record not in self._with_works(records) for _, records in pointed):
            return False
        rivals = [
            other for other in candidates[1:] if not other.against and set(other.agree) >= set(best.agree)
        ]
        if rivals:
            return False
        signals = set(best.agree) - {"year"}
        alone = any(records == {best.record} or self._only(best.record, records) for _, records in pointed)
        agreeing = len(signals) + ("year" in best.agree and signals == {"title"})
        return alone or (agreeing >= 2 and signals != {"name", PAGE})

    def _only(self, record: str, records: set[str]) -> bool:
        """Tell whether the records are this one and papers that describe it."""
        return all(name == record or record in self._described.get(name, ()) for name in records)

    def _with_works(self, records: set[str]) -> set[str]:
        return records.union(*(self._described.get(name, set()) for name in records))


def _describing(known: Sequence[Known]) -> dict[str, set[str]]:
    """Return paper → the works and data sets that share its identifiers or title."""
    by: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in known:
        if not one.name.startswith("paper/"):
            for key in _of_paper(one.identity):
                by[key].add(one.name)
    return {
        one.name: set().union(*(by.get(key, set()) for key in _of_paper(one.identity)))
        for one in known
        if one.name.startswith("paper/")
    }


def _of_paper(identity: Identity) -> Iterable[tuple[str, str]]:
    for scheme in OF_PAPERS:
        yield from ((scheme, value) for value in identity.identifiers.get(scheme, ()))
    yield from (("title", title) for title in identity.titles)


def _signals(identity: Identity) -> Iterable[tuple[str, str]]:
    for scheme, values in identity.identifiers.items():
        yield from ((scheme, value) for value in values)
    yield from (("title", title) for title in identity.titles if len(title) >= _TITLE_LENGTH)
    yield from (("name", name) for name in identity.names)


def _likeness(one: Iterable[str], other: Iterable[str]) -> float | None:
    """Return the best likeness of two titles, 0 to 100; None where a side has no title to compare."""
    pairs = [
        fuzz.ratio(a, b) for a in one for b in other if len(a) >= _TITLE_LENGTH and len(b) >= _TITLE_LENGTH
    ]
    return max(pairs, default=None)
