"""``fmgraph draft``: records for rows that have none, from their cells and from metadata.

Nothing is invented: a draft has the names of its row, and values of documents with their places. What a
document names and no record has (a venue, a licence, a parent, a data set) becomes a draft of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from rapidfuzz import fuzz

from fmgraph.curation.draft_yaml import Draft
from fmgraph.curation.gather_metadata import Metadata, Request, gather
from fmgraph.curation.identities import Identity, Known, addresses, identifiers_of, of_row
from fmgraph.curation.match_records import Match, Matcher
from fmgraph.curation.metadata import MetadataFact
from fmgraph.curation.metadata_documents import Documents
from fmgraph.graph.catalogue import Catalogue
from fmgraph.lists.source_list import Row, SourceList
from fmgraph.ontology import Schema, work_kinds
from fmgraph.records.addresses import parse_address
from fmgraph.text import match_key, slugify

#: Longest slug, in characters and words: enough to tell titles apart.
_SLUG_LENGTH, _SLUG_WORDS = 60, 8
#: Kinds whose names a card's tags may be.
_TAGGED = ("modality", "organ", "task", "disease")
_LICENCES = ("license", "code_license", "weights_license")


@dataclass
class RowDraft:
    """What was done for one row."""

    row: Row
    record: str | None = None  #: ``kind/slug``
    state: str = (
        "drafted"  #: ``drafted``, ``matched`` (to an earlier draft) or ``open`` (a record may be its)
    )
    confidence: float = 0.0  #: that the draft is of the row's work and of no other's
    notes: list[str] = field(default_factory=list)


class Drafting:
    """Drafts for one list, over the records that there are."""

    def __init__(
        self,
        source: SourceList,
        known: Sequence[Known],
        catalogue: Catalogue,
        schema: Schema,
        documents: Documents,
        withdrawn_names: Collection[str] = (),
    ) -> None:
        """Start without drafts; ``withdrawn_names`` (``kind/slug``) must not be used again."""
        self._source, self._catalogue, self._schema, self._documents = source, catalogue, schema, documents
        self._known = list(known)
        self._matcher = Matcher(self._known)
        self._used_names = set(withdrawn_names) | {one.name for one in known}
        self._names: dict[tuple[str, str], str] = {}  # kind and match key → slug, of drafts
        self._without_row: set[str] = set()  # drafts that cards name and no row has been about so far
        self.drafts: dict[str, Draft] = {}

    def run(self, rows: Sequence[Row], new: Collection[str] = ()) -> list[RowDraft]:
        """Draft records for the rows; those whose id is in ``new`` whatever records are like them."""
        waiting = [(row, of_row(self._source, row)) for row in rows if not row.record]
        requests = {row.id: request_of(self._source, row, identity) for row, identity in waiting}
        self._documents.prepare([name for request in requests.values() for name in request.names()])
        return [self._row(row, identity, requests[row.id], forced=row.id in new) for row, identity in waiting]

    def _row(self, row: Row, identity: Identity, request: Request, *, forced: bool) -> RowDraft:
        match = self._matcher.match_row(row, identity)
        if match.record in self._without_row:
            return self._complete(row, identity, gather(self._documents, request), self.drafts[match.record])
        if match.record:
            return RowDraft(row, match.record, "matched", match.candidates[0].confidence)
        if not forced and (reason := doubtful(match)):
            return RowDraft(row, None, "open", 0.0, [reason])
        metadata = gather(self._documents, request)
        kind = identity.kinds[0] if identity.kinds else "model"
        title = getattr(metadata.first("title"), "value", "") or identity.title
        if not (identity.name or title):
            return RowDraft(row, None, "open", 0.0, ["the row has neither a name nor a title"])
        name = identity.name or title
        if kind == "paper":
            subject = self._paper(name, title or name, identity, metadata, "review")
        else:
            subject = self._new(kind, name, {"label": name})
            self._fill(subject, title, identity, metadata)
        self._remember(subject, identity, metadata)
        return RowDraft(row, subject.name, "drafted", _confidence(match, metadata, identity), metadata.notes)

    def _complete(self, row: Row, identity: Identity, metadata: Metadata, draft: Draft) -> RowDraft:
        """Fill in a draft that a card named before its own row came."""
        self._without_row.discard(draft.name)
        title = getattr(metadata.first("title"), "value", "") or identity.title
        self._fill(draft, title, identity, metadata)
        self._remember(draft, identity, metadata)
        return RowDraft(row, draft.name, "drafted", 0.9, metadata.notes)

    def _fill(self, draft: Draft, title: str, identity: Identity, metadata: Metadata) -> None:
        """Add to the draft of a work or data set what is found of it, and its paper."""
        kind = draft.kind
        if kind in work_kinds():
            draft.editorial["scope"] = "medical"
        if title and (metadata.paper or identity.title):
            draft.editorial["described_by"] = self._paper_for(draft.slug, title, identity, metadata)
        facts = [fact for fact in metadata.work if fact.key != "tag" and fact.key in self._schema.fields]
        if kind == "dataset":
            of_data = {"license", "access", "homepage"}
            facts = [fact for fact in facts if fact.key in of_data]
        draft.add(self._resolved(_one_access(facts, metadata.notes), metadata, draft))
        draft.add(self._tags(metadata.work, kind))
        if kind in work_kinds():
            draft.searched = [
                pair for pair in metadata.searched if pair[0] not in {fact.key for fact in draft.facts}
            ]
            years = self._year(identity, metadata)
            draft.add(years)
            if not years and not identity.years and (place := self._source.source):
                draft.searched.append(("year", place))

    def _year(self, identity: Identity, metadata: Metadata) -> list[MetadataFact]:
        """Return the paper's year as the work's; without one, the year in a preprint's identifier."""
        if year := metadata.first("year"):
            return [year]
        months = [one for one in sorted(identity.identifiers.get("arXiv", ())) if re.match(r"\d{4}\.", one)]
        if identity.years or not months:
            return []
        return [MetadataFact("year", f"20{months[0][:2]}", f"arxiv:{months[0]}", "month in the identifier")]

    def _paper_for(self, slug: str, title: str, identity: Identity, metadata: Metadata) -> str:
        """Return the slug of the record that has the paper's identifiers or title, or of a new draft."""
        keys = {
            (fact.key, match_key(fact.value))
            for fact in metadata.paper
            if fact.key in ("arxiv", "doi", "title")
        }
        for one in self._known:
            if not one.name.startswith("paper/"):
                continue
            own = {("title", key) for key in one.identity.titles}
            own |= {("arxiv", match_key(value)) for value in one.identity.identifiers.get("arXiv", ())}
            own |= {("doi", match_key(value)) for value in one.identity.identifiers.get("DOI", ())}
            if keys & own or match_key(title) in one.identity.titles:
                return one.name.partition("/")[2]
        return self._paper(slug, title, identity, metadata, "article").slug

    def _paper(self, name: str, title: str, identity: Identity, metadata: Metadata, type_: str) -> Draft:
        draft = self._new("paper", name, {"label": title, "type": type_})
        keys = ("title", "year", "published_in", "doi", "arxiv")
        facts = [first for key in keys if (first := metadata.first(key))]
        draft.add(self._resolved(facts, metadata, draft))
        draft.add(metadata.authors())
        others = {fact.value for fact in metadata.paper if fact.key == "title"} | {identity.title}
        aka = sorted(other for other in others if other and match_key(other) != match_key(title))
        if aka:
            draft.editorial = {"label": title, "aka": aka, "type": type_}
        return draft

    def _resolved(
        self, facts: Iterable[MetadataFact], metadata: Metadata, draft: Draft
    ) -> list[MetadataFact]:
        """Return the facts with names in place of records replaced by slugs, drafts made where none is."""
        resolved = []
        for fact in facts:
            field_ = self._schema.fields[fact.key]
            value: str | None = fact.value
            if fact.key in _LICENCES:
                value = self._licence(fact.value)
            elif fact.key == "published_in":
                editorial = {"type": metadata.venue_type} if metadata.venue_type else {}
                value = self._find_or_draft("venue", fact.value, **editorial)
            elif field_.kind == "dataset":
                value = self._on_the_hub("dataset", fact, draft)
            elif field_.kind == "model":
                value = self._on_the_hub("model", fact, draft)
            if value:
                resolved.append(MetadataFact(fact.key, value, fact.source, fact.at))
        return resolved

    def _licence(self, name: str) -> str:
        """Return a licence as records write it: an SPDX id, or the slug of a record."""
        term = self._catalogue.license_term(name)
        if term is None:
            return self._find_or_draft("license", name)
        address, id_ = term.strip("<>"), term.strip("<>").rsplit("/", 1)[-1]
        if self._catalogue.find("license", id_) is None and address.startswith("https://spdx.org/"):
            self._find_or_draft("license", id_, iri=address)
        return id_

    def _find_or_draft(self, kind: str, name: str, **editorial: str) -> str:
        """Return the slug of the record of that name; a draft is made where there is none."""
        slug = self._catalogue.find(kind, name) or self._names.get((kind, match_key(name)))
        return slug or self._new(kind, name, {"label": name, **editorial}).slug

    def _on_the_hub(self, kind: str, fact: MetadataFact, draft: Draft) -> str | None:
        """Return the record that a card's reference to the Hub means; None where it means the work itself."""
        place = "datasets/" if kind == "dataset" else ""
        page = f"https://huggingface.co/{place}{quote(fact.value)}"
        ((scheme, ids),) = identifiers_of([page]).items() or (("", frozenset()),)
        for one in self._known:
            if one.identity.identifiers.get(scheme, frozenset()) & ids:
                record_kind, _, slug = one.name.partition("/")
                if record_kind == kind or (kind == "model" and record_kind in work_kinds()):
                    return None if one.name == draft.name else slug if record_kind == kind else one.name
        if any(own.value == page for own in draft.facts if own.key == "weights"):
            return None
        name = fact.value.rpartition("/")[2]
        work = self._catalogue.find_work(name) if kind == "model" else None
        if work:
            return work[1] if work[0] == "model" else "/".join(work)
        existing = self._catalogue.find(kind, name) or self._names.get((kind, match_key(name)))
        if existing:
            return existing if f"{kind}/{existing}" != draft.name else None
        scope = {"scope": "general"} if kind == "model" else {}
        new_draft = self._new(kind, name, {"label": name, **scope})
        key = "weights" if kind == "model" else "homepage"
        new_draft.add([MetadataFact(key, page, fact.source, fact.at)])
        self._without_row.add(new_draft.name)
        names = frozenset({match_key(name)})
        self._know(Known(new_draft.name, name, Identity(names, identifiers={scheme: ids}, has_name=True)))
        return new_draft.slug

    def _tags(self, facts: Iterable[MetadataFact], kind: str) -> list[MetadataFact]:
        allowed = ("modality",) if kind == "dataset" else _TAGGED
        return [
            MetadataFact(of, slug, fact.source, fact.at)
            for fact in facts
            if fact.key == "tag"
            for of in allowed
            if (slug := self._catalogue.find(of, fact.value))
        ]

    def _new(self, kind: str, name: str, editorial: dict[str, str | list[str]]) -> Draft:
        slug = self._slug(kind, name)
        draft = Draft(kind, slug, editorial)
        self._used_names.add(draft.name)
        self._names[kind, match_key(name)] = slug
        self.drafts[draft.name] = draft
        return draft

    def _slug(self, kind: str, name: str) -> str:
        words = slugify(name).split("-")[:_SLUG_WORDS]
        base = "-".join(words)[:_SLUG_LENGTH].strip("-") or kind
        slug, number = base, 1
        while f"{kind}/{slug}" in self._used_names or self._catalogue.has(kind, slug):
            number += 1
            slug = f"{base}-{number}"
        return slug

    def _remember(self, draft: Draft, identity: Identity, metadata: Metadata) -> None:
        """Let later rows of the list match the draft."""
        urls = [fact.value for fact in draft.facts if fact.key in ("code", "weights", "homepage")]
        urls += [f"https://arxiv.org/abs/{one.value}" for one in metadata.paper if one.key == "arxiv"]
        urls += [f"https://doi.org/{one.value}" for one in metadata.paper if one.key == "doi"]
        identifiers = dict(identity.identifiers)
        for scheme, values in identifiers_of(urls).items():
            identifiers[scheme] = identifiers.get(scheme, frozenset()) | values
        titles = {match_key(one.value) for one in metadata.paper if one.key == "title"}
        names = identity.names | {match_key(draft.label)}
        identity = Identity(names, identity.titles | titles, identifiers, identity.years, has_name=True)
        self._know(Known(draft.name, draft.label, identity))

    def _know(self, one: Known) -> None:
        self._known = [*(other for other in self._known if other.name != one.name), one]
        self._matcher = Matcher(self._known)


