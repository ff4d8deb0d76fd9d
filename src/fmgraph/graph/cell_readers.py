"""List cells: what each column's text says, in the forms that the lists use.

Every reader returns assertions (YAML key and value text or term) and raises ValueError for what it does
not understand; the caller makes that a finding with file, row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from fmgraph.graph.catalogue import Catalogue
from fmgraph.records.addresses import parse_address
from fmgraph.records.record_files import Record
from fmgraph.text import match_key

#: Cells that say "nothing": no claim, no finding.
ABSENT = {"", "-", "—", "–", "n/a", "none", "coming soon", "tba"}
#: Cells by which a column that has a place for code or weights says that there is none, or not yet.
_NOT_GIVEN = {"-", "—", "–", "n/a", "none", "❌", "✗", "✘", "no"}
_ANNOUNCED = {"coming soon", "tba"}
_WITH_ABSENCE = {"code", "weights"}
#: Marks for "there is one", without saying where.
TICKS = {"✅", "✓", "✔", "☑", "yes"}
#: Addresses that templates leave behind; a cell that has another address beside one means the other.
_PLACEHOLDERS = {"https://paper.link", "https://huggingface.co/org/model", "https://github.com/org/repo"}

_URL = re.compile(r"https?://[^\s\[\]()<>\"]+")
_LABEL = re.compile(r"\[+([^\[\]]*)\]")
_PARENTHESES = re.compile(r"\s*\(([^()]*)\)")
_SIZES = re.compile(r"(?P<family>[A-Za-z]+)[-_ ](?P<sizes>[TSBLHGg](?:/[TSBLHGg])+)")
_DIMENSION = re.compile(r"\b([23])D\b", re.IGNORECASE)


@dataclass(frozen=True)
class Assertion:
    """``key`` is a YAML key; ``text`` the value as a record would write it."""

    key: str
    text: str


class UnknownNameError(ValueError):
    """A name that no record has."""


class CellReader:
    """Reads cells by the field that their column stands for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._readers: dict[str, Callable[[str, Record], Iterator[Assertion]]] = {
            "modality": self._modality,
            "title": self._title,
            "published_in": self._venue,
            "backbone": self._backbone,
            "pretraining_method": self._method,
            "code": self._links("code"),
            "weights": self._links("weights"),
            "url": self._url,
            "author": self._authors,
            "contribution": lambda text, _: iter([Assertion("contribution", text.casefold())]),
        }

    def read(self, field: str, label_field: str | None, cell: str, record: Record) -> list[Assertion]:
        """Return what the cell says as a value of ``field``; [] where it says nothing.

        ``label_field`` is what a link's label stands for, where the column says so.
        """
        text = cell.strip()
        if field in _WITH_ABSENCE and text.casefold() in _NOT_GIVEN | _ANNOUNCED:
            state = "announced" if text.casefold() in _ANNOUNCED else "not-given"
            return [Assertion(f"{field}_absent", state)]
        if text.casefold() in ABSENT:
            return []
        found = []
        if label_field:
            label = _label(text)
            if label and not self._is_platform(label) and label.casefold() not in ABSENT:
                found += self.read(label_field, None, label, record)
        if text in TICKS:
            return [*found, Assertion(f"{field}_available", "true")]
        reader = self._readers.get(field)
        return found + (list(reader(text, record)) if reader else [Assertion(field, text)])

    def _is_platform(self, label: str) -> bool:
        return label in {"ScienceDirect", "GitHub"}

    def _modality(self, text: str, _record: Record) -> Iterator[Assertion]:
        for dimension in dict.fromkeys(_DIMENSION.findall(text)):
            yield Assertion("dimensionality", f"{dimension}D")
        for name in re.split(r"[,/+]", _DIMENSION.sub("", text)):
            if name.strip():
                yield Assertion("modality", self._named("modality", name.strip()))

    def _named(self, kind: str, name: str) -> str:
        slug = self._catalogue.find(kind, name)
        if slug is None:
            near = self._catalogue.nearest(kind, name)
            raise UnknownNameError(
                f"no {kind} is called {name!r}"
                + (f"; nearest: {', '.join(near)}" if near else f"; add it as `aka` to a data/{kind}/ record")
            )
        return slug

    def _title(self, text: str, record: Record) -> Iterator[Assertion]:
        """Read a title, and the names in the parentheses at its end where they are the record's own."""
        own = {match_key(name) for name in record.names}
        match = re.search(r"\s*\(([^()]+)\)$", text)
        names = [name.strip() for name in match[1].split("/")] if match else []
        if match and names and any(match_key(name) in own for name in names):
            text = text[: match.start()]
            yield from (Assertion("name", name) for name in names if match_key(name) in own)
        yield Assertion("title", text)

    def _venue(self, text: str, _record: Record) -> Iterator[Assertion]:
        yield Assertion("published_in", self._named("venue", text))

    def _backbone(self, text: str, _record: Record) -> Iterator[Assertion]:
        plain = _PARENTHESES.sub("", text).strip()
        sizes = _SIZES.fullmatch(plain)
        names = [f"{sizes['family']}-{size}" for size in sizes["sizes"].split("/")] if sizes else [plain]
        for name in names:
            slug = self._catalogue.find("backbone", name)
            if slug:
                yield Assertion("backbone", slug)
                continue
            work = self._catalogue.find_work(name)
            if work:
                yield Assertion("built_on", "/".join(work))
                continue
            self._named("backbone", name)

    def _method(self, text: str, _record: Record) -> Iterator[Assertion]:
        whole = self._catalogue.find("method", text)
        if whole:
            yield Assertion("pretraining_method", whole)
            return
        for name in re.split(r"[+,]", _PARENTHESES.sub("", text)):
            if name.strip():
                yield Assertion("pretraining_method", self._named("method", name.strip()))

    def _links(self, key: str) -> Callable[[str, Record], Iterator[Assertion]]:
        def read(text: str, _record: Record) -> Iterator[Assertion]:
            urls = links(text)
            if not urls:
                raise ValueError(f"no link is found in {text!r}")
            for url in urls:
                container = key == "weights" and "hub.docker.com" in url
                yield Assertion("container" if container else key, url)

        return read

    def _url(self, text: str, _record: Record) -> Iterator[Assertion]:
        urls = links(text)
        if not urls:
            raise ValueError(f"no link is found in {text!r}")
        for url in urls:
            yield Assertion("url", url)
            address = parse_address(url)
            if address.arxiv:
                yield Assertion("arxiv", address.arxiv)
            if address.doi:
                yield Assertion("doi", address.doi)

    def _authors(self, text: str, _record: Record) -> Iterator[Assertion]:
        names = [name.strip() for name in text.strip("*_ ").split(",")]
        yield from (Assertion("author", name) for name in names if name)


def links(text: str) -> list[str]:
    """Return the addresses in a cell's Markdown, nested and broken links included.

    Of several addresses, placeholders that a template left behind are dropped; a link nested in another
    (``[a]([b](c))``) means the inner one, which is the last.
    """
    urls = list(dict.fromkeys(url.rstrip(".,;") for url in _URL.findall(text)))
    real = [url for url in urls if url not in _PLACEHOLDERS] or urls
    nested = re.search(r"\]\(\s*\[", text) or "](https" in text.split("](", 1)[-1]
    chosen = real[-1:] if nested else real
    return [url for url in chosen if urlsplit(url).netloc]


def _label(text: str) -> str | None:
    match = _LABEL.search(text)
    return match[1].strip() if match else (None if _URL.search(text) else text)
