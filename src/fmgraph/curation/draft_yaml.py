"""The text of a drafted record: YAML as people write records, marked as not yet read by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml

from fmgraph.curation.metadata import MetadataFact

#: The mark of a record that nobody has read yet; whoever accepts the record deletes it.
UNREVIEWED = {"reviewed": "false"}


@dataclass
class Draft:
    """A record that is to be written."""

    kind: str
    slug: str
    editorial: dict[str, str | list[str]]  #: values that need no source, by key, in order
    facts: list[MetadataFact] = field(default_factory=list)  #: values are as a record writes them
    searched: list[tuple[str, str]] = field(default_factory=list)  #: YAML key, where it was looked for

    @property
    def name(self) -> str:
        """The record as ``kind/slug``."""
        return f"{self.kind}/{self.slug}"

    @property
    def label(self) -> str:
        """The record's name for people."""
        return str(self.editorial["label"])

    def add(self, facts: Iterable[MetadataFact]) -> None:
        """Add facts that are not there yet, from whatever source."""
        known = {(fact.key, fact.value) for fact in self.facts}
        for fact in facts:
            if (fact.key, fact.value) not in known:
                known.add((fact.key, fact.value))
                self.facts.append(fact)

    def text(self, date: str) -> str:
        """Return the file's text; ``date`` is the day of the searches, ``YYYY-MM-DD``."""
        record: dict[str, object] = {**self.editorial, **UNREVIEWED}
        values: dict[str, list[dict[str, str]]] = {}
        for fact in self.facts:
            values.setdefault(fact.key, []).append(
                {"value": fact.value, "source": fact.source, "at": fact.at}
            )
        record |= values
        if self.searched:
            record["searched"] = [{"for": key, "in": [place], "date": date} for key, place in self.searched]
        return dump(record)


def dump(record: Mapping[str, object]) -> str:
    """Return a record as YAML, keys in their order, one value a line."""
    return yaml.safe_dump(dict(record), allow_unicode=True, sort_keys=False, width=110)
