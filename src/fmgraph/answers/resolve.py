"""From what people write to the entity they mean: by IRI, identifier, address, name, word or likeness.

One resolver serves search, suggestions, lineage, the parameters of named queries and everything else that
takes a name. It works over the index of names (:mod:`fmgraph.rdf.text_index`) that a built dataset has, or
over one made in memory, once, for a graph that has none.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from fmgraph.errors import LimitError, NotFoundError
from fmgraph.ontology import all_kinds, searched_classes
from fmgraph.rdf import text_index
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, FOAF, OWL, RDFS, SCHEMA, SKOS
from fmgraph.rdf.text_index import Entry
from fmgraph.records.addresses import parse_address
from fmgraph.records.identifiers import normal_arxiv, normal_doi
from fmgraph.server.engine import Engine
from fmgraph.text import SLUG, fold, match_key, without_surrogates

#: Characters of a question that are used.
LONGEST = 300
#: A graph of more triples than this is searched only where it has an index.
MOST_WITHOUT_INDEX = 2_000_000
#: How sure a match is, by how it was made; one by likeness has the likeness itself.
_SURE, _BY_NAME, _BY_BEGINNING, _BY_WORDS = 1.0, 0.98, 0.8, 0.5
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_ROR = re.compile(r"(?:https?://)?(?:www\.)?ror\.org/(0[a-z0-9]{8})", re.IGNORECASE)
_NAMES = (f"<{RDFS}label>", f"<{SKOS}altLabel>", f"<{FMG}title>|<{FMG}name>")
#: What an entity is about: a search for "ultrasound" finds the models of that modality too.
_ABOUT = "|".join(f"<{FMG}{name}>" for name in ("modality", "organ", "task", "disease"))
#: Addresses that identify what they hang on, the surest first.
_ADDRESSES = (
    f"<{SKOS}exactMatch>|<{OWL}sameAs>|<{FMG}ror>|<{FMG}wikidata>",
    f"<{FMG}weights>",
    f"<{FMG}code>|<{FMG}container>|<{FMG}demo>",
    f"<{FOAF}homepage>|<{SCHEMA}url>|<{DCTERMS}source>",
)


@dataclass(frozen=True)
class Match:
    """An entity that a text may mean.

    ``score`` is from 0 to 1; ``by`` is "identifier", "name", "beginning", "words" or "likeness".
    """

    iri: str
    kind: str
    label: str
    aka: tuple[str, ...]
    title: str
    score: float
    by: str

    @property
    def slug(self) -> str:
        """The last part of an IRI of ours; of another IRI, the IRI."""
        return self.iri.removeprefix(f"{BASE}{self.kind}/")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as ``/suggest`` and the API give it."""
        return {
            "iri": self.iri,
            "kind": self.kind,
            "label": self.label,
            "aka": list(self.aka),
            "title": self.title,
            "score": round(self.score, 3),
            "by": self.by,
        }


