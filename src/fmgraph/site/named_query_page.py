"""``/queries/{name}`` for people: the question as a form, the answer in a sentence and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox
from werkzeug.wrappers import Response

from fmgraph.answers.answer_sentences import tell
from fmgraph.answers.named_queries import OPEN, Further, NamedQuery, get_query
from fmgraph.answers.resolve import Match
from fmgraph.errors import FmgraphError, NotFoundError, ParameterError
from fmgraph.server.engine import Answer
from fmgraph.server.http.service_state import service
from fmgraph.site.graph_reader import text
from fmgraph.site.home_page import parameter_values
from fmgraph.site.page_context import Site
from fmgraph.site.result_view import link, show
from fmgraph.site.snippets import use_of_address


def answered(site: Site, query: NamedQuery, given: Mapping[str, str], sparql: str, answer: Answer) -> str:
    """Return the page with the answer; ``given`` are the arguments, ``sparql`` the text with them bound."""
    address = ("queries", query.name)
    shown = show(site, answer, address)
    terms = query.terms(given, service().engine)
    values = {
        name: term[1:-1] if term.startswith("<") else given[name]
        for name, term in terms.items()
        if term != OPEN
    }
    values = {**_defaults(query, given), **values}
    names = _names(site, values)
    sentences = _sentences(site, query, names, shown.solutions) if shown.kind == "select" else []
    for further in query.further:
        sentences += _of_further(site, query, further, values, names)
    here = service().base_url + site.links.path(*address, **given).removeprefix(site.links.root)
    return site.render(
        "query.html",
        query=query,
        fields=[(one, values.get(one.name, ""), names.get(one.name, ""), False) for one in query.parameters],
        shown=shown,
        sentences=sentences,
        text=sparql,
        given=dict(given),
        problem=None,
        near=(),
        download=lambda name: site.links.path(*address, **{**given, "format": name}),
        page_link=lambda n: link(site, address, page=n),
        copies=use_of_address(here, graph=shown.kind == "graph"),
    )


def refused(site: Site, query: NamedQuery, given: Mapping[str, str], error: FmgraphError) -> Response:
    """Return the page that says which argument is wrong, and leads back to the query with the right one."""
    wrong, near = _wrong(site, query, given)
    values = {**{one.name: value for one, value in parameter_values(query)}, **given}
    address = ("queries", query.name)
    known = {one.name for one in query.parameters}
    kept = {name: value for name, value in given.items() if name in known}
    links = [(match.label, site.links.path(*address, **{**kept, wrong: match.label})) for match in near]
    if not wrong and set(given) - known:
        links = [(query.title, site.links.path(*address, **kept))]
    return site.page(
        "query.html",
        status=error.status,
        headers={"Cache-Control": "no-store"},
        query=query,
        fields=[
            (one, values.get(one.name, ""), values.get(one.name, ""), one.name == wrong)
            for one in query.parameters
        ],
        shown=None,
        sentences=[],
        text=query.text,
        given={},
        problem=_words(error),
        unknown=given.get(wrong, "") if isinstance(error, NotFoundError) and not near else "",
        near=links,
        copies=(),
    )


def _words(error: FmgraphError) -> str:
    said = str(error).partition("; nearest: ")[0]
    return said[:1].upper() + said[1:].rstrip(".") + "."


def _wrong(site: Site, query: NamedQuery, given: Mapping[str, str]) -> tuple[str, list[Match]]:
    """Return the first parameter whose value means nothing, and what it may mean."""
    for parameter in query.parameters:
        value = given.get(parameter.name)
        if value is None:
            continue
        try:
            query.terms({parameter.name: value}, service().engine)
        except NotFoundError:
            found = site.resolver.resolve(value, parameter.kinds, 5) or site.resolver.alike(
                value, parameter.kinds
            )
            return parameter.name, found
        except ParameterError:
            return parameter.name, []
    return "", []


def _defaults(query: NamedQuery, given: Mapping[str, str]) -> dict[str, str]:
    """Return what the parameters are that are not given, as IRIs or plain text; open ones are left out."""
    found = {}
    for parameter, value in parameter_values(query):
        if parameter.name in given or (parameter.optional and given) or not value:
            continue
        of_entity = parameter.kinds and not value.startswith("http")
        found[parameter.name] = f"{service().settings.entity_base}{value}" if of_entity else value
    return found


def _names(site: Site, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values as people write them: entities by their label."""
    view = site.view(value for value in values.values() if value.startswith("http"))
    return {
        name: view.name(value) if site.links.entity(value) is not None else value
        for name, value in values.items()
    }


def _sentences(site: Site, query: NamedQuery, names: Mapping[str, str], rows: Any) -> list[str]:
    optional = [one.name for one in query.parameters if one.optional]
    return tell(query.answer, rows, names, optional, _namer(site, query.answer, rows))


def _of_further(
    site: Site, asked: NamedQuery, further: Further, values: Mapping[str, str], names: Mapping[str, str]
) -> list[str]:
    """Return what another query says of the same values; nothing where one of them is open."""
    query = get_query(further.query)
    if any(name not in values for _, name in further.arguments):
        return []
    bound = query.bind({parameter: values[name] for parameter, name in further.arguments}, service().engine)
    rows = service().engine.rows(bound)
    optional = [one.name for one in asked.parameters if one.optional]
    return tell(further.answer, rows, names, optional, _namer(site, further.answer, rows))


def _namer(site: Site, sentences: Any, rows: Any) -> Any:
    named = {term for row in rows for term in row.values() if isinstance(term, ox.NamedNode)}
    view = site.view(named) if any("*}" in one.say or "^}" in one.say for one in sentences) else None
    return (lambda term: view.name(term)) if view else text
