"""The index of names: an SQLite file beside the dataset, for words, names, identifiers and misspellings.

Three tables: ``names`` (FTS5 over labels, other names, titles and what an entity is about), ``keys`` (whole
names and identifiers in one spelling each) and ``trigrams`` (FTS5 over three-letter pieces, for names that
are misspelt). https://www.sqlite.org/fts5.html. The file is written once with the dataset and opened
read-only for each question, so that a swapped dataset is picked up at once and threads share nothing.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rapidfuzz import fuzz

from fmgraph.errors import EngineError, UsageError
from fmgraph.text import fold, match_key

_LOG = logging.getLogger("fmgraph.search")
_WORD = re.compile(r"\w+")
#: Words of a question that are used; a longer one is not a name.
_MOST_WORDS = 12
#: What is shown, then what is searched: the same without case and diacritics.
_SHOWN = ("iri", "kind", "exact", "shown_label", "shown_aka", "shown_title")
_COLUMNS = ", ".join([f"{name} UNINDEXED" for name in _SHOWN] + ["label", "aka", "title", "about"])
#: bm25 weights of all columns: a label counts most, what an entity is about least.
_RANK = "bm25(names, 0, 0, 0, 0, 0, 0, 10, 8, 3, 1)"
#: Entities that suggestions by words are chosen from.
_WEIGHED = 500
#: Entities whose names share most pieces with a misspelt one; these are compared letter by letter.
_CANDIDATES = 80
#: Pieces of a name that are looked at (of a longer one, those of its beginning), and that are looked for.
_MOST_PIECES, _PIECES = 60, 8
#: Least likeness, from 0 to 100, at which a name is offered for a misspelt one.
LEAST_LIKENESS = 72
#: What ``:memory:`` stands for: an index without a file, for a graph that has none.
Source = Path | str | sqlite3.Connection


@dataclass(frozen=True)
class Entry:
    """What is searched of one entity.

    ``about`` are names of what it is about (modalities, organs), ``keys`` identifiers in one spelling
    (``doi:10.1/x``), the surest first.
    """

    iri: str
    kind: str
    label: str
    aka: tuple[str, ...] = ()
    title: str = ""
    about: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hits:
    """Hits in order, best first, and how many there are in all."""

    total: int
    entries: list[Entry]


def build_index(path: Path | str, rows: Iterable[Entry]) -> int:
    """Write the index to a new file and return how many entities it holds.

    Case and diacritics do not count; prefixes of two to four letters are indexed. Raises
    UsageError when the file exists.
    """
    path = Path(path)
    if path.exists():
        raise UsageError(f"{path} exists: an index is written once")
    with closing(sqlite3.connect(path)) as connection:
        return _fill(connection, rows)


def index_in_memory(rows: Iterable[Entry]) -> sqlite3.Connection:
    """Return an index that lives in memory, for a graph without one; threads may share it."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    _fill(connection, rows)
    return connection


