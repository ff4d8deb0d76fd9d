"""The graph's schema in so few words that an agent can read it before every question."""

from __future__ import annotations

from fmgraph.answers.evidence_reader import Evidence
from fmgraph.ontology import Property, all_kinds, shipped
from fmgraph.rdf.prefixes import BASE, FMG
from fmgraph.rdf.terms import iri as term
from fmgraph.server.engine import Engine

#: Properties and relations in the summary, at most.
_MOST = 35
#: Local names of datatypes as a query writes them.
_SHORT = {"string": "text", "gYear": "gYear", "integer": "int", "boolean": "bool"}
_HEAD = f"""fmg: <{FMG}>; entities <{BASE}kind/slug>; also rdf rdfs xsd skos schema prov dcterms
foaf dcat owl. All is in the default graph; names are rdfs:label, skos:altLabel. Medical: fmg:scope "medical".
"""
_TAIL = """
LINEAGE (below fmg:builtOn, materialised): fmg:derivesFrom = all ancestors; fmg:weightsDeriveFrom = only
through relations that pass weights on.
CLAIM: ?c rdf:subject ?s; rdf:predicate ?p; rdf:object ?o; fmg:accepted true|false; prov:hadPrimarySource
?file | prov:wasQuotedFrom ?row; fmg:locator ?where. ?p is the most specific: umbrellas by
?p rdfs:subPropertyOf* fmg:builtOn.
SEARCH in vain: ?x fmg:about ?s; fmg:searchedFor ?p; fmg:searchedIn ?source.
TEMPLATE: SELECT ?m ?l { ?m fmg:derivesFrom <ROOT>; rdfs:label ?l;
 fmg:modality/skos:broaderTransitive? <MODALITY>
 FILTER NOT EXISTS { ?m fmg:weightsLicense/fmg:commercialUse false } }
NAMES: ?x fmg:matches "retfound".
TRAPS: absent is unknown, not "no". fmg:year "2024"^^xsd:gYear. Licences: <https://spdx.org/licenses/MIT>.
Parts of data sets: fmg:trainedOn/fmg:partOfTransitive?. A family and its variants are works of their own
(fmg:variantOf). Alternatives of one parent all stand in derivesFrom. Results compare only within one
fmg:comparison. No SERVICE, no updates."""


def schema_summary(engine: Engine) -> str:
    """Return prefixes, classes with counts, properties with range and fill rate, lineage, patterns, traps."""
    read = Evidence(engine)
    kinds = list(all_kinds().values())
    class_counts = {
        row["c"]: int(row["n"])
        for row in read.rows(
            f"SELECT ?c (COUNT(?s) AS ?n) WHERE {{ VALUES ?c "
            f"{{ {' '.join(term(k.iri) for k in kinds)} }} ?s a ?c }} "
            "GROUP BY ?c"
        )
    }
    classes = " ".join(
        f"{kind.cls} {class_counts.get(kind.iri, 0)}" for kind in kinds if class_counts.get(kind.iri)
    )
    filled = {
        row["p"]: int(row["n"])
        for row in read.rows(
            "SELECT ?p (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s fmg:scope 'medical' ; ?p ?o } GROUP BY ?p"
        )
    }
    total = filled.get(f"{FMG}scope", 0) or 1
    ontology = shipped()
    relations = [prop for prop in ontology.properties.values() if _is_relation(prop)]
    properties = [
        prop
        for prop in ontology.of_class(FMG + "Model")
        if filled.get(prop.iri) and prop not in relations and prop.local not in ("scope",)
    ]
    properties = sorted(properties, key=lambda prop: -filled[prop.iri])[: _MOST - len(relations)]
    lines = [
        f"{prop.local} {_range(prop)}{'*' if prop.takes_several else ''} {100 * filled[prop.iri] // total}%"
        for prop in properties
    ]
    lineage = [f"{prop.local}{' (weights)' if prop.passes_weights else ''}" for prop in relations]
    return (
        f"{_HEAD}CLASSES (fmg:) {classes}.\n"
        f"PROPERTIES of medical works (fmg:; range, * several, % of {total} that "
        f"have it): {'; '.join(lines)}.\n"
        "Others: Paper doi arxiv title publishedIn author; Dataset partOf "
        "license access; License commercialUse "
        "derivatives; Institution country; Evaluation work dataset task metric value comparison.\n"
        f"RELATIONS: {', '.join(lineage)}.{_TAIL}\n"
    )


def _is_relation(prop: Property) -> bool:
    return f"{FMG}builtOn" in (prop.iri, *shipped().above(prop.iri)) and not prop.derived


def _range(prop: Property) -> str:
    names = [one.replace("#", "/").rsplit("/", 1)[-1] for one in prop.ranges]
    return "|".join(_SHORT.get(name, name) for name in names) or "any"
