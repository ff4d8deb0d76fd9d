"""Checks of the data: what a contributor got wrong, where, and what would be right.

========================  ==================================================================
:mod:`~.shape_files`      the shapes, completed by what no file can say (next year, SPDX)
:mod:`~.compiled_shapes`  the shapes compiled to SPARQL: what ``fmgraph check`` runs
:mod:`~.constraint_components`, :mod:`~.property_paths`  their parts as SPARQL
:mod:`~.pyshacl_engine`   the shapes run by pyshacl, which judges the compiled ones
:mod:`~.focus_nodes`      what to look at when a record or list has changed
:mod:`~.violations`       what either engine finds
:mod:`~.locations`        from a node back to file, line and field
:mod:`~.explain_violations`  violations to findings
:mod:`~.check_digits`     identifiers that no pattern can check
:mod:`~.term_usage`       terms that the ontology does not define
:mod:`~.unit_names`       names of units that are read as another unit
:mod:`~.same_artifacts`   one artifact under two addresses
:mod:`~.cell_coverage`    nothing of a list is lost
:mod:`~.finding_formats`  findings as text, JSON, SARIF, Turtle
========================  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

import pyoxigraph as ox

from fmgraph import resources
from fmgraph.check import compiled_shapes
from fmgraph.check.cell_coverage import CELL_WITHOUT_CLAIM, uncovered
from fmgraph.check.check_digits import misspelt
from fmgraph.check.explain_violations import explain
from fmgraph.check.finding_formats import FORMATS
from fmgraph.check.focus_nodes import focus_nodes
from fmgraph.check.locations import Places, display_path
from fmgraph.check.same_artifacts import doubled_artifacts
from fmgraph.check.shape_files import load_shapes
from fmgraph.check.term_usage import unknown_terms
from fmgraph.check.unit_names import misread_units
from fmgraph.errors import OntologyError, UsageError
from fmgraph.graph import build
from fmgraph.ontology import Schema, all_kinds
from fmgraph.rdf.prefixes import FMG, OWL, RDF, entity_iri
from fmgraph.records.findings import Finding, in_order
from fmgraph.records.record_files import read_text
from fmgraph.text import SLUG

__all__ = ["FORMATS", "Engine", "check_data", "check_graph"]

#: ``compiled``: the shapes as SPARQL, run by the store. ``pyshacl``: the reference implementation, slower by
#: far, which judges the first.
Engine = Literal["compiled", "pyshacl"]


def check_data(
    data_dir: Path | None = None, changed: Sequence[Path] = (), engine: Engine = "compiled"
) -> list[Finding]:
    """Build the data folder (by default the shipped one) in memory and return all findings about it.

    With ``changed`` (files of the folder) only what is about these records and lists is checked and
    returned. Raises UsageError for a file that is neither, OntologyError for a broken ontology or shape.
    """
    data_dir = data_dir or resources.data_dir()
    about = _changed(data_dir, changed) if changed else None
    result = build(data_dir)
    store = ox.Store()
    store.bulk_load("".join(result.lines()).encode(), ox.RdfFormat.N_TRIPLES)
    findings = result.findings
    if changed:
        files = {display_path(path, data_dir) for path in changed}
        findings = [finding for finding in findings if finding.file in files]
    known = {(finding.file, finding.line, finding.field) for finding in findings}
    further = [
        finding
        for finding in check_graph(store, data_dir, about, engine)
        if finding.rule != CELL_WITHOUT_CLAIM or (finding.file, finding.line, finding.field) not in known
    ]
    return in_order([*findings, *further])


def check_graph(
    store: ox.Store, data_dir: Path, about: Collection[str] | None = None, engine: Engine = "compiled"
) -> list[Finding]:
    """Return the findings about a built graph in the store, in the order of files and lines.

    ``data_dir`` is where it was built from, for places and list coverage; ``about`` (IRIs of entities and
    lists) limits the check to these. The graph must hold the ontology; raises OntologyError where not.
    """
    ontology_file = resources.ontology_dir() / "fmgraph.ttl"
    work_is_class = ox.Quad(
        ox.NamedNode(FMG + "Work"), ox.NamedNode(RDF + "type"), ox.NamedNode(OWL + "Class")
    )
    if work_is_class not in store:
        raise OntologyError(
            "the graph does not hold the ontology, on which the shapes rely", file=ontology_file
        )
    shapes = load_shapes(resources.shapes_dir(), ontology_file)
    places = Places(store, data_dir, Schema(resources.ontology_dir() / "context.jsonld", ontology_file))
    only = focus_nodes(store, about) if about is not None else None
    if engine == "pyshacl":
        from fmgraph.check import pyshacl_engine  # half a second to import

        violations = pyshacl_engine.violations(store, shapes, only)
    else:
        violations = compiled_shapes.violations(store, shapes, only)
    findings: Iterable[Finding] = explain(violations, shapes, places, store)
    terms: list[Finding] = []
    if about is None:  # what is between records
        terms += unknown_terms(store, shapes, places)
        terms += misread_units(store, places)
        terms += doubled_artifacts(store, places)
    lists = None
    if about is not None:
        prefix = entity_iri("list", "")
        lists = {iri.removeprefix(prefix) for iri in about if iri.startswith(prefix)}
    return in_order([*findings, *terms, *misspelt(store, places, only), *uncovered(store, data_dir, lists)])


def _changed(data_dir: Path, files: Sequence[Path]) -> list[str]:
    """Return the IRIs of the records and lists that the files hold."""
    iris = []
    for path in files:
        place = Path(path).resolve()
        kind = all_kinds().get(place.parent.name)
        inside = place.parent.parent == data_dir.resolve() and SLUG.fullmatch(place.stem)
        if kind is None or not kind.recorded or not inside:
            raise UsageError(f"{path} is no record or list under {data_dir}")
        iris.append(entity_iri(kind.name, place.stem))
        if kind.name == "license":  # published under its SPDX IRI where it has one
            iris.extend(re.findall(r"^iri: *[\"']?(https?://[^\"'\s]+)", read_text(place), re.MULTILINE))
    return iris
