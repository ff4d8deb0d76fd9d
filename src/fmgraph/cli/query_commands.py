"""Commands that ask the graph: query, queries, lineage, list."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fmgraph.answers.lineage import lineage
from fmgraph.answers.lineage_formats import FORMATS as LINEAGE_FORMATS
from fmgraph.answers.named_queries import get_query, load_queries
from fmgraph.cli.cli_options import PATH, engine_of, graph_options, write
from fmgraph.cli.text_table import table
from fmgraph.errors import UsageError
from fmgraph.rdf.prefixes import PREFIXES
from fmgraph.server.engine import ResultFormats

_SOLUTIONS = {
    "table": "application/sparql-results+json",
    "json": "application/sparql-results+json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "xml": "application/sparql-results+xml",
}


def _with_prefixes(query: str) -> str:
    """Return the query with the usual prefixes that it uses and does not declare."""
    declared = query.lower()
    missing = [
        f"PREFIX {prefix}: <{iri}>"
        for prefix, iri in PREFIXES.items()
        if f"{prefix}:" in query and f"prefix {prefix}:" not in declared
    ]
    return "\n".join([*missing, query]) if missing else query


@click.command()
@click.argument("query", required=False)
@click.option("--file", "file", type=PATH, help="Read the query from a file; - is standard input.")
@click.option("--name", help="Run a named query (see `fmgraph queries`).")
@click.option(
    "--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A named query's parameter."
)
@click.option("--format", "form", type=click.Choice([*_SOLUTIONS]), default="table", show_default=True)
@graph_options
def query(
    query: str | None,
    file: Path | None,
    name: str | None,
    parameters: tuple[str, ...],
    form: str,
    files: tuple[Path, ...],
    dataset: Path | None,
) -> None:
    """Run a SPARQL query; the usual prefixes (fmg:, schema:, rdfs: …) need no declaration.

    CONSTRUCT and DESCRIBE print Turtle.
    """
    if sum(source is not None for source in (query, file, name)) != 1:
        raise UsageError("give one query: as an argument, with --file, or with --name")
    if parameters and not name:
        raise UsageError("--param goes with --name")
    with engine_of(files, dataset) as engine:
        if name:
            text = get_query(name).bind(_arguments(parameters), engine)
        elif file:
            text = _read(file)
        else:
            text = query or ""
        formats = ResultFormats(solutions=_SOLUTIONS[form], graph="text/turtle")
        answer = engine.run(_with_prefixes(text), formats=formats, trusted=True)
        write(table(answer.body) if form == "table" and answer.kind == "select" else answer.body)
        if not answer.body.endswith(b"\n") and form != "table":
            click.echo()


def _read(file: Path) -> str:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        return text.removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None


def _arguments(parameters: tuple[str, ...]) -> dict[str, str]:
    arguments = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals:
            raise UsageError(f"--param takes NAME=VALUE, not {parameter!r}")
        arguments[name] = value
    return arguments


@click.command()
@click.argument("name", required=False)
def queries(name: str | None) -> None:
    """List the named queries, or print one."""
    if name:
        write(get_query(name).text)
        return
    for one in load_queries().values():
        parameters = "".join(f" {parameter.name}=…" for parameter in one.parameters)
        click.echo(f"{one.name}{parameters}\n    {one.title}")


@click.command(name="lineage")
@click.argument("name")
@click.option("--ancestors", is_flag=True, help="What it is built on, not what is built on it.")
@click.option("--depth", type=click.IntRange(min=1), help="At most this many steps.")
@click.option("--format", "form", type=click.Choice([*LINEAGE_FORMATS]), default="text", show_default=True)
@graph_options
def lineage_command(
    name: str, ancestors: bool, depth: int | None, form: str, files: tuple[Path, ...], dataset: Path | None
) -> None:
    """Show what is built on a work: by slug, label, alias, DOI, arXiv id or address."""
    with engine_of(files, dataset) as engine:
        answer = lineage(engine, name, "ancestors" if ancestors else "descendants", depth)
    write(LINEAGE_FORMATS[form][1](answer))


@click.command(name="list")
@click.argument("list_id")
@click.option(
    "--format", "form", type=click.Choice(["csv", "markdown"]), default="markdown", show_default=True
)
@graph_options
def list_command(list_id: str, form: str, files: tuple[Path, ...], dataset: Path | None) -> None:
    """Give a source list back, from the graph alone."""
    from fmgraph.lists.export_list import (
        list_rows,
        to_csv,
        to_markdown,
    )  # what reads Markdown is slow to import

    with engine_of(files, dataset) as engine:
        listing = list_rows(engine, list_id)
    write(to_csv(listing) if form == "csv" else to_markdown(listing))


COMMANDS = (query, queries, lineage_command, list_command)
