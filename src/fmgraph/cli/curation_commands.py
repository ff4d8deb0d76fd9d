"""Commands that turn the rows of a list into records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fmgraph import resources
from fmgraph.cli.cli_options import EXISTING, PATH, write
from fmgraph.cli.review_prompt import ask
from fmgraph.curation.identities import known_records, with_rows
from fmgraph.curation.list_gaps import FORMATS as GAP_FORMATS
from fmgraph.curation.list_gaps import gaps as find_gaps
from fmgraph.curation.list_gaps import read_any
from fmgraph.curation.match_formats import FORMATS as MATCH_FORMATS
from fmgraph.curation.match_records import Matcher
from fmgraph.errors import NotFoundError, UsageError
from fmgraph.lists import load_lists
from fmgraph.lists.replace_files import replace_files
from fmgraph.lists.set_records import set_records
from fmgraph.lists.source_list import SourceList
from fmgraph.ontology import Schema
from fmgraph.text import nearest

if TYPE_CHECKING:
    from fmgraph.curation.metadata_documents import Documents

_Command = TypeVar("_Command", bound=Callable[..., object])

DATA = click.option("--data", "data_dir", type=EXISTING, help="The data folder (default: the checkout's).")


def _lists(data_dir: Path, list_id: str) -> tuple[SourceList, list[SourceList]]:
    """Return the list of that id, and the other lists; raises NotFoundError with the nearest ids."""
    lists = {source.id: source for source in load_lists(data_dir)}
    if list_id not in lists:
        near = nearest(list_id, lists) or sorted(lists)
        raise NotFoundError(f"there is no list {list_id!r} under {data_dir}", near)
    source_list = lists.pop(list_id)
    return source_list, list(lists.values())


def _schema() -> Schema:
    folder = resources.ontology_dir()
    return Schema(folder / "context.jsonld", folder / "fmgraph.ttl")


@click.command()
@click.argument("list_id", metavar="LIST")
@DATA
@click.option("--format", "form", type=click.Choice([*MATCH_FORMATS]), default="text", show_default=True)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
def match(list_id: str, data_dir: Path | None, form: str, dry_run: bool) -> None:
    """Write the record of each row of LIST whose record is certain, and list the rest with candidates.

    A row that has a record keeps it.
    """
    data_dir = data_dir or resources.data_dir()
    source, others = _lists(data_dir, list_id)
    matcher = Matcher(with_rows(known_records(data_dir, _schema()), others))
    matches = matcher.match(source)
    if not dry_run:
        decided = {m.row.id: m.record for m in matches if m.state == "matched" and m.record}
        set_records(source.csv_path, decided)
    write(MATCH_FORMATS[form](matches))


def _services(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Return the addresses in ``NAME=URL``; raises BadParameter for anything else."""
    pairs = [one.partition("=") for one in values]
    for name, equals, url in pairs:
        if not equals or not url.startswith(("http://", "https://")):
            raise click.BadParameter(f"write {name or 'NAME'}=https://…")
    return {name: url.rstrip("/") for name, _, url in pairs}


