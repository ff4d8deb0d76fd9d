"""What a row is known by: the identifiers in its links, and its names and titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fmgraph.lists.inline_markdown import links, plain
from fmgraph.records.addresses import Address, parse_address
from fmgraph.text import match_key

#: Schemes whose ids name a paper; a row has one paper, so that two different ones contradict each other.
OF_PAPERS = ("arxiv", "doi")
#: The scheme of other pages, by their address.
PAGE = "page"
#: DOIs of preprint servers: beside another DOI they are the same paper, earlier.
_PREPRINT = re.compile(r"10\.(?:1101|48550|21203|36227|20944|2139|31219|31234)/")
_BADGES = re.compile(r"(?:.*\.)?(?:shields\.io|badge\.fury\.io|star-history\.com|awesome\.re|paper\.link)")
_PREFIX = re.compile(r"[^:]{1,60}:\s+(?P<title>\S.*)", re.DOTALL)

#: Scheme and id, as in :attr:`fmgraph.records.addresses.Address.identifiers`.
Identifier = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """What a row is known by. ``titles`` are match keys of its name and title."""

    identifiers: frozenset[Identifier]
    titles: frozenset[str]

    def ids(self, scheme: str) -> set[str]:
        """Return its ids of one scheme, DOIs without those of preprints."""
        return {
            id_
            for one, id_ in self.identifiers
            if one == scheme and not (one == "doi" and _PREPRINT.match(id_))
        }

    def contradicts(self, other: Known, schemes: Iterable[str] = OF_PAPERS) -> bool:
        """Whether both have ids of a scheme and none in common."""
        return any(
            (mine := self.ids(scheme)) and (others := other.ids(scheme)) and not mine & others
            for scheme in schemes
        )


def identifiers_of(address: Address) -> frozenset[Identifier]:
    """Return what an address names; a page that names nothing is known by itself, a badge by nothing."""
    if _BADGES.fullmatch(address.host):
        return frozenset()
    return address.identifiers or frozenset({(PAGE, address.key)})


def identifiers_in(cells: Iterable[str]) -> frozenset[Identifier]:
    """Return the identifiers in the links of the cells; what is no address is passed over."""
    identifiers: set[Identifier] = set()
    for cell in cells:
        for link in links(cell):
            try:
                identifiers |= identifiers_of(parse_address(link.href))
            except ValueError:
                continue
    return frozenset(identifiers)


def known_by(cells: Mapping[str, str], name_headers: Iterable[str]) -> Known:
    """Return what a row is known by; ``name_headers`` are the headers of its name and title."""
    titles: set[str] = set()
    for header in name_headers:
        text = plain(cells.get(header, "")).strip(" .[]")
        titles.add(match_key(text))
        if match := _PREFIX.fullmatch(text):
            titles.add(match_key(match["title"]))
    return Known(identifiers_in(cells.values()), frozenset(title for title in titles if len(title) > 2))
