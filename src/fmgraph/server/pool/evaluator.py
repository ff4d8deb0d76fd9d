"""A disposable evaluator: a forked process that answers one query after another until it is killed.

It has no time limit of its own: the broker kills it. Memory is bounded by the kernel (RLIMIT_AS): where
Rust cannot allocate it aborts, and that ends this process and one query only. The answer is made whole before
a byte of it is sent.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyoxigraph import Store

from fmgraph.errors import FmgraphError, LimitError
from fmgraph.rdf.store import Meta
from fmgraph.server.engine.engine_interface import ResultFormats
from fmgraph.server.engine.evaluate import evaluate
from fmgraph.server.pool.confine import confine
from fmgraph.server.pool.large_blocks import return_large_blocks
from fmgraph.server.pool.messages import RETIRE, Frame, Reader, error_frame
from fmgraph.server.pool.parent_death import die_with
from fmgraph.settings import Settings

_MADV_POPULATE_WRITE = 23  # asm-generic/mman-common.h, since Linux 5.14
_MB = 1 << 20
#: Parsers and planners recurse: with this much stack no query within the guard's limits overflows it.
_STACK_MB = 64
#: An evaluator that has grown by more is replaced after its answer, which frees the memory.
_GROWN_MB = 128


def serve(
    connection: socket.socket,
    open_store: Callable[[], Store],
    meta: Meta,
    settings: Settings,
    parent: int,
    *,
    search: Path | None = None,
    folder: str | None = None,
    warm: bool = False,
) -> None:
    """Answer queries that come over ``connection`` until it is closed. Never returns: ends the process.

    ``search`` is the dataset's index of names; ``folder`` is all of the file system that stays readable.

    A ``warm`` one first copies the pages of a dataset in memory, where they are fewer than a query may take,
    and says so when it has. Reading counts references, so each page is copied at its first use in any case,
    which takes the first dear queries several times as long as they would.
    """
    status = 1
    try:
        die_with(parent)
        return_large_blocks()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker to handle
        store = open_store()
        _limit(settings.memory_mb)
        if warm:
            if _peak_mb() < settings.memory_mb:
                _copy_pages()
            Frame(0, {"warm": True}, b"").send(connection)
        confine([] if folder is None else [folder])
        base = _peak_mb()
        reader = Reader(connection)
        meta_head = asdict(meta)
        while True:
            request = reader.receive()
            answer = _answer(store, request, meta_head, settings, search)
            if _peak_mb() - base > _GROWN_MB:
                answer = Frame(answer.flags | RETIRE, answer.head, answer.body)
            answer.send(connection)
            del request, answer
    except (EOFError, OSError):
        status = 0  # the broker has gone or has dropped us
    except BaseException:  # noqa: BLE001 - Rust panics are BaseException; the broker logs what it reads here
        Frame(RETIRE, {"crash": traceback.format_exc(limit=-8)}, b"").send(connection)
    finally:
        os._exit(status)


def _answer(
    store: Store, request: Frame, meta: dict[str, Any], settings: Settings, search: Path | None
) -> Frame:
    head = request.head
    started, used = time.perf_counter(), time.process_time()
    try:
        kind, media_type, body = evaluate(
            store,
            request.body.decode("utf-8", "surrogatepass"),
            ResultFormats(head["solutions"], head["graph"]),
            head["default"],
            head["named"],
            settings.result_mb * 1_000_000,
            search,
        )
    except FmgraphError as error:
        return error_frame(error)
    except MemoryError:
        return error_frame(memory_error(settings), RETIRE)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    return Frame(0, {"kind": kind, "type": media_type, "seconds": seconds, "cpu": used, "meta": meta}, body)


def memory_error(settings: Settings) -> LimitError:
    """Return the error of a query that took more memory than it may."""
    limit = f"{settings.memory_mb} MB"
    return LimitError(f"the query needs more memory than {limit}", limit=f"memory, {limit}")


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = _STACK_MB * _MB if hard == resource.RLIM_INFINITY else min(_STACK_MB * _MB, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = size + memory_mb * _MB + stack
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out all the same, take this one


def _copy_pages() -> None:
    """Make all memory that is shared with the parent our own; where the kernel cannot, nothing changes."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, access, _, _, inode = line.split()[:5]
        if access == "rw-p" and inode == "0":
            begin, end = (int(address, 16) for address in addresses.split("-"))
            madvise(begin, end - begin, _MADV_POPULATE_WRITE)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # in KiB on Linux
