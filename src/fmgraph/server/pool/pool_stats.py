"""What the broker counts, for the metrics page."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fmgraph.server.guard import LOOKUP, NORMAL, SUSPICIOUS
from fmgraph.server.pool.dataset_workers import Generation
from fmgraph.server.pool.scheduler import Scheduler

#: Upper bounds of the latency histogram, in seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_NAMES = {LOOKUP: "lookup", NORMAL: "normal", SUSPICIOUS: "slow"}


class Stats:
    """Counts since the broker was started."""

    def __init__(self) -> None:
        self.refused = 0  #: told to come later
        self.demoted = 0  #: gave up a quick place
        self.ended: Counter[str] = Counter()  #: evaluators ended: time, memory, result size, crash, left
        self._buckets: dict[int, list[int]] = {cost: [0] * (len(BUCKETS) + 1) for cost in _NAMES}
        self._seconds: dict[int, float] = dict.fromkeys(_NAMES, 0.0)

    def count_answer(self, cost: int, seconds: float) -> None:
        """Count an answer of a cost class, ``seconds`` after it was asked for (waiting included)."""
        index = next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        self._buckets[cost][index] += 1
        self._seconds[cost] += seconds

    def report(self) -> dict[str, Any]:
        """Return the counts; ``latency`` holds for each class the count in each bucket (not cumulated)."""
        return {
            "refused": self.refused,
            "demoted": self.demoted,
            "ended": dict(self.ended),
            "buckets": list(BUCKETS),
            "latency": {
                name: {"counts": self._buckets[cost], "sum": self._seconds[cost]}
                for cost, name in _NAMES.items()
            },
        }


def report(stats: Stats, scheduler: Scheduler, generations: Sequence[Generation]) -> dict[str, Any]:
    """Return all numbers: counts so far, and what runs, waits and is in memory now.

    ``generations`` are the datasets, the one that is served last; ``evaluators`` has their resident bytes.
    """
    evaluators = [evaluator for generation in generations for evaluator in generation.evaluators.values()]
    pids = [evaluator.pid for evaluator in evaluators]
    meta = generations[-1].meta if generations else None
    return {
        **stats.report(),
        "running": {
            lane: sum(e.job is not None and e.lane == lane for e in evaluators) for lane in ("quick", "slow")
        },
        "waiting": {"quick": len(scheduler.quick), "slow": len(scheduler.slow)},
        "forks": sum(generation.forks for generation in generations),
        "evaluators": {str(pid): _resident(pid) for pid in pids},
        "meta": asdict(meta) if meta else None,
    }


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0  # it has just ended
