"""``fmgraph review``: what a person has to decide about a list, one item each.

First the rows: drafts to accept, candidates to choose from, rows about which nothing is known. Then the
names: the records of other kinds that drafts needed (venues, licences, parents, data sets), the most used
first, so that one answer holds for all that use them; and the names in cells that no record has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from fmgraph.curation.edit_records import referred
from fmgraph.curation.identities import Identity, Known, known_records, of_row, plain, read_records, with_rows
from fmgraph.curation.match_records import Match, Matcher
from fmgraph.curation.unknown_names import UnknownName, unknown_names
from fmgraph.graph.catalogue import Catalogue
from fmgraph.lists.source_list import Row, SourceList
from fmgraph.ontology import Schema, work_kinds
from fmgraph.records.record_files import Record
from fmgraph.text import match_key

#: From this likeness (0 to 100) on, a name may be another spelling of one that is there.
_LIKE = 80.0
#: Kinds of records that rows are about; drafts of all other kinds are names.
_OF_ROWS = ("dataset", "paper")


@dataclass(frozen=True)
class Item:
    """One thing to decide. ``record`` and ``label`` are proposals that may be changed."""

    id: str  #: of the row; ``kind/slug`` for a name
    state: str  #: ``draft``, ``open``, ``contradicted``, ``name`` or ``cell``
    record: str  #: ``kind/slug``, "" where nothing is proposed
    label: str
    confidence: float  #: that accepting is right, 0 to 1
    title: str  #: what the row, or the draft's paper, is called
    cells: str  #: the row's cells; for a name, how many records use it
    evidence: str  #: what speaks for and against, and other candidates


def items(data_dir: Path, source: SourceList, others: Iterable[SourceList], schema: Schema) -> list[Item]:
    """Return what is to be decided about the list; raises RecordError for records that cannot be read."""
    others = list(others)
    records = {(one.kind, one.slug): one for one in read_records(data_dir, schema)}
    unreviewed = {
        f"{kind}/{slug}" for (kind, slug), one in records.items() if one.values("reviewed") == ["false"]
    }
    known = with_rows(known_records(data_dir, schema), others)
    row_items = [
        item
        for row in source.rows
        if row.id not in source.skip
        and (item := _of_row(source, row, known, unreviewed, records)) is not None
    ]
    catalogue = Catalogue(records.values())
    cells = [_of_cells(one) for one in unknown_names(source, catalogue)]
    return [*row_items, *_names(source, records, unreviewed, schema), *cells]


def _of_cells(one: UnknownName) -> Item:
    """Return the item of a name that cells use; the reviewer decides which record it means, if any."""
    headers = ", ".join(dict.fromkeys(header for _, header in one.cells))
    rows = ", ".join(row for row, _ in one.cells[:5]) + (" …" if len(one.cells) > 5 else "")
    usage = f"{len(one.cells)} cell{'' if len(one.cells) == 1 else 's'} under {headers}: {rows}"
    record = f"{one.kind}/{one.nearest}" if one.nearest else ""
    likeness = fuzz.ratio(match_key(one.name), match_key(one.nearest or "")) / 100
    evidence = f"no {one.kind} is called so" + (f"; the nearest is {record}" if record else "")
    return Item(one.id, "cell", record, one.name, round(likeness / 2, 2), one.name, usage, evidence)


def _of_row(
    source: SourceList,
    row: Row,
    known: Sequence[Known],
    unreviewed: set[str],
    records: Mapping[tuple[str, str], Record],
) -> Item | None:
    identity = of_row(source, row)
    cells = "; ".join(f"{header}: {plain(cell)}" for header, cell in row.cells.items() if cell)
    if row.record in unreviewed:
        draft = next(one for one in known if one.name == row.record)
        rivals = Matcher([one for one in known if not _is_of(draft, one)]).match_row(row, identity)
        confidence = round(_certainty(identity, draft) * (1 - rivals.rivalry), 2)
        kind, _, slug = row.record.partition("/")
        evidence = "; ".join(filter(None, (_facts(records[kind, slug]), _candidates(rivals))))
        return Item(
            row.id, "draft", row.record, draft.label, confidence, identity.display_name, cells, evidence
        )
    match = Matcher(known).match_row(row, identity)
    if row.record and match.state != "contradicted":
        return None
    first = match.candidates[0] if match.candidates else None
    return Item(
        row.id,
        match.state if row.record else "open",
        first.record if first else "",
        first.label if first else identity.name,
        first.confidence if first and not row.record else 0.0,
        identity.display_name,
        cells,
        _candidates(match) or "nothing is like it: `new` drafts a record",
    )


def _is_of(draft: Known, one: Known) -> bool:
    """Tell whether a record is the draft itself or its paper."""
    same_paper = one.name.startswith("paper/") and bool(one.identity.titles & draft.identity.titles)
    return one.name == draft.name or same_paper


def _certainty(identity: Identity, draft: Known) -> float:
    """Return how well the draft's paper fits the row: the likeness of titles, less without a source."""
    ours, theirs = identity.titles, draft.identity.titles
    if not ours or not theirs:
        return 0.7 if identity.names & draft.identity.names else 0.5
    alike = max(max(fuzz.ratio(a, b), fuzz.partial_ratio(a, b)) for a in ours for b in theirs)
    return alike / 100 if draft.identity.identifiers else 0.5


