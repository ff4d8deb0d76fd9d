"""Which query is taken next: the order of waiting, what was learned of costs, and who is refused.

Only data and rules; no clock (``now`` is handed in, in seconds) and no processes, which are the broker's.

- Cheap ones go first. What a query may cost is guessed by the guard and then learned, for the query itself
  and for its template (the query without its constants).
- Among equals the client goes first that has used least lately, and its cheaper query first. A client has a
  bounded share of the queue.
- A query that ran into a limit is refused for a while, so that a retry loop costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from fmgraph.errors import BusyError
from fmgraph.server.guard import LOOKUP, NORMAL, SUSPICIOUS
from fmgraph.server.pool.messages import Encoded, busy
from fmgraph.settings import Settings

_T = TypeVar("_T")
#: Seconds in which what a client has used counts half.
_HALF_LIFE = 20.0
#: Up to this many seconds a query is called a lookup once it is known.
_CHEAP = 0.03
#: What a query of which nothing is known is expected to take: those that are known to be cheap go before it.
_UNKNOWN = 0.1
#: Queries, templates and clients that are remembered.
_MEMORY = 20_000


@dataclass(eq=False, slots=True)
class Job:
    """A query that waits or runs."""

    key: str  #: the query with its graphs and formats, hashed
    template: str
    client: str
    guess: int
    trusted: bool
    frame: Encoded
    arrived: float
    cost: int = NORMAL
    expected: float = 0.0  #: seconds, for the order among equals
    started: float = field(default=0.0)
    crashes: int = 0  #: evaluators that ended while it ran
    reply: Callable[[Encoded], None] | None = None  #: None once the client has left


class Scheduler:
    """Waiting queries in two lanes, quick and slow, and the memory of past ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.quick: list[Job] = []
        self.slow: list[Job] = []
        self._share: dict[str, int] = {}  # waiting and running, by client
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds and when, by client
        self._learned: OrderedDict[str, float] = OrderedDict()  # seconds, by key and by template
        self._penalties: OrderedDict[str, tuple[float, str]] = OrderedDict()  # until when and why, by key

    def admit(self, job: Job, now: float) -> Job | None:
        """Queue a job in the lane of its cost; raises BusyError when it cannot be taken now.

        When the lane is full, the last in its order has to go; unless that is the new one itself, it is
        taken out and returned.
        """
        until, why = self._penalties.get(job.key, (0.0, ""))
        if until > now:
            raise busy(f"this query has just run into a limit ({why})", why, until - now)
        if self._share.get(job.client, 0) >= self._settings.client_share and not job.trusted:
            limit = f"queries of one client, {self._settings.client_share}"
            raise busy("too many queries of this client are waiting or running", limit, 1)
        job.cost, job.expected = self._cost(job)
        lane = self.queue(job)
        self._share[job.client] = self._share.get(job.client, 0) + 1
        if len(lane) <= self._settings.queue:
            return None
        last = max(lane, key=lambda j: self._order(j, now))
        lane.remove(last)
        if last is job:
            self.leave(job)
            raise self.refuse_full()
        return last

    def refuse_full(self) -> BusyError:
        """Return the error for a job that has no room in its lane."""
        limit = f"queue, {self._settings.queue} queries"
        return busy("too many queries are waiting", limit, self._settings.queue_seconds)

    def queue(self, job: Job) -> list[Job]:
        """Put an admitted job into its lane (again, when it had to give up its place); return the lane."""
        lane = self.slow if job.cost == SUSPICIOUS else self.quick
        lane.append(job)
        return lane

    def next_quick(self, now: float, *, lookups_only: bool) -> Job | None:
        """Take the next job for a quick place; ``lookups_only`` for the place that is kept for them."""
        jobs = [job for job in self.quick if job.cost == LOOKUP] if lookups_only else self.quick
        return self._take(self.quick, jobs, now)

    def next_slow(self, now: float) -> Job | None:
        """Take the next job for a slow place."""
        return self._take(self.slow, self.slow, now)

    def lookup_waits(self) -> bool:
        """Tell whether a lookup waits, for which others should make room."""
        return any(job.cost == LOOKUP for job in self.quick)

    def overdue(self, now: float) -> list[Job]:
        """Take out and return the jobs that have waited longer than ``queue_seconds``."""
        late = [job for job in self.quick + self.slow if now - job.arrived > self._settings.queue_seconds]
        for job in late:
            self.withdraw(job)
        return late

    def withdraw(self, job: Job) -> bool:
        """Take a waiting job out of its lane; return whether it was waiting."""
        for lane in (self.quick, self.slow):
            if job in lane:
                lane.remove(job)
                return True
        return False

    def used(self, client: str, now: float) -> float:
        """Return the seconds that a client has used lately."""
        seconds, when = self._used.get(client, (0.0, now))
        return float(seconds * 0.5 ** ((now - when) / _HALF_LIFE))

    def charge(self, job: Job, seconds: float, now: float) -> None:
        """Note what a job has used on its client's account."""
        self._used[job.client] = (self.used(job.client, now) + seconds, now)
        _forget(self._used, job.client)

    def learn(self, job: Job, seconds: float) -> None:
        """Remember that the job took ``seconds`` of CPU, or as many before it had to give up its place."""
        if job.trusted:
            return
        # A query is dear once it was; a template is what its examples mostly are, so that neither many cheap
        # ones hide a dear one for long, nor one dear one holds up the cheap.
        before = self._learned.get(job.template, seconds)
        self._learned[job.key] = max(seconds, 0.8 * self._learned.get(job.key, 0.0) + 0.2 * seconds)
        self._learned[job.template] = 0.8 * before + 0.2 * seconds
        _forget(self._learned, job.key)
        _forget(self._learned, job.template)

    def penalise(self, job: Job, why: str, now: float) -> None:
        """Refuse the query of this job for a while; ``why`` names the limit."""
        self._penalties[job.key] = (now + self._settings.penalty_seconds, why)
        _forget(self._penalties, job.key)

    def forget(self) -> None:
        """Forget costs and penalties: the dataset is another."""
        self._learned.clear()
        self._penalties.clear()

    def leave(self, job: Job) -> None:
        """Give back the job's part of its client's share: it was answered or has gone."""
        remaining = self._share.get(job.client, 0) - 1
        if remaining > 0:
            self._share[job.client] = remaining
        else:
            self._share.pop(job.client, None)

    def refuse_waiting(self) -> BusyError:
        """Return the error for a job that has waited too long."""
        limit = f"waiting time, {self._settings.queue_seconds:g} s"
        return busy("no place became free in time", limit, self._settings.timeout_seconds)

    def _cost(self, job: Job) -> tuple[int, float]:
        """Return the cost class of a job and the seconds it is expected to take."""
        if job.trusted:
            return LOOKUP, 0.0
        seconds = self._learned.get(job.key)
        if seconds is not None and seconds > self._settings.quick_seconds:
            return SUSPICIOUS, seconds
        if seconds is None:
            seconds = self._learned.get(job.template)
        if seconds is None:
            return job.guess, _UNKNOWN
        if seconds <= _CHEAP:
            return (NORMAL if job.guess == SUSPICIOUS else LOOKUP), seconds
        # A dear template says little of a query with a selective constant: the slow lane is not for that.
        dear = seconds > self._settings.quick_seconds
        return (min(job.guess + 1, SUSPICIOUS) if dear else max(job.guess, NORMAL)), seconds

    def _take(self, lane: list[Job], jobs: list[Job], now: float) -> Job | None:
        if not jobs:
            return None
        job = min(jobs, key=lambda j: self._order(j, now))
        lane.remove(job)
        return job

    def _order(self, job: Job, now: float) -> tuple[int, float, bool, float, float]:
        return job.cost, self.used(job.client, now), not job.trusted, job.expected, job.arrived


def _forget(memory: OrderedDict[str, _T], latest: str) -> None:
    memory.move_to_end(latest)
    if len(memory) > _MEMORY:
        memory.popitem(last=False)
