"""One artifact under two addresses: spellings that no rule makes one, and that nobody means as two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from fmgraph.check.locations import Places
from fmgraph.check.violations import term_of
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.terms import bare
from fmgraph.records.addresses import parse_address
from fmgraph.records.findings import Finding

#: Properties whose values are artifacts.
_KEYS = ("code", "weights", "demo", "container")


def doubled_artifacts(store: ox.Store, places: Places) -> Iterator[Finding]:
    """Yield a finding for each artifact that the graph also has under another address.

    Told is the spelling that fewer statements use; of equals, the one that comes later by its letters.
    """
    uses: dict[str, list[tuple[str, str]]] = defaultdict(list)  # address → (subject, predicate)
    for key in _KEYS:
        for quad in store.quads_for_pattern(None, ox.NamedNode(FMG + key), None):
            uses[bare(term_of(quad.object))].append((term_of(quad.subject), FMG + key))
    groups: dict[str, list[str]] = defaultdict(list)
    for address in sorted(uses, key=lambda address: (-len(uses[address]), address)):
        groups[parse_address(address).loose_key].append(address)
    for usual, *others in groups.values():
        for other in others:
            for subject, predicate in sorted(uses[other]):
                place = places.of(subject, predicate, f"<{other}>")
                yield Finding(
                    f"{other} is {usual} in another spelling: one artifact, which would be two",
                    place.file,
                    place.line,
                    place.field,
                    "write the address as it is written elsewhere; where a list has it, set its cell aside",
                    rule="artifact-twice",
                    focus=bare(subject),
                )
