"""What VoID counts of a graph, and which links to other datasets it tells apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Store

from fmgraph.ontology import all_kinds, shipped
from fmgraph.publish.dataset_names import describing
from fmgraph.rdf.prefixes import BASE, FOAF, PROV, RDF, SCHEMA, SKOS, fmg

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


_OBO = "http://purl.obolibrary.org/obo/"
#: By which properties we link to pages and documents.
_PAGES = (
    fmg("code"), fmg("weights"), fmg("demo"), fmg("container"), fmg("introducedBy"), fmg("searchedIn"),
    fmg("inRepository"), f"{PROV}hadPrimarySource", f"{PROV}wasQuotedFrom", f"{FOAF}homepage",
    f"{SCHEMA}sameAs", f"{SCHEMA}url",
)  # fmt: skip
#: The datasets of the linksets; one that a property of ours is for, by that property.
TARGETS: tuple[Target, ...] = (
    Target("wikidata", "Wikidata", "https://www.wikidata.org/", "http://www.wikidata.org/entity/",
           (fmg("wikidata"), f"{SKOS}exactMatch")),
    Target("ror", "Research Organization Registry", "https://ror.org/", "https://ror.org/",
           (fmg("ror"), f"{SKOS}exactMatch")),
    Target("orcid", "ORCID", "https://orcid.org/", "https://orcid.org/", (fmg("orcid"),)),
    Target("mesh", "Medical Subject Headings", "https://id.nlm.nih.gov/mesh/", "http://id.nlm.nih.gov/mesh/",
           (fmg("mesh"),)),
    Target("dicom", "DICOM Controlled Terminology", "https://www.dicomstandard.org/",
           "http://dicom.nema.org/resources/ontology/DCM/", (fmg("dicom"),)),
    Target("edam", "EDAM", "https://edamontology.org/", "http://edamontology.org/", (fmg("edam"),)),
    Target("aio", "Artificial Intelligence Ontology", "https://w3id.org/aio/", "https://w3id.org/aio/",
           (f"{SKOS}closeMatch",)),
    Target("ncit", "NCI Thesaurus", "https://ncit.nci.nih.gov/", f"{_OBO}NCIT_", (fmg("ncit"),)),
    Target("uberon", "Uberon", "https://obofoundry.org/ontology/uberon", f"{_OBO}UBERON_", (fmg("uberon"),)),
    Target("mondo", "Mondo Disease Ontology", "https://obofoundry.org/ontology/mondo", f"{_OBO}MONDO_",
           (fmg("mondo"),)),
    Target("doi", "DOI", "https://www.doi.org/", "https://doi.org/", _PAGES),
    Target("arxiv", "arXiv", "https://arxiv.org/", "https://arxiv.org/", _PAGES),
    Target("github", "GitHub", "https://github.com/", "https://github.com/", _PAGES),
    Target("huggingface", "Hugging Face", "https://huggingface.co/", "https://huggingface.co/", _PAGES),
    Target("spdx", "SPDX License List", "https://spdx.org/licenses/", "https://spdx.org/licenses/",
           (fmg("license"), fmg("codeLicense"), fmg("weightsLicense"))),
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
    links: Counter[tuple[str, str]] = field(default_factory=Counter)  #: (name of the target, predicate)
    #: Of each class the entity that most triples point at (the first by name among equals).
    best_known: dict[str, str] = field(default_factory=dict)


def example_resources(counts: Counts) -> list[str]:
    """Return the IRI of the best known entity of each kind that has any under the base."""
    classes = [kind.iri for kind in all_kinds().values()]
    return [counts.best_known[cls] for cls in classes if cls in counts.best_known]


def is_described(store: Store, base: str = BASE) -> bool:
    """Return whether the store holds its own description already."""
    return _any(store, subject=NamedNode(describing("dataset", base)))


def _name(term: object) -> str:
    return term.value if isinstance(term, NamedNode | BlankNode | Literal) else str(term)


def _any(store: Store, subject: object = None, obj: object = None) -> bool:
    return next(iter(store.quads_for_pattern(subject, None, obj)), None) is not None  # type: ignore[arg-type]
