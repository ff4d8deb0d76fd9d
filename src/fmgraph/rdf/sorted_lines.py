"""The graph as sorted N-Triples lines: whole, by range of subjects, and grouped by subject.

Every dump is made from these lines, so that each is in the same order and none needs the graph in memory.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

from pyoxigraph import DefaultGraph, RdfFormat, Triple, serialize

from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset

#: Subject, predicate and object in N-Triples syntax.
Parts = tuple[str, str, str]
#: A subject and its predicate-object pairs, in the order of the lines.
Group = tuple[str, list[tuple[str, str]]]


class Lines:
    """Sorted N-Triples (bytewise, each line ending in a newline), with access by range of subjects."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._size = len(data)

    def __iter__(self) -> Iterator[str]:
        return self.between(0, self._size)

    def between(self, start: int, end: int) -> Iterator[str]:
        """Yield the lines between two byte offsets, both at the start of a line."""
        data = self._data
        while start < end:
            stop = data.find(b"\n", start) + 1
            yield data[start:stop].decode()
            start = stop

    def span(self, prefix: str) -> tuple[int, int]:
        """Return the byte offsets of the lines that start with ``prefix``; equal where there are none."""
        key = prefix.encode()
        return self._find(key), self._find(key + b"\xff")

    def starting(self, prefix: str) -> Iterator[str]:
        """Yield the lines that start with ``prefix``."""
        return self.between(*self.span(prefix))

    def _find(self, key: bytes) -> int:
        """Return the offset of the first line that is not smaller than ``key``."""
        if not self._size:
            return 0
        offset = bisect_left(range(self._size + 1), key, key=lambda at: self._line_at(at, len(key)))
        return self._start_of_line(offset)

    def _start_of_line(self, offset: int) -> int:
        """Return the start of the first line that begins at or after ``offset``."""
        if offset == 0 or offset >= self._size:
            return min(offset, self._size)
        return self._data.find(b"\n", offset - 1) + 1

    def _line_at(self, offset: int, length: int) -> bytes:
        start = self._start_of_line(offset)
        return bytes(self._data[start : start + length]) if start < self._size else b"\xff\xff"


@contextmanager
def lines_of(dataset: Dataset) -> Iterator[Lines]:
    """Give the lines of a dataset: its ``graph.nt``, or its store written and sorted where it has none."""
    if dataset.path is None:
        dumped = dataset.store.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
        yield Lines(sorted_lines(dumped or b""))
        return
    with (dataset.path / "graph.nt").open("rb") as file:
        if not file.seek(0, 2):  # an empty file cannot be mapped
            yield Lines(b"")
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield Lines(data)


def lines_of_triples(triples: Iterable[Triple]) -> Lines:
    """Return triples as lines, sorted and each once."""
    return Lines(sorted_lines(serialize(triples, format=RdfFormat.N_TRIPLES) or b""))


def sorted_lines(ntriples: bytes) -> bytes:
    """Return N-Triples with the lines sorted bytewise, each once."""
    return b"".join(sorted({line + b"\n" for line in ntriples.split(b"\n") if line}))


def parts(line: str) -> Parts:
    """Return subject, predicate and object of a line as pyoxigraph writes it."""
    subject, predicate, rest = line.split(" ", 2)
    return subject, predicate, rest[:-3]


def groups(lines: Iterable[str]) -> Iterator[Group]:
    """Yield the lines grouped by subject; nodes below an entity (``…#author-1``) come after the entity.

    Bytewise, ``<…/titan#author-1>`` sorts before ``<…/titan>``; such groups wait for their entity.
    """
    waiting: dict[str, list[Group]] = {}
    for subject, run in groupby(map(parts, lines), key=lambda triple: triple[0]):
        group = subject, [(predicate, value) for _, predicate, value in run]
        whole, hash_, _ = subject.partition("#")
        if hash_ and whole.startswith(f"<{BASE}"):
            waiting.setdefault(whole + ">", []).append(group)
            continue
        # Those whose entity would have come before this subject have none.
        for name in [name for name in waiting if name < subject]:
            yield from waiting.pop(name)
        yield group
        yield from waiting.pop(subject, ())
    for rest in waiting.values():
        yield from rest
