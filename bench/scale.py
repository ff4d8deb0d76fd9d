"""Times that are not those of a query: build, start, check, the replacement of an evaluator; and size."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, Store

from bench import datasets
from bench.measure import Connection
from bench.mix import MIX, RESULTS, Request, requests
from bench.servers import Server, fmgraph
from fmgraph import resources
from fmgraph.check import compiled_shapes
from fmgraph.check.shape_files import load_shapes
from fmgraph.rdf.store import locate_dataset, open_dataset
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.settings import Settings

#: Bytes of free disk that a model takes while its catalogue is built.
_BYTES_PER_MODEL = 55_000
_STARTS, _REPLACED = 5, 7


def shipped(folder: Path) -> dict[str, Any]:
    """Return what building and starting with the shipped graph takes, in seconds, and its size."""
    place = folder / "shipped"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command = [sys.executable, "-m", "fmgraph", "build", "--output", str(place / "dataset")]
    builds = [_timed(command) for _ in range(3)]
    starts = []
    for _ in range(_STARTS):
        with fmgraph(place / "dataset", place) as server:
            starts.append(server.start_seconds)
            memory = server.memory()
    return {
        "triples": open_dataset(place / "dataset").meta.triples,
        "build_seconds": round(statistics.median(builds), 2),
        "start_seconds": round(statistics.median(starts), 3),
        "memory_mb": round(memory / 1e6),
        "replace_ms": replacement(place / "dataset"),
        "load": round(os.getloadavg()[0], 1),
    }


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return time.perf_counter() - started


def replacement(dataset: Path) -> dict[str, float]:
    """Return the milliseconds until a query is answered after all evaluators were killed at once."""
    found = []
    with BrokerProcess([dataset], Settings()) as broker, broker.engine() as engine:
        engine.run("ASK {}")
        for _ in range(_REPLACED):
            pids = [int(pid) for pid in engine.stats()["evaluators"]]
            started = time.perf_counter()
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            engine.run(f"ASK {{}} # {started}")
            found.append((time.perf_counter() - started) * 1e3)
            time.sleep(0.2)
    return {"median": round(statistics.median(found), 1), "worst": round(max(found), 1)}


def scale(models: int, folder: Path, *, check: bool) -> dict[str, Any]:
    """Return what generating, building, checking and serving so many models takes."""
    free = shutil.disk_usage(folder).free
    needed = models * _BYTES_PER_MODEL
    if not (folder / str(models) / "seconds.json").exists() and free < needed:
        raise SystemExit(
            f"{models:,} models need {needed / 1e9:.0f} GB of disk; {free / 1e9:.0f} GB are free"
        )
    place = datasets.prepare(models, folder)
    result: dict[str, Any] = {
        "models": models,
        "triples": place.triples,
        "storage": place.storage,
        "seconds": place.seconds,
        "disk_gb": round(sum(f.stat().st_size for f in place.dataset.rglob("*") if f.is_file()) / 1e9, 2),
    }
    with fmgraph(place.dataset, place.folder) as server:
        result["start_seconds"] = round(server.start_seconds, 2)
        result["queries_ms"] = _once(server, models)
        result["serve_mb"] = round(server.memory() / 1e6)
    if check:
        result["check"] = _check(place.dataset)
    result["load"] = round(os.getloadavg()[0], 1)
    return result


def _once(server: Server, models: int) -> dict[str, float | str]:
    """Return the median of three cold requests for each query, in milliseconds, or the status."""
    connection = Connection(server.url, timeout=60)
    found: dict[str, float | str] = {}
    for query in MIX:
        for prepared in (False, True) if query.prepared else (False,):
            wanted = requests(query, models, 5, prepared=prepared)
            replies = [connection.get(request) for request, _ in zip(wanted, range(3), strict=False)]
            bad = [reply.status for reply in replies if reply.status != 200]
            name = query.name + (" (prepared)" if prepared else "")
            middle = statistics.median(reply.seconds for reply in replies)
            found[name] = f"status {bad[0]}" if bad else round(middle * 1e3, 2)
    connection.get(Request("ASK {}", RESULTS))
    connection.close()
    return found


def _check(dataset: Path) -> dict[str, float]:
    """Return the seconds of the compiled shapes over the whole graph, and what they find.

    From memory, as ``fmgraph check`` does it: over a store on disk every join is a look into it.
    """
    started = time.perf_counter()
    store = Store()
    store.bulk_load(path=locate_dataset(dataset) / "graph.nt", format=RdfFormat.N_TRIPLES)
    loaded = time.perf_counter() - started
    shapes = load_shapes(resources.shapes_dir(), resources.ontology_dir() / "fmgraph.ttl")
    started = time.perf_counter()
    found = compiled_shapes.violations(store, shapes)
    whole = time.perf_counter() - started
    made_up = sum(re.search(r"/(m|set)-\d", violation.focus) is not None for violation in found)
    return {
        "load_seconds": round(loaded, 1),
        "compiled_seconds": round(whole, 1),
        "violations": len(found),
        "made_up_violations": made_up,
    }
