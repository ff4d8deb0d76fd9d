"""What the broker does: takes queries, gives them places, ends what runs into a limit."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fmgraph.errors import BusyError, EngineError, FmgraphError, LimitError
from fmgraph.rdf.store import Meta
from fmgraph.server.pool.dataset_workers import Evaluator, Generation
from fmgraph.server.pool.evaluator import memory_error
from fmgraph.server.pool.messages import ERROR, RETIRE, Encoded, decode, error_frame, flags, head
from fmgraph.server.pool.pool_stats import Stats, report
from fmgraph.server.pool.reload import Datasets
from fmgraph.server.pool.scheduler import Job, Scheduler
from fmgraph.server.pool.slots import Places
from fmgraph.settings import Settings

_LOG = logging.getLogger("fmgraph.server.engine")
#: Seconds between two looks at the clock while anything runs or waits.
_TICK = 0.01
#: An answer that only says "not now" is held back this long, or who asks in a loop would take the CPU.
_REFUSAL_DELAY = 0.5
_RESTART_DELAY = 0.5
#: Seconds between two looks at evaluators without work.
_TRIM_EVERY = 2.0
#: Seconds up to which the time that passed is taken for the time used.
_PROMPT = 0.01
#: Where one evaluator was killed from outside others may have been: time to hear of their end.
_CRASH_DELAY = 0.05


class Dispatcher:
    """The datasets, evaluators, waiting and running queries of the broker; lives in its event loop."""

    def __init__(self, settings: Settings, meta_path: Path) -> None:
        self._settings = settings
        self._scheduler = Scheduler(settings)
        self._places = Places(settings, self._scheduler, self._drop)
        self._loop = asyncio.get_running_loop()
        self._datasets = Datasets(settings, meta_path, self)
        self._ticking = False
        self._loop.call_later(_TRIM_EVERY, self._trim)
        self.stats = Stats()
        self.stopped = asyncio.Event()

    async def load(self, source: list[str]) -> Meta:
        """Serve another dataset from now on; raises UsageError, and nothing has changed, when it is none."""
        return await self._datasets.load(source)

    def on_load(self) -> None:
        """Begin with a dataset that has just been loaded: what was learned was learned of another."""
        self._scheduler.forget()
        self.dispatch()

    def submit(self, frame: Encoded, reply: Callable[[Encoded], None]) -> Job | None:
        """Take a query; return its job, or None when it was refused (and the refusal is on its way)."""
        message = decode(frame)
        fields = message.head
        parameters = [fields[name] for name in ("solutions", "graph", "default", "named")]
        key = hashlib.blake2b(repr(parameters).encode() + message.body, digest_size=12).hexdigest()
        now = self._loop.time()
        job = Job(
            key=key,
            template=fields["template"],
            client=fields["client"],
            guess=fields["cost"],
            trusted=fields["trusted"],
            frame=frame,
            arrived=now,
            reply=reply,
        )
        try:
            evicted = self._scheduler.admit(job, now)
        except BusyError as error:
            self.stats.refused += 1
            self._loop.call_later(_REFUSAL_DELAY, reply, error_frame(error).encode())
            return None
        if evicted is not None:
            self._refuse(evicted, self._scheduler.refuse_full())
        self.dispatch()
        return job

    def cancel(self, job: Job) -> None:
        """Forget a query whose client has left, and free its evaluator."""
        if job.reply is None:
            return
        job.reply = None
        if self._scheduler.withdraw(job):
            self._scheduler.leave(job)
            return
        for generation in self._datasets.all():
            for evaluator in list(generation.evaluators.values()):
                if evaluator.job is job:
                    self.stats.ended["left"] += 1
                    self._end(evaluator, None)
                    return

    def dispatch(self) -> None:
        """Give every free place its next query, and see to it that there are evaluators."""
        generation = self._datasets.current
        if generation is not None and not generation.closed:
            self._places.fill(generation, self._loop.time())
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(_TICK, self._tick)

    def _trim(self) -> None:
        """Give back memory that nothing needs now."""
        generation = self._datasets.current
        if generation is not None and not generation.closed:
            self._places.trim(generation, self._loop.time())
            self.dispatch()
        self._loop.call_later(_TRIM_EVERY, self._trim)

    def _tick(self) -> None:
        self._ticking = False
        now = self._loop.time()
        for job in self._scheduler.overdue(now):
            self._refuse(job, self._scheduler.refuse_waiting())
        busy = False
        for generation in self._datasets.all():
            for evaluator in list(generation.evaluators.values()):
                if evaluator.job is not None:
                    busy = True
                    self._check_time(generation, evaluator, evaluator.job, now)
        if busy or self._scheduler.quick or self._scheduler.slow:
            self.dispatch()

    def _check_time(self, generation: Generation, evaluator: Evaluator, job: Job, now: float) -> None:
        ran = now - job.started
        if ran > self._settings.timeout_seconds:
            limit = f"{self._settings.timeout_seconds:g} s"
            error = LimitError(f"the query takes longer than {limit}", limit=f"time, {limit}")
            self._limit(evaluator, job, error, "time")
        elif evaluator.lane == "quick" and self._places.must_yield(generation, evaluator, ran):
            self.stats.demoted += 1
            self._places.demote(generation, evaluator, job, now)

    def _drop(self, evaluator: Evaluator) -> None:
        evaluator.generation.kill(evaluator)
        self._datasets.settle(evaluator.generation)

    def on_answer(self, evaluator: Evaluator, frame: Encoded) -> None:
        """Hand an answer to who waits for it."""
        job = evaluator.job
        fields = head(frame) if flags(frame) else {}
        if "crash" in fields:
            _LOG.error("an evaluator failed: %s", fields["crash"])
        if job is None:
            return
        if "crash" in fields:
            self._crashed(evaluator, job, "it failed")
            return
        evaluator.generation.failures = 0
        ran = self._loop.time() - job.started
        self._account(job, ran if ran < _PROMPT or fields else head(frame)["cpu"])
        if flags(frame) & ERROR and fields.get("limit"):
            self._scheduler.penalise(job, fields["limit"], self._loop.time())
            self.stats.ended[fields["limit"].partition(",")[0]] += 1
        self._reply(job, frame)
        evaluator.job, evaluator.last_answer_at = None, self._loop.time()
        generation = evaluator.generation
        if flags(frame) & RETIRE or generation.retiring:
            generation.kill(evaluator)
        self._go_on(generation)

    def on_end(self, evaluator: Evaluator, status: int) -> None:
        """Settle the query of an evaluator that ended by itself."""
        job = evaluator.job
        if job is not None and status == -signal.SIGABRT:  # Rust aborts when it cannot allocate
            self._limit(evaluator, job, memory_error(self._settings), "memory")
        elif job is not None:
            name = signal.Signals(-status).name if status < 0 else f"status {status}"
            self._crashed(evaluator, job, name)
        elif not evaluator.started and not evaluator.generation.closed:
            _LOG.error("an evaluator ended before its first query (status %s)", status)
            evaluator.generation.failures += 1
            if evaluator.generation.failures > self._settings.evaluators:
                self._loop.call_later(_RESTART_DELAY, self.dispatch)  # they cannot start, for now
                return
        self._go_on(evaluator.generation)

    def _crashed(self, evaluator: Evaluator, job: Job, how: str) -> None:
        _LOG.warning("query %s: its evaluator ended (%s)", job.key, how)
        self.stats.ended["crash"] += 1
        job.crashes += 1
        if job.crashes == 1:  # it may not have been its doing: somebody may have killed the process
            evaluator.job = None
            evaluator.generation.kill(evaluator)
            self._loop.call_later(_CRASH_DELAY, self._again, job)
            return
        self._scheduler.penalise(job, "crash", self._loop.time())
        self._end(
            evaluator,
            EngineError(f"the query ended the process that evaluated it ({how}); no other is affected"),
        )

    def _again(self, job: Job) -> None:
        if job.reply is None:  # the client has left meanwhile
            self._scheduler.leave(job)
            return
        self._scheduler.queue(job)
        self.dispatch()

    def _limit(self, evaluator: Evaluator, job: Job, error: LimitError, name: str) -> None:
        self.stats.ended[name] += 1
        self._scheduler.penalise(job, str(error.limit), self._loop.time())
        self._end(evaluator, error)

    def _end(self, evaluator: Evaluator, error: FmgraphError | None) -> None:
        """End an evaluator and its query, with ``error`` for the one who still waits for it."""
        job, evaluator.job = evaluator.job, None
        generation = evaluator.generation
        used = evaluator.cpu()
        generation.kill(evaluator)
        if job is not None:
            self._account(job, used)
            if error is not None:
                self._reply(job, error_frame(error).encode())
        self._go_on(generation)

    def _go_on(self, generation: Generation) -> None:
        """Give the place that became free to the next; a superseded dataset may have had its last query."""
        self._datasets.settle(generation)
        self.dispatch()

    def _account(self, job: Job, used: float) -> None:
        now = self._loop.time()
        self._scheduler.charge(job, used, now)
        self._scheduler.learn(job, used)
        self._scheduler.leave(job)
        self.stats.count_answer(job.cost, now - job.arrived)

    def _refuse(self, job: Job, error: BusyError) -> None:
        self.stats.refused += 1
        self._scheduler.leave(job)
        self._reply(job, error_frame(error).encode())

    @staticmethod
    def _reply(job: Job, frame: Encoded) -> None:
        reply, job.reply = job.reply, None
        if reply is not None:
            reply(frame)

    def report(self) -> dict[str, Any]:
        """Return the numbers that metrics are made of."""
        return report(self.stats, self._scheduler, self._datasets.all())

    def close(self) -> None:
        """End all processes."""
        self._datasets.close()
