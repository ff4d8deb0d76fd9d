"""Commands that give the graph out: dump, diff, release, patch, publish."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from fmgraph.cli.cli_options import EXISTING, PATH, graph_options, open_graph, write
from fmgraph.publish.croissant import NAME as CROISSANT
from fmgraph.publish.dataset_names import COMPRESSIONS, SYNTAXES
from fmgraph.publish.diff_formats import render
from fmgraph.publish.dump_files import CHECKSUMS, write_dumps
from fmgraph.publish.release_diff import diff as difference
from fmgraph.publish.release_diff import open_side
from fmgraph.publish.send_to_store import publish as send
from fmgraph.publish.write_release import apply_changes, write_release


@click.command()
@click.option("--output", type=PATH, default=Path("dump"), show_default=True, help="Folder for the dumps.")
@click.option(
    "--format", "formats", type=click.Choice([*SYNTAXES]), multiple=True, help="Only these formats."
)
@click.option("--plain", is_flag=True, help="No compressed copies.")
@click.option("--tables", is_flag=True, help="Also tables: CSV, Parquet, Croissant (extra: tables).")
@click.option(
    "--hub",
    type=PATH,
    help="Write a folder for a data hub instead: Parquet, Croissant, a card (extra: tables).",
)
@click.option(
    "--site", type=PATH, help="Write a static site with pages, RDF and dumps to this folder instead."
)
@graph_options
def dump(
    output: Path,
    formats: tuple[str, ...],
    plain: bool,
    tables: bool,
    hub: Path | None,
    site: Path | None,
    files: tuple[Path, ...],
    dataset: Path | None,
) -> None:
    """Write the graph as files: every format, whole and per kind and list, with their SHA-256 sums."""
    opened = open_graph(files, dataset)
    syntaxes = formats or tuple(SYNTAXES)
    if hub is not None:
        from fmgraph.publish.croissant import write_hub_folder

        for path in write_hub_folder(opened, hub):
            click.echo(path)
        return
    if site is None:
        if _is_current(output, opened.meta.digest, syntaxes, tables=tables):
            click.echo(f"{output}: up to date")
            return
        for path in write_dumps(
            opened, output, syntaxes, [""] if plain else tuple(COMPRESSIONS), tables=tables
        ):
            click.echo(path)
        return
    from fmgraph.publish.static_site import write_site
    from fmgraph.settings import Settings
    from fmgraph.site import create_app

    settings = Settings.from_env()
    releases = Path(settings.releases) if settings.releases else None
    app = create_app(opened, settings)
    report = write_site(app, opened, site, settings.base_url or None, releases=releases)
    for page, link in report.broken:
        click.echo(f"{page}: the link to {link} leads nowhere", err=True)
    click.echo(f"{site}: {report.files} files")
    if report.broken:
        sys.exit(1)


def _is_current(folder: Path, digest: str, formats: Sequence[str], *, tables: bool) -> bool:
    """Tell whether the folder holds dumps of the dataset: its digest is that of the N-Triples among them."""
    sums = folder / CHECKSUMS
    if not sums.is_file():
        return False
    known = dict(line.split("  ")[::-1] for line in sums.read_text("utf-8").splitlines())
    file_names = {SYNTAXES[key].file_name for key in formats} | {"fmgraph.nt"}
    file_names |= {CROISSANT} if tables else set()
    return known.get("fmgraph.nt") == digest and all(
        name in known and (folder / name).exists() for name in file_names
    )


@click.command()
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
def diff(old: Path, new: Path, form: Literal["text", "json", "markdown"]) -> None:
    """Tell what changed between two datasets or dumps, in terms of records and claims.

    Exits 1 where a published IRI vanished without a redirect or tombstone: such a release is refused.
    """
    result = difference(open_side(old), open_side(new))
    write(render(result, form))
    for finding in result.findings():
        click.echo(str(finding), err=True)
    if not result.releasable:
        sys.exit(1)


@click.command()
@click.option("--to", "url", required=True, help="The store's Graph Store Protocol or update URL.")
@click.option("--graph", help="IRI of the graph to replace (default: the default graph).")
@click.option("--update", help="The store's update URL, where it cannot be told from --to.")
@click.option("--query", help="The store's query URL, where it cannot be told from --to.")
@click.option("--user", envvar="FMGRAPH_PUBLISH_USER", help="User name.")
@click.option("--password", envvar="FMGRAPH_PUBLISH_PASSWORD", help="Password (better in the environment).")
@click.option("--in-place", is_flag=True, help="Fill the graph itself: less space, but readers see it grow.")
@click.option("--auth", type=click.Choice(["digest", "basic"]), default="digest", show_default=True)
@graph_options
def publish(
    url: str,
    graph: str | None,
    update: str | None,
    query: str | None,
    user: str | None,
    password: str | None,
    in_place: bool,
    auth: str,
    files: tuple[Path, ...],
    dataset: Path | None,
) -> None:
    """Send the graph to another store by the SPARQL Graph Store Protocol, and count it there."""
    report = send(
        open_graph(files, dataset),
        url,
        graph,
        update=update,
        query=query,
        user=user,
        password=password,
        scheme="basic" if auth == "basic" else "digest",
        swap=not in_place,
    )
    place = report.graph or "the default graph"
    click.echo(f"{report.triples:,} triples in {place}, {report.requests} requests, {report.seconds:.1f} s")


@click.command()
@click.option(
    "--output", type=PATH, default=Path("releases"), show_default=True, help="The folder of all releases."
)
@click.option("--dataset", type=PATH, metavar="DIR", help="A dataset that `fmgraph build` made.")
def release(output: Path, dataset: Path | None) -> None:
    """Write the release of the graph's version below a folder, with what changed since the one before there.

    Exits 1 where a published IRI vanished without a redirect or tombstone.
    """
    for path in write_release(open_graph((), dataset), output):
        click.echo(path)


@click.command()
@click.argument("old", type=EXISTING)
@click.argument("changes", type=EXISTING)
@click.option("--output", type=PATH, required=True, metavar="FILE", help="Where the N-Triples go.")
def patch(old: Path, changes: Path, output: Path) -> None:
    """Make a release of the one before and a change file: OLD is a dataset or a dump, CHANGES an RDF Patch.

    The digests of both are checked; what does not fit is refused and nothing is written.
    """
    click.echo(f"{output}: {apply_changes(old, changes, output)}")


COMMANDS = (dump, diff, release, patch, publish)
