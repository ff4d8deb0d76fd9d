"""Counters of all worker processes, and ``/metrics`` in the Prometheus text format 0.0.4.

Each worker counts in a small file of its own that it maps into memory (so counting costs an addition), and
whichever worker is asked adds up the files of all. A worker that ends leaves its file: counters never fall.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: What is counted: name in the exposition, labels, help text. Order is the layout of the file.
_STATUS = ("1xx", "2xx", "3xx", "4xx", "5xx")
_BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)
_NAMES = (
    *(f'fmgraph_http_requests_total{{status="{status}"}}' for status in _STATUS),
    "fmgraph_cache_hits_total",
    "fmgraph_overload_total",
    "fmgraph_clients_left_total",
    *(f'fmgraph_request_seconds_bucket{{le="{bound}"}}' for bound in (*_BOUNDS, "+Inf")),
    "fmgraph_request_microseconds",
)
_HITS, _OVERLOAD, _LEFT, _BUCKETS = 5, 6, 7, 8
_MICROSECONDS = _BUCKETS + len(_BOUNDS) + 1
_SIZE = 8 * len(_NAMES)
_HELP = {
    "fmgraph_http_requests_total": "Requests answered, by class of status.",
    "fmgraph_cache_hits_total": "Requests answered from the response cache, 304 among them.",
    "fmgraph_overload_total": "Requests refused because all places were taken.",
    "fmgraph_clients_left_total": "Requests whose client left before the answer.",
    "fmgraph_request_seconds": "Time to answer the requests that were not in the cache.",
}


class Metrics:
    """The counters of this process; only its event loop adds to them."""

    def __init__(self, folder: Path) -> None:
        """Make this process's file in ``folder``, which all workers share."""
        self._folder = folder
        path = folder / f"{os.getpid()}.counters"
        with path.open("w+b") as file:
            file.truncate(_SIZE)
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self._counts = memoryview(self._map).cast("q")

    def hit(self, status: int) -> None:
        """Count an answer from the cache."""
        self._counts[_HITS] += 1
        self._counts[status // 100 - 1] += 1

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer that was made."""
        self._counts[status // 100 - 1] += 1
        for number, bound in enumerate(_BOUNDS):
            if seconds <= bound:
                self._counts[_BUCKETS + number] += 1
        self._counts[_BUCKETS + len(_BOUNDS)] += 1
        self._counts[_MICROSECONDS] += int(seconds * 1e6)

    def overload(self) -> None:
        """Count a refusal for want of a place."""
        self._counts[_OVERLOAD] += 1

    def left(self) -> None:
        """Count a client that left."""
        self._counts[_LEFT] += 1

    def totals(self) -> list[int]:
        """Return the sums over all workers, in the order of the names."""
        sums = [0] * len(_NAMES)
        for path in self._folder.glob("*.counters"):
            data = path.read_bytes()
            if len(data) == _SIZE:
                sums = [a + b for a, b in zip(sums, memoryview(data).cast("q"), strict=True)]
        return sums

    def exposition(self, gauges: dict[str, float]) -> str:
        """Return the text that Prometheus scrapes; ``gauges`` are this worker's own, by name."""
        return (
            "\n".join([*self._lines(), *(f"# TYPE {n} gauge\n{n} {v:g}" for n, v in gauges.items())]) + "\n"
        )

    def _lines(self) -> Iterator[str]:
        said = set()
        for name, total in zip(_NAMES, self.totals(), strict=True):
            family = name.partition("{")[0].removesuffix("_bucket")
            if name == "fmgraph_request_microseconds":
                yield f"fmgraph_request_seconds_sum {total / 1e6:g}"
                continue
            if family not in said:
                said.add(family)
                kind = "histogram" if "_bucket" in name else "counter"
                yield f"# HELP {family} {_HELP[family]}\n# TYPE {family} {kind}"
            yield f"{name} {total}"
            if 'le="+Inf"' in name:
                yield f"{family}_count {total}"


def of_evaluators(report: Mapping[str, Any]) -> str:
    """Return the exposition of the broker's numbers (:meth:`.PoolEngine.stats`)."""
    resident = sum(report["evaluators"].values())
    families: list[tuple[str, str, str, dict[str, float]]] = [
        ("queries_refused_total", "counter", "Queries told to come later.", {"": report["refused"]}),
        ("queries_demoted_total", "counter", "Queries that gave up a quick place.", {"": report["demoted"]}),
        ("evaluators_ended_total", "counter", "Evaluators ended, by reason.", _by("reason", report["ended"])),
        ("queries_running", "gauge", "Queries being evaluated.", _by("lane", report["running"])),
        ("queries_waiting", "gauge", "Queries waiting for a place.", _by("lane", report["waiting"])),
        ("evaluators", "gauge", "Evaluator processes.", {"": len(report["evaluators"])}),
        ("evaluators_resident_bytes", "gauge", "Memory of the evaluators, shared pages too.", {"": resident}),
        ("query_seconds", "histogram", "Time from asking to answer, by class.", _latency(report)),
    ]
    lines = []
    for name, kind, text, values in families:
        lines.append(f"# HELP fmgraph_{name} {text}\n# TYPE fmgraph_{name} {kind}")
        lines += [f"fmgraph_{name}{labels} {value:g}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"


def _by(label: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f'{{{label}="{name}"}}': value for name, value in values.items()}


def _latency(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the cumulated buckets, sum and count of each class, by what follows the family's name."""
    values: dict[str, float] = {}
    for name, found in report["latency"].items():
        total = 0
        for bound, count in zip([*report["buckets"], "+Inf"], found["counts"], strict=True):
            total += count
            values[f'_bucket{{class="{name}",le="{bound}"}}'] = total
        values[f'_sum{{class="{name}"}}'] = found["sum"]
        values[f'_count{{class="{name}"}}'] = total
    return values
