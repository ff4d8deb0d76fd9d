"""Papers from arXiv's API: an Atom feed. https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from fmgraph.curation.metadata import MetadataFact, one_line

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"


def arxiv_facts(text: str, arxiv_id: str) -> list[MetadataFact]:
    """Return what the feed's entry of that id (without version) says of the paper; [] where it has none.

    Raises ValueError where the text is no feed.
    """
    for entry_id, entry in _entries(text):
        versionless, _, version = entry_id.rpartition("v")
        if (versionless if version.isdecimal() else entry_id) == arxiv_id:
            return list(_facts(entry, arxiv_id, entry_id))
    return []


def split_feed(text: str) -> dict[str, str]:
    """Return the feed's entries by id without version, each as a feed of its own."""
    feeds = {}
    for entry_id, entry in _entries(text):
        feed = Element(f"{_ATOM}feed")
        feed.append(entry)
        versionless, _, version = entry_id.rpartition("v")
        name = versionless if version.isdecimal() else entry_id
        feeds[name] = str(ElementTree.tostring(feed, encoding="unicode"))
    return feeds


def _entries(text: str) -> Iterator[tuple[str, Element]]:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"no Atom feed: {error}") from None
    for entry in root.iter(f"{_ATOM}entry"):
        address = entry.findtext(f"{_ATOM}id", "")
        if "/abs/" in address:  # an error is an entry too, with another address
            yield address.rsplit("/abs/", 1)[1].strip(), entry


def _facts(entry: Element, arxiv_id: str, versioned: str) -> Iterator[MetadataFact]:
    source = f"arxiv:{versioned}"
    if title := one_line(entry.findtext(f"{_ATOM}title", "")):
        yield MetadataFact("title", title, source, "title")
    yield MetadataFact("arxiv", arxiv_id, source, "identifier")
    for author in entry.iter(f"{_ATOM}author"):
        if name := one_line(author.findtext(f"{_ATOM}name", "")):
            yield MetadataFact("author", name, source, "authors")
    if published := entry.findtext(f"{_ATOM}published", "")[:4]:
        yield MetadataFact("year", published, source, "date of the first version")
    if doi := entry.findtext(f"{_ARXIV}doi", "").strip():
        yield MetadataFact("doi", doi, source, "DOI that the authors gave")
