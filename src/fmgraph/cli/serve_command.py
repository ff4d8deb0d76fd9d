"""``fmgraph serve``: evaluators in processes of their own, HTTP workers in front of them."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread

import click

from fmgraph.cli.cli_options import PATH
from fmgraph.errors import UsageError
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.server.pool.broker_process import BrokerProcess
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
) -> None:
    """Serve the graph: SPARQL at /sparql, pages for people, dumps.

    All settings can be given as FMGRAPH_* variables (docs/settings.md). SIGHUP loads the dataset anew,
    SIGTERM stops when the requests under way are answered.
    """
    settings = Settings.from_env(
        host=host, port=port, workers=workers, base_url=base_url, timeout_seconds=timeout_seconds
    )
    if sum(map(bool, (files, dataset, endpoint))) > 1:
        raise UsageError("--data, --dataset and --endpoint exclude each other")
    # Importing the web server takes as long as loading the graph: both at once.
    importing = Thread(target=import_module, args=("fmgraph.site",))
    importing.start()
    source = None if endpoint else [*files] or [dataset or shipped_dataset()]
    with BrokerProcess(source, settings) if source else nullcontext() as broker:
        importing.join()
        _serve(broker, source or [], endpoint or "", settings, dumps)


def _serve(
    broker: BrokerProcess | None, source: list[Path], endpoint: str, settings: Settings, dumps: Path | None
) -> None:
    from fmgraph.server.http.run_server import check_address, run, serve_broker
    from fmgraph.site import create_app

    check_address(settings.host, settings.port)
    click.echo(f"fmgraph: http://{settings.host}:{settings.port}/ (SPARQL at /sparql; ends with Ctrl+C)")
    if broker:
        serve_broker(create_app, broker, source, settings, dumps=dumps)
    else:
        from fmgraph.server.engine.remote_endpoint import (
            RemoteEngine,  # its HTTP client takes a while to load
        )

        run(create_app, partial(RemoteEngine, endpoint, settings), settings, dumps=dumps)


COMMANDS = (serve,)
