"""A difference as text, JSON or Markdown, for a terminal, for a script and for the release notes.

Ordered by record: those added, redirected and withdrawn, then for each record in both releases the facts that
are new. What differs in form only (another spelling, another wording of the locator) comes last, apart.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from fmgraph.lists.markdown_text import escape, link
from fmgraph.ontology import all_kinds
from fmgraph.publish.release_diff import Claim, Difference
from fmgraph.rdf.prefixes import BASE, FMG
from fmgraph.records.addresses import parse_address
from fmgraph.text import match_key

#: (text, IRI or None) → its form in the output.
_Show = Callable[[str, str | None], str]


def render(difference: Difference, form: Literal["text", "json", "markdown"] = "text") -> str:
    """Return the whole difference in the given form, ending in a newline."""
    if form == "json":
        return json.dumps(difference.as_dict(), ensure_ascii=False, indent=2) + "\n"
    sections = _Sections(difference, _linked if form == "markdown" else _plain)
    lines = []
    for title, items in (*sections.records(), *sections.facts(), *sections.formatting()):
        lines += [f"{'## ' * (form == 'markdown')}{title}", "", *(f"- {item}" for item in items), ""]
    return "\n".join(lines) if lines else "Nothing changed.\n"


def _plain(text: str, iri: str | None) -> str:
    if iri is None or not iri.startswith(BASE) or iri.startswith(FMG):
        return text
    name = iri.removeprefix(BASE)
    return text if name == text else f"{text} ({name})"


def _linked(text: str, iri: str | None) -> str:
    return link(text, iri) if iri else escape(text)


class _Sections:
    """A difference in words, as headings with items."""

    def __init__(self, difference: Difference, show: _Show) -> None:
        self._all, self._show = difference, show
        self._fresh = set(difference.added_entities)
        self._same = [pair for pair in difference.corrected if self._alike(pair[0].value, pair[1].value)]
        self._respelt = list(self._spellings(difference.withdrawn, difference.added))
        self._apart = {claim.iri for pair in (*self._same, *self._respelt) for claim in pair}

    def records(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the records that were added, redirected or withdrawn, under their headings."""
        difference = self._all
        sections = [
            ("Published IRIs that lead nowhere", [self._name(iri) for iri in difference.vanished]),
            ("Records added", self._added()),
            (
                "Records redirected",
                [f"{self._name(a)} is now {self._name(b)}" for a, b in difference.redirected],
            ),
            (
                "Records withdrawn",
                [
                    self._name(iri) + (f": {self._show(why, None)}" if why else "")
                    for iri, why in difference.withdrawn_entities
                ],
            ),
        ]
        counts = {"Records added": len(difference.added_entities)}
        for title, items in sections:
            if items:
                yield f"{title} ({counts.get(title, len(items)):,})", items

    def _added(self) -> list[str]:
        """Return the records that are new with the number of their facts; of rows and people, how many."""
        new = {(claim.subject, claim.predicate, claim.value) for claim in self._all.added}
        facts = Counter(subject for subject, _, _ in new)
        items = []
        others: Counter[str] = Counter()
        for iri in sorted(self._all.added_entities, key=self._order):
            kind = all_kinds().get(iri.removeprefix(BASE).partition("/")[0])
            if kind and not kind.recorded:
                others[kind.plural] += 1
            else:
                suffix = f": {_number(facts[iri], 'fact')}" if facts[iri] else ""
                items.append(self._name(iri) + suffix)
        return items + [f"{count:,} {plural}" for plural, count in others.items()]

    def facts(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each record that was there before, works first, with what is new about it."""
        items: dict[str, list[str]] = defaultdict(list)
        difference = self._all
        for iri, prop, before, after in difference.edited:
            if not self._alike(before, after):
                items[iri].append(f"{self._prop(prop)}: {self._change(before, after)}")
        for old, new in difference.corrected:
            if new.iri not in self._apart:
                change = self._change(old.value, new.value)
                items[new.subject].append(f"{self._prop(new.predicate)}: {change}, {self._origins([new])}")
        for claim in difference.deprecated:
            text = f"{self._statement(claim)} is wrong, {self._origins([claim])}{self._why(claim)}"
            items[claim.subject].append(text)
        for old, new in difference.reranked:
            ranks = f"{old.rank or 'none'} → {new.rank or 'none'}"
            items[new.subject].append(f"{self._statement(new)}, {self._origins([new])}: {ranks}")
        self._add(items, difference.added, "new", "further source")
        self._add(items, difference.withdrawn, "no longer said", "source less")
        for iri in sorted((iri for iri in items if iri not in self._fresh), key=self._order):
            yield self._name(iri), items[iri]

    def formatting(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what only looks different."""
        difference = self._all
        items = [
            f"{self._name(iri)}: {self._prop(prop)}: {self._change(before, after)}"
            for iri, prop, before, after in difference.edited
            if self._alike(before, after)
        ]
        for old, new in (*self._same, *self._respelt):
            change = self._change(old.value, new.value)
            items.append(f"{self._name(new.subject)}: {self._prop(new.predicate)}: {change}")
        items += [
            f"{self._name(new.subject)}: {self._statement(new)}, {self._origins([new])}"
            for _, new in difference.reworded
        ]
        if items:
            yield f"Only formatting or wording ({len(items)})", list(dict.fromkeys(items))

    def _add(self, items: dict[str, list[str]], claims: Iterable[Claim], new: str, further: str) -> None:
        """Add one item for each fact with all its sources, and one for those that hold by others too."""
        facts: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
        standing: Counter[str] = Counter()
        for claim in claims:
            if claim.iri in self._apart:
                continue
            if claim.stands:
                standing[claim.subject] += 1
            else:
                facts[claim.subject, claim.predicate, claim.value].append(claim)
        for (subject, _, _), same in facts.items():
            items[subject].append(f"{self._statement(same[0])}, {new}, {self._origins(same)}")
        for subject, count in standing.items():
            items[subject].append(f"{_number(count, further)} of what is known")

    def _spellings(self, withdrawn: Sequence[Claim], added: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
        """Yield pairs of one statement in two spellings, each claim once."""
        waiting: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
        for claim in withdrawn:
            waiting[claim.subject, claim.predicate, self._normal(claim.value)].append(claim)
        for claim in added:
            if same := waiting.get((claim.subject, claim.predicate, self._normal(claim.value))):
                old = same.pop()
                if old.value != claim.value:
                    yield old, claim

    def _alike(self, one: str, other: str) -> bool:
        return bool(one and other) and self._normal(one) == self._normal(other)

    def _normal(self, value: str) -> str:
        if value.startswith(BASE):
            return value
        try:
            return parse_address(value).key.casefold()
        except ValueError:
            return match_key(value)

    def _order(self, iri: str) -> tuple[bool, str, str]:
        kind = iri.removeprefix(BASE).partition("/")[0]
        entry = all_kinds().get(kind)
        return not (entry and entry.work), kind, self._all.labels.get(iri, iri).casefold()

    def _change(self, before: str, after: str) -> str:
        return f"{self._name(before or 'nothing')} → {self._name(after or 'nothing')}"

    def _name(self, value: str) -> str:
        """Return an IRI by its label, or a literal as it is."""
        label = self._all.labels.get(value)
        is_iri = value.startswith(("http://", "https://"))
        return self._show(label or value.removeprefix(BASE), value if is_iri else None)

    def _prop(self, iri: str) -> str:
        """Return a property by its label or local name."""
        return self._show(self._all.labels.get(iri) or iri.rsplit("#")[-1].rsplit("/")[-1], None)

    def _statement(self, claim: Claim) -> str:
        return f"{self._prop(claim.predicate)}: {self._name(claim.value)}"

    def _origins(self, claims: Sequence[Claim]) -> str:
        rows = dict.fromkeys(
            claim.origin.split("#")[0] if claim.origin.startswith(BASE) else claim.origin for claim in claims
        )
        names = [self._name(row) for row in rows if row]
        return f"from {'; '.join(names)}" if names else "from nowhere"

    def _why(self, claim: Claim) -> str:
        """Return why a claim is deprecated, and what shows it."""
        reason = f"; {self._show(claim.reason, None)}" if claim.reason else ""
        return reason + (f", see {self._name(claim.evidence)}" if claim.evidence else "")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
