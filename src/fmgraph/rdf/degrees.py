"""Degree statistics of a graph: how many triples can hang on one term, at most, by property and direction.

The build keeps them beside the triples (``degrees.json``); from them :mod:`fmgraph.server.guard.work_bound`
proves what a query can cost. Every number is an upper bound. The few terms on which much hangs (*hubs*:
classes, popular values, the roots of lineages) are listed, so that a tight bound holds for every term that is
not among them.
"""

from __future__ import annotations

import json
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

#: A term with more triples than this, as subject or as object, or with a larger closure, is a hub.
RARE = 128
#: A subject with more bytes of N-Triples than this is a hub, however few its triples are.
DESCRIPTION = 20_000
#: Where more terms than this have a large closure by a property, none is a hub for it: it has no bound.
_MOST_CLOSURE_HUBS = 2_000
#: A property with more triples has no closure bound: its edges are held in memory while they are walked.
_MOST_EDGES = 1_000_000
#: So many different combinations of degrees are kept apart; beyond, they are taken together.
_MOST_VECTORS = 4_000
#: Counters of a sketch, at most; each takes four bytes.
_MOST_COUNTERS = 1 << 24
_UNDERSCORE, _QUOTE = b'_"'

#: Gives the lines of a graph as N-Triples, sorted bytewise, each time anew.
Lines = Callable[[], Iterable[bytes]]
#: Degrees of one subject that are larger than 1, by predicate.
_Vector = dict[bytes, int]


@dataclass(frozen=True)
class Closure:
    """The most triples that a path ``p+`` visits from any term, and from any but hubs; None: no bound."""

    any: int | None = 0
    rare: int | None = 0


@dataclass(frozen=True)
class Property:
    """What is known of one property: of its triples, ``out`` share a subject at most and ``into`` an object.

    ``longest`` is the length of its longest object in bytes; ``forward`` and ``backward`` bound its closures.
    """

    triples: int
    out: int
    into: int
    longest: int
    forward: Closure = Closure()
    backward: Closure = Closure()


