"""An upper bound of what a query can cost, for every constant that can stand in its template.

The bound assumes that the engine joins as pyoxigraph does (its optimiser, sparopt): of the patterns that
share a variable with what is joined already it takes the one whose shape looks most selective, begins with
the most selective of all, and looks up each pattern for one row after another. The ranks of the shapes are
below; of equal ones the first in the text is taken. Of groups inside groups nothing is assumed: each has a
bound of its own or the query has none. ``tests/test_work_bound.py`` holds the engine to it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from fmgraph.rdf.degrees import DESCRIPTION, RARE, Closure, Degrees
from fmgraph.server.guard.query_template import LONGEST_TERM
from fmgraph.server.guard.read_template import (
    Group,
    NoBoundError,
    Pattern,
    Query,
    Term,
    Values,
    read_template,
)

#: The largest bound with which a query counts as cheap: looks into the store and rows (each takes one to
#: three microseconds), and bytes of the answer.
MOST_WORK, MOST_BYTES = 2_000, 256_000
#: What a term takes in rows and in triples beyond its own length.
_FRAME, _GRAPH_FRAME = 60, 20
#: What a function can make of each byte (the upper case of ß).
_GROWTH = 3
#: A query that joins more patterns has no bound: working it out would take too long.
_MOST_PARTS = 24


class WorkBound(NamedTuple):
    """At most so many looks into the store and rows, and so many bytes of answer."""

    work: int
    size: int

    @property
    def is_small(self) -> bool:
        """Whether a query like this may be evaluated where others wait for it."""
        return self.work <= MOST_WORK and self.size <= MOST_BYTES


class _Value(NamedTuple):
    """The length of a variable's value in bytes, and in how many rows it has one."""

    size: int
    rows: int


class _Part(NamedTuple):
    """What a group yields: rows, the work for them, what its variables are bound to.

    ``certain`` are the variables that are bound in every row.
    """

    rows: int
    work: int
    values: dict[str, _Value]
    certain: frozenset[str]


def bound_work(template: Sequence[str], degrees: Degrees) -> WorkBound | None:
    """Return the bound for all queries of a template, None where there is none or it is far too large."""
    try:
        query = read_template(template)
        part = _Bounder(degrees).group(query.where, frozenset())
        return _answer(query, part, degrees)
    except NoBoundError:
        return None


def _answer(query: Query, part: _Part, degrees: Degrees) -> WorkBound:
    rows, work = part.rows, part.work
    longest = max([*(value.size for value in part.values.values()), degrees.longest, LONGEST_TERM])
    if query.form == "ASK":
        return WorkBound(work, _FRAME)
    if query.form == "SELECT":
        computed = _Value(_GROWTH * longest, rows)
        size = (rows + 1) * _FRAME
        for name in sorted(part.values) if query.names is None else query.names:
            value = part.values.get(name, computed)
            size += (value.rows + 1) * (value.size + 4 * len(name) + _FRAME)
        return WorkBound(work + rows, size)
    if query.form == "CONSTRUCT":
        size = triples = 0
        for pattern in query.template:
            values = [part.values.get(term.text, _Value(0, 0)) for term in pattern[:3] if term.variable]
            times = min([value.rows for value in values], default=rows)
            constants = LONGEST_TERM * (3 - len(values))
            size += times * (sum(value.size for value in values) + constants + 3 * _GRAPH_FRAME)
            triples += times
        return WorkBound(work + 2 * triples, size)
    if degrees.blank:  # they are described along
        raise NoBoundError
    triples = size_of_all = 0
    for term in query.described:
        triples += RARE if term.rare else (rows if term.variable else 1) * degrees.largest
        size_of_all += DESCRIPTION if term.rare else triples * (degrees.subject + longest + 3 * _GRAPH_FRAME)
    return WorkBound(work + rows + 2 * triples, size_of_all)


