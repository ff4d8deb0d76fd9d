"""What VoID counts, and how the counts change with the few triples that come on top of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

from fmgraph.errors import UsageError
from fmgraph.ontology import all_kinds, shipped
from fmgraph.publish.dataset_names import describing
from fmgraph.rdf.prefixes import BASE, PROV, RDF, SCHEMA, SKOS, fmg

_TYPE = NamedNode(f"{RDF}type")


def faceted_properties() -> frozenset[str]:
    """Return the properties of works whose values are counted one by one: the facets of the index pages."""
    return frozenset(facet.prop for cls in faceted_classes() for facet in shipped().facets(cls))


def faceted_classes() -> frozenset[str]:
    """Return the classes whose facets are counted: those of works."""
    return frozenset(kind.iri for kind in all_kinds().values() if kind.work)


@dataclass(frozen=True)
class Target:
    """A dataset that ours links to: where its IRIs start and which properties may lead there."""

    name: str
    title: str
    homepage: str
    uri_space: str
    predicates: tuple[str, ...]


#: The datasets of the linksets.
TARGETS: tuple[Target, ...] = (
    Target(
        "wikidata", "Wikidata", "https://www.wikidata.org/", "http://www.wikidata.org/entity/",
        (fmg("wikidata"), f"{SKOS}exactMatch"),
    ),
    Target(
        "ror", "Research Organization Registry", "https://ror.org/", "https://ror.org/",
        (fmg("ror"), f"{SKOS}exactMatch"),
    ),
    Target(
        "doi", "DOI", "https://www.doi.org/", "https://doi.org/",
        (fmg("introducedBy"), f"{PROV}hadPrimarySource", f"{PROV}wasQuotedFrom", f"{SCHEMA}sameAs",
         f"{SCHEMA}url"),
    ),
    Target(
        "spdx", "SPDX License List", "https://spdx.org/licenses/", "https://spdx.org/licenses/",
        (fmg("license"), fmg("codeLicense"), fmg("weightsLicense")),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """Counts over one default graph; keys are IRIs, values in ``values`` are terms."""

    base: str
    triples: int
    subjects: int
    objects: int
    entities: int  #: distinct subjects whose IRI starts with ``base``
    properties: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    uses: Counter[tuple[str, str]] = field(default_factory=Counter)
    object_classes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    datatypes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    values: Counter[tuple[str, str, NamedNode | Literal]] = field(default_factory=Counter)
    #: Classes of all that is in ``values``: there may be as many as datasets, too many to look each up.
    known: dict[object, frozenset[str]] = field(default_factory=dict)
    links: Counter[tuple[str, str]] = field(default_factory=Counter)  #: (name of the target, predicate)
    #: Of each class the entity that most triples point at (the first by name among equals).
    best_known: dict[str, str] = field(default_factory=dict)


def add(counts: Counts, triples: Sequence[Triple], store: Store) -> Counts:
    """Return the counts of ``store`` with ``triples`` on top, given the ``counts`` of ``store`` alone.

    The subjects of ``triples`` must be new to the store: raises UsageError when one is not.
    """
    subjects = {triple.subject for triple in triples}
    for subject in subjects:
        if _any(store, subject=subject):
            raise UsageError(f"{subject} is in the graph already: a graph is described once")
    types: dict[object, set[str]] = {}
    for triple in triples:
        if triple.predicate == _TYPE:
            types.setdefault(triple.subject, set()).add(_name(triple.object))
    for term, held in counts.known.items():
        types.setdefault(term, set()).update(held)

    def classes_of(term: object) -> Iterable[str]:
        if term not in types:
            found = () if isinstance(term, Literal) else store.quads_for_pattern(term, _TYPE, None)  # type: ignore[arg-type]
            types[term] = {_name(quad.object) for quad in found}
        return types[term]

    new = replace(
        counts,
        triples=counts.triples + len(triples),
        subjects=counts.subjects + len(subjects),
        objects=counts.objects
        + sum(o not in counts.known and not _any(store, obj=o) for o in {t.object for t in triples}),
        entities=counts.entities + sum(_name(subject).startswith(counts.base) for subject in subjects),
        properties=Counter(counts.properties),
        classes=Counter(counts.classes),
        uses=Counter(counts.uses),
        object_classes=Counter(counts.object_classes),
        datatypes=Counter(counts.datatypes),
        links=Counter(counts.links),
    )
    for triple in triples:
        predicate, value = triple.predicate.value, triple.object
        new.properties[predicate] += 1
        if triple.predicate == _TYPE:
            new.classes[_name(value)] += 1
        for cls in classes_of(triple.subject):
            new.uses[cls, predicate] += 1
            if isinstance(value, Literal):
                new.datatypes[cls, predicate, value.datatype.value] += 1
            for object_class in classes_of(value):
                new.object_classes[cls, predicate, object_class] += 1
        if isinstance(value, NamedNode):
            for target in TARGETS:
                if predicate in target.predicates and value.value.startswith(target.uri_space):
                    new.links[target.name, predicate] += 1
    for subject in subjects:  # triples of the store that point at what has only now got a class
        for quad in store.quads_for_pattern(None, None, subject):
            for cls in classes_of(quad.subject):
                for object_class in classes_of(subject):
                    new.object_classes[cls, quad.predicate.value, object_class] += 1
    return new


def example_resources(counts: Counts) -> list[str]:
    """Return the IRI of the best known entity of each kind that has any under the base."""
    wanted = [kind.iri for kind in all_kinds().values()]
    return [counts.best_known[cls] for cls in wanted if cls in counts.best_known]


def is_described(store: Store, base: str = BASE) -> bool:
    """Return whether the store holds its own description already."""
    return _any(store, subject=NamedNode(describing("dataset", base)))


def _name(term: object) -> str:
    return term.value if isinstance(term, NamedNode | BlankNode | Literal) else str(term)


def _any(store: Store, subject: object = None, obj: object = None) -> bool:
    return next(iter(store.quads_for_pattern(subject, None, obj)), None) is not None  # type: ignore[arg-type]
