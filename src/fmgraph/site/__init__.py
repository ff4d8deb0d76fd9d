"""The pages for people: entities, indexes, search, lineage, lists, the editor and the vocabulary.

:func:`create_app` is the whole application: the server's (:mod:`fmgraph.server.http.flask_app`) and the
pages. Every page is rendered on the server, works without JavaScript, and asks the graph only through the
engine.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Blueprint, Flask

from fmgraph.answers.query_warnings import warnings
from fmgraph.server.engine import Engine
from fmgraph.server.http import flask_app
from fmgraph.server.http.service_state import NAME, Service
from fmgraph.settings import Settings
from fmgraph.site import (
    atlas_page,
    changes_page,
    compare_page,
    correction_pages,
    coverage_page,
    description_pages,
    download_page,
    editor_pages,
    entity_pages,
    evidence_pages,
    home_page,
    index_pages,
    lineage_pages,
    list_files,
    list_pages,
    openapi_document,
    page_parameters,
    passport_pages,
    problem_pages,
    query_endpoint,
    rdf_files,
    reconcile_service,
    release_pages,
    result_pages,
    search_page,
    signposting,
    sitemap,
    static_assets,
    vocabulary_pages,
)
from fmgraph.site.page_context import STATIC, Site

_PARTS = (
    page_parameters,
    static_assets,
    home_page,
    description_pages,
    search_page,
    reconcile_service,
    list_pages,
    list_files,
    atlas_page,
    lineage_pages,
    evidence_pages,
    changes_page,
    compare_page,
    correction_pages,
    coverage_page,
    vocabulary_pages,
    rdf_files,
    release_pages,
    query_endpoint,
    problem_pages,
    openapi_document,
    sitemap,
    result_pages,
    passport_pages,
    entity_pages,
    index_pages,
)


def blueprint(
    engine: Engine, settings: Settings, search_index: Path | None = None, dumps: Path | None = None
) -> tuple[Blueprint, Site]:
    """Return the pages over an engine, and what they share.

    ``search_index`` is the dataset's ``search.sqlite``; without it, names are searched one by one.
    ``dumps`` is the folder of ready-made dumps, if there is one.
    """
    pages = Blueprint("pages", __name__, template_folder=str(STATIC.parent / "templates"))
    site = Site(engine, settings, search_index, dumps)
    for part in _PARTS:
        part.register(pages, site)
    return pages, site


def register(app: Flask) -> None:
    """Add the pages to the application, and give the endpoint its editor, results and error pages."""
    service: Service = app.extensions[NAME]
    pages, site = blueprint(service.engine, service.settings, service.search, service.dumps)
    app.register_blueprint(pages)
    service.hooks.editor = lambda: editor_pages.editor(site)
    service.hooks.results = lambda query, answer: editor_pages.results(site, query, answer)
    service.hooks.dump_links = lambda: signposting.dump_links(site.links)
    service.hooks.see_also = lambda: signposting.service_documents(site.links)
    service.hooks.warnings = lambda query: warnings(query, site.engine)
    service.hooks.dump_index = lambda files: download_page.index(site, files)
    service.hooks.problem = lambda members: editor_pages.problem(site, members)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


#: The application with its pages; takes what :func:`fmgraph.server.http.flask_app.create_app` takes.
create_app = partial(flask_app.create_app, extend=register)
