"""Reported results as tables: of a work, on a data set, under a protocol; and the dots that show them.

Only the results of one comparison (one protocol, data set, cohort, split, task, metric and condition) stand
in one table; nothing is ranked or averaged over two of them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmgraph.site.graph_reader import Graph, iri

#: The property by which a result hangs on an entity of the kind.
BY_KIND = {
    "model": "fmg:evaluates",
    "adaptation": "fmg:evaluates",
    "application": "fmg:evaluates",
    "benchmark": "fmg:evaluates",
    "dataset": "fmg:onDataset",
    "protocol": "fmg:protocol",
}
#: Width and height of a row's picture, and the space at both ends of its axis.
_WIDTH, _HEIGHT, _MARGIN = 220, 18, 8
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_FIELDS = {
    "model": "fmg:evaluates",
    "dataset": "fmg:onDataset",
    "metric": "fmg:metric",
    "setting": "fmg:setting",
    "protocol": "fmg:protocol",
    "reporter": "fmg:reporter",
    "source": "prov:hadPrimarySource",
}
_TEXTS = {
    "printed": "prov:value",
    "value": "fmg:normalisedValue",
    "scale": "fmg:scale",
    "at": "fmg:locator",
    "variant": "fmg:variant",
    "printedName": "fmg:printedName",
    "cohort": "fmg:cohort",
    "split": "fmg:split",
    "target": "fmg:target",
    "condition": "fmg:condition",
    "interval": "fmg:interval",
    "intervalKind": "fmg:intervalKind",
    "copiedFrom": "fmg:copiedFrom",
    "note": "rdfs:comment",
    "comparison": "fmg:inComparison",
    "rank": "fmg:rankInComparison",
}
#: Columns of the CSV: names of :class:`Result` attributes, IRIs as they are, labels beside them.
COLUMNS = (
    *(
        "protocol",
        "protocolLabel",
        "model",
        "modelLabel",
        "variant",
        "printedName",
        "dataset",
        "datasetLabel",
    ),
    *(
        "cohort",
        "split",
        "target",
        "metric",
        "metricLabel",
        "setting",
        "settingLabel",
        "condition",
        "printed",
    ),
    *("value", "scale", "interval", "intervalKind", "rank", "comparison", "reporter", "copiedFrom", "source"),
    *("at", "note", "mayHaveSeen", "result"),
)


@dataclass
class Result:
    """One reported result: IRIs and texts by name, and why the model may have seen the data."""

    iri: str
    values: dict[str, str]
    leaks: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> str:
        """Return the IRI or text of that name; empty where the result has none."""
        return str(self.__dict__.get("values", {}).get(name, ""))

    @property
    def number(self) -> float:
        """The value as a share of 1 where it was printed in percent."""
        return float(self.values["value"])

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval's ends on the scale of :attr:`number`; None without an interval that can be read."""
        numbers = [float(number) for number in _NUMBERS.findall(self.interval)]
        scale = 100 if self.scale == "percent" else 1
        if len(numbers) == 1:
            return self.number - numbers[0] / scale, self.number + numbers[0] / scale
        if len(numbers) == 2 and numbers[0] <= numbers[1]:
            return numbers[0] / scale, numbers[1] / scale
        return None


@dataclass
class Dot:
    """Where a result stands on the axis, in the units of its picture; ``line`` is its interval."""

    x: float
    line: tuple[float, float] | None


@dataclass
class ComparisonTable:
    """The results of one comparison, best first; or of one protocol that are in none (``ranked`` false)."""

    iri: str
    results: list[Result]
    ranked: bool

    @property
    def first(self) -> Result:
        """Any of its results: data set, metric, setting and protocol are alike in all."""
        return self.results[0]

    @property
    def axis(self) -> tuple[float, float]:
        """The least and greatest number of the plot, intervals included."""
        ends = [end for result in self.results for end in (result.bounds or (result.number,))]
        return min(ends), max(ends)

    @property
    def plotted(self) -> bool:
        """Whether there is something to see: more than one result that may be compared."""
        return self.ranked and len(self.results) > 1

    def dot(self, result: Result) -> Dot:
        """Return where the result stands."""
        low, high = self.axis
        width = _WIDTH - 2 * _MARGIN

        def place(number: float) -> float:
            return round(_MARGIN + (width * (number - low) / (high - low) if high > low else width / 2), 1)

        bounds = result.bounds
        return Dot(place(result.number), (place(bounds[0]), place(bounds[1])) if bounds else None)


#: Size of a row's picture, for the templates.
SIZE = (_WIDTH, _HEIGHT)


def result_count(graph: Graph, kind: str, entity: str) -> int:
    """Return how many results there are on a data set or under a protocol; 0 for any other kind."""
    if kind not in BY_KIND:
        return 0
    return graph.count(f"?result {BY_KIND[kind]} {iri(entity)} ; a fmg:Evaluation", "?result")


