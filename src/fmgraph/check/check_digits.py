"""Check digits, which no pattern can check: ROR, ORCID, ISSN."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

import pyoxigraph as ox

from fmgraph.check.locations import Places
from fmgraph.check.violations import term_of
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.terms import bare
from fmgraph.records.findings import Finding

#: Digits of Crockford's base 32, in lower case. https://www.crockford.com/base32.html
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_ORCID = re.compile(r"(?:https?://orcid\.org/)?([0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3})([0-9X])")
_ISSN = re.compile(r"([0-9]{4})-([0-9]{3})([0-9X])")


def is_ror(text: str) -> bool:
    """Tell whether the last two digits of a ROR are its check digits (ISO 7064, mod 97-10).

    >>> is_ror("https://ror.org/02jx3x895"), is_ror("https://ror.org/02jx3x896")
    (True, False)
    """
    body, digits = text.rpartition("/")[2][:-2], text[-2:]
    if len(body) != 7 or not set(body) <= set(_BASE32):
        return False
    number = 0
    for char in body:
        number = number * 32 + _BASE32.index(char)
    return digits == f"{98 - number * 100 % 97:02d}"


def is_orcid(text: str) -> bool:
    """Tell whether the last character of an ORCID iD is its check digit (ISO 7064, mod 11-2).

    >>> is_orcid("https://orcid.org/0000-0002-1825-0097"), is_orcid("0000-0002-1825-0098")
    (True, False)
    """
    found = _ORCID.fullmatch(text)
    if found is None:
        return False
    total = 0
    for digit in found[1].replace("-", ""):
        total = (total + int(digit)) * 2
    return found[2] == "0123456789X"[(12 - total % 11) % 11]


def is_issn(text: str) -> bool:
    """Tell whether the last character of an ISSN is its check digit (ISO 3297, mod 11).

    >>> is_issn("2049-3630"), is_issn("2049-3631")
    (True, False)
    """
    found = _ISSN.fullmatch(text)
    if found is None:
        return False
    total = sum(int(digit) * (8 - place) for place, digit in enumerate(found[1] + found[2]))
    return found[3] == "0123456789X"[-total % 11]


_CHECKS: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("ror", "ROR", is_ror),
    ("orcid", "ORCID", is_orcid),
    ("issn", "ISSN", is_issn),
)


def misspelt(store: ox.Store, places: Places, only: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield a finding for each identifier whose check digits are wrong; ``only`` about these IRIs."""
    for local, name, valid in _CHECKS:
        for quad in store.quads_for_pattern(None, ox.NamedNode(FMG + local), None):
            focus, value = term_of(quad.subject), str(getattr(quad.object, "value", ""))
            if (only is not None and bare(focus) not in only) or valid(value):
                continue
            place = places.of(focus, FMG + local, term_of(quad.object))
            yield Finding(
                f"{value} is no {name}: its check digits do not fit",
                place.file,
                place.line,
                place.field,
                "copy it anew from the registry",
                rule="check-digits",
                focus=bare(focus),
            )
