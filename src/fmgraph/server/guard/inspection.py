"""Bounds a query before any parser sees it, and tells its form and what it may cost.

Parsers are recursive: a few thousand nested groups end the process that reads them, and a few thousand joined
terms stall the planner. Whatever is refused here has a reason in words and costs microseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from fmgraph.errors import ProtocolError, QueryRefused
from fmgraph.server.guard.cost import LOOKUP, NORMAL, estimate
from fmgraph.server.guard.lexer import Token, place, tokens, unescape
from fmgraph.settings import Settings

_FORMS: dict[str, Literal["select", "ask", "graph"]] = {
    "SELECT": "select",
    "ASK": "ask",
    "CONSTRUCT": "graph",
    "DESCRIBE": "graph",
}
#: Words that only updates have (SPARQL 1.1 Update, section 3); no query holds them outside strings and names.
_UPDATES = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"))
_OPEN, _CLOSE = frozenset(("{", "(", "[", "<<", "<<(", "{|")), frozenset(("}", ")", "]", ">>", ")>>", "|}"))
_OPERATORS = frozenset(("&&", "||", "|", "/", "^", "!", "+", "-", "*", "=", "!=", "<", ">", "<=", ">="))
#: Kinds of tokens by which two queries with the same template may differ.
_CONSTANTS = frozenset(("iri", "string", "number", "pname"))
_ENDS = frozenset((".", ";", ","))
_CLAUSES = frozenset(("UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "LATERAL"))


@dataclass(frozen=True)
class Inspection:
    """What is known of a query before it is parsed."""

    kind: Literal["select", "ask", "graph"] | None  #: None when it has no form; then it does not parse either
    cost: int  #: LOOKUP, NORMAL or SUSPICIOUS of :mod:`fmgraph.server.guard.cost`
    template: str  #: the same for queries that differ only in constants and names of variables


def inspect(query: str, settings: Settings, *, trusted: bool = False) -> Inspection:
    """Return what is known of ``query``, or refuse it.

    Trusted queries are not looked into: they cost LOOKUP and have no form. Raises ProtocolError 413 for a
    query that is too long; QueryRefused for one that is too deep or has too many tokens, operators,
    patterns or variables (the settings ``query_*``), for an update, and for SERVICE to anything outside
    ``service_allow``; QuerySyntaxError for text that is not made of SPARQL tokens.
    """
    if trusted:
        return Inspection(None, LOOKUP, "")
    size = len(query.encode("utf-8", "surrogatepass"))
    if size > settings.query_kb * 1024:
        raise ProtocolError(f"the query has {size} bytes; {settings.query_kb} KiB are taken", 413)
    query_tokens = _check(query, settings)
    plain = unescape(query)
    if plain != query:  # parsers differ in where they replace escapes: neither reading may do harm
        _check(plain, settings)
    body, kind = after_prologue(query_tokens)
    cost = estimate(body) if kind is not None else NORMAL
    return Inspection(kind, cost, _template(body))


def _check(query: str, settings: Settings) -> list[Token]:
    """Return the tokens of a query that keeps within the limits."""
    query_tokens: list[Token] = []
    variables: set[str] = set()
    chains = [0]  # operators in a row, for each bracket that is open
    clauses = [0]  # UNION, OPTIONAL … in a group, for each bracket that is open
    lists = [False]  # for each bracket that is open, whether it is a parenthesis
    patterns = 0  # at most: what separates triples, and steps of paths
    terms, depth, chain = settings.query_terms, settings.query_depth + 1, settings.query_chain
    joins, names = settings.query_patterns, settings.query_variables
    for token in tokens(query):
        query_tokens.append(token)
        text = token.text
        if token.kind == "punct":
            if text in _OPEN:
                chains.append(0)
                clauses.append(0)
                lists.append(text == "(")
            elif text in _CLOSE and len(chains) > 1:
                chains.pop()
                clauses.pop()
                lists.pop()
            elif text in _OPERATORS:
                chains[-1] += 1
            elif text in _ENDS:
                chains[-1] = 0
            patterns += text in (".", ";", "/") or (text == "," and not lists[-1])
        elif token.kind == "var":
            variables.add(text[1:])
        elif token.kind == "word" and text.upper() in _CLAUSES:
            clauses[-1] += 1
        if (
            len(query_tokens) > terms
            or len(chains) > depth
            or chains[-1] > chain
            or clauses[-1] > chain
            or patterns > joins
            or len(variables) > names
        ):
            _refuse(
                query,
                settings,
                query_tokens,
                len(chains) - 1,
                max(chains[-1], clauses[-1]),
                patterns,
                variables,
            )
    _refuse_updates(query, query_tokens)
    if "service" in query.lower():
        _check_services(query, query_tokens, settings.service_allow)
    return query_tokens


def _refuse(
    query: str,
    settings: Settings,
    query_tokens: Sequence[Token],
    depth: int,
    chain: int,
    patterns: int,
    variables: Collection[str],
) -> NoReturn:
    line, column = place(query, query_tokens[-1].start)
    for value, limit, what in (
        (len(query_tokens), settings.query_terms, "tokens"),
        (depth, settings.query_depth, "levels of nesting"),
        (chain, settings.query_chain, "operators or clauses in a row"),
        (patterns, settings.query_patterns, "triple patterns and path steps"),
        (len(variables), settings.query_variables, "variables"),
    ):
        if value > limit:
            raise QueryRefused(f"the query has more than {limit} {what} (at line {line}, column {column})")
    raise AssertionError("nothing to refuse")


def _refuse_updates(query: str, query_tokens: Sequence[Token]) -> None:
    for token in query_tokens:
        if token.kind == "word" and token.text.upper() in _UPDATES:
            line, column = place(query, token.start)
            where = f"{token.text} at line {line}, column {column}"
            raise QueryRefused(f"updates are not taken here: the data is read-only ({where})")


def _check_services(query: str, query_tokens: Sequence[Token], allowed: Sequence[str]) -> None:
    """Refuse SERVICE unless it calls an allowed endpoint, whatever a parser may take for the keyword.

    A parser that works without tokens finds keywords at the end of other words (``trueSERVICE``), and in
    ``service:x {`` where no such prefix is declared; and ``<`` after a value may be an operator or begin an
    IRI, behind which more could hide. All of this is refused; nobody writes so.
    """
    depth: list[str] = []
    for index, token in enumerate(query_tokens):
        following = query_tokens[index + 1] if index + 1 < len(query_tokens) else None
        hidden = "service" in token.text.lower()
        if token.text in _OPEN:
            depth.append(token.text)
        elif token.text in _CLOSE and depth:
            depth.pop()
        elif token.kind == "word" and hidden:
            _check_service(query, token, query_tokens[index + 1 : index + 3], allowed)
        elif token.kind == "lang" and hidden:
            raise _refused(query, token)
        elif token.kind == "pname" and following is not None and following.text == "{":
            if "service" in token.text.partition(":")[0].lower():
                raise _refused(query, token)
        elif token.kind == "iri" and depth[-1:] == ["("] and _is_value(query_tokens[index - 1]):
            scheme, _, rest = token.text[1:].partition(":")
            if not (scheme.isalnum() and rest.startswith("//")):
                line, column = place(query, token.start)
                raise QueryRefused(
                    f"'<' at line {line}, column {column} can be read in two ways: write a space after the "
                    "operator, or an absolute IRI"
                )


def _is_value(token: Token) -> bool:
    return (
        token.kind not in ("punct", "word")
        or token.text in (")", "]")
        or token.text.lower() in ("true", "false")
    )


def _check_service(query: str, word: Token, after: Sequence[Token], allowed: Sequence[str]) -> None:
    endpoint = next((token for token in after if token.text.upper() != "SILENT"), None)
    is_allowed = endpoint is not None and endpoint.kind == "iri" and unescape(endpoint.text[1:-1]) in allowed
    if word.text.upper() != "SERVICE" or not is_allowed:
        raise _refused(query, word)


def _refused(query: str, token: Token) -> QueryRefused:
    line, column = place(query, token.start)
    return QueryRefused(
        f"SERVICE is not allowed here, except to endpoints that the operator has listed, written as absolute "
        f"IRIs (at line {line}, column {column})"
    )


def after_prologue(
    query_tokens: list[Token],
) -> tuple[list[Token], Literal["select", "ask", "graph"] | None]:
    """Return the tokens from the form on (SELECT …), and the kind of result that it has."""
    index = 0
    while index < len(query_tokens) and query_tokens[index].text.upper() in ("BASE", "PREFIX", "VERSION"):
        index += 3 if query_tokens[index].text.upper() == "PREFIX" else 2
    body = query_tokens[index:]
    first = body[0].text.upper() if body and body[0].kind == "word" else ""
    return body, next((kind for form, kind in _FORMS.items() if first.startswith(form)), None)


def _template(body: Sequence[Token]) -> str:
    """Return a hash of the query without its constants and with its variables numbered."""
    numbers: dict[str, str] = {}
    text = " ".join(
        token.kind
        if token.kind in _CONSTANTS
        else numbers.setdefault(token.text[1:], f"?{len(numbers)}")
        if token.kind == "var"
        else token.text
        for token in body
    )
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
