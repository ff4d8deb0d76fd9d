"""The items of a review as TSV, out and, with decisions written into it, in again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from fmgraph.curation.review_decisions import Decision, decision
from fmgraph.curation.review_list import Item
from fmgraph.errors import InputError, UsageError
from fmgraph.records.record_files import read_text

#: What a person writes into comes first.
COLUMNS = ("decision", "record", "label", "confidence", "id", "state", "title", "cells", "evidence")


def to_tsv(items: Sequence[Item]) -> str:
    """Return one line for each item, the decision empty; tabs and line ends within texts become spaces."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        texts = {**vars_of(item), "confidence": f"{item.confidence:.2f}"}
        writer.writerow(["", *(" ".join(str(texts[name]).split()) for name in COLUMNS[1:])])
    return out.getvalue()


def vars_of(item: Item) -> dict[str, object]:
    """Return the item's fields by name."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def from_tsv(path: Path) -> list[Decision]:
    """Return the decisions in a file; lines without one are left for later.

    Raises InputError with the line for text that is no valid decision, UsageError for another file.
    """
    lines = list(csv.reader(io.StringIO(read_text(path, InputError), newline=""), delimiter="\t"))
    if not lines or not {"decision", "record", "label", "id", "state"} <= set(lines[0]):
        raise UsageError(f"{path} is no review: its header should be {' '.join(COLUMNS)}")
    decisions = []
    for number, line in enumerate(lines[1:], 2):
        texts = dict(zip(lines[0], line, strict=False))
        try:
            row_decision = decision(
                texts.get("id", ""),
                texts.get("decision", ""),
                texts.get("record", ""),
                texts.get("label", ""),
                texts["state"] if texts.get("state") in ("name", "cell") else "row",
            )
        except UsageError as error:
            raise InputError(str(error), file=path, line=number) from None
        if row_decision:
            decisions.append(row_decision)
    return decisions
