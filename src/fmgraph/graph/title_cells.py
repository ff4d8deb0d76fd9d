"""Title cells: ``**Name**: Title``, ``[Name](address): Title``, ``Name: Title``, ``Title (Name)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fmgraph.lists.inline_markdown import links, plain
from fmgraph.text import match_key

_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
#: A bold beginning, with or without the separator inside.
_BOLD = re.compile(
    r"\s*(?:\*\*|__|<b>|<strong>)(?P<name>[^*<]{1,80}?)\s*:?\s*(?:\*\*|__|</b>|</strong>)\s*(?=[:–—-]|\S)"
)
_SEPARATOR = re.compile(r"\s*(?:[:–—]|-\s)\s*(?:[–—]\s*)?")
_NAME_FIRST = re.compile(r"(?P<name>[^:]{1,60}):\s+(?P<title>\S.*)", re.DOTALL)
_NAMES_LAST = re.compile(r"\s*\(([^()]+)\)$")


def read_title(text: str, names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (``title`` or ``name``, value) for what a title cell says.

    ``names`` are those of the record, ``known`` the titles that its paper's record has: they tell whether a
    name before a colon is a part of the title. Raises ValueError where the cell has the titles of two works.
    """
    parts = [part for part in _BREAK.split(text.strip()) if plain(part).strip(" .,;-")]
    if len(parts) > 1 and all(links(part) for part in parts):
        raise ValueError(f"{len(parts)} works stand in one cell; say what it is read as under `readings:`")
    text = " ".join(parts)
    own = {match_key(name) for name in names}
    titles = {match_key(title) for title in known}
    lead, rest = _lead(text)
    whole = _without_stop(plain(text))
    if (
        match_key(whole) in own and match_key(whole) not in titles
    ):  # the name stands in the place of the title
        yield "name", whole
        return
    if lead is None:
        match = _NAMES_LAST.search(whole)
        last = [name.strip() for name in match[1].split("/")] if match else []
        if match and match_key(whole) not in titles and any(match_key(name) in own for name in last):
            yield from (("name", name) for name in last if match_key(name) in own)
            whole = whole[: match.start()]
        first = _NAME_FIRST.fullmatch(whole)
        if first and match_key(first["name"]) in own:
            yield "name", first["name"].strip()
            if match_key(first["title"]) in titles and match_key(whole) not in titles:
                whole = first["title"]
        if whole:
            yield "title", whole
        return
    yield "name", lead
    if rest:
        joined = f"{lead}: {rest}"
        yield "title", joined if match_key(joined) in titles and match_key(rest) not in titles else rest


def _lead(text: str) -> tuple[str | None, str]:
    """Return the name that is set off at the beginning by bold type or as a link, and what follows it."""
    if bold := _BOLD.match(text):
        rest = text[bold.end() :]
        separator = _SEPARATOR.match(rest)
        inside = text[bold.start() : bold.end()]
        if separator or ":" in inside:
            title = _without_stop(plain(rest[separator.end() :] if separator else rest))
            return (plain(bold["name"]).strip(" :"), title) if title else (None, "")
    title_links = links(text)
    if title_links and not text[: title_links[0].start].strip() and title_links[0].label:
        rest = text[title_links[0].end :]
        separator = _SEPARATOR.match(rest)
        title = _without_stop(plain(rest[separator.end() :])) if separator else ""
        if title and len(title_links[0].label) <= 80:
            return title_links[0].label, title
    return None, ""


def _without_stop(title: str) -> str:
    return title[:-1].rstrip() if title.endswith(".") and not title.endswith("..") else title
