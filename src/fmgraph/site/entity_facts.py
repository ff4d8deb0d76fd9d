"""The facts about an entity, in groups, each with the claims behind it and those that say otherwise.

What is accepted is decided when the graph is built (docs/internals.md) and said on each claim: an accepted
claim is a source of the fact, every other claim of the same property is shown as saying otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fmgraph.ontology import Ontology
from fmgraph.rdf.prefixes import RDF, RDFS, SKOS
from fmgraph.site.claim_view import Claim
from fmgraph.site.graph_reader import Term, text
from fmgraph.site.page_links import words

OTHER = "Further facts"
#: Shown in the head of the page, not among the facts.
_HEAD = {RDF + "type", RDFS + "label", SKOS + "altLabel", SKOS + "prefLabel", SKOS + "definition"}


@dataclass
class Value:
    """An accepted value with the claims that make it."""

    term: Term
    claims: list[Claim] = field(default_factory=list)

    @property
    def variants(self) -> list[str]:
        """The variants of the entity for which alone it holds, sorted; empty where it holds for all."""
        variants = {claim.variant for claim in self.claims if claim.accepted}
        return [] if None in variants else sorted(name for name in variants if name)


@dataclass
class Fact:
    """A property with its accepted values and the claims of other values."""

    prop: str
    label: str
    values: list[Value]
    others: list[Claim]

    @property
    def shared(self) -> list[Claim] | None:
        """The claims to show once for all values, when every value has the same sources; else None."""
        if len(self.values) < 2:
            return None
        keys = {tuple((c.source, c.row, c.raw, c.locator) for c in value.claims) for value in self.values}
        return self.values[0].claims if len(keys) == 1 and self.values[0].claims else None


@dataclass
class Group:
    """A heading with the facts below it."""

    title: str
    facts: list[Fact]


def heading(label: str) -> str:
    """Return a label with a capital, unless it has its own spelling (arXiv)."""
    return label if any(char.isupper() for char in label) else label[:1].upper() + label[1:]


def label_of(prop: str, ontology: Ontology) -> str:
    """Return the property's label in the ontology, else its name in words."""
    return ontology.property(prop).label or words(prop)


def group_of(prop: str, ontology: Ontology) -> str:
    """Return the heading under which a property is shown."""
    group = ontology.group(prop)
    return group.title if group else OTHER


def group_facts(
    triples: Iterable[tuple[str, Term]], claims: Sequence[Claim], ontology: Ontology
) -> list[Group]:
    """Return the facts in groups.

    An umbrella triple is left out where a more specific one has the same object; its claims are shown with
    the specific one. A closure triple is left out where a single step says the same.
    """
    accepted = dict.fromkeys(
        (prop, value) for prop, value in triples if prop not in _HEAD and not ontology.is_repeated(prop)
    )
    specific = {pair: _more_specific(pair, accepted, ontology) for pair in accepted}
    facts: dict[str, Fact] = {}
    by_pair: dict[tuple[str, Term], list[Claim]] = {}
    for claim in claims:
        if claim.accepted:
            by_pair.setdefault((claim.prop, claim.value), []).append(claim)

    def fact(prop: str) -> Fact:
        title = ontology.property(prop).page_title or heading(label_of(prop, ontology))
        return facts.setdefault(prop, Fact(prop, title, [], []))

    for pair, shadows in specific.items():
        if not shadows:
            umbrellas = [
                other for other, by in specific.items() if pair in by and other[0] not in ontology.closures
            ]
            behind = {c.iri: c for one in (pair, *umbrellas) for c in by_pair.get(one, ())}
            fact(pair[0]).values.append(Value(pair[1], list(behind.values())))
    for claim in claims:
        if not claim.accepted:
            fact(claim.prop).others.append(claim)
    return _in_groups(facts.values(), ontology)


def _more_specific(
    pair: tuple[str, Term], accepted: Iterable[tuple[str, Term]], ontology: Ontology
) -> list[tuple[str, Term]]:
    prop, value = pair
    step = ontology.closures.get(prop)
    return [
        other
        for other in accepted
        if other[1] == value and other[0] != prop and (prop in ontology.above(other[0]) or other[0] == step)
    ]


def _in_groups(facts: Iterable[Fact], ontology: Ontology) -> list[Group]:
    by_title: dict[str, list[Fact]] = {title: [] for title in (*(g.title for g in ontology.groups), OTHER)}
    for fact in facts:
        fact.values.sort(key=lambda value: text(value.term).casefold())
        by_title[group_of(fact.prop, ontology)].append(fact)
    for members in by_title.values():
        members.sort(key=lambda fact: (ontology.property(fact.prop).order, fact.label))
    groups = [Group(title, members) for title, members in by_title.items() if members]
    if len(groups) == 1 and groups[0].title == OTHER:
        groups[0].title = "Facts"
    return groups
