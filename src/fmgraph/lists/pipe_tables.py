"""Pipe tables, row by row: GitHub pads and cuts rows in silence, which here is told or refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.rules_block.table import escapedSplit

_DELIMITERS = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)+\|?\s*")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def headers(texts: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the headers, each its own, and a note for each that had to be named.

    Empty ones are named by their place, equal ones are numbered.

    >>> headers(["Name", "", "Link", "Link"])[0]
    ('Name', 'Column 2', 'Link', 'Link (2)')
    """
    notes = []
    names: list[str] = []
    original_texts = {text for text in texts if text}
    for place, text in enumerate(texts, 1):
        name, number = text or f"Column {place}", 1
        while name in names or (name != text and name in original_texts):
            number += 1
            name = f"{text or f'Column {place}'} ({number})"
        if name != text:
            notes.append(f"the {'second' if text else 'empty'} header {text!r} is called {name!r}")
        names.append(name)
    return tuple(names), notes


def cells(source: str, read: list[str], width: int) -> tuple[list[str], str | None]:
    """Return the cells of a row, and a note where it is not written as the header has it.

    ``source`` is the line, ``read`` what the Markdown parser made of it, ``width`` the number of headers.
    Raises ValueError, message and remedy joined by a semicolon, where cells cannot be told apart.
    """
    parts = split(source)
    if len(parts) == width:
        return read, None
    if len(parts) < width:
        if len(parts) == 1 and "|" not in source:
            raise ValueError(
                f"too few cells: 1 where the header has {width}; "
                "write the missing cells as | - |; if the line is no row, put a blank line before it"
            )
        return read, f"has {len(parts)} cells where the header has {width}: the last are taken as empty"
    in_code = split(_CODE_SPAN.sub(lambda match: match[0].replace("|", "\\|"), source))
    if len(in_code) == width:
        return [part.strip() for part in in_code], "has a | in code, which GitHub takes for the end of a cell"
    if not any(part.strip() for part in parts[width:]):
        return read, f"has {len(parts)} cells where the header has {width}: the last are empty"
    raise ValueError(
        f"too many cells: {len(parts)} where the header has {width}; "
        r"write a | inside a cell as \|, or delete what is too much"
    )


def looks_like_row(source: str) -> bool:
    """Whether a line that is in no table was meant as a row of one."""
    return (source.startswith("|") and source.count("|") > 2) or _DELIMITERS.fullmatch(source) is not None


def split(source: str) -> list[str]:
    """Return the cells of a row, as GitHub parts them."""
    parts = escapedSplit(source.strip())
    return parts[parts[0] == "" : len(parts) - (len(parts) > 1 and parts[-1] == "")]
