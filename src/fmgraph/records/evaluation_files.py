"""Reported results: ``data/evaluation/<protocol>.yaml`` (who ran what) and ``<protocol>.csv`` (the numbers).

A protocol is one table or one harness: its results were made in one way, by one group, and only they may be
compared. Both files are read strictly, and everything that is wrong with a file comes back at once.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fmgraph.errors import RecordError
from fmgraph.records.record_files import mapping, parse_yaml, read_text, scalar
from fmgraph.text import SLUG

#: The columns of the CSV, in this order.
COLUMNS = (
    "id",
    "model",
    "variant",
    "printed_name",
    "dataset",
    "cohort",
    "split",
    "task",
    "target",
    "metric",
    "setting",
    "condition",
    "printed",
    "scale",
    "interval",
    "interval_kind",
    "reporter",
    "copied_from",
    "source",
    "at",
    "note",
)
#: Columns that every result fills.
REQUIRED = ("id", "model", "dataset", "task", "metric", "setting", "printed", "scale", "reporter", "at")
_KEYS = {"label", "definition", "source", "ranked", "reason"}


@dataclass(frozen=True)
class ReportedResult:
    """One line of the CSV: its texts by column, and the line where it starts."""

    line: int
    texts: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the text of a column; empty where the line gives none."""
        return self.texts[column]


@dataclass(frozen=True)
class Protocol:
    """A protocol with its results; ``ranked`` is false where even its own results cannot be compared."""

    slug: str
    path: Path
    label: str
    definition: str
    source: str
    ranked: bool
    reason: str
    results: tuple[ReportedResult, ...]

    @property
    def csv_path(self) -> Path:
        """The file of the results."""
        return self.path.with_suffix(".csv")


def iter_protocols(data_dir: Path) -> Iterator[Protocol | RecordError]:
    """Yield the protocols under ``data_dir/evaluation`` by name, and what is wrong with files and lines."""
    folder = data_dir / "evaluation"
    for path in sorted(folder.glob("*.csv")):
        if not path.with_suffix(".yaml").exists():
            yield RecordError(
                "results without a protocol", file=path, remedy=f"add {path.stem}.yaml with label and source"
            )
    for path in sorted(folder.glob("*.yaml")):
        try:
            fields = _fields(path)
            errors, results = _results(path.with_suffix(".csv"))
        except RecordError as error:
            yield error
            continue
        yield from errors
        yield Protocol(
            path.stem,
            path,
            fields["label"],
            fields["definition"],
            fields["source"],
            fields.get("ranked", "true") == "true",
            fields.get("reason", ""),
            tuple(results),
        )


def _fields(path: Path) -> dict[str, str]:
    if not SLUG.fullmatch(path.stem):
        raise RecordError(f"{path.stem!r} is no slug", file=path, remedy="name it in a-z, 0-9 and hyphens")
    nodes = mapping(parse_yaml(read_text(path), path), path, "protocol")
    unknown = sorted(nodes.keys() - _KEYS)
    if unknown:
        raise RecordError(
            f"unknown key {unknown[0]!r}", file=path, field=unknown[0], remedy=f"known: {', '.join(_KEYS)}"
        )
    fields = {key: scalar(node, path, key) for key, node in nodes.items()}
    for key in ("label", "definition", "source"):
        if not fields.get(key):
            raise RecordError(f"{key} is missing", file=path, field=key, remedy=f"add `{key}:`")
    if fields.get("ranked", "true") not in ("true", "false"):
        raise RecordError("ranked is true or false", file=path, field="ranked")
    if fields.get("ranked") == "false" and not fields.get("reason"):
        raise RecordError("not ranked without a reason", file=path, field="reason", remedy="add `reason:`")
    return fields


def _results(path: Path) -> tuple[list[RecordError], list[ReportedResult]]:
    reader = csv.reader(io.StringIO(read_text(path).removeprefix("\ufeff"), newline=""), strict=True)
    errors: list[RecordError] = []
    results: list[ReportedResult] = []
    ids: dict[str, int] = {}
    start = 1
    try:
        for fields in reader:
            line, start = start, reader.line_num + 1
            if line == 1:
                if tuple(fields) != COLUMNS:
                    raise RecordError(
                        "the header is not that of results",
                        file=path,
                        line=1,
                        remedy=f"it should be {','.join(COLUMNS)}",
                    )
            elif fields:
                wrong = _wrong(fields, path.stem, ids)
                if wrong:
                    column, message = wrong
                    errors.append(RecordError(message, file=path, line=line, field=column))
                    continue
                ids[fields[0]] = line
                results.append(ReportedResult(line, dict(zip(COLUMNS, fields, strict=True))))
    except csv.Error as error:
        raise RecordError(str(error), file=path, line=start, remedy="mend the quotes of this line") from error
    if start == 1:
        raise RecordError("the file is empty", file=path, remedy=f"start it with {','.join(COLUMNS)}")
    return errors, results


def _wrong(fields: list[str], protocol: str, ids: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the column and what is wrong with it, of the first fault of a line; None for a good line."""
    if len(fields) != len(COLUMNS):
        return "id", f"has {len(fields)} fields where the header has {len(COLUMNS)}"
    texts = dict(zip(COLUMNS, fields, strict=True))
    for column in REQUIRED:
        if not texts[column].strip():
            return column, f"{column} is empty; every result says it"
    if not re.fullmatch(rf"{re.escape(protocol)}-\d{{3,}}", texts["id"]):
        return "id", f"{texts['id']!r} is no id; write {protocol}-<number, three digits at least>"
    if texts["id"] in ids:
        return "id", f"{texts['id']} stands in line {ids[texts['id']]} too; give it the next free number"
    return None
