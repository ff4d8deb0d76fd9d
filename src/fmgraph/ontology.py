"""The one reader of the ontology and of the JSON-LD context: kinds, properties, keys, hierarchies.

``ontology/fmgraph.ttl`` says what code, pages and documents need to know about a property or kind: its label,
its group on pages, whether it is a facet, single-valued, editorial … (by the annotations at its head).
``ontology/context.jsonld`` says which YAML key stands for which property and how its value becomes a term.
Nothing of this is repeated in code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from fmgraph import resources
from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import BASE, FMG, OWL, PREFIXES, RDF, RDFS, SCHEMA, SH, SKOS

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
#: The types of what the ontology defines.
TERM_TYPES = (
    *(OWL + name for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")),
    *(RDFS + "Class", RDF + "Property", SH + "PropertyGroup"),
)
_ALIGNMENT = ox.NamedNode(FMG + "Alignment")
_PROPERTY_TYPES = {OWL + "ObjectProperty", OWL + "DatatypeProperty", RDF + "Property"}


@dataclass(frozen=True)
class Kind:
    """A kind of entity: the folder under ``data/``, the IRI segment and the class."""

    name: str
    plural: str
    cls: str  #: local name of the class in the fmg namespace
    recorded: bool  #: whether ``data/<name>/`` holds record files
    work: bool  #: whether it is a subclass of fmg:Work (can have lineage)
    searched: bool  #: whether people look for its entities by name
    in_navigation: bool  #: whether its index stands in the navigation of every page

    @property
    def iri(self) -> str:
        """The IRI of the class."""
        return FMG + self.cls


@dataclass(frozen=True)
class Group:
    """A heading of a page, under which properties are shown."""

    iri: str
    title: str
    order: int


@dataclass(frozen=True)
class Facet:
    """A property by whose values an index is narrowed."""

    name: str  #: the query parameter
    prop: str
    order: int
    along: str | None  #: the transitive property by which a value stands for all above it
    through: str | None  #: the property to whose objects ``prop`` belongs; None for one of the entity itself
    kind: str | None  #: kind of the values; None for literals
    newest_first: bool  #: whether the values are years
    boolean: bool  #: whether the values are yes and no


@dataclass(frozen=True)
class Property:
    """What the ontology says of one property, its own or another vocabulary's."""

    iri: str
    label: str
    definition: str
    domains: tuple[str, ...]
    ranges: tuple[str, ...]
    is_object: bool
    single_valued: bool
    per_variant: bool
    editorial: bool
    claimed: bool
    derived: bool
    evidence_required: bool
    passes_weights: bool
    drawn_as: str  #: of a lineage relation: weights, component, output or version; else empty
    order: int  #: within its group; 99 where the ontology gives none
    page_title: str | None
    incoming_title: str | None
    completeness_weight: int
    resolver: str | None
    examples: tuple[str, ...]

    @property
    def takes_several(self) -> bool:
        """Whether one subject may have several values, be it one for each of its variants."""
        return self.per_variant or not self.single_valued

    @property
    def local(self) -> str:
        """The name within the namespace."""
        return self.iri.replace("#", "/").rsplit("/", 1)[-1]

    def resolved(self, value: str) -> str:
        """Return the IRI of what an identifier names; empty where the property has no resolver."""
        return self.resolver + quote(value, safe="/:;()._-") if self.resolver else ""


