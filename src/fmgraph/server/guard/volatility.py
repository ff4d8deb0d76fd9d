"""Whether a query can have two answers over one dataset, from its tokens: such answers are not kept."""

from __future__ import annotations

from fmgraph.errors import QuerySyntaxError
from fmgraph.server.guard.lexer import tokens, unescape

#: Functions whose value differs from one evaluation to the next (STRUUID ends in UUID, too).
_FUNCTIONS = ("NOW", "RAND", "UUID")
_SERVICE = "SERVICE"
#: Tokens that are looked at; a longer query that holds one of the words counts as volatile.
_MOST_TOKENS = 4_000


def is_volatile(query: str) -> bool:
    """Return whether the query calls NOW, RAND, UUID or STRUUID, or SERVICE, whose data is not ours.

    Never False for one that does; True also for text that does not parse. Most queries hold none of the words
    anywhere, and none of their tokens is looked at.
    """
    text = unescape(query) if "\\" in query else query
    upper = text.upper()
    if _SERVICE not in upper and not any(name in upper for name in _FUNCTIONS):
        return False
    called = False  # whether the token before names one of the functions
    try:
        for number, token in enumerate(tokens(text)):
            if (called and token.text == "(") or number >= _MOST_TOKENS:
                return True
            word = token.text.upper() if token.kind in ("word", "pname", "lang") else ""
            # Parsers without a lexer find a keyword at the end of a word, and before the colon of a name.
            if _SERVICE in word and (token.kind != "pname" or _SERVICE in word.partition(":")[0]):
                return True
            # What begins with < may be a comparison: ?a<NOW()&&?b>1 reads as an IRI here.
            if token.kind == "iri" and "(" in token.text and any(n in token.text.upper() for n in _FUNCTIONS):
                return True
            called = word.endswith(_FUNCTIONS)
    except QuerySyntaxError:
        return True
    return False
