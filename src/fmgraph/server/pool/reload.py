"""The dataset that is served, those before it that still run queries, and the change of one for another."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from fmgraph.errors import UsageError
from fmgraph.rdf.store import Meta
from fmgraph.server.pool.dataset_workers import Evaluator, Generation
from fmgraph.server.pool.messages import Encoded
from fmgraph.settings import Settings

_LOG = logging.getLogger("fmgraph.server.engine")
_RESTART_DELAY = 0.5


class Owner(Protocol):
    """Who has the datasets served, and is told what happens."""

    def on_answer(self, evaluator: Evaluator, frame: Encoded) -> None:
        """Take an answer."""

    def on_end(self, evaluator: Evaluator, status: int) -> None:
        """Settle what an evaluator left that ended without being told to."""

    def on_load(self) -> None:
        """Begin with another dataset."""

    def dispatch(self) -> None:
        """Use evaluators that have become ready."""


class Datasets:
    """Generations of evaluators, one for each dataset."""

    def __init__(self, settings: Settings, meta_path: Path, owner: Owner) -> None:
        self._settings = settings
        self._meta_path = meta_path
        self._owner = owner
        self._old: list[Generation] = []
        self._closing = False
        self._restarting: asyncio.Task[None] | None = None
        self.current: Generation | None = None

    def all(self) -> list[Generation]:
        """Return all generations that have processes, the current one last."""
        return [*self._old, *([self.current] if self.current else [])]

    async def load(self, source: list[str]) -> Meta:
        """Serve another dataset from now on; raises UsageError, and nothing has changed, when it is none.

        Queries that run go on over the old one, which ends with the last of them.
        """
        new = Generation(source, self._settings, self._owner.on_answer, self._on_change, self._owner.on_end)
        try:
            meta = await new.ready()
        except UsageError:
            new.close()
            raise
        old, self.current = self.current, new
        temporary = self._meta_path.with_suffix(".new")
        temporary.write_text(json.dumps({"meta": asdict(meta), "folder": new.folder}), "utf-8")
        temporary.replace(self._meta_path)
        if old is not None:
            old.retiring = True
            self._old.append(old)
            self.settle(old)
        self._owner.on_load()
        return meta

    def settle(self, generation: Generation) -> None:
        """End what a dataset no longer needs, if it is a superseded one."""
        if generation not in self._old:
            return
        for evaluator in generation.idle:
            generation.kill(evaluator)
        if not generation.evaluators and not generation.forking:
            generation.close()
            self._old.remove(generation)

    def close(self) -> None:
        """End all processes."""
        self._closing = True
        for generation in self.all():
            generation.close()

    def _on_change(self, generation: Generation) -> None:
        if generation.retiring:
            self.settle(generation)
        elif generation.closed and generation is self.current and not self._closing:
            if self._restarting is None or self._restarting.done():
                _LOG.error("the process with the dataset ended; it is started again")
                self._restarting = asyncio.create_task(self._restart(generation.source))
        else:
            self._owner.dispatch()

    async def _restart(self, source: list[str]) -> None:
        """Load the dataset again, and again: what is in the way may pass."""
        while not self._closing:
            await asyncio.sleep(_RESTART_DELAY)
            try:
                await self.load(source)
            except (UsageError, OSError) as error:  # OSError: there is no process to be had
                _LOG.error("the process with the dataset could not be started: %s", error)
            else:
                return
