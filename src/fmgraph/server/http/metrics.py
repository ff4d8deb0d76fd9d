"""``/metrics``: what all worker processes count, and what the broker reports, in Prometheus's text format.

prometheus-client in its multiprocess mode: each worker counts in small files of its own in a folder that all
share, and whichever worker is asked adds them up. A worker that ends leaves its files: counters never fall.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus-client looks for it
_BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)


class Metrics:
    """The counters of this process, and the sums over all."""

    def __init__(self, folder: Path) -> None:
        """Count in ``folder``, which all workers share."""
        self._folder = folder
        os.environ[_FOLDER] = str(folder)
        # Also where the module was loaded before the folder was known.
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
        own = CollectorRegistry()
        requests = Counter(
            "fmgraph_http_requests", "Requests answered, by class of status.", ["status"], registry=own
        )
        self._requests = {number: requests.labels(f"{number}xx") for number in range(1, 6)}
        self._hits = Counter(
            "fmgraph_cache_hits", "Requests answered from the response cache, 304 among them.", registry=own
        )
        self._here = Counter(
            "fmgraph_queries_here", "Queries proved cheap and answered by the worker itself.", registry=own
        )
        self._overstays = Counter(
            "fmgraph_overstays", "Workers replaced since a query took longer than proved.", registry=own
        )
        self._overload = Counter(
            "fmgraph_overload", "Requests refused because all places were taken.", registry=own
        )
        self._disconnects = Counter(
            "fmgraph_clients_left", "Requests whose client left before the answer.", registry=own
        )
        self._seconds = Histogram(
            "fmgraph_request_seconds",
            "Time to answer the requests that were not in the cache.",
            buckets=_BOUNDS,
            registry=own,
        )

    def count_hit(self, status: int) -> None:
        """Count an answer from the cache."""
        self._hits.inc()
        self._requests[status // 100].inc()

    def count_local_query(self) -> None:
        """Count a query that this process evaluated itself."""
        self._here.inc()

    def count_overstay(self) -> None:
        """Count this process as one that is replaced."""
        self._overstays.inc()

    def count_answer(self, status: int, seconds: float) -> None:
        """Count an answer that was made."""
        self._requests[status // 100].inc()
        self._seconds.observe(seconds)

    def count_overload(self) -> None:
        """Count a refusal for want of a place."""
        self._overload.inc()

    def count_disconnect(self) -> None:
        """Count a client that left."""
        self._disconnects.inc()

    def exposition(self, gauges: Mapping[str, float], report: Mapping[str, Any] | None = None) -> str:
        """Return the text that Prometheus scrapes.

        ``gauges`` are this worker's own, by name; ``report`` are the broker's numbers
        (:func:`fmgraph.server.pool.pool_stats.report`).
        """
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        registry.register(_Once([GaugeMetricFamily(name, name, value) for name, value in gauges.items()]))
        if report is not None:
            registry.register(_Once(_of_evaluators(report)))
        return generate_latest(registry).decode()


class _Once:
    """A collector of given metric families."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _of_evaluators(report: Mapping[str, Any]) -> list[Metric]:
    def gauge(name: str, text: str, value: float) -> Metric:
        return GaugeMetricFamily(f"fmgraph_{name}", text, value)

    def by(
        family: type[CounterMetricFamily | GaugeMetricFamily], name: str, text: str, label: str, key: str
    ) -> Metric:
        metric = family(f"fmgraph_{name}", text, labels=[label])
        for value, number in report[key].items():
            metric.add_metric([value], number)
        return metric

    seconds = HistogramMetricFamily(
        "fmgraph_query_seconds", "Time from asking an evaluator to its answer, by class.", labels=["class"]
    )
    for name, latency in report["latency"].items():
        total, buckets = 0, []
        for bound, number in zip([*report["buckets"], "+Inf"], latency["counts"], strict=True):
            total += number
            buckets.append((str(bound), total))
        seconds.add_metric([name], buckets, latency["sum"])
    return [
        CounterMetricFamily("fmgraph_queries_refused", "Queries told to come later.", report["refused"]),
        CounterMetricFamily(
            "fmgraph_queries_demoted", "Queries that gave up a quick place.", report["demoted"]
        ),
        by(CounterMetricFamily, "evaluators_ended", "Evaluators ended, by reason.", "reason", "ended"),
        by(GaugeMetricFamily, "queries_running", "Queries being evaluated.", "lane", "running"),
        by(GaugeMetricFamily, "queries_waiting", "Queries waiting for a place.", "lane", "waiting"),
        gauge("evaluators", "Evaluator processes.", len(report["evaluators"])),
        gauge(
            "evaluators_resident_bytes",
            "Memory of the evaluators, shared pages too.",
            sum(report["evaluators"].values()),
        ),
        seconds,
    ]
