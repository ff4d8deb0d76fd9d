"""Units are what the source says: a name of a unit that ends in the name of another is read as the wrong one.

"histology images" among the names of tiles makes tiles of what a source calls images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyoxigraph as ox

from fmgraph.check.locations import Places
from fmgraph.check.violations import term_of
from fmgraph.rdf.prefixes import RDF, RDFS, SKOS, fmg
from fmgraph.rdf.terms import bare
from fmgraph.records.findings import Finding
from fmgraph.text import match_key

_LABEL, _ALT = RDFS + "label", SKOS + "altLabel"


def misread_units(store: ox.Store, places: Places) -> Iterator[Finding]:
    """Yield a finding for each further name of a unit whose last word is the whole name of another unit.

    A name that says its own unit too ("whole slide histopathology images") is right, and so is one of several
    things together ("CT scans and reports").
    """
    names: dict[str, set[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(fmg("Unit"))):
        if isinstance(quad.subject, ox.NamedNode):
            names[quad.subject.value] = {
                *_texts(store, quad.subject, _LABEL),
                *_texts(store, quad.subject, _ALT),
            }
    whose = {match_key(name): unit for unit, known in names.items() for name in known}
    for unit, known in sorted(names.items()):
        own = _stems(" ".join(_texts(store, ox.NamedNode(unit), _LABEL)))
        for name in sorted(known):
            last = name.split()[-1]
            other = whose.get(match_key(last))
            several = " and " in name or " with " in name
            if several or last == name or other in (None, unit) or (own - _stems(last)) & _stems(name):
                continue
            place = places.of(f"<{unit}>", _ALT, term_of(ox.Literal(name)))
            yield Finding(
                f"{name!r} is a name of this unit and ends in {name.split()[-1]!r}, which is another unit",
                place.file,
                place.line,
                place.field,
                f"move it to {other}, or give what the source counts a unit of its own",
                rule="unit-of-another",
                focus=bare(f"<{unit}>"),
            )


def _stems(name: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[^\W\d_]+", name.casefold())}


def _texts(store: ox.Store, subject: ox.NamedNode, predicate: str) -> list[str]:
    quads = store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
    return [quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)]
