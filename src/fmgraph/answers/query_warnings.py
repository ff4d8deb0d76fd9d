"""Probable mistakes in a query: terms and entities that do not exist, names that nothing has.

A query with a misspelt name is valid and returns no rows, without an error; these warnings say why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pyoxigraph as ox
from rapidfuzz import fuzz

from fmgraph.answers.resolve import Resolver, resolver_of
from fmgraph.errors import FmgraphError
from fmgraph.ontology import all_kinds, shipped
from fmgraph.rdf.prefixes import BASE, FMG, PREFIXES
from fmgraph.rdf.terms import iri as iri_term
from fmgraph.server.engine import Engine
from fmgraph.server.guard.lexer import Token, tokens
from fmgraph.text import match_key, nearest

#: Texts and entities of a query that are looked up.
_MOST = 20
#: Least likeness (0 to 100) of a name that is taken for the one that was meant.
_LIKE = 70
#: Functions whose arguments are parts of texts and no names.
_PARTS = {
    "regex",
    "contains",
    "strstarts",
    "strends",
    "replace",
    "concat",
    "strbefore",
    "strafter",
    "separator",
}


def warnings(query: str, engine: Engine) -> list[str]:
    """Return the warnings about a query, each with the nearest names; empty where there are none.

    Raises QuerySyntaxError where the text is not made of SPARQL's tokens.
    """
    query_tokens = list(tokens(query))
    resolver = resolver_of(engine)
    messages: dict[str, None] = {}
    iris = list(dict.fromkeys(_iris(query_tokens)))
    known = {prop.local for prop in shipped().properties.values() if prop.iri.startswith(FMG)}
    known |= {term.removeprefix(FMG) for term in shipped().labels() if term.startswith(FMG)}
    for one in iris:
        if one.startswith(FMG) and one != FMG and one.removeprefix(FMG) not in {*known, "matches"}:
            local = one.removeprefix(FMG)
            near = [f"fmg:{name}" for name in nearest(local, sorted(known))]
            messages[f"fmg:{local} does not exist{_did_you_mean(near)}"] = None
    entities = [one for one in iris if one.startswith(BASE) and not one.startswith(FMG) and one != BASE][
        :_MOST
    ]
    for one in entities:
        if one.removeprefix(BASE).partition("/")[0] in all_kinds() and not _there(
            engine, f"{iri_term(one)} ?p ?o"
        ):
            words = one.rpartition("/")[2].replace("-", " ")
            kind = one.removeprefix(BASE).partition("/")[0]
            kinds = (kind,) if all_kinds()[kind].searched else ()
            near = [f"<{match.iri}>" for match in resolver.alike(words, kinds, 3)]
            messages[f"<{one}> is not in the graph{_did_you_mean(near)}"] = None
    for text in list(dict.fromkeys(_names(query_tokens)))[:_MOST]:
        near = _misspelt(text, engine, resolver)
        if near:
            messages[f'nothing is called "{text}"{_did_you_mean(near)}'] = None
    prefixes = _prefixes(query_tokens)
    for before, after, then in zip(query_tokens, query_tokens[1:], [*query_tokens[2:], None], strict=False):
        typed = then is not None and then.text == "^^"
        if after.kind in ("number", "string") and not typed and _iri_of(before, prefixes) == FMG + "year":
            messages['fmg:year is an xsd:gYear: write "2024"^^xsd:gYear, or compare STR(?year)'] = None
    return list(messages)


def _did_you_mean(names: Iterable[str]) -> str:
    listed = " or ".join(list(names)[:3])
    return f"; did you mean {listed}?" if listed else ""


def _there(engine: Engine, pattern: str) -> bool:
    return engine.ask(f"ASK {{ {pattern} }}")


def _prefixes(query_tokens: list[Token]) -> dict[str, str]:
    declared = dict(PREFIXES)
    for word, name, iri in zip(query_tokens, query_tokens[1:], query_tokens[2:], strict=False):
        if (
            word.kind == "word"
            and word.text.lower() == "prefix"
            and name.kind == "pname"
            and iri.kind == "iri"
        ):
            declared[name.text.rstrip(":")] = iri.text[1:-1]
    return declared


def _iri_of(token: Token, prefixes: dict[str, str]) -> str:
    if token.kind == "iri":
        return token.text[1:-1]
    if token.kind == "pname":
        prefix, _, local = token.text.partition(":")
        if prefix in prefixes and local:
            return prefixes[prefix] + local.replace("\\", "")
    return ""


def _iris(query_tokens: list[Token]) -> Iterable[str]:
    prefixes = _prefixes(query_tokens)
    for place, token in enumerate(query_tokens):
        declares = place > 1 and query_tokens[place - 2].text.lower() == "prefix"
        iri = _iri_of(token, prefixes)
        if iri and not declares:
            yield iri


def _names(query_tokens: list[Token]) -> Iterable[str]:
    """Yield the strings that stand for a whole value: no arguments of functions on texts, no datatypes."""
    inside: list[bool] = []
    for place, token in enumerate(query_tokens):
        if token.text == "(":
            inside.append(place > 0 and query_tokens[place - 1].text.lower() in _PARTS)
        elif token.text == ")" and inside:
            inside.pop()
        elif token.kind == "string" and not any(inside):
            after = query_tokens[place + 1].text if place + 1 < len(query_tokens) else ""
            before = query_tokens[place - 1].text if place else ""
            if after != "^^" and not before.endswith(":matches"):
                yield _text_of(token)


def _text_of(token: Token) -> str:
    quoted = token.text
    try:
        return str(ast.literal_eval(quoted))
    except (SyntaxError, ValueError):
        return quoted.strip("\"'")


def _misspelt(text: str, engine: Engine, resolver: Resolver) -> list[str]:
    """Return the names nearest to a text; none where the text is a value in the graph."""
    if len(match_key(text)) < 3 or _there(engine, f"?s ?p {ox.Literal(text)}"):
        return []
    try:
        matches = resolver.resolve(text, (), 3) or resolver.alike(text, (), 3)
    except FmgraphError:
        return []
    key = match_key(text)
    names = [name for match in matches for name in (match.label, *match.aka)]
    ranked = sorted(names, key=lambda name: -fuzz.ratio(key, match_key(name)))
    return [f'"{name}"' for name in dict.fromkeys(ranked) if fuzz.ratio(key, match_key(name)) >= _LIKE][:2]
