"""List cells: what each column's text says, in the forms that the lists use.

Every reader returns assertions (YAML key and value text or term) and raises ValueError for what it does
not understand; the caller makes that a finding with file, row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.link_routes import is_badge, route
from fmgraph.graph.title_cells import read_title
from fmgraph.lists.inline_markdown import Link, plain
from fmgraph.lists.inline_markdown import links as links_in
from fmgraph.records.addresses import parse_address
from fmgraph.records.record_files import Record

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
#: Keys whose values are names of records, by the kind of record.
_NAMES = {
    "published_in": "venue",
    "developed_by": "institution",
    "trained_on": "dataset",
    "evaluated_on": "dataset",
    "task": "task",
    "organ": "organ",
    "disease": "disease",
}

_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_LABEL = re.compile(r"\[+([^\[\]]*)\]")
_PARENTHESES = re.compile(r"\s*\(([^()]*)\)")
_SIZE = r"(?:X?[TSBLHGg]|Tiny|Small|Base|Large|Huge|Giant)"
#: ``ViT-S/B/L/16``, ``ViT-Base/Large``: a family in several sizes, perhaps with a patch size.
_SIZES = re.compile(rf"(?P<family>[A-Za-z]+)[-_ ](?P<sizes>{_SIZE}(?:/{_SIZE})+)(?P<patch>/\d+)?")
#: ``P: ViT-B/16``: which stage of a pipeline a line is about.
_STAGE = re.compile(r"(?:[A-Z]|Stage ?\d):\s*")
_DIMENSION = re.compile(r"\b([23])D\b", re.IGNORECASE)
_YEAR = re.compile(r"[\s,]*\(?\b((?:19|20)\d\d)\b\)?[\s,]*")
#: ``Mar., 2022``: a date in the place of a venue.
_MONTH = re.compile(
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?,?(?:\s+\d{1,2},?)?",
    re.IGNORECASE,
)
#: ``Soumya Luthra et al., 2024`` in the place of a paper.
_CITED = re.compile(r"\D+,\s*((?:19|20)\d\d)[a-z]?")


@dataclass(frozen=True)
class Assertion:
    """``key`` is a YAML key; ``text`` the value as a record would write it."""

    key: str
    text: str


class UnknownNameError(ValueError):
    """A name that no record has, and the kind of record that was looked for."""

    def __init__(self, message: str, kind: str, name: str) -> None:
        """Keep what was looked for."""
        self.kind, self.name = kind, name
        super().__init__(message)


class PartlyReadError(ValueError):
    """Some of a cell is understood: ``assertions`` are what is; the message tells the rest."""

    def __init__(
        self, message: str, assertions: Sequence[Assertion], unknown: Sequence[UnknownNameError] = ()
    ) -> None:
        """Keep what is understood, and the names that are not."""
        self.assertions, self.unknown = list(assertions), tuple(unknown)
        super().__init__(message)


class CellReader:
    """Reads cells by the field that their column stands for; ``links`` go by their words and hosts."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._readers: dict[str, Callable[[str, Record], Iterable[Assertion]]] = {
            "modality": self._modality,
            "title": self._title,
            "name": self._name,
            "backbone": self._backbone,
            "pretraining_method": self._method,
            "links": lambda text, record: self._links(text, record, None),
            "code": lambda text, record: self._links(text, record, "code"),
            "weights": lambda text, record: self._links(text, record, "weights"),
            "url": lambda text, record: self._links(text, record, "url"),
            "author": self._authors,
            "year": lambda text, _: [Assertion("year", plain(text))],
            "data_scale": lambda text, _: [Assertion("data_scale", ", ".join(_lines(text)))],
            "contribution": lambda text, _: [Assertion("contribution", plain(text).casefold())],
        }

    def read(self, field: str, label_field: str | None, cell: str, record: Record) -> list[Assertion]:
        """Return what the cell says as a value of ``field``; [] where it says nothing.

        ``label_field`` is what a link's label stands for, where the column says so. Raises PartlyReadError
        where only a part is understood.
        """
        text = cell.strip()
        if field in _WITH_ABSENCE and text.casefold() in _NOT_GIVEN | _ANNOUNCED:
            state = "announced" if text.casefold() in _ANNOUNCED else "not-given"
            return [Assertion(f"{field}_absent", state)]
        if text.casefold() in ABSENT:
            return []
        assertions: list[Assertion] = []
        if label_field:
            label = _label(text)
            if label and not self._is_platform(label) and label.casefold() not in ABSENT:
                assertions += self.read(label_field, None, label, record)
        if text in TICKS:
            return [*assertions, Assertion(f"{field}_available", "true")]
        reader = self._readers.get(field)
        if reader:
            return assertions + list(reader(text, record))
        if kind := _NAMES.get(field):
            return assertions + self._names(field, kind, text)
        return [*assertions, Assertion(field, text)]

    def _is_platform(self, label: str) -> bool:
        return label in {"ScienceDirect", "GitHub"}

    # Names of records

    def _find_slug(self, kind: str, name: str) -> str:
        slug = self._catalogue.find(kind, name)
        if slug is None:
            near = self._catalogue.nearest(kind, name)
            hint = f"nearest: {', '.join(near)}" if near else f"add it as `aka` to a data/{kind}/ record"
            raise UnknownNameError(f"no {kind} is called {name!r}; {hint}", kind, name)
        return slug

    def _each(self, key: str, kind: str, names: Iterable[str]) -> list[Assertion]:
        """Return the records of these names; one that is unknown does not hide the others."""
        assertions, unknown = [], []
        for name in names:
            try:
                assertions.append(Assertion(key, self._find_slug(kind, name)))
            except UnknownNameError as error:
                unknown.append(error)
        if len(unknown) == 1 and not assertions:
            raise unknown[0]
        if unknown:
            raise PartlyReadError("; ".join(map(str, unknown)), assertions, unknown)
        return assertions

    def _names(self, key: str, kind: str, text: str) -> list[Assertion]:
        """Read names, one or several: the whole text, or else its parts; beside a venue, a year."""
        whole = plain(text)
        years: list[Assertion] = []
        if slug := self._catalogue.find(kind, whole):
            return [Assertion(key, slug)]
        if kind == "venue":
            years = [Assertion("year", year) for year in dict.fromkeys(_YEAR.findall(whole))]
            text = whole = " ".join(_YEAR.sub(" ", whole).split())
            if not whole or (years and _MONTH.fullmatch(whole)):
                return years
        parts = [part for line in _lines(text) for part in self._parts(kind, line)]
        return self._each_beside(years, key, kind, parts)

    def _each_beside(
        self, known: Sequence[Assertion], key: str, kind: str, names: Iterable[str]
    ) -> list[Assertion]:
        """Return the records of these names and what else is known of the cell; no name hides that."""
        try:
            return [*known, *self._each(key, kind, names)]
        except PartlyReadError as error:
            raise PartlyReadError(str(error), [*known, *error.assertions], error.unknown) from None
        except UnknownNameError as error:
            if known:
                raise PartlyReadError(str(error), known, [error]) from None
            raise

    def _parts(self, kind: str, text: str) -> list[str]:
        if self._catalogue.find(kind, text):
            return [text]
        return [part for part in re.split(r"\s*(?:[,;+]|/| & )\s*", text) if part]

    def _modality(self, text: str, _record: Record) -> list[Assertion]:
        text = ", ".join(_lines(text))
        dimensions = [
            Assertion("dimensionality", f"{one}D") for one in dict.fromkeys(_DIMENSION.findall(text))
        ]
        names = [name.strip() for name in re.split(r"[,/+;]", _DIMENSION.sub("", text)) if name.strip()]
        return self._each_beside(dimensions, "modality", "modality", names)

    def _backbone(self, text: str, record: Record) -> Iterator[Assertion]:
        for line in _lines(text):
            whole = _STAGE.sub("", _PARENTHESES.sub("", line), count=1).strip()
            known = self._catalogue.find("backbone", whole) or _SIZES.fullmatch(whole)
            for part in [whole] if known else re.split(r"\s*(?:[,;]|\s\+\s|\band\b)\s*", whole):
                yield from self._one_backbone(part, record)

    def _one_backbone(self, text: str, record: Record) -> Iterator[Assertion]:
        sizes = _SIZES.fullmatch(text)
        names = [text]
        if sizes and not self._catalogue.find("backbone", text):
            patch = sizes["patch"] or ""
            names = [f"{sizes['family']}-{size}{patch}" for size in sizes["sizes"].split("/")]
        for name in names:
            slug = self._catalogue.find("backbone", name)
            if slug:
                yield Assertion("backbone", slug)
                continue
            work = self._catalogue.find_work(name)
            if work == (record.kind, record.slug):
                raise ValueError(f"{name!r} names the work itself")
            if work:
                yield Assertion("built_on", "/".join(work))
                continue
            self._find_slug("backbone", name)

    def _method(self, text: str, _record: Record) -> list[Assertion]:
        names: list[str] = []
        for line in (_STAGE.sub("", line, count=1) for line in _lines(text)):
            whole = self._catalogue.find("method", line)
            parts = [line] if whole else re.split(r"[+,]", _PARENTHESES.sub("", line))
            names += [part.strip() for part in parts if part.strip()]
        return self._each("pretraining_method", "method", names)

    # Titles and names

    def _title(self, text: str, record: Record) -> Iterator[Assertion]:
        for key, value in read_title(text, record.names, self._paper_titles(record)):
            yield Assertion(key, value)

    def _paper_titles(self, record: Record) -> list[str]:
        """Return the titles that the record of the work's paper has."""
        papers = [record] if record.kind == "paper" else []
        papers += [
            paper
            for slug in record.values("described_by")
            if (paper := self._catalogue.records["paper"].get(slug)) is not None
        ]
        return [title for paper in papers for title in paper.values("title")]

    def _name(self, text: str, _record: Record) -> Iterator[Assertion]:
        name = plain(text).strip(" []")
        if name.casefold() not in ABSENT:
            yield Assertion("name", name)

    def _authors(self, text: str, _record: Record) -> Iterator[Assertion]:
        names = [name.strip() for name in text.strip("*_ ").split(",")]
        yield from (Assertion("author", name) for name in names if name)

    # Links

    def _links(self, text: str, record: Record, column: str | None) -> list[Assertion]:
        """Read links: one alone is what its column says, each of several what its words and host say."""
        assertions, wrong = [], []
        cell_links = _intended_links(text)
        for link in cell_links:
            try:
                address = parse_address(link.href)
            except ValueError as error:
                wrong.append(str(error))
                continue
            key = None if is_badge(address) else column
            if column is None or (len(cell_links) > 1 and column != "url"):
                key = route(link, address, record.kind, column)
            elif column == "weights" and address.host == "hub.docker.com":
                key = "container"
            if key is None:
                continue
            assertions.append(Assertion(key, link.href))
            if key == "url":
                identifiers = (("arxiv", address.arxiv), ("doi", address.doi))
                assertions += [Assertion(scheme, id_) for scheme, id_ in identifiers if id_]
        if wrong:
            raise PartlyReadError("; ".join(wrong), assertions)
        if not cell_links and column == "url" and (cited := _CITED.fullmatch(plain(text))):
            return [Assertion("year", cited[1])]
        if not cell_links and column is not None and plain(text):
            raise ValueError(f"no link is found in {text!r}")
        return list(dict.fromkeys(assertions))


def links(text: str) -> list[str]:
    """Return the addresses in a cell's Markdown that are meant, as they are written."""
    return list(dict.fromkeys(link.href for link in _intended_links(text)))


def _intended_links(text: str) -> list[Link]:
    """Return a cell's links without placeholders and the first of two that are nested.

    Placeholders that a template left behind give way to others; of a link that was put behind another's
    address (``[a](b](c)``), which Markdown does not take for a link, the last counts.
    """
    all_links = links_in(text)
    all_links = [
        link
        for link, after in zip(all_links, [*all_links[1:], None], strict=False)
        if after is None or text[link.end : after.start] != "]("
    ]
    return [link for link in all_links if link.href not in _PLACEHOLDERS] or all_links


def _lines(text: str) -> list[str]:
    """Return the plain text of each line of a cell."""
    return [line for part in _BREAK.split(text) if (line := plain(part).strip(" ,;"))]


def _label(text: str) -> str | None:
    labels = [link.label for link in links_in(text) if link.label]
    if labels:
        return labels[0]
    match = _LABEL.search(text)
    return match[1].strip() if match else (None if links_in(text) else text)