class Resolver:
    """Finds entities over an engine's graph; safe to share between threads."""

    def __init__(self, engine: Engine, index: Path | None = None) -> None:
        """Resolve over the index file, the engine's by default.

        Where there is none, one is made in memory at the first question.
        """
        self._engine, self.index = engine, index or engine.search_index
        self._memory_index: tuple[str, sqlite3.Connection] | None = None
        self._lock = Lock()

    def resolve(self, text: str, kinds: Sequence[str] = (), limit: int = 10) -> list[Match]:
        """Return up to ``limit`` entities that the text may mean, the surest first.

        ``kinds`` narrows to some kinds. Identifiers and whole names come before words, and misspellings are
        only looked for where nothing else was found. Raises LimitError for a large graph without an index.
        """
        text = without_surrogates(" ".join(text.split())[:LONGEST])
        with self._source() as source:
            matches: dict[str, Match] = {}
            for entry in text_index.by_key(source, keys_of(text), kinds, limit):
                matches.setdefault(entry.iri, _match(entry, _SURE, "identifier"))
            for entry in text_index.by_key(source, [f"name:{match_key(text)}"], kinds, limit):
                if not match_key(text) and fold(text) not in map(fold, (entry.label, *entry.aka)):
                    continue  # names in other scripts, and a dash, have no key of their own
                matches.setdefault(entry.iri, _match(entry, _BY_NAME, "name"))
            for place, entry in enumerate(text_index.beginning(source, text, kinds, limit)):
                matches.setdefault(entry.iri, _match(entry, _BY_BEGINNING / (1 + place / 20), "beginning"))
            if len(matches) < limit:
                for place, entry in enumerate(text_index.some_with_words(source, text, kinds, limit)):
                    matches.setdefault(entry.iri, _match(entry, _BY_WORDS / (1 + place / 20), "words"))
            if not matches:
                for entry, likeness in text_index.similar(source, text, kinds, limit):
                    matches.setdefault(entry.iri, _match(entry, likeness / 100 * 0.95, "likeness"))
        return sorted(matches.values(), key=lambda match: -match.score)[:limit]

    def search(
        self, text: str, kinds: Sequence[str] = (), limit: int = 20, offset: int = 0
    ) -> tuple[int, list[Match]]:
        """Return how many entities match, and those of one page.

        What the text identifies stands alone; else they have every word, whole names first; else their names
        are like it. Raises LimitError as :meth:`resolve` does.
        """
        text = without_surrogates(" ".join(text.split())[:LONGEST])
        with self._source() as source:
            by_identifier = text_index.by_key(source, keys_of(text), kinds)
            if by_identifier:
                matches = [_match(entry, _SURE, "identifier") for entry in by_identifier]
                return len(matches), matches[offset : offset + limit]
            hits = text_index.query(source, text, limit, offset, kinds)
            if hits.total:
                return hits.total, [_match(entry, _BY_WORDS, "words") for entry in hits.entries]
            alike = text_index.similar(source, text, kinds, limit)
        return len(alike), [_match(entry, likeness / 100, "likeness") for entry, likeness in alike][offset:]

    def find(self, text: str, kinds: Sequence[str] = ()) -> Match:
        """Return the one entity that the text means by an identifier, a slug or a whole name.

        Raises NotFoundError, with the nearest names, where there is none.
        """
        matches = self.resolve(text, kinds, 5)
        if matches and matches[0].by in ("identifier", "name"):
            return matches[0]
        near = [match.label for match in matches] or [match.label for match in self.alike(text, kinds)]
        what = " or ".join(kinds) or "thing"
        raise NotFoundError(f"there is no {what} called {text[:LONGEST]!r}", list(dict.fromkeys(near)))

    def alike(self, text: str, kinds: Sequence[str] = (), limit: int = 5) -> list[Match]:
        """Return entities with names like the text, more loosely than :meth:`resolve`: for "did you mean"."""
        with self._source() as source:
            hits = text_index.similar(source, text[:LONGEST], kinds, limit, least=50)
        return [_match(entry, likeness / 100, "likeness") for entry, likeness in hits]

    def _source(self) -> _Borrowed:
        if self.index is not None and self.index.is_file():
            return _Borrowed(self.index)
        return _Borrowed(self._in_memory(), self._lock)

    def _in_memory(self) -> sqlite3.Connection:
        meta = self._engine.meta
        with self._lock:
            if self._memory_index is None or self._memory_index[0] != meta.digest:
                if meta.triples > MOST_WITHOUT_INDEX:
                    raise LimitError(
                        "this dataset has no search index (fmgraph build makes one)",
                        "graph size without index",
                    )
                connection = text_index.index_in_memory(entries(self._engine.rows, searched_classes()))
                self._memory_index = (meta.digest, connection)
            return self._memory_index[1]


class _Borrowed:
    """An index for the time of one question; one in memory is used by one thread at a time."""

    def __init__(self, source: text_index.Source, lock: Lock | None = None) -> None:
        self._source, self._lock = source, lock

    def __enter__(self) -> text_index.Source:
        if self._lock is not None:
            self._lock.acquire()
        return self._source

    def __exit__(self, *error: object) -> None:
        if self._lock is not None:
            self._lock.release()


_RESOLVERS: WeakKeyDictionary[Engine, Resolver] = WeakKeyDictionary()


def resolver_of(engine: Engine, index: Path | None = None) -> Resolver:
    """Return the engine's resolver, the same each time; an index other than its own makes a new one."""
    index = index or engine.search_index
    resolver = _RESOLVERS.get(engine)
    if resolver is None or (index is not None and resolver.index != index):
        resolver = _RESOLVERS[engine] = Resolver(engine, index)
    return resolver


