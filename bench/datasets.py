"""Made-up catalogues on disk: generated and built once, kept under ``.build/bench``."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.generate import write
from fmgraph.shipped import finish_dataset
from fmgraph.store import read_meta


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
        seconds: dict[str, float] = {}
        raw = place / "raw.nt"
        started = time.perf_counter()
        write(models, raw)
        seconds["generate"] = time.perf_counter() - started
        started = time.perf_counter()
        finish_dataset(raw, place / "dataset", "1.0.0", "2026-01-01")
        seconds["build"] = time.perf_counter() - started
        raw.unlink()
        seconds["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        times.write_text(json.dumps({name: round(value, 1) for name, value in seconds.items()}), "utf-8")
    dataset = place / "dataset"
    meta = read_meta(dataset)
    found: dict[str, Any] = json.loads(times.read_text("utf-8"))
    return Place(place, dataset, dataset / "current" / "graph.nt", meta.triples, meta.storage, found)
