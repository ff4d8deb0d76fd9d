"""The pages for people: entities, indexes, search, lineage, lists, the editor and the vocabulary.

:func:`register` adds them to the application of :func:`fmgraph.web.app.create_app`. Every page is rendered
on the server, works without JavaScript, and asks the graph only through the engine.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask

from fmgraph.engine import Engine
from fmgraph.settings import Settings
from fmgraph.web.pages import (
    assets,
    description,
    editor,
    entities,
    home,
    index,
    lineage,
    lists,
    problem_types,
    search,
    vocabulary,
    why,
)
from fmgraph.web.pages.site import STATIC, Site
from fmgraph.web.service import NAME, Service

_PARTS = (assets, home, description, search, lists, lineage, why, vocabulary, problem_types, entities, index)


def blueprint(engine: Engine, settings: Settings, search_index: Path | None = None) -> tuple[Blueprint, Site]:
    """Return the pages over an engine, and what they share.

    ``search_index`` is the dataset's ``search.sqlite``; without it, names are searched one by one.
    """
    pages = Blueprint("pages", __name__, template_folder=str(STATIC.parent / "templates"))
    site = Site(engine, settings, search_index)
    for part in _PARTS:
        part.register(pages, site)
    return pages, site


def register(app: Flask) -> None:
    """Add the pages to the application, and give the endpoint its editor, results and error pages."""
    service: Service = app.extensions[NAME]
    pages, site = blueprint(service.engine, service.settings, service.search)
    app.register_blueprint(pages)
    service.hooks.editor = lambda: editor.editor(site)
    service.hooks.results = lambda query, answer: editor.results(site, query, answer)
    service.hooks.problem = lambda members: editor.problem(site, members)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
