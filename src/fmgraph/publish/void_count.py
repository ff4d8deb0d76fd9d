"""Counting a graph for VoID by reading its sorted N-Triples twice.

A pass over the text takes a microsecond or two a triple, whatever the size, and memory holds the classes
of each subject and eight bytes for each object. (SPARQL counts the same, and over a store on disk takes 20
times as long: every join and every string is another look into it.)
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store, parse

from fmgraph.publish.void_counts import TARGETS, Counts, faceted_classes, faceted_properties
from fmgraph.rdf.ntriples import dumped
from fmgraph.rdf.prefixes import BASE, RDF, XSD

#: Gives the lines of a graph as N-Triples, sorted bytewise, each time anew.
Lines = Callable[[], Iterable[bytes]]

_TYPE = f"<{RDF}type>".encode()
_STRING, _TAGGED = f"{XSD}string", f"{RDF}langString"
_Classes = tuple[str, ...]


def count_store(store: Store, base: str = BASE) -> Counts:
    """Return the counts of the default graph of ``store``."""
    lines = sorted(dumped(store))
    return count_lines(lambda: lines, base)


def count_lines(lines: Lines, base: str = BASE) -> Counts:
    """Return the counts of a graph; literals have to be in the canonical form of a store."""
    classes = _classes(lines)
    faceted = frozenset(f"<{name}>".encode() for name in faceted_properties())
    works = faceted_classes()
    none: _Classes = ()
    triples = subjects = entities = 0
    objects = _Distinct()
    #: How often: classes of the subject, predicate, and the object's classes or its datatype.
    uses: Counter[tuple[_Classes, bytes, _Classes | str]] = Counter()
    facets: Counter[tuple[_Classes, bytes, bytes]] = Counter()
    links: Counter[tuple[str, str]] = Counter()
    pointed_at: Counter[bytes] = Counter()
    start = f"<{base}".encode()
    spaces = _uri_spaces()
    subject, mine = b"", none
    for line in lines():
        name, predicate, rest = line.split(b" ", 2)
        value = rest[:-3]  # without " .\n"
        triples += 1
        objects.add(value)
        if name != subject:
            subject, mine = name, classes.get(name, none)
            subjects += 1
            entities += name.startswith(start)
        if value.startswith(b'"'):
            uses[mine, predicate, _datatype(value)] += 1
        else:
            if value.startswith(start):
                pointed_at[value] += 1
            uses[mine, predicate, classes.get(value, none)] += 1
        if predicate in faceted:
            facets[mine, predicate, value] += 1
        for target, space in spaces.get(predicate, ()):
            links[target, _text(predicate)] += value.startswith(space)
    best = _best_known(classes, pointed_at, start)
    counts = Counts(base, triples, subjects, objects.count(), entities, links=+links, best_known=best)
    _expand(uses, counts)
    for (subject_classes, predicate, value), number in facets.items():
        for cls in works.intersection(subject_classes):
            counts.values[cls, _text(predicate), _term(value)] += number
    return counts


def _best_known(classes: dict[bytes, _Classes], pointed_at: Counter[bytes], start: bytes) -> dict[str, str]:
    """Return of each class the entity, by IRI, that most triples point at."""
    best: dict[str, tuple[int, bytes]] = {}
    for name, entity_classes in classes.items():
        if name.startswith(start) and b"#" not in name:
            rank = (-pointed_at[name], name)
            for cls in entity_classes:
                best[cls] = min(best.get(cls, rank), rank)
    return {cls: _text(name) for cls, (_, name) in best.items()}


class _Distinct:
    """Counts different values by their hashes of 64 bits: of 100 million, two agree in one graph of 3,700."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(256)]

    def add(self, value: bytes) -> None:
        number = hash(value)
        self._parts[number & 255].append(number)

    def count(self) -> int:
        return sum(len(set(part)) for part in self._parts)


def _classes(lines: Lines) -> dict[bytes, _Classes]:
    """Return the classes of every subject that has any; equal tuples are one."""
    classes: dict[bytes, _Classes] = {}
    known: dict[_Classes, _Classes] = {}
    for line in lines():
        if _TYPE not in line:
            continue
        name, predicate, rest = line.split(b" ", 2)
        if predicate == _TYPE:
            subject_classes = (*classes.get(name, ()), _text(rest[:-3]))
            classes[name] = known.setdefault(subject_classes, subject_classes)
    return classes


def _expand(uses: Counter[tuple[_Classes, bytes, _Classes | str]], counts: Counts) -> None:
    """Add up by single classes what was counted by whole sets of them."""
    typed: defaultdict[_Classes, int] = defaultdict(int)
    for (subject_classes, predicate, value), number in uses.items():
        name = _text(predicate)
        counts.properties[name] += number
        if predicate == _TYPE:
            typed[subject_classes] += number
        for cls in subject_classes:
            counts.uses[cls, name] += number
            if isinstance(value, str):
                counts.datatypes[cls, name, value] += number
            else:
                for other in value:
                    counts.object_classes[cls, name, other] += number
    for subject_classes, number in typed.items():
        for cls in subject_classes:  # each subject has one type triple for each of its classes
            counts.classes[cls] += number // len(subject_classes)


def _uri_spaces() -> dict[bytes, list[tuple[str, bytes]]]:
    spaces: dict[bytes, list[tuple[str, bytes]]] = {}
    for target in TARGETS:
        for predicate in target.predicates:
            space = f"<{target.uri_space}".encode()
            spaces.setdefault(f"<{predicate}>".encode(), []).append((target.name, space))
    return spaces


@cache
def _ending(tail: bytes) -> str:
    return tail.decode()


def _datatype(value: bytes) -> str:
    if value.endswith(b'"'):
        return _STRING
    if value.endswith(b">"):
        return _ending(value[value.rindex(b'"^^<') + 4 : -1])
    return f"{RDF}dirLangString" if b"--" in value[value.rindex(b'"') :] else _TAGGED


def _text(term: bytes) -> str:
    """Return what names a term: the IRI, the label of a blank node, the lexical form of a literal."""
    if term.startswith(b"<") and not term.startswith(b"<<") and b"\\" not in term:
        return term[1:-1].decode()
    parsed_term = _term(term)
    return parsed_term.value if isinstance(parsed_term, NamedNode | BlankNode | Literal) else str(parsed_term)


def _term(term: bytes) -> NamedNode | Literal:
    (quad,) = parse(b"<urn:s> <urn:p> " + term + b" .", RdfFormat.N_TRIPLES)
    value: NamedNode | Literal = quad.object  # facets have IRIs and literals
    return value