def _candidates(match: Match) -> str:
    return "; ".join(f"{one.record} {one.confidence:.2f} ({one.evidence})" for one in match.candidates[:3])


def _facts(record: Record) -> str:
    """Return the values of a draft that have a source, in one line."""
    keys = [key for key, values in record.statements.items() if any(one.source for one in values)]
    return ", ".join(f"{key}: {' + '.join(record.values(key))}" for key in keys)


def _names(
    source: SourceList,
    records: Mapping[tuple[str, str], Record],
    unreviewed: set[str],
    schema: Schema,
) -> list[Item]:
    """Return the unreviewed records that the list's drafts refer to, without those that a row is about."""
    of_rows = {row.record for row in source.rows if row.record}
    uses: Counter[str] = Counter()
    waiting, seen = sorted(of_rows), set(of_rows)
    while waiting:
        kind, _, slug = waiting.pop().partition("/")
        record = records.get((kind, slug))
        for name in _referred(record, schema) if record else ():
            uses[name] += 1
            if (name in unreviewed or name.startswith("paper/")) and name not in seen:
                seen.add(name)
                waiting.append(name)
    names = [
        name for name in uses if name in unreviewed and name not in of_rows and not name.startswith("paper/")
    ]
    return [
        _name(name, uses[name], records, unreviewed)
        for name in sorted(names, key=lambda name: (-uses[name], name))
    ]


def _referred(record: Record, schema: Schema) -> list[str]:
    names = (
        referred(schema.fields.get(key), value) for key in record.statements for value in record.values(key)
    )
    return [name for name in names if name]


def _name(name: str, uses: int, records: Mapping[tuple[str, str], Record], unreviewed: set[str]) -> Item:
    kind, _, slug = name.partition("/")
    record = records[kind, slug]
    kinds = work_kinds() if kind in work_kinds() else (kind,)
    others = {
        match_key(other_name): other
        for (other_kind, other_slug), one in records.items()
        if other_kind in kinds and (other := f"{other_kind}/{other_slug}") not in unreviewed
        for other_name in one.names
    }
    near = process.extract(
        match_key(record.label), list(others), scorer=fuzz.ratio, score_cutoff=_LIKE, limit=3
    )
    likest = max((score for _, score, _ in near), default=50.0)
    evidence = "; ".join(f"{others[key]} is like it ({score:.0f} %)" for key, score, _ in near)
    usage = f"{uses} record{'' if uses == 1 else 's'}"
    facts = _facts(record)
    return Item(
        name, "name", name, record.label, round(1 - likest / 100, 2) if near else 0.9, "", usage,
        "; ".join(filter(None, (facts, evidence))),
    )  # fmt: skip
