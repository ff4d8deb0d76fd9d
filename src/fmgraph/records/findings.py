"""Findings: what a check has to say about the data, one object each, wherever it was noticed.

The build (dangling references, cells that nothing understands), the shapes and the list coverage all
report in this form; :mod:`fmgraph.check.finding_formats` prints it as text, JSON, SARIF or RDF.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from fmgraph.errors import InputError

Severity = Literal["error", "warning", "open", "info"]

#: Severities, the gravest first; what is open waits for somebody and is no fault.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "open", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, where it stands and what would be right.

    ``file`` is relative to the data folder's parent where it lies under it (``data/model/uni.yaml``);
    ``line`` is one-based; ``field`` is the YAML key or list column; ``rule`` names the check in a few
    hyphenated words and stays the same between releases; ``focus`` is the IRI the finding is about.
    """

    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    remedy: str | None = None
    rule: str = "data"
    severity: Severity = "error"
    focus: str | None = None

    def __str__(self) -> str:
        """Return ``file:line: severity: field: message; remedy [rule]``, parts left out where unknown."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = ": ".join(
            part for part in (place or self.focus, self.severity, self.field, self.message) if part
        )
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{text}{remedy} [{self.rule}]"

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields that are known, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_error(cls, error: InputError, rule: str) -> Finding:
        """Return the finding that tells what an input error tells."""
        return cls(error.message, error.file, error.line, error.field, error.remedy, rule)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without repetition, by file and line, the gravest first within a line."""
    return sorted(
        dict.fromkeys(findings),
        key=lambda f: (
            f.file or "~",
            f.line or 0,
            SEVERITIES.index(f.severity),
            f.field or "",
            f.rule,
            f.focus or "",
            f.message,
        ),
    )
