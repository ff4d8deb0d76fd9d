"""Turtle that people read: prefixes, one block an entity, types and names first, in a stable order.

Terms stay in their N-Triples form, which is valid Turtle, and are only shortened; so a million triples take
seconds and nothing is lost. https://www.w3.org/TR/turtle/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Triple

from fmgraph.ontology import prefixes
from fmgraph.publish.graph_sections import sections
from fmgraph.rdf.prefixes import RDF, RDFS, SKOS, XSD
from fmgraph.rdf.sorted_lines import Group, Lines, groups, lines_of_triples

#: Local names that need no escape; PN_LOCAL allows more.
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*)\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_FIRST = {f"<{RDF}type>": 0, f"<{RDFS}label>": 1, f"<{SKOS}altLabel>": 2}
#: Shortened terms kept; there are few hundred predicates and classes, and many IRIs that are used once.
_REMEMBERED = 100_000


def shortener(used: set[str] | None = None) -> Callable[[str], str]:
    """Return a function from a term in N-Triples syntax to the same term in Turtle.

    The prefixes that it makes use of are added to ``used``.
    """
    known: dict[str, str] = {}
    namespaces = {namespace: prefix for prefix, namespace in prefixes().items()}

    def shorten(term: str) -> str:
        cached_text = known.get(term)
        if cached_text is not None:
            return cached_text
        if term.startswith("<<( "):
            text = f"<<( {' '.join(map(shorten, term[4:-4].split(' ', 2)))} )>>"
        elif term[0] == "<":
            text = _iri(term[1:-1], namespaces, used)
        elif term[0] == '"':
            text = _literal(term, shorten)
        else:
            text = term
        if len(known) > _REMEMBERED:
            known.clear()
        known[term] = text
        return text

    return shorten


def _iri(iri: str, namespaces: dict[str, str], used: set[str] | None) -> str:
    at = max(iri.rfind("/"), iri.rfind("#")) + 1
    prefix = namespaces.get(iri[:at])
    if prefix is None or not _LOCAL.match(iri, at):
        return f"<{iri}>"
    if used is not None:
        used.add(prefix)
    return f"{prefix}:{iri[at:]}"


def _literal(term: str, shorten: Callable[[str], str]) -> str:
    end = term.rindex('"')
    body, suffix = term[1:end], term[end + 1 :]
    if suffix == f"^^<{XSD}integer>" and _INTEGER.match(body):
        return body
    if suffix == f"^^<{XSD}boolean>" and body in ("true", "false"):
        return body
    if suffix.startswith("^^"):
        suffix = f"^^{shorten(suffix[2:])}"
    if "\\n" in body:
        # Every backslash starts an escape of two characters or more; only \n becomes a real line break, and
        # quotes stay escaped, so the long form cannot end early.
        body = re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[0], body)
        return f'"""{body}"""{suffix}'
    return f'"{body}"{suffix}'


def blocks(subject_groups: Iterable[Group], shorten: Callable[[str], str]) -> Iterator[str]:
    """Yield one Turtle block for each subject, each ending in an empty line."""
    for subject, pairs in subject_groups:
        pairs.sort(
            key=lambda pair: _FIRST.get(pair[0], 3)
        )  # stable: the rest stays in the order of the lines
        text = [shorten(subject)]
        last = None
        for predicate, value in pairs:
            if predicate == last:
                text.append(f", {shorten(value)}")
                continue
            verb = "a" if predicate == f"<{RDF}type>" else shorten(predicate)
            text.append(f" {verb} {shorten(value)}" if last is None else f" ;\n    {verb} {shorten(value)}")
            last = predicate
        text.append(" .\n\n")
        yield "".join(text)


def header(used: set[str] | None = None) -> str:
    """Return the prefix declarations (of those in ``used``, of all where None), and an empty line."""
    declared = {name: space for name, space in prefixes().items() if used is None or name in used}
    lines = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in declared.items())
    return lines + "\n" * bool(declared)


def document(lines: Lines, rewrite: Callable[[Iterable[str]], Iterator[str]] = iter) -> Iterator[str]:
    """Yield the whole graph as Turtle text, section by section, its lines rewritten on the way."""
    yield header()
    shorten = shortener()
    for title, section_lines in sections(lines):
        first = True
        for block in blocks(groups(rewrite(section_lines)), shorten):
            if first:
                yield f"# {title}\n\n"
                first = False
            yield block


def part(lines: Iterable[str]) -> Iterator[str]:
    """Yield some sorted lines as Turtle text; nothing where there are none."""
    first = True
    for block in blocks(groups(lines), shortener()):
        yield header() * first + block
        first = False


def turtle(triples: Iterable[Triple]) -> bytes:
    """Return triples as Turtle with the prefixes that they use; equal graphs give equal bytes."""
    used: set[str] = set()
    text = "".join(blocks(groups(lines_of_triples(triples)), shortener(used)))
    return (header(used) + text).encode()
