"""The JSON-LD context and the ontology, as the code sees them.

``ontology/context.jsonld`` alone says which YAML key is which property and how its value becomes a term;
``ontology/fmgraph.ttl`` says what the property ranges over, whether it takes one value, and whether a
statement of it needs evidence. Nothing of this is repeated in code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import BASE, FMG, KINDS, PREFIXES, RDFS, XSD


@dataclass(frozen=True)
class Field:
    """A YAML key: the property it stands for and what its values are."""

    key: str
    iri: str
    #: Datatype IRI of literals; None for IRIs and for plain text.
    datatype: str | None
    language: str | None
    is_iri: bool
    #: ``@base`` that relative values are resolved against; None: the record's own IRI, as in JSON-LD.
    base: str | None
    #: For references to records by slug: the kind that ``base`` stands for.
    kind: str | None
    #: ``rdfs:range``, where the ontology gives one.
    range: str | None
    single_valued: bool
    editorial: bool


class Schema:
    """The fields by key, and the hierarchies of the ontology."""

    def __init__(self, context_file: Path, ontology_file: Path) -> None:
        """Read both files; raises OntologyError where one cannot be read."""
        self._store = ox.Store()
        try:
            self._store.load(path=str(ontology_file), format=ox.RdfFormat.TURTLE)
            self._context = json.loads(context_file.read_text(encoding="utf-8"))["@context"]
        except (OSError, SyntaxError, ValueError, KeyError) as exc:
            raise OntologyError(f"the ontology or its context cannot be read: {exc}") from exc

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every YAML key of the context."""
        prefixes = {
            key: value
            for key, value in self._context.items()
            if isinstance(value, str) and value.endswith(("#", "/"))
        }
        found = {}
        for key, definition in self._context.items():
            if key.startswith("@") or key in prefixes:
                continue
            if isinstance(definition, dict):  # plain strings are names of classes and keywords
                found[key] = self._field(key, definition, prefixes)
        return found

    def _field(self, key: str, definition: dict[str, Any], prefixes: dict[str, str]) -> Field:
        iri = _expand(definition.get("@id", key), prefixes)
        typed = definition.get("@type")
        is_iri = typed in ("@id", "@vocab")
        base = (definition.get("@context") or {}).get("@base", "")
        kind = base.removeprefix(BASE).strip("/") if base.startswith(BASE) else None
        if kind is not None and kind not in KINDS:
            raise OntologyError(f"the base {base!r} of {key!r} is not of a known kind", field=key)
        ranges = self._objects(iri, RDFS + "range")
        return Field(
            key=key,
            iri=iri,
            datatype=_expand(typed, prefixes) if typed and not is_iri else None,
            language=definition.get("@language"),
            is_iri=is_iri,
            base=base or None,
            kind=kind,
            range=ranges[0] if len(ranges) == 1 else None,
            single_valued=self._flag(iri, "singleValued"),
            editorial=self._flag(iri, "editorial"),
        )

    def _objects(self, subject: str, predicate: str) -> list[str]:
        quads = self._store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
        return sorted(str(getattr(quad.object, "value", "")) for quad in quads)

    def _flag(self, iri: str, flag: str) -> bool:
        return "true" in self._objects(iri, FMG + flag)

    @cached_property
    def by_iri(self) -> dict[str, Field]:
        """The fields by property IRI."""
        return {field.iri: field for field in self.fields.values()}

    @cached_property
    def single_valued(self) -> frozenset[str]:
        """IRIs of the properties that take one value."""
        return self._flagged("singleValued")

    @cached_property
    def passing_weights(self) -> frozenset[str]:
        """IRIs of the lineage relations by which weights are passed on."""
        return self._flagged("passesWeights")

    @cached_property
    def inherited(self) -> dict[str, bool]:
        """IRIs of the properties that variants take over, with whether only where there is a single value."""
        quads = self._store.quads_for_pattern(None, ox.NamedNode(FMG + "inherited"), None)
        return {
            quad.subject.value: getattr(quad.object, "value", "") == "false"
            for quad in sorted(quads, key=lambda quad: str(quad.subject))
            if isinstance(quad.subject, ox.NamedNode)
        }

    @cached_property
    def absences(self) -> frozenset[str]:
        """IRIs of the properties by which a source says that it has no value of another property."""
        quads = self._store.quads_for_pattern(None, ox.NamedNode(FMG + "absenceOf"), None)
        return frozenset(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))

    def _flagged(self, flag: str) -> frozenset[str]:
        true = ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean"))
        quads = self._store.quads_for_pattern(None, ox.NamedNode(FMG + flag), true)
        return frozenset(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))

    @cached_property
    def superproperties(self) -> dict[str, tuple[str, ...]]:
        """All (transitive) superproperties of each fmg property that the graph materialises."""
        return self._closure(RDFS + "subPropertyOf", keep=_materialised)

    @cached_property
    def superclasses(self) -> dict[str, tuple[str, ...]]:
        """All (transitive) superclasses of each fmg class, within the fmg namespace."""
        return self._closure(RDFS + "subClassOf", keep=lambda iri: iri.startswith(FMG))

    def _closure(self, predicate: str, keep: Any) -> dict[str, tuple[str, ...]]:
        direct: dict[str, list[str]] = {}
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(predicate), None):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                direct.setdefault(quad.subject.value, []).append(quad.object.value)
        return {
            start: tuple(sorted(iri for iri in _reach(start, direct) if keep(iri) and iri != start))
            for start in direct
            if start.startswith(FMG)
        }

    def triples(self) -> Iterable[ox.Triple]:
        """Yield the ontology's own triples."""
        for quad in self._store:
            yield quad.triple


def _materialised(iri: str) -> bool:
    """Whether triples of this superproperty are put into the graph.

    Within our own namespace always; of others' only the SKOS mappings, which linksets are counted by.
    """
    return iri.startswith((FMG, PREFIXES["skos"]))


def _reach(start: str, direct: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for nxt in direct.get(todo.pop(), ()):
            if nxt not in seen:
                seen.add(nxt)
                todo.append(nxt)
    return seen


def _expand(name: str, prefixes: dict[str, str]) -> str:
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//"):
        return prefixes.get(prefix, f"{prefix}:") + local
    return name
