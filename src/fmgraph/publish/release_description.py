"""What RDF says of releases that are kept, and of files whose sizes are known (DCAT 3, sections 6.8 and 11).

A file that holds this description cannot hold its own size and checksum, so that it is added to the graph's
own description (:mod:`fmgraph.publish.dcat`) where the files are, not in the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyoxigraph import Triple

from fmgraph.publish.dataset_names import (
    AUTHORS,
    DATA_LICENSE,
    DESCRIPTION,
    Collector,
    StoredFile,
    describing,
    dump_files,
    release_iri,
)
from fmgraph.publish.dcat import add_distribution, add_measures, dump_iri
from fmgraph.publish.release_folders import ReleaseFolder
from fmgraph.rdf.prefixes import DCAT, DCTERMS, FOAF, OWL, PROV, RDFS, SCHEMA, VOID, XSD


def version_triples(releases: Sequence[ReleaseFolder], base: str) -> list[Triple]:
    """Return which releases the dataset has; ``releases`` are the newest first."""
    out = Collector()
    dataset = describing("dataset", base)
    out.iri(dataset, f"{DCAT}hasVersion", *(release_iri(one.version, base) for one in releases))
    if releases:
        out.iri(dataset, f"{DCAT}hasCurrentVersion", release_iri(releases[0].version, base))
    for one in releases:
        _head(out, one, base)
    return out.triples()


def _head(out: Collector, one: ReleaseFolder, base: str) -> str:
    """Add what tells a release from the others; return its IRI."""
    node = release_iri(one.version, base)
    out.type(node, f"{DCAT}Dataset", f"{SCHEMA}Dataset")
    for name in (f"{DCTERMS}title", f"{RDFS}label"):
        out.text(node, name, f"fmgraph {one.version}")
    out.text(node, f"{DCAT}version", one.version)
    out.text(node, f"{OWL}versionInfo", one.version)
    out.text(node, f"{DCTERMS}issued", one.modified, datatype=f"{XSD}date")
    out.iri(node, f"{DCAT}isVersionOf", describing("dataset", base))
    if one.previous:
        before = release_iri(one.previous, base)
        out.iri(node, f"{DCAT}previousVersion", before)
        out.iri(node, f"{PROV}wasRevisionOf", before)
    return node


def release_triples(one: ReleaseFolder, base: str, service: str | None = None) -> list[Triple]:
    """Return all that is said of a release and its files.

    ``service`` is the URL of the service that has them, the base of the IRIs where None.
    """
    out = Collector()
    node = _head(out, one, base)
    people = describing("contributors", base)
    place = f"{service or base}release/{one.version}/"
    out.type(people, f"{FOAF}Agent")
    out.text(people, f"{FOAF}name", AUTHORS)
    out.iri(node, f"{DCTERMS}publisher", people)
    out.iri(node, f"{DCTERMS}creator", people)
    out.iri(node, f"{DCTERMS}license", DATA_LICENSE)
    out.iri(node, f"{DCTERMS}conformsTo", f"{base}ns/{one.version}")
    out.text(node, f"{DCTERMS}description", f"Version {one.version}. {DESCRIPTION}")
    out.text(node, f"{DCTERMS}identifier", node)
    if one.triples is not None:
        out.count(node, f"{VOID}triples", one.triples)
    out.iri(node, f"{DCAT}landingPage", place)
    out.iri(node, f"{RDFS}seeAlso", *(place + name for name in one.changes or ()))
    by_name = {file.name: file for file in one.files}
    for kind in dump_files():
        if file := by_name.get(kind.name):
            part = f"{node}#{file.name}"
            out.iri(node, f"{DCAT}distribution", part)
            add_distribution(out, part, kind, place, one.modified)
            add_measures(out, part, file)
    return out.triples()


def measured_dumps(files: Iterable[StoredFile], base: str) -> list[Triple]:
    """Return size and checksum of the dumps among files, for the distributions of the graph's description."""
    out = Collector()
    by_name = {file.name: file for file in files}
    for kind in dump_files():
        if file := by_name.get(kind.name):
            add_measures(out, dump_iri(kind, base), file)
    return out.triples()
