"""Names of a table matched to entities, with types, properties and scores, and properties fetched for them.

The matching and data extension of the Reconciliation Service API (https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/),
over the resolver; :mod:`fmgraph.site.reconcile_service` speaks its versions.

An entity's id is its IRI without the base (``model/uni``), or the whole IRI where it is not ours (a licence
of SPDX). A type's id is the local name of its class, a property's the local name of the property.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyoxigraph as ox
from rapidfuzz import fuzz

from fmgraph.answers.resolve import Match, Resolver
from fmgraph.errors import NotFoundError, ParameterError
from fmgraph.ontology import Ontology, Property, all_kinds, searched_classes, shipped, work_kinds
from fmgraph.rdf.prefixes import BASE, FMG, PREFIXES, RDFS, SKOS, XSD
from fmgraph.rdf.terms import iri as iri_term
from fmgraph.server.engine import Engine
from fmgraph.text import match_key, nearest

#: Most candidates of a question, and entities compared to find them.
MOST, _COMPARED = 50, 20
#: The type of everything that can have lineage; no kind of its own.
WORK = "Work"
#: What a property that says another value takes from the score of a name (0 to 100).
_DISAGREES = 25.0
#: How sure a work is that is known by a name in brackets at the end of a title, by the title of its paper, by
#: the words before a colon; and how sure a paper is that is known by the name of the work it describes.
_BY_BRACKET, _BY_PAPER, _BY_HEAD, _NAMESAKE = 0.975, 0.97, 0.9, 0.95
#: Least likeness of two titles of one paper; characters before a colon that tell a title from a name.
_LIKE, _TELLING = 0.85, 25
#: What stands in brackets at the end of a title: the name, in many a list.
_BRACKET = re.compile(r"\(([^()]+)\)\s*$")
_SURE = ("identifier", "name", "paper")
_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
_NUMBERS = {XSD + name for name in ("integer", "gYear", "nonNegativeInteger", "long", "int")}
_DECIMALS = {XSD + name for name in ("decimal", "double", "float")}


@dataclass(frozen=True)
class Condition:
    """A property that the entity should have: one of the values, all of them, or none."""

    prop: str  #: IRI
    values: tuple[str, ...]
    required: bool = False
    quantifier: Literal["any", "all", "none"] = "any"


@dataclass(frozen=True)
class Question:
    """One name to match: ``kinds`` narrow it (none: all), conditions tell namesakes apart."""

    text: str = ""
    kinds: tuple[str, ...] = ()
    limit: int = 5
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """An entity that may be meant. ``sure`` where it can be taken without asking; ``agrees`` by property."""

    match: Match
    score: float  #: 0 to 100
    sure: bool
    agrees: dict[str, bool]


def entity_id(iri: str) -> str:
    """Return the id of an entity.

    >>> entity_id("https://w3id.org/fmgraph/model/uni")
    'model/uni'
    """
    return iri.removeprefix(BASE)


def entity_iri(identifier: str) -> str:
    """Return the IRI that an entity's id stands for."""
    return identifier if "://" in identifier else BASE + identifier


def type_ids() -> dict[str, tuple[str, ...]]:
    """Return the kinds that each type stands for, works first."""
    kinds = all_kinds()
    return {WORK: work_kinds(), **{kinds[name].cls: (name,) for name in searched_classes()}}


def kinds_of(type_id: str) -> tuple[str, ...]:
    """Return the kinds of a type, by its id, IRI or the name of its kind; ParameterError for another."""
    types = type_ids()
    local = type_id.removeprefix(FMG)
    if local in types:
        return types[local]
    if local in searched_classes():
        return (local,)
    near = ", ".join(nearest(local, types) or types)
    raise ParameterError(f"there is no type {type_id!r}; the nearest are: {near}")


def matchable_properties(ontology: Ontology | None = None) -> list[Property]:
    """Return the properties that can be matched and fetched, in the order of pages."""
    ontology = ontology or shipped()
    properties = [
        prop
        for prop in ontology.properties.values()
        if prop.iri.startswith(FMG) and prop.label and (prop.claimed or prop.editorial or prop.derived)
    ]
    return sorted(properties, key=lambda prop: (*ontology.rank(prop.iri), prop.label))


