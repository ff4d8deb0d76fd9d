"""The shape of a query: its tokens but for the constants, found at a fifth of the time of a full look."""

from __future__ import annotations

from functools import lru_cache

from fmgraph.guard.cost import TYPES
from fmgraph.guard.lexer import kind_of, texts

#: Kinds of tokens that do not matter to what is allowed, nor to what a query may cost.
CONSTANTS = frozenset(("iri", "string", "number", "pname"))
_LONGEST = 400


def shape_of(query: str) -> tuple[str, ...] | None:
    """Return what :func:`fmgraph.guard.inspect` depends on; None where the query itself has to be looked at.

    Those are long ones, those with escapes, and those that name a service; of the others constants
    do not matter, except those that the guess at the cost knows.
    """
    if "\\" in query or "service" in query.lower():
        return None
    found = texts(query)
    if found is None or len(found) > _LONGEST:
        return None
    return tuple(part for part in map(_part, found) if part)


@lru_cache(maxsize=16_384)
def _part(text: str) -> str:
    kind = kind_of(text)
    if kind == "space":
        return ""
    return kind if kind in CONSTANTS and text not in TYPES else text
