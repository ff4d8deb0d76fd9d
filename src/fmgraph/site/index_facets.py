"""Facets: how an index is narrowed by plain GET links. Values of one facet add up, facets narrow together.

What the facets of a kind are is said in the ontology (``fmg:facet``). ``unknown`` as a value stands for
entities of which nothing is said; it is counted like a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyoxigraph as ox
from flask import request

from fmgraph.errors import NotFoundError
from fmgraph.ontology import Facet, Kind
from fmgraph.site.entity_facts import heading, label_of
from fmgraph.site.graph_reader import iri, text, values
from fmgraph.site.page_context import Site
from fmgraph.site.work_answers import license_name

#: The value that stands for no value.
UNKNOWN = "unknown"
#: Values of a facet that are asked for; how many more there are is said.
MOST_VALUES = 200
_BOOLEAN = {"yes": "true", "no": "false"}
Value = ox.NamedNode | ox.Literal


@dataclass(frozen=True)
class Choice:
    """One value of a facet: its name, how many entities have it, and the link that sets or drops it."""

    label: str
    count: int
    href: str
    chosen: bool
    depth: int = 0  #: below how many broader values it stands


@dataclass(frozen=True)
class FacetView:
    """A facet with its heading and values; ``more`` values are not listed."""

    facet: Facet
    title: str
    choices: list[Choice]
    more: int


class Facets:
    """The facets of one kind's index, and the values of each that the request selects."""

    def __init__(self, site: Site, kind: Kind) -> None:
        """Read the request's parameters; raises NotFoundError for a value that cannot be one."""
        self.site, self.kind = site, kind
        self.facets = site.graph.ontology.facets(kind.iri)
        self.cls = f"?s a {iri(kind.iri)} ."
        self.selection: dict[str, list[str]] = {
            facet.name: sorted({one for one in request.args.getlist(facet.name) if one})
            for facet in self.facets
        }
        self.selection = {name: some for name, some in self.selection.items() if some}
        self._counts: dict[str, int] = {}
        self._patterns = {f.name: self._pattern(f) for f in self.facets if f.name in self.selection}

    @property
    def pattern(self) -> str:
        """The pattern of the entities (``?s``) that all facets together select."""
        return " ".join([self.cls, *self._patterns.values()])

    def others(self, name: str) -> str:
        """Return the pattern of the entities that all facets but this one select."""
        return " ".join([self.cls, *(p for other, p in self._patterns.items() if other != name)])

    def show(self, **more: object) -> Iterator[FacetView]:
        """Yield the facets that have values among the entities that the others select, and their links.

        ``more`` are further query parameters of the links. A facet that others say more closely (licence,
        where there are those of weights and of code) is left out unless it is chosen.
        """
        ontology = self.site.graph.ontology
        props = {facet.prop for facet in self.facets}
        for facet in self.facets:
            if facet.name not in self.selection and ontology.below(facet.prop) & props:
                continue
            view = self._show(facet, more)
            if view.choices:
                yield view

    def _term(self, facet: Facet, address_value: str) -> Value:
        """Return the value that is written in an address."""
        if facet.kind is None:
            return ox.Literal(_BOOLEAN.get(address_value, address_value) if facet.boolean else address_value)
        value = (
            address_value if ":" in address_value else f"{self.site.links.base}{facet.kind}/{address_value}"
        )
        try:
            return ox.NamedNode(value)
        except ValueError:
            raise NotFoundError(f"there is no {facet.kind} {address_value!r}") from None

    def _pattern(self, facet: Facet) -> str:
        """Return the pattern of entities that have one of the chosen values, each entity once."""
        parts = []
        address_values = [one for one in self.selection[facet.name] if one != UNKNOWN]
        if address_values:
            terms = [self._term(facet, one) for one in address_values]
            if facet.kind is not None:
                match = f"VALUES ?v {{ {' '.join(map(str, terms))} }} ?s {path(facet)} ?v"
            else:  # whatever datatype they have
                literals = ", ".join(str(ox.Literal(text(one))) for one in terms)
                match = f"?s {path(facet)} ?v FILTER(STR(?v) IN ({literals}))"
            parts.append(f"{{ SELECT DISTINCT ?s WHERE {{ {match} }} }}")
        if UNKNOWN in self.selection[facet.name]:
            parts.append(f"{{ {self.cls} FILTER NOT EXISTS {{ ?s {step(facet)} ?any }} }}")
        return f"{{ {' UNION '.join(parts)} }}"

    def _show(self, facet: Facet, more: Mapping[str, object]) -> FacetView:
        graph = self.site.graph
        others = self.others(facet.name)
        order = "DESC(STR(?v))" if facet.newest_first else "DESC(?n) STR(?v)"
        inner = f"{others} ?s {path(facet)} ?v"
        rows = graph.rows(
            f"SELECT ?v (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {inner} }} GROUP BY ?v "
            f"ORDER BY {order} LIMIT {MOST_VALUES + 1}"
        )
        rest = graph.count(inner, "?v") - MOST_VALUES if len(rows) > MOST_VALUES else 0
        counts = {row["v"]: int(row["n"].value) for row in rows[:MOST_VALUES]}
        now = self.selection.get(facet.name, [])
        address_values = {self._to_address(facet, value) for value in counts}
        counts |= {self._term(facet, one): 0 for one in now if one not in address_values and one != UNKNOWN}
        view = self.site.view(counts)
        choices: dict[Value, Choice] = {}
        for value, count in counts.items():
            one = self._to_address(facet, value)
            name = view.name(value, facet.prop)
            if facet.kind == "license":
                name = license_name(text(value), name)
            choices[value] = Choice(name, count, self._toggle(facet, one, more), one in now)
        ordered = self._as_tree(facet, choices) if facet.along else list(choices.values())
        stated_pattern = f"{others} ?s {step(facet)} ?any"
        unknown = self._count(others) - self._count(stated_pattern) if choices else 0
        if unknown or UNKNOWN in now:
            ordered.append(Choice(UNKNOWN, unknown, self._toggle(facet, UNKNOWN, more), UNKNOWN in now))
        return FacetView(facet, heading(label_of(facet.prop, graph.ontology)), ordered, rest)

    def _toggle(self, facet: Facet, address_value: str, more: Mapping[str, object]) -> str:
        """Return the address with a value of the facet added, or taken away where it is chosen."""
        now = set(self.selection.get(facet.name, ())) ^ {address_value}
        path = self.site.links.path
        return path(self.kind.name, "", **{**self.selection, facet.name: sorted(now), **more})

    def _count(self, pattern: str) -> int:
        """Return how many entities match; each pattern is counted once."""
        if pattern not in self._counts:
            self._counts[pattern] = self.site.graph.count(pattern)
        return self._counts[pattern]

    def _to_address(self, facet: Facet, value: Value) -> str:
        """Return the value as it stands in an address."""
        if facet.boolean:
            return "yes" if text(value) == "true" else "no"
        entity = self.site.links.entity(text(value)) if facet.kind else None
        ours = entity is not None and text(value).startswith(self.site.links.base)
        return entity[1] if entity and ours else text(value)

    def _as_tree(self, facet: Facet, choices: Mapping[Value, Choice]) -> list[Choice]:
        """Return the choices with narrower values below broader ones, each once."""
        graph = self.site.graph
        base = graph.ontology.closures.get(facet.along or "")
        known = {text(value): choice for value, choice in choices.items()}
        if base is None or not known:
            return list(known.values())
        below: dict[str, list[str]] = defaultdict(list)
        rows = graph.rows(
            f"SELECT ?v ?up WHERE {{ {values('v', known)} ?v {iri(base)} ?up }} ORDER BY ?v ?up"
        )
        for row in rows:
            if row["up"].value in known and row["up"].value != row["v"].value:
                below[row["up"].value].append(row["v"].value)
        narrower = {value for some in below.values() for value in some}
        ordered: list[Choice] = []
        seen: set[str] = set()

        def add(value: str, depth: int) -> None:
            if value in seen:
                return
            seen.add(value)
            ordered.append(replace(known[value], depth=depth))
            for one in sorted(below[value], key=lambda v: (-known[v].count, known[v].label)):
                add(one, depth + 1)

        for value in (*(v for v in known if v not in narrower), *known):
            add(value, 0)
        return ordered


def step(facet: Facet) -> str:
    """Return the facet's path from an entity to the values that are said of it."""
    through = f"{iri(facet.through)}/" if facet.through else ""
    return through + iri(facet.prop)


def path(facet: Facet) -> str:
    """Return the facet's path from an entity to its values and all that stand above them."""
    return step(facet) + (f"/{iri(facet.along)}?" if facet.along else "")