class Ontology:
    """The terms of an ontology, read from its triples.

    Where two triples give different values for what takes one, the first counts: so a graph's own ontology
    can be put before the shipped one.
    """

    def __init__(self, triples: Iterable[tuple[str, str, Term]]) -> None:
        """Index (subject IRI, property IRI, object) triples."""
        self._about: dict[str, dict[str, list[Term]]] = {}
        self._known: dict[str, Property] = {}
        for subject, predicate, obj in triples:
            values = self._about.setdefault(subject, {}).setdefault(predicate, [])
            if obj not in values:
                values.append(obj)

    @classmethod
    def read(cls, file: Path) -> Ontology:
        """Return the ontology of a Turtle file; raises OntologyError where it cannot be read."""
        return cls(_select_iri_subjects(_parsed(file)))

    def triples(self) -> Iterator[tuple[str, str, Term]]:
        """Yield the triples again."""
        for subject, about in self._about.items():
            for predicate, values in about.items():
                for value in values:
                    yield subject, predicate, value

    def values(self, subject: str, predicate: str) -> list[str]:
        """Return the IRIs and lexical forms of the objects."""
        return [str(getattr(value, "value", "")) for value in self._about.get(subject, {}).get(predicate, ())]

    def value(self, subject: str, predicate: str) -> str | None:
        """Return the first of :meth:`values`, None where there is none."""
        return next(iter(self.values(subject, predicate)), None)

    def number(self, subject: str, local: str, default: int) -> int:
        """Return the whole number that an annotation of ours gives."""
        text = self.value(subject, FMG + local)
        try:
            return default if text is None else int(text)
        except ValueError:
            raise OntologyError(f"fmg:{local} of {subject} is no whole number: {text!r}") from None

    def flag(self, subject: str, local: str) -> bool:
        """Tell whether an annotation of ours is true."""
        return "true" in self.values(subject, FMG + local)

    def flagged(self, local: str) -> frozenset[str]:
        """Return the IRIs of all terms on which an annotation of ours is true."""
        return frozenset(subject for subject in self._about if self.flag(subject, local))

    def labels(self) -> dict[str, str]:
        """Return the labels of all terms that have one, by IRI."""
        labels = {term: self.value(term, RDFS + "label") for term in self._about}
        return {term: label for term, label in labels.items() if label is not None}

    # ---- kinds

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """All kinds by name, in the order in which pages and dumps show them."""
        names = {cls: name for cls in self._about if (name := self.value(cls, FMG + "kind")) is not None}
        ordered = sorted(names, key=lambda cls: (self.number(cls, "order", 99), names[cls]))
        return {names[cls]: self._kind(cls, names[cls]) for cls in ordered}

    def _kind(self, cls: str, name: str) -> Kind:
        if not cls.startswith(FMG):
            raise OntologyError(f"{cls} has a kind and is no class of ours")
        return Kind(
            name,
            self.value(cls, FMG + "plural") or name,
            cls.removeprefix(FMG),
            recorded=self.flag(cls, "recorded"),
            work=FMG + "Work" in self.above_class(cls),
            searched=self.flag(cls, "searched"),
            in_navigation=self.flag(cls, "inNavigation"),
        )

    @cached_property
    def kind_of_class(self) -> dict[str, Kind]:
        """The kinds by the IRI of their class."""
        return {kind.iri: kind for kind in self.kinds.values()}

    def scheme(self, cls: str) -> str | None:
        """Return the concept scheme to which all instances of a class belong."""
        return self.value(cls, FMG + "conceptScheme")

    # ---- hierarchies

    def above(self, prop: str) -> set[str]:
        """Return all superproperties, at any distance, without the property itself."""
        return self._reach(prop, RDFS + "subPropertyOf")

    def below(self, prop: str) -> set[str]:
        """Return all subproperties, at any distance, without the property itself."""
        return {sub for sub in self._about if prop in self.above(sub)}

    def above_class(self, cls: str) -> set[str]:
        """Return all superclasses, at any distance, without the class itself."""
        return self._reach(cls, RDFS + "subClassOf")

    def _reach(self, start: str, predicate: str) -> set[str]:
        return set(self._nearest_first(start, predicate)) - {start}

    def _nearest_first(self, start: str, predicate: str) -> Iterator[str]:
        """Yield the term and all above it, level by level."""
        seen = {start}
        level = [start]
        while level:
            yield from level
            level = [up for one in level for up in self.values(one, predicate)]
            level = [up for up in dict.fromkeys(level) if up not in seen]
            seen.update(level)

    @cached_property
    def closures(self) -> dict[str, str]:
        """The derived transitive properties, and the property that each is the closure of."""
        bases = {prop: self.value(prop, FMG + "closureOf") for prop in self._about}
        return {prop: base for prop, base in bases.items() if base is not None}

    def steps(self, closure: str) -> frozenset[str]:
        """Return the properties whose triples the closure follows, umbrellas standing for what is below.

        That is the property it is the closure of or, with ``fmg:closureWhere``, those below it
        with that flag.
        """
        base = self.closures[closure]
        where = self.value(closure, FMG + "closureWhere")
        if where is None:
            return frozenset({base})
        return frozenset(self.below(base) & self.flagged(where.removeprefix(FMG)))

    # ---- properties

    @cached_property
    def properties(self) -> dict[str, Property]:
        """All properties of which the ontology says anything, by IRI."""
        return {iri: self.property(iri) for iri, about in self._about.items() if self._is_property(about)}

    @staticmethod
    def _is_property(about: dict[str, list[Term]]) -> bool:
        types = {str(getattr(value, "value", "")) for value in about.get(RDF + "type", ())}
        if types:
            return bool(types & _PROPERTY_TYPES)
        flags = ("editorial", "claimed", "derived", "group", "incomingTitle")
        return any(FMG + flag in about for flag in flags)

    def is_repeated(self, prop: str) -> bool:
        """Tell whether all triples of a property repeat in another vocabulary what one of ours says."""
        return self.flag(prop, "materialised") and not self.flag(prop, "claimed")

    def property(self, iri: str) -> Property:
        """Return what is said of a property; of one that is not there, nothing but its name."""
        prop = self._known.get(iri)
        if prop is None:
            prop = self._known[iri] = self._read_property(iri)
        return prop

    def _read_property(self, iri: str) -> Property:
        return Property(
            iri,
            self.value(iri, RDFS + "label") or "",
            self.value(iri, SKOS + "definition") or "",
            (*self.values(iri, RDFS + "domain"), *self.values(iri, SCHEMA + "domainIncludes")),
            tuple(self.values(iri, RDFS + "range")),
            is_object=OWL + "ObjectProperty" in self.values(iri, RDF + "type"),
            single_valued=self.flag(iri, "singleValued"),
            per_variant=self.flag(iri, "valuePerVariant"),
            editorial=self.flag(iri, "editorial"),
            claimed=self.flag(iri, "claimed"),
            derived=self.flag(iri, "derived"),
            evidence_required=self.flag(iri, "evidenceRequired"),
            passes_weights=self.flag(iri, "passesWeights"),
            drawn_as=self.value(iri, FMG + "drawnAs") or "",
            order=self.number(iri, "order", 99),
            page_title=self.value(iri, FMG + "pageTitle"),
            incoming_title=self.value(iri, FMG + "incomingTitle"),
            completeness_weight=self.number(iri, "completenessWeight", 0),
            resolver=self.value(iri, FMG + "resolver"),
            examples=tuple(self.values(iri, SKOS + "example")),
        )

    @cached_property
    def groups(self) -> list[Group]:
        """The groups of properties, in their order."""
        iris = [one for one in self._about if SH + "PropertyGroup" in self.values(one, RDF + "type")]
        groups = [
            Group(one, self.value(one, RDFS + "label") or one, self.number(one, "order", 99)) for one in iris
        ]
        return sorted(groups, key=lambda group: (group.order, group.title))

    def group(self, prop: str) -> Group | None:
        """Return the group of a property: its own, else that of the nearest property above it."""
        by_iri = {group.iri: group for group in self.groups}
        for one in self._nearest_first(prop, RDFS + "subPropertyOf"):
            group = by_iri.get(self.value(one, FMG + "group") or "")
            if group is not None:
                return group
        return None

    def rank(self, prop: str) -> tuple[int, int]:
        """Return what sorts properties as pages show them: by group, then by order."""
        group = self.group(prop)
        return (group.order if group else 99, self.number(prop, "order", 99))

    def of_class(self, cls: str) -> list[Property]:
        """Return the properties whose domain is the class or one above it, in the order of pages."""
        classes = {cls, *self.above_class(cls)}
        own = [prop for prop in self.properties.values() if classes & set(prop.domains)]
        return sorted(own, key=lambda prop: (*self.rank(prop.iri), prop.label))

    def facets(self, cls: str) -> list[Facet]:
        """Return the facets of an index of the class's instances, in order."""
        facets = []
        own = {prop.iri for prop in self.of_class(cls)}
        for prop in self.properties.values():
            name, through = (self.value(prop.iri, FMG + local) for local in ("facet", "facetThrough"))
            if name is not None and (through or prop.iri) in own:
                kinds = [self.kind_of_class[one].name for one in prop.ranges if one in self.kind_of_class]
                facets.append(
                    Facet(
                        name,
                        prop.iri,
                        self.number(prop.iri, "facetOrder", 99),
                        self.value(prop.iri, FMG + "facetAlong"),
                        through,
                        kinds[0] if kinds else None,
                        newest_first=any(one.endswith("#gYear") for one in prop.ranges),
                        boolean=any(one.endswith("#boolean") for one in prop.ranges),
                    )
                )
        return sorted(facets, key=lambda facet: (facet.order, facet.name))

    # ---- schema.org

    def schema_org_class(self, cls: str) -> str:
        """Return the schema.org class of a class: said, nearest above, or close; else Thing."""
        return self._schema_org(cls, RDFS + "subClassOf") or SCHEMA + "Thing"

    def schema_org_property(self, prop: str) -> str | None:
        """Return the schema.org property of a property: said, nearest above, or close; None without one."""
        return self._schema_org(prop, RDFS + "subPropertyOf")

    def _schema_org(self, term: str, up: str) -> str | None:
        levels = list(self._nearest_first(term, up))
        for predicate in (FMG + "schemaOrg", None, SKOS + "closeMatch"):
            for one in levels:
                values = [one] if predicate is None else sorted(self.values(one, predicate))
                for value in values:
                    if value.startswith(SCHEMA):
                        return value
        return None


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


