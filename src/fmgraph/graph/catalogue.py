"""The records by kind and slug, and the names by which list cells find them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from license_expression import get_spdx_licensing

from fmgraph.graph.sources import source_address
from fmgraph.ontology import all_kinds, work_kinds
from fmgraph.rdf.terms import Term, entity, iri
from fmgraph.records.addresses import Address, Spellings
from fmgraph.records.findings import Finding
from fmgraph.records.record_files import Record
from fmgraph.text import match_key, nearest, slugify

_SPDX = "https://spdx.org/licenses/"


@lru_cache(maxsize=1)
def _spdx_ids() -> dict[str, str]:
    """SPDX licence ids by their match key (license-expression carries the SPDX list)."""
    symbols = get_spdx_licensing().known_symbols
    return {match_key(key): key for key in symbols if not key.startswith("LicenseRef-")}


class Catalogue:
    """All records, found by kind and slug or by name."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Index the records; :attr:`findings` has the names that two records of a kind claim."""
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in all_kinds()}
        self.findings: list[Finding] = []
        self._names: dict[str, dict[str, str]] = {kind: {} for kind in all_kinds()}
        self._works: dict[str, str] = {}
        self.spellings = Spellings()
        for record in records:
            self.records[record.kind][record.slug] = record
            for address in _addresses(record):
                self.spellings.count(address)
        for kind in all_kinds():
            for record in self.records[kind].values():
                self._index(record)

    def _index(self, record: Record) -> None:
        names = self._names[record.kind]
        if record.kind == "paper":  # two papers may have one title: only the slug finds a paper
            names[match_key(record.slug)] = record.slug
            return
        for name in [*record.names, record.slug]:
            key = match_key(name)
            other = names.setdefault(key, record.slug)
            if other != record.slug and name != record.slug:
                self._ambiguous(record, name, f"{record.kind}/{other}")
            if record.kind in work_kinds():  # a cell that names a parent may mean a work of any kind
                work = self._works.setdefault(key, f"{record.kind}/{record.slug}")
                if work.partition("/")[0] != record.kind:
                    self._ambiguous(record, name, work)

    def _ambiguous(self, record: Record, name: str, other: str) -> None:
        self.findings.append(
            Finding(
                f"the name {name!r} is also a name of {other}",
                file=str(record.path),
                line=record.lines.get("aka") or record.lines.get("label"),
                field="aka" if name != record.label else "label",
                remedy="drop it from one of the two, so that a list cell finds one record",
                rule="ambiguous-name",
            )
        )

    def find(self, kind: str, name: str) -> str | None:
        """Return the slug of the record of that kind with that name, alias or slug."""
        return self._names[kind].get(match_key(name))

    def find_work(self, name: str) -> tuple[str, str] | None:
        """Return kind and slug of the work of that name, models first."""
        for kind in work_kinds():
            slug = self.find(kind, name)
            if slug:
                return kind, slug
        return None

    def has(self, kind: str, slug: str) -> bool:
        """Tell whether there is such a record."""
        return slug in self.records.get(kind, {})

    def nearest(self, kind: str, name: str) -> list[str]:
        """Return the nearest slugs of the kind, by any of their names."""
        names = self._names[kind]
        return list(dict.fromkeys(names[near] for near in nearest(name, names)))

    def unit_label(self, slug: str, one: bool = False) -> str | None:
        """Return a unit's name: the label, a plural; of ``one`` the first ``aka``, a singular."""
        record = self.records["unit"].get(slug)
        if record is None:
            return slug
        return next(iter(record.values("aka")), record.label) if one else record.label

    def license_term(self, text: str) -> Term | None:
        """Return the term of a licence: a record's IRI (SPDX where it has one), or an SPDX id's."""
        slug = self.find("license", text)
        if slug is None and slugify(text) in self.records["license"]:
            slug = slugify(text)
        if slug is not None:
            override = self.records["license"][slug].values("iri")
            return iri(override[0]) if override else entity("license", slug)
        spdx = _spdx_ids().get(match_key(text))
        return iri(_SPDX + spdx) if spdx else None

    def term(self, record: Record) -> Term:
        """Return the term of a record's entity."""
        override = record.values("iri") if record.kind == "license" else []
        return iri(override[0]) if override else entity(record.kind, record.slug)


def _addresses(record: Record) -> Iterator[Address]:
    """Yield the addresses of a record's values and sources, written out."""
    for statements in record.statements.values():
        for statement in statements:
            for text in (statement.value, statement.source or ""):
                if "://" in text or text.startswith(("github:", "hf:")):
                    with contextlib.suppress(ValueError):  # told where the value is read
                        yield source_address(text)
