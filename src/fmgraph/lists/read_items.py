"""List items and ``<br>`` blocks: one work each, split into venue, title, links and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fmgraph.lists.inline_markdown import Link, links, plain, without
from fmgraph.text import match_key

#: The columns of a table made of items.
VENUE, TITLE, LINKS, TEXT = "Venue", "Title", "Links", "Text"
ITEM_HEADERS = (VENUE, TITLE, LINKS, TEXT)

_BRACKETS = re.compile(r"(?:\*\*|__)?\[(?P<venue>[^\[\]]{1,80})\](?:\*\*|__)?(?![(\[:])\s*")
_LAST_BRACKETS = re.compile(r"\s*\[(?P<venue>[^\[\]]*\d{4}[^\[\]]*)\][\s.,;]*$")
_CODE = re.compile(r"`(?P<venue>[^`]{1,40})`\s*(?=[*\[\w])")
_CHECKBOX = re.compile(r"\[[ xX]\]\s+")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_EDGE = " \t\n.,;:|([{-–—/·•"
#: What is left of links: brackets with nothing in them, and links to nowhere.
_EMPTY_BRACKETS = re.compile(r"\[{1,2}[^\[\]]*\]{1,2}\(\s*\)|\[[\s,;|/]*\]|\([\s,;|/]*\)|\{\s*\}")
#: What a link is called that is not the title: key of :func:`fmgraph.text.match_key`.
_RESOURCES = re.compile(
    r"(?:(?:official|our|full|project|arxiv|main|demo|source|pytorch|read|the)*"
    r"(?:papers?|pdf|arxiv|biorxiv|medrxiv|preprint|codes?|github|gitlab|weights?|models?|checkpoints?|huggingface|hf"
    r"|datasets?|data|demo|website|homepage|home|page|project|blog|docs?|documentation|link|url|here|video|slides"
    r"|supplement(?:ary)?|openreview|doi|html|stars?))\d*"
)


@dataclass(frozen=True)
class Item:
    """The parts of an item, as Markdown; "" where it has none."""

    venue: str
    title: str
    links: str
    text: str

    def cells(self) -> dict[str, str]:
        """Return the parts by header."""
        return dict(zip(ITEM_HEADERS, (self.venue, self.title, self.links, self.text), strict=True))


def looks_like_entry(text: str) -> bool:
    """Whether an item names something: it has a link, or begins with a venue in brackets."""
    text = _CHECKBOX.sub("", text.strip(), count=1)
    return bool(links(text)) or (_venue(text, []) is not None and len(text.split()) > 2)


def is_of_resources(text: str) -> bool:
    """Whether a text is nothing but links to what belongs to a work: ``[paper](…)``, ``Code: [x](…)``."""
    text_links = links(text)
    words = match_key(plain(without(text, [(link.start, link.end) for link in text_links])))
    if words:
        return bool(text_links) and _RESOURCES.fullmatch(words) is not None
    return bool(text_links) and all(map(_is_resource, text_links))


def split_item(text: str) -> Item:
    """Split an item: ``[venue] Title. [[paper]](…) text``; every link is in the title or among the links."""
    text = _CHECKBOX.sub("", text.strip(), count=1)
    item_links = links(text)
    venue = ""
    if match := _venue(text, item_links):
        venue, text = match["venue"].strip(), text[match.end() :]
        item_links = links(text)
    pieces = text[: item_links[0].start] if item_links else text
    first = item_links[0] if item_links else None
    if first and not plain(pieces).strip(_EDGE + "\"'“”*_") and not _is_resource(first):
        title, rest_start, others = text[first.start : first.end], first.end, item_links[1:]
    else:
        broken = _BREAK.search(pieces)
        end = broken.start() if broken else len(pieces)
        title, rest_start, others = _unmarked(pieces[:end]), end, item_links
    if first and not title:  # nothing but links: the first is what the item is called
        title, rest_start, others = text[first.start : first.end], first.end, item_links[1:]
    dates = list[str]()
    while not venue and (dated := _LAST_BRACKETS.search(title)) and dated.start():
        dates.insert(0, dated["venue"])  # **Title.** [Jun., 2022] [AAAI, 2022].
        title = _unmarked(title[: dated.start()])
    if dates:
        venue = dates.pop()
    rest = text[rest_start:]
    spans = [(link.start - rest_start, link.end - rest_start) for link in others]
    return Item(
        venue.strip(),
        title,
        " ".join(text[link.start : link.end] for link in others),
        " ".join([*(f"[{date}]" for date in dates), _rest(without(rest, spans))]).strip(),
    )


def _venue(text: str, item_links: list[Link]) -> re.Match[str] | None:
    if item_links and item_links[0].start == 0:
        return None
    return _BRACKETS.match(text) or _CODE.match(text)


def _is_resource(link: Link) -> bool:
    key = match_key(link.label)
    return not key or _RESOURCES.fullmatch(key) is not None


def _unmarked(text: str) -> str:
    """Return the title without the separators and half-open marks around it."""
    text = text.strip().strip(_EDGE.replace(".", "")).strip()
    for mark in ("**", "__"):
        if text.count(mark) % 2:
            text = text.removesuffix(mark).removeprefix(mark).strip()
    return text.rstrip("[( ").strip()


def _rest(text: str) -> str:
    text = _EMPTY_BRACKETS.sub(" ", _EMPTY_BRACKETS.sub(" ", text))
    text = " ".join(text.replace("****", " ").split())
    return text.lstrip(_EDGE + ")]}*").rstrip(" ,;:|([{-–—/·•") if plain(text).strip(_EDGE + ")]}*") else ""
