"""The dataset describing itself: VoID, DCAT 3, service description, named queries, schema.org.

:func:`describe` gives the triples that the build adds as its last step, so that the digest covers them; the
web hands out :func:`document_query`'s part of the graph as ``/.well-known/void``.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Store, Triple

from fmgraph.publish.dataset_names import COMPRESSIONS, SYNTAXES, describing, dump_files
from fmgraph.publish.dcat import catalogue, service_description
from fmgraph.publish.query_descriptions import Query, executables, prefixes
from fmgraph.publish.schema_org_dataset import dataset_jsonld
from fmgraph.publish.void_count import Lines, count_lines
from fmgraph.publish.void_partitions import void
from fmgraph.rdf.prefixes import BASE

__all__ = [
    "COMPRESSIONS",
    "SYNTAXES",
    "catalogue",
    "dataset_jsonld",
    "describe",
    "describing",
    "document_query",
    "dump_files",
    "executables",
    "prefixes",
    "service_description",
    "void",
]


def describe(
    store: Store,
    version: str,
    modified: str,
    queries: Iterable[Query] = (),
    *,
    base: str = BASE,
    service: str | None = None,
    previous: str | None = None,
    lines: Lines | None = None,
) -> list[Triple]:
    """Return all triples that describe the default graph of ``store``.

    ``modified`` is an ISO 8601 date (or date and time), ``service`` the public URL of the service where it
    is not the base of the IRIs, ``previous`` the IRI of the release before, ``lines`` the graph's sorted
    N-Triples where they are at hand. Counts are of the graph without these triples. No blank nodes.
    Raises UsageError when the graph is described already.
    """
    others = [
        *catalogue(version, modified, base=base, service=service, previous=previous),
        *service_description(None, base=base, service=service),
        *prefixes(base),
        *executables(queries, base, service),
    ]
    counts = count_lines(lines, base) if lines is not None else None
    void_triples = void(store, base, service=service, counts=counts)
    return list(dict.fromkeys([*others, *void_triples]))


def document_query(base: str = BASE, *, partitions: bool = False) -> str:
    """Return the CONSTRUCT query for the description document: what is under ``{base}void``.

    It follows the description's own links from the dataset and the document, so it needs no scan. The counts
    by class and property, which are most of it, are a document of their own: with ``partitions``.
    """
    away = "void:classPartition|void:propertyPartition|void-ext:datatypePartition|void-ext:objectPartition"
    if partitions:
        start, steps, predicate_filter = f"<{base}void#dataset>", away, ""
    else:
        start = f"<{base}void> <{base}void#catalogue>"
        steps = """foaf:primaryTopic|sh:declare|dcat:dataset|dcat:service|dcat:distribution|dcterms:publisher
        |sd:defaultDataset|sd:defaultGraph|void:subset|void:objectsTarget"""
        predicate_filter = "FILTER(?p NOT IN (void:classPartition, void:propertyPartition))"
    return f"""PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ SELECT DISTINCT ?s WHERE {{ VALUES ?start {{ {start} }} ?start ({steps})* ?s }} }}
  ?s ?p ?o . {predicate_filter}
}}"""
