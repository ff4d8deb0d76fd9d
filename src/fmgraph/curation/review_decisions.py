"""Carrying out what a person decided about a list: into its CSV, its YAML and the records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fmgraph.curation.draft_yaml import dump
from fmgraph.curation.edit_records import Edits
from fmgraph.curation.identities import read_records
from fmgraph.curation.review_list import Item
from fmgraph.curation.unknown_names import unknown_names
from fmgraph.errors import UsageError
from fmgraph.graph.catalogue import Catalogue
from fmgraph.lists.read_csv import RECORD
from fmgraph.lists.set_records import replace_records
from fmgraph.lists.source_list import SourceList
from fmgraph.ontology import Schema, all_kinds

ACCEPT, NEW, LATER, SKIP = "accept", "new", "later", "skip"
_DECISION = re.compile(rf"(?P<verb>{ACCEPT}|{NEW}|{LATER}|{SKIP})(?:\s*:\s*(?P<reason>\S.*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Decision:
    """What was decided about one item; record and label as the person left them."""

    item: str
    verb: str
    record: str
    label: str
    reason: str = ""


@dataclass
class Outcome:
    """What carrying the decisions out did; ``str()`` is for people."""

    accepted: list[str] = field(default_factory=list)  #: records that are reviewed now
    changed_rows: list[str] = field(default_factory=list)  #: rows that got another record
    renamed: dict[str, str] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)  #: drafts that nothing needs any more
    skipped: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)  #: rows for which a record is to be drafted

    def __str__(self) -> str:
        """Return one line with counts, and one for each draft that is gone or has another name."""
        lines = [
            f"{len(self.accepted)} records accepted, {len(self.changed_rows)} rows named, "
            f"{len(self.skipped)} skipped, {len(self.renamed)} drafts renamed or merged, "
            f"{len(self.deleted)} deleted"
        ]
        lines += [f"  renamed  {old} is {new}" for old, new in self.renamed.items()]
        lines += [f"  deleted  {name}: nothing refers to it" for name in self.deleted]
        return "\n".join(lines) + "\n"


def decision(item: str, text: str, record: str, label: str, kind: str) -> Decision | None:
    """Return what was written about an item; None where nothing was, or ``later``.

    ``kind`` is ``row``, ``name`` or ``cell``. Raises UsageError for anything else, with what can be written.
    """
    match = _DECISION.fullmatch(text.strip()) if text.strip() else None
    if text.strip() and match is None:
        raise UsageError(f"{item}: {text!r} is no decision: write accept, new, later or skip: reason")
    if match is None or (verb := match["verb"].lower()) == LATER:
        return None
    if kind == "name" and verb in (NEW, SKIP):
        raise UsageError(f"{item}: a name is accepted, or its record is changed to the one that it means")
    if kind == "cell" and verb == NEW:
        raise UsageError(f"{item}: write into `record` what the name is to be, and accept")
    if verb == SKIP and not match["reason"]:
        what = "the name cannot be read" if kind == "cell" else "the row is about no work"
        raise UsageError(f"{item}: say why {what}: skip: reason")
    if verb == ACCEPT:
        record_match = RECORD.fullmatch(record.strip())
        if (
            not record_match
            or record_match[1] not in all_kinds()
            or not all_kinds()[record_match[1]].recorded
        ):
            raise UsageError(f"{item}: {record!r} names no record: write kind/slug, e.g. model/uni")
    return Decision(item, verb, record.strip(), " ".join(label.split()), match["reason"] or "")


def carry_out(
    data_dir: Path, source: SourceList, schema: Schema, items: Sequence[Item], decisions: Sequence[Decision]
) -> Outcome:
    """Carry the decisions out and write the files.

    Raises UsageError for an item that is not there (any more), or a record that is not; nothing is written
    then.
    """
    by_id = {item.id: item for item in items}
    edits, outcome = Edits(data_dir, schema), Outcome()
    drafts = {item.record for item in items if item.state in ("draft", "name")}
    drafts |= {f"paper/{slug}" for name in list(drafts) for slug in edits.values(name, "described_by")}
    records: dict[str, str] = {}  # of rows; "" takes the record away
    skipped: dict[str, str] = {}
    for one in decisions:
        item = by_id.get(one.item)
        if item is None:
            raise UsageError(f"{one.item} is not, or no longer, to be decided")
        if item.state == "cell":
            _name_of_cells(edits, source, item, one)
            continue
        if one.verb == NEW and item.state == "draft":
            raise UsageError(f"{one.item} has a draft: {item.record}")
        if one.verb == NEW:
            outcome.new.append(item.id)
        elif one.verb == SKIP:
            skipped[item.id] = one.reason
            records[item.id] = ""
        elif item.state in ("draft", "name"):
            _accept_draft(edits, outcome, item, one)
        else:
            if not edits.has(one.record):
                raise UsageError(f"{one.item}: there is no record {one.record}; write `new` to draft one")
            records[item.id] = one.record
    if skipped:
        edits.skip(source.yaml_path, skipped)
    decided = {one.item for one in decisions if one.verb != NEW}
    if source.provisional & decided:
        edits.set_provisional(source.yaml_path, source.provisional - decided)
    outcome.skipped = list(skipped)
    current = {row.id: row.record for row in source.rows if row.record} | records
    renamed = outcome.renamed
    needed = {renamed.get(name, name) for name in current.values()}
    _prune(edits, outcome, drafts, needed)
    edits.write()
    outcome.changed_rows = replace_records(source.csv_path, records, renamed)
    return outcome


def _name_of_cells(edits: Edits, source: SourceList, item: Item, decision: Decision) -> None:
    """Make a name another one of a record, or of a new one; or say that it is not read."""
    _, kind, name = item.id.split(":", 2)
    if decision.verb == SKIP:
        unknown = unknown_names(source, Catalogue(read_records(edits.data_dir, edits.schema)))
        cells = next((one.cells for one in unknown if one.id == item.id), [])
        edits.not_read(source.yaml_path, cells, name, decision.reason)
        return
    if decision.record.partition("/")[0] != kind:
        raise UsageError(f"{item.id}: {decision.record} is no {kind}")
    if edits.has(decision.record):
        edits.add_name(decision.record, name)
    else:
        edits.put(edits.path(decision.record), dump({"label": name}))


def _accept_draft(edits: Edits, outcome: Outcome, item: Item, decision: Decision) -> None:
    """Accept a draft: as it is, under another name, or as another record that is there."""
    if not edits.unreviewed(item.record):
        raise UsageError(f"{item.id}: {item.record} was reviewed or withdrawn before")
    papers = [
        f"paper/{slug}"
        for slug in edits.values(item.record, "described_by")
        if edits.unreviewed(f"paper/{slug}")
    ]
    if decision.record != item.record:
        merged = edits.has(decision.record)
        edits.rename(item.record, decision.record)
        outcome.renamed[item.record] = decision.record
        if merged:
            edits.add_name(decision.record, item.label)
            return
    if decision.label and decision.label != item.label:
        edits.set_label(decision.record, decision.label)
    for name in [decision.record, *papers]:
        edits.accept(name)
        outcome.accepted.append(name)


def _prune(edits: Edits, outcome: Outcome, drafts: set[str], needed: set[str]) -> None:
    """Delete drafts that no row and no record needs any more, until there is none."""
    while True:
        references = edits.references()
        unneeded = [
            name
            for name in sorted(drafts)
            if edits.unreviewed(name) and name not in needed and not references.get(name, set()) - {name}
        ]
        if not unneeded:
            return
        for name in unneeded:
            edits.delete(name)
            outcome.deleted.append(name)
