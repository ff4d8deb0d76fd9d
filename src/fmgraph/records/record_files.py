"""Records: the YAML files under ``data/<kind>/`` that people edit.

Everything is read as text (``no`` stays ``no``, ``1.50`` stays ``1.50``); the JSON-LD context gives it a
type later. Unknown and duplicate keys, and values of the wrong shape, are errors with file and line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fmgraph.errors import InputError, RecordError
from fmgraph.ontology import all_kinds
from fmgraph.text import SLUG, nearest, unfit_for_xml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VALUE_KEYS = {"value", "source", "at", "basis", "rank", "reason", "alternative", "variant"}
_SEARCH_KEYS = {"for", "in", "date", "at"}
_CORRECTION_KEYS = {"field", "list", "said", "reason", "source", "at"}
#: Keys of a record that are not properties.
RECORD_KEYS = ("source", "at", "corrections", "searched")
BASES = ("primary", "secondary")
RANKS = ("preferred", "normal", "deprecated")


@dataclass(frozen=True)
class Statement:
    """One value of one property of a record, with where it was read."""

    value: str
    line: int
    source: str | None = None
    at: str | None = None
    basis: str = "primary"
    rank: str = "normal"
    reason: str | None = None
    #: The word that the alternatives share of which the work has one.
    alternative: str | None = None
    #: The variant of the work for which the value holds.
    variant: str | None = None


@dataclass(frozen=True)
class Search:
    """Properties that were looked for in the sources without finding them stated."""

    keys: tuple[str, ...]
    sources: tuple[str, ...]
    date: str
    line: int
    #: Which parts of the sources were looked through, where not all.
    at: str | None = None


@dataclass(frozen=True)
class Correction:
    """A wrong statement of a list about a record."""

    field: str
    cell_text: str  #: the YAML key ``said``
    reason: str
    line: int
    list: str | None = None
    source: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class Record:
    """One file of ``data/<kind>/``."""

    kind: str
    slug: str
    path: Path
    statements: dict[str, list[Statement]]
    lines: dict[str, int] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    searches: tuple[Search, ...] = ()

    @property
    def label(self) -> str:
        """The record's name; the slug where the file gives none (which the check reports)."""
        values = self.values("label")
        return values[0] if values else self.slug

    @property
    def names(self) -> list[str]:
        """The label and every ``aka``, without repetition."""
        return list(dict.fromkeys([self.label, *self.values("aka")]))

    def values(self, key: str) -> list[str]:
        """Return the plain values of a property, in the file's order."""
        return [statement.value for statement in self.statements.get(key, [])]


def parse_yaml(text: str, path: Path, error: type[InputError] = RecordError) -> yaml.Node:
    """Return the file's YAML node tree; raises ``error`` with the line where it is malformed."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else None
        raise error(
            f"malformed YAML: {exc.problem or exc.context}",
            file=path,
            line=line,
            remedy="check indentation, colons and quotes on this line",
        ) from None
    except yaml.YAMLError as exc:
        raise error(f"malformed YAML: {exc}", file=path) from None
    if node is None:
        raise error("the file is empty", file=path, remedy="write at least a label")
    return node


def read_text(path: Path, error: type[InputError] = RecordError) -> str:
    """Return the file's text, without a byte order mark.

    Raises ``error`` where it cannot be read, is not UTF-8 or holds what no XML can carry.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise error(
            f"not UTF-8: {exc.reason} at byte {exc.start}", file=path, remedy="save it as UTF-8"
        ) from None
    except OSError as exc:
        raise error(f"cannot be read: {exc.strerror}", file=path) from None
    for number, line in enumerate(text.split("\n"), 1) if unfit_for_xml(text) else ():
        if unfit := unfit_for_xml(line):
            raise error(
                f"holds {unfit}, which no XML can carry",
                file=path,
                line=number,
                remedy="delete the character",
            )
    return text


def mapping(node: yaml.Node, path: Path, where: str) -> dict[str, yaml.Node]:
    """Return the mapping's values by key; raises RecordError for another node or a duplicate key."""
    if not isinstance(node, yaml.MappingNode):
        raise RecordError(f"{where} must be a mapping (key: value)", file=path, line=_line(node))
    values: dict[str, yaml.Node] = {}
    for key_node, value_node in node.value:
        key = scalar(key_node, path, where)
        if key in values:
            raise RecordError(f"the key {key!r} stands twice", file=path, line=_line(key_node), field=key)
        values[key] = value_node
    return values


def scalar(node: yaml.Node, path: Path, where: str) -> str:
    """Return the node's text; raises RecordError where it is a mapping or a list."""
    if not isinstance(node, yaml.ScalarNode):
        raise RecordError(f"{where} must be plain text", file=path, line=_line(node))
    return check_scalar(node, path, RecordError, where)


