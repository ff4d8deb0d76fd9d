"""``/shapes`` and ``/equivalences``: what the graph is checked against, and whose terms are equal to ours.

Their nodes are fragments of these addresses, so each is one document whatever the number of its files.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox
from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph import resources
from fmgraph.errors import NotFoundError, OntologyError
from fmgraph.rdf.formats import GRAPHS, HTML, named
from fmgraph.server.http.service_state import tag
from fmgraph.site import signposting
from fmgraph.site.page_context import Site
from fmgraph.site.rdf_documents import write

_FORMATS = (HTML, *GRAPHS)
_TITLES = {"shapes": "The SHACL shapes", "equivalences": "Equivalent terms of schema.org"}


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/shapes", defaults={"name": "shapes", "suffix": ""})
    @pages.get("/shapes.<suffix>", defaults={"name": "shapes"})
    @pages.get("/equivalences", defaults={"name": "equivalences", "suffix": ""})
    @pages.get("/equivalences.<suffix>", defaults={"name": "equivalences"})
    def document(name: str, suffix: str) -> Response:
        if suffix and named(suffix, _FORMATS) is None:
            raise NotFoundError(f"/{name} is there as {', '.join(form.suffix for form in _FORMATS)}")
        form = site.negotiate(_FORMATS, suffix)
        text = turtle(name)
        if form is HTML:
            return site.page(
                "rdf_file.html",
                title=_TITLES[name],
                iri=f"{site.links.base}{name}",
                path=site.links.path(name),
                turtle=text,
                graphs=signposting.ENTITY_GRAPHS,
            )
        body = text.encode() if form.name == "turtle" else write(_triples(text), form)
        response = tag(Response(body, content_type=form.content_type), name, text)
        response.headers["Link"] = signposting.description_links(site.links)
        response.headers["Content-Location"] = site.links.path(f"{name}.{form.suffix}")
        return response


def turtle(name: str) -> str:
    """Return the document as Turtle: its files as they are, one after the other."""
    files = (
        sorted(resources.shapes_dir().glob("*.ttl"))
        if name == "shapes"
        else [resources.ontology_dir() / f"{name}.ttl"]
    )
    return _joined(tuple(files))


@lru_cache(maxsize=4)
def _joined(files: tuple[Path, ...]) -> str:
    try:
        return "\n".join(file.read_text("utf-8") for file in files)
    except OSError as error:
        raise OntologyError(f"cannot be read: {error}", file=error.filename) from error


@lru_cache(maxsize=4)
def _triples(text: str) -> list[ox.Triple]:
    """Return the triples of a document, blank nodes named so that they are the same each time."""
    dataset = ox.Dataset(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return sorted((quad.triple for quad in dataset), key=str)
