"""Namespaces, and how IRIs are made of names.

Terms of the ontology are not repeated here one by one: :data:`FMG` makes them (``FMG + "builtOn"``),
and the ontology file is the only place that says which terms and which kinds exist (:mod:`fmgraph.ontology`).
"""

from __future__ import annotations

from collections.abc import Mapping

#: Base of every entity IRI: ``{BASE}{kind}/{slug}``. https://w3id.org/fmgraph/
BASE = "https://w3id.org/fmgraph/"
#: The ontology's namespace, preferred prefix ``fmg``.
FMG = f"{BASE}ns#"

DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FAIR4ML = "https://w3id.org/fair4ml#"
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


def entity_iri(kind: str, slug: str) -> str:
    """Return the IRI of an entity: ``entity_iri("model", "uni")`` ends in ``model/uni``."""
    return f"{BASE}{kind}/{slug}"


def curie(iri: str, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """Return ``prefix:local`` (https://www.w3.org/TR/curie/) where a namespace is known, else the IRI."""
    for prefix, namespace in prefixes.items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def brief(iri: str) -> str:
    """Return an IRI as short as a person can still tell it: ``model/uni``, ``fmg:year``, or as it is."""
    return curie(iri).removeprefix(BASE)


def fmg(local: str) -> str:
    """Return the IRI of an ontology term from its local name."""
    return FMG + local