def results_of(graph: Graph, kind: str, entity: str) -> list[Result]:
    """Return all results of a work, on a data set or under a protocol, each with its leaks."""
    where = f"?result {BY_KIND[kind]} {iri(entity)} ."
    needed = " ".join(f"?result {path} ?{name} ." for name, path in _FIELDS.items())
    labels = " ".join(
        f"?{name} rdfs:label ?{name}Label ." for name in _FIELDS if name not in ("source", "reporter")
    )
    optional = " ".join(f"OPTIONAL {{ ?result {path} ?{name} }}" for name, path in _TEXTS.items())
    rows = graph.rows(f"SELECT * WHERE {{ {where} {needed} {labels} {optional} }} ORDER BY ?result")
    leaks = _leaks(graph, where)
    results = []
    for row in rows:
        values = {name: str(getattr(term, "value", term)) for name, term in row.items() if term is not None}
        result = Result(values.pop("result"), values)
        result.leaks = leaks.get((result.model, result.dataset), [])
        results.append(result)
    return results


def _leaks(graph: Graph, where: str) -> dict[tuple[str, str], list[str]]:
    """Return, by work and data set, on which of the data the work or an ancestor was trained, in words."""
    rows = graph.rows(
        f"SELECT DISTINCT ?model ?dataset ?through ?throughLabel ?dataLabel WHERE {{"
        f" {{ SELECT DISTINCT ?model ?dataset WHERE {{ {where} ?result fmg:evaluates ?model ;"
        " fmg:onDataset ?dataset } }"
        " { ?data fmg:partOfTransitive? ?dataset } UNION { ?dataset fmg:partOfTransitive ?data }"
        " ?through fmg:trainedOn ?data ; rdfs:label ?throughLabel . ?model fmg:derivesFrom? ?through ."
        " ?data rdfs:label ?dataLabel } ORDER BY ?throughLabel ?dataLabel"
    )
    leaks: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        model = row["model"].value
        who = "" if row["through"].value == model else f"{row['throughLabel'].value} was "
        reason = f"{who}trained on {row['dataLabel'].value}"
        leaks.setdefault((model, row["dataset"].value), []).append(reason)
    return leaks


def tables(results: Iterable[Result]) -> list[ComparisonTable]:
    """Return the results in tables: one for each comparison, then those of each protocol in none."""
    by_comparison: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        key = result.comparison or f"{result.protocol} {result.dataset} {result.metric} {result.copiedFrom}"
        by_comparison.setdefault((result.protocolLabel, key), []).append(result)
    comparison_tables = [
        ComparisonTable(
            key,
            sorted(some, key=lambda one: (int(one.rank or 0), one.modelLabel.casefold(), one.iri)),
            bool(some[0].comparison),
        )
        for (_, key), some in by_comparison.items()
    ]
    return sorted(
        comparison_tables,
        key=lambda one: (one.first.protocolLabel, not one.ranked, one.first.datasetLabel, one.iri),
    )


@dataclass(frozen=True)
class ProtocolSummary:
    """What a work has under one protocol, in a line."""

    protocol: str
    label: str
    count: int
    best: str  #: "first in 3 of 9 comparisons", or why there is no rank
    reporter: str
    leak_count: int  #: results on data that it may have seen


def summaries(graph: Graph, results: Sequence[Result]) -> list[ProtocolSummary]:
    """Return one line for each protocol under which a work has results."""
    sizes = comparison_sizes(graph, {result.comparison for result in results if result.comparison})
    by_protocol: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_protocol.setdefault((result.protocolLabel, result.protocol), []).append(result)
    return [
        ProtocolSummary(
            protocol,
            label,
            len(some),
            _ranks(some, sizes),
            ", ".join(sorted({reporter_name(result.reporter) for result in some})),
            sum(bool(result.leaks) for result in some),
        )
        for (label, protocol), some in sorted(by_protocol.items())
    ]


def _ranks(results: Sequence[Result], sizes: dict[str, int]) -> str:
    shared = [result for result in results if sizes.get(result.comparison, 0) > 1]
    if not shared:
        return (
            "not comparable"
            if not any(result.comparison for result in results)
            else "nothing to compare with"
        )
    first = sum(result.rank == "1" for result in shared)
    return f"first in {first} of {len(shared)} comparisons"


def comparison_sizes(graph: Graph, comparisons: Iterable[str]) -> dict[str, int]:
    """Return how many results each of the comparisons has."""
    sizes: Counter[str] = Counter()
    names = sorted(comparisons)
    for start in range(0, len(names), 300):
        values = " ".join(iri(name) for name in names[start : start + 300])
        query = f"SELECT ?c (COUNT(?r) AS ?n) WHERE {{ VALUES ?c {{ {values} }} ?r fmg:inComparison ?c }}"
        for row in graph.rows(f"{query} GROUP BY ?c"):
            sizes[row["c"].value] = int(row["n"].value)
    return sizes


def reporter_name(reporter: str) -> str:
    """Return the reporter in words, from its IRI."""
    return "authors" if reporter.endswith("Authors") else "third party"


def as_csv(results: Iterable[Result]) -> str:
    """Return the results as CSV with a header, one a line."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for result in results:
        cells: dict[str, Any] = {
            **result.values,
            "result": result.iri,
            "mayHaveSeen": "; ".join(result.leaks),
        }
        writer.writerow([cells.get(name, "") for name in COLUMNS])
    return output.getvalue()
