"""How many triples there are: the first question that people and monitors ask of an endpoint.

An engine answers it by visiting every triple, which takes seconds over a large graph, and a dataset that was
built knows its number. Nothing else is answered so: the query has to be this one, token by token.
"""

from __future__ import annotations

from fmgraph.errors import QuerySyntaxError
from fmgraph.server.guard.inspection import after_prologue
from fmgraph.server.guard.lexer import Token, tokens

#: A longer query is another one.
_LONGEST = 4_000


def count_of_all(query: str, triples: int) -> str:
    """Return a query with the answer in it for ``SELECT (COUNT(*) AS ?n) { ?s ?p ?o }``, else the query.

    ``triples`` is how many the default graph has. ``COUNT(?s)`` is the same, all three being bound in every
    solution; ``COUNT(DISTINCT …)`` is not.
    """
    if len(query) > _LONGEST or "count" not in query.lower():
        return query
    try:
        found, _ = after_prologue(list(tokens(query)))
    except QuerySyntaxError:
        return query  # the parser's words for it are better
    name = _counted(found)
    if name is None:
        return query
    return (
        f"{query[: found[0].start]}SELECT ({triples} AS {name}) {{}}"  # the prologue is the parser's to check
    )


def _counted(found: list[Token]) -> str | None:
    """Return the variable that gets the number, None where anything else is asked."""
    if not all(token.text.isascii() for token in found):  # upper() makes an S of a long s, no parser does
        return None
    texts = [token.text.upper() if token.kind == "word" else token.text for token in found]
    if texts[9:10] == ["WHERE"]:
        del texts[9]
    if texts[13:14] == ["."]:
        del texts[13]
    if len(texts) != 14 or [texts[i] for i in (0, 1, 2, 3, 5, 6, 8, 9, 13)] != _FRAME:
        return None
    counted, name, pattern = texts[4], texts[7], texts[10:13]
    names = {token.text for token in found if token.kind == "var"}
    variables = {text[1:] for text in pattern if text in names}
    if len(variables) != 3 or name not in names or name[1:] in variables:
        return None
    return name if counted == "*" or (counted in names and counted[1:] in variables) else None


_FRAME = ["SELECT", "(", "COUNT", "(", ")", "AS", ")", "{", "}"]
