"""``fmgraph serve``: evaluators in processes of their own, HTTP workers in front of them."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread

import click

from fmgraph.cli.cli_options import PATH
from fmgraph.errors import UsageError
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.publish.release_folders import read_releases_of
from fmgraph.server.engine import Engine
from fmgraph.server.http.listening_address import listening
from fmgraph.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.option("--workers", type=click.IntRange(1), help="HTTP worker processes (default: 2).")
@click.option("--base-url", help="Public URL of the service; links are made under it.")
@click.option("--timeout", "timeout_seconds", type=float, help="Seconds a query may take (default: 10).")
@click.option(
    "--data",
    "files",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="An RDF file to serve instead of the shipped graph (repeatable).",
)
@click.option("--dataset", type=PATH, metavar="DIR", help="A dataset that `fmgraph build` made.")
@click.option(
    "--endpoint", metavar="URL", help="Put pages, guard and cache in front of this SPARQL endpoint."
)
@click.option("--dumps", type=PATH, metavar="DIR", help="A folder that `fmgraph dump` wrote, for /dump/.")
@click.option(
    "--releases", type=PATH, metavar="DIR", help="A folder that `fmgraph release` wrote, for /release/."
)
def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    base_url: str | None,
    timeout_seconds: float | None,
    files: tuple[Path, ...],
    dataset: Path | None,
    endpoint: str | None,
    dumps: Path | None,
    releases: Path | None,
) -> None:
    """Serve the graph: SPARQL at /sparql, pages for people, dumps.

    All settings can be given as FMGRAPH_* variables (docs/settings.md). SIGHUP loads the dataset anew,
    SIGTERM stops when the requests under way are answered.
    """
    settings = Settings.from_env(
        host=host,
        port=port,
        workers=workers,
        base_url=base_url,
        timeout_seconds=timeout_seconds,
        releases=releases and str(releases),
    )
    if settings.releases:
        read_releases_of(Path(settings.releases))  # what is wrong with them is said now
    if sum(map(bool, (files, dataset, endpoint))) > 1:
        raise UsageError("--data, --dataset and --endpoint exclude each other")
    lacking = [] if endpoint else missing_features()
    settings = listening(settings)
    source = None if endpoint else [*files] or [dataset or shipped_dataset()]
    if endpoint:
        _serve_endpoint(endpoint, settings, dumps)
    elif lacking and source:
        click.echo(
            f"fmgraph: this system has no {', '.join(lacking)}: queries are evaluated in the server's own "
            "process, without limits of time and memory: for use on this machine alone",
            err=True,
        )
        _serve_in_process(source, settings, dumps)
    elif source:
        _serve_pool(source, settings, dumps)


def missing_features() -> list[str]:
    """Return the names of the features that the evaluators' processes need and this system lacks."""
    features = {
        "fork": hasattr(os, "fork"),
        "SOCK_SEQPACKET": hasattr(socket, "SOCK_SEQPACKET") and hasattr(socket, "AF_UNIX"),
        "/proc": Path("/proc/self/statm").is_file(),
    }
    return [name for name, there in features.items() if not there]


def _announce(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    click.echo(f"fmgraph: http://{host}:{settings.port}/ (SPARQL at /sparql; ends with Ctrl+C)")


def _serve_pool(source: list[Path], settings: Settings, dumps: Path | None) -> None:
    from fmgraph.server.pool.broker_process import BrokerProcess

    # Importing the pages takes as long as loading the graph: both at once.
    importing = Thread(target=import_module, args=("fmgraph.site",))
    importing.start()
    with BrokerProcess(source, settings) as broker:
        importing.join()
        from fmgraph.server.http.run_server import serve_broker
        from fmgraph.site import create_app

        _announce(settings)
        serve_broker(create_app, broker, source, settings, dumps=dumps)


def _serve_in_process(source: list[Path], settings: Settings, dumps: Path | None) -> None:
    from fmgraph.server.http.run_server import run, search_index
    from fmgraph.site import create_app

    _announce(settings)
    engine = partial(_engine_here, source, settings)
    run(create_app, engine, replace(settings, workers=1), dumps=dumps, search=search_index(source))


def _engine_here(source: list[Path], settings: Settings) -> Engine:
    """Return the engine of a worker process that evaluates by itself."""
    from fmgraph.rdf.store import dataset_of_files, open_dataset
    from fmgraph.server.engine import InProcessEngine

    folder = len(source) == 1 and source[0].is_dir()
    opened = open_dataset(source[0]) if folder else dataset_of_files(source, settings.entity_base)
    return InProcessEngine(opened, settings)


def _serve_endpoint(endpoint: str, settings: Settings, dumps: Path | None) -> None:
    from fmgraph.server.engine.remote_endpoint import RemoteEngine  # its HTTP client takes a while to load
    from fmgraph.server.http.run_server import run
    from fmgraph.site import create_app

    RemoteEngine(endpoint, settings).close()  # what is wrong with the address is said now
    _announce(settings)
    run(create_app, partial(RemoteEngine, endpoint, settings), settings, dumps=dumps)


COMMANDS = (serve,)
