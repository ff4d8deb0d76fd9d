"""Evaluating one query over a pyoxigraph store and serialising the result, with every error mapped.

This is the only place that calls ``Store.query``; it runs inside evaluators and in
:class:`~fmgraph.server.engine.in_process.InProcessEngine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from fmgraph.errors import (
    EngineError,
    ProtocolError,
    QueryError,
    QueryRefused,
    QuerySyntaxError,
    ResultTooLargeError,
)
from fmgraph.rdf.prefixes import BASE, PREFIXES
from fmgraph.server.engine.engine_interface import GRAPHS, SOLUTIONS, Kind, ResultFormats
from fmgraph.server.engine.text_search import expand
from fmgraph.server.guard.plain_syntax import plain_error

_PLACE = re.compile(r"^error at (\d+):(\d+): (?:expected )?(.*)$", re.DOTALL)
#: Characters before a mistake in which the prefix is looked for that is not declared.
_LONGEST_NAME = 200
#: Of what the parser expects, so much is named.
_MOST_NAMED = 4
# Items of the parser's "expected" list that help nobody: character classes.
_CLASS = re.compile(r"\[[^\[\]]*\](?:, )?", re.DOTALL)
# Characters that XML 1.0 (section 2.2) does not allow, in UTF-8.
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
# An element without a local name: RDF/XML for a property whose IRI does not end in an XML name.
_NO_LOCAL_NAME = re.compile(rb"<\w+:[\s/>]")


def evaluate(
    store: Store,
    query: str,
    formats: ResultFormats,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    max_bytes: int | None = None,
    search: Path | None = None,
) -> tuple[Kind, str, bytes]:
    """Return kind, media type and body of the result; raises as :meth:`fmgraph.server.engine.Engine.run`.

    ``max_bytes`` is the largest body: serialising stops there with ResultTooLargeError. ``search`` is the
    dataset's index of names, where it has one.
    """
    dataset = {}
    if default_graphs or named_graphs:
        # Both, always: with named_graphs alone pyoxigraph leaves the default graph full, and vice versa.
        dataset = {"default_graph": _graphs(default_graphs), "named_graphs": _graphs(named_graphs)}
    text = expand(query, search)
    try:
        # Relative IRIs need a base; it cannot be where the request came in (Host is the client's word).
        results = store.query(text, base_iri=BASE, **dataset)  # type: ignore[arg-type]  # list is invariant in the stubs
        return _serialise(results, formats, max_bytes)
    except SyntaxError as error:
        raise syntax_error(_own_message(error, query, text), query) from error
    except OSError as error:
        # Reading the store can fail so, and SERVICE; only the latter is the client's doing.
        if "service" in query.lower():
            raise QueryRefused(f"SERVICE failed: {error}") from error
        raise EngineError(f"the store cannot be read: {error}") from error
    except (RuntimeError, ValueError) as error:
        raise QueryError(str(error)) from error


def _own_message(error: SyntaxError, query: str, text: str) -> str:
    """Return what the parser says of the query as it came: in the expanded text, places are others."""
    if text != query:
        try:
            Store().query(query, base_iri=BASE)
        except SyntaxError as own:
            return str(own.msg)
        except (RuntimeError, ValueError):
            return str(error.msg)
    return str(error.msg)


def syntax_error(message: str, query: str) -> QuerySyntaxError:
    """Return the error of a parser's message, "error at 1:7: expected one of …", in fewer words."""
    match = _PLACE.match(message)
    if match is None:
        return QuerySyntaxError(message)
    line, column, expected = int(match[1]), int(match[2]), _CLASS.sub("", match[3])
    items = [item.strip() for item in expected.removeprefix("one of ").split(", ") if item.strip()]
    words = next((item for item in items if " " in item and not item.startswith('"')), None)
    if words == "Prefix not found":
        before = query.split("\n")[line - 1][: column - 1][-_LONGEST_NAME:]
        used = re.search(r"([^\s<>{}()\"',;|/^]*:)[^\s:]*$", before)
        words = f"the prefix {used[1] if used else ''} is not declared"
    plain = plain_error(query) if words is None else None
    if plain is not None:
        return plain
    problem = words or f"expected {', '.join(items[:_MOST_NAMED]) or 'something else'}"
    if words is None and len(items) > _MOST_NAMED:
        problem += ", or one of others"
    return QuerySyntaxError(f"line {line}, column {column}: {problem}", line, column)


