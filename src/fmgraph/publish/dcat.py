"""DCAT 3: the catalogue, its one dataset, the dumps as distributions and the endpoint as a data service.

https://www.w3.org/TR/vocab-dcat-3/. Byte sizes and checksums are not in the graph: a file that holds this
description cannot hold its own checksum. They are in ``SHA256SUMS`` beside the files, and a service adds them
to what it says of the graph (:mod:`fmgraph.publish.release_description`).
"""

from __future__ import annotations

from pyoxigraph import Triple

from fmgraph.publish.dataset_names import (
    AUTHORS,
    COMPRESSIONS,
    DATA_LICENSE,
    DESCRIPTION,
    IANA,
    KEYWORDS,
    TITLE,
    Collector,
    DumpFile,
    StoredFile,
    describing,
    dump_files,
)
from fmgraph.rdf.prefixes import BASE, DCAT, DCTERMS, FOAF, PROV, RDFS, SCHEMA, SD, VOID, XSD

#: EU authority list of access rights, which harvesters of DCAT know.
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
SPDX = "http://spdx.org/rdf/terms#"
ENGLISH = "http://id.loc.gov/vocabulary/iso639-1/en"


def catalogue(
    version: str, modified: str, *, base: str = BASE, service: str | None = None, previous: str | None = None
) -> list[Triple]:
    """Return the DCAT triples of one release.

    ``modified`` is an ISO 8601 date or date and time; ``service`` the URL under which endpoint and dumps are
    (the base where None); ``previous`` the IRI of the release before, if there is one.
    """
    service = service or base
    out = Collector()
    dataset, endpoint = describing("dataset", base), describing("service", base)
    people, own = describing("contributors", base), describing("catalogue", base)
    when = _datatype(modified)
    out.type(people, f"{FOAF}Agent", f"{SCHEMA}Organization")
    out.text(people, f"{FOAF}name", AUTHORS)
    for node, title in ((own, "fmgraph catalogue"), (dataset, TITLE), (endpoint, "fmgraph SPARQL endpoint")):
        out.text(node, f"{DCTERMS}title", title)
        out.text(node, f"{RDFS}label", title)
        out.iri(node, f"{DCTERMS}publisher", people)
        out.iri(node, f"{DCTERMS}license", DATA_LICENSE)
    out.type(own, f"{DCAT}Catalog")
    out.text(own, f"{DCTERMS}description", "The fmgraph dataset, its dumps and its SPARQL endpoint.")
    out.iri(own, f"{DCAT}dataset", dataset)
    out.iri(own, f"{DCAT}service", endpoint)
    out.type(dataset, f"{DCAT}Dataset", f"{SCHEMA}Dataset")
    out.text(dataset, f"{DCTERMS}description", DESCRIPTION)
    out.text(dataset, f"{DCTERMS}identifier", dataset)
    out.text(dataset, f"{DCAT}keyword", *KEYWORDS)
    out.text(dataset, f"{DCAT}version", version)
    out.text(dataset, f"{DCTERMS}modified", modified, datatype=when)
    out.text(dataset, f"{DCTERMS}issued", modified, datatype=when)  # of this version
    out.iri(dataset, f"{DCTERMS}creator", people)
    out.iri(dataset, f"{DCTERMS}language", ENGLISH)
    out.iri(dataset, f"{DCTERMS}accessRights", PUBLIC)
    out.iri(dataset, f"{DCTERMS}conformsTo", f"{base}ns")
    out.iri(dataset, f"{DCAT}landingPage", base)
    out.iri(dataset, f"{FOAF}homepage", base)
    if previous:
        out.iri(dataset, f"{DCAT}previousVersion", previous)
        out.iri(dataset, f"{PROV}wasRevisionOf", previous)  # its superproperty
    for file in dump_files():
        part = dump_iri(file, base)
        out.iri(dataset, f"{DCAT}distribution", part)
        add_distribution(out, part, file, f"{service}dump/", modified)
    out.type(endpoint, f"{DCAT}DataService")
    out.iri(endpoint, f"{DCAT}endpointURL", f"{service}sparql")
    out.iri(endpoint, f"{DCAT}endpointDescription", f"{service}sparql")
    out.iri(endpoint, f"{DCAT}servesDataset", dataset)
    out.iri(endpoint, f"{DCTERMS}conformsTo", "https://www.w3.org/TR/sparql11-protocol/")
    return out.triples()


