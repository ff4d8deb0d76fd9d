"""``fmgraph mcp``: the graph's tools for language-model agents."""

from __future__ import annotations

from pathlib import Path

import click

from fmgraph.cli.cli_options import engine_of, graph_options
from fmgraph.errors import UsageError
from fmgraph.server.engine import Engine


@click.command()
@click.option("--http", is_flag=True, help="Serve over HTTP (at /mcp) instead of standard input and output.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --http.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8001, show_default=True, help="Port, with --http."
)
@click.option("--endpoint", metavar="URL", help="Ask this fmgraph endpoint instead of a graph of its own.")
@graph_options
def mcp(
    http: bool, host: str, port: int, endpoint: str | None, files: tuple[Path, ...], dataset: Path | None
) -> None:
    """Offer the graph's tools to agents, by the Model Context Protocol.

    Needs the extra: pip install 'fmgraph[mcp]'.
    """
    try:
        from fmgraph.agents import mcp_server  # the SDK is an extra, and slow to import
    except ImportError as error:
        raise UsageError(f"this needs the extra: pip install 'fmgraph[mcp]' ({error})") from None
    if endpoint and (files or dataset):
        raise UsageError("--endpoint excludes --data and --dataset")

    def run(engine: Engine) -> None:
        server = mcp_server.make_server(engine)
        if http:
            click.echo(f"fmgraph: MCP at http://{host}:{port}/mcp (ends with Ctrl+C)", err=True)
            server.run("streamable-http", host=host, port=port, stateless_http=True, json_response=True)
        else:
            server.run("stdio")

    if endpoint:
        from fmgraph.server.engine.remote_endpoint import RemoteEngine

        with RemoteEngine(endpoint) as engine:
            run(engine)
    else:
        with engine_of(files, dataset) as own:
            run(own)


COMMANDS = (mcp,)