def request_of(source: SourceList, row: Row, identity: Identity) -> Request:
    """Return what the row names, spelt as it spells it, in the order of its cells."""
    values_by_scheme: dict[str, list[str]] = {
        scheme: [] for scheme in ("arxiv", "doi", "github", "huggingface", "huggingface-dataset")
    }
    for column in source.table(row).columns:
        if column.spec.prose:
            continue
        for url in addresses(row.cells[column.header]):
            try:
                address = parse_address(url)
            except ValueError:
                continue  # `fmgraph check` reports what is no address
            pairs = [("arxiv", address.arxiv), ("doi", address.doi), address.repository or ("", None)]
            for scheme, value in pairs:
                if value and scheme in values_by_scheme and value not in values_by_scheme[scheme]:
                    values_by_scheme[scheme].append(value)
    papers = sorted(identity.identifiers.get("arXiv", ()))
    return Request(
        title=identity.title,
        arxiv=tuple(values_by_scheme["arxiv"] or papers),
        doi=tuple(values_by_scheme["doi"]),
        github=tuple(values_by_scheme["github"]),
        models=tuple(values_by_scheme["huggingface"]),
        datasets=tuple(values_by_scheme["huggingface-dataset"]),
    )


def doubtful(match: Match) -> str | None:
    """Return why a person should look before a record is drafted; None where nothing is like the row."""
    best = next(iter(match.possible), None)
    return f"may be {best.record} ({best.evidence})" if best else None


def _confidence(match: Match, metadata: Metadata, identity: Identity) -> float:
    """Return how certain it is that the metadata are the row's: the likeness of its title to theirs.

    A row whose documents are unknown, and one for which they contradict each other, has half of it.
    """
    title = metadata.first("title")
    if title is None or not identity.title:
        return round(0.5 * (1 - match.rivalry), 2)
    ours, theirs = match_key(identity.title), match_key(title.value)
    alike = max(fuzz.ratio(ours, theirs), fuzz.partial_ratio(ours, theirs)) / 100
    return round(alike * (1 - match.rivalry) * (0.5 if metadata.notes else 1), 2)


def _one_access(facts: list[MetadataFact], notes: list[str]) -> list[MetadataFact]:
    """Return the facts with one access at most: a work's variants may be given out on different terms."""
    terms = {fact.value for fact in facts if fact.key == "access"}
    if len(terms) > 1:
        notes.append("its weights are given out on different terms: " + ", ".join(sorted(terms)))
        return [fact for fact in facts if fact.key != "access"]
    first = next((fact for fact in facts if fact.key == "access"), None)
    return [fact for fact in facts if fact.key != "access" or fact is first]
