"""The inside of a cell, heading or item: its links with their places, and its plain text.

markdown-it-py's tokens say what is a link; GitHub also makes links of bare addresses, and of HTML's ``<a>``.
https://spec.commonmark.org/0.31.2/#inlines, https://github.github.com/gfm/#autolinks-extension-
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

#: Link reference definitions of a document, as markdown-it-py keeps them: label → {href, title}.
References = Mapping[str, Mapping[str, Any]]

#: What ends a bare address; the last are the full-width marks of Chinese and Japanese sentences.
_END = r"\s<>\"`|\[\]\\。，、；：！？（）「」『』《》【】"
_BARE = re.compile(rf"https?://[^{_END}]+(?:\\[!-/:-@\[-`{{-~][^{_END}]*)*", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_WEB = re.compile(r"https?:", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
#: https://shields.io/badges: ``/badge/<label>-<message>-<colour>``, ``--`` and ``__`` for ``-`` and ``_``.
_BADGE = re.compile(r"/badge/(?P<text>.+)-[^-]*")


@dataclass(frozen=True)
class Link:
    """A link in a text: ``start`` and ``end`` are its place in the source."""

    href: str  #: as written, entities and escapes undone
    label: str  #: its text, or the alternative text of its image; "" for a bare address
    badge: str  #: what a badge of shields.io that is its label says: ``Paper Nat Med 2023``
    start: int
    end: int
    reference: bool  #: whether the address stands elsewhere in the document


def links(text: str, references: References | None = None) -> list[Link]:
    """Return the links to http(s) addresses in the text, in its order; images alone are none."""
    return list(_links(text, references))


@lru_cache(maxsize=20_000)
def _cached_links(text: str) -> tuple[Link, ...]:
    return tuple(_read(text, {}))


def _links(text: str, references: References | None) -> Sequence[Link]:
    if "http" not in text.lower() and not references:
        return ()
    return _cached_links(text) if not references else list(_read(text, references))


def _read(text: str, references: References) -> Iterator[Link]:
    tokens = _tokens(text, references)
    masked = list(text)
    all_links = []
    for index, token in enumerate(tokens):
        if "span" not in token.meta:
            continue
        start, end = token.meta["span"]
        if token.type == "html_inline" and _tag(token.content).name == "a":
            end, inside = _to_end_tag(tokens, index, end)
            href = _tag(token.content).attributes.get("href", "")
        elif token.type == "link_open":
            inside = _to_close(tokens, index)
            href = str(token.attrGet("href") or "")
        else:
            if token.type in ("image", "html_inline"):
                masked[start:end] = " " * (end - start)
            continue
        masked[start:end] = " " * (end - start)
        if not _WEB.match(href) and (nested := links(href)):
            href = nested[-1].href  # [a]([b](c)), a template filled in: the inner link is meant
        if _WEB.match(href):
            label, badge = _label(inside)
            reference = token.type == "link_open" and not text[start:end].endswith((")", ">"))
            all_links.append(Link(href.strip(), label, badge, start, end, reference))
    for match in _BARE.finditer("".join(masked)):
        url = _trimmed(match[0])
        if urlsplit(url.partition("#")[0].replace("[", "").replace("]", "")).netloc:
            href = html.unescape(_ESCAPE.sub(r"\1", url))
            all_links.append(Link(href, "", "", match.start(), match.start() + len(url), reference=False))
    yield from sorted(all_links, key=lambda link: link.start)


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """Return the text without markup: emphasis, images and tags are gone, links are their labels.

    >>> plain("**Uni**: a [model](https://e.org) &amp; ![x](https://e.org/b.svg) more<br>")
    'Uni: a model & more'
    """
    if text.isalnum():
        return text
    parts = []
    for token in _tokens(text, {}):
        if token.type in ("text", "code_inline", "text_special"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or _BREAK.fullmatch(token.content):
            parts.append(" ")
    return " ".join("".join(parts).replace("\u2011", "-").replace("\u200b", "").split())


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return the text without the pieces at these places."""
    parts, last = [], 0
    for start, end in sorted(spans):
        parts.append(text[last:start])
        last = max(last, end)
    return "".join([*parts, text[last:]])


def resolved(text: str, references: References) -> str:
    """Return the text with reference links written as inline links: it then carries its addresses itself."""
    for link in reversed(links(text, references)) if references else ():
        if link.reference:
            label = text[link.start + 1 : link.end].partition("]")[0]
            text = f"{text[: link.start]}[{label}](<{link.href}>){text[link.end :]}"
    return text


def _trimmed(url: str) -> str:
    """Return a bare address without the punctuation of the sentence around it."""
    while url and (url[-1] in ".,;:!?'*_~" or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def _label(inside: Sequence[Token]) -> tuple[str, str]:
    parts, badges = [], []
    for token in inside:
        source = ""
        if token.type == "image":
            parts.append(token.content)
            source = str(token.attrGet("src") or "")
        elif token.type == "html_inline" and (tag := _tag(token.content)).name == "img":
            parts.append(tag.attributes.get("alt", ""))
            source = tag.attributes.get("src", "")
        elif token.type in ("text", "code_inline", "text_special"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        if match := _BADGE.match(urlsplit(source).path) if "shields.io" in source else None:
            text = match["text"].replace("--", "\0").replace("-", " ").replace("\0", "-")
            badges.append(unquote(text.replace("__", "\0").replace("_", " ").replace("\0", "_")))
    return " ".join("".join(parts).strip(" []").split()), " ".join(badges)


def _to_close(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    level = tokens[start].level
    for index in range(start + 1, len(tokens)):
        if tokens[index].type == "link_close" and tokens[index].level == level:
            return tokens[start + 1 : index]
    return tokens[start + 1 :]


def _to_end_tag(tokens: Sequence[Token], start: int, end: int) -> tuple[int, Sequence[Token]]:
    for index in range(start + 1, len(tokens)):
        token = tokens[index]
        if token.type == "html_inline" and token.content.lower().startswith("</a"):
            return token.meta.get("span", (0, end))[1], tokens[start + 1 : index]
    return end, ()


class _Tag(HTMLParser):
    """The name and attributes of one start tag."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.attributes: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.name:
            self.name, self.attributes = tag, {key: value or "" for key, value in reversed(attrs)}


@lru_cache(maxsize=20_000)
def _tag(text: str) -> _Tag:
    tag = _Tag()
    tag.feed(text)
    return tag


def _tokens(text: str, references: References) -> list[Token]:
    return _PARSER.parseInline(text, {"references": dict(references)})[0].children or []


def _with_span(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule, which now notes where in the source its token stands."""

    def run(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        pending = bool(state.pending)
        matched = rule(state, silent)
        if matched and not silent:
            for token in state.tokens[count + pending :][:1]:
                token.meta = {**token.meta, "span": (start, state.pos)}
        return matched

    return run


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    rules = {rule.name: rule.fn for rule in parser.inline.ruler.__rules__}
    for name in ("link", "image", "autolink", "html_inline"):
        parser.inline.ruler.at(name, _with_span(rules[name]))
    # Addresses as they were written: they are checked where they are read.
    parser.normalizeLink = str  # type: ignore[assignment, method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign] # noqa: ARG005
    return parser


_PARSER = _parser()
