"""N-Triples of any number in canonical order, with bounded memory.

Canonical are lines as a pyoxigraph store writes them (literals in their normal form), sorted bytewise, each
once. A store on disk would take ten times as long to write them as this takes: every term is another look
into it.
"""

from __future__ import annotations

import heapq
import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import DefaultGraph, RdfFormat, Store, parse

from fmgraph.errors import RdfFileError

#: Lines held at once (about 700 MB with the store that they go through); more are sorted in runs and merged.
_RUN = 1_000_000
_LINE = re.compile(r"\bline (\d+)")


@dataclass(frozen=True)
class FileSummary:
    """What a file of sorted lines holds."""

    count: int
    blank: bool  #: whether there may be blank nodes


def write_sorted(lines: Iterable[bytes], target: Path, source: Path | str = "graph.nt") -> FileSummary:
    """Write lines of N-Triples (in any order, repeated or not, each with its line feed) to a new file.

    Blank node labels are kept. Raises RdfFileError, naming ``source`` and the line, for what is not
    N-Triples.
    """
    blank, lines_read = False, 0
    remaining = iter(lines)
    with ExitStack() as stack:
        runs: list[Iterable[bytes]] = []
        while chunk := list(islice(remaining, _RUN)):
            if runs and isinstance(runs[0], list):  # there is more than one: none of them stays in memory
                runs[0] = stack.enter_context(_spilled(runs[0], target.parent))
            data, before = b"".join(chunk), lines_read
            lines_read, chunk = lines_read + len(chunk), []
            labelled = b"_:" in data
            blank |= labelled
            run = _canonical(data, source, before, labelled=labelled)
            runs.append(stack.enter_context(_spilled(run, target.parent)) if runs else run)
        with target.open("wb") as file:
            count = _write_each_once(heapq.merge(*runs) if len(runs) > 1 else (runs or [[]])[0], file)
    return FileSummary(count, blank)


def lines_of(graph: Path) -> Iterator[bytes]:
    """Yield the lines of a file, which is closed after the last."""
    with graph.open("rb") as file:
        yield from file


def add_sorted(graph: Path, added: Store) -> int:
    """Add the default graph of ``added`` to a file of sorted lines; return how many lines there are then."""
    more = sorted(dumped(added))
    target = graph.with_suffix(".new")
    with graph.open("rb") as lines, target.open("wb") as file:
        count = _write_each_once(heapq.merge(lines, more), file)
    target.replace(graph)
    return count


def _canonical(data: bytes, source: Path | str, before: int, *, labelled: bool) -> list[bytes]:
    store = Store()
    try:
        if labelled:  # bulk_load gives blank nodes new labels each time
            store.bulk_extend(parse(data, RdfFormat.N_TRIPLES))
        else:
            store.bulk_load(data, RdfFormat.N_TRIPLES)
    except SyntaxError as error:
        line = None if error.lineno is None else before + error.lineno
        message = _LINE.sub(lambda match: f"line {before + int(match[1])}", str(error.msg))
        raise RdfFileError(message, file=source, line=line) from error
    return sorted(dumped(store))


def dumped(store: Store) -> list[bytes]:
    """Return the lines of a store's default graph, in no order."""
    output = io.BytesIO()
    store.dump(output, RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    return output.getvalue().splitlines(keepends=True)


def _spilled(run: Iterable[bytes], folder: Path) -> BinaryIO:
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - whoever gets it closes it
    file.writelines(run)
    file.seek(0)
    return file


def _write_each_once(lines: Iterable[bytes], file: BinaryIO) -> int:
    count = 0

    def each_once() -> Iterator[bytes]:
        nonlocal count
        last = b""
        for line in lines:
            if line != last:
                count += 1
                yield line
                last = line

    file.writelines(each_once())
    return count