def metadata_options(command: _Command) -> _Command:
    """Add the options that say where metadata are from; they become ``documents`` by :func:`documents_of`."""
    options = (
        click.option(
            "--metadata",
            "folder",
            type=EXISTING,
            metavar="DIR",
            help="A folder of the services' answers; with --online, what comes is kept there.",
        ),
        click.option("--online", is_flag=True, help="Ask arXiv, Crossref, DataCite, Hugging Face, GitHub."),
        click.option(
            "--service",
            "services",
            multiple=True,
            metavar="NAME=URL",
            callback=_services,
            help="Another address of a service, e.g. arxiv=https://mirror.example.org.",
        ),
        click.option(
            "--github-token",
            envvar="FMGRAPH_GITHUB_TOKEN",
            help="A token for GitHub, which answers 60 requests an hour without one.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def documents_of(
    folder: Path | None, online: bool, services: dict[str, str], github_token: str | None
) -> Documents:
    """Return the documents that the options mean; raises UsageError where the extra is not installed."""
    try:
        from fmgraph.curation.metadata_documents import Folder, Nothing, Online, Recorded
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: pip install 'fmgraph[draft]'") from None
    network = Online(services, github_token) if online else None
    if folder and network:
        return Recorded(Folder(folder), network)
    return Folder(folder) if folder else network or Nothing()


@click.command()
@click.argument("list_id", metavar="LIST")
@DATA
@metadata_options
@click.option("--new", multiple=True, metavar="ROW", help="A row whose work is new, whatever is like it.")
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
def draft(
    list_id: str,
    data_dir: Path | None,
    folder: Path | None,
    online: bool,
    services: dict[str, str],
    github_token: str | None,
    new: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Write a record, marked as not reviewed, for each row of LIST that has none.

    From the row's cells and, with --metadata or --online, from what the services say of its identifiers.
    """
    documents = documents_of(folder, online, services, github_token)
    from fmgraph.curation.draft_list import draft_list

    data_dir = data_dir or resources.data_dir()
    source, others = _lists(data_dir, list_id)
    unknown = set(new) - {row.id for row in source.rows}
    if unknown:
        raise NotFoundError(f"{list_id} has no row {sorted(unknown)[0]!r}")
    report = draft_list(data_dir, source, others, _schema(), documents, new=new, only=new, dry_run=dry_run)
    write(str(report))


@click.command()
@click.argument("list_id", metavar="LIST")
@DATA
@metadata_options
@click.option("--export", "out", type=PATH, metavar="FILE", help="Write what is to be decided as TSV.")
@click.option("--import", "decided", type=EXISTING, metavar="FILE", help="Carry out the decisions in a TSV.")
@click.option(
    "--accept-above",
    type=click.FloatRange(0, 1),
    metavar="CONFIDENCE",
    help="Accept every draft, candidate and name that is at least so certain.",
)
def review(
    list_id: str,
    data_dir: Path | None,
    folder: Path | None,
    online: bool,
    services: dict[str, str],
    github_token: str | None,
    out: Path | None,
    decided: Path | None,
    accept_above: float | None,
) -> None:
    """Decide what `draft` and `match` left open about LIST: one question each, or all at once with a TSV.

    Accepting a draft deletes its mark `reviewed: "false"`. Rows that are said to be new are drafted, with
    --metadata and --online as for `fmgraph draft`.
    """
    from fmgraph.curation.review_decisions import ACCEPT, Decision, carry_out
    from fmgraph.curation.review_list import items
    from fmgraph.curation.review_table import from_tsv, to_tsv

    if sum(one is not None for one in (out, decided, accept_above)) > 1:
        raise click.UsageError("--export, --import and --accept-above exclude each other")
    data_dir, schema = data_dir or resources.data_dir(), _schema()
    source, others = _lists(data_dir, list_id)
    waiting = items(data_dir, source, others, schema)
    if out is not None:
        replace_files({out: to_tsv(waiting)})
        click.echo(f"{len(waiting)} items to decide in {out}: write accept, new, later or skip: reason")
        return
    if decided is not None:
        decisions = from_tsv(decided)
    elif accept_above is not None:
        decisions = [
            Decision(one.id, ACCEPT, one.record, one.label)
            for one in waiting
            if one.record and one.state != "contradicted" and one.confidence >= accept_above
        ]
    else:
        decisions = ask(waiting)
    outcome = carry_out(data_dir, source, schema, waiting, decisions)
    write(str(outcome))
    if outcome.new:
        documents = documents_of(folder, online, services, github_token)
        from fmgraph.curation.draft_list import draft_list

        source, others = _lists(data_dir, list_id)
        report = draft_list(data_dir, source, others, schema, documents, new=outcome.new, only=outcome.new)
        write(str(report))


@click.command()
@click.argument("names", metavar="LIST…", nargs=-1, required=True)
@DATA
@click.option("--format", "form", type=click.Choice([*GAP_FORMATS]), default="text", show_default=True)
def gaps(names: tuple[str, ...], data_dir: Path | None, form: str) -> None:
    """Show which works the LISTs name and the graph lacks, and which it has.

    A LIST is the id of a list that is kept, or a Markdown file.
    """
    data_dir = data_dir or resources.data_dir()
    kept_lists = load_lists(data_dir)
    sources = [read_any(Path(name)) if Path(name).is_file() else _lists(data_dir, name)[0] for name in names]
    known = with_rows(known_records(data_dir, _schema()), kept_lists)
    write(GAP_FORMATS[form](find_gaps(sources, known)))


COMMANDS = (match, draft, review, gaps)
