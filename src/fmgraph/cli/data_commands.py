"""Commands about the data: import, build, check, report."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import get_args

import click

from fmgraph import resources
from fmgraph.check import FORMATS as FINDING_FORMATS
from fmgraph.check import Engine, check_data
from fmgraph.cli.cli_options import EXISTING, PATH, engine_of, graph_options, write
from fmgraph.errors import ListError
from fmgraph.lists.feedback_markdown import to_markdown
from fmgraph.lists.import_list import import_list
from fmgraph.lists.list_feedback import feedback
from fmgraph.lists.list_patch import patch
from fmgraph.lists.write_list import Origin, write_list
from fmgraph.publish.make_dataset import make_dataset
from fmgraph.rdf.store import read_meta
from fmgraph.records.record_files import read_text


@click.command(name="import")
@click.argument("file", type=PATH)
@click.option("--list", "list_id", required=True, help="The list's id, e.g. plm2233-2025-12.")
@click.option("--data", "data_dir", type=PATH, help="The data folder (default: the checkout's).")
@click.option("--repository", help="URL of the repository that the list is from.")
@click.option("--path", help="Path of the list in that repository.")
@click.option("--commit", help="Commit of this edition.")
@click.option("--date", help="Date of this edition, YYYY-MM-DD.")
@click.option("--label", help="The list's name (of a new list).")
@click.option(
    "--leave",
    type=int,
    multiple=True,
    metavar="LINE",
    help="Leave the row at this line unread if its cells cannot be told apart. Repeatable.",
)
def import_command(
    file: Path,
    list_id: str,
    data_dir: Path | None,
    repository: str | None,
    path: str | None,
    commit: str | None,
    date: str | None,
    label: str | None,
    leave: tuple[int, ...],
) -> None:
    """Read a Markdown list into data/list/<ID>.csv and <ID>.yaml, keeping what people curated there.

    Exits 1 where so many links are left unread that the list is hardly read.
    """
    try:
        source = file.read_bytes()
    except OSError as error:
        raise ListError(f"cannot be read: {error.strerror}", file=file, remedy="check the path") from None
    imported = import_list(source, list_id, file=file, leave=leave)
    origin = Origin(repository, path, commit, date, label)
    report = write_list(imported, data_dir or resources.data_dir(), origin)
    click.echo(str(report))
    if report.too_many_unread:
        click.echo(f"{report.list_id}: {len(report.unread)} links are left unread", err=True)
        sys.exit(1)


@click.command()
@click.option(
    "--output", type=PATH, default=Path(".build"), show_default=True, help="Where to put the dataset."
)
@click.option("--data", "data_dir", type=EXISTING, help="The data folder (default: the shipped one).")
def build(output: Path, data_dir: Path | None) -> None:
    """Build the graph into OUTPUT/<digest>/ and make OUTPUT/current point to it."""
    started = time.perf_counter()
    if sys.stderr.isatty():
        _show_progress()
    folder = make_dataset(output, data_dir)
    meta = read_meta(folder)
    seconds = time.perf_counter() - started
    click.echo(f"{folder}: {meta.triples:,} triples, digest {meta.digest[:12]}, {seconds:.1f} s")


def _show_progress() -> None:
    """Tell people on the terminal what a long build is at, with the time since the start."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(relativeCreated)8.0f ms  %(message)s"))
    log = logging.getLogger("fmgraph.data")
    log.setLevel(logging.INFO)
    log.addHandler(handler)


@click.command()
@click.option("--data", "data_dir", type=EXISTING, help="The data folder (default: the shipped one).")
@click.option("--format", "form", type=click.Choice([*FINDING_FORMATS]), default="text", show_default=True)
@click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default="compiled",
    show_default=True,
    help="What runs the SHACL shapes: compiled to SPARQL, or pyshacl, the reference.",
)
@click.argument("changed", nargs=-1, type=EXISTING)
def check(data_dir: Path | None, form: str, engine: Engine, changed: tuple[Path, ...]) -> None:
    """Check records, lists and the graph; with files, only what is about these records.

    Exits 1 where anything is wrong.
    """
    findings = check_data(data_dir or resources.data_dir(), changed=changed, engine=engine)
    write(FINDING_FORMATS[form](findings))
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


@click.command()
@click.argument("list_id", metavar="LIST")
@click.option(
    "--patch",
    "markdown",
    type=EXISTING,
    metavar="FILE",
    help="Print one patch of this Markdown file of the list instead.",
)
@graph_options
def report(list_id: str, markdown: Path | None, files: tuple[Path, ...], dataset: Path | None) -> None:
    """Print what a list's maintainer may correct or fill in, cell by cell with evidence, as Markdown.

    With --patch, as a unified diff for `git apply` or `patch -p1`.
    """
    with engine_of(files, dataset) as engine:
        list_feedback = feedback(engine, list_id)
    if markdown is None:
        write(to_markdown(list_feedback))
        return
    path = (list_feedback.source or "").partition("/blob/")[2].partition("/")[2] or markdown.name
    list_patch = patch(read_text(markdown, ListError), list_feedback.suggestions, path)
    write(list_patch.text)
    placed_count, total = len(list_patch.placed), len(list_feedback.suggestions)
    click.echo(f"{placed_count} of {total} suggestions are in the patch; `fmgraph report` has all", err=True)


COMMANDS = (import_command, build, check, report)
