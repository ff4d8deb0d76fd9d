"""Markdown in the wild to rows of raw cells: tables (pipe and HTML), cards, list items, ``<br>`` blocks.

markdown-it-py finds the blocks; its tokens carry line numbers. Cells keep their Markdown source. What
would put a value under another header is a ListError: a shifted cell is a wrong fact.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from fmgraph.errors import ListError
from fmgraph.lists import pipe_tables
from fmgraph.lists.html_blocks import DetailsEnd, HtmlHeading, HtmlTable, html_events, without_comments
from fmgraph.lists.inline_markdown import References, links, plain, resolved
from fmgraph.lists.read_cards import TITLE, VENUE, QuoteReader
from fmgraph.lists.read_items import ITEM_HEADERS, Item, is_of_resources, looks_like_entry, split_item
from fmgraph.lists.repair_encoding import strip_decorations
from fmgraph.text import match_key

_QUOTE_MARKS = re.compile(r"^[\s>]*")
#: It begins with a key right away: a rule at the head of a file is none, however many more follow.
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?=(?:#.*\n)*[\w\"'-][^:\n]*:(?:\s|$))(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_BOLD_LINE = re.compile(r"\*\*([^*]{1,60}?):?\*\*")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)\n")
_TABLE_START = re.compile(r"<table\b", re.IGNORECASE)
_TABLE_END = re.compile(r"</table\s*>", re.IGNORECASE)
#: Sections that speak of the list itself, by match key without numbers; of news, those below them as well.
_NEWS = re.compile(
    r"(?:latest|recent)?(?:news|updates?)(?:and|milestones|updates?|news)*|updatelog|whatsnew|changelog"
)
_ABOUT_THE_LIST = re.compile(
    r"(?:tableof)?contents?|toc|contribut.*|howtocontribute|contacts?|contactus|citations?|cite.*|citing.*"
    r"|licen[cs]e|acknowledge?ments?|starhistory|maintainers?|sponsors?"
)


@dataclass
class RawRow:
    """A row, card or item: its line in the file (1-based) and header → raw cell."""

    line: int
    cells: dict[str, str]


@dataclass
class RawTable:
    """A table, or the cards or items under one heading."""

    section: str
    headers: tuple[str, ...]
    rows: list[RawRow] = field(default_factory=list)
    layout: str = "table"  #: ``table``, ``cards`` or ``items``


@dataclass
class Parsed:
    """What a Markdown file holds. ``notes`` tell (line, text) of what was passed over or dropped."""

    layout: str  #: ``table``, ``cards``, ``items``, or ``mixed`` where there are several
    tables: list[RawTable]
    notes: list[tuple[int, str]]
    links: int  #: to http(s) addresses, in the whole file
    unread: list[tuple[int, str]]  #: (line, address) of those that are in no row


def parse(text: str, file: Path | str | None, leave: Collection[int] = ()) -> Parsed:
    """Return the tables, cards and items of a Markdown text, in its order.

    ``leave`` are the lines of rows that may stay unread where they cannot be read.
    Raises ListError where it has none, or where rows cannot be read; the error tells all of them.
    """
    front = _FRONT_MATTER.match(text)
    if front:  # GitHub shows it as a table of its own; it is no part of the list
        text = "\n" * front[0].count("\n") + text[front.end() :]
    reader = _Reader(text, file, leave)
    reader.read()
    if reader.errors:
        raise ListError.of_all(reader.errors)
    tables = [table for table in reader.tables if table.rows]
    if not tables:
        nothing = ListError(
            "no table and no card was found, nor an item or block with a link",
            file=file,
            remedy="a table needs a header, a |---| line under it and rows; a card is a block quote with a"
            " heading and **Label:** lines",
        )
        raise ListError.of_all([nothing, *(ListError(note, file=file, line=n) for n, note in reader.notes)])
    cards = [table for table in tables if table.layout == "cards"]
    headers = dict.fromkeys(header for table in cards for row in table.rows for header in row.cells)
    for table in cards:  # one set of columns for all cards, as they are one gallery
        table.headers = (VENUE, TITLE, *(header for header in headers if header not in (VENUE, TITLE)))
        for row in table.rows:
            row.cells = {header: row.cells.get(header, "") for header in table.headers}
    layouts = {table.layout for table in tables}
    layout = layouts.pop() if len(layouts) == 1 else "mixed"
    everywhere = list(reader.all_links())
    return Parsed(layout, tables, reader.notes, len(everywhere), _unread(everywhere, tables))


def _unread(everywhere: Sequence[tuple[int, str]], tables: Sequence[RawTable]) -> list[tuple[int, str]]:
    """Return the links that are in no cell, read from the cells themselves: nothing is taken on trust."""
    cells = (cell for table in tables for row in table.rows for cell in row.cells.values())
    read = Counter(link.href for cell in cells for link in links(cell))
    unread = []
    for line, href in reversed(everywhere):  # what is left over of a repeated link stands above the rows
        if read[href] > 0:
            read[href] -= 1
        else:
            unread.append((line, href))
    return unread[::-1]


class _Reader:
    def __init__(self, text: str, file: Path | str | None, leave: Collection[int]) -> None:
        self.file, self.leave = file, leave
        self.lines = text.split("\n")
        environment: dict[str, References] = {}
        self.tokens: Sequence[Token] = MarkdownIt("commonmark").enable("table").parse(text, environment)
        self.references: References = environment.get("references", {})
        self.headings = list[tuple[int, str]]()  # level and text of each that the place is below
        self.bold = ""
        self.outside: list[list[tuple[int, str]]] = []  # the headings before each <details>
        #: Headings and bold line before each quote that is read into.
        self.unquoted: list[tuple[list[tuple[int, str]], str]] = []
        #: The last table, and the line up to which it reaches.
        self.unended: tuple[RawTable, int] | None = None
        self.fresh = True  # whether no card has been seen under the current heading
        self.tables: list[RawTable] = []
        self.blocks: list[
            tuple[RawTable, RawRow]
        ] = []  # <br> blocks, until it is known whether they are rows
        self.errors: list[ListError] = []
        self.notes: list[tuple[int, str]] = []

    @property
    def heading(self) -> str:
        """The nearest heading."""
        return self.headings[-1][1] if self.headings else ""

    @property
    def section(self) -> str:
        """The nearest heading, and the bold line below it where there is one."""
        return f"{self.heading} › {self.bold}" if self.bold and self.heading else self.heading or self.bold

    def read(self) -> None:
        self._blocks(self.tokens)
        self._settle_blocks()

    def _blocks(self, tokens: Sequence[Token]) -> None:
        index, done = 0, 0  # done: the line up to which HTML tables were read
        while index < len(tokens):
            token = tokens[index]
            if token.map and token.map[0] < done and token.type in ("paragraph_open", "inline", "html_block"):
                index += 1
                continue
            match token.type:
                case "table_open" | "blockquote_open":
                    end = _end(tokens, index)
                    block = tokens[index + 1 : end]
                    if token.type == "table_open":
                        self._table(block)
                        if token.map and self.tables and self.tables[-1].layout == "table":
                            self.unended = self.tables[-1], token.map[1]
                    elif not self._quote(block, _line(token)):
                        index += 1  # not a card: what is quoted is read as if it were not
                        self.unquoted.append((self.headings, self.bold))
                        continue
                    index = end
                case "blockquote_close":  # a heading in a quote is one of the quote
                    self.headings, self.bold = self.unquoted.pop()
                case "bullet_list_open" | "ordered_list_open":
                    end = _end(tokens, index)
                    self._items(tokens[index + 1 : end])
                    index = end
                case "heading_open":
                    self._set_heading(plain(tokens[index + 1].content), _line(token), int(token.tag[1:]))
                    index += 1
                case "html_block":
                    done = self._html(token)
                case "inline":
                    if not self._further_rows(token):
                        self._paragraph(token)
            index += 1

    def _undecorated(self, text: str, line: int) -> str:
        undecorated, broken = strip_decorations(text)
        for remains in broken:
            self.notes.append(
                (line, f"dropped {remains!r} beside {undecorated!r}: a symbol whose bytes are lost")
            )
        return undecorated

    def _set_heading(self, text: str, line: int, level: int) -> None:
        above = [heading for heading in self.headings if heading[0] < level]
        self.headings = [*above, (level, self._undecorated(text, line))]
        self.bold, self.fresh = "", True

    def _about_the_list(self) -> bool:
        keys = [match_key(re.sub(r"\d+(?:\.\d+)*\.?", "", text)) for _, text in self.headings]
        return any(map(_NEWS.fullmatch, keys)) or bool(keys and _ABOUT_THE_LIST.fullmatch(keys[-1]))

    # Tables

    def _table(self, block: Sequence[Token]) -> None:
        rows = list(_cells(block))
        head_line, first = rows[0]
        headers = self._headers([plain(header) for header in first], head_line)
        table = RawTable(self.section, headers)
        self._add_rows(table, rows[1:])
        self._keep(table, head_line)

    def _add_rows(self, table: RawTable, rows: Sequence[tuple[int, list[str]]]) -> None:
        wrong: list[ListError] = []
        notes: list[tuple[int, str]] = []
        for line, cells in rows:
            source = _QUOTE_MARKS.sub("", self.lines[line - 1])
            try:
                read, note = pipe_tables.cells(source, [cell.strip() for cell in cells], len(table.headers))
            except ValueError as error:
                message, _, remedy = str(error).partition("; ")
                if line in self.leave:
                    notes.append((line, f"left unread: {message}"))
                    continue
                wrong.append(ListError(message, file=self.file, line=line, remedy=remedy))
                continue
            if note:
                notes.append((line, note))
            texts = [resolved(cell, self.references) for cell in read]
            table.rows.append(RawRow(line, dict(zip(table.headers, texts, strict=True))))
        if wrong:  # then what a note says of a row may be of interest as well
            self.errors += wrong
            self.errors += [ListError(note, file=self.file, line=line) for line, note in notes]
            self.errors.sort(key=lambda error: error.line or 0)
        self.notes += notes

    def _further_rows(self, token: Token) -> bool:
        """Add rows that a comment parts from their table; False where the paragraph is none of them."""
        start, end = token.map or [0, 0]
        lines = [_QUOTE_MARKS.sub("", line) for line in self.lines[start:end]]
        if self.unended is None or self.unended[1] != start or not all("|" in line for line in lines):
            return False
        table = self.unended[0]
        self.unended = table, end
        self.notes.append((start + 1, "rows after a comment, at which GitHub ends the table"))
        width = len(table.headers)
        self._add_rows(
            table,
            [
                (number, [*pipe_tables.split(line), *[""] * width][:width])
                for number, line in enumerate(lines, start + 1)
            ],
        )
        return True

    def _headers(self, texts: Sequence[str], line: int) -> tuple[str, ...]:
        headers, notes = pipe_tables.headers(texts)
        self.notes += [(line, note) for note in notes]
        return headers

    def _keep(self, table: RawTable, line: int) -> None:
        if not table.rows:
            self.notes.append((line, "a table without rows was passed over"))
        elif self._about_the_list():
            self.notes.append(
                (line, f"the table under {self.section!r} was passed over: it is about the list")
            )
        else:
            self.tables.append(table)

    def _html(self, token: Token) -> int:
        """Read an HTML block; return the line (from 0) up to which the source is read."""
        start, end = token.map or [0, 0]
        source = without_comments("\n".join(self.lines[start:end]))
        if not source.strip():
            if self.unended and self.unended[1] == start:
                self.unended = self.unended[0], end
            return end
        if len(_TABLE_START.findall(source)) > len(
            _TABLE_END.findall(source)
        ):  # blank lines end the block only
            while end < len(self.lines) and not _TABLE_END.search(self.lines[end]):
                end += 1
            end = min(end + 1, len(self.lines))
            source = without_comments("\n".join(self.lines[start:end]))
        else:
            self._refuse_stray_rows(source, start)
        for event in html_events(source, start + 1):
            if isinstance(event, HtmlTable):
                self._html_table(event)
            elif isinstance(event, HtmlHeading):
                if event.folded:
                    self.outside.append(self.headings)
                self._set_heading(event.text, event.line, event.level or len(self.headings) + 1)
            elif isinstance(event, DetailsEnd) and self.outside:
                self.headings, self.bold, self.fresh = self.outside.pop(), "", True
        return end

    def _html_table(self, html_table: HtmlTable) -> None:
        grid = html_table.grid()
        top = 0
        while top < len(grid) and grid[top].heading:
            top += 1
        if not top or not grid[0].texts:
            self.notes.append((html_table.line, "an HTML table without headings (<th>) was passed over"))
            return
        rows = [[plain(text) for text in row.texts] for row in grid[:top]]
        names = [" / ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]
        headers = self._headers(names, html_table.line)
        table = RawTable(self.section, headers)
        for row in grid[top:]:
            if row.across and not links(row.across):  # the heading of the rows below it
                if table.rows:
                    self._keep(table, html_table.line)
                group = self._undecorated(plain(row.across), row.line)
                table = RawTable(" › ".join(filter(None, (self.section, group))), headers)
            elif any(row.texts):
                table.rows.append(RawRow(row.line, dict(zip(headers, row.texts, strict=True))))
        self._keep(table, html_table.line)

    def _refuse_stray_rows(self, source: str, first: int) -> None:
        """Note rows that no table has: what the author meant as a table is shown as text."""
        for number, text in enumerate(source.split("\n"), first):
            row = _QUOTE_MARKS.sub("", text)
            if pipe_tables.looks_like_row(row) and number + 1 not in self.leave:
                self.errors.append(
                    ListError(
                        "looks like a row and is part of no table",
                        file=self.file,
                        line=number + 1,
                        remedy="a table is a header, a |---| line with as many columns, and rows, without"
                        " blank lines or HTML between them",
                    )
                )
                return

    # Cards

    def _quote(self, block: Sequence[Token], line: int) -> bool:
        reader = QuoteReader(self.file, self.lines, self._undecorated)
        cards = reader.read(block)
        self.errors += reader.errors
        if not cards:
            if not any(inner.type in ("table_open", "bullet_list_open") for inner in block):
                what = "**Label:** line" if reader.headings else "heading"
                self.notes.append((line, f"a block quote with no {what} was passed over: it is no card"))
                return True
            return False
        if self.fresh:
            self.tables.append(RawTable(self.section, (), layout="cards"))
            self.fresh = False
        rows = [
            RawRow(number, {h: resolved(c, self.references) for h, c in cells.items()})
            for number, cells in cards
        ]
        next(table for table in reversed(self.tables) if table.layout == "cards").rows += rows
        return True

    # Items

    def _items(self, block: Sequence[Token]) -> None:
        """Add the items of a list as rows; tables and quotes inside an item are read like others."""
        if self._about_the_list():
            self.notes.append(
                (_line(block[0]), f"the list under {self.section!r} was passed over: it is about the list")
            )
            return
        items = list(_list_items(block))
        if self._is_one_work(items):
            self._add_headed(_line(block[0]), " ".join(_all_text(item) for _, item in items))
            return
        passed = []
        for line, item in items:
            if any(token.type in ("table_open", "blockquote_open") for token in item):
                self._blocks(item)
                continue
            _, _, heading = _own_text(item)
            for number, text in _entries(line, item):
                if looks_like_entry(text):
                    self._add_item(number, text)
                elif plain(text):
                    passed.append(number)
            if heading:
                self.bold = self._undecorated(heading, line)
        if passed:
            which = f"lines {', '.join(map(str, passed))}" if len(passed) > 1 else "this line"
            self.notes.append(
                (passed[0], f"items without a link or a venue in brackets were passed over, at {which}")
            )

    def _is_one_work(self, items: Sequence[tuple[int, Sequence[Token]]]) -> bool:
        """Whether a list has the links of one work, which the heading above it names: ``- Paper: …``."""
        texts = [_all_text(item) for _, item in items]
        return bool(self.bold or self.heading) and len(texts) > 1 and all(map(is_of_resources, texts))

    def _add_headed(self, line: int, text: str) -> None:
        """Add the work that the heading above names, in the section above that one, with these links."""
        headings, bold = self.headings, self.bold
        if not bold:
            self.headings = headings[:-1]
        self.bold = ""
        cells = Item("", bold or headings[-1][1], resolved(text, self.references), "").cells()
        self._item_table().rows.append(RawRow(line, cells))
        self.headings, self.bold = headings, bold

    def _add_item(self, line: int, text: str) -> None:
        cells = split_item(resolved(text, self.references)).cells()
        self._item_table().rows.append(RawRow(line, cells))

    def _item_table(self) -> RawTable:
        last = self.tables[-1] if self.tables else None
        if last is None or last.layout != "items" or last.section != self.section:
            last = RawTable(self.section, ITEM_HEADERS, layout="items")
            self.tables.append(last)
        return last

    def _paragraph(self, token: Token) -> None:
        self._refuse_stray_rows(token.content, token.map[0] if token.map else 0)
        children = token.children or []
        marks = [child.type for child in children if child.content or child.type != "text"]
        bold = (
            marks[:1] == ["strong_open"]
            and marks[-1:] == ["strong_close"]
            and marks.count("strong_open") == 1
        )
        if bold and len(token.content) <= 60 and not links(token.content):  # a heading in all but name
            self.bold, self.fresh = self._undecorated(plain(token.content).rstrip(":"), _line(token)), True
        elif links(token.content) and _is_block(token) and not self._about_the_list():
            cells = split_item(
                resolved(_HARD_BREAK.sub("<br>", token.content).replace("\n", " "), self.references)
            ).cells()
            table = self.blocks[-1][0] if self.blocks and self.blocks[-1][0].section == self.section else None
            if table is None:
                table = RawTable(self.section, ITEM_HEADERS, layout="items")
                self.tables.append(table)
            self.blocks.append((table, RawRow(_line(token), cells)))

    def _settle_blocks(self) -> None:
        """Take blocks as rows where a section has several: a single one is a paragraph."""
        counts = Counter(id(table) for table, _ in self.blocks)
        for table, row in self.blocks:
            if counts[id(table)] > 1:
                table.rows.append(row)

    # Links

    def all_links(self) -> Iterator[tuple[int, str]]:
        """Yield line and address of every link of the file, whether or not it is in a row."""
        row_line = 0
        for token in self.tokens:
            if token.type == "tr_open":
                row_line = _line(token)
            if token.type not in ("inline", "html_block"):
                continue
            start = _line(token) if token.map else row_line
            text = token.content
            for link in links(text, self.references):
                yield start + text.count("\n", 0, link.start), link.href


def _end(tokens: Sequence[Token], start: int) -> int:
    closing, level = tokens[start].type.replace("_open", "_close"), tokens[start].level
    return next(
        i for i in range(start + 1, len(tokens)) if (tokens[i].type, tokens[i].level) == (closing, level)
    )


def _is_block(token: Token) -> bool:
    """Whether a paragraph is set as a work: lines that break, or a title with links to its paper and code."""
    if re.search(r"<br\s*/?>", token.content) or _HARD_BREAK.search(token.content):
        return True
    text = " ".join(token.content.split())
    parts = split_item(text)
    return bool(parts.links) and not parts.text and is_of_resources(parts.links) and not links(parts.title)


def _entries(line: int, item: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield line and text of what an item names: itself with the links below it, or each item below it."""
    own, below, _ = _own_text(item)
    nested = [_all_text(inner) for _, inner in below]
    if (
        looks_like_entry(own)
        or not any(map(looks_like_entry, nested))
        or (own and all(map(is_of_resources, nested)))
    ):
        yield line, " ".join([own, *nested])
    else:
        for number, inner in below:
            yield from _entries(number, inner)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _cells(block: Sequence[Token]) -> Iterator[tuple[int, list[str]]]:
    line, cells = 0, list[str]()
    for token in block:
        if token.type == "tr_open":
            line, cells = _line(token), []
        elif token.type == "inline":
            cells.append(token.content.strip())
        elif token.type == "tr_close":
            yield line, cells


