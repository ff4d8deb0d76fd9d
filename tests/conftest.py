"""Shared fixtures: the sample graph, an engine over it, a Flask client, and a real server over HTTP.

``sample.ttl`` has the shape of docs/internals.md and is small enough to be read; tests that need real data
build it themselves. Everything of session scope is read-only: make your own to change it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Store

from chromium import CHROMIUM, DRIVER, Browser, chromium
from fmgraph.rdf.store import Dataset, dataset_of_files, open_dataset, write_dataset
from fmgraph.server.engine import Engine, InProcessEngine
from fmgraph.settings import Settings

#: The package's folder, for processes that tests start.
SOURCE = Path(__file__).parent.parent / "src"
#: The sample graph as a file.
SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The sample graph in memory, as ``fmgraph serve --data`` opens it."""
    return dataset_of_files([SAMPLE])


@pytest.fixture(scope="session")
def dataset_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample graph as ``fmgraph build`` writes it: a folder with ``current``."""
    folder = tmp_path_factory.mktemp("dataset")
    store = Store()
    store.bulk_load(path=SAMPLE)
    write_dataset(store, folder, "1.0.0", modified="2026-01-02")
    return folder


@pytest.fixture(scope="session")
def engine(dataset: Dataset) -> Iterator[Engine]:
    """An engine over the sample graph that evaluates in this process."""
    with InProcessEngine(dataset) as made:
        yield made


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings with a public URL, as a deployment has them."""
    return Settings(base_url="https://fm.example.org/")


@pytest.fixture
def app(engine: Engine, settings: Settings) -> Flask:
    """The application over the sample graph, with a response cache of its own."""
    from fmgraph.site import create_app

    return create_app(engine, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of :func:`app`."""
    return app.test_client()


@dataclass
class Running:
    """A server process and where it listens; ``log`` is its output."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, timeout: float = 10) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def stop(self) -> int:
        """Stop it gracefully and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(log: Path, arguments: list[str], port: int, **environ: str) -> Running:
    """Start ``python arguments…`` and return when it answers on ``port``; fails with its output."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environ},
        )
    running = Running(process, port, log)
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), running.connect(1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            if b" 200 " in connection.recv(100):
                return running
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"the server did not start: {log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Running]:
    """A function that starts a script of this folder: ``start(script, *arguments)``; the port comes first."""

    def started(script: Path, *arguments: str, **environ: str) -> Running:
        port, log = free_port(), tmp_path_factory.mktemp("started") / "log"
        return start_server(log, [str(script), str(port), *arguments], port, **environ)

    return started


@pytest.fixture(scope="module")
def start_fmgraph(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Running]:
    """A function that starts ``fmgraph serve`` with further arguments and variables of the environment."""

    def started(*arguments: str, **environ: str) -> Running:
        port, log = free_port(), tmp_path_factory.mktemp("started") / "log"
        return start_server(log, ["-m", "fmgraph", "serve", "--port", str(port), *arguments], port, **environ)

    return started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real server over the sample graph: two workers, four threads for queries in each, four may wait."""
    port, folder = free_port(), tmp_path_factory.mktemp("server")
    dumps = folder / "dumps"
    dumps.mkdir()
    (dumps / "fmgraph.nt").write_bytes(b"<a:a> <a:b> <a:c> .\n" * 100_000)
    script = str(Path(__file__).parent / "serve.py")
    running = start_server(folder / "log", [script, str(port), str(SAMPLE)], port, DUMPS=str(dumps))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test material beside the checkout; the test is skipped where there is none."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("FMGRAPH_SHARED", default))
    if not folder.is_dir():
        pytest.skip("no shared test material (FMGRAPH_SHARED)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own, so that nothing of the user's is used or changed."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session")
def shipped_dir(cache: Path) -> Path:
    """The shipped graph, built once, as the command line finds it in its cache."""
    from fmgraph.publish.make_dataset import shipped_dataset

    return shipped_dataset()


@pytest.fixture(scope="session")
def shipped(shipped_dir: Path) -> Iterator[Engine]:
    """An engine over the shipped graph."""
    with InProcessEngine(open_dataset(shipped_dir)) as made:
        yield made


@pytest.fixture(scope="session")
def shipped_server(shipped_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``fmgraph serve`` over the shipped graph, as a user starts it."""
    port = free_port()
    log = tmp_path_factory.mktemp("shipped") / "log"
    running = start_server(log, ["-m", "fmgraph", "serve", "--port", str(port)], port)
    yield f"http://127.0.0.1:{port}"
    assert running.stop() == 0, running.log.read_text("utf-8")


@pytest.fixture(scope="session")
def site(shipped_server: str) -> str:
    """The address that browser tests look at; a module may have one of its own."""
    return shipped_server


@pytest.fixture(scope="session")
def chromium_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The one Chromium of the session; where ``.ci/run`` promises it (``AXE``), its absence is a failure."""
    if not (DRIVER and CHROMIUM):
        (pytest.fail if "AXE" in os.environ else pytest.skip)("needs chromium and chromedriver")
    with chromium(tmp_path_factory.mktemp("profile")) as session:
        yield session


@pytest.fixture
def browser(chromium_session: Browser) -> Browser:
    """Chromium as a user opens it: 1280 pixels wide, light, with scripts, nothing stored or logged."""
    chromium_session.reset()
    return chromium_session
