"""The comparison: the mix against every server that is there, cold and warm, in interleaved rounds.

One server after another answers the same requests, query by query and round by round, so that what else the
machine does falls on all alike. A number is the median of the rounds.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from bench import datasets, others, servers
from bench.measure import ClientError, Connection, Reply, canonical, latencies, rate, summary
from bench.mix import MIX, Query, Request, requests

#: Seconds of cold requests to one server for one query in one round, and how many there may be.
COLD_SECONDS, COLD_MOST = 0.4, 100
WARM_REQUESTS, RATE_SECONDS, CLIENTS = 200, 2, 16
#: A server that takes longer than this for one request is asked that query no more.
GIVE_UP = 5.0
#: Milliseconds of a repeated request from which on its rate is reckoned instead of measured: in two seconds
#: there would be too few. All servers here use one core for a query, so it is cores / duration, at best.
SLOW = 60.0
PREPARED = " (prepared)"


@dataclass
class Cell:
    """What one server did with one query: milliseconds and requests per second, one number a round."""

    cold_p50: list[float] = field(default_factory=list)
    cold_p99: list[float] = field(default_factory=list)
    warm_p50: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    requests: int = 0
    note: str = ""  #: why there are no numbers

    def medians(self) -> dict[str, Any]:
        """Return the medians over the rounds, and the note where there is one."""
        found: dict[str, Any] = {
            name: round(statistics.median(values), 3)
            for name in ("cold_p50", "cold_p99", "warm_p50", "rate")
            if (values := getattr(self, name))
        }
        return {**found, "requests": self.requests, **({"note": self.note} if self.note else {})}


@dataclass(frozen=True)
class Way:
    """A query as a server is asked it: as it is, or (of fmgraph only) the prepared way."""

    query: Query
    prepared: bool

    @property
    def name(self) -> str:
        """Return the name of the row in the tables."""
        return self.query.name + (PREPARED if self.prepared else "")


def run(models: int, rounds: int, names: Sequence[str], folder: Path) -> dict[str, Any]:
    """Return the results of the whole comparison, ready for JSON."""
    place = datasets.prepare(models, folder)
    ways = [
        Way(query, prepared) for query in MIX for prepared in (False, True) if query.prepared or not prepared
    ]
    with ExitStack() as stack:
        running = [stack.enter_context(servers.fmgraph(place.dataset, folder))]
        absent = {}
        for name in names:
            try:
                running.append(stack.enter_context(others.OTHERS[name](place.graph, place.folder)))
            except servers.MissingError as error:
                absent[name] = str(error)
        print("running", ", ".join(server.name for server in running), flush=True)
        equality = {query.name: compare(query, running, models) for query in MIX}
        cells: dict[tuple[str, str], Cell] = {}
        started = time.perf_counter()
        load = [os.getloadavg()[0]]
        for number in range(rounds):
            for way in ways:
                for server in running:
                    if way.prepared and server is not running[0]:
                        continue
                    cell = cells.setdefault((way.name, server.name), Cell())
                    with servers.alone(server, running):
                        measure(cell, way, server, models, number, folder)
            load.append(os.getloadavg()[0])
            print(f"round {number + 1} of {rounds}", flush=True)
        return {
            "models": models,
            "triples": place.triples,
            "storage": place.storage,
            "rounds": rounds,
            "seconds": round(time.perf_counter() - started),
            "machine": machine(),
            "load": [round(value, 1) for value in load],
            "build_seconds": place.seconds,
            "absent": absent,
            "servers": {
                server.name: {
                    "load_seconds": round(server.load_seconds, 1),
                    "start_seconds": round(server.start_seconds, 2),
                    "memory_mb": round(server.memory() / 1e6),
                }
                for server in running
            },
            "equal": equality,
            "cells": {
                way.name: {
                    server.name: cells[way.name, server.name].medians()
                    for server in running
                    if (way.name, server.name) in cells
                }
                for way in ways
            },
        }


def measure(cell: Cell, way: Way, server: servers.Server, models: int, number: int, folder: Path) -> None:
    """Add one round's numbers to a cell; a server that fails or is too slow gets a note instead."""
    if cell.note:
        return
    wanted = requests(way.query, models, number + 1, prepared=way.prepared)
    connection = Connection(server.url, timeout=GIVE_UP)
    try:
        seconds, failed = latencies(connection, wanted, COLD_SECONDS, most=COLD_MOST)
        if failed:
            cell.note = f"{failed} of {failed + len(seconds)} requests failed"
            return
        cell.requests += len(seconds)
        cold = summary(seconds)
        cell.cold_p50.append(cold.p50)
        cell.cold_p99.append(cold.p99)
        repeated = next(wanted)
        connection.get(repeated)
        connection.get(repeated)
        warm = summary(latencies(connection, [repeated] * WARM_REQUESTS, COLD_SECONDS)[0])
        cell.warm_p50.append(warm.p50)
        cell.rate.append(_rate(server, repeated, warm.p50, folder))
    except ClientError as error:
        cell.note = (
            f"over {GIVE_UP:g} s" if "imeout" in str(error) or "timed out" in str(error) else str(error)
        )
        connection.close()
        server.settle()
    finally:
        connection.close()


def _rate(server: servers.Server, request: Request, p50: float, folder: Path) -> float:
    """Return requests per second; where a request takes long, that follows from it and the cores."""
    if p50 > SLOW:
        return (os.cpu_count() or 1) * 1e3 / p50
    return rate(server.url, request, RATE_SECONDS, CLIENTS, folder)


def compare(query: Query, running: Sequence[servers.Server], models: int) -> dict[str, str]:
    """Return for each server whether it answers as fmgraph does: "equal", or what differs.

    DESCRIBE is for each server to define (SPARQL 1.1 Query, section 16.4), so only its own triples count.
    """
    found: dict[str, str] = {}
    wanted = list(islice(requests(query, models, 0), 3))
    reference: list[list[str]] = []
    for server in running:
        connection = Connection(server.url, timeout=2 * GIVE_UP)
        try:
            with servers.alone(server, running):
                replies = [connection.get(request) for request in wanted]
        except ClientError as error:
            found[server.name] = f"no answer: {error}"
            connection.close()
            server.settle()
            continue
        finally:
            connection.close()
        statuses = {reply.status for reply in replies} - {200}
        if statuses:
            found[server.name] = f"status {min(statuses)}"
            continue
        answers = [_answer(query, reply) for reply in replies]
        if not reference:
            reference = answers
            found[server.name] = f"{sum(map(len, answers))} rows"
        else:
            found[server.name] = "equal" if answers == reference else _difference(reference, answers)
    return found


def _answer(query: Query, reply: Reply) -> list[str]:
    rows = canonical(reply, graph=query.graph)
    return [""] * len(rows) if query.compare == "count" else rows


def _difference(reference: list[list[str]], answers: list[list[str]]) -> str:
    more = sum(len(set(theirs) - set(ours)) for ours, theirs in zip(reference, answers, strict=True))
    less = sum(len(set(ours) - set(theirs)) for ours, theirs in zip(reference, answers, strict=True))
    return f"{more} rows more, {less} fewer"


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on."""
    text = Path("/proc/cpuinfo").read_text()
    models = {line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "processor": ", ".join(sorted(models)),
        "memory_gb": round(memory / 2**30),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def save(results: Any, path: Path) -> None:
    """Write results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, default=asdict) + "\n", "utf-8")
