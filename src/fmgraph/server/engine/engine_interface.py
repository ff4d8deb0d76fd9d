"""What everything above asks of an engine, and what it gets back.

The web layer negotiates: it hands down one media type for SELECT and ASK and one for CONSTRUCT and DESCRIBE
(:class:`ResultFormats`), since the form of the query is known only once it is read. The engine answers in the
one that applies, complete or with an error; there is no partial answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pyoxigraph import (
    BlankNode,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse_query_results,
)
from pyoxigraph import Literal as RdfLiteral

from fmgraph.errors import ProtocolError, QueryError
from fmgraph.rdf.store import Meta

Kind = Literal["select", "ask", "graph"]
Term = NamedNode | BlankNode | RdfLiteral | Triple

#: Serialisations of SELECT and ASK results by media type, the preferred one first.
#: https://www.w3.org/TR/sparql11-results-json/, rdf-sparql-XMLres, sparql11-results-csv-tsv
SOLUTIONS: dict[str, QueryResultsFormat] = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
#: Serialisations of CONSTRUCT and DESCRIBE results by media type, the preferred one first.
GRAPHS: dict[str, RdfFormat] = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/trig": RdfFormat.TRIG,
}


@dataclass(frozen=True)
class ResultFormats:
    """The media type that is wanted for each form of result; None where the client accepts none of ours."""

    solutions: str | None = "application/sparql-results+json"
    graph: str | None = "text/turtle"

    def choose(self, kind: Kind) -> str:
        """Return the media type for a result of ``kind``; raises ProtocolError 406 when there is none."""
        media_type = self.graph if kind == "graph" else self.solutions
        if media_type is None:
            available = GRAPHS if kind == "graph" else SOLUTIONS
            form = "CONSTRUCT and DESCRIBE" if kind == "graph" else "SELECT and ASK"
            raise ProtocolError(f"results of {form} are offered as {', '.join(available)}", 406)
        return media_type


#: What callers get who do not say: JSON for SELECT and ASK, Turtle for CONSTRUCT and DESCRIBE.
JSON_AND_TURTLE = ResultFormats()


@dataclass(frozen=True)
class Answer:
    """A complete answer. ``media_type`` is without parameters; ``body`` is UTF-8."""

    kind: Kind
    media_type: str
    body: bytes
    meta: Meta  #: of the dataset that was asked: after a reload it may be newer than ``engine.meta`` was
    seconds: float = 0.0  #: how long the evaluation took, without waiting


class Engine(ABC):
    """Something that answers SPARQL queries over one dataset; safe to share between threads."""

    #: Called, from any thread, when a query holds up the event loop in which :meth:`run_here` is.
    on_overstay: Callable[[], None] | None = None

    @property
    @abstractmethod
    def meta(self) -> Meta:
        """The dataset served now; cheap enough to be read at every request."""

    @property
    def search_index(self) -> Path | None:
        """The index of names of the dataset, where the engine knows of one."""
        return None

    @abstractmethod
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
        """Answer one query.

        ``default_graphs`` and ``named_graphs`` are IRIs; if there are any, they replace FROM and FROM NAMED
        (SPARQL 1.1 Protocol, section 2.1.4), and a graph that is not there is empty. ``client`` names who
        asks (an address), for its fair share. ``trusted`` queries are our own: the guard's size limits do not
        apply and they go first; the limits of time, memory and result size apply to all.

        Raises QuerySyntaxError, QueryRefused, QueryError (400), ProtocolError (400 for a bad graph IRI, 406),
        ResultTooLargeError (413), LimitError, BusyError and EngineError (503; EngineError may be 502 or 504).
        """

    def run_here(self, query: str, formats: ResultFormats = JSON_AND_TURTLE) -> Answer | None:
        """Answer a query that provably costs next to nothing; None for any other, which is for :meth:`run`.

        It takes a millisecond or so, so that an event loop may wait for it. Raises what :meth:`run` does.
        """
        del query, formats
        return None

    def check_ready(self) -> None:
        """Raise EngineError where queries are not answered now."""
        self.run("ASK {}", trusted=True)

    def stats(self) -> dict[str, Any] | None:
        """Return the numbers of the evaluators, None for an engine that has none."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Give back what the engine holds; calling it twice is allowed."""

    def rows(self, query: str, *, trusted: bool = True) -> list[dict[str, Term]]:
        """Return the solutions of a SELECT, one dictionary of bound variables each; raises as :meth:`run`."""
        answer = self.run(query, trusted=trusted)
        results = (
            parse_query_results(answer.body, format=QueryResultsFormat.JSON)
            if answer.kind == "select"
            else None
        )
        if not isinstance(results, QuerySolutions):
            raise QueryError(f"a SELECT query is needed here, not one with a result of kind {answer.kind}")
        names = [variable.value for variable in results.variables]
        return [
            {name: term for name, term in zip(names, solution, strict=True) if term is not None}
            for solution in results
        ]

    def ask(self, query: str, *, trusted: bool = True) -> bool:
        """Return the answer of an ASK; raises as :meth:`run`."""
        answer = self.run(query, trusted=trusted)
        result = (
            parse_query_results(answer.body, format=QueryResultsFormat.JSON) if answer.kind == "ask" else None
        )
        if not isinstance(result, QueryBoolean):
            raise QueryError(f"an ASK query is needed here, not one with a result of kind {answer.kind}")
        return bool(result)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
