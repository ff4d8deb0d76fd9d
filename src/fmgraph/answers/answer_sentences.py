"""The rows of a named query in sentences: its header's ``answer`` with names and numbers put in.

``answer`` is a list of sentences, each a text or a mapping: ``say``, ``none`` (said in place of it where
there is no row), and ``of`` (only where exactly these optional parameters have a value). In braces stand

- ``{dataset}``: the name of a parameter's value,
- ``{work:work|works}``: how many different values a column has, with the noun for one and for several,
- ``{work[denied_by]:work|works}``: the same over the rows in which another column has a value,
- ``{label*}``: the different values themselves,
- ``{label^}``: those of the first rows, of a ranking.

A sentence without ``none`` is left out where one of its numbers would be 0 or one of its names is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Values named at most; of more, the number of the rest is given.
MOST_NAMED = 5
#: Values named of a ranking.
FIRST_NAMED = 3
_PLACE = re.compile(
    r"\{(?P<name>\w+)(?:\[(?P<where>\w+)\])?(?:(?P<all>[*^])|:(?P<one>[^|{}]*)\|(?P<many>[^{}]*))?\}"
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer; ``of`` is None where it holds whatever parameters are given."""

    say: str
    none: str = ""
    of: frozenset[str] | None = None


def read_sentences(entries: Iterable[object]) -> tuple[Sentence, ...]:
    """Return the sentences of a header's ``answer``; raises TypeError or KeyError where one is ill-formed."""
    sentences = []
    for entry in entries:
        if isinstance(entry, str):
            sentences.append(Sentence(entry))
            continue
        if not isinstance(entry, dict):
            raise TypeError("a sentence is a text or a mapping with say")
        of = entry.get("of")
        sentences.append(
            Sentence(entry["say"], entry.get("none", ""), None if of is None else frozenset(of.split()))
        )
    return tuple(sentences)


def placeholders(sentence: Sentence) -> set[str]:
    """Return the names of parameters and columns in a sentence."""
    matches = [match for text in (sentence.say, sentence.none) for match in _PLACE.finditer(text)]
    return {name for match in matches for name in (match["name"], match["where"]) if name}


def tell(
    sentences: Iterable[Sentence],
    rows: Sequence[Row],
    value_names: Mapping[str, str],
    optional: Iterable[str],
    name_of: Callable[[Any], str],
) -> list[str]:
    """Return the sentences about the rows, with their placeholders filled in.

    ``value_names`` has the names of the parameters' values, ``optional`` the parameters that may be open, and
    ``name_of`` shows a term.
    """
    present = frozenset(optional) & set(value_names)
    texts = []
    for one in sentences:
        if one.of is None or one.of == present:
            text = _fill(one.say, rows, value_names, name_of) if rows else None
            if text is None and not rows and one.none:
                text = _fill(one.none, rows, value_names, name_of)
            if text:
                texts.append(text[:1].upper() + text[1:])
    return texts


def _fill(
    text: str, rows: Sequence[Row], value_names: Mapping[str, str], name_of: Callable[[Any], str]
) -> str | None:
    parts, end = [], 0
    for match in _PLACE.finditer(text):
        value = _value(match, rows, value_names, name_of)
        if value is None:
            return None
        parts += [text[end : match.start()], value]
        end = match.end()
    return "".join([*parts, text[end:]])


def _value(
    match: re.Match[str], rows: Sequence[Row], value_names: Mapping[str, str], name_of: Callable[[Any], str]
) -> str | None:
    name, where = match["name"], match["where"]
    if not match["all"] and match["one"] is None:
        return value_names.get(name)
    some = [row for row in rows if not where or row.get(where) is not None]
    values = dict.fromkeys(str(row[name]) for row in some if row.get(name) is not None)
    if not values:
        return None
    if match["all"]:
        terms = {str(row[name]): row[name] for row in some if row.get(name) is not None}
        names = list(dict.fromkeys(name_of(term) for term in terms.values()))
        return _listed(names if match["all"] == "*" else names[:FIRST_NAMED])
    return f"{len(values):,} {match['one'] if len(values) == 1 else match['many']}"


def _listed(names: list[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
