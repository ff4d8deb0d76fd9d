"""Reported results to the graph: evaluations, their protocols, and what may be compared.

A result is a claim of its own: a number that a source prints, with what was measured, how and by whom.
Results stand in one ranking only where protocol, data set, cohort, split, task, metric and condition are the
same; such a set is a node (``fmg:Comparison``), so that no query can put two protocols in one ranking by
accident. A result whose metric its source does not state, one copied from elsewhere, and one of a protocol
that is not ranked have no comparison.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from fmgraph.graph.build_state import Build
from fmgraph.rdf.prefixes import PROV, RDFS, SCHEMA, SKOS, XSD
from fmgraph.rdf.terms import LABEL, A, Term, entity, integer, iri, literal, own
from fmgraph.records.evaluation_files import Protocol, ReportedResult, iter_protocols
from fmgraph.records.record_files import Record

_Value = TypeVar("_Value")

#: How a number is printed: as a share of 1, in percent, or on a scale of its own.
SCALES = ("fraction", "percent", "score", "elo")
REPORTERS = {"authors": own("Authors"), "third-party": own("ThirdParty")}
#: The metric of numbers whose source does not say what they measure.
NOT_STATED = "not-stated"
_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(%?)")


def add_evaluations(build: Build) -> None:
    """Add the protocols and results under ``data/evaluation`` to the build, and findings of what is wrong."""
    for protocol in iter_protocols(build.data_dir):
        if isinstance(protocol, Protocol):
            _Evaluations(build, protocol).add()
        else:
            place = Path(protocol.file or build.data_dir)
            message, remedy = protocol.message, protocol.remedy
            build.find(message, place, protocol.line, protocol.field or "", "bad-evaluation", remedy)


def printed_number(printed: str, scale: str) -> Decimal:
    """Return the number of a printed value on its scale; raises ValueError where it is none."""
    match = _NUMBER.fullmatch(printed.strip())
    if match is None or (match[2] and scale != "percent"):
        raise ValueError(f"{printed!r} is no number on the scale {scale!r}")
    try:
        return Decimal(match[1])
    except InvalidOperation:
        raise ValueError(f"{printed!r} is no number") from None


class _Evaluations:
    """One protocol on its way into the graph."""

    def __init__(self, build: Build, protocol: Protocol) -> None:
        self.build = build
        self.protocol = protocol
        self.node = entity("protocol", protocol.slug)
        self.cells: dict[tuple[str, ...], ReportedResult] = {}
        #: For each comparison the results in it, each with its value, greater where it is better.
        self.comparisons: dict[Term, list[tuple[Decimal, Term]]] = defaultdict(list)

    def add(self) -> None:
        build, protocol = self.build, self.protocol
        try:
            source = build.source(protocol.source)
        except ValueError as error:
            build.find(str(error), protocol.path, None, "source", "bad-value")
            return
        build.triples |= {
            (self.node, A, own("Protocol")),
            (self.node, LABEL, literal(protocol.label)),
            (self.node, iri(f"{SKOS}definition"), literal(protocol.definition)),
            (self.node, iri(f"{PROV}hadPrimarySource"), source),
            (self.node, own("ranked"), literal(str(protocol.ranked).lower(), f"{XSD}boolean")),
        }
        if protocol.reason:
            self.build.triples.add((self.node, own("reason"), literal(protocol.reason)))
        for result in protocol.results:
            try:
                self._add_result(result, source)
            except _ColumnError as error:
                build.find(str(error), protocol.csv_path, result.line, error.column, "bad-evaluation")
        for results in self.comparisons.values():
            for value, node in results:
                rank = 1 + sum(other > value for other, _ in results)
                build.triples.add((node, own("rankInComparison"), integer(rank)))

    def _add_result(self, result: ReportedResult, source: Term) -> None:
        work = self._work(result)
        dataset, task, metric, setting = (
            self._reference(result, kind) for kind in ("dataset", "task", "metric", "setting")
        )
        number, normalised = self._number(result)
        reporter = REPORTERS.get(result["reporter"])
        if reporter is None:
            raise _ColumnError("reporter", f"{result['reporter']!r} is none of {', '.join(REPORTERS)}")
        if result["source"]:
            source = self._checked("source", self.build.source, result["source"])
        if result["interval_kind"] and not result["interval"]:
            raise _ColumnError("interval", "is empty though its kind is given")
        self._check_cell(result)
        node = entity("evaluation", result["id"])
        label = f"{result['printed_name'] or work.label}, {self._label('metric', result)} on "
        label += f"{self._label('dataset', result)}: {result['printed']}"
        triples = {
            (node, A, own("Evaluation")),
            (node, LABEL, literal(label)),
            (node, own("evaluates"), self.build.catalogue.term(work)),
            (node, own("onDataset"), dataset),
            (node, own("task"), task),
            (node, own("metric"), metric),
            (node, own("setting"), setting),
            (node, own("protocol"), self.node),
            (node, own("reporter"), reporter),
            (node, own("scale"), literal(result["scale"])),
            (node, iri(f"{PROV}value"), literal(result["printed"])),
            (node, iri(f"{SCHEMA}value"), literal(f"{number:f}", f"{XSD}decimal")),
            (node, own("normalisedValue"), literal(f"{normalised:f}", f"{XSD}decimal")),
            (node, iri(f"{PROV}hadPrimarySource"), source),
            (node, own("locator"), literal(result["at"])),
        }
        for column, local in _TEXTS.items():
            if result[column]:
                triples.add((node, own(local), literal(result[column])))
        if result["note"]:
            triples.add((node, iri(f"{RDFS}comment"), literal(result["note"])))
        comparison = self._comparison(result)
        if comparison is not None:
            triples.add((node, own("inComparison"), comparison))
            better = self.build.catalogue.records["metric"][result["metric"]].values("higher_is_better")
            self.comparisons[comparison].append((-normalised if better == ["false"] else normalised, node))
        self.build.triples |= triples

    def _work(self, result: ReportedResult) -> Record:
        kind, _, slug = result["model"].partition("/")
        record = self.build.catalogue.records.get(kind, {}).get(slug)
        if record is None:
            near = self.build.catalogue.nearest(kind, slug) if kind in self.build.catalogue.records else []
            raise _ColumnError("model", f"{result['model']!r} is no record" + _nearest(near))
        self._check_variant(result, record)
        return record

    def _check_variant(self, result: ReportedResult, work: Record) -> None:
        """Raise where what was evaluated is a variant of the work that has a record of its own."""
        variant = result["variant"]
        for name in (variant, f"{work.label} {variant}", result["printed_name"]):
            slug = self.build.catalogue.find(work.kind, name)
            of = self.build.catalogue.records[work.kind][slug].values("variant_of") if slug else []
            if work.slug in of or f"{work.kind}/{work.slug}" in of:
                raise _ColumnError(
                    "variant", f"{name!r} has a record of its own: write {work.kind}/{slug} as the model"
                )

    def _reference(self, result: ReportedResult, kind: str) -> Term:
        slug = result[kind]
        if not self.build.catalogue.has(kind, slug):
            near = self.build.catalogue.nearest(kind, slug)
            raise _ColumnError(kind, f"{slug!r} is no record under data/{kind}/" + _nearest(near))
        return entity(kind, slug)

    def _label(self, kind: str, result: ReportedResult) -> str:
        return self.build.catalogue.records[kind][result[kind]].label

    def _number(self, result: ReportedResult) -> tuple[Decimal, Decimal]:
        """Return the printed number, and the same as a share of 1 where it was printed in percent."""
        scale = result["scale"]
        if scale not in SCALES:
            raise _ColumnError("scale", f"{scale!r} is none of {', '.join(SCALES)}")
        number: Decimal = self._checked(
            "printed", lambda text: printed_number(text, scale), result["printed"]
        )
        normalised = number / 100 if scale == "percent" else number
        metric = self.build.catalogue.records["metric"][result["metric"]]
        for key, outside in (("minimum", normalised.__lt__), ("maximum", normalised.__gt__)):
            for bound in metric.values(key):
                if outside(Decimal(bound)):
                    raise _ColumnError(
                        "printed",
                        f"{result['printed']} is outside the range of {metric.label} ({key} {bound})",
                    )
        return number, normalised

    def _check_cell(self, result: ReportedResult) -> None:
        """Raise where two results of the protocol give different values to one cell."""
        same = ("model", "variant", "printed_name", *_COMPARED, "source", "at")
        cell = tuple(result[column] for column in same)
        other = self.cells.setdefault(cell, result)
        if other is not result and other["printed"] != result["printed"]:
            raise _ColumnError(
                "printed", f"{result['printed']}, but line {other.line} says {other['printed']} of the same"
            )

    def _comparison(self, result: ReportedResult) -> Term | None:
        if not self.protocol.ranked or result["metric"] == NOT_STATED or result["copied_from"]:
            return None
        key = "\n".join(result[column] for column in _COMPARED)
        node = entity("comparison", f"{self.protocol.slug}-{hashlib.sha256(key.encode()).hexdigest()[:10]}")
        dataset = ", ".join(filter(None, (self._label("dataset", result), result["cohort"], result["split"])))
        where = ", ".join(filter(None, (result["target"], result["condition"])))
        label = f"{self._label('metric', result)} on {dataset} ({where}), {self.protocol.label}"
        self.build.triples |= {
            (node, A, own("Comparison")),
            (node, LABEL, literal(label)),
            (node, own("protocol"), self.node),
            (node, own("onDataset"), entity("dataset", result["dataset"])),
            (node, own("metric"), entity("metric", result["metric"])),
        }
        return node

    def _checked(self, column: str, read: Callable[[str], _Value], text: str) -> _Value:
        try:
            return read(text)
        except ValueError as error:
            raise _ColumnError(column, str(error)) from error


class _ColumnError(ValueError):
    """A column of a result that cannot be read."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def _nearest(slugs: list[str]) -> str:
    return f"; nearest: {', '.join(slugs[:3])}" if slugs else ""


#: What must be the same for two results to be compared.
_COMPARED = ("dataset", "cohort", "split", "task", "target", "metric", "setting", "condition")
#: Columns of plain text, with the property that carries each.
_TEXTS = {
    "variant": "variant",
    "printed_name": "printedName",
    "cohort": "cohort",
    "split": "split",
    "target": "target",
    "condition": "condition",
    "interval": "interval",
    "interval_kind": "intervalKind",
    "copied_from": "copiedFrom",
}
