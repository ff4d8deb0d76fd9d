"""The facts about an entity, in groups, each with the claims behind it and those that say otherwise.

What is accepted is decided when the graph is built (docs/internals.md) and said on each claim: an accepted
claim is a source of the fact, every other claim of the same property is shown as saying otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fmgraph.rdf.prefixes import DCTERMS, FMG, FOAF, OWL, PROV, RDF, RDFS, SCHEMA, SKOS
from fmgraph.site.claim_view import Claim
from fmgraph.site.graph_reader import (
    BUILT_ON,
    CLOSURES,
    DERIVES_FROM,
    WEIGHTS_DERIVE_FROM,
    Ontology,
    Term,
    text,
)
from fmgraph.site.page_links import words

_GROUPS: dict[str, tuple[str, ...]] = {
    "Overview": (
        "name",
        "title",
        "year",
        "type",
        "contribution",
        "scope",
        "definition",
        "comment",
        "country",
    ),
    "Lineage": (),
    "Data": ("dataScale", "modality", "trainedOn", "notTrainedOn", "evaluatedOn", "partOf", "value", "unit"),
    "Architecture and training": (
        *("backbone", "pretrainingMethod", "dimensionality", "inputResolution", "parameterCount", "hardware"),
        *("trainingTime", "deviceCount", "device", "deviceMemoryGB"),
    ),
    "Access and licence": (
        *(
            "access",
            "weightsAvailable",
            "weightsAbsent",
            "codeAvailable",
            "codeAbsent",
            "code",
            "weights",
            "demo",
            "container",
            "license",
            "codeLicense",
        ),
        *("weightsLicense", "commercialUse", "derivatives", "shareAlike", "gated", "researchOnly"),
    ),
    "People and papers": ("describedBy", "developedBy", "author", "publishedIn", "introducedBy"),
    "Place in the vocabulary": ("broader", "broaderTransitive", "narrower", "inScheme"),
    "Identifiers": (
        *("doi", "arxiv", "ror", "wikidata", "issn", "dicom", "mesh", "edam", "homepage", "url"),
        *("exactMatch", "closeMatch", "sameAs"),
    ),
}
_GROUP_OF = {local: group for group, locals_ in _GROUPS.items() for local in locals_}
_ORDER = {local: n for n, local in enumerate(name for names in _GROUPS.values() for name in names)}
OTHER = "Further facts"
#: Shown in the head of the page, not among the facts.
_HEAD = {RDF + "type", RDFS + "label", SKOS + "altLabel", SKOS + "prefLabel", SKOS + "definition"}
_LABELS = {
    SKOS + "broader": "broader",
    SKOS + "broaderTransitive": "broader, at any distance",
    SKOS + "exactMatch": "same as",
    SKOS + "closeMatch": "close to",
    SCHEMA + "value": "value",
    SCHEMA + "url": "web address",
    SCHEMA + "version": "version",
    SCHEMA + "position": "position",
    FOAF + "homepage": "home page",
    FOAF + "primaryTopic": "about",
    DCTERMS + "isPartOf": "part of",
    DCTERMS + "source": "source",
    DCTERMS + "issued": "date",
    PROV + "value": "text as found",
    PROV + "wasQuotedFrom": "read in",
    PROV + "hadPrimarySource": "primary source",
    OWL + "sameAs": "same as",
    FMG + "arxiv": "arXiv",
    FMG + "doi": "DOI",
    FMG + "issn": "ISSN",
    FMG + "ror": "ROR",
}


@dataclass
class Value:
    """An accepted value with the claims that make it."""

    term: Term
    claims: list[Claim] = field(default_factory=list)


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


def _further(prop: str) -> str | None:
    """Return the heading of a closure, of which a page shows what no single step says."""
    return {DERIVES_FROM: "Further back", WEIGHTS_DERIVE_FROM: "Weights also derive from"}.get(prop)


def label_of(prop: str, ontology: Ontology) -> str:
    """Return the property's label in the ontology, else its name in words."""
    return _LABELS.get(prop) or ontology.labels.get(prop) or words(prop)


def group_of(prop: str, ontology: Ontology) -> str:
    """Return the heading under which a property is shown."""
    if prop in (BUILT_ON, DERIVES_FROM, WEIGHTS_DERIVE_FROM) or BUILT_ON in ontology.above(prop):
        return "Lineage"
    return _GROUP_OF.get(_local(prop), OTHER)


def _local(prop: str) -> str:
    return prop.replace("#", "/").rsplit("/", 1)[-1]


def group_facts(
    triples: Iterable[tuple[str, Term]], claims: Sequence[Claim], ontology: Ontology
) -> list[Group]:
    """Return the facts in groups.

    An umbrella triple is left out where a more specific one has the same object; its claims are shown with
    the specific one. A closure triple is left out where a single step says the same.
    """
    accepted = dict.fromkeys((prop, value) for prop, value in triples if prop not in _HEAD)
    specific = {pair: _more_specific(pair, accepted, ontology) for pair in accepted}
    facts: dict[str, Fact] = {}
    by_pair: dict[tuple[str, Term], list[Claim]] = {}
    for claim in claims:
        if claim.accepted:
            by_pair.setdefault((claim.prop, claim.value), []).append(claim)

    def fact(prop: str) -> Fact:
        return facts.setdefault(
            prop,
            Fact(prop, _further(prop) or heading(label_of(prop, ontology)), [], []),
        )

    for pair, shadows in specific.items():
        if not shadows:
            umbrellas = [other for other, by in specific.items() if pair in by and other[0] not in CLOSURES]
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
    step = CLOSURES.get(prop)
    return [
        other
        for other in accepted
        if other[1] == value and other[0] != prop and (prop in ontology.above(other[0]) or other[0] == step)
    ]


def _in_groups(facts: Iterable[Fact], ontology: Ontology) -> list[Group]:
    titles: dict[str, list[Fact]] = {title: [] for title in (*_GROUPS, OTHER)}
    for fact in facts:
        fact.values.sort(key=lambda value: text(value.term).casefold())
        titles[group_of(fact.prop, ontology)].append(fact)
    for found in titles.values():
        found.sort(key=lambda f: (f.prop in CLOSURES, _ORDER.get(_local(f.prop), 99), f.label))
    groups = [Group(title, found) for title, found in titles.items() if found]
    if len(groups) == 1 and groups[0].title == OTHER:
        groups[0].title = "Facts"
    return groups
