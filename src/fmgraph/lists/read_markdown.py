"""Markdown in the wild to tables of raw cells: pipe tables and block-quoted cards.

markdown-it-py finds the blocks; its tokens carry line numbers. Cells keep their Markdown source. What
GitHub would show as no table, or with cells cut off, is a ListError: a shifted cell is a wrong fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from fmgraph.errors import ListError
from fmgraph.lists.repair_encoding import strip_decorations

#: Headers that a card's heading gives: ``[Nature Medicine] A multimodal …``.
VENUE, TITLE = "Venue", "Title"

_LABEL = re.compile(r"\*\*(?P<label>[^*]+?)\s*(?::\s*\*\*|\*\*\s*:)\s*(?P<value>.*)", re.DOTALL)
_CARD_HEADING = re.compile(r"\[(?P<venue>[^\]]+)\](?!\()\s*(?P<title>.+)", re.DOTALL)
_BREAKS = re.compile(r"(?:\s*<br\s*/?>)+\s*$", re.IGNORECASE)
_DELIMITERS = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)+\|?\s*")
_QUOTE_MARKS = re.compile(r"^[\s>]*")


@dataclass
class RawRow:
    """A row or card: its line in the file (1-based) and header → raw cell."""

    line: int
    cells: dict[str, str]


@dataclass
class RawTable:
    """A table, or the cards under one heading."""

    section: str
    headers: tuple[str, ...]
    rows: list[RawRow] = field(default_factory=list)


@dataclass
class Parsed:
    """What a Markdown file holds. ``notes`` tell (line, text) of what was passed over or dropped."""

    layout: str
    tables: list[RawTable]
    notes: list[tuple[int, str]]


def parse(text: str, file: Path | str | None) -> Parsed:
    """Return the tables or cards of a Markdown text, in order; ListError where it has none, or both."""
    reader = _Reader(text, file)
    reader.read()
    cards, tables = reader.cards, reader.tables
    if cards and tables:
        raise ListError(
            "holds both tables and cards",
            file=file,
            line=cards[0].rows[0].line,
            remedy="import them from two files, under two list ids",
        )
    if not cards and not tables:
        raise ListError(
            "no table and no card was found",
            file=file,
            remedy="a table needs a header, a |---| line under it and rows; a card is a block quote with a"
            " heading and **Label:** lines",
        )
    if cards:  # one set of columns for all cards, as they are one gallery
        headers = tuple(dict.fromkeys(header for t in cards for row in t.rows for header in row.cells))
        headers = (VENUE, TITLE, *(header for header in headers if header not in (VENUE, TITLE)))
        for table in cards:
            table.headers = headers
            for row in table.rows:
                row.cells = {header: row.cells.get(header, "") for header in headers}
    return Parsed("cards" if cards else "table", cards or tables, reader.notes)


class _Reader:
    def __init__(self, text: str, file: Path | str | None) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.tokens: Sequence[Token] = MarkdownIt("commonmark").enable("table").parse(text)
        self.section = ""
        self.fresh = True  # whether no card has been seen under the current heading
        self.tables: list[RawTable] = []
        self.cards: list[RawTable] = []
        self.notes: list[tuple[int, str]] = []

    def error(self, line: int, message: str, remedy: str) -> ListError:
        return ListError(message, file=self.file, line=line, remedy=remedy)

    def read(self) -> None:
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.type in ("table_open", "blockquote_open"):
                end = self._end(index)
                block = self.tokens[index + 1 : end]
                if token.type == "table_open":
                    self._table(block)
                elif any(inner.type == "table_open" for inner in block):
                    index += 1  # a quoted table is a table
                    continue
                else:
                    self._quote(block, _line(token))
                index = end
            elif token.type == "heading_open":
                self.section = self._undecorated(_plain(self.tokens[index + 1]), _line(token))
                self.fresh = True
                index += 1
            elif token.type in ("inline", "html_block"):
                self._refuse_stray_rows(token)
            index += 1

    def _end(self, start: int) -> int:
        closing = self.tokens[start].type.replace("_open", "_close")
        level = self.tokens[start].level
        return next(
            index
            for index in range(start + 1, len(self.tokens))
            if self.tokens[index].type == closing and self.tokens[index].level == level
        )

    def _undecorated(self, text: str, line: int) -> str:
        plain, broken = strip_decorations(text)
        for remains in broken:
            self.notes.append((line, f"dropped {remains!r} beside {plain!r}: a symbol whose bytes are lost"))
        return plain

    # Tables

    def _table(self, block: Sequence[Token]) -> None:
        rows = list(_cells(block))
        head_line, headers = rows[0]
        twice = next((header for header in headers if headers.count(header) > 1), None)
        if twice is not None:
            raise self.error(head_line, f"the header {twice!r} stands twice", "give each column its own name")
        table = RawTable(self.section, tuple(headers))
        for line, cells in rows[1:]:
            found = self._count(line)
            if found != len(headers):
                kind = "few" if found < len(headers) else "many"
                remedy = (
                    "write the missing cells as | - |; if the line is no row, put a blank line before it"
                    if kind == "few"
                    else r"write a | inside a cell as \|, or delete what is too much"
                )
                raise self.error(
                    line, f"too {kind} cells: {found} where the header has {len(headers)}", remedy
                )
            table.rows.append(RawRow(line, dict(zip(headers, cells, strict=True))))
        if table.rows:
            self.tables.append(table)
        else:
            self.notes.append((head_line, "a table without rows was passed over"))

    def _count(self, line: int) -> int:
        """Return how many cells the source line has: the parser itself pads and cuts silently."""
        parts = escapedSplit(_QUOTE_MARKS.sub("", self.lines[line - 1]).strip())
        return len(parts) - (parts[0] == "") - (len(parts) > 1 and parts[-1] == "")

    def _refuse_stray_rows(self, token: Token) -> None:
        if token.map is None:
            return
        for number in range(token.map[0], token.map[1]):
            source = _QUOTE_MARKS.sub("", self.lines[number])
            if (source.startswith("|") and source.count("|") > 2) or _DELIMITERS.fullmatch(source):
                raise self.error(
                    number + 1,
                    "looks like a row and is part of no table",
                    "a table is a header, a |---| line with as many columns, and rows, without blank lines"
                    " or HTML between them",
                )

    # Cards

    def _quote(self, block: Sequence[Token], line: int) -> None:
        card: RawRow | None = None
        label: str | None = None
        found = []
        for index, token in enumerate(block):
            if token.type == "heading_open":
                card, label = self._card(block[index + 1].content, _line(token)), None
                found.append(card)
            elif token.type == "inline" and block[index - 1].type != "heading_open":
                self._refuse_stray_rows(token)
                if card is not None:
                    label = self._fields(card, token, label)
        labelled = [card for card in found if set(card.cells) - {VENUE, TITLE}]
        if not labelled:
            what = "no **Label:** line" if found else "no heading"
            self.notes.append((line, f"a block quote with {what} was passed over: it is no card"))
            return
        bare = next((card for card in found if card not in labelled), None)
        if bare:
            raise self.error(bare.line, "a card without a **Label:** line", "add **Link:** or the like")
        if self.fresh:
            self.cards.append(RawTable(self.section, ()))
            self.fresh = False
        self.cards[-1].rows += found

    def _card(self, heading: str, line: int) -> RawRow:
        heading = self._undecorated(" ".join(heading.split()), line)
        match = _CARD_HEADING.fullmatch(heading)
        venue, title = (match["venue"].strip(), match["title"].strip()) if match else ("", heading)
        return RawRow(line, {VENUE: venue, TITLE: self._undecorated(title, line)})

    def _fields(self, card: RawRow, token: Token, label: str | None) -> str:
        """Add the labelled lines of a paragraph to the card; return the label that is open at its end."""
        start = _line(token)
        for number, source in enumerate(token.content.split("\n"), start):
            text = _BREAKS.sub("", source).strip()
            match = _LABEL.fullmatch(text)
            if match:
                label = self._undecorated(match["label"].strip(), number)
                if label in card.cells:
                    raise self.error(number, f"the label {label!r} stands twice in a card", "keep one")
                card.cells[label] = match["value"].strip()
            elif text and label is None:
                raise self.error(number, "text of a card without a label", "begin it with **Label:**")
            elif text and label is not None:
                card.cells[label] = f"{card.cells[label]} {text}".strip()
        if label is None:
            raise self.error(start, "text of a card without a label", "begin it with **Label:**")
        return label


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _plain(inline: Token) -> str:
    """Return a heading's text without markup, HTML tags and images."""
    parts = [
        child.content if child.type in ("text", "code_inline") else " "
        for child in inline.children or []
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    ]
    return " ".join("".join(parts).split())


def _cells(block: Sequence[Token]) -> Iterator[tuple[int, list[str]]]:
    line, cells = 0, list[str]()
    for token in block:
        if token.type == "tr_open":
            line, cells = _line(token), []
        elif token.type == "inline":
            cells.append(token.content.strip())
        elif token.type == "tr_close":
            yield line, cells
