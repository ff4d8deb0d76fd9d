"""Lookups beside attackers: how long they take, and whether the service stays whole.

Fifty clients, each at a loopback address of its own, send harmful queries one after another; one more looks
up models. Afterwards nothing may have been cut off, no process of the service may be gone, and the memory
must be free again.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Thread
from typing import Any

from bench.attacks import attacks
from bench.measure import ClientError, Connection, latencies, summary
from bench.mix import MIX, requests
from bench.servers import Server

ATTACKERS = 50
#: Seconds between two lookups, so that the probe is no load itself.
_PAUSE = 0.02
#: Seconds of rest after which memory must be free again.
_REST = 15.0
#: A request of an attacker that takes longer has no answer. Above all limits of the service together.
_PATIENCE = 60.0


def abuse(start: AbstractContextManager[Server], models: int, seconds: float) -> dict[str, Any]:
    """Return what lookups took before and beside the attackers, and what the attackers got."""
    with start as server:
        before = _probe(server, models, min(seconds, 10.0), 1)
        memory = server.memory()
        processes = _lasting(server)
        receiver, sender = multiprocessing.Pipe(duplex=False)
        attack = multiprocessing.get_context("spawn").Process(
            target=_attack, args=(server.url, seconds, sender), daemon=True
        )
        peak = _Peak(server)
        attack.start()
        time.sleep(2.0)  # until all of them are at it
        beside = _probe(server, models, seconds - 2.0, 2)
        got = (
            receiver.recv()
            if receiver.poll(_PATIENCE + 30)
            else {"replies": {}, "failures": {"no report": 1}}
        )
        attack.join(10)
        most = peak.stop()
        time.sleep(_REST)
        after = _probe(server, models, min(seconds, 10.0), 3)
        return {
            "server": server.name,
            "attackers": ATTACKERS,
            "seconds": seconds,
            "load": round(os.getloadavg()[0], 1),
            "before": before,
            "beside": beside,
            "after": after,
            **got,
            "processes_lost": sorted(processes - _lasting(server)),
            "memory_mb": {
                "before": round(memory / 1e6),
                "peak": round(most / 1e6),
                "after": round(server.memory() / 1e6),
            },
        }


def _lasting(server: Server) -> set[str]:
    """Return the processes that must last, as pid and command: all but evaluators, which are disposable."""
    found = set()
    for pid in server.pids():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            parents = Path(f"/proc/{int(stat.rpartition(')')[2].split()[1])}/cmdline").read_bytes()
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        # An evaluator is a fork of the zygote: same command, and that is the zygote's.
        if not (b"zygote" in command and b"zygote" in parents):
            found.add(f"{pid} {command.replace(bytes(1), b' ').decode()[:60]}")
    return found


class _Peak(Thread):
    """Samples the memory of a server's processes until stopped."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server, self._most, self._go = server, 0, True
        self.start()

    def run(self) -> None:
        """Sample."""
        while self._go:
            self._most = max(self._most, self._server.memory())
            time.sleep(1.0)

    def stop(self) -> int:
        """End; return the most bytes seen."""
        self._go = False
        self.join(30)
        return self._most


def _probe(server: Server, models: int, seconds: float, seed: int) -> dict[str, Any]:
    """Return the latencies of star lookups, no two alike, and how many were not answered."""
    connection = Connection(server.url, timeout=_PATIENCE)
    wanted = requests(MIX[0], models, seed)
    found: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            taken, failed = latencies(connection, wanted, 0, least=1, most=1)
        except ClientError:
            taken, failed = [], 1
        found += taken
        failures += failed
        time.sleep(_PAUSE)
    connection.close()
    if not found:
        return {"count": 0, "failures": failures}
    result = summary(found)
    return {
        "count": result.count,
        "failures": failures,
        "p50": round(result.p50, 2),
        "p99": round(result.p99, 2),
        "max": round(max(found) * 1e3, 2),
    }


def _attack(url: str, seconds: float, report: Pipe) -> None:
    """Run all attackers in this process and send what they got."""
    replies: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    end = time.perf_counter() + seconds

    def loop(place: int) -> None:
        connection = Connection(url, timeout=_PATIENCE, source=f"127.0.1.{place + 1}")
        for name, request in attacks(place):
            if time.perf_counter() > end:
                break
            try:
                reply = connection.get(request)
            except ClientError as error:
                failures[f"{name}: {error}"] += 1
                continue
            replies[f"{reply.status}"] += 1
            if reply.status == 200 and reply.body[-1:] not in b"}\n":
                failures[f"{name}: cut"] += 1
            elif reply.status >= 500 and reply.status != 503:
                failures[f"{name}: {reply.status}"] += 1
        connection.close()

    threads = [Thread(target=loop, args=(place,), daemon=True) for place in range(ATTACKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.1, end + _PATIENCE + 5 - time.perf_counter()))
    report.send({"replies": dict(sorted(replies.items())), "failures": dict(failures.most_common(10))})
