"""JSON-LD with the keys of ``ontology/context.jsonld``, one entity a line, the context inside the file.

https://www.w3.org/TR/json-ld11/. The context is the one that the records are read with, so a key means the
same in a record and in a dump; what it has no key for is written with a prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, RdfFormat, parse

from fmgraph.errors import OntologyError
from fmgraph.publish.graph_sections import sections
from fmgraph.rdf.prefixes import PREFIXES, RDF, XSD
from fmgraph.rdf.sorted_lines import Group, Lines, groups
from fmgraph.resources import ontology_dir

_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")  # beyond 2^53 readers of JSON lose digits


class Compactor:
    """Turns groups of triples into JSON-LD node objects under one context."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = {**PREFIXES, **context}
        self._types: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        for term, definition in context.items():
            if isinstance(definition, str) and not definition.startswith("@"):
                self._types.setdefault(self._expand(definition), term)
            elif isinstance(definition, dict) and definition.keys() <= {"@id", "@type", "@context"}:
                scoped = definition.get("@context", {})
                if scoped and scoped.keys() != {"@base"}:  # another context may change what the values mean
                    continue
                coercion = definition.get("@type", f"{XSD}string")
                if not coercion.startswith("@"):
                    coercion = self._expand(coercion)
                self._keys.setdefault((self._expand(definition["@id"]), coercion), term)

    def node(self, group: Group) -> dict[str, Any]:
        """Return the node object of a subject."""
        subject, pairs = group
        node: dict[str, Any] = {"@id": _id(subject)}
        for predicate, value in pairs:
            iri = predicate[1:-1]
            json_value: object
            if iri == f"{RDF}type":
                key, json_value = "@type", self._types.get(value[1:-1]) or self._compact(value[1:-1])
            else:
                key, json_value = self._value(iri, value)
            node.setdefault(key, []).append(json_value)
        return {key: v[0] if key != "@id" and len(v) == 1 else v for key, v in node.items()}

    def _value(self, predicate: str, term: str) -> tuple[str, object]:
        """Return key and value for an object term."""
        if term[0] != '"':
            key = self._keys.get((predicate, "@id"))
            return (key, _id(term)) if key else (self._compact(predicate), {"@id": _id(term)})
        literal = _literal(term)
        datatype = literal.datatype.value
        key = None if literal.language else self._keys.get((predicate, datatype))
        if key:
            return key, literal.value
        key = self._compact(predicate)
        if literal.language:
            return key, {"@value": literal.value, "@language": literal.language}
        if datatype == f"{XSD}string":
            return key, literal.value
        if datatype == f"{XSD}boolean" and literal.value in ("true", "false"):
            return key, literal.value == "true"
        if datatype == f"{XSD}integer" and _INTEGER.match(literal.value):
            return key, int(literal.value)
        return key, {"@value": literal.value, "@type": self._compact(datatype)}

    def _compact(self, iri: str) -> str:
        for prefix, namespace in PREFIXES.items():
            local = iri.removeprefix(namespace)
            if local != iri and local and f"{prefix}:{local}" not in self.context and local[:2] != "//":
                return f"{prefix}:{local}"
        return iri

    def _expand(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        namespace = self.context.get(prefix)
        return namespace + local if colon and isinstance(namespace, str) else name


def _id(term: str) -> str:
    return term[1:-1] if term[0] == "<" else term


def _literal(term: str) -> Literal:
    if term[-1] == '"' and "\\" not in term:
        return Literal(term[1:-1])
    (quad,) = parse(f"<x:s> <x:p> {term} .".encode(), RdfFormat.N_TRIPLES)
    assert isinstance(quad.object, Literal)  # noqa: S101 - it starts with a quote
    return quad.object


def record_context(folder: Path | None = None) -> dict[str, Any]:
    """Return the term definitions of ``context.jsonld``; raises OntologyError when it cannot be read."""
    file = (folder or ontology_dir()) / "context.jsonld"
    try:
        context: dict[str, Any] = json.loads(file.read_text("utf-8"))["@context"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OntologyError(f"is not a JSON-LD context: {error}", file=file) from error
    return context


def document(lines: Lines, context: dict[str, Any]) -> Iterator[str]:
    """Yield the whole graph as JSON-LD text, in the order of the Turtle dump."""
    compactor = Compactor(context)
    yield f'{{"@context": {_json(compactor.context)},\n"@graph": ['
    separator = "\n"
    for _, section_lines in sections(lines):
        for group in groups(section_lines):
            yield separator + _json(compactor.node(group))
            separator = ",\n"
    yield "\n]}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
