"""``/changes`` and ``/changes.atom``: what each release added, and what has been added since the last.

Releases are known by the records they had (:mod:`fmgraph.publish.released_records`). Which values changed is
told by the change files of a release (:mod:`fmgraph.site.release_pages`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.ontology import all_kinds
from fmgraph.publish.released_records import read_releases, records
from fmgraph.rdf.formats import HTML
from fmgraph.site.atom_feed import ATOM, Feed, add
from fmgraph.site.graph_reader import iri, values
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG, nearest

#: Records listed of one kind; how many more there are is said.
MOST_NAMED = 200
#: Entries of the feed.
_MOST_ENTRIES = 200


@dataclass(frozen=True)
class Change:
    """The records that a release (None: the next one) added: by kind, labels by ``kind/slug``."""

    version: str | None
    date: str
    added: dict[str, dict[str, str]]

    @property
    def total(self) -> int:
        """How many records were added."""
        return sum(map(len, self.added.values()))


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/changes")
    @pages.get("/changes.<suffix>")
    def changes(suffix: str = "") -> Response:
        form = site.negotiate((HTML, ATOM), suffix)
        kinds = {name: kind for name, kind in all_kinds().items() if kind.recorded}
        kind, list_slug = request.args.get("kind", ""), request.args.get("list", "")
        if kind and kind not in kinds:
            raise NotFoundError(f"there are no records of {kind!r}", nearest(kind, kinds))
        node = f"{site.links.base}list/{list_slug}"
        if list_slug and not (SLUG.fullmatch(list_slug) and site.graph.triples([node])):
            raise NotFoundError(f"there is no list {list_slug!r}")
        entries = read_changes(site, kind, list_slug)
        if form is ATOM:
            return site.answer(feed(site, entries), form)
        lists = site.graph.rows(
            "SELECT ?s (MIN(STR(?l)) AS ?label) (MAX(STR(?d)) AS ?date) WHERE { ?s a fmg:SourceList ; "
            "rdfs:label ?l OPTIONAL { ?s dcterms:issued ?d } } GROUP BY ?s ORDER BY DESC(?date) ?label"
        )
        return site.page(
            "changes.html",
            changes=entries,
            kind=kind,
            chosen_list=list_slug,
            recorded=kinds,
            lists=[(site.links.entity(row["s"].value), row["label"].value) for row in lists],
            most=MOST_NAMED,
            feed=site.links.path("changes.atom", kind=kind, list=list_slug),
        )


def read_changes(site: Site, kind: str = "", list_slug: str = "") -> list[Change]:
    """Return what was added, the newest first; of one kind, or of the works of one list, where asked for.

    A release that added nothing is among all that there were, not among those of a kind or list.
    """
    releases = read_releases()
    present = _present(site, kind, list_slug)
    earlier: frozenset[str] = frozenset()
    changes = []
    for one in releases:
        changes.append(Change(one.version, one.date, _by_kind(present, one.records - earlier)))
        earlier |= one.records
    fresh = _records() - earlier
    if fresh or not releases:
        changes.append(Change(None, site.engine.meta.modified, _by_kind(present, fresh)))
    narrowed = bool(kind or list_slug)
    return [change for change in reversed(changes) if change.total or (change.version and not narrowed)]


@lru_cache(maxsize=1)
def _records() -> frozenset[str]:
    return frozenset(records())


def _present(site: Site, kind: str, list_slug: str) -> dict[str, str]:
    """Return the labels of the recorded entities in the graph by ``kind/slug``."""
    kinds = [one for one in all_kinds().values() if one.recorded and kind in ("", one.name)]
    node = iri(f"{site.links.base}list/{list_slug}")
    of_list = f"?row foaf:primaryTopic ?s ; dcterms:isPartOf {node} ." if list_slug else ""
    rows = site.graph.rows(
        f"SELECT ?s (MIN(STR(?l)) AS ?label) WHERE {{ {values('c', (one.iri for one in kinds))} ?s a ?c ; "
        f"rdfs:label ?l . {of_list} }} GROUP BY ?s ORDER BY ?s"
    )
    names = ((site.links.entity(row["s"].value), row["label"].value) for row in rows)
    return {"/".join(entity): label for entity, label in names if entity}


def _by_kind(present: dict[str, str], names: frozenset[str]) -> dict[str, dict[str, str]]:
    by_kind: dict[str, dict[str, str]] = {}
    for kind in all_kinds():
        some = {name: present[name] for name in names if name in present and name.startswith(f"{kind}/")}
        if some:
            by_kind[kind] = dict(sorted(some.items(), key=lambda item: item[1].casefold()))
    return by_kind


def feed(site: Site, changes: list[Change]) -> bytes:
    """Return the changes as Atom: an entry a release, and one for each record not released yet."""
    links = site.links
    newest = max((change.date for change in changes), default=site.engine.meta.modified)
    atom = Feed(links, "changes", links.path("changes.atom"), "fmgraph: changes", newest)
    for change in changes:
        counts = ", ".join(f"{len(some):,} {all_kinds()[kind].plural}" for kind, some in change.added.items())
        if change.version is not None:
            place = f"changes#{change.version}"
            page = links.absolute(links.root + place)
            atom.entry(
                links.base + place,
                f"fmgraph {change.version}",
                change.date,
                page,
                f"Added: {counts or 'no records'}.",
            )
            continue
        entities = [
            (kind, name, label) for kind, some in change.added.items() for name, label in some.items()
        ]
        for kind, name, label in entities[:_MOST_ENTRIES]:
            page = links.absolute(links.root + name)
            summary = "Added, not yet in a release."
            entry = atom.entry(f"{links.base}{name}", f"{label} ({kind})", change.date, page, summary)
            add(entry, "category", term=kind)
    return atom.document()
