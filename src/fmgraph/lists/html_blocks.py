"""HTML in a Markdown file: its tables, headings and ``<details>``; what stands in comments is nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from fmgraph.lists.inline_markdown import plain

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "summary"}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


@dataclass
class HtmlCell:
    """A cell: its inner HTML on one line, and how far it reaches."""

    text: str
    heading: bool
    columns: int
    rows: int


@dataclass
class HtmlRow:
    """A row of an HTML table."""

    line: int  #: one-based, in the file
    cells: list[HtmlCell] = field(default_factory=list)


@dataclass(frozen=True)
class GridRow:
    """A row with as many texts as its table has columns."""

    line: int
    heading: bool  #: whether all its cells are headings
    texts: list[str]
    across: str  #: the text of a single cell that reaches across the table; ""


@dataclass
class HtmlTable:
    """A ``<table>``, spans filled in: every row has as many cells as the table has columns."""

    line: int
    rows: list[HtmlRow] = field(default_factory=list)

    def grid(self) -> list[GridRow]:
        """Return the rows."""
        width = max((sum(cell.columns for cell in row.cells) for row in self.rows), default=0)
        reaching: dict[int, tuple[int, str]] = {}  # column → (rows left, text)
        grid = []
        for row in self.rows:
            texts: list[str] = []
            cells = iter(row.cells)
            while len(texts) < width:
                if (above := reaching.get(len(texts))) and above[0] > 0:
                    reaching[len(texts)] = above[0] - 1, above[1]
                    texts.append(above[1])
                    continue
                cell = next(cells, None)
                if cell is None and not any(rows_left for rows_left, _ in reaching.values()):
                    texts.extend([""] * (width - len(texts)))
                    break
                for _ in range(cell.columns if cell else 1):
                    if cell and cell.rows > 1:
                        reaching[len(texts)] = cell.rows - 1, cell.text
                    texts.append(cell.text if cell else "")
            heading = bool(row.cells) and all(cell.heading for cell in row.cells)
            across = row.cells[0].text if len(row.cells) == 1 and row.cells[0].columns == width > 1 else ""
            grid.append(GridRow(row.line, heading, texts[:width], across))
        return grid


@dataclass(frozen=True)
class HtmlHeading:
    """A heading or a ``<summary>``."""

    line: int
    text: str
    level: int  #: 1 to 6; of a ``<summary>`` 0
    folded: bool  #: whether it is a ``<summary>``, which reaches to ``</details>``


class DetailsEnd:
    """A ``</details>``."""


Event = HtmlTable | HtmlHeading | DetailsEnd


def without_comments(text: str) -> str:
    """Return the text with its comments blanked, line breaks kept; one that never ends reaches to the end."""
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def html_events(text: str, line: int) -> list[Event]:
    """Return the tables, headings and ends of ``<details>`` in the HTML, whose first line is ``line``."""
    reader = _Reader(without_comments(text), line)
    reader.feed(reader.text)
    reader.close()
    return reader.events


class _Reader(HTMLParser):
    def __init__(self, text: str, line: int) -> None:
        super().__init__(convert_charrefs=False)
        self.text, self.first = text, line
        self.events: list[Event] = []
        self._starts = [0]
        for match in re.finditer("\n", text):
            self._starts.append(match.end())
        self._tables = 0  # depth
        self._cell: tuple[int, HtmlCell] | None = None  # where its text begins, and the cell
        self._heading: tuple[str, int, int] | None = None  # its tag, line, and where its text begins

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def _line(self) -> int:
        return self.first + self.getpos()[0] - 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        after = self._offset() + len(self.get_starttag_text() or "")
        table = self.events[-1] if self.events and isinstance(self.events[-1], HtmlTable) else None
        if tag == "table":
            self._tables += 1
            if self._tables == 1:
                self.events.append(HtmlTable(self._line()))
        elif tag == "tr" and self._tables == 1 and table:
            self._end_cell()
            table.rows.append(HtmlRow(self._line()))
        elif tag in ("td", "th") and self._tables == 1 and table and table.rows:
            self._end_cell()
            spans = {name: _span(value) for name, value in attrs if name in ("colspan", "rowspan")}
            cell = HtmlCell("", tag == "th", spans.get("colspan", 1), spans.get("rowspan", 1))
            self._cell = after, cell
            table.rows[-1].cells.append(cell)
        elif tag in _HEADINGS and not self._tables:
            self._heading = tag, self._line(), after

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr") and self._tables == 1:
            self._end_cell()
        elif tag == "table" and self._tables:
            if self._tables == 1:
                self._end_cell()
            self._tables -= 1
        elif self._heading and tag == self._heading[0]:
            name, line, start = self._heading
            self._heading = None
            level = 0 if name == "summary" else int(name[1:])
            text = plain(self.text[start : self._offset()])
            self.events.append(HtmlHeading(line, text, level, name == "summary"))
        elif tag == "details":
            self.events.append(DetailsEnd())

    def close(self) -> None:
        """End the text, and a cell that never ends with it."""
        super().close()
        if self._cell:
            start, cell = self._cell
            cell.text, self._cell = " ".join(self.text[start:].split()), None

    def _end_cell(self) -> None:
        if self._cell:
            start, cell = self._cell
            cell.text, self._cell = " ".join(self.text[start : self._offset()].split()), None


def _span(value: str | None) -> int:
    return min(int(value), 100) if value and value.isdecimal() and len(value) < 5 and int(value) else 1
