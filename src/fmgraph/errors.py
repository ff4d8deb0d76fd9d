"""Every error that fmgraph raises on purpose.

::

    FmgraphError                 500
    ├── InputError               400   something a person wrote is wrong: has a place and a remedy
    │   ├── RecordError                a record under data/<kind>/
    │   ├── ListError                  a source list (Markdown, CSV or its YAML)
    │   ├── OntologyError              the ontology or the JSON-LD context
    │   └── RdfFileError               an RDF file given with --data
    ├── BrokenDataError          500   the data has errors, so no graph or release is made of it
    ├── UsageError               400   a command or a call that makes no sense (a port in use, say)
    ├── QueryError               400   a query that cannot be run
    │   ├── QuerySyntaxError           it does not parse: has line and column
    │   ├── QueryRefused               it parses and is not allowed here (SERVICE, update, too deep)
    │   └── ParameterError             a named query's parameter is missing or wrong
    ├── NotFoundError            404   no such entity, query or file: has the nearest names
    ├── GoneError                410   a withdrawn IRI
    ├── ProtocolError            4xx   HTTP-level refusals; the instance carries the status
    ├── EngineError              503   what evaluates queries failed; 502 or 504 for another endpoint
    ├── PublishError             502   another store did not take the dataset
    └── LimitError               503   a limit of the service was reached: names the limit
        ├── ResultTooLargeError  413
        └── BusyError            503   try again later: has retry_after (seconds)

``status`` on the class is the HTTP status a web answer uses (RFC 9110).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self


class FmgraphError(Exception):
    """The root: catch this to catch everything that fmgraph raises on purpose."""

    #: HTTP status code of the answer to a request that ends in this error.
    status = 500
    #: Short, stable title for ``application/problem+json`` (RFC 9457, section 3.1.3).
    title = "Internal error"


class InputError(FmgraphError):
    """Something a person wrote is wrong; says where and what would be right."""

    status = 400
    title = "Bad input"

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep the parts; ``str()`` is ``file:line: field: message (remedy)``."""
        self.message = message
        self.file = str(file) if file is not None else None
        self.line = line
        self.field = field
        self.remedy = remedy
        place = ":".join(str(part) for part in (self.file, line) if part is not None)
        text = ": ".join(part for part in (place, field, message) if part)
        self.others: tuple[InputError, ...] = ()
        super().__init__(f"{text} ({remedy})" if remedy else text)

    def __str__(self) -> str:
        """Return the error, and on a line each what else is wrong with the same input."""
        return "\n".join([super().__str__(), *map(str, self.others)])

    @classmethod
    def of_all(cls, errors: Sequence[Self]) -> Self:
        """Return the first of the errors, which tells the others as well."""
        first, *others = errors
        first.others = (*first.others, *others)
        return first

    def all(self) -> Iterator[InputError]:
        """Yield this error and the others told with it."""
        yield self
        for other in self.others:
            yield from other.all()


class RecordError(InputError):
    """A record under ``data/<kind>/`` cannot be understood."""


class ListError(InputError):
    """A source list cannot be understood."""


class OntologyError(InputError):
    """The ontology or the JSON-LD context contradicts itself or the code."""


class RdfFileError(InputError):
    """An RDF file cannot be read."""


class BrokenDataError(FmgraphError):
    """The data has errors, or a release of it is damaged; ``fmgraph check`` lists the errors."""

    title = "Broken data"


class UsageError(FmgraphError):
    """A command or call that cannot be carried out as asked."""

    status = 400
    title = "Bad usage"


class QueryError(FmgraphError):
    """A query that cannot be run."""

    status = 400
    title = "Bad query"


class QuerySyntaxError(QueryError):
    """The query does not parse; ``line`` and ``column`` are one-based, None where unknown."""

    title = "Query syntax error"

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(message)


class QueryRefused(QueryError):  # noqa: N818 - reads as a statement, like StopIteration
    """The query is well formed and not allowed here."""

    title = "Query refused"


class ParameterError(QueryError):
    """A parameter of a named query is missing, unknown or ill-formed."""

    title = "Bad parameter"


class NotFoundError(FmgraphError):
    """Nothing of that name; ``nearest`` has the closest names there are."""

    status = 404
    title = "Not found"

    def __init__(self, message: str, nearest: Sequence[str] = ()) -> None:
        self.nearest = list(nearest)
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(message + hint)


class GoneError(FmgraphError):
    """The IRI was released once and has been withdrawn."""

    status = 410
    title = "Gone"


class ProtocolError(FmgraphError):
    """An HTTP request that the protocol does not allow; carries its own status and headers."""

    title = "Bad request"

    def __init__(self, message: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        super().__init__(message)


class EngineError(FmgraphError):
    """What evaluates queries failed, through no fault that the query is known to have.

    503 for our own evaluators (one crashed, say); 502 or 504 for the endpoint behind ``serve --endpoint``.
    """

    status = 503
    title = "Engine failed"

    def __init__(self, message: str, status: int = 503) -> None:
        self.status = status
        super().__init__(message)


class PublishError(FmgraphError):
    """Another store refused the dataset, could not be reached, or does not hold what was sent."""

    status = 502
    title = "Publishing failed"


class LimitError(FmgraphError):
    """A limit of the service was reached; ``limit`` names it in words with its value."""

    status = 503
    title = "Limit reached"

    def __init__(self, message: str, limit: str | None = None, retry_after: int | None = None) -> None:
        self.limit, self.retry_after = limit, retry_after
        super().__init__(message)


class ResultTooLargeError(LimitError):
    """The result is larger than the service sends."""

    status = 413
    title = "Result too large"


class BusyError(LimitError):
    """All places are taken, or this query has just run into a limit."""

    title = "Busy"
