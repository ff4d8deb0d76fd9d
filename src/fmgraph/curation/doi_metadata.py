"""Papers and data sets by DOI: answers of Crossref and DataCite.

https://api.crossref.org/swagger-ui (works) and https://support.datacite.org/docs/api-get-doi.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from fmgraph.curation.metadata import MetadataFact, one_line, person

#: Types of Crossref's that say what a venue is.
_VENUES = {"journal-article": "journal", "proceedings-article": "conference"}


def crossref_facts(text: str) -> list[MetadataFact]:
    """Return what Crossref says of the work; raises ValueError where the text is no such answer."""
    return list(_crossref(_part(text, "message")))


def published_as(text: str) -> list[str]:
    """Return the DOIs of the version of record, where Crossref says of a preprint that there is one."""
    relations = _part(text, "message").get("relation") or {}
    items = relations.get("is-preprint-of", ())
    return [str(item.get("id")) for item in items if item.get("id-type") == "doi"]


def venue_type(text: str) -> list[str]:
    """Return ``journal`` or ``conference``, where Crossref's type of the work says that; else []."""
    type_ = _VENUES.get(str(_part(text, "message").get("type")))
    return [type_] if type_ else []


def datacite_facts(text: str) -> list[MetadataFact]:
    """Return what DataCite says of the work; raises ValueError where the text is no such answer."""
    return list(_datacite(_part(text, "data", "attributes")))


def _part(text: str, *keys: str) -> Mapping[str, Any]:
    try:
        part = json.loads(text)
        for key in keys:
            part = part[key]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"no JSON object with {'.'.join(keys)}") from None
    if not isinstance(part, dict):
        raise ValueError(f"{'.'.join(keys)} is no object")
    return part


def _crossref(work: Mapping[str, Any]) -> Iterator[MetadataFact]:
    doi = str(work.get("DOI", "")).lower()
    source = f"https://api.crossref.org/works/{quote(doi)}"
    for title in (work.get("title") or [])[:1]:
        yield MetadataFact("title", one_line(title), source, "title")
    for author in work.get("author") or ():
        if name := person(author.get("given"), author.get("family"), author.get("name")):
            yield MetadataFact("author", name, source, "author")
    for date in ("published", "published-print", "published-online", "issued"):
        parts = (work.get(date) or {}).get("date-parts") or [[None]]
        if parts[0] and parts[0][0]:
            yield MetadataFact("year", str(parts[0][0]), source, date)
            break
    for venue in (work.get("container-title") or [])[:1]:
        yield MetadataFact("published_in", one_line(venue), source, "container-title")
    if doi:
        yield MetadataFact("doi", doi, source, "DOI")


def _datacite(work: Mapping[str, Any]) -> Iterator[MetadataFact]:
    doi = str(work.get("doi", "")).lower()
    source = f"https://api.datacite.org/dois/{quote(doi)}"
    for title in (work.get("titles") or [])[:1]:
        yield MetadataFact("title", one_line(title.get("title", "")), source, "titles")
    for creator in work.get("creators") or ():
        if name := person(creator.get("givenName"), creator.get("familyName"), creator.get("name")):
            yield MetadataFact("author", name, source, "creators")
    if work.get("publicationYear"):
        yield MetadataFact("year", str(work["publicationYear"]), source, "publicationYear")
    for rights in work.get("rightsList") or ():
        if licence := rights.get("rightsIdentifier") or rights.get("rights"):
            yield MetadataFact("license", one_line(licence), source, "rightsList")
            break
    if doi:
        yield MetadataFact("doi", doi, source, "DOI")