def property_iri(identifier: str) -> str:
    """Return the IRI of a property by its id or IRI; ParameterError, with the nearest, for another."""
    known = {prop.local: prop.iri for prop in matchable_properties()}
    local = identifier.removeprefix("fmg:").removeprefix(FMG)
    if local in known:
        return known[local]
    near = nearest(local, known) or ["builtOn", "weightsLicense", "access"]
    raise ParameterError(f"there is no property {identifier!r}; the nearest are: {', '.join(near)}")


class Reconciler:
    """Answers questions over an engine's graph; safe to share between threads."""

    def __init__(self, engine: Engine, resolver: Resolver) -> None:
        """Match with the resolver, and read properties from the engine."""
        self._engine, self._resolver = engine, resolver

    def candidates(self, question: Question) -> list[Candidate]:
        """Return up to ``question.limit`` entities, the surest first.

        A candidate is sure where its identifier, whole name or paper was given, nothing asked of it is
        otherwise, and no other is as sure. Raises LimitError as the resolver does.
        """
        if question.text.strip():
            matches = self._by_text(question.text, question.kinds)
        else:
            matches = self._by_values(question)
        agreement = self._agreement(matches, question.conditions)
        required = {one.prop for one in question.conditions if one.required}
        items: list[tuple[Match, float, dict[str, bool]]] = []
        for match in matches:
            agrees = agreement[match.iri]
            if any(not agrees.get(prop, False) for prop in required):
                continue
            wrong = sum(not agreed for agreed in agrees.values())
            items.append((match, max(0.0, match.score * 100 - _DISAGREES * wrong), agrees))
        items.sort(key=lambda item: (-item[1], -sum(item[2].values())))
        sure = [item for item in items if item[0].by in _SURE and all(item[2].values())]
        best = [item for item in sure if _rank(item) == _rank(sure[0])] if sure else []
        if best and best[0][0].by == "identifier":
            # A paper's identifier leads to what the paper describes too; the first is what it identifies.
            best = [item for item in best if item[0].kind == best[0][0].kind]
        certain = best[0][0].iri if len(best) == 1 else None
        limit = max(1, min(question.limit, MOST))
        return [
            Candidate(match, round(score, 1), match.iri == certain, agrees)
            for match, score, agrees in items[:limit]
        ]

    def _by_text(self, text: str, kinds: tuple[str, ...]) -> list[Match]:
        matches = self._resolver.resolve(text, kinds, _COMPARED)
        key = match_key(text)
        # A paper goes by the names of what it describes too; who gives such a name means the work.
        matches = [
            replace(one, score=_NAMESAKE)
            if one.kind == "paper" and one.by == "name" and match_key(one.label) != key
            else one
            for one in matches
        ]
        works = [kind for kind in work_kinds() if not kinds or kind in kinds]
        if any(match.by in _SURE for match in matches) or not works:
            return matches
        return _merged([*self._by_part(text, works), *self._by_paper(text, works), *matches])

    def _by_part(self, text: str, kinds: Sequence[str]) -> list[Match]:
        """Return the works whose whole name stands in a title, before a colon or in brackets at its end."""
        bracket = _BRACKET.search(text)
        names = [(name, _BY_BRACKET) for name in (bracket[1].split("/") if bracket else ())]
        if ":" in text and "://" not in text:
            names.append((text.partition(":")[0], _BY_HEAD))
        return [
            replace(one, score=score, by="part")
            for name, score in names
            for one in self._resolver.resolve(name, kinds, 3)
            if one.by in _SURE
        ]

    def _by_paper(self, text: str, kinds: Sequence[str]) -> list[Match]:
        """Return the works that a paper of this title describes, the one that the title names first."""
        title = _BRACKET.sub("", text).strip()
        papers = [(one, _likeness(title, one)) for one in self._resolver.resolve(title, ("paper",), 5)]
        head = title.partition(":")[0]
        if ":" in title and len(head) >= _TELLING:
            papers += [
                (one, _LIKE) for one in self._resolver.resolve(head, ("paper",), 2) if one.by == "beginning"
            ]
        paper, likeness = max(papers, key=lambda pair: pair[1], default=(None, 0.0))
        if paper is None or likeness < _LIKE:
            return []
        rows = self._rows(
            f"SELECT DISTINCT ?w ?label WHERE {{ ?w fmg:describedBy {iri_term(paper.iri)} . "
            "?w rdfs:label ?label OPTIONAL { ?w fmg:variantOf ?of } } ORDER BY BOUND(?of) STRLEN(?label) ?w"
        )
        key = match_key(f"{paper.label} {text}")
        matches = []
        for place, row in enumerate(sorted(rows, key=lambda row: match_key(row["label"].value) not in key)):
            match = self._match(row["w"].value, row["label"].value)
            if match is not None and match.kind in kinds:
                matches.append(replace(match, score=(_BY_PAPER - place / 50) * likeness, by="paper"))
        return matches

    def _by_values(self, question: Question) -> list[Match]:
        """Return the entities that have one of the values, where no name is given."""
        classes = " ".join(
            f"<{cls}>"
            for kind, cls in searched_classes().items()
            if not question.kinds or kind in question.kinds
        )
        matches: dict[str, Match] = {}
        for condition in question.conditions:
            if condition.quantifier == "none":
                continue
            for value in condition.values:
                for match in self._resolver.resolve(value, question.kinds, _COMPARED):
                    if match.by == "identifier":
                        matches.setdefault(match.iri, match)
                targets = [iri_term(one) for one in self._resolve_value(condition.prop, value)]
                literal = ox.Literal(value)
                same = f"STR(?o) = {literal}" + (f" || ?o IN ({', '.join(targets)})" if targets else "")
                rows = self._rows(
                    f"SELECT DISTINCT ?s ?label WHERE {{ VALUES ?c {{ {classes} }} ?s a ?c . "
                    f"?s rdfs:label ?label ; {iri_term(condition.prop)} ?o FILTER({same}) }} "
                    f"ORDER BY ?label ?s LIMIT {MOST}"
                )
                for row in rows:
                    candidate = self._match(row["s"].value, row["label"].value)
                    if candidate is not None:
                        matches.setdefault(candidate.iri, replace(candidate, score=0.5, by="property"))
        return list(matches.values())

    def _match(self, iri: str, label: str) -> Match | None:
        kind = iri.removeprefix(BASE).partition("/")[0]
        if not iri.startswith(BASE):
            kind = "license"
        return Match(iri, kind, label, (), "", 0.0, "") if kind in searched_classes() else None

    def _resolve_value(self, prop: str, value: str) -> list[str]:
        """Return the entities that a value of the property may mean."""
        kinds = [
            kind.name
            for one in shipped().property(prop).ranges
            for kind in all_kinds().values()
            if kind.searched and (kind.iri == one or (one == FMG + WORK and kind.work))
        ]
        if not kinds:
            return []
        return [m.iri for m in self._resolver.resolve(value, kinds, 5) if m.by in ("identifier", "name")]

    def _agreement(
        self, matches: Sequence[Match], conditions: Sequence[Condition]
    ) -> dict[str, dict[str, bool]]:
        """Return, by entity, which properties agree; one of which nothing is known is left out."""
        agreement: dict[str, dict[str, bool]] = {match.iri: {} for match in matches}
        if not matches or not conditions:
            return agreement
        have = self._read([match.iri for match in matches], [one.prop for one in conditions])
        for condition in conditions:
            expected = []
            for value in condition.values:
                itself = [m.iri for m in self._resolver.resolve(value, (), 10) if m.by == "identifier"]
                expected.append((match_key(value), {*self._resolve_value(condition.prop, value)}, itself))
            for match in matches:
                values = have.get((match.iri, condition.prop), [])
                keys = {key for value in values for key in _keys(value)}
                iris = {value.term.value for value in values if isinstance(value.term, ox.NamedNode)}
                hits = [
                    key in keys or bool(entities & iris) or match.iri in itself
                    for key, entities, itself in expected
                ]
                if not values and not any(hits):
                    continue
                agreed = {"any": any(hits), "all": all(hits), "none": not any(hits)}[condition.quantifier]
                agreement[match.iri][condition.prop] = agreed
        return agreement

    # ---- extension

    def extend(
        self, identifiers: Sequence[str], props: Sequence[tuple[str, int]]
    ) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Return the values of the properties (IRI, most of them or 0) by entity's id and property IRI.

        Each value is a cell of the specification: ``{"id", "name"}``, ``{"str"}``, ``{"int"}`` or
        ``{"float"}``; what is unknown is an empty list.
        """
        iris = {identifier: entity_iri(identifier) for identifier in identifiers}
        have = self._read(list(iris.values()), [prop for prop, _ in props])
        return {
            identifier: {
                prop: [_cell(value) for value in have.get((iri, prop), [])][: most or None]
                for prop, most in props
            }
            for identifier, iri in iris.items()
        }

    def about(self, identifier: str) -> Match:
        """Return the entity of an id; raises NotFoundError."""
        match = next(iter(self._resolver.resolve(entity_iri(identifier), (), 1)), None)
        if match is None or match.iri != entity_iri(identifier):
            raise NotFoundError(f"there is no entity {identifier!r}", self._near(identifier))
        return match

    def _near(self, identifier: str) -> list[str]:
        words = identifier.rpartition("/")[2].replace("-", " ")
        return [entity_id(one.iri) for one in self._resolver.alike(words)]

    def _read(self, iris: Iterable[str], props: Iterable[str]) -> dict[tuple[str, str], list[_Value]]:
        predicates = " ".join(iri_term(prop) for prop in sorted(set(props)))
        values: dict[tuple[str, str], list[_Value]] = {}
        names = sorted({one for one in iris if _is_iri(one)})
        for start in range(0, len(names), 500):
            subjects = " ".join(iri_term(one) for one in names[start : start + 500])
            rows = self._rows(
                f"SELECT ?s ?p ?o (SAMPLE(?l) AS ?label) (GROUP_CONCAT(?a; SEPARATOR='\\n') AS ?aka) "
                f"WHERE {{ VALUES ?s {{ {subjects} }} VALUES ?p {{ {predicates} }} ?s ?p ?o "
                f"OPTIONAL {{ ?o <{RDFS}label> ?l }} OPTIONAL {{ ?o <{SKOS}altLabel> ?a }} }} "
                "GROUP BY ?s ?p ?o ORDER BY ?s ?p ?label ?o"
            )
            for row in rows:
                label, aka = row.get("label"), row["aka"].value if "aka" in row else ""
                value = _Value(row["o"], label.value if label is not None else None, tuple(aka.split("\n")))
                values.setdefault((row["s"].value, row["p"].value), []).append(value)
        return values

    def _rows(self, query: str) -> Sequence[Any]:
        return self._engine.rows(_PROLOGUE + query)


@dataclass(frozen=True)
class _Value:
    term: Any
    label: str | None
    aka: tuple[str, ...]


def _likeness(title: str, paper: Match) -> float:
    """Return how like the titles are, from 0 to 1; a title that lacks its end is like."""
    key, names = match_key(title), [match_key(name) for name in (paper.label, paper.title, *paper.aka)]
    ratios = [fuzz.ratio(key, name) / 100 for name in names if name]
    return max([*ratios, *(0.9 for name in names if len(key) >= 2 * _TELLING and name.startswith(key))])


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _rank(item: tuple[Match, float, dict[str, bool]]) -> tuple[float, int]:
    return item[1], sum(item[2].values())


def _merged(matches: Iterable[Match]) -> list[Match]:
    """Return each entity once, as the surest of its matches."""
    best: dict[str, Match] = {}
    for match in matches:
        if match.iri not in best or match.score > best[match.iri].score:
            best[match.iri] = match
    return list(best.values())


def _keys(value: _Value) -> set[str]:
    """Return the spellings under which a value may be given: label, other names, slug, literal."""
    text = str(getattr(value.term, "value", value.term))
    names = [value.label or "", *value.aka, text, text.rpartition("/")[2]]
    return {key for name in names if (key := match_key(name))}


def _cell(value: _Value) -> dict[str, Any]:
    term = value.term
    if isinstance(term, ox.NamedNode):
        if term.value.startswith(BASE) or value.label is not None:
            return {"id": entity_id(term.value), "name": value.label or entity_id(term.value)}
        return {"str": term.value}
    text = str(getattr(term, "value", term))
    datatype = term.datatype.value if isinstance(term, ox.Literal) else ""
    try:
        if datatype in _NUMBERS:
            return {"int": int(text)}
        if datatype in _DECIMALS:
            return {"float": float(text)}
    except ValueError:
        return {"str": text}
    return {"str": text}
