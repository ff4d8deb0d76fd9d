"""Namespaces, kinds and the few IRIs that code must know by name.

Terms of the ontology are not repeated here one by one: :data:`FMG` makes them (``FMG + "builtOn"``),
and the ontology file is the only place that says which exist.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Base of every entity IRI: ``{BASE}{kind}/{slug}``. https://w3id.org/fmgraph/
BASE = "https://w3id.org/fmgraph/"
#: The ontology's namespace, preferred prefix ``fmg``.
FMG = f"{BASE}ns#"

DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SCHEMA = "https://schema.org/"
SD = "http://www.w3.org/ns/sparql-service-description#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
VOID = "http://rdfs.org/ns/void#"
XSD = "http://www.w3.org/2001/XMLSchema#"

#: Prefixes of dumps, pages, ``sh:prefixes`` and named queries.
PREFIXES: dict[str, str] = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "fmg": FMG,
    "foaf": FOAF,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sd": SD,
    "sh": SH,
    "skos": SKOS,
    "void": VOID,
    "xsd": XSD,
}


@dataclass(frozen=True)
class Kind:
    """A kind of entity: the folder under ``data/``, the IRI segment and the class."""

    name: str
    plural: str
    cls: str  #: local name of the class in the fmg namespace
    recorded: bool = True  #: whether ``data/<name>/`` holds record files
    work: bool = False  #: whether it is a subclass of fmg:Work (can have lineage)


#: All kinds, in the order in which pages and dumps show them.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("model", "models", "Model", work=True),
        Kind("adaptation", "adaptation methods", "Adaptation", work=True),
        Kind("application", "applications", "Application", work=True),
        Kind("benchmark", "benchmarks", "Benchmark", work=True),
        Kind("paper", "papers", "Paper"),
        Kind("dataset", "datasets", "Dataset"),
        Kind("backbone", "backbones", "Backbone"),
        Kind("method", "pretraining methods", "PretrainingMethod"),
        Kind("modality", "modalities", "Modality"),
        Kind("organ", "organs", "Organ"),
        Kind("task", "tasks", "Task"),
        Kind("disease", "diseases", "Disease"),
        Kind("metric", "metrics", "Metric"),
        Kind("setting", "evaluation settings", "Setting"),
        Kind("protocol", "evaluation protocols", "Protocol", recorded=False),
        Kind("comparison", "comparisons", "Comparison", recorded=False),
        Kind("evaluation", "reported results", "Evaluation", recorded=False),
        Kind("institution", "institutions", "Institution"),
        Kind("venue", "venues", "Venue"),
        Kind("license", "licences", "License"),
        Kind("unit", "units", "Unit"),
        Kind("person", "people", "Person", recorded=False),
        Kind("list", "source lists", "SourceList"),
        Kind("row", "list rows", "ListRow", recorded=False),
        Kind("claim", "claims", "Claim", recorded=False),
        Kind("quantity", "quantities", "Quantity", recorded=False),
        Kind("hardware", "hardware", "Hardware", recorded=False),
    )
}

#: Names of the kinds whose entities are works.
WORKS: tuple[str, ...] = tuple(kind.name for kind in KINDS.values() if kind.work)


def entity_iri(kind: str, slug: str) -> str:
    """Return the IRI of an entity: ``entity_iri("model", "uni")`` ends in ``model/uni``."""
    return f"{BASE}{kind}/{slug}"


def fmg(local: str) -> str:
    """Return the IRI of an ontology term from its local name."""
    return FMG + local
