"""What points at an entity, by property, with counts; pages of a fixed size, nothing left out unsaid."""

from __future__ import annotations

from dataclasses import dataclass

from fmgraph.publish.dataset_names import VOID_EXT
from fmgraph.rdf.prefixes import DCTERMS, FMG, FOAF, PROV, RDF, SKOS, VOID
from fmgraph.site.entity_facts import heading, label_of
from fmgraph.site.graph_reader import (
    BUILT_ON,
    CLOSURES,
    DERIVES_FROM,
    WEIGHTS_DERIVE_FROM,
    Graph,
    Ontology,
    iri,
    values,
)

#: Items shown at once.
PAGE = 100
#: Plumbing: how claims, rows and parts hang together. Shown where they belong, not as links to an entity.
_HIDDEN = {
    *(RDF + name for name in ("subject", "predicate", "object", "type")),
    *(FMG + name for name in ("cell", "inRow", "inTable", "column", "ofPaper", "person")),
    PROV + "wasQuotedFrom",
}
#: The description of the dataset counts by value; those counts are no links to an entity.
_STATISTICS = (VOID, VOID_EXT)
_TITLES = {
    BUILT_ON: "Built on this, relation not stated closer",
    DERIVES_FROM: "Further down the line",
    WEIGHTS_DERIVE_FROM: "Further down the line, with weights of this",
    FMG + "initialisedFrom": "Initialised from this",
    FMG + "fineTunedFrom": "Fine-tuned from this",
    FMG + "adapts": "Adapting this",
    FMG + "usesEncoder": "Using this as encoder",
    FMG + "usesTextEncoder": "Using this as text encoder",
    FMG + "usesLanguageModel": "Using this as language model",
    FMG + "distilledFrom": "Distilled from this",
    FMG + "variantOf": "Variants of this",
    FMG + "successorOf": "Successors of this",
    FMG + "usesSyntheticDataFrom": "Trained on data made by this",
    FMG + "backbone": "With this backbone",
    FMG + "pretrainingMethod": "Pretrained this way",
    FMG + "modality": "Of this modality",
    FMG + "trainedOn": "Trained on this",
    FMG + "notTrainedOn": "Stated not to be trained on this",
    FMG + "evaluatedOn": "Evaluated on this",
    FMG + "developedBy": "Developed here",
    FMG + "author": "Author of",
    FMG + "publishedIn": "Published here",
    FMG + "describedBy": "Described by this paper",
    FMG + "license": "Under this licence",
    FMG + "codeLicense": "Code under this licence",
    FMG + "weightsLicense": "Weights under this licence",
    FMG + "dataScale": "With this data scale",
    FMG + "hardware": "Trained on this hardware",
    FMG + "unit": "Quantities in this unit",
    FMG + "partOf": "Parts of this",
    FMG + "partOfTransitive": "Parts of parts",
    FMG + "correctedBy": "Claims that this corrects",
    PROV + "hadPrimarySource": "Claims read here",
    SKOS + "broader": "Narrower",
    SKOS + "broaderTransitive": "Narrower, further down",
    DCTERMS + "isPartOf": "Parts of this",
    FOAF + "primaryTopic": "List rows about this",
    DCTERMS + "isReplacedBy": "Withdrawn in favour of this",
}
_LAST = (WEIGHTS_DERIVE_FROM, DERIVES_FROM)
_FIRST = [*(p for p in _TITLES if p not in _LAST), *_LAST]


@dataclass(frozen=True)
class Incoming:
    """The things that point at an entity by one property: how many, and those of one page."""

    prop: str
    title: str
    total: int
    items: list[str]


def incoming(graph: Graph, entity: str) -> list[Incoming]:
    """Return the first page of each property, lineage first."""
    rows = graph.rows(f"SELECT ?p (COUNT(*) AS ?n) WHERE {{ ?s ?p {iri(entity)} }} GROUP BY ?p")
    props = {row["p"].value for row in rows if not row["p"].value.startswith(_STATISTICS)} - _HIDDEN
    ontology = graph.ontology
    found = [one_property(graph, entity, prop, finer(prop, props, ontology)) for prop in props]
    ranked = {prop: n for n, prop in enumerate(_FIRST)}
    return sorted((one for one in found if one.total), key=lambda one: (ranked.get(one.prop, 99), one.title))


def finer(prop: str, props: set[str], ontology: Ontology) -> set[str]:
    """Return those of ``props`` that say the same as ``prop`` more closely."""
    below = ontology.below(prop)
    if prop in CLOSURES:
        below |= {CLOSURES[prop], *ontology.below(CLOSURES[prop])}
    return below & props


def one_property(
    graph: Graph, entity: str, prop: str, without: set[str], offset: int = 0, size: int = PAGE
) -> Incoming:
    """Return one page of what points at the entity by the property and by none of ``without``."""
    pattern = f"?s {iri(prop)} {iri(entity)} ."
    if without:
        pattern += f" FILTER NOT EXISTS {{ {values('q', sorted(without))} ?s ?q {iri(entity)} }}"
    total = graph.count(pattern)
    rows = graph.rows(
        f"SELECT DISTINCT ?s ?label WHERE {{ {pattern} OPTIONAL {{ ?s rdfs:label ?label }} }} "
        f"ORDER BY LCASE(STR(?label)) ?s LIMIT {size} OFFSET {offset}"
    )
    title = _TITLES.get(prop) or f"{heading(label_of(prop, graph.ontology))}: this"
    return Incoming(prop, title, total, list(dict.fromkeys(row["s"].value for row in rows)))
