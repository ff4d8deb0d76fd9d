"""Places: which evaluator takes the next query, and when a query has to give up its place.

There are ``evaluators`` quick places and ``slow_evaluators`` slow ones. The processes in slow places have the
lowest priority, for good. One quick place is kept for lookups (when there are two or more), and one evaluator
more than there are quick places is always forked ahead, so that a place never waits for a fork.
"""

from __future__ import annotations

from collections.abc import Callable

from fmgraph.server.guard import LOOKUP, SUSPICIOUS
from fmgraph.server.pool.dataset_workers import Evaluator, Generation
from fmgraph.server.pool.scheduler import Job, Scheduler
from fmgraph.settings import Settings

#: While a lookup waits, a query keeps its quick place for this part of ``quick_seconds`` only.
_HASTE = 0.2
#: Times as long as that it may take, where it is held up by other processes or the disk.
_PATIENCE = 4
#: Seconds that an evaluator stays which has answered queries and has nothing to do.
_KEPT_IDLE = 5.0


class Places:
    """Fills the places of a generation from the scheduler's lanes."""

    def __init__(self, settings: Settings, scheduler: Scheduler, drop: Callable[[Evaluator], None]) -> None:
        self._settings = settings
        self._scheduler = scheduler
        self._drop = drop

    def fill(self, generation: Generation, now: float) -> None:
        """Start waiting queries where there is place, then fork what is missing."""
        while self._fill_quick(generation, now):
            pass
        while self._fill_slow(generation, now):
            pass
        quick = sum(not evaluator.niced for evaluator in generation.evaluators.values())
        for _ in range(self._settings.evaluators + 1 - quick - generation.forking):
            generation.fork()

    def trim(self, generation: Generation, now: float) -> None:
        """Replace evaluators that have had nothing to do for a while, but for the oldest quick one.

        Reading a dataset in memory copies its pages one by one (references are counted), so that after some
        dear queries each has a copy of its own. One is kept, since it answers them at full speed.
        """
        idle = sorted(generation.idle, key=lambda evaluator: evaluator.niced)
        for evaluator in idle[1:]:
            if evaluator.started and now - evaluator.last_answer_at > _KEPT_IDLE:
                self._drop(evaluator)

    def must_yield(self, generation: Generation, evaluator: Evaluator, ran: float) -> bool:
        """Tell whether a query that has run for ``ran`` seconds has had its quick place for long enough."""
        used = evaluator.cpu()
        pressed = self._scheduler.lookup_waits() and self._free_quick(generation) <= 0
        allowed = self._settings.quick_seconds * (_HASTE if pressed else 1)
        return used > allowed or ran > allowed * _PATIENCE

    def demote(self, generation: Generation, evaluator: Evaluator, job: Job, now: float) -> None:
        """Move a running query to a slow place, or, when none is free, back to the queue.

        In the latter case its work is lost. It is at most ``quick_seconds`` of it, and costs no memory while
        it waits, as a stopped process would.
        """
        used = evaluator.cpu()
        self._scheduler.learn(job, used)
        job.cost = SUSPICIOUS
        if self._free_slow(generation) > 0:
            evaluator.lane = "slow"
            evaluator.slow_down()
            return
        evaluator.job = None
        self._scheduler.charge(job, used, now)
        self._drop(evaluator)
        self._scheduler.queue(job)

    def _fill_quick(self, generation: Generation, now: float) -> bool:
        idle = [evaluator for evaluator in generation.idle if not evaluator.niced]
        if not idle or not self._scheduler.quick or self._free_quick(generation) <= 0:
            return False
        others = sum(job.cost != LOOKUP for job in _running(generation, "quick"))
        lookups_only = self._settings.evaluators > 1 and others >= self._settings.evaluators - 1
        job = self._scheduler.next_quick(now, lookups_only=lookups_only)
        if job is None:
            return False
        _start(idle[0], job, now)
        return True

    def _fill_slow(self, generation: Generation, now: float) -> bool:
        if not self._scheduler.slow or self._free_slow(generation) <= 0:
            return False
        idle = sorted(generation.idle, key=lambda evaluator: not evaluator.niced)
        if not idle:
            return False
        job = self._scheduler.next_slow(now)
        if job is None:
            return False
        idle[0].lane = "slow"
        idle[0].slow_down()
        _start(idle[0], job, now)
        idle[0].cpu()  # from here on; in quick places it is asked for soon enough
        return True

    def _free_quick(self, generation: Generation) -> int:
        return self._settings.evaluators - len(_running(generation, "quick"))

    def _free_slow(self, generation: Generation) -> int:
        return self._settings.slow_evaluators - len(_running(generation, "slow"))


def _running(generation: Generation, lane: str) -> list[Job]:
    return [e.job for e in generation.evaluators.values() if e.job is not None and e.lane == lane]


def _start(evaluator: Evaluator, job: Job, now: float) -> None:
    job.started = now
    evaluator.run(job)
