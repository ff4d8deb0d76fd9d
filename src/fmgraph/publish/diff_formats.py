"""A difference as text, JSON or Markdown, for a terminal, for a script and for the release notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from fmgraph.lists.markdown_text import escape, link
from fmgraph.publish.release_diff import Claim, Difference
from fmgraph.rdf.prefixes import BASE, FMG

#: (text, IRI or None) → how it is shown.
_Show = Callable[[str, str | None], str]


def render(difference: Difference, form: Literal["text", "json", "markdown"] = "text") -> str:
    """Return the whole difference in the given form, ending in a newline."""
    if form == "json":
        return json.dumps(difference.as_dict(), ensure_ascii=False, indent=2) + "\n"
    lines = []
    for title, items in _sections(_Words(difference, _linked if form == "markdown" else _plain)):
        if items:
            lines += [f"{'## ' * (form == 'markdown')}{title} ({len(items)})", ""]
            lines += [f"- {item}" for item in items]
            lines.append("")
    return "\n".join(lines) if lines else "Nothing changed.\n"


def _plain(text: str, iri: str | None) -> str:
    if iri is None or not iri.startswith(BASE) or iri.startswith(FMG):
        return text
    name = iri.removeprefix(BASE)
    return text if name == text else f"{text} ({name})"


def _linked(text: str, iri: str | None) -> str:
    return link(text, iri) if iri else escape(text)


class _Words:
    """The parts of a difference in words."""

    def __init__(self, difference: Difference, show: _Show) -> None:
        self.difference, self.show = difference, show

    def name(self, value: str) -> str:
        """Return an IRI by its label, or a literal as it is."""
        label = self.difference.labels.get(value)
        is_iri = value.startswith(("http://", "https://"))
        return self.show(label or value.removeprefix(BASE), value if is_iri else None)

    def prop(self, iri: str) -> str:
        """Return a property by its label or local name."""
        return self.show(self.difference.labels.get(iri) or iri.rsplit("#")[-1].rsplit("/")[-1], None)

    def statement(self, claim: Claim) -> str:
        """Return what a claim says."""
        return f"{self.name(claim.subject)}: {self.prop(claim.predicate)}: {self.name(claim.value)}"

    def origin(self, claim: Claim) -> str:
        """Return where a claim is from."""
        row = claim.origin.split("#")[0] if claim.origin.startswith(BASE) else claim.origin
        return f"from {self.name(row)}" if row else ""

    def why(self, claim: Claim) -> str:
        """Return why a claim is deprecated, and what shows it."""
        reason = f"; {self.show(claim.reason, None)}" if claim.reason else ""
        return reason + (f", see {self.name(claim.evidence)}" if claim.evidence else "")


def _sections(words: _Words) -> list[tuple[str, list[str]]]:
    all_, none = words.difference, "nothing"
    return [
        ("Published IRIs that lead nowhere", [words.name(iri) for iri in all_.vanished]),
        ("Records added", [words.name(iri) for iri in all_.added_entities]),
        ("Records redirected", [f"{words.name(a)} is now {words.name(b)}" for a, b in all_.redirected]),
        (
            "Records withdrawn",
            [
                words.name(iri) + (f": {words.show(why, None)}" if why else "")
                for iri, why in all_.withdrawn_entities
            ],
        ),
        (
            "Records edited",
            [
                f"{words.name(iri)}: {words.prop(p)}: {words.name(a or none)} → {words.name(b or none)}"
                for iri, p, a, b in all_.edited
            ],
        ),
        (
            "Claims corrected",
            [f"{words.statement(a)} → {words.name(b.value)}, {words.origin(b)}" for a, b in all_.corrected],
        ),
        (
            "Claims deprecated",
            [f"{words.statement(c)}, {words.origin(c)}{words.why(c)}" for c in all_.deprecated],
        ),
        (
            "Claims of another rank",
            [
                f"{words.statement(b)}, {words.origin(b)}: {a.rank or 'none'} → {b.rank or 'none'}"
                for a, b in all_.reranked
            ],
        ),
        ("Claims with other wording", [f"{words.statement(b)}, {words.origin(b)}" for _, b in all_.reworded]),
        ("Claims added", [f"{words.statement(c)}, {words.origin(c)}" for c in all_.added]),
        ("Claims withdrawn", [f"{words.statement(c)}, {words.origin(c)}" for c in all_.withdrawn]),
    ]
