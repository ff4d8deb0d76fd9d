"""Whether a row is about the record that it names: its identifiers tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.sources import source_address
from fmgraph.lists import Row
from fmgraph.lists.row_identifiers import Identifier, Known, identifiers_in
from fmgraph.records.identifiers import normal_arxiv, normal_doi
from fmgraph.records.record_files import Record

#: Keys whose values say what a record is known by.
_ADDRESSES = ("url", "code", "weights", "demo", "container", "homepage", "landing_page")
_IDENTIFIERS = {"arxiv": normal_arxiv, "doi": normal_doi}
#: The schemes of identifiers, as people write them.
_NAMES = {
    "arxiv": "arXiv id",
    "doi": "DOI",
    "github": "GitHub repository",
    "huggingface": "Hugging Face model",
    "huggingface-dataset": "Hugging Face data set",
    "huggingface-space": "Hugging Face space",
}


class Owners:
    """Which record each identifier belongs to; what several works share belongs to none."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Collect the identifiers of all records; a work has those of the paper that describes it."""
        self._catalogue = catalogue
        self._own: dict[tuple[str, str], frozenset[Identifier]] = {}
        self._owners: dict[Identifier, set[tuple[str, str]]] = defaultdict(set)
        self._described: dict[str, set[tuple[str, str]]] = defaultdict(set)  # paper → works
        for kind, records in catalogue.records.items():
            for slug, record in records.items():
                for identifier in frozenset(_identifiers(record)):
                    self._owners[identifier].add((kind, slug))
                for paper in record.values("described_by"):
                    self._described[paper].add((kind, slug))

    def of(self, record: Record) -> frozenset[Identifier]:
        """Return what the record and its papers are known by."""
        name = record.kind, record.slug
        if name not in self._own:
            papers = [self._catalogue.records["paper"].get(slug) for slug in record.values("described_by")]
            self._own[name] = frozenset(
                identifier for one in [record, *papers] if one is not None for identifier in _identifiers(one)
            )
        return self._own[name]

    def another(self, row: Row, record: Record) -> tuple[str, str] | None:
        """Return (identifier in words, ``kind/slug``) of another record with the row's identifier, else None.

        That is where the row and its record have nothing in common, both have an identifier of one scheme,
        and the row's belongs to another record.
        """
        row_identifiers = identifiers_in(row.cells.values())
        own = self.of(record)
        if row_identifiers & own:
            return None
        known, others = Known(own, frozenset()), Known(row_identifiers, frozenset())
        for scheme, name in _NAMES.items():
            mine = known.ids(scheme)
            for id_ in sorted(others.ids(scheme)) if mine else ():
                owners = self._owners.get((scheme, id_), set()) - {(record.kind, record.slug)}
                if len(owners) == 1:
                    return f"{name} {id_}", "/".join(self._work(min(owners)))
        return None

    def _work(self, owner: tuple[str, str]) -> tuple[str, str]:
        """Return the one work that the owner, if it is a paper, describes; else the owner."""
        kind, slug = owner
        works = self._described.get(slug, set()) if kind == "paper" else set()
        return min(works) if len(works) == 1 else owner


def _identifiers(record: Record) -> Iterator[Identifier]:
    for key in _ADDRESSES:
        for text in record.values(key):
            try:
                yield from source_address(text).identifiers
            except ValueError:  # told where the value is read
                continue
    for key, normal in _IDENTIFIERS.items():
        for text in record.values(key):
            try:
                yield key, normal(text)
            except ValueError:
                continue