def dump_iri(file: DumpFile, base: str = BASE) -> str:
    """Return the IRI of a dump as a distribution of the dataset."""
    return describing(f"dump-{'-'.join(filter(None, (file.syntax.key, file.compression)))}", base)


def add_distribution(out: Collector, part: str, file: DumpFile, folder: str, modified: str) -> None:
    """Add what is said of a distribution: a dump that is at ``folder``, a URL ending in a slash."""
    out.type(part, f"{DCAT}Distribution")
    out.text(part, f"{DCTERMS}title", ", ".join(filter(None, (file.syntax.title, file.compression))))
    out.iri(part, f"{DCAT}downloadURL", folder + file.name)
    out.iri(part, f"{DCAT}accessURL", folder)
    out.iri(part, f"{DCAT}mediaType", IANA + file.syntax.media_type)
    out.iri(part, f"{DCTERMS}format", file.syntax.format_iri)
    out.iri(part, f"{DCTERMS}license", DATA_LICENSE)
    for name in ("modified", "issued"):
        out.text(part, f"{DCTERMS}{name}", modified, datatype=_datatype(modified))
    if file.compression:
        out.iri(part, f"{DCAT}compressFormat", IANA + COMPRESSIONS[file.compression])


def add_measures(out: Collector, part: str, file: StoredFile) -> None:
    """Add the size of a distribution and its checksum, where that is known."""
    out.text(part, f"{DCAT}byteSize", str(file.size), datatype=f"{XSD}nonNegativeInteger")
    if file.sha256:
        checksum = f"{part}-sha256"
        out.iri(part, f"{SPDX}checksum", checksum)
        out.type(checksum, f"{SPDX}Checksum")
        out.iri(checksum, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256")
        out.text(checksum, f"{SPDX}checksumValue", file.sha256, datatype=f"{XSD}hexBinary")


def _datatype(modified: str) -> str:
    return f"{XSD}{'dateTime' if 'T' in modified else 'date'}"


def service_description(triples: int | None, *, base: str = BASE, service: str | None = None) -> list[Triple]:
    """Return the SPARQL 1.1 service description of the endpoint ``{service}sparql``.

    ``triples`` is the size of the default graph, left out where None. The service has one default graph and
    no named graphs, takes queries only, and neither loads graphs from the web nor calls other services.
    https://www.w3.org/TR/sparql11-service-description/
    """
    out = Collector()
    endpoint = describing("service", base)
    everything, graph = describing("default-dataset", base), describing("default-graph", base)
    out.type(endpoint, f"{SD}Service")
    out.iri(endpoint, f"{SD}endpoint", f"{service or base}sparql")
    out.iri(endpoint, f"{SD}supportedLanguage", f"{SD}SPARQL11Query")
    out.iri(endpoint, f"{SD}resultFormat", *RESULT_FORMATS)
    out.iri(endpoint, f"{SD}defaultDataset", everything)
    out.type(everything, f"{SD}Dataset")
    out.iri(everything, f"{SD}defaultGraph", graph)
    out.type(graph, f"{SD}Graph")
    if triples is not None:
        out.count(graph, f"{VOID}triples", triples)
    return out.triples()


#: What the endpoint answers with. https://www.w3.org/ns/formats/
RESULT_FORMATS = tuple(
    f"http://www.w3.org/ns/formats/{name}"
    for name in (
        "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
        "Turtle", "N-Triples", "N-Quads", "TriG", "RDF_XML", "JSON-LD",
    )
)  # fmt: skip