def check_scalar(node: yaml.ScalarNode, path: Path, error: type[InputError], field: str) -> str:
    """Return the scalar's text; raises ``error`` where an escape in it gave what no XML can carry."""
    text = str(node.value)
    if unfit := unfit_for_xml(text):
        message = f"holds {unfit}, which no XML can carry"
        raise error(message, file=path, line=_line(node), field=field or None, remedy="delete the character")
    return text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _check_known(
    keys: Collection[str], allowed: Collection[str], path: Path, nodes: dict[str, yaml.Node]
) -> None:
    for key in keys:
        if key not in allowed:
            near = nearest(key, allowed)
            raise RecordError(
                f"unknown key {key!r}",
                file=path,
                line=_line(nodes[key]),
                field=key,
                remedy=f"nearest: {', '.join(near)}" if near else f"known: {', '.join(sorted(allowed))}",
            )


def _text_of(nodes: dict[str, yaml.Node], path: Path, where: str) -> dict[str, str]:
    return {key: scalar(node, path, f"{where}.{key}") for key, node in nodes.items()}


def _one_of(value: str, allowed: tuple[str, ...], path: Path, line: int, where: str) -> str:
    if value not in allowed:
        raise RecordError(f"{value!r} is not one of {', '.join(allowed)}", file=path, line=line, field=where)
    return value


def _statement(node: yaml.Node, path: Path, key: str, default: tuple[str | None, str | None]) -> Statement:
    line = _line(node)
    if isinstance(node, yaml.ScalarNode):
        return Statement(scalar(node, path, key), line, *default)
    nodes = mapping(node, path, key)
    _check_known(nodes, _VALUE_KEYS, path, nodes)
    parts = _text_of(nodes, path, key)
    if "value" not in parts:
        raise RecordError("no value", file=path, line=line, field=key, remedy="add `value: …`")
    source, at = (parts.get("source"), parts.get("at")) if "source" in parts else default
    return Statement(
        parts["value"],
        line,
        source,
        parts.get("at", at),
        _one_of(parts.get("basis", "primary"), BASES, path, line, f"{key}.basis"),
        _one_of(parts.get("rank", "normal"), RANKS, path, line, f"{key}.rank"),
        parts.get("reason"),
        parts.get("alternative"),
        parts.get("variant"),
    )


def _search(node: yaml.Node, path: Path) -> Search:
    nodes = mapping(node, path, "searched")
    _check_known(nodes, _SEARCH_KEYS, path, nodes)
    for needed in ("for", "in", "date"):
        if needed not in nodes:
            raise RecordError(
                f"a search needs {needed!r}",
                file=path,
                line=_line(node),
                field="searched",
                remedy="write {for: [key, …], in: [source, …], date: YYYY-MM-DD}",
            )
    keys, sources = (
        tuple(scalar(item, path, f"searched.{part}") for item in _items(nodes[part]))
        for part in ("for", "in")
    )
    at = scalar(nodes["at"], path, "searched.at") if "at" in nodes else None
    return Search(keys, sources, scalar(nodes["date"], path, "searched.date"), _line(node), at)


def _correction(node: yaml.Node, path: Path) -> Correction:
    nodes = mapping(node, path, "corrections")
    _check_known(nodes, _CORRECTION_KEYS, path, nodes)
    parts = _text_of(nodes, path, "corrections")
    for needed in ("field", "said", "reason"):
        if needed not in parts:
            raise RecordError(
                f"a correction needs {needed!r}", file=path, line=_line(node), field="corrections"
            )
    return Correction(
        parts["field"],
        parts["said"],
        parts["reason"],
        _line(node),
        parts.get("list"),
        parts.get("source"),
        parts.get("at"),
    )


def _items(node: yaml.Node) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def parse_record(kind: str, slug: str, path: Path, text: str, keys: Collection[str]) -> Record:
    """Return the record in the text; ``keys`` are the property keys the context knows.

    Raises RecordError for anything that is not a well-formed record.
    """
    nodes = mapping(parse_yaml(text, path), path, "a record")
    _check_known(nodes, {*keys, *RECORD_KEYS}, path, nodes)
    default = tuple(scalar(nodes[key], path, key) if key in nodes else None for key in ("source", "at"))
    statements = {
        key: [_statement(item, path, key, (default[0], default[1])) for item in _items(node)]
        for key, node in nodes.items()
        if key not in RECORD_KEYS
    }
    corrections = tuple(
        _correction(item, path) for item in (_items(nodes["corrections"]) if "corrections" in nodes else [])
    )
    searches = tuple(
        _search(item, path) for item in (_items(nodes["searched"]) if "searched" in nodes else [])
    )
    lines = {key: _line(node) for key, node in nodes.items()}
    return Record(kind, slug, path, statements, lines, corrections, searches)


def iter_records(data_dir: Path, keys: Collection[str]) -> Iterator[Record | RecordError]:
    """Yield every record under the folder in kind and slug order; one that is broken as its error.

    The error is yielded, not raised, so that one bad file does not hide the findings of the others.
    """
    for kind in all_kinds().values():
        if not kind.recorded or kind.name == "list":
            continue
        for path in sorted((data_dir / kind.name).glob("*")):
            if path.suffix != ".yaml" or not SLUG.fullmatch(path.stem):
                yield RecordError(
                    "not a record's file name",
                    file=path,
                    remedy="name it <slug>.yaml, slug of a-z, 0-9 and single hyphens",
                )
                continue
            try:
                yield parse_record(kind.name, path.stem, path, read_text(path), keys)
            except RecordError as error:
                yield error