def keys_of(text: str) -> list[str]:
    """Return the keys under which an entity named by the text would be in the index, the surest first.

    >>> keys_of("https://huggingface.co/MahmoodLab/UNI")[1:]
    ['huggingface:mahmoodlab/uni', 'page:huggingface.co/MahmoodLab/UNI']
    >>> keys_of("arXiv:2308.15474v2")
    ['arxiv:2308.15474']
    """
    text = text.strip()
    keys: list[str] = []
    kind, _, slug = text.removeprefix(BASE).rpartition("/")
    if kind in all_kinds() and SLUG.fullmatch(slug):
        keys.append(f"iri:{BASE}{kind}/{slug}")
    if ror := _ROR.fullmatch(text):
        keys.append(f"page:ror.org/{ror[1].lower()}")
    if "://" in text:
        # An entity may have an IRI that is not ours: a licence of SPDX.
        return [*dict.fromkeys([*keys, f"iri:{text}", *address_keys(text)])]
    for scheme, normal in (("arxiv", normal_arxiv), ("doi", normal_doi)):
        try:
            keys.append(f"{scheme}:{normal(text.removeprefix(f'{scheme}:'))}")
        except ValueError:
            continue
        break
    prefix, _, name = text.partition(":")
    repository = name if prefix in ("github", "hf", "huggingface") else text
    if _REPOSITORY.fullmatch(repository):
        schemes = {"github": ("github",), "hf": ("huggingface",), "huggingface": ("huggingface",)}
        repository_schemes = schemes.get(prefix, ("huggingface", "github"))
        keys.extend(f"{scheme}:{repository.lower()}" for scheme in repository_schemes)
    elif "." in text and " " not in text and "/" in text:
        keys += address_keys(f"https://{text}")
    return keys


def address_keys(url: str) -> list[str]:
    """Return the keys of an address: what it identifies, then the page itself; none of another text."""
    try:
        address = parse_address(url)
    except ValueError:
        return []
    return [*(f"{scheme}:{name}" for scheme, name in sorted(address.identifiers)), f"page:{address.key}"]


def entries(
    rows: Callable[[str], Iterable[Mapping[str, Any]]], classes: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield what is to be searched in a graph: the instances of the classes (IRIs by name of the kind).

    ``rows`` runs a SELECT query (``engine.rows``).
    """
    for kind, cls in classes.items():
        yield from _of_kind(rows, kind, cls)


def _of_kind(rows: Callable[[str], Iterable[Mapping[str, Any]]], kind: str, cls: str) -> Iterator[Entry]:
    names: dict[str, tuple[set[str], set[str], set[str]]] = {}
    for place, prop in enumerate(_NAMES):
        for row in rows(f"SELECT ?s ?name WHERE {{ ?s a <{cls}> ; {prop} ?name }}"):
            names.setdefault(row["s"].value, (set(), set(), set()))[place].add(row["name"].value)
    about: dict[str, set[str]] = {}
    for row in rows(f"SELECT ?s ?name WHERE {{ ?s a <{cls}> ; {_ABOUT} ?what . ?what <{RDFS}label> ?name }}"):
        about.setdefault(row["s"].value, set()).add(row["name"].value)
    keys = _keys(rows, cls)
    for iri, (labels, aka, titles) in sorted(names.items()):
        label = min(labels, default=iri.removeprefix(BASE))
        yield Entry(
            iri,
            kind,
            label,
            tuple(sorted(aka | labels - {label})),
            " ".join(sorted(titles)),
            tuple(sorted(about.get(iri, ()))),
            (f"iri:{iri}", *dict.fromkeys(keys.get(iri, ()))),
        )


def _keys(rows: Callable[[str], Iterable[Mapping[str, Any]]], cls: str) -> dict[str, list[str]]:
    """Return the keys of the instances: their own identifiers, their addresses, those of their papers."""
    keys: dict[str, list[str]] = {}
    for scheme in ("doi", "arxiv"):
        for row in rows(f"SELECT ?s ?id WHERE {{ ?s a <{cls}> ; <{FMG}{scheme}> ?id }}"):
            keys.setdefault(row["s"].value, []).append(f"{scheme}:{row['id'].value.lower()}")
    for path in _ADDRESSES:
        for row in rows(f"SELECT ?s ?url WHERE {{ ?s a <{cls}> ; {path} ?url . FILTER(isIRI(?url)) }}"):
            keys.setdefault(row["s"].value, []).extend(address_keys(row["url"].value))
    for scheme in ("doi", "arxiv"):
        path = f"<{FMG}describedBy>/<{FMG}{scheme}>"
        for row in rows(f"SELECT ?s ?id WHERE {{ ?s a <{cls}> ; {path} ?id }}"):
            keys.setdefault(row["s"].value, []).append(f"{scheme}:{row['id'].value.lower()}")
    return keys


def _match(entry: Entry, score: float, by: str) -> Match:
    return Match(entry.iri, entry.kind, entry.label, entry.aka, entry.title, score, by)
