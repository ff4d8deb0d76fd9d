"""Search over names: an SQLite FTS5 index beside the dataset (https://www.sqlite.org/fts5.html).

The index is written once with the dataset and opened read-only for each question, so that a swapped
dataset is picked up at once and threads share nothing.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fmgraph.errors import EngineError, UsageError
from fmgraph.rdf.prefixes import BASE, FMG, RDFS, SKOS
from fmgraph.text import fold, match_key

_LOG = logging.getLogger("fmgraph.search")
_WORD = re.compile(r"\w+")
#: Words of a question that are used; a longer one is not a name.
_MOST_WORDS = 12
#: What is shown, then what is searched: the same without case and diacritics.
_SHOWN = ("iri", "kind", "exact", "shown_label", "shown_aka", "shown_title")
_COLUMNS = ", ".join([f"{name} UNINDEXED" for name in _SHOWN] + ["label", "aka", "title"])
#: bm25 weights of all columns: a label counts most.
_RANK = "bm25(names, 0, 0, 0, 0, 0, 0, 10, 8, 3)"


@dataclass(frozen=True)
class Entry:
    """What is searched of one entity."""

    iri: str
    kind: str
    label: str
    aka: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Hits:
    """Hits in order, best first, and how many there are in all."""

    total: int
    entries: list[Entry]


def entries(
    rows: Callable[[str], Iterable[Mapping[str, Any]]], classes: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield what is to be searched in a graph: the instances of the classes (IRIs by name of the kind).

    ``rows`` runs a SELECT query (``engine.rows``).
    """
    for kind, cls in classes.items():
        found: dict[str, tuple[set[str], set[str], set[str]]] = {}
        for place, prop in enumerate((f"<{RDFS}label>", f"<{SKOS}altLabel>", f"<{FMG}title>|<{FMG}name>")):
            query = f"SELECT ?s ?name WHERE {{ ?s a <{cls}> ; {prop} ?name }}"
            for row in rows(query):
                found.setdefault(row["s"].value, (set(), set(), set()))[place].add(row["name"].value)
        for iri, (labels, aka, titles) in sorted(found.items()):
            label = min(labels, default=iri.removeprefix(BASE))
            yield Entry(iri, kind, label, tuple(sorted(aka | labels - {label})), " ".join(sorted(titles)))


def build_index(path: Path | str, rows: Iterable[Entry]) -> int:
    """Write the index to a new file and return how many entities it holds.

    Case and diacritics do not count; prefixes of two to four letters are indexed. Raises
    UsageError when the file exists.
    """
    path = Path(path)
    if path.exists():
        raise UsageError(f"{path} exists: an index is written once")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(
            f"CREATE VIRTUAL TABLE names USING fts5({_COLUMNS}, tokenize = 'unicode61', prefix = '2 3 4')"
        )
        count = connection.executemany(
            "INSERT INTO names VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_record, rows)
        ).rowcount
        connection.execute("INSERT INTO names(names) VALUES ('optimize')")
    return max(count, 0)


def _record(entry: Entry) -> tuple[str, ...]:
    shown = (entry.label, "\n".join(entry.aka), entry.title)
    return (entry.iri, entry.kind, _exact(entry), *shown, *map(fold, shown))


def _exact(entry: Entry) -> str:
    """Return the keys of all names, so that a whole name outranks a part of one."""
    keys = dict.fromkeys(match_key(name) for name in (entry.label, *entry.aka))
    return f" {' '.join(keys)} "


def match_expression(text: str) -> str:
    """Return the FTS5 expression for a text: every word, each as a prefix; empty where there is no word.

    >>> match_expression('ViT-L "16')
    '"vit"* "l"* "16"*'
    """
    return " ".join(f'"{word}"*' for word in _words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text).replace("_", " "))[:_MOST_WORDS]


def query(path: Path | str, text: str, limit: int = 20, offset: int = 0, kind: str | None = None) -> Hits:
    """Return the entities whose names have every word of the text, whole names first.

    ``kind`` narrows to one kind. Nothing in ``text`` is taken as search syntax. Raises EngineError when
    there is no index at ``path``; which path that is, is logged and not told.
    """
    expression = match_expression(text)
    if not expression:
        return Hits(0, [])
    where = "names MATCH ?" + (" AND kind = ?" if kind else "")
    values: list[object] = [expression, *([kind] if kind else [])]
    with _opened(path) as connection:
        total = connection.execute(f"SELECT COUNT(*) FROM names WHERE {where}", values).fetchone()[0]  # noqa: S608
        found = connection.execute(
            f"SELECT iri, kind, shown_label, shown_aka, shown_title FROM names WHERE {where} "  # noqa: S608 - constants
            f"ORDER BY INSTR(exact, ?) > 0 DESC, {_RANK}, label, iri "
            "LIMIT ? OFFSET ?",
            [*values, f" {match_key(text)} ", limit, offset],
        ).fetchall()
    return Hits(
        total, [Entry(i, k, label, tuple(aka.split("\n")) if aka else (), t) for i, k, label, aka, t in found]
    )


def iris(path: Path | str, text: str, limit: int) -> list[str]:
    """Return up to ``limit`` IRIs of the entities that :func:`query` finds, in the order of the index."""
    expression = match_expression(text)
    if not expression:
        return []
    with _opened(path) as connection:
        found = connection.execute(
            "SELECT iri FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?", [expression, limit]
        ).fetchall()
    return [iri for (iri,) in found]


@contextmanager
def _opened(path: Path | str) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(str(Path(path).resolve()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        _LOG.error("%s is no search index (%s)", path, error)
        raise EngineError("the search index cannot be read: run fmgraph build again") from error


def scan(found: Iterable[Entry], text: str, limit: int = 20, offset: int = 0) -> Hits:
    """Return the same without an index, by looking at every entry: for small graphs."""
    words = _words(text)
    if not words:
        return Hits(0, [])
    ranked = []
    for entry in found:
        have = _WORD.findall(fold(" ".join((entry.label, *entry.aka, entry.title)).replace("_", " ")))
        if all(any(name.startswith(word) for name in have) for word in words):
            whole = f" {match_key(text)} " in _exact(entry)
            ranked.append((not whole, len(entry.label), entry.label, entry.iri, entry))
    ranked.sort(key=lambda item: item[:4])
    return Hits(len(ranked), [item[4] for item in ranked[offset : offset + limit]])
