"""Commands that turn the rows of a list into records."""

from __future__ import annotations

from pathlib import Path

import click

from fmgraph import resources
from fmgraph.cli.cli_options import EXISTING, write
from fmgraph.curation.identities import known_records, with_rows
from fmgraph.curation.match_formats import FORMATS as MATCH_FORMATS
from fmgraph.curation.match_records import Matcher
from fmgraph.errors import NotFoundError
from fmgraph.lists import load_lists
from fmgraph.lists.set_records import set_records
from fmgraph.lists.source_list import SourceList
from fmgraph.ontology import Schema
from fmgraph.text import nearest

DATA = click.option("--data", "data_dir", type=EXISTING, help="The data folder (default: the checkout's).")


def _lists(data_dir: Path, list_id: str) -> tuple[SourceList, list[SourceList]]:
    """Return the list of that id and the others; raises NotFoundError with the nearest ids."""
    lists = {source.id: source for source in load_lists(data_dir)}
    if list_id not in lists:
        near = nearest(list_id, lists) or sorted(lists)
        raise NotFoundError(f"there is no list {list_id!r} under {data_dir}", near)
    chosen = lists.pop(list_id)
    return chosen, list(lists.values())


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


COMMANDS = (match,)
