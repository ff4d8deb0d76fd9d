"""``/release/`` and ``/releases.atom``: the releases, each with its files and what changed in it.

The files are in the folder that the setting ``releases`` names, as ``fmgraph release`` writes it; it is read
anew at each request, so that a new release needs no restart. What is not there has a page too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pyoxigraph as ox
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.publish.dataset_names import release_iri
from fmgraph.publish.release_description import release_triples, version_triples
from fmgraph.publish.release_folders import ReleaseFolder
from fmgraph.rdf.formats import GRAPHS, HTML, Format
from fmgraph.server.http.dump_downloads import CHECKSUMS, send_stored
from fmgraph.server.http.response_cache import CACHEABLE
from fmgraph.site import signposting
from fmgraph.site.atom_feed import ATOM, Feed, add
from fmgraph.site.download_page import size_words
from fmgraph.site.page_context import Site
from fmgraph.site.rdf_documents import write
from fmgraph.site.vocabulary_pages import ontology_versions
from fmgraph.text import nearest

_FORMATS = (HTML, *GRAPHS)


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/release/")
    @pages.get("/release.<suffix>")
    def releases(suffix: str = "") -> Response:
        form = site.negotiate(_FORMATS, suffix)
        folders = site.releases()
        if form is not HTML:
            return _graph(site, version_triples(folders, site.links.base), form)
        page = site.page(
            "releases.html",
            releases=folders,
            ontologies=ontology_versions(),
            feed=site.links.path("releases.atom"),
            graphs=signposting.ENTITY_GRAPHS,
        )
        return _uncached(page)

    @pages.get("/releases.atom")
    def releases_feed() -> Response:
        return _uncached(site.answer(_feed(site), ATOM))

    @pages.get("/release/<version>")
    def release_document(version: str) -> Response:
        one, suffix = _find_by_name(site, version)
        if not suffix:
            return redirect(site.links.path("release", one.version, ""), 308)
        return _release(site, one, site.negotiate(_FORMATS, suffix))

    @pages.get("/release/<version>/")
    def release(version: str) -> Response:
        return _release(site, _find_release(site, version), site.negotiate(_FORMATS))

    @pages.get("/release/<version>/<name>")
    def release_file(version: str, name: str) -> Response:
        one = _find_release(site, version)
        names = [CHECKSUMS, *(each.name for each in one.files)] if one.path else []
        if one.path is None or name not in names:
            raise NotFoundError(f"release {version} has no file {name!r}", nearest(name, names) or names)
        response = send_stored(one.path, name)
        page = site.links.absolute(site.links.path("release", version, ""))
        response.headers["Link"] = f'<{page}>; rel="collection"; type="text/html"'
        return response


def _find_by_name(site: Site, name: str) -> tuple[ReleaseFolder, str]:
    """Return the release of a name that may have a suffix (``0.1.0.ttl``), and the suffix."""
    stem, _, suffix = name.rpartition(".")
    if any(suffix == form.suffix for form in _FORMATS):
        return _find_release(site, stem), suffix
    return _find_release(site, name), ""


def _find_release(site: Site, version: str) -> ReleaseFolder:
    known = {one.version: one for one in site.releases()}
    if version not in known:
        raise NotFoundError(f"there is no release {version!r}", list(known))
    return known[version]


def _release(site: Site, one: ReleaseFolder, form: Format) -> Response:
    links = site.links
    path = links.path("release", one.version)
    if form is not HTML:
        service = f"{links.public}/" if links.public else None
        return _graph(site, release_triples(one, links.base, service), form, f"{path}.{form.suffix}")
    versions = [each.version for each in site.releases()]
    place = versions.index(one.version)
    words = dict.fromkeys(one.changes or ())
    page = site.page(
        "release.html",
        release=one,
        iri=release_iri(one.version, links.base),
        path=path,
        ontologies=ontology_versions(),
        files=[file for file in one.files if file.name not in words],
        changes=[file for file in one.files if file.name in words],
        newer=versions[place - 1] if place else None,
        graphs=signposting.ENTITY_GRAPHS,
        size_words=size_words,
        headers={"Link": signposting.release_links(links, one)},
    )
    page.headers["Content-Location"] = f"{path}/"
    return _uncached(page)


def _graph(site: Site, triples: Iterable[ox.Triple], form: Format, location: str = "") -> Response:
    response = site.answer(write(sorted(triples, key=str), form), form)
    response.headers["Link"] = signposting.description_links(site.links)
    if location:
        response.headers["Content-Location"] = location
    return _uncached(response)


def _uncached(response: Response) -> Response:
    """Return an answer that depends on the folder of releases too, which no cache of ours looks at."""
    request.environ.pop(CACHEABLE, None)
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    return response


def _feed(site: Site) -> bytes:
    links, folders = site.links, site.releases()
    updated = folders[0].modified if folders else site.engine.meta.modified
    feed = Feed(links, "release/", links.path("releases.atom"), "fmgraph: releases", updated)
    for one in folders:
        page = links.absolute(links.path("release", one.version, ""))
        since = f" What changed since {one.previous} is told beside it." if one.changes else ""
        entry = feed.entry(
            release_iri(one.version, links.base),
            f"fmgraph {one.version}",
            one.modified,
            page,
            "The files are not kept here." if one.triples is None else f"{one.triples:,} triples.{since}",
        )
        for file in one.files:
            if file.name in ("fmgraph.ttl.gz", *(one.changes or ())):
                kind = "text/markdown" if file.name.endswith(".md") else "application/gzip"
                size = str(file.size)
                add(entry, "link", rel="enclosure", href=page + file.name, type=kind, length=size)
    return feed.document()
