"""Drafting a whole list: what is there is read, drafts are made, and the files are written at once."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from fmgraph.curation.draft_records import Drafting, RowDraft
from fmgraph.curation.draft_yaml import Draft
from fmgraph.curation.edit_records import Edits
from fmgraph.curation.identities import known_records, read_records, with_rows
from fmgraph.curation.metadata_documents import Documents
from fmgraph.graph.catalogue import Catalogue
from fmgraph.lists.replace_files import replace_files
from fmgraph.lists.set_records import set_records
from fmgraph.lists.source_list import SourceList
from fmgraph.ontology import Schema
from fmgraph.records.record_files import mapping, parse_yaml, read_text


@dataclass(frozen=True)
class DraftReport:
    """What drafting a list did; ``str()`` is for people."""

    list_id: str
    rows: Sequence[RowDraft]
    drafts: Sequence[Draft]
    problems: Sequence[str]  #: of the metadata services

    def __str__(self) -> str:
        """Return the counts, then one line for each row with what a person should know of it."""
        states = [row.state for row in self.rows]
        lines = [
            f"{self.list_id}: {len(self.rows)} rows without a record; {states.count('drafted')} drafted, "
            f"{states.count('matched')} matched to a draft, {states.count('open')} left open; "
            f"{len(self.drafts)} files written"
        ]
        for one in self.rows:
            lines.append(f"  {one.state:8} {one.row.id}  {one.record or ''} ({one.confidence:.2f})")
            lines += [f"           {note}" for note in one.notes]
        lines += [f"  problem  {problem}" for problem in self.problems]
        return "\n".join(lines) + "\n"


def draft_list(
    data_dir: Path,
    source: SourceList,
    others: Sequence[SourceList],
    schema: Schema,
    documents: Documents,
    *,
    new: Collection[str] = (),
    only: Collection[str] = (),
    dry_run: bool = False,
) -> DraftReport:
    """Write drafts for the rows of the list that have no record, and their names into the CSV.

    These rows are provisional: their cells make no claims until somebody accepts the drafts.
    ``new`` are ids of rows whose work is new, whatever records are like it; with ``only``, no others are
    drafted.
    Raises RecordError for records that cannot be read, and UsageError where nothing can be written.
    """
    known = with_rows(known_records(data_dir, schema), others)
    catalogue = Catalogue(read_records(data_dir, schema))
    drafting = Drafting(source, known, catalogue, schema, documents, _withdrawn(data_dir))
    rows = [row for row in source.rows if row.id not in source.skip and (not only or row.id in only)]
    drafted = drafting.run(rows, new)
    drafts = list(drafting.drafts.values())
    if not dry_run:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        replace_files({data_dir / f"{draft.name}.yaml": draft.text(today) for draft in drafts})
        records = {one.row.id: one.record for one in drafted if one.record}
        set_records(source.csv_path, records)
        edits = Edits(data_dir, schema)
        edits.set_provisional(source.yaml_path, source.provisional | set(records))
        edits.write()
    return DraftReport(source.id, drafted, drafts, documents.problems())


def _withdrawn(data_dir: Path) -> list[str]:
    """Return the names of records that were withdrawn: their IRIs are not used again."""
    path = data_dir / "tombstones.yaml"
    return list(mapping(parse_yaml(read_text(path), path), path, "tombstones")) if path.exists() else []
