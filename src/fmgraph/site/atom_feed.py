"""A feed in the Atom Syndication Format (RFC 4287)."""

from __future__ import annotations

from xml.etree import ElementTree

from fmgraph.publish.dataset_names import AUTHORS
from fmgraph.rdf.formats import Format
from fmgraph.site.page_links import Links

ATOM = Format("atom", "Atom", "application/atom+xml", "atom")
_SPACE = "http://www.w3.org/2005/Atom"


class Feed:
    """A feed; ``name`` is the path of its page, ``self_`` its own, ``updated`` an ISO 8601 date or moment."""

    def __init__(self, links: Links, name: str, self_: str, title: str, updated: str) -> None:
        self._root = ElementTree.Element("feed", xmlns=_SPACE)
        add(self._root, "id", links.base + name)
        add(self._root, "title", title)
        add(self._root, "updated", _moment(updated))
        add(add(self._root, "author"), "name", AUTHORS)
        add(self._root, "link", rel="self", href=links.absolute(self_))
        add(self._root, "link", rel="alternate", href=links.absolute(links.root + name))

    def entry(self, name: str, title: str, updated: str, page: str, summary: str) -> ElementTree.Element:
        """Add an entry with its id, title, date, page (absolute) and summary; return it."""
        entry = add(self._root, "entry")
        add(entry, "id", name)
        add(entry, "title", title)
        add(entry, "updated", _moment(updated))
        add(entry, "link", rel="alternate", href=page)
        add(entry, "summary", summary)
        return entry

    def document(self) -> bytes:
        """Return the feed as XML."""
        ElementTree.indent(self._root)
        text = ElementTree.tostring(self._root, "unicode")
        return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def add(
    parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    """Add an element below another, and return it."""
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _moment(date: str) -> str:
    return date if "T" in date else f"{date}T00:00:00Z"
