"""``fmgraph gaps``: works that lists name, in the graph or not; each once, whoever names it."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fmgraph.curation.identities import PAGE, Identity, Known, of_row
from fmgraph.curation.match_records import Matcher
from fmgraph.lists import Origin, import_list, load_list, write_list
from fmgraph.lists.source_list import SourceList
from fmgraph.text import slugify


@dataclass(frozen=True)
class Mention:
    """A row that names a work."""

    list_id: str
    row: str
    line: int


@dataclass
class NamedWork:
    """A work that lists name, or perhaps several where nothing shows that they are one."""

    title: str
    identity: Identity
    record: str | None  #: ``kind/slug`` where the graph has it
    maybe: str = ""  #: a record that it may be, with the evidence
    mentions: list[Mention] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """What identifies it, papers first: ``arXiv 2401.00001``."""
        pairs = sorted(
            (scheme == PAGE, scheme, value)
            for scheme, values in self.identity.identifiers.items()
            for value in values
        )
        return [f"{scheme} {value}" for _, scheme, value in pairs]


@dataclass(frozen=True)
class Gaps:
    """All works that the lists name."""

    lists: tuple[str, ...]
    works: tuple[NamedWork, ...]

    @property
    def lacking(self) -> list[NamedWork]:
        """Those that the graph lacks, the most named first."""
        return sorted((one for one in self.works if not one.record), key=lambda one: -len(one.mentions))

    @property
    def present(self) -> list[NamedWork]:
        """Those that it has."""
        return [one for one in self.works if one.record]


def read_any(path: Path) -> SourceList:
    """Return a Markdown file as a list, its columns as their headers usually mean.

    Raises ListError where the file cannot be read as a list.
    """
    list_id = slugify(path.stem) or "list"
    with tempfile.TemporaryDirectory() as folder:
        imported = import_list(path.read_bytes(), list_id, file=path)
        write_list(imported, Path(folder), Origin(label=path.name))
        return load_list(Path(folder) / "list" / f"{list_id}.yaml")


def gaps(lists: Sequence[SourceList], known: Sequence[Known]) -> Gaps:
    """Return what the lists name, without rows that somebody said are about no work."""
    matcher = Matcher(known)
    works: dict[str, NamedWork] = {}
    lacking: list[Known] = []
    for source in lists:
        for row in source.rows:
            if row.id in source.skip:
                continue
            mention = Mention(source.id, row.id, row.line)
            identity = of_row(source, row)
            match = matcher.match_row(row, identity)
            name = match.record
            maybe = ""
            if name is None:
                same = Matcher(lacking).match_row(replace(row, record=None), identity)
                name = same.record or f"?{len(lacking)}"
                first = match.candidates[0] if match.candidates else None
                maybe = f"{first.record} ({first.evidence})" if first else ""
                lacking.append(Known(name, identity.display_name, identity))
            work = works.setdefault(name, NamedWork(identity.display_name, identity, match.record, maybe))
            work.mentions.append(mention)
    return Gaps(tuple(source.id for source in lists), tuple(works.values()))


def to_text(list_gaps: Gaps) -> str:
    """Return counts of each list, then what the graph lacks."""
    lines = []
    for list_id in list_gaps.lists:
        works = [one for one in list_gaps.works if any(at.list_id == list_id for at in one.mentions)]
        have = sum(one.record is not None for one in works)
        lines.append(f"{list_id}: {len(works)} works, {have} in the graph, {len(works) - have} not")
    total = len(list_gaps.works)
    lines.append(
        f"together: {total} works, {len(list_gaps.present)} in the graph, {len(list_gaps.lacking)} not"
    )
    for one in list_gaps.lacking:
        places = ", ".join(f"{at.row} (line {at.line})" for at in one.mentions)
        lines += ["", f"{one.title or '(no title)'}", f"  named by {places}"]
        lines += [f"  {'; '.join(one.addresses)}"] if one.addresses else []
        lines += [f"  may be {one.maybe}"] if one.maybe else []
    return "\n".join(lines) + "\n"


def to_tsv(list_gaps: Gaps) -> str:
    """Return one line for each work: record, lists, title, identifiers, rows, what it may be."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(["record", "lists", "title", "identifiers", "rows", "may be"])
    for one in [*list_gaps.lacking, *list_gaps.present]:
        lists = sorted({at.list_id for at in one.mentions})
        rows = ", ".join(at.row for at in one.mentions)
        cells = [one.record or "", ", ".join(lists), one.title, "; ".join(one.addresses), rows, one.maybe]
        writer.writerow([" ".join(cell.split()) for cell in cells])
    return out.getvalue()


def to_json(list_gaps: Gaps) -> str:
    """Return a list of objects, one for each work."""
    return json.dumps([_as_dict(one) for one in list_gaps.works], ensure_ascii=False, indent=2) + "\n"


def _as_dict(one: NamedWork) -> dict[str, object]:
    return {
        "title": one.title,
        "record": one.record,
        "maybe": one.maybe or None,
        "identifiers": one.addresses,
        "mentions": [{"list": at.list_id, "row": at.row, "line": at.line} for at in one.mentions],
    }


FORMATS: dict[str, Callable[[Gaps], str]] = {"text": to_text, "tsv": to_tsv, "json": to_json}