def _graphs(iris: Sequence[str]) -> list[NamedNode]:
    try:
        return [NamedNode(iri) for iri in iris]
    except ValueError as error:
        raise ProtocolError(f"not the IRI of a graph: {error}", 400) from error


class _Capped:
    """Gathers what pyoxigraph writes, up to a number of bytes."""

    def __init__(self, max_bytes: int | None) -> None:
        self._out = BytesIO()
        self.remaining = max_bytes
        self.max_bytes = max_bytes

    def write(self, data: bytes) -> int:
        if self.remaining is not None and self.max_bytes is not None:
            self.remaining -= len(data)
            if self.remaining < 0:
                limit = f"{self.max_bytes / 1_000_000:g} MB"
                raise ResultTooLargeError(
                    f"the result is larger than {limit}: add a LIMIT or ask for fewer variables",
                    limit=f"result size, {limit}",
                )
        return self._out.write(data)

    def flush(self) -> None:
        """Do nothing; pyoxigraph calls it."""

    def body(self) -> bytes:
        return self._out.getvalue()  # shared, not copied


def _serialise(
    results: QuerySolutions | QueryBoolean | QueryTriples, formats: ResultFormats, max_bytes: int | None
) -> tuple[Kind, str, bytes]:
    output = _Capped(max_bytes)
    if isinstance(results, QueryTriples):
        kind: Kind = "graph"
        media_type = formats.choose(kind)
        form = GRAPHS[media_type]
        # A graph is a set, and CONSTRUCT yields a triple once for every solution that makes it.
        prefixes = PREFIXES if form in (RdfFormat.TURTLE, RdfFormat.TRIG) else None
        triples = dict.fromkeys(results)
        check_triple_terms(triples, media_type)
        serialize(triples, output, form, prefixes=prefixes)  # type: ignore[arg-type]
        if prefixes:
            return kind, media_type, _tidy_prefixes(output.body())
    else:
        kind = "ask" if isinstance(results, QueryBoolean) else "select"
        media_type = formats.choose(kind)
        results.serialize(output, SOLUTIONS[media_type])  # type: ignore[arg-type]  # a writer is all it needs
    body = output.body()
    return kind, media_type, well_formed(body, media_type) if media_type.endswith("xml") else body


def check_triple_terms(triples: Iterable[Triple], media_type: str) -> None:
    """Raise ProtocolError 406 where a format cannot hold what RDF 1.2 added: a triple as an object."""
    if media_type == "application/ld+json" and any(isinstance(one.object, Triple) for one in triples):
        raise ProtocolError(
            "the result has a triple term, which JSON-LD cannot hold: ask for another format", 406
        )


def _tidy_prefixes(body: bytes) -> bytes:
    """Return Turtle with the prefixes that it uses, sorted: they come in an order that changes every time."""
    lines, rest = [], body
    while rest.startswith(b"@prefix "):
        line, _, rest = rest.partition(b"\n")
        lines.append(line)
    return b"".join(line + b"\n" for line in sorted(lines) if line.split(b" ")[1] in rest) + rest


def well_formed(body: bytes, media_type: str) -> bytes:
    """Return an XML body that every parser reads back as it was meant, or raise ProtocolError 406.

    XML 1.0 has no way, not even by reference, to write most control characters; neither results format
    defines an escape, and dropping or replacing them would be another result. A carriage return can be
    written by reference, and must be: parsers turn the bare one into a line feed (section 2.11).
    """
    if _NOT_XML.search(body):
        raise ProtocolError(
            "the result holds a control character, which XML cannot carry: ask for another format", 406
        )
    if media_type == "application/rdf+xml" and _NO_LOCAL_NAME.search(body):
        raise ProtocolError(
            "the result has a property that RDF/XML cannot name (its IRI does not end in an XML name): "
            "ask for another format",
            406,
        )
    return body.replace(b"\r", b"&#xD;")