def _fill(connection: sqlite3.Connection, rows: Iterable[Entry]) -> int:
    with connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(
            f"CREATE VIRTUAL TABLE names USING fts5({_COLUMNS}, tokenize = 'unicode61', prefix = '2 3 4')"
        )
        connection.execute(
            "CREATE VIRTUAL TABLE trigrams USING fts5(pieces, tokenize = 'trigram', detail = none)"
        )
        connection.execute("CREATE VIRTUAL TABLE pieces_of_names USING fts5vocab(trigrams, row)")
        connection.execute(
            "CREATE TABLE keys (key TEXT NOT NULL, place INTEGER NOT NULL, entity INTEGER NOT NULL)"
        )
        count = 0
        for number, entry in enumerate(rows, 1):
            connection.execute("INSERT INTO names VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _record(entry))
            names = [entry.label, *entry.aka]
            connection.execute("INSERT INTO trigrams VALUES (?)", ["\n".join(map(fold, names))])
            connection.executemany(
                "INSERT INTO keys VALUES (?, ?, ?)",
                [(key, place, number) for key, place in _places(entry, names).items()],
            )
            count = number
        connection.execute("CREATE INDEX keys_by_key ON keys (key, place)")
        for table in ("names", "trigrams"):
            connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608 - constants
    return count


def _places(entry: Entry, names: Sequence[str]) -> dict[str, int]:
    """Return the entity's keys, each with its place: identifiers, then names, then the slug."""
    slug = entry.iri.rsplit("/", 1)[-1]
    places: dict[str, int] = {}
    for first, keys in ((0, entry.keys), (1000, _name_keys(names)), (2000, _name_keys([slug]))):
        for place, key in enumerate(keys, first):
            places.setdefault(key, place)
    return places


def _name_keys(names: Sequence[str]) -> list[str]:
    return [f"name:{match_key(name)}" for name in names]


def _record(entry: Entry) -> tuple[str, ...]:
    texts = (entry.label, "\n".join(entry.aka), entry.title)
    searched = (*map(fold, texts), fold(" ".join(entry.about)))
    return (entry.iri, entry.kind, _exact(entry), *texts, *searched)


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


def query(source: Source, text: str, limit: int = 20, offset: int = 0, kinds: Sequence[str] = ()) -> Hits:
    """Return the entities that have every word of the text in names or subjects.

    Whole names come first, then names that begin with the text, the shortest first.
    ``kinds`` narrows to some kinds. Nothing in ``text`` is taken as search syntax. Raises EngineError when
    there is no index at the path; the path is logged and is not in the error.
    """
    expression = match_expression(text)
    if not expression:
        return Hits(0, [])
    where = "names MATCH ?" + _among(kinds)
    values: list[object] = [expression, *kinds]
    start = fold(text).strip()
    with _opened(source) as connection:
        total = connection.execute(f"SELECT COUNT(*) FROM names WHERE {where}", values).fetchone()[0]  # noqa: S608
        rows = connection.execute(
            f"SELECT {_ENTRY} FROM names WHERE {where} "  # noqa: S608 - constants
            "ORDER BY INSTR(exact, ?) > 0 DESC, "
            f"CASE WHEN SUBSTR(label, 1, ?) = ? THEN LENGTH(label) ELSE 1000 END, {_RANK}, label, iri "
            "LIMIT ? OFFSET ?",
            [*values, f" {match_key(text)} ", len(start), start, limit, offset],
        ).fetchall()
    return Hits(total, [_entry(row) for row in rows])


def by_key(source: Source, keys: Sequence[str], kinds: Sequence[str] = (), limit: int = 20) -> list[Entry]:
    """Return the entities that have one of the keys, in the order of the keys, then the surest first.

    Raises EngineError as :func:`query` does.
    """
    entries: dict[str, Entry] = {}
    with _opened(source) as connection:
        for key in keys:
            rows = connection.execute(
                f"SELECT {_ENTRY} FROM keys JOIN names ON names.rowid = keys.entity "  # noqa: S608 - constants
                f"WHERE key = ?{_among(kinds)} ORDER BY place, LENGTH(shown_label), iri LIMIT ?",
                [key, *kinds, limit],
            )
            for row in rows:
                entries.setdefault(row[0], _entry(row))
    return list(entries.values())[:limit]


def some_with_words(source: Source, text: str, kinds: Sequence[str] = (), limit: int = 8) -> list[Entry]:
    """Return some of the entities that :func:`query` finds, the shortest names first, without weighing all.

    For suggestions, where an answer at once is worth more than the best order of thousands.
    Raises EngineError as :func:`query` does.
    """
    expression = match_expression(text)
    if not expression:
        return []
    with _opened(source) as connection:
        rows = connection.execute(
            f"SELECT {_ENTRY} FROM (SELECT {_ENTRY}, exact FROM names "  # noqa: S608 - constants
            f"WHERE names MATCH ?{_among(kinds)} LIMIT {_WEIGHED}) "
            "ORDER BY INSTR(exact, ?) > 0 DESC, LENGTH(shown_label), iri LIMIT ?",
            [expression, *kinds, f" {match_key(text)} ", limit],
        ).fetchall()
    return [_entry(row) for row in rows]


def beginning(source: Source, text: str, kinds: Sequence[str] = (), limit: int = 8) -> list[Entry]:
    """Return the entities with a name that begins with the text, the shortest names first.

    Raises EngineError as :func:`query` does.
    """
    start = match_key(text)
    if not start:
        return []
    with _opened(source) as connection:
        rows = connection.execute(
            f"SELECT {_ENTRY} FROM (SELECT entity, MIN(LENGTH(key)) AS length FROM keys "  # noqa: S608 - constants
            "WHERE key >= ? AND key < ? GROUP BY entity) JOIN names ON names.rowid = entity "
            f"WHERE TRUE{_among(kinds)} ORDER BY length, LENGTH(shown_label), iri LIMIT ?",
            [f"name:{start}", f"name:{start}\U0010ffff", *kinds, limit],
        ).fetchall()
    return [_entry(row) for row in rows]


def similar(
    source: Source, text: str, kinds: Sequence[str] = (), limit: int = 5, least: float = LEAST_LIKENESS
) -> list[tuple[Entry, float]]:
    """Return entities with a name much like the text, and how like it is (from ``least`` to 100), best first.

    Raises EngineError as :func:`query` does.
    """
    folded = fold(text).strip()
    pieces = dict.fromkeys(folded[start : start + 3] for start in range(len(folded) - 2))
    with _opened(source) as connection:
        expression = " OR ".join(_rarest(connection, list(pieces)[:_MOST_PIECES]))
        if not expression:
            return []
        rows = connection.execute(
            f"SELECT {_ENTRY} FROM trigrams JOIN names ON names.rowid = trigrams.rowid "  # noqa: S608 - constants
            f"WHERE trigrams MATCH ?{_among(kinds)} ORDER BY trigrams.rank LIMIT ?",
            [expression, *kinds, _CANDIDATES],
        ).fetchall()
    scored = [(entry, _likeness(folded, entry)) for entry in map(_entry, rows)]
    scored.sort(key=lambda item: (-item[1], len(item[0].label), item[0].iri))
    return [(entry, score) for entry, score in scored if score >= least][:limit]


def _rarest(connection: sqlite3.Connection, pieces: Sequence[str]) -> list[str]:
    """Return the pieces that fewest names have, quoted for FTS5: common ones tell little and take long."""
    some = ", ".join("?" * len(pieces))
    rows = connection.execute(
        f"SELECT term FROM pieces_of_names WHERE term IN ({some}) ORDER BY doc LIMIT {_PIECES}",  # noqa: S608
        list(pieces),
    )
    return ['"' + piece.replace('"', '""') + '"' for (piece,) in rows if piece.isprintable()]


def _likeness(text: str, entry: Entry) -> float:
    names = (entry.label, *entry.aka)
    return max(fuzz.ratio(match_key(text), match_key(name)) for name in names)


def iris(source: Source, text: str, limit: int) -> list[str]:
    """Return up to ``limit`` IRIs of the entities whose names have every word, in the order of the index."""
    expression = match_expression(text)
    if not expression:
        return []
    with _opened(source) as connection:
        rows = connection.execute(
            "SELECT iri FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?",
            [f"{{label aka title}} : ({expression})", limit],
        ).fetchall()
    return [iri for (iri,) in rows]


_ENTRY = "iri, kind, shown_label, shown_aka, shown_title"


def _entry(row: tuple[str, str, str, str, str]) -> Entry:
    iri, kind, label, aka, title = row
    return Entry(iri, kind, label, tuple(aka.split("\n")) if aka else (), title)


def _among(kinds: Sequence[str]) -> str:
    return f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""


@contextmanager
def _opened(source: Source) -> Iterator[sqlite3.Connection]:
    if isinstance(source, sqlite3.Connection):
        yield source
        return
    address = f"file:{quote(str(Path(source).resolve()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        _LOG.error("%s is no search index (%s)", source, error)
        raise EngineError("the search index cannot be read: run fmgraph build again") from error
