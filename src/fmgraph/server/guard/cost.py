"""A guess at what a query costs, from its tokens alone, for the order in which queries are taken.

It need not be right: what a query really took is learned (:mod:`fmgraph.server.pool.scheduler`). It must be
quick, and must not call a query cheap that is made to be expensive.
"""

from __future__ import annotations

from collections.abc import Sequence

from fmgraph.server.guard.lexer import Token

#: A few connected patterns with a constant subject or object: answered in milliseconds.
LOOKUP = 0
NORMAL = 1
#: Cross products, unbounded paths from anywhere, closures of closures.
SUSPICIOUS = 2

_MOST_TRIPLES = 10
_NOT_PATTERNS = frozenset(
    ("SELECT", "DISTINCT", "REDUCED", "DESCRIBE", "BY", "ASC", "DESC", "HAVING", "VALUES")
)
_TESTS = frozenset(("CONTAINS", "REGEX", "STRSTARTS", "STRENDS", "REPLACE", "CONCAT"))
_AGGREGATES = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT", "GROUP", "HAVING"))
_TERMS = frozenset(("iri", "pname", "var", "bnode", "string", "number"))
#: Constants that matter to the guess, as they are written.
TYPES = frozenset(("<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "rdf:type"))


def estimate(sequence: Sequence[Token]) -> int:
    """Return LOOKUP, NORMAL or SUSPICIOUS for the tokens of a query after its prologue."""
    words = {token.text.upper() for token in sequence if token.kind == "word"}
    patterns = _Patterns()
    start = next((i for i, token in enumerate(sequence) if token.text == "{"), len(sequence))
    if sequence and sequence[0].text.upper() == "CONSTRUCT" and "WHERE" in words:
        start = next(i for i, token in enumerate(sequence) if token.text.upper() == "WHERE")
    patterns.read(sequence[start:])
    if sequence and sequence[0].text.upper() == "DESCRIBE" and not patterns.triples:
        return LOOKUP
    if patterns.closures > 1 or (patterns.closures and patterns.negated):
        return SUSPICIOUS
    loose = patterns.loose()
    if loose and (patterns.components() > 1 or patterns.closures or patterns.unbound > 1):
        return SUSPICIOUS
    nested = sum(token.text.upper() == "SELECT" for token in sequence) > 1
    dear = nested or patterns.closures or words & _AGGREGATES or words & _TESTS
    if loose or dear or patterns.unbound > 1 or patterns.triples > _MOST_TRIPLES:
        return NORMAL
    return LOOKUP


class _Patterns:
    """The triple patterns of a query, read roughly: which variables hang together and which on a constant."""

    def __init__(self) -> None:
        self.triples = 0
        self.closures = 0  # path operators * and +
        self.negated = False  # a negated property set under a closure reaches nearly everything
        self.unbound = 0  # patterns without any constant
        self._parent: dict[str, str] = {}
        self._anchored: set[str] = set()

    def components(self) -> int:
        return len({self._root(name) for name in self._parent})

    def loose(self) -> bool:
        """Tell whether some variables hang on no constant."""
        anchored = {self._root(name) for name in self._anchored}
        return any(self._root(name) not in anchored for name in self._parent)

    def read(self, sequence: Sequence[Token]) -> None:
        """Walk the groups; what stands in parentheses (expressions, lists, paths) is read only for paths."""
        subject: Token | None = None
        predicate: list[Token] = []
        outer: list[tuple[Token | None, list[Token]]] = []  # what goes on after [ … ]
        patterns = True  # not between SELECT or ORDER BY and the next group
        index = 0
        while index < len(sequence):
            token = sequence[index]
            index += 1
            word = token.text.upper() if token.kind == "word" else ""
            if token.text in ("{", "}", ".") or (
                word and token.text != "a" and word not in ("TRUE", "FALSE")
            ):
                subject, predicate = None, []
                patterns = word not in _NOT_PATTERNS and (patterns or token.text in ("{", "}"))
                if word == "VALUES":
                    index, patterns = self._values(sequence, index), True
            elif not patterns:
                continue
            elif token.text == ";":
                predicate = []
            elif token.text == "]":
                subject, predicate = outer.pop() if outer else (None, [])
            elif subject is None and token.text == "(":
                index = _closing(sequence, index)
            elif subject is None:
                subject = token if token.kind in _TERMS or token.text == "[" else None
            elif not predicate:
                index, predicate = self._path(sequence, index - 1)
            elif token.kind in _TERMS or word or token.text in ("[", "("):
                self._triple(subject, predicate, token)
                if token.text == "[":
                    outer.append((subject, predicate))
                    subject, predicate = token, []
                elif token.text == "(":
                    index = _closing(sequence, index)

    def _values(self, sequence: Sequence[Token], index: int) -> int:
        while index < len(sequence) and sequence[index].text != "{":
            if sequence[index].kind == "var":
                self._anchor(sequence[index].text[1:])
            index += 1
        while index < len(sequence) and sequence[index].text != "}":
            index += 1
        return index + 1

    def _path(self, sequence: Sequence[Token], index: int) -> tuple[int, list[Token]]:
        """Return the place after a path and its tokens: a term, then as long as operators join terms."""
        begin = index
        due = True  # a term is due, not an operator
        while index < len(sequence):
            token = sequence[index]
            if due and token.text == "(":
                index, due = _closing(sequence, index + 1), False
                continue
            if due and (token.kind in _TERMS or token.text == "a"):
                due = False
            elif token.text in ("/", "|") and not due:
                due = True
            elif token.text not in ("*", "+", "?") if not due else token.text not in ("^", "!"):
                break
            index += 1
        path = list(sequence[begin:index])
        self.closures += sum(token.text in ("*", "+") for token in path)
        self.negated |= any(token.text == "!" for token in path)
        return max(index, begin + 1), path

    def _triple(self, subject: Token, predicate: list[Token], obj: Token) -> None:
        self.triples += 1
        names = [_name(token) for token in (subject, *predicate[:1], obj)]
        variables = [name for name in names if name is not None]
        for name in variables:
            self._parent.setdefault(name, name)
        for name in variables[1:]:
            self._parent[self._root(name)] = self._root(variables[0])
        if len(variables) == 3 or (len(variables) == 2 and any(t.text in ("*", "+") for t in predicate)):
            self.unbound += 1
        selective = names[0] is None or (
            names[2] is None and predicate[0].text != "a" and predicate[0].text not in TYPES
        )
        if selective and variables:
            self._anchored.add(variables[0])

    def _anchor(self, name: str) -> None:
        self._parent.setdefault(name, name)
        self._anchored.add(name)

    def _root(self, name: str) -> str:
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name


def _name(token: Token) -> str | None:
    """Return what joins patterns: a variable's name, a blank node's label; a bracket stands for itself."""
    if token.kind == "var":
        return token.text[1:]
    if token.kind == "bnode":
        return token.text
    return f"[{token.start}" if token.kind == "punct" else None


def _closing(sequence: Sequence[Token], index: int) -> int:
    """Return the place after the parenthesis that was opened before ``index``."""
    depth = 1
    while index < len(sequence) and depth:
        depth += {"(": 1, ")": -1}.get(sequence[index].text, 0)
        index += 1
    return index
