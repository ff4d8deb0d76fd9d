"""Made-up catalogues on disk: generated and built once, kept under ``.build/bench``."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.generate import Catalogue
from fmgraph.publish.make_dataset import finish_dataset
from fmgraph.rdf.store import read_meta
from fmgraph.rdf.terms import line


@dataclass(frozen=True)
class Place:
    """A catalogue that is ready to be served."""

    folder: Path
    dataset: Path  #: for ``fmgraph serve --dataset``
    graph: Path  #: the same triples as N-Triples, for the others
    triples: int
    storage: str
    seconds: dict[str, float]  #: what generating and building took; ``peak_mb`` is memory


def prepare(models: int, folder: Path) -> Place:
    """Return the catalogue of that many models, made if it is not there yet."""
    place = folder / str(models)
    place.mkdir(parents=True, exist_ok=True)
    times = place / "seconds.json"
    if not times.exists():
        seconds = {"generate": 0.0, "build": 0.0}
        started = time.perf_counter()
        made = _timed(map(line, Catalogue(models).triples()), seconds)
        finish_dataset(made, place / "dataset", "1.0.0", "2026-01-01")
        seconds["build"] = time.perf_counter() - started - seconds["generate"]
        seconds["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        times.write_text(json.dumps({name: round(value, 1) for name, value in seconds.items()}), "utf-8")
    dataset = place / "dataset"
    meta = read_meta(dataset)
    found: dict[str, Any] = json.loads(times.read_text("utf-8"))
    return Place(place, dataset, dataset / "current" / "graph.nt", meta.triples, meta.storage, found)


def _timed(lines: Iterable[str], seconds: dict[str, float]) -> Iterator[str]:
    """Yield the lines and add what making them took: the catalogue is built while it is made."""
    remaining = iter(lines)
    while True:
        started = time.perf_counter()
        batch = list(islice(remaining, 10_000))
        seconds["generate"] += time.perf_counter() - started
        if not batch:
            return
        yield from batch