class _Bounder:
    def __init__(self, degrees: Degrees) -> None:
        self._degrees = degrees
        self._longest_name = max(map(len, degrees.properties), default=0)

    def group(self, group: Group, bound_variables: Set[str]) -> _Part:
        """Return what a group yields for one row in which ``bound_variables`` have a value."""
        if group.union:
            if bound_variables:
                raise NoBoundError
            branches = [self.group(branch, bound_variables) for branch in group.union]
            part = _Part(
                sum(branch.rows for branch in branches),
                sum(branch.work for branch in branches),
                _unite_values([branch.values for branch in branches]),
                frozenset.intersection(*(branch.certain for branch in branches)),
            )
        else:
            part = self._join(group.parts, bound_variables)
        for optional in group.optional:
            part = self._left_join(part, optional, bound_variables)
        rows, work, values, certain = part
        work += rows * (group.tests // 4 + bool(group.tests))
        for name in group.bound:
            if name in values or name in bound_variables:
                raise NoBoundError
            longest = max([*(value.size for value in values.values()), self._degrees.longest, LONGEST_TERM])
            values = {**values, name: _Value(_GROWTH * longest, rows)}
        return _Part(rows, work, values, certain)

    def _left_join(self, part: _Part, optional: Group, bound_variables: Set[str]) -> _Part:
        inner_bound = bound_variables | part.certain
        if optional.union or optional.optional or optional.bound or not optional.parts:
            raise NoBoundError
        if not _hang_together(optional.parts, inner_bound):
            raise NoBoundError
        inner = self.group(optional, inner_bound)
        times = max(1, inner.rows)
        if part.rows * times > MOST_WORK:
            raise NoBoundError
        values = {name: _Value(value.size, value.rows * part.rows) for name, value in inner.values.items()}
        values |= {name: _Value(value.size, value.rows * times) for name, value in part.values.items()}
        return _Part(part.rows * times, part.work + part.rows * (1 + inner.work), values, part.certain)

    def _join(self, parts: Sequence[Pattern | Values], bound_variables: Set[str]) -> _Part:
        """Return what joined patterns yield for one row in which ``bound_variables`` have a value.

        The order is chosen without regard to ``bound_variables``, as the engine does it in an optional group.
        """
        if len(parts) > _MOST_PARTS:
            raise NoBoundError
        waiting = list(parts)
        joined_variables: set[str] = set()
        rows = work = 1
        outs: dict[Term, list[str]] = {}
        sizes: dict[str, int] = {}
        while waiting:
            connected = [part for part in waiting if _variables(part) & joined_variables]
            part = min(connected or waiting, key=lambda part: _rank(part, joined_variables))
            waiting.remove(part)
            factor, walked = self._step(part, joined_variables | bound_variables, outs, sizes)
            work += rows * (1 + walked + factor)
            rows *= factor
            if work > 10 * MOST_WORK:
                raise NoBoundError
            joined_variables |= _variables(part)
        values = {name: _Value(size, rows) for name, size in sizes.items()}
        return _Part(rows, work, values, frozenset(joined_variables))

    def _step(
        self,
        part: Pattern | Values,
        bound_variables: Set[str],
        outs: dict[Term, list[str]],
        sizes: dict[str, int],
    ) -> tuple[int, int]:
        """Return by how much a pattern multiplies rows, and what it visits for one row beyond its results."""
        if isinstance(part, Values):
            for name in part.names:
                sizes.setdefault(name, LONGEST_TERM)
            return part.rows, part.rows
        subject, predicate, target, repeat = part
        here = not subject.variable or subject.text in bound_variables
        there = not target.variable or target.text in bound_variables
        if not here and not there:
            raise NoBoundError
        if predicate.variable:
            return self._any_predicate(part, here=here, there=there, sizes=sizes)
        name = predicate.text[1:-1]
        statistics = self._degrees.properties.get(name)
        if statistics is None:
            if repeat in ("*", "?"):
                raise NoBoundError
            factor = walked = 0
        elif repeat:
            closure = statistics.forward if here else statistics.backward
            walked = 1 + _closed(closure, subject if here else target)
            factor = 1 if here and there else walked
        else:
            walked = 0
            if here and there:
                factor = 1
            elif here:
                before = outs.get(subject, [])
                outs[subject] = [*before, name]
                least = max(1, self._degrees.out(before, rare=subject.rare))
                factor = -(-self._degrees.out(outs[subject], rare=subject.rare) // least)
            else:
                factor = min(statistics.into, RARE) if target.rare else statistics.into
        longest = statistics.longest if statistics else 0
        _note(subject, max(self._degrees.subject, longest if repeat else 0), sizes)
        _note(target, max(longest, self._degrees.subject if repeat else 0), sizes)
        return factor, walked

    def _any_predicate(
        self, part: Pattern, *, here: bool, there: bool, sizes: dict[str, int]
    ) -> tuple[int, int]:
        subject, predicate, target, _ = part
        if not here and not target.rare:  # of a hub it may be everything
            raise NoBoundError
        _note(predicate, self._longest_name, sizes)
        _note(subject, self._degrees.subject, sizes)
        if here and subject.rare:  # predicate and object of all together, so that the mean will do
            _note(target, DESCRIPTION // RARE, sizes)
        else:
            _note(target, self._degrees.longest, sizes)
        rare = subject.rare or (target.rare and there)
        return (RARE if rare else self._degrees.largest), 0


def _unite_values(branches: Sequence[dict[str, _Value]]) -> dict[str, _Value]:
    values: dict[str, _Value] = {}
    for branch in branches:
        for name, value in branch.items():
            size, rows = values.get(name, (0, 0))
            values[name] = _Value(max(size, value.size), rows + value.rows)
    return values


def _note(term: Term, size: int, sizes: dict[str, int]) -> None:
    if term.variable:
        sizes[term.text] = min(size, sizes.get(term.text, size))


def _closed(closure: Closure, start: Term) -> int:
    size = closure.rare if start.rare else closure.any
    if size is None:
        raise NoBoundError
    return size


def _variables(part: Pattern | Values) -> set[str]:
    if isinstance(part, Values):
        return set(part.names)
    return {term.text for term in part[:3] if term.variable}


def _hang_together(parts: Sequence[Pattern | Values], bound_variables: Set[str]) -> bool:
    """Tell whether patterns are joined by variables of their own, and share one with ``bound_variables``."""
    groups = [_variables(part) for part in parts]
    reached, waiting = groups[0], groups[1:]
    while joined := [group for group in waiting if group & reached]:
        waiting = [group for group in waiting if not group & reached]
        reached = reached.union(*joined)
    return not waiting and bool(reached & bound_variables)


def _rank(part: Pattern | Values, bound_variables: Set[str]) -> int:
    """Return how selective the engine takes a pattern to be for these ``bound_variables``; least first."""
    if isinstance(part, Values):
        return part.rows
    subject, predicate, target = (not term.variable or term.text in bound_variables for term in part[:3])
    if part.repeat and subject and target:
        return 1
    if part.repeat and not subject and not target:
        return 10**9
    rank = _RANKS[subject, predicate, target]
    return rank * 1000 if part.repeat in ("*", "+") else rank


#: Whether subject, predicate and object are bound: what sparopt takes for the number of results.
_RANKS = {
    (True, True, True): 1,
    (True, False, True): 2,
    (True, True, False): 10,
    (True, False, False): 100,
    (False, True, True): 10_000,
    (False, False, True): 100_000,
    (False, True, False): 1_000_000,
    (False, False, False): 10**9,
}