@dataclass(frozen=True)
class Alignment:
    """A property that says the same as others where the subject is an instance of one of some classes."""

    classes: frozenset[str]
    prop: str
    targets: tuple[str, ...]
    language: str = ""  #: that the text gets there; "" for none


class Schema:
    """The ontology with the keys of the context: what the build and the checks go by."""

    def __init__(self, context_file: Path, ontology_file: Path) -> None:
        """Read both files; raises OntologyError where one cannot be read."""
        self._quads = _parsed(ontology_file)
        self.ontology = Ontology(_select_iri_subjects(self._quads))
        try:
            self._context = json.loads(context_file.read_text(encoding="utf-8"))["@context"]
        except (OSError, ValueError, KeyError) as exc:
            raise OntologyError(f"the context cannot be read: {exc}", file=context_file) from exc

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every YAML key of the context."""
        prefixes = {
            key: value
            for key, value in self._context.items()
            if isinstance(value, str) and value.endswith(("#", "/"))
        }
        return {
            key: self._field(key, definition, prefixes)
            for key, definition in self._context.items()
            # Plain strings are names of classes and keywords.
            if not key.startswith("@") and isinstance(definition, dict)
        }

    def _field(self, key: str, definition: dict[str, Any], prefixes: dict[str, str]) -> Field:
        iri = _expand(definition.get("@id", key), prefixes)
        typed = definition.get("@type")
        is_iri = typed in ("@id", "@vocab")
        base = (definition.get("@context") or {}).get("@base", "")
        kind = base.removeprefix(BASE).strip("/") if base.startswith(BASE) else None
        if kind is not None and kind not in self.ontology.kinds:
            raise OntologyError(f"the base {base!r} of {key!r} is not of a known kind", field=key)
        prop = self.ontology.property(iri)
        return Field(
            key=key,
            iri=iri,
            datatype=_expand(typed, prefixes) if typed and not is_iri else None,
            language=definition.get("@language"),
            is_iri=is_iri,
            base=base or None,
            kind=kind,
            range=prop.ranges[0] if len(prop.ranges) == 1 else None,
            single_valued=prop.single_valued,
            editorial=prop.editorial,
        )

    @cached_property
    def by_iri(self) -> dict[str, Field]:
        """The fields by property IRI."""
        return {field.iri: field for field in self.fields.values()}

    @cached_property
    def single_valued(self) -> frozenset[str]:
        """IRIs of the properties that take one value."""
        return self.ontology.flagged("singleValued")

    @cached_property
    def per_variant(self) -> frozenset[str]:
        """IRIs of those of which each variant of a work may have a value."""
        return self.ontology.flagged("valuePerVariant")

    @cached_property
    def inherited(self) -> dict[str, bool]:
        """IRIs of the properties that variants take over, with whether only where there is a single value."""
        flags = {prop: self.ontology.value(prop, FMG + "inherited") for prop in self.ontology.properties}
        return {prop: text == "false" for prop, text in sorted(flags.items()) if text is not None}

    @cached_property
    def absences(self) -> frozenset[str]:
        """IRIs of the properties by which a source says that it has no value of another property."""
        absence_of = FMG + "absenceOf"
        return frozenset(prop for prop in self.ontology.properties if self.ontology.value(prop, absence_of))

    @cached_property
    def alignments(self) -> list[Alignment]:
        """The properties that say the same as others' for the instances of some classes, by name."""
        about = self.ontology.values
        names = {s for s, p, o in self.ontology.triples() if p == RDF + "type" and o == _ALIGNMENT}
        return [
            Alignment(
                frozenset(about(name, FMG + "alignedClass")),
                about(name, FMG + "alignedProperty")[0],
                tuple(sorted(about(name, FMG + "alignedTo"))),
                "".join(about(name, FMG + "alignedLanguage")),
            )
            for name in sorted(names)
        ]

    @cached_property
    def superproperties(self) -> dict[str, tuple[str, ...]]:
        """All (transitive) superproperties of each fmg property that the graph materialises."""
        return self._materialised(RDFS + "subPropertyOf", self.ontology.above)

    @cached_property
    def superclasses(self) -> dict[str, tuple[str, ...]]:
        """All (transitive) superclasses of each fmg class that the graph materialises."""
        return self._materialised(RDFS + "subClassOf", self.ontology.above_class)

    def _materialised(self, predicate: str, above: Callable[[str], set[str]]) -> dict[str, tuple[str, ...]]:
        """Return the terms above each of ours: our own, and those of others marked ``fmg:materialised``."""
        starts = {s for s, p, _ in self.ontology.triples() if p == predicate and s.startswith(FMG)}
        others = self.ontology.flagged("materialised")
        return {
            start: tuple(sorted(up for up in above(start) if up.startswith(FMG) or up in others))
            for start in starts
        }

    def triples(self) -> Iterator[ox.Triple]:
        """Yield the ontology's own triples, blank nodes included."""
        for quad in self._quads:
            yield quad.triple


