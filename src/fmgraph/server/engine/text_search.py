"""Full text in SPARQL: ``?model fmg:matches "retinal foundation"`` finds entities by words of their names.

The pattern is no triple of the graph. Where a query is evaluated, within its limits of time and memory, the
pattern is replaced by the entities that the search index finds (a VALUES block), so that the engine starts
from them instead of filtering every label. A query without the pattern is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from fmgraph.errors import QueryRefused
from fmgraph.rdf import text_index
from fmgraph.rdf.prefixes import FMG
from fmgraph.server.guard.lexer import Token, place, tokens

#: The most entities one pattern may stand for; more is refused, since a part would be a wrong answer.
MOST_HITS = 10_000
#: The most patterns of one query.
MOST_PATTERNS = 10
MATCHES = FMG + "matches"
_FORM = 'write it as a pattern of its own, with a variable and a string: ?model fmg:matches "words" .'


def expand(query: str, index: Path | None) -> str:
    """Return the query with every ``fmg:matches`` pattern replaced by the entities it finds.

    Raises QueryRefused where the pattern does not stand by itself, finds more than :data:`MOST_HITS`, is one
    of more than :data:`MOST_PATTERNS`, or where the graph has no index; QuerySyntaxError for text that is not
    made of SPARQL tokens; EngineError where the index cannot be read.
    """
    if "matches" not in query:
        return query
    query_tokens = list(tokens(query))
    prefixes = _prefixes(query_tokens)
    parts: list[str] = []
    end = expanded = 0
    for number, token in enumerate(query_tokens):
        if not _is_matches(token, prefixes) or _declares(query_tokens, number):
            continue
        before, after = query_tokens[max(number - 1, 0)], query_tokens[number + 1 : number + 3]
        alone = number > 1 and query_tokens[number - 2].text in (".", "{", "}")
        if not (alone and before.kind == "var" and after and after[0].kind == "string"):
            if index is None:  # then it is a term like others
                continue
            raise _refused(query, token, _FORM)
        if index is None:
            raise _refused(query, token, "this graph has no index of names (fmgraph build makes one)")
        expanded += 1
        if expanded > MOST_PATTERNS:
            raise _refused(query, token, f"a query has at most {MOST_PATTERNS} of these patterns")
        parts.append(query[end : before.start])
        parts.append(f"VALUES {before.text} {{ {_hits(query, token, after[0], index)} }}")
        end = after[0].start + len(after[0].text)
        if len(after) > 1 and after[1].text == ";":
            parts.append(f" {before.text} ")
            end = after[1].start + 1
        elif len(after) > 1 and after[1].text not in (".", "}"):
            raise _refused(query, token, _FORM)
    return "".join([*parts, query[end:]])


def _prefixes(query_tokens: Sequence[Token]) -> dict[str, str]:
    return {
        query_tokens[number + 1].text: query_tokens[number + 2].text[1:-1]
        for number, token in enumerate(query_tokens[:-2])
        if token.kind == "word" and token.text.upper() == "PREFIX" and query_tokens[number + 2].kind == "iri"
    }


def _is_matches(token: Token, prefixes: dict[str, str]) -> bool:
    if token.kind == "iri":
        return token.text == f"<{MATCHES}>"
    prefix, colon, local = token.text.partition(":")
    return token.kind == "pname" and prefixes.get(prefix + colon, "") + local == MATCHES


def _declares(query_tokens: Sequence[Token], number: int) -> bool:
    """Tell whether the IRI stands in a prefix declaration."""
    return number > 1 and query_tokens[number - 2].text.upper() == "PREFIX"


def _hits(query: str, token: Token, text: Token, index: Path) -> str:
    literal = next(iter(parse(f"<a:a> <a:a> {text.text} .", RdfFormat.TURTLE))).object
    hits = text_index.iris(index, str(getattr(literal, "value", "")), MOST_HITS + 1)
    if len(hits) > MOST_HITS:
        raise _refused(query, token, f"more than {MOST_HITS:,} entities match: use more words")
    return " ".join(f"<{iri}>" for iri in hits)


def _refused(query: str, token: Token, message: str) -> QueryRefused:
    line, column = place(query, token.start)
    return QueryRefused(f"fmg:matches at line {line}, column {column}: {message}")
