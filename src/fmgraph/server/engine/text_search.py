"""Full text in SPARQL: ``?model fmg:matches "retinal foundation"`` finds entities by words of their names.

The pattern is no triple of the graph. Before a query is run, it is replaced by the entities that the search
index finds (a VALUES block), so that the engine starts from them instead of filtering every label. A query
without the pattern is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, parse

from fmgraph.errors import QueryRefused
from fmgraph.rdf import text_index
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.store import Meta
from fmgraph.server.engine.engine_interface import JSON_AND_TURTLE, Answer, Engine, ResultFormats
from fmgraph.server.guard.lexer import Token, place, tokens

#: The most entities one pattern may stand for; more is refused, since a part would be a wrong answer.
MOST_HITS = 10_000
_MATCHES = FMG + "matches"
_FORM = 'write it as a pattern of its own, with a variable and a string: ?model fmg:matches "words" .'


class TextSearchEngine(Engine):
    """An engine that knows ``fmg:matches``; everything else it hands to the engine behind it."""

    def __init__(self, engine: Engine, index: Path) -> None:
        self._engine = engine
        self._index = index

    @property
    def meta(self) -> Meta:
        """The dataset served by the engine behind."""
        return self._engine.meta

    def run(
        self,
        query: str,
        *,
        formats: ResultFormats = JSON_AND_TURTLE,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        client: str = "",
        trusted: bool = False,
    ) -> Answer:
        """See :meth:`~Engine.run`; also raises QueryRefused for a misplaced ``fmg:matches``."""
        return self._engine.run(
            expand(query, self._index),
            formats=formats,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            client=client,
            trusted=trusted,
        )

    async def run_soon(self, query: str, *, formats: ResultFormats = JSON_AND_TURTLE) -> Answer | None:
        """See :meth:`Engine.run_soon`; looking into the index has to wait for a thread."""
        return None if "matches" in query else await self._engine.run_soon(query, formats=formats)

    def stats(self) -> dict[str, Any] | None:
        """Return the numbers of the engine behind."""
        return self._engine.stats()

    def close(self) -> None:
        """Close the engine behind."""
        self._engine.close()


def expand(query: str, index: Path) -> str:
    """Return the query with every ``fmg:matches`` pattern replaced by the entities it finds.

    Raises QueryRefused where the pattern does not stand by itself or finds more than :data:`MOST_HITS`, and
    QuerySyntaxError for text that is not made of SPARQL tokens.
    """
    if "matches" not in query:
        return query
    found = list(tokens(query))
    prefixes = _prefixes(found)
    parts, end = [], 0
    for number, token in enumerate(found):
        if not _is_matches(token, prefixes) or _declares(found, number):
            continue
        before, after = found[max(number - 1, 0)], found[number + 1 : number + 3]
        alone = number > 1 and found[number - 2].text in (".", "{", "}")
        if not (alone and before.kind == "var" and after and after[0].kind == "string"):
            raise _refused(query, token, _FORM)
        parts.append(query[end : before.start])
        parts.append(f"VALUES {before.text} {{ {_hits(query, token, after[0], index)} }}")
        end = after[0].start + len(after[0].text)
        if len(after) > 1 and after[1].text == ";":
            parts.append(f" {before.text} ")
            end = after[1].start + 1
        elif len(after) > 1 and after[1].text not in (".", "}"):
            raise _refused(query, token, _FORM)
    return "".join([*parts, query[end:]])


def _prefixes(found: Sequence[Token]) -> dict[str, str]:
    return {
        found[number + 1].text: found[number + 2].text[1:-1]
        for number, token in enumerate(found[:-2])
        if token.kind == "word" and token.text.upper() == "PREFIX" and found[number + 2].kind == "iri"
    }


def _is_matches(token: Token, prefixes: dict[str, str]) -> bool:
    if token.kind == "iri":
        return token.text == f"<{_MATCHES}>"
    prefix, colon, local = token.text.partition(":")
    return token.kind == "pname" and prefixes.get(prefix + colon, "") + local == _MATCHES


def _declares(found: Sequence[Token], number: int) -> bool:
    """Tell whether the IRI stands in a prefix declaration."""
    return number > 1 and found[number - 2].text.upper() == "PREFIX"


def _hits(query: str, token: Token, text: Token, index: Path) -> str:
    literal = next(iter(parse(f"<a:a> <a:a> {text.text} .", RdfFormat.TURTLE))).object
    hits = text_index.query(index, str(getattr(literal, "value", "")), MOST_HITS)
    if hits.total > MOST_HITS:
        raise _refused(
            query, token, f"{hits.total:,} entities match, more than {MOST_HITS:,}: use more words"
        )
    return " ".join(f"<{entry.iri}>" for entry in hits.entries)


def _refused(query: str, token: Token, message: str) -> QueryRefused:
    line, column = place(query, token.start)
    return QueryRefused(f"fmg:matches at line {line}, column {column}: {message}")
