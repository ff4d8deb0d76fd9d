"""The shape of a query: its tokens but for the constants, found at a fifth of the time of a full look."""

from __future__ import annotations

import re
from functools import lru_cache

from fmgraph.server.guard.cost import TYPES
from fmgraph.server.guard.lexer import kind_of, texts

#: Kinds of tokens that do not matter to what is allowed, nor to what a query may cost.
CONSTANTS = frozenset(("iri", "string", "number", "pname"))
#: Declarations, up to a place where a token ends: nothing in them may begin a comment, a string, another IRI.
_PROLOGUE = re.compile(
    r"""(?:[ \t\r\n]+|PREFIX[ \t]+[^\s:<#'"]*:[ \t]*<[^<>"{}|^`\\\s]*>)*+""", re.IGNORECASE
)
#: Characters, tokens and characters of one token up to which a shape is made and remembered.
_LONGEST, _MOST_TOKENS, _LONGEST_TOKEN = 8_192, 400, 200


def shape_of(query: str) -> tuple[str, ...] | None:
    """Return what :func:`~fmgraph.server.guard.inspect` depends on; None where the query itself is looked at.

    Those are long ones, those with escapes, and those that name a service; of the others constants
    do not matter, except those that the guess at the cost knows.
    """
    if len(query) > _LONGEST or "\\" in query or "service" in query.lower():
        return None
    match = _PROLOGUE.match(query)
    start = match.end() if match else 0
    before, body = _parts(query[:start]), _shape(query[start:])
    return None if before is None or body is None else before + body


def _shape(text: str) -> tuple[str, ...] | None:
    found = texts(text)
    if found is None or len(found) > _MOST_TOKENS:
        return None
    return tuple(part for part in map(_part, found) if part)


#: Clients declare the same prefixes again and again.
_parts = lru_cache(maxsize=256)(_shape)


def _part(text: str) -> str:
    return _known_part(text) if len(text) <= _LONGEST_TOKEN else _new_part(text)


def _new_part(text: str) -> str:
    kind = kind_of(text)
    if kind == "space":
        return ""
    return kind if kind in CONSTANTS and text not in TYPES else text


_known_part = lru_cache(maxsize=16_384)(_new_part)
