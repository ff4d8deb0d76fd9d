"""The template of a query: its tokens without the constants that can be any, found in 20 microseconds."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from fmgraph.server.guard.lexer import kind_of, texts

#: Stand in a template for any IRI and any string, as long as neither is one of the terms that matter.
IRI, STRING = "<>", '""'
#: A query with more characters, or tokens, or a longer term, has no template.
_LONGEST, _MOST_TOKENS, LONGEST_TERM = 8_192, 200, 200
#: Declarations, up to a place where a token ends: nothing in them may begin a comment, a string, another IRI.
_PROLOGUE = re.compile(
    r"""(?:[ \t\r\n]+|PREFIX[ \t]+[^\s:<#'"]*:[ \t]*<[^<>"{}|^`\\\s]*>)*+""", re.IGNORECASE
)
_DECLARATION = re.compile(r"PREFIX[ \t]+([^\s:]*:)[ \t]*<([^>]*)>", re.IGNORECASE)
#: An IRI that cannot be read as an operator and what follows it (``?a<b&&c>d``).
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9]*://")
_PLAIN_NAME = re.compile(r"[^%\\]*")


def template_of(query: str, matter: Set[str]) -> tuple[str, ...] | None:
    """Return the tokens after the prologue, or None where the query is too long or too unusual to have any.

    An IRI stands in angle brackets, whether it was written so or with a prefix; one that is not in ``matter``
    is replaced by :data:`IRI`, and a string by :data:`STRING`, unless its content is in ``matter``. Numbers
    stay. Two queries with the same template therefore differ only in constants that are not in ``matter``.
    """
    if len(query) > _LONGEST or "\\" in query or "service" in query.lower():
        return None
    match = _PROLOGUE.match(query)
    start = match.end() if match else 0
    prefixes = _prefixes(query[:start])
    token_texts = texts(query[start:])
    if token_texts is None:
        return None
    template = []
    for text in token_texts:
        kind = _kind(text) if len(text) <= LONGEST_TERM else kind_of(text)
        if (
            kind != "space"
            and (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))) > LONGEST_TERM
        ):
            return None
        if kind == "iri":
            if not _ABSOLUTE.match(text):
                return None
            template.append(text if text[1:-1] in matter else IRI)
        elif kind == "pname":
            prefix, colon, local = text.partition(":")
            base = prefixes.get(prefix + colon)
            if base is None or len(base) > LONGEST_TERM or not _PLAIN_NAME.fullmatch(local):
                return None
            template.append(f"<{base}{local}>" if base + local in matter else IRI)
        elif kind == "string":
            content = text[3:-3] if text[:3] in ('"""', "'''") else text[1:-1]
            template.append(f'"{content}"' if content in matter else STRING)
        elif kind != "space":
            template.append(text)
    return tuple(template) if len(template) <= _MOST_TOKENS else None


_kind = lru_cache(maxsize=16_384)(kind_of)


@lru_cache(maxsize=256)  # clients declare the same prefixes again and again
def _prefixes(prologue: str) -> dict[str, str]:
    declared = dict(_DECLARATION.findall(prologue))  # the last of a name counts
    return {name: base for name, base in declared.items() if _ABSOLUTE.match(f"<{base}")}