@dataclass(frozen=True)
class Degrees:
    """Upper bounds for one graph.

    ``properties`` are by IRI; ``hubs`` are IRIs, and literals by their lexical forms. ``vectors`` are the
    degrees that subjects have, those of hubs first: none has more than one of them in every property (a
    property that is not mentioned: 1). ``largest`` is the number of triples of one subject, ``subject`` the
    length of the longest subject in bytes.
    """

    properties: dict[str, Property]
    hubs: frozenset[str]
    vectors: tuple[tuple[dict[str, int], ...], tuple[dict[str, int], ...]]
    largest: int
    subject: int
    blank: bool  #: whether there are blank nodes

    def out(self, properties: Sequence[str], *, rare: bool) -> int:
        """Return the most combinations of values that one subject has for properties, which may be repeated.

        ``rare`` where the subject is known to be no hub.
        """
        if any(name not in self.properties for name in properties):
            return 0
        several = [name for name in properties if self.properties[name].out > 1]
        vectors = self.vectors[1] if rare else (*self.vectors[0], *self.vectors[1])
        return max((prod(vector.get(name, 1) for name in several) for vector in vectors), default=1)

    @cached_property
    def longest(self) -> int:
        """Bytes of the longest object."""
        return max((prop.longest for prop in self.properties.values()), default=0)

    def write(self, path: Path) -> None:
        """Write the numbers as JSON."""
        fields = {**asdict(self), "hubs": sorted(self.hubs)}
        path.write_text(json.dumps(fields, separators=(",", ":"), ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Degrees | None:
        """Return what :meth:`write` wrote, None where there is nothing that can be read."""
        try:
            fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
            properties = {name: _property(figures) for name, figures in fields["properties"].items()}
            few, many = fields["vectors"]
            return cls(
                properties,
                frozenset(fields["hubs"]),
                (tuple(few), tuple(many)),
                fields["largest"],
                fields["subject"],
                fields["blank"],
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def _property(figures: dict[str, Any]) -> Property:
    closures = {name: Closure(**figures[name]) for name in ("forward", "backward")}
    return Property(**{**figures, **closures})


def count_degrees(lines: Lines, triples: int) -> Degrees:
    """Return the bounds for a graph of about so many triples; its lines are read once or twice."""
    # Counted by hash in bounded memory, never too low: the smaller of two counters (a count-min sketch). The
    # loop is written out, since a call for each triple would double what the pass takes.
    mask = min(_MOST_COUNTERS, 1 << max(triples, 1024).bit_length()) - 1
    first, second, third, fourth = (array("I", bytes(4 * (mask + 1))) for _ in range(4))
    by_predicate: dict[bytes, _Counts] = {}
    hubs: set[bytes] = set()
    vectors: tuple[set[frozenset[tuple[bytes, int]]], ...] = (set(), set())
    largest, longest, blank = 0, 0, False
    for subject, block in groupby(lines(), key=_subject):
        degrees: dict[bytes, int] = {}
        total = size = 0
        start = hash(subject)
        for line in block:
            _, predicate, rest = line.split(b" ", 2)
            value = rest[:-3]  # without " .\n"
            total += 1
            size += len(line)
            degrees[predicate] = degrees.get(predicate, 0) + 1
            counts = by_predicate.get(predicate)
            if counts is None:
                counts = by_predicate[predicate] = _Counts(hash(predicate))
            number = hash(value)
            place, other = number & mask, number >> 29 & mask
            first[place] = once = first[place] + 1
            second[other] = twice = second[other] + 1
            if once > RARE and twice > RARE:
                hubs.add(value)
            mixed = number ^ counts.salt
            place, other = mixed & mask, mixed >> 29 & mask
            third[place] = once = third[place] + 1
            fourth[other] = twice = fourth[other] + 1
            counts.add(value, start, number, min(once, twice))
            blank = blank or value[0] == _UNDERSCORE
        for predicate, degree in degrees.items():
            by_predicate[predicate].out = max(by_predicate[predicate].out, degree)
        rare = total <= RARE and size <= DESCRIPTION
        if not rare:
            hubs.add(subject)
        vectors[rare].add(frozenset(item for item in degrees.items() if item[1] > 1))
        largest, longest = max(largest, total), max(longest, len(subject))
        blank = blank or subject[0] == _UNDERSCORE
    _walk_closures(lines, by_predicate, hubs)
    few, many = (
        tuple({_text(p): d for p, d in vector.items()} for vector in _maximal(list(map(dict, some))))
        for some in vectors
    )
    properties = {_text(predicate): counts.property() for predicate, counts in by_predicate.items()}
    return Degrees(properties, frozenset(map(_text, hubs)), (few, many), largest, longest, blank)


def _subject(line: bytes) -> bytes:
    return line[: line.index(b" ")]


@dataclass(slots=True)
class _Counts:
    """What is counted of one property."""

    salt: int
    triples: int = 0
    out: int = 0
    into: int = 0
    longest: int = 0
    subjects: array[int] = field(default_factory=lambda: array("q"))
    objects: array[int] = field(default_factory=lambda: array("q"))
    forward: Closure = Closure(None, None)
    backward: Closure = Closure(None, None)

    def add(self, value: bytes, subject: int, number: int, into: int) -> None:
        self.triples += 1
        if len(value) > self.longest:
            self.longest = len(value)
        if into > self.into:
            self.into = into
        if self.triples <= _MOST_EDGES and value[0] != _QUOTE:
            self.subjects.append(subject)
            self.objects.append(number)

    def is_chained(self) -> bool:
        """Tell whether an object is a subject of the property, too."""
        return not set(self.subjects).isdisjoint(self.objects)

    def property(self) -> Property:
        return Property(self.triples, self.out, self.into, self.longest, self.forward, self.backward)


def _walk_closures(lines: Lines, by_predicate: dict[bytes, _Counts], hubs: set[bytes]) -> None:
    """Set the closures of each property, and add to ``hubs`` the terms that have a large one."""
    chained: dict[bytes, tuple[_Edges, _Edges]] = {}
    for predicate, counts in by_predicate.items():
        if counts.triples > _MOST_EDGES:
            continue
        if counts.is_chained():
            chained[predicate] = {}, {}
        else:  # one step and no more
            counts.forward = Closure(counts.out, min(counts.out, RARE))
            counts.backward = Closure(counts.into, min(counts.into, RARE))
        counts.subjects = counts.objects = array("q")
    if not chained:
        return
    for line in lines():
        subject, predicate, rest = line.split(b" ", 2)
        if predicate in chained:
            forward, backward = chained[predicate]
            forward.setdefault(subject, []).append(rest[:-3])
            backward.setdefault(rest[:-3], []).append(subject)
    for predicate, (forward, backward) in chained.items():
        by_predicate[predicate].forward = _closure(forward, hubs)
        by_predicate[predicate].backward = _closure(backward, hubs)


_Edges = dict[bytes, list[bytes]]


def _closure(edges: _Edges, hubs: set[bytes]) -> Closure:
    most, large = 0, []
    for start in edges:
        size = _visited(edges, start)
        if size > RARE:
            large.append(start)
            if len(large) > _MOST_CLOSURE_HUBS:
                return Closure(None, None)
        else:
            most = max(most, size)
    hubs.update(large)
    return Closure(None if large else most, most)


def _visited(edges: _Edges, start: bytes) -> int:
    """Return how many edges can be walked from ``start``, or a number above RARE."""
    seen, waiting, count = {start}, deque((start,)), 0
    while waiting and count <= RARE:
        for after in edges.get(waiting.popleft(), ()):
            count += 1
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return count


def _maximal(vectors: list[_Vector]) -> list[_Vector]:
    """Return vectors such that each of the given ones is nowhere larger than one of them."""
    if len(vectors) > _MOST_VECTORS:
        names = {name for vector in vectors for name in vector}
        return [{name: max(vector.get(name, 1) for vector in vectors) for name in names}]
    largest: list[_Vector] = []
    for vector in sorted(vectors, key=lambda vector: -sum(vector.values())):
        if not any(all(other.get(p, 1) >= d for p, d in vector.items()) for other in largest):
            largest.append(vector)
    return largest or [{}]


def _text(term: bytes) -> str:
    """Return what names a term: the IRI, the label of a blank node, the lexical form of a literal."""
    (quad,) = parse(b"<urn:s> <urn:p> " + term + b" .", RdfFormat.N_TRIPLES)
    value = quad.object
    return value.value if isinstance(value, NamedNode | BlankNode | Literal) else str(value)
