"""Markdown from data: text that stays text, and links. https://spec.commonmark.org/0.31.2/."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&#])")


def escape(text: str) -> str:
    """Return ``text`` on one line, with everything escaped that Markdown or HTML would read as markup."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Return ``text`` as a code span, whatever backticks it holds."""
    text = " ".join(text.split())
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def link(text: str, url: str) -> str:
    """Return a link; only the text where ``url`` is not http(s)."""
    if not re.match(r"https?://", url):
        return escape(text)
    return f"[{escape(text)}](<{url.replace('>', '%3E').replace('<', '%3C').replace(chr(10), '%0A')}>)"
