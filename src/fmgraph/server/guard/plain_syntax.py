"""What is wrong with a query that does not parse, in words and at its token.

A parser names the furthest place that it came to and all that could stand there. What people have done is
mostly earlier and simpler: a brace is not closed, a triple has no object, a keyword is misspelt.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from fmgraph.errors import QuerySyntaxError
from fmgraph.server.guard.lexer import Token, place, tokens

_PAIRS = {"{": "}", "(": ")", "[": "]"}
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_TERMS = ("var", "iri", "pname", "bnode", "string", "number")
#: Tokens that are looked at: beyond, the parser's words must do.
_MOST = 20_000


def plain_error(query: str) -> QuerySyntaxError | None:
    """Return the error in plain words, with its token's place; None where it is not a common mistake."""
    try:
        all_tokens = []
        for token in tokens(query):
            all_tokens.append(token)
            if len(all_tokens) > _MOST:
                return None
    except QuerySyntaxError as error:
        return error
    if not all_tokens:  # nothing, or comments alone
        return QuerySyntaxError("the query is empty", 1, 1)
    for check in (_beginning, _brackets, _triples, _clauses):
        mistake = check(all_tokens)
        if mistake is not None:
            token, words = mistake
            line, column = place(query, token.start)
            return QuerySyntaxError(f"line {line}, column {column}: {words}", line, column)
    return None


_Mistake = tuple[Token, str] | None


def _beginning(all_tokens: Sequence[Token]) -> _Mistake:
    at = 0
    while at < len(all_tokens) and all_tokens[at].text.upper() in ("PREFIX", "BASE"):
        at += 3 if all_tokens[at].text.upper() == "PREFIX" else 2
    if at >= len(all_tokens) or all_tokens[at].text.upper() in _FORMS:
        return None
    token = all_tokens[at]
    near = difflib.get_close_matches(token.text.upper(), (*_FORMS, "PREFIX", "BASE"), 1)
    guess = f"; {near[0]}?" if near else ""
    return (
        token,
        f"a query starts with PREFIX, {', '.join(_FORMS[:-1])} or {_FORMS[-1]}, not {token.text[:40]}{guess}",
    )


def _brackets(all_tokens: Sequence[Token]) -> _Mistake:
    opened: list[Token] = []
    for token in all_tokens:
        if token.kind != "punct":
            continue
        if token.text in _PAIRS:
            opened.append(token)
        elif token.text in _PAIRS.values():
            if not opened:
                return token, f"this {token.text} closes nothing"
            last = opened.pop()
            if _PAIRS[last.text] != token.text:
                return last, f"this {last.text} is never closed"
    return (opened[-1], f"this {opened[-1].text} is never closed") if opened else None


def _triples(all_tokens: Sequence[Token]) -> _Mistake:
    """Find a triple of three plain terms that ends too early; whatever else stands in one is passed over."""
    terms, plain, inside, values = 0, False, 0, False
    for token in all_tokens:
        if values:  # a table of values holds no triples
            values = token.text != "}"
            terms, plain = 0, True
        elif token.text.upper() == "VALUES":
            values = True
        elif token.text == "{":
            terms, plain, inside = 0, True, inside + 1
        elif token.text in ("}", ".", ";") and token.kind == "punct":
            if plain and inside and terms in (1, 2):
                missing = "an object is" if terms == 2 else "a property and an object are"
                return (
                    token,
                    f"{missing} missing before this {token.text}",
                )
            terms, plain = (1, True) if token.text == ";" else (0, True)
            if token.text == "}":
                inside -= 1
            if token.text == ";":
                plain = False  # what follows may be nothing at all
        elif token.kind in _TERMS or token.text == "a":
            terms += 1
        else:
            plain = False
    return None


def _clauses(all_tokens: Sequence[Token]) -> _Mistake:
    for token, following in zip(all_tokens, [*all_tokens[1:], None], strict=True):
        word = token.text.upper() if token.kind == "word" else ""
        after = following.text.upper() if following else ""
        if word in ("ORDER", "GROUP") and after != "BY":
            return token, f"BY is missing after {word}"
        if word in ("LIMIT", "OFFSET") and not after.isdigit():
            return token, f"a whole number is missing after {word}"
    return None
