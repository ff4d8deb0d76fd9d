"""What points at an entity, by property, with counts; pages of a fixed size, nothing left out unsaid."""

from __future__ import annotations

from dataclasses import dataclass

from fmgraph.ontology import Ontology
from fmgraph.publish.dataset_names import VOID_EXT
from fmgraph.rdf.prefixes import FMG, PROV, RDF, VOID
from fmgraph.site.entity_facts import heading, label_of
from fmgraph.site.graph_reader import BUILT_ON, Graph, iri, values

#: Items shown at once.
PAGE = 100
#: Plumbing: how claims, rows and parts hang together. Shown where they belong, not as links to an entity.
_HIDDEN = {
    *(RDF + name for name in ("subject", "predicate", "object", "type")),
    *(FMG + name for name in ("cell", "inRow", "inTable", "column", "ofPaper", "person")),
    PROV + "wasQuotedFrom",
    # Reported results have pages of their own (fmgraph.site.result_pages).
    *(FMG + name for name in ("evaluates", "onDataset", "protocol", "inComparison")),
}
#: The description of the dataset counts by value; those counts are no links to an entity.
_STATISTICS = (VOID, VOID_EXT)


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
    props = {prop for prop in props if not ontology.is_repeated(prop)}
    links = [one_property(graph, entity, prop, finer(prop, props, ontology)) for prop in props]
    lineage = ontology.group(BUILT_ON)

    def rank(one: Incoming) -> tuple[bool, tuple[int, int], str]:
        return (ontology.group(one.prop) != lineage, ontology.rank(one.prop), one.title)

    return sorted((one for one in links if one.total), key=rank)


def finer(prop: str, props: set[str], ontology: Ontology) -> set[str]:
    """Return those of ``props`` that say the same as ``prop`` more closely."""
    below = ontology.below(prop)
    step = ontology.closures.get(prop)
    if step is not None:
        below |= {step, *ontology.below(step)}
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
    title = graph.ontology.property(prop).incoming_title or f"{heading(label_of(prop, graph.ontology))}: this"
    return Incoming(prop, title, total, list(dict.fromkeys(row["s"].value for row in rows)))