def _list_items(block: Sequence[Token]) -> Iterator[tuple[int, Sequence[Token]]]:
    """Yield line and tokens of each item at the top of a list."""
    start = 0
    level = block[0].level if block else 0
    for index, token in enumerate(block):
        if token.level != level:
            continue
        if token.type == "list_item_open":
            start = index
        elif token.type == "list_item_close":
            yield _line(block[start]), block[start + 1 : index]


def _own_text(item: Sequence[Token]) -> tuple[str, list[tuple[int, Sequence[Token]]], str]:
    """Return the text of an item without the lists in it, their items, and a bold last line.

    Such a line was meant as the heading of what follows: Markdown takes it for the item's, for want of a
    blank line before it.
    """
    own, below, index = [], [], 0
    heading = ""
    while index < len(item):
        token = item[index]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            end = _end(item, index)
            below += list(_list_items(item[index + 1 : end]))
            index = end
        elif token.type in ("inline", "html_block"):
            text, _, last = token.content.rpartition("\n")
            if text and (match := _BOLD_LINE.fullmatch(last.strip())):
                heading = match[1]
            else:
                text = token.content
            own.append(" ".join(text.split()))
        index += 1
    return " ".join(own), below, heading


def _all_text(item: Sequence[Token]) -> str:
    return " ".join(
        " ".join(token.content.split()) for token in item if token.type in ("inline", "html_block")
    )
