"""The response cache: whole answers, ready to send, found without parsing anything.

An answer of this service is a function of the dataset and of the request's method, path, query string,
body, Accept, Accept-Encoding and Content-Type, and of nothing else: no cookies, no users, no clock (a query
that asks the time or a random number is not stored). So the raw strings are a correct key (:class:`Key`);
different raw strings whose answer has one entity tag share one :class:`Entry`. Conditional requests and HEAD
are answered from the entry of the GET. Errors are never stored. Each worker process has its own cache.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from werkzeug.http import unquote_etag

#: In ``environ``: True when the view says that the answer depends on nothing but the key.
CACHEABLE = "fmgraph.cacheable"
#: What an entry or a key costs beyond its strings, in bytes (measured, rounded up).
_OVERHEAD = 1024
#: Headers of a 304 (RFC 9110, section 15.4.5): those of the 200 but for what describes the content.
_OF_CONTENT = frozenset({"content-type", "content-length", "content-encoding", "content-disposition"})
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


class Key(NamedTuple):
    """The raw request; ``body`` and ``content_type`` are empty for GET and HEAD.

    The method is a part of it: an empty POST to the address of a page is not that page.
    """

    path: str
    query_string: str
    accept: str
    accept_encoding: str
    content_type: str = ""
    body: bytes = b""
    method: str = "GET"  #: of a HEAD too, which has the answer of the GET


@dataclass(slots=True)
class Entry:
    """A 200 answer: ``headers`` as sent (names in lower case), ``unchanged`` those of its 304."""

    etag: str  #: without quotes and weakness
    headers: list[tuple[str, str]]
    body: bytes
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    keys: int = 0

    def __post_init__(self) -> None:
        self.unchanged = [h for h in self.headers if h[0] not in _OF_CONTENT]

    @property
    def size(self) -> int:
        """Return about how many bytes the entry takes."""
        return len(self.body) + _OVERHEAD + sum(len(n) + len(v) for n, v in self.headers)


def make_etag(*parts: str | Iterable[str]) -> str:
    """Return an entity tag (without quotes) from the strings that determine an answer."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        for text in (part,) if isinstance(part, str) else ("[", *part, "]"):
            data = text.encode("utf-8", "surrogatepass")
            hasher.update(b"%d:" % len(data))
            hasher.update(data)
    return hasher.hexdigest()


def matches(if_none_match: str, etag: str) -> bool:
    """Return whether an If-None-Match field names the tag (weak comparison, RFC 9110, 13.1.2) or is ``*``."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


class ResponseCache:
    """Least recently used answers within ``capacity`` bytes; safe between threads.

    ``generation`` rises with every :meth:`clear`; an answer made under an older one is not taken.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self.generation = 0
        self._keys: OrderedDict[Key, Entry] = OrderedDict()
        self._entries: dict[str, Entry] = {}
        self._lock = Lock()
        self.get = self._keys.get  # the fast path asks this directly: one dictionary look-up

    def __len__(self) -> int:
        return len(self._keys)

    def touch(self, key: Key) -> None:
        """Mark a key as just used."""
        try:
            self._keys.move_to_end(key)
        except KeyError:  # evicted by another thread since
            return

    def entry(self, etag: str) -> Entry | None:
        """Return the entry of an entity tag, however it was asked for."""
        return self._entries.get(etag)

    def keep(self, key: Key, headers: list[tuple[str, str]], body: bytes, generation: int) -> None:
        """Store a 200 answer, if it has an entity tag; names of headers are in lower case."""
        etag, _ = unquote_etag(dict(headers).get("etag"))
        if etag:
            self.put(key, etag, headers, body, generation)

    def put(self, key: Key, etag: str, headers: list[tuple[str, str]], body: bytes, generation: int) -> None:
        """Store an answer, evicting the least recently used; one that takes over a quarter is not stored."""
        if generation != self.generation or len(body) * 4 > self.capacity:
            return
        with self._lock:
            if key in self._keys or generation != self.generation:
                return
            entry = self._entries.get(etag)
            # One tag is one representation; headers may differ by the media type that was named.
            if entry is None or entry.body != body or entry.headers != headers:
                entry = Entry(etag, headers, body)
                self._entries[etag] = entry
            if entry.keys == 0:
                self.size += entry.size
            entry.keys += 1
            self._keys[key] = entry
            self.size += _cost(key)
            while self.size > self.capacity and self._keys:
                self._evict(*self._keys.popitem(last=False))

    def _evict(self, key: Key, entry: Entry) -> None:
        self.size -= _cost(key)
        entry.keys -= 1
        if entry.keys == 0:
            self.size -= entry.size
            if self._entries.get(entry.etag) is entry:
                del self._entries[entry.etag]

    def clear(self) -> None:
        """Forget everything: the dataset has changed."""
        with self._lock:
            self.generation += 1
            self._keys.clear()
            self._entries.clear()
            self.size = 0


def _cost(key: Key) -> int:
    return sum(map(len, key)) + _OVERHEAD // 2
