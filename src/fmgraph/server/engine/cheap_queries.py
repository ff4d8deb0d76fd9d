"""Queries that provably cost next to nothing, evaluated in the process that serves the client.

Nothing is guessed: :mod:`fmgraph.server.guard.work_bound` proves for a template of queries, from the degree
statistics of the dataset, that no constant in it can make it dear. Until that is proved, and where it cannot
be, there is no answer here, and the query takes the way of all others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Store

from fmgraph.rdf.degrees import Degrees
from fmgraph.rdf.store import Meta
from fmgraph.server.engine.engine_interface import Answer, ResultFormats
from fmgraph.server.engine.evaluate import evaluate
from fmgraph.server.guard.query_template import template_of
from fmgraph.server.guard.work_bound import MOST_BYTES, bound_work

_LOG = logging.getLogger("fmgraph.server.engine")
#: Seconds of CPU after which an evaluation in the event loop has overstayed; in all it may take longer, where
#: other processes or the disk hold it up.
_MOST_CPU, _MOST_SECONDS = 0.05, 1.0
#: Seconds between two looks at the evaluation, and looks between two at what others have struck off.
_LOOK_EVERY, _LOOKS = 0.02, 50
#: Templates that are remembered.
_MEMORY = 4_096
_Template = tuple[str, ...]


class _Running(NamedTuple):
    template: _Template


class CheapQueries:
    """Answers cheap queries over the dataset in a folder, from its store on disk.

    ``strikes`` is a file, shared by all processes, of templates that took longer than was proved (which is
    a fault of the proof): they are struck off for good. ``on_overstay`` is called, from another thread, when
    one does so in the thread that made this object; what it holds up then is for the caller to settle.
    """

    def __init__(
        self, folder: Path, meta: Meta, strikes: Path, on_overstay: Callable[[], None] | None = None
    ) -> None:
        """Raise OSError where the dataset has no store or no statistics."""
        degrees = Degrees.read(folder / "degrees.json")
        if degrees is None:
            raise FileNotFoundError(f"{folder} has no degree statistics")
        self.meta = meta
        self._degrees = degrees
        self._matter = degrees.hubs | degrees.properties.keys()
        self._store = Store.read_only(str(folder / "store"))
        self._strikes = strikes
        self._proved: OrderedDict[_Template, bool] = OrderedDict()
        self._loop_thread = threading.main_thread().ident or 0
        self._running: _Running | None = None
        self._on_overstay = on_overstay
        self._closed = threading.Event()
        if on_overstay is not None:
            threading.Thread(target=self._watch, name="overstay", daemon=True).start()

    def answer(self, query: str, formats: ResultFormats, max_bytes: int) -> Answer | None:
        """Return the answer, None for a query that is not known to be cheap; raises as ``Engine.run``."""
        template = self._template(query)
        if template is None or not self._proved.get(template, False):
            return None
        started = time.perf_counter()
        watched = threading.get_ident() == self._loop_thread
        if watched:
            self._running = _Running(template)
        try:
            kind, media_type, body = evaluate(self._store, query, formats, max_bytes=max_bytes)
        finally:
            if watched:
                self._running = None
        return Answer(kind, media_type, body, self.meta, time.perf_counter() - started)

    def learn(self, query: str, answer: Answer) -> None:
        """Prove, if it can be proved, that queries like one that an evaluator has answered are cheap."""
        template = self._template(query)
        if template is None or template in self._proved or len(answer.body) > MOST_BYTES:
            return
        bound = bound_work(template, self._degrees)
        self._proved[template] = (
            bound is not None and bound.is_small and _name(template) not in self._read_strikes()
        )
        while len(self._proved) > _MEMORY:
            self._proved.popitem(last=False)

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _template(self, query: str) -> _Template | None:
        # The pattern fmg:matches is no triple: an evaluator knows what it stands for.
        return None if "matches" in query else template_of(query, self._matter)

    def _read_strikes(self) -> set[str]:
        try:
            return set(self._strikes.read_text("ascii").split())
        except OSError:
            return set()

    def _watch(self) -> None:
        """See to it that no evaluation holds up the event loop."""
        clock = time.pthread_getcpuclockid(self._loop_thread)
        previous: _Running | None = None
        since = used = 0.0
        looks = 0
        while not self._closed.wait(_LOOK_EVERY):
            looks += 1
            if looks % _LOOKS == 0:
                self._strike_off()
            running = self._running
            if running is None or running is not previous:
                previous, since, used = running, time.monotonic(), time.clock_gettime(clock)
                continue
            spent, passed = time.clock_gettime(clock) - used, time.monotonic() - since
            if spent > _MOST_CPU or passed > _MOST_SECONDS:
                self._report_overstay(running.template)

    def _strike_off(self) -> None:
        for name in self._read_strikes():
            for template in [candidate for candidate in self._proved if _name(candidate) == name]:
                self._proved[template] = False

    def _report_overstay(self, template: _Template) -> None:
        _LOG.error("a query that should be cheap is not: %s", " ".join(template))
        self._proved[template] = False
        with self._strikes.open("a", encoding="ascii") as file:
            file.write(_name(template) + "\n")
        self._closed.set()  # one replacement is enough
        if self._on_overstay is not None:
            self._on_overstay()


def _name(template: _Template) -> str:
    return blake2b("\x1f".join(template).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
