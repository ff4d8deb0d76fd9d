"""All that the metadata services say of a row's paper, code, weights and data, the preferred source first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from rapidfuzz import fuzz

from fmgraph.curation import arxiv_atom, doi_metadata, github_files, hub_cards
from fmgraph.curation.metadata import MetadataFact
from fmgraph.curation.metadata_documents import Documents
from fmgraph.text import match_key

_Item = TypeVar("_Item")

#: Below this likeness (0 to 100), two titles are those of different papers.
_UNLIKE = 60.0


@dataclass(frozen=True)
class Request:
    """What a row names: identifiers as they are written there, and the title."""

    title: str = ""
    arxiv: tuple[str, ...] = ()
    doi: tuple[str, ...] = ()
    github: tuple[str, ...] = ()  #: ``owner/name``
    models: tuple[str, ...] = ()  #: on Hugging Face
    datasets: tuple[str, ...] = ()  #: on Hugging Face

    def names(self) -> Iterator[str]:
        """Yield the names of the documents that are had in one request with those of other rows."""
        yield from (f"arxiv/{one}.xml" for one in self.arxiv[:1])


@dataclass
class Metadata:
    """The facts that the documents state about a row; ``notes`` are for the reviewer."""

    paper: list[MetadataFact] = field(default_factory=list)
    work: list[MetadataFact] = field(default_factory=list)  #: of code, weights and data sets
    searched: list[tuple[str, str]] = field(
        default_factory=list
    )  #: YAML key, source in which it was not found
    venue_type: str | None = None
    notes: list[str] = field(default_factory=list)

    def first(self, key: str) -> MetadataFact | None:
        """Return the preferred value of a property of the paper."""
        return next((one for one in self.paper if one.key == key), None)

    def authors(self) -> list[MetadataFact]:
        """Return the authors in order, all from the first source that names any."""
        authors = [one for one in self.paper if one.key == "author"]
        return [one for one in authors if one.source == authors[0].source]


def gather(documents: Documents, request: Request) -> Metadata:
    """Return what the documents say; what cannot be read, or contradicts the row, is among the notes."""
    gathering = _Gathering(documents, request)
    gathering.papers()
    for repository in request.github:
        gathering.repository(repository)
    for name in request.models:
        document = f"huggingface/models/{name}.json"
        gathering.metadata.work += gathering.facts(document, hub_cards.model_facts)
        cards = gathering.facts(document, hub_cards.cards_without_license)
        gathering.metadata.searched += [("weights_license", card) for card in cards]
    for name in request.datasets:
        document = f"huggingface/datasets/{name}.json"
        gathering.metadata.work += gathering.facts(document, hub_cards.dataset_facts)
    return gathering.metadata


class _Gathering:
    """One row's gathering."""

    def __init__(self, documents: Documents, request: Request) -> None:
        self.documents, self.request, self.metadata = documents, request, Metadata()

    def facts(self, document: str, reader: Callable[[str], Sequence[_Item]]) -> list[_Item]:
        """Return what the adapter reads; of a document that it cannot read there is a note."""
        text = self.documents.read(document)
        try:
            return list(reader(text)) if text else []
        except ValueError as error:
            self.metadata.notes.append(f"{document} cannot be read: {error}")
            return []

    def papers(self) -> None:
        """Read the version of record first: its title, year and venue are the paper's."""
        request, metadata = self.request, self.metadata
        preprints: list[MetadataFact] = []
        for one in request.arxiv[:1]:
            preprints += self.facts(f"arxiv/{one}.xml", partial(arxiv_atom.arxiv_facts, arxiv_id=one))
        dois = [*request.doi, *(fact.value for fact in preprints if fact.key == "doi")]
        records = self.by_doi(dois[0].lower()) if dois else []
        for facts in (records, preprints):
            title = next((fact for fact in facts if fact.key == "title"), None)
            if title and unlike(title.value, request.title):
                metadata.notes.append(f"{title.source} has another title: {title.value}")
        metadata.paper += records
        metadata.paper += [fact for fact in preprints if fact.key != "doi" or not records]
        for scheme, several in (("arXiv ids", request.arxiv), ("DOIs", request.doi)):
            if len(several) > 1:
                metadata.notes.append(
                    f"the row has several {scheme}; the first was read: {', '.join(several)}"
                )

    def by_doi(self, doi: str) -> list[MetadataFact]:
        """Return what Crossref says, of the version of record where it knows one; else DataCite."""
        document = f"crossref/{quote(doi, safe='/():;')}.json"
        facts = self.facts(document, doi_metadata.crossref_facts)
        for later in self.facts(document, doi_metadata.published_as):
            if later.lower() != doi and (record := self.by_doi(later.lower())):
                return record
        if facts:
            self.metadata.venue_type = next(iter(self.facts(document, doi_metadata.venue_type)), None)
            return facts
        return self.facts(f"datacite/{quote(doi, safe='/():;')}.json", doi_metadata.datacite_facts)

    def repository(self, repository: str) -> None:
        """Read a repository on GitHub; without its commit nothing could be cited."""
        place, metadata = f"github/{repository}", self.metadata
        title = self.request.title or getattr(metadata.first("title"), "value", "")
        for commit in self.facts(f"{place}/commit.json", github_files.commit_of):
            at = {"repository": repository, "commit": commit}
            licence = f"{place}/license.json"
            facts = self.facts(licence, partial(github_files.license_facts, **at))
            metadata.work += facts
            if self.documents.read(licence) == "":
                metadata.searched.append(("code_license", f"github:{repository}@{commit}"))
            elif self.documents.read(licence) and not facts:
                metadata.notes.append(f"{repository} has a licence file that GitHub does not recognise")
            citation = self.facts(f"{place}/CITATION.cff", partial(github_files.citation_facts, **at))
            self.cite(citation, title)
            reader = partial(github_files.readme_facts, **at, title=title)
            self.cite(self.facts(f"{place}/README.md", reader), title)

    def cite(self, facts: Sequence[MetadataFact], title: str) -> None:
        """Add what a repository says: of the code always, of the paper only where it is the row's."""
        known = {fact.key for fact in self.metadata.work}
        of_work = [fact for fact in facts if fact.key in ("code", "code_license")]
        self.metadata.work += [fact for fact in of_work if fact.key == "code" or fact.key not in known]
        cited = next((fact.value for fact in facts if fact.key == "title"), "")
        if cited and not unlike(cited, title):
            self.metadata.paper += [fact for fact in facts if fact not in of_work]


def unlike(one: str, other: str) -> bool:
    """Tell whether two titles, both given, are those of different papers.

    A name before one of them does not count.
    """
    a, b = match_key(one), match_key(other)
    if not a or not b:
        return False
    within = fuzz.partial_ratio(a, b) if min(len(a), len(b)) > 20 else 0
    return max(fuzz.ratio(a, b), within) < _UNLIKE
