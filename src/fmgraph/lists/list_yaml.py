"""Writing a list's YAML, and taking the curated parts of an older one over as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from fmgraph.errors import ListError
from fmgraph.lists.load_list import CURATED
from fmgraph.records.record_files import parse_yaml, read_text


def curated_blocks(path: Path) -> dict[str, str]:
    """Return the text of each curated top-level key, with the comment lines above it."""
    text = read_text(path, ListError)
    root = parse_yaml(text, path, ListError)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ListError("is written in one { … }", file=path, remedy="write one key a line")
    lines = text.splitlines(keepends=True)
    keys = [str(key.value) for key, _ in root.value]
    starts = [key.start_mark.line for key, _ in root.value]
    for index, start in enumerate(starts):
        while start > (starts[index - 1] + 1 if index else 0) and lines[start - 1].lstrip().startswith("#"):
            start -= 1
        starts[index] = start
    ends = [*starts[1:], len(lines)]
    blocks = {
        key: "".join(lines[start:end])
        for key, start, end in zip(keys, starts, ends, strict=True)
        if key in CURATED
    }
    return {key: text if text.endswith("\n") else f"{text}\n" for key, text in blocks.items()}


def extended(text: str, entries: list[str]) -> str:
    """Return the ``columns:`` block with entries added at its end, indented as the others are."""
    key, _, rest = text.partition("columns:")
    first = next(
        (line for line in rest.split("\n")[1:] if line.strip() and not line.lstrip().startswith("#")), ""
    )
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:  # columns: {}, or entries in braces
        if rest.strip() != "{}":
            raise ListError("columns: write one header a line, not { … }", field="columns")
        return key + block("columns", entries)
    return text + "".join(f"{indent}{entry}\n" for entry in entries)


def inline(value: object) -> str:
    """Return a value as YAML on one line; texts that YAML would take for something else are quoted."""
    text = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("...\n").strip()


def entry(key: str, value: object) -> str:
    """Return ``key: value`` with its line end."""
    plain = dict(value) if isinstance(value, Mapping) else value
    return f"{inline(key)}: {inline(plain)}\n"


def block(key: str, lines: list[str], empty: str = "") -> str:
    """Return a key with its indented lines; where there are none, with ``empty``, or nothing."""
    if not lines:
        return f"{key}: {empty}\n" if empty else ""
    return "".join([f"{key}:\n", *(f"  {line}\n" for line in lines)])
