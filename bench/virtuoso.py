"""Virtuoso 7 as a server to compare with, from Debian's package."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import ClientError, Connection
from bench.mix import RESULTS, Request
from bench.servers import Server, find, free_port, running

#: Memory of Virtuoso's buffers in pages of 8 KiB (2 GB), and the part of them that may be dirty.
_BUFFERS, _DIRTY = 170_000, 130_000
_VIRTUOSO = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{isql}
DirsAllowed = {folder}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 100000
DefaultGraph = http://localhost/g
"""


@contextmanager
def virtuoso(graph: Path, scratch: Path) -> Iterator[Server]:
    """Serve with Debian's Virtuoso 7, loaded by its bulk loader; queries go to one graph by default."""
    program, isql = find("virtuoso-t"), find("isql-vt")
    folder = (scratch / "virtuoso").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ports = {"isql": free_port(), "http": free_port()}
    config = _VIRTUOSO.format(folder=folder, buffers=_BUFFERS, dirty=_DIRTY, **ports)
    (folder / "virtuoso.ini").write_text(config, "utf-8")
    (folder / "graph.nt").hardlink_to(graph.resolve())  # a link to elsewhere would not be read
    command = [program, "+foreground", "+configfile", "virtuoso.ini"]
    url = f"http://127.0.0.1:{ports['http']}/sparql"
    log = scratch / "virtuoso.log"
    with running("Virtuoso", command, url, log, cwd=folder, seconds=180) as server:
        started = time.perf_counter()
        statements = (
            f"ld_dir('{folder}', 'graph.nt', 'http://localhost/g'); rdf_loader_run(); checkpoint; "
            "select ll_error from DB.DBA.load_list where ll_error is not null;"
        )
        address = f"127.0.0.1:{ports['isql']}"
        done = subprocess.run(
            [isql, address, "dba", "dba", f"EXEC={statements}"],
            capture_output=True, text=True, check=True, timeout=3600,
        )  # fmt: skip
        # A file that it may not read is no error to the loader: so see whether there is anything.
        anything = Connection(url).get(Request("ASK { ?s ?p ?o }", RESULTS)).body
        if "0 Rows" not in done.stdout or b"true" not in anything:
            raise ClientError(f"Virtuoso did not load the graph: {done.stdout[-500:]}")
        server.load_seconds = time.perf_counter() - started
        yield server
