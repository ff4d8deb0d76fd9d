"""The service description at the endpoint (https://www.w3.org/TR/sparql11-service-description/).

Every statement is about what the code does: the result formats are those of :mod:`fmgraph.rdf.formats`, the
graphs are asked of the engine, the endpoint's IRI comes from the settings.
"""

from __future__ import annotations

import io

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from fmgraph.rdf.formats import GRAPHS, RESULTS, Format
from fmgraph.rdf.prefixes import DCTERMS, PREFIXES, RDF, RDFS, SD, VOID
from fmgraph.server.engine import Engine
from fmgraph.server.engine.text_search import MATCHES
from fmgraph.server.http.service_state import Service
from fmgraph.settings import Settings

#: IRIs of file formats, published by the W3C. https://www.w3.org/ns/formats/
_FORMATS = "http://www.w3.org/ns/formats/"
_FORMAT_IRIS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
    "nquads": "N-Quads",
    "trig": "TriG",
}
_NAMED_GRAPHS = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
_NAMES = f"""SELECT DISTINCT ?service ?dataset ?graph WHERE {{
  ?service a <{SD}Service> ; <{SD}defaultDataset> ?dataset . ?dataset <{SD}defaultGraph> ?graph
}} LIMIT 2"""
_DEFAULT_SIZE = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def triples(service: Service) -> list[Triple]:
    """Return the description's triples; no blank nodes. Asks the engine for its graphs."""
    endpoint = f"{service.base_url}sparql"
    statements: list[Triple] = []

    def add(subject: str, predicate: str, *objects: str | int) -> None:
        for value in objects:
            term = NamedNode(value) if isinstance(value, str) else Literal(value)
            statements.append(Triple(NamedNode(subject), NamedNode(predicate), term))

    me, dataset, default = _names(service.engine, endpoint)
    add(me, RDF + "type", SD + "Service")
    add(me, SD + "endpoint", endpoint)
    add(me, SD + "supportedLanguage", SD + "SPARQL11Query")
    add(me, SD + "resultFormat", *(_FORMATS + _FORMAT_IRIS[form.name] for form in (*RESULTS, *GRAPHS)))
    if service.settings.service_allow:
        add(me, SD + "feature", SD + "BasicFederatedQuery")
    if service.search is not None:
        add(me, SD + "propertyFeature", MATCHES)
    if (see_also := service.hooks.see_also) is not None:
        add(me, RDFS + "seeAlso", *see_also())
    limits = Literal(limits_in_words(service.settings), language="en")
    statements.append(Triple(NamedNode(me), NamedNode(DCTERMS + "description"), limits))
    add(me, SD + "defaultDataset", dataset)
    add(dataset, RDF + "type", SD + "Dataset")
    add(dataset, SD + "defaultGraph", default)
    add(default, RDF + "type", SD + "Graph")
    size, graphs = _graphs(service.engine)
    add(default, VOID + "triples", size)
    for number, iri in enumerate(graphs, 1):
        node = f"{endpoint}#named-graph-{number}"
        add(dataset, SD + "namedGraph", node)
        add(node, RDF + "type", SD + "NamedGraph")
        add(node, SD + "name", iri)
    return statements


def limits_in_words(settings: Settings) -> str:
    """Return what bounds a query, as sentences."""
    return (
        f"Limits: a query may run {settings.timeout_seconds:g} s, wait {settings.queue_seconds:g} s (503), "
        f"take {settings.memory_mb:,} MB of memory (503), give {settings.result_mb:,} MB (413), have "
        f"{settings.query_kb:,} KB of text (413) and {settings.query_patterns:,} triple patterns (400). "
        f"A client may have {settings.client_share:,} queries at a time (503)."
    )


def _names(engine: Engine, endpoint: str) -> tuple[str, str, str]:
    """Return the IRIs of the service, its dataset and its default graph: where the data names them, those."""
    rows = [[row[name] for name in ("service", "dataset", "graph")] for row in engine.rows(_NAMES)]
    if len(rows) == 1 and all(isinstance(term, NamedNode) for term in rows[0]):
        service, dataset, graph = (str(getattr(term, "value", "")) for term in rows[0])
        return service, dataset, graph
    return f"{endpoint}#service", f"{endpoint}#dataset", f"{endpoint}#default-graph"


def _graphs(engine: Engine) -> tuple[int, list[str]]:
    """Return the size of the default graph and the IRIs of the named graphs."""
    (row,) = engine.rows(_DEFAULT_SIZE)
    size = row["n"]
    names = [row["g"] for row in engine.rows(_NAMED_GRAPHS)]
    assert isinstance(size, Literal)  # noqa: S101 - COUNT yields xsd:integer
    return int(size.value), [name.value for name in names if isinstance(name, NamedNode)]


def describe(service: Service, form: Format) -> bytes:
    """Return the service description in one of the graph formats."""
    prefixes = {name: PREFIXES[name] for name in ("dcterms", "rdfs", "sd", "xsd")}
    prefixes |= {"void": VOID, "formats": _FORMATS}
    rdf_format = RdfFormat.from_media_type(form.media_type)
    if rdf_format is None:
        raise ValueError(form.media_type)
    takes_prefixes = rdf_format in (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML)
    output = io.BytesIO()
    serialize(triples(service), output, rdf_format, prefixes=prefixes if takes_prefixes else None)
    return output.getvalue()
