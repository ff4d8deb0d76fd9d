"""``/problem/{type}``: what a type of problem means (RFC 9457, section 3.1.1), and what to do about it."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.site.page_context import Site
from fmgraph.text import nearest

#: What happened, and what the client can do; by the last part of the type's IRI.
TYPES: dict[str, tuple[str, str]] = {
    "query-syntax": (
        "The query does not parse. line and column say where.",
        "Correct it there; the editor marks the place.",
    ),
    "query-refused": (
        "The query is well formed and not answered here: it is an update, calls another service, or is too "
        "deep or too long to be read safely.",
        "The detail names what is too much. Ask in smaller parts, or load a dump into a store of your own.",
    ),
    "query": (
        "The query cannot be run, though it parses.",
        "The detail says what the engine objects to.",
    ),
    "parameter": (
        "A parameter of a named query is missing, unknown or ill-formed.",
        "Its page lists the parameters with their defaults.",
    ),
    "not-found": (
        "There is nothing of this name. nearest lists what is written much like it.",
        "Search for it, or choose one of the nearest.",
    ),
    "gone": (
        "The address was released once and has been withdrawn. The page says why, and what takes its place.",
        "Use what takes its place.",
    ),
    "protocol": (
        "The request is not one that the protocol allows; its status says in which way.",
        "The detail says what is wrong: SPARQL 1.1 Protocol, section 2.1, has the right forms.",
    ),
    "not-acceptable": (
        "The answer is there in none of the formats that the request accepts.",
        "available lists the media types: send one of them in the Accept field.",
    ),
    "limit": (
        "The query ran into a limit of the service, which limit names. Nothing was cut: there is no answer.",
        "Make it more selective, add a LIMIT, or load a dump into a store of your own. It is refused for a "
        "while, so that asking again at once is of no use.",
    ),
    "result-too-large": (
        "The result is larger than the service sends.",
        "Add a LIMIT, ask for fewer variables, or take a dump.",
    ),
    "busy": (
        "All places are taken, or this query has just run into a limit.",
        "Wait retry_after seconds and ask again.",
    ),
    "engine": (
        "What evaluates queries failed: an evaluator ended, or the store behind this service did not answer.",
        "Ask again; if it is the same query each time, that query is the cause.",
    ),
    "usage": (
        "What was asked makes no sense as it is.",
        "The detail says what would.",
    ),
    "fmgraph": (
        "Something failed that should not.",
        "Please report it, with the time and the address.",
    ),
}


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/problem/")
    @pages.get("/problem/<name>")
    def problem(name: str = "") -> Response:
        if name and name not in TYPES:
            raise NotFoundError(f"there is no type of problem {name!r}", nearest(name, TYPES))
        types = {name: TYPES[name]} if name else TYPES
        return site.page("problem.html", types=types, name=name)
