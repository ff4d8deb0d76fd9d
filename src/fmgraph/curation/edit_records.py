"""Changes to records and lists in place: only the characters that have to change do.

Comments, order and quoting of what people wrote stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fmgraph.errors import RecordError
from fmgraph.lists.list_yaml import entry, inline
from fmgraph.lists.replace_files import replace_files
from fmgraph.ontology import Field, Schema, all_kinds
from fmgraph.rdf.prefixes import FMG
from fmgraph.records.record_files import parse_yaml, read_text
from fmgraph.text import slugify

_REVIEWED = re.compile(r"^reviewed:[^\n]*\n", re.MULTILINE)


@dataclass
class Edits:
    """Texts of files under a data folder, changed in memory until :meth:`write`."""

    data_dir: Path
    schema: Schema
    _texts: dict[Path, str | None] = field(default_factory=dict)  #: None: to be deleted

    def path(self, name: str) -> Path:
        """Return the file of the record ``kind/slug``."""
        return self.data_dir / f"{name}.yaml"

    def has(self, name: str) -> bool:
        """Tell whether the record is there."""
        path = self.path(name)
        return self._texts[path] is not None if path in self._texts else path.is_file()

    def text(self, path: Path) -> str:
        """Return the file's text, with the changes made so far; raises RecordError where there is none."""
        if path not in self._texts:
            self._texts[path] = read_text(path, RecordError)
        text = self._texts[path]
        if text is None:
            raise RecordError("was deleted", file=path)
        return text

    def put(self, path: Path, text: str) -> None:
        """Change a file's text."""
        self._texts[path] = text

    def delete(self, name: str) -> None:
        """Delete a record."""
        self._texts[self.path(name)] = None

    def values(self, name: str, yaml_key: str) -> list[str]:
        """Return a record's values of a YAML key; none where the record is not there."""
        if not self.has(name):
            return []
        return [str(node.value) for key, node in self._values(self.path(name)) if key == yaml_key]

    def unreviewed(self, name: str) -> bool:
        """Tell whether the record is there and marked as not reviewed."""
        return "false" in self.values(name, "reviewed")

    def accept(self, name: str) -> None:
        """Delete the mark that nobody has reviewed the record."""
        path = self.path(name)
        self.put(path, _REVIEWED.sub("", self.text(path), count=1))

    def add_name(self, name: str, alias: str) -> None:
        """Add an ``aka`` to a record, unless it is there."""
        path = self.path(name)
        names = [*self.values(name, "label"), *self.values(name, "aka")]
        if alias not in names:
            self._set_texts(path, "aka", [*self.values(name, "aka"), alias], after="label")

    def skip(self, path: Path, reasons: Mapping[str, str]) -> None:
        """Say in a list's YAML why rows are not about a work (row id → reason)."""
        self._append(path, "skip", [entry(row, reason) for row, reason in reasons.items()])

    def not_read(self, path: Path, cells: Iterable[tuple[str, str]], part: str, reason: str) -> None:
        """Say in a list's YAML why a part of cells (row id and header) is not read."""
        entries = [{"row": row, "column": header, "part": part, "reason": reason} for row, header in cells]
        self._append(path, "not_read", [f"- {inline(one)}\n" for one in entries])

    def _append(self, path: Path, key: str, entries: Sequence[str]) -> None:
        """Add lines at the end of a top-level block, which is made where it is not there."""
        text = self.text(path)
        lines = "".join(f"  {line}" for line in entries)
        old_block = self._top(path, key)
        if old_block is None:
            self.put(path, f"{text.rstrip()}\n{key}:\n{lines}")
        elif old_block[1].flow_style:
            old = yaml.safe_load(text[old_block[1].start_mark.index : _end(old_block[1], text)])
            old_lines = (
                [entry(row, reason) for row, reason in old.items()]
                if isinstance(old, dict)
                else [f"- {inline(one)}\n" for one in old]
            )
            block = "".join(f"  {line}" for line in old_lines)
            self.put(
                path,
                f"{text[: old_block[0]]}{key}:\n{block}{lines}{text[_end(old_block[1], text) :].lstrip()}",
            )
        else:
            end = _end(old_block[1], text)
            self.put(path, f"{text[:end]}\n{lines}{text[end:].lstrip()}")

    def set_provisional(self, path: Path, rows: Iterable[str]) -> None:
        """Say in a list's YAML which rows wait for somebody to accept them, and no others."""
        self._set_texts(path, "provisional", sorted(rows))

    def _top(self, path: Path, key: str) -> tuple[int, yaml.CollectionNode] | None:
        """Return where a top-level key starts, and its node."""
        root = parse_yaml(self.text(path), path)
        for name, node in root.value if isinstance(root, yaml.MappingNode) else ():
            if name.value == key and isinstance(node, yaml.CollectionNode):
                return name.start_mark.index, node
        return None

    def _set_texts(self, path: Path, key: str, values: Sequence[str], after: str | None = None) -> None:
        """Write a top-level key with a list of texts; without texts, delete it."""
        text = self.text(path)
        new = f"{key}: {inline(list(values))}\n" if values else ""
        old_block = self._top(path, key)
        if old_block is not None:
            start, end = old_block[0], _end(old_block[1], text)
            self.put(path, text[:start] + new + text[end:].removeprefix("\n"))
        elif new and after and (place := re.search(rf"^{after}:[^\n]*\n", text, re.MULTILINE)):
            self.put(path, text[: place.end()] + new + text[place.end() :])
        elif new:
            self.put(path, f"{text.rstrip()}\n{new}")

    def set_label(self, name: str, label: str) -> None:
        """Change a record's label."""
        path = self.path(name)
        self._replace(path, lambda key, _: inline(label) if key == "label" else None)

    def rename(self, old: str, new: str) -> None:
        """Give a record another kind and slug, or the place of a record that is there; references follow."""
        if not self.has(new):
            self.put(self.path(new), self.text(self.path(old)))
        self.delete(old)
        new_kind, _, new_slug = new.partition("/")

        def renamed(key: str, value: str) -> str | None:
            field_ = self.schema.fields.get(key)
            if key in ("about", "record") and value == old:
                return new
            if field_ is None or referred(field_, value) != old:
                return None
            return new_slug if field_.kind in (new_kind, None) else new

        for path in self._files():
            self._replace(path, renamed)

    def references(self) -> dict[str, set[str]]:
        """Return record → the records that refer to it; both as ``kind/slug``."""
        referrers: dict[str, set[str]] = {}
        for path in self._files():
            if path.parent.name == "list":
                continue
            here = f"{path.parent.name}/{path.stem}"
            for key, node in self._values(path):
                name = referred(self.schema.fields.get(key), str(node.value))
                if name:
                    referrers.setdefault(name, set()).add(here)
        return referrers

    def write(self) -> list[Path]:
        """Write the changed files and delete those marked for deletion; return the paths of both."""
        changed = {
            path: text
            for path, text in self._texts.items()
            if text is not None and (not path.is_file() or read_text(path, RecordError) != text)
        }
        replace_files(changed)
        deleted_paths = [path for path, text in self._texts.items() if text is None and path.is_file()]
        for path in deleted_paths:
            path.unlink()
        return [*changed, *deleted_paths]

    def _files(self) -> list[Path]:
        on_disk = {
            path
            for kind in all_kinds().values()
            if kind.recorded
            for path in (self.data_dir / kind.name).glob("*.yaml")
        }
        return sorted(path for path in on_disk | set(self._texts) if self._texts.get(path, "") is not None)

    def _values(self, path: Path) -> Iterator[tuple[str, yaml.ScalarNode]]:
        yield from _scalars(parse_yaml(self.text(path), path), "")

    def _replace(self, path: Path, change: Callable[[str, str], str | None]) -> None:
        text = self.text(path)
        pieces, last = [], 0
        for key, node in self._values(path):
            new = change(key, str(node.value))
            if new is not None:
                pieces += [text[last : node.start_mark.index], new]
                last = _end(node, text)
        if pieces:
            self.put(path, "".join([*pieces, text[last:]]))


def referred(field: Field | None, value: str) -> str | None:
    """Return the record that a value names, as ``kind/slug``; None where values of the field name none."""
    if field is not None and field.range == f"{FMG}License":
        return f"license/{slugify(value)}"  # an SPDX id, or a slug
    if field is None or not field.kind:
        return None
    return value if "/" in value else f"{field.kind}/{value}"


def _scalars(node: yaml.Node, key: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield each value with the key that it is a value of; ``value:`` within one stands for the one above."""
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item, key)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            inner = key if name.value == "value" else str(name.value)
            yield from _scalars(value, inner)


def _end(node: yaml.Node, text: str) -> int:
    """Return where the node ends, without the white space that YAML counts to a block."""
    end: int = node.end_mark.index
    while end > node.start_mark.index and text[end - 1] in " \n":
        end -= 1
    return end
