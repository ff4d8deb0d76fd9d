"""What no pattern can check of an identifier: check digits, and the month in an arXiv id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import pyoxigraph as ox

from fmgraph.check.locations import Places
from fmgraph.check.violations import term_of
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.terms import bare
from fmgraph.records.findings import Finding
from fmgraph.records.identifiers import is_arxiv, is_issn, is_orcid, is_ror

_DIGITS = "its check digits do not fit"
#: Property, name, whether a value is one, and what is wrong with it otherwise.
_CHECKS: tuple[tuple[str, str, Callable[[str], object], str], ...] = (
    ("ror", "ROR", is_ror, _DIGITS),
    ("orcid", "ORCID", is_orcid, _DIGITS),
    ("issn", "ISSN", is_issn, _DIGITS),
    ("arxiv", "arXiv id", is_arxiv, "arXiv gave out no such number in that month"),
)


def misspelt(store: ox.Store, places: Places, only: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield a finding for each identifier that cannot be one; ``only`` about these IRIs."""
    for local, name, valid, why in _CHECKS:
        for quad in store.quads_for_pattern(None, ox.NamedNode(FMG + local), None):
            focus, value = term_of(quad.subject), str(getattr(quad.object, "value", ""))
            if (only is not None and bare(focus) not in only) or valid(value):
                continue
            place = places.of(focus, FMG + local, term_of(quad.object))
            yield Finding(
                f"{value} is no {name}: {why}",
                place.file,
                place.line,
                place.field,
                "copy it anew from the registry",
                rule="check-digits",
                focus=bare(focus),
            )
