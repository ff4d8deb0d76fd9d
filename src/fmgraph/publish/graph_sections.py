"""The parts of the graph in which dumps are written: by kind, and by source list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from fmgraph.ontology import all_kinds
from fmgraph.rdf.prefixes import BASE, PROV
from fmgraph.rdf.sorted_lines import Lines, parts
from fmgraph.rdf.store import Dataset

#: Kinds that come after everything else: they say where the rest is from.
_LAST = ("list", "row", "claim")
_QUOTED = f"<{PROV}wasQuotedFrom>"


def sections(lines: Lines) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield (title, lines) of all lines: by kind, then what is of no kind, then lists, rows and claims."""
    spans = {name: lines.span(f"<{BASE}{name}/") for name in all_kinds()}
    for name, kind in all_kinds().items():
        if name not in _LAST:
            yield kind.plural, lines.between(*spans[name])
    yield "everything else", _outside(lines, sorted(spans.values()))
    for name in _LAST:
        yield all_kinds()[name].plural, lines.between(*spans[name])


def _outside(lines: Lines, spans: list[tuple[int, int]]) -> Iterator[str]:
    position = 0
    for start, end in [*spans, (lines.span("\xff")[0], 0)]:
        if start < position:  # an empty span inside one that was passed
            continue
        yield from lines.between(position, start)
        position = max(end, start)


def of_kind(dataset: Dataset, lines: Lines, name: str) -> Iterator[str]:
    """Yield the lines about the entities of a kind, also of those whose IRI is another's (SPDX licences)."""
    own = f"<{BASE}{name}/"
    elsewhere = dataset.store.query(f"SELECT DISTINCT ?s {{ ?s a <{all_kinds()[name].iri}> }}")
    strangers = sorted(subject for (term,) in elsewhere if not (subject := str(term)).startswith(own))  # type: ignore[union-attr]
    for subject in (s for s in strangers if s < own):
        yield from lines.starting(f"{subject} ")
    yield from lines.starting(own)
    for subject in (s for s in strangers if s > own):
        yield from lines.starting(f"{subject} ")


def of_list(lines: Lines, slug: str) -> Iterator[str]:
    """Yield the lines about a source list, its tables, rows and cells, and the claims from its rows."""
    row = re.compile(rf"<{re.escape(BASE)}row/{re.escape(slug)}-[0-9]+[>#]")
    for name in (f"<{BASE}list/{slug}#", f"<{BASE}list/{slug}>"):
        yield from lines.starting(name)
    yield from (line for line in lines.starting(f"<{BASE}row/{slug}-") if row.match(line))
    for _, run in groupby(lines.starting(f"<{BASE}claim/"), key=lambda line: line.split(" ", 1)[0]):
        claim = list(run)
        if any(row.match(value) for _, predicate, value in map(parts, claim) if predicate == _QUOTED):
            yield from claim
