"""Rows and records to one graph: entities, claims, accepted triples and what follows from them.

======================  ===========================================================
:mod:`~.catalogue`      the records, by slug and by name
:mod:`~.quantities`     numbers with units, accelerators
:mod:`~.sources`        source references, DOIs and arXiv ids in addresses
:mod:`~.values`         the text of a value to a term, by the property's range
:mod:`~.cells`          list cells to assertions
:mod:`~.entities`       records to entities and claims; corrections; tombstones
:mod:`~.rows`           lists to rows, cells and claims
:mod:`~.claims`         claims, and which of them become plain triples
:mod:`~.inherit`        what a variant takes over from the work of which it is a variant
:mod:`~.authors`        the order of authors
:mod:`~.address_triples`  IRIs of identifiers, repositories, kinds of links
:mod:`~.materialise`    umbrella triples and transitive closures
======================  ===========================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from fmgraph import resources
from fmgraph.errors import InputError, ListError
from fmgraph.graph.address_triples import identifier_links, link_types, repositories
from fmgraph.graph.authorships import authorships, name_people
from fmgraph.graph.build_state import Build
from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.claims import accepted, not_had
from fmgraph.graph.dataset_descriptions import dataset_descriptions
from fmgraph.graph.evaluations import add_evaluations
from fmgraph.graph.inherit import inherited
from fmgraph.graph.list_differences import mark_differences
from fmgraph.graph.materialise import aligned, closures, umbrellas
from fmgraph.graph.record_claims import add_record, add_tombstones, apply_corrections
from fmgraph.graph.row_claims import ListBuilder
from fmgraph.graph.row_identity import Owners
from fmgraph.graph.values import Values
from fmgraph.lists import load_list
from fmgraph.ontology import Schema
from fmgraph.rdf.terms import Term, Triple, line
from fmgraph.records.findings import Finding, in_order
from fmgraph.records.record_files import Record, iter_records

__all__ = ["Result", "build"]


@dataclass(frozen=True)
class Result:
    """What a build made: all triples, and everything that it did not understand."""

    triples: frozenset[Triple]
    findings: list[Finding]
    claims: int

    def lines(self) -> list[str]:
        """Return the graph as sorted lines of N-Triples."""
        return sorted(map(line, self.triples))


def build(data_dir: Path | None = None, ontology_dir: Path | None = None) -> Result:
    """Return the graph of the records and lists under ``data_dir`` (the shipped data by default).

    What is wrong with the data is in the findings, never raised: one bad file does not hide another.
    Raises OntologyError where the ontology or its context cannot be read.
    """
    data_dir = data_dir or resources.data_dir()
    ontology = ontology_dir or resources.ontology_dir()
    schema = Schema(ontology / "context.jsonld", ontology / "fmgraph.ttl")
    errors, records = _read_records(data_dir, schema)
    catalogue = Catalogue(records)
    work = Build(data_dir, schema, catalogue, Values(catalogue, schema))
    for error, rule in errors:
        work.find(
            error.message, Path(error.file or data_dir), error.line, error.field or "", rule, error.remedy
        )
    for finding in catalogue.findings:
        work.findings.append(replace(finding, file=work.place(Path(finding.file or data_dir))))
    for record in records:
        add_record(work, record)
    _add_lists(work)
    add_evaluations(work)
    for record in records:
        apply_corrections(work, record)
    try:
        add_tombstones(work, data_dir / "tombstones.yaml")
    except InputError as error:
        place = data_dir / "tombstones.yaml"
        work.find(error.message, place, error.line, error.field or "", "bad-tombstone", error.remedy)
    return _finish(work)


def _read_records(data_dir: Path, schema: Schema) -> tuple[list[tuple[InputError, str]], list[Record]]:
    errors: list[tuple[InputError, str]] = []
    records = []
    keys = {*schema.fields, "iri"}  # `iri` names a licence's entity and is no property
    for record in iter_records(data_dir, keys):
        if isinstance(record, Record):
            records.append(record)
        else:
            errors.append((record, "bad-record"))
    return errors, records


def _add_lists(work: Build) -> None:
    owners = Owners(work.catalogue)
    for path in sorted((work.data_dir / "list").glob("*.yaml")):
        try:
            source = load_list(path)
        except ListError as error:
            work.broken_lists.add(path.stem)
            for one in error.all():
                place = Path(one.file or path)
                work.find(one.message, place, one.line, one.field or "", "bad-list", one.remedy)
            continue
        ListBuilder(work, source, owners).add()


def _finish(work: Build) -> Result:
    triples = work.triples
    names = name_people(triples)
    triples |= authorships(work.claims, names)
    triples |= accepted(work.claims, work.schema)
    derived = inherited(work.claims, work.schema, _names(work.catalogue))
    triples |= {(claim.subject, claim.predicate, claim.object) for claim in derived}
    work.claims += derived
    mark_differences(work.claims, triples, work.schema)
    for claim in work.claims:
        triples.update(claim.triples())
    triples |= umbrellas(triples, work.schema)
    triples |= aligned(triples, work.schema)
    triples |= identifier_links(triples, work.schema)
    triples |= repositories(triples) | link_types(triples)
    triples |= dataset_descriptions(triples, _names(work.catalogue))
    triples |= closures(triples, work.schema, not_had(work.claims))
    triples |= _ontology(work.schema)
    return Result(frozenset(triples), in_order(work.findings), len(work.claims))


def _names(catalogue: Catalogue) -> dict[Term, str]:
    """Return the labels of all records by their terms."""
    return {
        catalogue.term(record): record.label
        for records in catalogue.records.values()
        for record in records.values()
    }


def _ontology(schema: Schema) -> set[Triple]:
    """Return the ontology's triples; its blank nodes get the same labels in every build."""
    dataset = ox.Dataset(ox.Quad(*triple) for triple in schema.triples())
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in dataset}