def _parsed(file: Path) -> list[ox.Quad]:
    try:
        return list(ox.parse(path=str(file), format=ox.RdfFormat.TURTLE))
    except (OSError, SyntaxError, ValueError) as exc:
        raise OntologyError(f"the ontology cannot be read: {exc}", file=file) from exc


def _select_iri_subjects(quads: Iterable[ox.Quad]) -> Iterator[tuple[str, str, Term]]:
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode):
            yield quad.subject.value, quad.predicate.value, quad.object


def _expand(name: str, prefixes: dict[str, str]) -> str:
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//"):
        return prefixes.get(prefix, f"{prefix}:") + local
    return name


@lru_cache(maxsize=1)
def shipped() -> Ontology:
    """Return the ontology that comes with fmgraph; raises OntologyError where it cannot be read."""
    return Ontology.read(resources.ontology_dir() / "fmgraph.ttl")


def published_ontology() -> str:
    """Return the ontology as it is published, in Turtle; raises OntologyError where it cannot be read.

    With it comes what OWL 2 DL demands: of which sort each term of others is that it uses. That is no part of
    the graph.
    """
    files = [resources.ontology_dir() / name for name in ("fmgraph.ttl", "declarations.ttl")]
    try:
        return "\n".join(file.read_text("utf-8") for file in files)
    except OSError as error:
        raise OntologyError(f"cannot be read: {error.strerror}", file=error.filename) from error


def all_kinds() -> dict[str, Kind]:
    """Return all kinds by name, in the order in which pages and dumps show them."""
    return shipped().kinds


def searched_classes() -> dict[str, str]:
    """Return the IRIs of the classes whose instances people look for by name, by kind."""
    return {kind.name: kind.iri for kind in all_kinds().values() if kind.searched}


def work_kinds() -> tuple[str, ...]:
    """Return the names of the kinds whose entities are works."""
    return tuple(kind.name for kind in all_kinds().values() if kind.work)


@lru_cache(maxsize=1)
def prefixes() -> dict[str, str]:
    """Return the prefixes of dumps and pages: those of the vocabularies, and one for each kind."""
    return {**PREFIXES, **{name: f"{BASE}{name}/" for name in all_kinds()}}
