"""Suggestions for a list's maintainer as Markdown, ready to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from fmgraph.lists.list_feedback import Evidence, Feedback, Suggestion, Value
from fmgraph.lists.markdown_text import code, escape, link


def to_markdown(feedback: Feedback) -> str:
    """Return the corrections and the gaps, row by row, each with its sources."""
    where = link(feedback.source, feedback.source) if feedback.source else escape(feedback.label)
    return "\n".join(
        [
            f"# Corrections and gaps: {escape(feedback.label)}",
            "",
            f"For {where}: {_number(len(feedback.corrections), 'correction')} and "
            f"{_number(len(feedback.gaps), 'gap')} in {_number(feedback.rows, 'row')}. "
            "Each names the source where it can be checked.",
            "",
            *_section("Corrections", feedback.corrections),
            *_section("Gaps", feedback.gaps),
        ]
    )


def _section(title: str, suggestions: Sequence[Suggestion]) -> list[str]:
    out = [f"## {title}", ""]
    for _, group in groupby(suggestions, key=lambda one: one.row):
        of_row = list(group)
        first = of_row[0]
        place = f"row {first.position} (line {first.line}), {escape(first.section)}"
        out += [f"### {escape(first.work)}: {place}", "", *map(_item, of_row), ""]
    return out if suggestions else [*out, "None.", ""]


def _item(one: Suggestion) -> str:
    column = f"**{escape(one.header)}**" if one.header else "The section"
    right = "; ".join(_format_value(value) for value in one.right)
    if one.is_gap:
        return f"- {column} {f'has only {code(one.cell)}' if one.cell else 'is empty'}: {right}."
    part = one.wrong[0].text if len(one.wrong) == 1 and not one.wrong[0].iri else ""
    says = f"{column} says {code(one.cell)}" if one.cell else column
    text = f"- {says}"
    if part and part.casefold() in one.cell.casefold() and len(part) < 0.8 * len(one.cell):
        text += f", of which {escape(part)} is wrong"
    text += f": it should be {right}." if right else " and should not."
    if one.reason:
        text += f" {_sentence(one.reason)}"
    known = {place.iri for value in one.right for place in value.evidence}
    further = [place for place in one.evidence if place.iri not in known]
    return text + (f" See {_places(further)}." if further else "")


def _format_value(value: Value) -> str:
    text = link(value.text, value.iri) if value.iri else escape(value.text)
    return f"{text} ({_places(value.evidence)})"


def _places(places: Iterable[Evidence]) -> str:
    return ", ".join(
        link(place.name, place.iri) + (f": {escape(place.at)}" if place.at else "") for place in places
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _sentence(text: str) -> str:
    text = escape(text.strip())
    return (text[:1].upper() + text[1:]).rstrip(".") + "."
