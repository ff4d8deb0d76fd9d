"""The template of a query read as what SPARQL means by it, strictly and for a part of SPARQL only.

What is read here is what a bound can be proved for: groups of triple patterns and simple paths, OPTIONAL,
UNION, VALUES, FILTER and BIND with functions that cannot blow up, aggregates over such. All else raises
:class:`NoBoundError` (sub-selects, MINUS, EXISTS, GRAPH, SERVICE, REPLACE, CONCAT, REGEX, GROUP_CONCAT …).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, NamedTuple, TypeVar

from fmgraph.rdf.prefixes import RDF
from fmgraph.server.guard.query_template import IRI, STRING

_T = TypeVar("_T")
_Repeat = Literal["", "?", "*", "+"]
#: Their results are no longer than what they are given.
_FUNCTIONS = frozenset(
    ("ABS", "BOUND", "CEIL", "COALESCE", "CONTAINS", "DATATYPE", "DAY", "FALSE", "FLOOR", "IF", "IN",
     "ISBLANK", "ISIRI", "ISLITERAL", "ISNUMERIC", "ISURI", "LANG", "LANGMATCHES", "LCASE", "MONTH", "ROUND",
     "SAMETERM", "STR", "STRAFTER", "STRBEFORE", "STRENDS", "STRLEN", "STRSTARTS", "TRUE", "UCASE", "YEAR")
)  # fmt: skip
_AGGREGATES = frozenset(("AVG", "COUNT", "DISTINCT", "MAX", "MIN", "SAMPLE", "SUM"))
_OPERATORS = frozenset(("!", "=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/", ",", "^^"))
_TYPE = f"<{RDF}type>"


class NoBoundError(Exception):
    """Nothing is proved of the template."""


class Term(NamedTuple):
    """A term of a pattern. ``rare`` constants are none of the terms that matter; ``at`` tells them apart."""

    text: str
    variable: bool = False
    rare: bool = False
    at: int = 0


class Pattern(NamedTuple):
    """A triple pattern, or with ``repeat`` a path ``p?``, ``p*`` or ``p+``."""

    subject: Term
    predicate: Term
    object: Term
    repeat: _Repeat = ""


class Values(NamedTuple):
    """Inline data: so many rows for some variables."""

    names: tuple[str, ...]
    rows: int


@dataclass
class Group:
    """A group graph pattern: ``parts`` are joined, then come the optional groups.

    ``union`` holds the branches where the group is a union of groups and nothing else. ``tests`` counts the
    tokens of its expressions.
    """

    parts: list[Pattern | Values] = field(default_factory=list)
    optional: list[Group] = field(default_factory=list)
    union: list[Group] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)  #: by BIND
    tests: int = 0


@dataclass
class Query:
    """A query: ``names`` are the variables that are selected or described, None for ``*``."""

    form: str
    where: Group
    names: list[str] | None = None
    described: list[Term] = field(default_factory=list)
    template: list[Pattern] = field(default_factory=list)


def read_template(template: Sequence[str]) -> Query:
    """Return the query; raises NoBoundError for anything that is not read here."""
    return _Reader(template).query()


class _Reader:
    def __init__(self, template: Sequence[str]) -> None:
        self._tokens = [*template, ""]
        self._at = 0
        self._fresh = count()

    def query(self) -> Query:
        form = self._next().upper()
        if form == "SELECT":
            query = self._select()
        elif form == "ASK":
            query = Query(form, Group())
        elif form == "CONSTRUCT":
            query = Query(form, Group(), template=self._triples_in_braces())
        elif form == "DESCRIBE":
            query = self._describe()
        else:
            raise NoBoundError
        if form == "DESCRIBE" and self._peek() == "":
            return query
        if self._upper() == "WHERE":
            self._at += 1
        query.where = self._group()
        self._modifiers(query)
        return query

    def _select(self) -> Query:
        names: list[str] = []
        if self._upper() in ("DISTINCT", "REDUCED"):
            self._at += 1
        query = Query("SELECT", Group(), names)
        if self._peek() == "*":
            self._at += 1
            query.names = None
            return query
        while self._is_variable() or self._peek() == "(":
            if self._peek() == "(":
                self._at += 1
                query.where.tests += self._expression(_AGGREGATES, closing="AS")
                names.append(self._variable())
                self._expect(")")
            else:
                names.append(self._variable())
        if not names:
            raise NoBoundError
        return query

    def _describe(self) -> Query:
        query = Query("DESCRIBE", Group(), [])
        while self._is_variable() or _is_iri(self._peek()):
            query.described.append(self._term())
        if not query.described:
            raise NoBoundError
        return query

    def _modifiers(self, query: Query) -> None:
        while word := self._upper():
            self._at += 1
            if word in ("GROUP", "ORDER"):
                self._expect("BY")
                begin = self._at
                while self._upper() not in ("", "HAVING", "ORDER", "LIMIT", "OFFSET"):
                    query.where.tests += self._order_condition()
                if self._at == begin:
                    raise NoBoundError
            elif word == "HAVING":
                self._expect("(")
                query.where.tests += self._expression(_AGGREGATES)
            elif word in ("LIMIT", "OFFSET"):
                if not self._next().isdigit():
                    raise NoBoundError
            else:
                raise NoBoundError

    def _order_condition(self) -> int:
        if self._upper() in ("ASC", "DESC"):
            self._at += 1
            if self._peek() != "(":
                raise NoBoundError
        if self._is_variable():
            self._at += 1
            return 1
        return self._constraint(_AGGREGATES)

    def _constraint(self, more: frozenset[str] = frozenset()) -> int:
        """Skip an expression in parentheses, or a call of a function; return how many tokens it has."""
        if self._upper() in _FUNCTIONS | more:
            self._at += 1
        self._expect("(")
        return self._expression(more)

    def _expression(self, more: frozenset[str] = frozenset(), closing: str = ")") -> int:
        """Skip what follows an opening parenthesis, up to the one that closes it (or ``AS`` on its level)."""
        depth, begin = 1, self._at
        allowed = _FUNCTIONS | more
        while depth:
            text = self._next()
            word = text.upper()
            if depth == 1 and word == closing:
                break
            depth += (word == "(") - (word == ")")
            if word in ("(", ")") or word in allowed or text in _OPERATORS or text[0] in '?$"@0123456789':
                continue
            if word == "NOT" and self._upper() == "IN":
                continue
            if not _is_iri(text) or self._peek() == "(":  # a function by its IRI may do anything
                raise NoBoundError
        return self._at - begin

    def _group(self) -> Group:
        self._expect("{")
        group = Group()
        while self._peek() != "}":
            word = self._upper()
            if word == "OPTIONAL":
                self._at += 1
                group.optional.append(self._group())
            elif word == "FILTER":
                self._at += 1
                group.tests += self._constraint()
            elif word == "BIND":
                self._at += 1
                self._expect("(")
                group.tests += self._expression(closing="AS")
                group.bound.append(self._variable())
                self._expect(")")
            elif group.optional or group.bound:  # the engine joins what follows with all that stands before
                raise NoBoundError
            elif word == "VALUES":
                self._at += 1
                group.parts.append(self._values())
            elif self._peek() == "{":
                if group.union:
                    raise NoBoundError
                group.union.append(self._group())
                while self._upper() == "UNION":
                    self._at += 1
                    group.union.append(self._group())
            else:
                group.parts += self._same_subject()
            if self._peek() == ".":
                self._at += 1
        self._at += 1
        if group.union and group.parts:
            raise NoBoundError
        return group

    def _values(self) -> Values:
        many = self._peek() == "("
        names = self._between("(", ")", self._variable) if many else [self._variable()]
        self._expect("{")
        rows = 0
        while self._peek() != "}":
            row = self._between("(", ")", self._constant) if many else [self._constant()]
            if len(row) != len(names):
                raise NoBoundError
            rows += 1
        self._at += 1
        return Values(tuple(names), rows)

    def _between(self, opening: str, closing: str, read: Callable[[], _T]) -> list[_T]:
        self._expect(opening)
        items = []
        while self._peek() != closing:
            items.append(read())
        self._at += 1
        return items

    def _triples_in_braces(self) -> list[Pattern]:
        self._expect("{")
        patterns: list[Pattern] = []
        while self._peek() != "}":
            patterns += self._same_subject()
            if self._peek() == ".":
                self._at += 1
        self._at += 1
        return patterns

    def _same_subject(self) -> list[Pattern]:
        subject = self._term()
        patterns: list[Pattern] = []
        while True:
            path = self._path()
            while True:
                patterns += self._steps(subject, path, self._term())
                if self._peek() != ",":
                    break
                self._at += 1
            if self._peek() != ";":
                return patterns
            while self._peek() == ";":
                self._at += 1
            if self._peek() in (".", "}"):
                return patterns

    def _path(self) -> list[tuple[bool, Term, _Repeat]]:
        """Return the steps of a path: whether it is inverse, its predicate, how it is repeated."""
        if self._is_variable():
            return [(False, self._term(), "")]
        steps: list[tuple[bool, Term, _Repeat]] = []
        while True:
            inverse = self._peek() == "^"
            self._at += inverse
            text = self._next()
            if text != "a" and not _is_iri(text):
                raise NoBoundError
            repeat: _Repeat = ""
            if self._peek() in ("?", "*", "+"):
                repeat = self._next()  # type: ignore[assignment]  # one of these
            steps.append((inverse, Term(_TYPE if text == "a" else text), repeat))
            if self._peek() != "/":
                return steps
            self._at += 1

    def _steps(self, subject: Term, path: list[tuple[bool, Term, _Repeat]], target: Term) -> list[Pattern]:
        patterns = []
        for number, (inverse, predicate, repeat) in enumerate(path):
            last = number == len(path) - 1
            after = target if last else Term(f"?/{next(self._fresh)}", variable=True)
            ends = (after, subject) if inverse else (subject, after)
            patterns.append(Pattern(ends[0], predicate, ends[1], repeat))
            subject = after
        return patterns

    def _term(self) -> Term:
        if self._is_variable():
            return Term(self._variable(), variable=True)
        if self._peek().startswith("_:"):
            return Term("?" + self._next(), variable=True)
        return self._constant()

    def _constant(self) -> Term:
        text = self._next()
        if _is_iri(text):
            return Term(text, rare=text == IRI, at=self._at)
        if text.startswith('"'):
            if self._peek() == "^^":  # written in another way it may be one of those that matter
                self._at += 1
                if not _is_iri(self._next()):
                    raise NoBoundError
                return Term(text)
            if self._peek().startswith("@"):
                self._at += 1
            return Term(text, rare=text == STRING, at=self._at)
        if text[0].isdigit() or text.upper() in ("TRUE", "FALSE"):
            return Term(text)
        raise NoBoundError

    def _is_variable(self) -> bool:
        token = self._peek()
        return len(token) > 1 and token[0] in "?$"

    def _variable(self) -> str:
        if not self._is_variable():
            raise NoBoundError
        return "?" + self._next()[1:]

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _upper(self) -> str:
        return self._tokens[self._at].upper()

    def _next(self) -> str:
        token = self._tokens[self._at]
        if not token:
            raise NoBoundError
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next().upper() != token:
            raise NoBoundError


def _is_iri(text: str) -> bool:
    return len(text) > 1 and text[0] == "<" and text[-1] == ">"
