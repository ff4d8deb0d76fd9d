"""What was matched and what was not, as text, TSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from fmgraph.curation.match_records import Candidate, Match

#: States in the order in which the text shows them.
_STATES = {
    "matched": "matched",
    "contradicted": "contradicted",
    "open": "open",
    "given": "with a record before",
}


def to_text(matches: Sequence[Match]) -> str:
    """Return the counts of each state, then what a person has to look at, and what was decided."""
    lines = [
        f"{len(matches)} rows: "
        + ", ".join(f"{sum(m.state == state for m in matches)} {words}" for state, words in _STATES.items())
    ]
    for state in ("contradicted", "open", "matched"):
        for match in (m for m in matches if m.state == state):
            lines.append(f"{state:12} {match.row.id}  {match.title}")
            if not match.candidates:
                lines.append("             no record is like it; `fmgraph draft` can write one")
            candidates = match.candidates[:1] if state == "matched" else match.candidates[:3]
            lines += [
                f"             {one.record} ({one.confidence:.2f}): {one.evidence}" for one in candidates
            ]
    return "\n".join(lines) + "\n"


def to_tsv(matches: Sequence[Match]) -> str:
    """Return one line a row: id, state, record, confidence, evidence, title, further candidates."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(["row", "state", "record", "candidate", "confidence", "evidence", "title", "others"])
    for match in matches:
        best = match.candidates[0] if match.candidates else None
        writer.writerow(
            [
                match.row.id,
                match.state,
                match.record or "",
                best.record if best else "",
                f"{best.confidence:.2f}" if best else "",
                best.evidence if best else "",
                match.title,
                ", ".join(one.record for one in match.candidates[1:3]),
            ]
        )
    return out.getvalue()


def to_json(matches: Sequence[Match]) -> str:
    """Return a list of objects, one a row, with all candidates."""
    rows = [
        {
            "row": match.row.id,
            "line": match.row.line,
            "state": match.state,
            "record": match.record,
            "title": match.title,
            "candidates": [_as_dict(one) for one in match.candidates],
        }
        for match in matches
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def _as_dict(candidate: Candidate) -> dict[str, object]:
    return {
        "record": candidate.record,
        "label": candidate.label,
        "agree": list(candidate.agree),
        "against": list(candidate.against),
        "confidence": candidate.confidence,
    }


FORMATS: dict[str, Callable[[Sequence[Match]], str]] = {"text": to_text, "tsv": to_tsv, "json": to_json}
