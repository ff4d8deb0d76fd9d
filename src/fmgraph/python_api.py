"""What ``import fmgraph`` offers, over the shipped graph or a dataset of one's own.

Answers are plain: each has ``to_dict()``, and a :class:`Table` is a sequence of rows that pandas takes as it
is (``pandas.DataFrame(fmgraph.ask("leaks", dataset="tcga"))``).
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, overload

from fmgraph.answers import lineage as lineage_answers
from fmgraph.answers.named_queries import get_query
from fmgraph.answers.resolve import Match, resolver_of
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.prefixes import PREFIXES
from fmgraph.rdf.store import open_dataset
from fmgraph.server.engine import Engine, InProcessEngine

_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
#: Rows that a notebook shows of a table; all are in it.
_SHOWN = 20


class Table(Sequence[Mapping[str, str]]):
    """Rows of an answer, each a dictionary of texts by column; what a row has no value for is ``""``."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Hold the rows; every row has every column."""
        self.columns = tuple(columns)
        self._rows = [{column: row.get(column, "") for column in self.columns} for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, str] | Table:
        """Return a row, or a table of some rows."""
        return Table(self.columns, self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<Table: {len(self)} rows of {', '.join(self.columns)}>"

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"columns": […], "rows": [{…}, …]}``."""
        return {"columns": list(self.columns), "rows": [dict(row) for row in self._rows]}

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        head = "".join(f"<th>{html.escape(column)}</th>" for column in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(row[column])}</td>" for column in self.columns) + "</tr>"
            for row in self._rows[:_SHOWN]
        )
        more = f"<p>{len(self) - _SHOWN} more rows</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


class Lineage:
    """What a work is built on, or is built on it: ``works`` by distance, ``edges`` with their sources."""

    def __init__(self, answer: lineage_answers.Lineage) -> None:
        """Hold the answer of :func:`fmgraph.answers.lineage.lineage`."""
        self._answer = answer
        self.root, self.label, self.direction = answer.root, answer.label, answer.direction

    @property
    def works(self) -> Table:
        """The works reached, nearest first: ``label``, ``depth``, ``iri``."""
        rows = [
            {"label": node.label, "depth": str(node.depth), "iri": node.iri} for node in self._answer.nodes
        ]
        return Table(("label", "depth", "iri"), rows)

    @property
    def edges(self) -> Table:
        """One row a source: ``child``, ``relation``, ``parent``, ``source``, ``where``, ``claim``."""
        labels = self._answer.labels()
        rows = [
            {
                "child": labels[edge.child],
                "relation": edge.relation,
                "parent": labels[edge.parent],
                "source": one.source_label or one.source or "",
                "where": one.locator or "",
                "claim": one.claim,
            }
            for edge in self._answer.edges
            for one in edge.evidence
        ]
        return Table(("child", "relation", "parent", "source", "where", "claim"), rows)

    def __repr__(self) -> str:
        return f"<Lineage: {len(self._answer.nodes)} {self.direction} of {self.label}>"

    def to_dict(self) -> dict[str, object]:
        """Return root, label, direction, nodes with paths, and edges with evidence."""
        return self._answer.as_dict()


@lru_cache(maxsize=4)
def engine_of(path: Path | str | None = None) -> Engine:
    """Return the engine over a dataset that ``fmgraph build`` made, or the shipped one; the same each time.

    Raises UsageError where the path is no dataset.
    """
    return InProcessEngine(open_dataset(path or shipped_dataset()))


def resolve(text: str, kind: str | None = None, *, path: Path | str | None = None) -> Match:
    """Return the entity that a name, identifier or address means: ``iri``, ``kind``, ``label``, ``score`` ….

    ``text`` may be an IRI, ``kind/slug``, a DOI, an arXiv id, a GitHub or Hugging Face repository or its
    address, a ROR id, a name or an alias; ``kind`` narrows it ("model", "dataset" …). Raises NotFoundError,
    with the nearest names, where nothing is called so.
    """
    return resolver_of(engine_of(path)).find(text, (kind,) if kind else ())


def search(
    text: str, kind: str | None = None, limit: int = 10, *, path: Path | str | None = None
) -> list[Match]:
    """Return up to ``limit`` entities that a text may mean, the surest first; misspellings count too."""
    return resolver_of(engine_of(path)).resolve(text, (kind,) if kind else (), limit)


def lineage(
    work: str,
    direction: Literal["descendants", "ancestors"] = "descendants",
    *,
    depth: int | None = None,
    path: Path | str | None = None,
) -> Lineage:
    """Return what is built on a work (or, for "ancestors", what it is built on), with the sources.

    ``work`` is anything that :func:`resolve` takes; ``depth`` limits the steps. Raises NotFoundError as that
    does.
    """
    return Lineage(lineage_answers.lineage(engine_of(path), work, direction, depth))


def ask(query: str, /, *, path: Path | str | None = None, **parameters: str) -> Table:
    """Return the answer of a named query (``fmgraph queries`` lists them) as a table.

    Parameters are those of the query; one that takes an entity takes anything that :func:`resolve` takes.
    Raises NotFoundError for an unknown query or entity, ParameterError for a wrong parameter.
    """
    named_query, engine = get_query(query), engine_of(path)
    text = named_query.bind(parameters, engine)
    return select(text, path=path)


def select(query: str, *, path: Path | str | None = None) -> Table:
    """Return the answer of a SELECT query in SPARQL as a table; the usual prefixes need no declaration.

    Raises QuerySyntaxError or QueryError for a query that is wrong or no SELECT.
    """
    rows = engine_of(path).rows(_PROLOGUE + query)
    columns = dict.fromkeys(name for row in rows for name in row)
    texts = [{name: str(getattr(term, "value", term)) for name, term in row.items()} for row in rows]
    return Table(tuple(columns), texts)
