"""Rewrites the links of an HTML page; everything else of it stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser

_LINKS = re.compile(
    r"""(\s(href|src|action|data-suggest|data-local)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE
)


class _Rewriter(HTMLParser):
    def __init__(self, replace: Callable[[str, str], str]) -> None:
        super().__init__(convert_charrefs=False)
        self._replace = replace
        self._offsets: list[int] = [0]
        self.out: list[str] = []

    def rewrite(self, html: str) -> str:
        self._html, self._position = html, 0
        for line in html.split("\n"):
            self._offsets.append(self._offsets[-1] + len(line) + 1)
        self.feed(html)
        self.close()
        return "".join(self.out) + html[self._position :]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs
        line, column = self.getpos()
        start = self._offsets[line - 1] + column
        raw = self.get_starttag_text() or ""
        self.out += [self._html[self._position : start], _LINKS.sub(self._attribute, raw)]
        self._position = start + len(raw)

    def _attribute(self, match: re.Match[str]) -> str:
        old = unescape(match[3] if match[3] is not None else match[4])
        return f'{match[1]}"{escape(self._replace(match[2].lower(), old))}"'


def rewrite(html: str, replace: Callable[[str, str], str]) -> str:
    """Return the page with each address (:data:`_LINKS`) as ``replace(attribute, value)`` gives it."""
    return _Rewriter(replace).rewrite(html)
