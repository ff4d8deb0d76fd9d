"""SELECT results as a table for a terminal."""

from __future__ import annotations

import unicodedata
from typing import cast

from pyoxigraph import QueryResultsFormat, QuerySolutions, parse_query_results

from fmgraph.rdf.prefixes import brief


def table(body: bytes) -> str:
    """Return SPARQL JSON results as aligned columns, IRIs shortened, with the number of rows below."""
    solutions = cast(QuerySolutions, parse_query_results(body, format=QueryResultsFormat.JSON))
    header = [variable.value for variable in solutions.variables]
    rows = [[_cell(term) for term in solution] for solution in solutions]
    widths = [max([_width(name), *(_width(row[at]) for row in rows)]) for at, name in enumerate(header)]
    lines = [header, ["-" * width for width in widths], *rows]
    text_lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join(text_lines) + f"\n({len(rows)} row{'' if len(rows) == 1 else 's'})\n"


def _cell(term: object) -> str:
    if term is None:
        return ""
    value = str(getattr(term, "value", term))
    if hasattr(term, "datatype"):
        return " ".join(value.split())
    return brief(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
