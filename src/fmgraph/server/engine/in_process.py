"""The engine of tests and of the command line: evaluates in the calling process, without limits of time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from fmgraph.rdf.store import Dataset, Meta
from fmgraph.server.engine.engine_interface import JSON_AND_TURTLE, Answer, Engine, ResultFormats
from fmgraph.server.engine.evaluate import evaluate
from fmgraph.server.guard import inspect
from fmgraph.settings import Settings


class InProcessEngine(Engine):
    """Evaluates over an opened dataset. Nothing ends a long query: never put it before strangers."""

    def __init__(self, dataset: Dataset, settings: Settings | None = None) -> None:
        """Take a dataset (``open_dataset``, ``dataset_of_files``); it stays the caller's."""
        self._dataset = dataset
        self._settings = settings or Settings()

    @property
    def meta(self) -> Meta:
        """The dataset's meta data."""
        return self._dataset.meta

    def run(
        self,
        query: str,
        *,
        formats: ResultFormats = JSON_AND_TURTLE,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        client: str = "",  # noqa: ARG002 - one caller, no shares
        trusted: bool = False,
    ) -> Answer:
        """See :meth:`fmgraph.server.engine.Engine.run`; ``client`` has no effect."""
        kind = inspect(query, self._settings, trusted=trusted).kind
        if kind is not None:
            formats.choose(kind)  # before the work, not after it
        started = time.perf_counter()
        result_kind, media_type, body = evaluate(
            self._dataset.store,
            query,
            formats,
            default_graphs,
            named_graphs,
            self._settings.result_mb * 1_000_000,
            self._dataset.search,
        )
        return Answer(result_kind, media_type, body, self._dataset.meta, time.perf_counter() - started)

    @property
    def search_index(self) -> Path | None:
        """See :attr:`fmgraph.server.engine.Engine.search_index`."""
        return self._dataset.search

    def close(self) -> None:
        """Do nothing: the dataset is the caller's."""
