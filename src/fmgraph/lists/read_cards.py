"""Cards: block quotes with a heading ``[Venue] Title`` and ``**Label:**`` lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from markdown_it.token import Token

from fmgraph.errors import ListError
from fmgraph.lists.inline_markdown import links

#: Headers that a card's heading gives: ``[Nature Medicine] A multimodal …``.
VENUE, TITLE = "Venue", "Title"
#: The header under which a card's tables are kept, as Markdown on one line.
TABLE = "Table"

_LABEL = re.compile(r"\*\*(?P<label>[^*]+?)\s*(?::\s*\*\*|\*\*\s*:)\s*(?P<value>.*)", re.DOTALL)
#: The venue may be a link, ``[[Nature](address)] Title``, or bold.
_CARD_HEADING = re.compile(
    r"(?P<bold>\**)\[(?P<venue>[^\[\]]+|\[[^\[\]]+\]\([^()\s]+\))\](?!\()(?P=bold)\s*(?P<title>.+)", re.DOTALL
)
#: A heading that is emphasised as a whole.
_EMPHASISED = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?P<text>(?!\s)[^*]+)(?P=mark)")
_LINKED_HEADING = re.compile(r"\[\[(?P<venue>[^\[\]]+)\]\s*(?P<title>.+?)\](?P<target>\(.+\))", re.DOTALL)
_BREAKS = re.compile(r"(?:\s*<br\s*/?>)+\s*$", re.IGNORECASE)

#: A card: its line, and its cells by header.
Card = tuple[int, dict[str, str]]


class QuoteReader:
    """Reads one block quote; :attr:`errors` are what is wrong with it if it holds cards."""

    def __init__(
        self, file: Path | str | None, lines: Sequence[str], undecorated: Callable[[str, int], str]
    ) -> None:
        """Keep how to strip the emoji beside a text on a line, and the source's ``lines``."""
        self.errors: list[ListError] = []
        self.headings = 0
        self._file, self._lines, self._undecorated = file, lines, undecorated

    def read(self, block: Sequence[Token]) -> list[Card]:
        """Return the cards of the quote; none where it has no heading or no labelled line."""
        cards: list[Card] = []
        label: str | None = None
        index = 0
        while index < len(block):
            token = block[index]
            if token.type == "heading_open":
                cards.append(self._card(block[index + 1].content, _line(token)))
                label, index = None, index + 1
            elif token.type == "table_open" and cards and token.map:
                rows = (line.lstrip("> \t") for line in self._lines[token.map[0] : token.map[1]])
                before = cards[-1][1].get(TABLE)
                cards[-1][1][TABLE] = "<br>".join(
                    [*([before] if before else []), *(row for row in rows if row)]
                )
                index = next(i for i in range(index, len(block)) if block[i].type == "table_close")
            elif token.type == "inline" and cards:
                label = self._fields(cards[-1][1], token, label)
            index += 1
        self.headings = len(cards)
        labelled = [card for card in cards if set(card[1]) - {VENUE, TITLE, TABLE}]
        if not labelled:  # a quotation: nothing is wrong with it
            self.errors.clear()
            return []
        for card in cards:
            if card not in labelled:
                self._wrong(card[0], "a card without a **Label:** line", "add **Link:** or the like")
        return cards

    def _wrong(self, line: int, message: str, remedy: str) -> None:
        self.errors.append(ListError(message, file=self._file, line=line, remedy=remedy))

    def _card(self, heading: str, line: int) -> Card:
        heading = self._undecorated(" ".join(heading.split()), line)
        if emphasised := _EMPHASISED.fullmatch(heading):
            heading = self._undecorated(emphasised["text"], line)
        linked = _LINKED_HEADING.fullmatch(heading)
        if linked and len(links(heading)) == 1:  # [[Venue] Title](address): the link is the title's
            title = self._undecorated(linked["title"].strip(), line)
            return line, {VENUE: linked["venue"].strip(), TITLE: f"[{title}]{linked['target']}"}
        match = _CARD_HEADING.fullmatch(heading)
        venue, title = (match["venue"].strip(), match["title"].strip()) if match else ("", heading)
        return line, {VENUE: venue, TITLE: self._undecorated(title, line)}

    def _fields(self, card: dict[str, str], token: Token, label: str | None) -> str | None:
        """Add the labelled lines of a paragraph to the card; return the label that is open at its end."""
        start = _line(token)
        for number, source in enumerate(token.content.split("\n"), start):
            text = _BREAKS.sub("", source).strip()
            match = _LABEL.fullmatch(text)
            if match:
                label = self._undecorated(match["label"].strip(), number)
                if label in card:
                    self._wrong(number, f"the label {label!r} stands twice in a card", "keep one")
                card[label] = match["value"].strip()
            elif text and label is None:
                self._wrong(number, "text of a card without a label", "begin it with **Label:**")
            elif text and label is not None:
                card[label] = f"{card[label]} {text}".strip()
        return label


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
