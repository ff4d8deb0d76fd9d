"""YAML as text with line numbers: no guessed types, no duplicate keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from fmgraph.errors import ListError
from fmgraph.records.record_files import check_scalar, parse_yaml


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML node whose accessors raise :class:`ListError` with file, line and field.

    ``Node.parse(text, file)`` reads a document; :meth:`mapping`, :meth:`items` and :meth:`text` say what
    is expected and hand it over.
    """

    node: yaml.Node
    file: Path
    field: str

    @property
    def line(self) -> int:
        """One-based line on which the node starts."""
        return int(self.node.start_mark.line) + 1

    def error(self, message: str, remedy: str) -> ListError:
        """Return the error to raise about this node."""
        return ListError(message, file=self.file, line=self.line, field=self.field or None, remedy=remedy)

    @classmethod
    def parse(cls, text: str, file: Path) -> Node:
        """Return the root node of a YAML text."""
        root = parse_yaml(text, file, ListError)
        return cls(root, file, "")

    def mapping(self, allowed: frozenset[str] | None = None) -> dict[str, Node]:
        """Return key → node, in order; ``allowed`` are the only keys there may be."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("is not a mapping", "write `key: value` lines")
        entries: dict[str, Node] = {}
        for key_node, value_node in self.node.value:
            key = Node(key_node, self.file, self.field).text()
            here = Node(key_node, self.file, f"{self.field}.{key}" if self.field else key)
            if key in entries:
                raise here.error("stands twice", "keep one of the two")
            if allowed is not None and key not in allowed:
                raise here.error("is not a key that is known here", f"known: {', '.join(sorted(allowed))}")
            entries[key] = Node(value_node, self.file, here.field)
        return entries

    def items(self) -> list[Node]:
        """Return the nodes of a sequence."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("is not a list", "write `[a, b]` or one `- item` a line")
        return [
            Node(item, self.file, f"{self.field}[{number}]") for number, item in enumerate(self.node.value)
        ]

    def text(self) -> str:
        """Return a scalar as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("is not a single value", "write one text; quote it if it holds : or #")
        return check_scalar(self.node, self.file, ListError, self.field)

    def texts(self) -> tuple[str, ...]:
        """Return the scalars of a sequence, or the one scalar; none may be empty."""
        nodes = self.items() if isinstance(self.node, yaml.SequenceNode) else [self]
        texts = tuple(node.text() for node in nodes)
        if not texts or not all(texts):
            raise self.error("is empty", "give a value or delete the key: what is unknown is absent")
        return texts

    def is_mapping(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self.node, yaml.MappingNode)
