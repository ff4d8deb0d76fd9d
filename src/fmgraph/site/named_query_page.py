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


def render_answer(
    site: Site, query: NamedQuery, arguments: Mapping[str, str], sparql: str, answer: Answer
) -> str:
    """Return the page with the answer; ``sparql`` is the text with the arguments bound."""
    address = ("queries", query.name)
    result_view = show(site, answer, address)
    terms = query.terms(arguments, service().engine)
    values = {
        name: term[1:-1] if term.startswith("<") else arguments[name]
        for name, term in terms.items()
        if term != OPEN
    }
    values = {**_defaults(query, arguments), **values}
    names = _names(site, values)
    sentences = _sentences(site, query, names, result_view.solutions) if result_view.kind == "select" else []
    for further in query.further:
        sentences += _of_further(site, query, further, values, names)
    here = service().base_url + site.links.path(*address, **arguments).removeprefix(site.links.root)
    return site.render(
        "query.html",
        query=query,
        fields=[(one, values.get(one.name, ""), names.get(one.name, ""), False) for one in query.parameters],
        result_view=result_view,
        sentences=sentences,
        text=sparql,
        arguments=dict(arguments),
        problem=None,
        near=(),
        download=lambda name: site.links.path(*address, **{**arguments, "format": name}),
        page_link=lambda n: link(site, address, page=n),
        copies=use_of_address(here, graph=result_view.kind == "graph"),
    )


def render_refusal(
    site: Site, query: NamedQuery, arguments: Mapping[str, str], error: FmgraphError
) -> Response:
    """Return the page that says which argument is wrong, and leads back to the query with the right one."""
    wrong, near = _wrong(site, query, arguments)
    values = {**{one.name: value for one, value in parameter_values(query)}, **arguments}
    address = ("queries", query.name)
    known = {one.name for one in query.parameters}
    valid_arguments = {name: value for name, value in arguments.items() if name in known}
    links = [
        (match.label, site.links.path(*address, **{**valid_arguments, wrong: match.label})) for match in near
    ]
    if not wrong and set(arguments) - known:
        links = [(query.title, site.links.path(*address, **valid_arguments))]
    return site.page(
        "query.html",
        status=error.status,
        headers={"Cache-Control": "no-store"},
        query=query,
        fields=[
            (one, values.get(one.name, ""), values.get(one.name, ""), one.name == wrong)
            for one in query.parameters
        ],
        result_view=None,
        sentences=[],
        text=query.text,
        arguments={},
        problem=_words(error),
        unknown=arguments.get(wrong, "") if isinstance(error, NotFoundError) and not near else "",
        near=links,
        copies=(),
    )


def _words(error: FmgraphError) -> str:
    message = str(error).partition("; nearest: ")[0]
    return message[:1].upper() + message[1:].rstrip(".") + "."


def _wrong(site: Site, query: NamedQuery, arguments: Mapping[str, str]) -> tuple[str, list[Match]]:
    """Return the first parameter whose value cannot be resolved, and the entities that it may mean."""
    for parameter in query.parameters:
        value = arguments.get(parameter.name)
        if value is None:
            continue
        try:
            query.terms({parameter.name: value}, service().engine)
        except NotFoundError:
            matches = site.resolver.resolve(value, parameter.kinds, 5) or site.resolver.alike(
                value, parameter.kinds
            )
            return parameter.name, matches
        except ParameterError:
            return parameter.name, []
    return "", []


def _defaults(query: NamedQuery, arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the defaults of the parameters without an argument, as IRIs or text; open ones are left out."""
    defaults = {}
    for parameter, value in parameter_values(query):
        if parameter.name in arguments or (parameter.optional and arguments) or not value:
            continue
        of_entity = parameter.kinds and not value.startswith("http")
        defaults[parameter.name] = f"{service().settings.entity_base}{value}" if of_entity else value
    return defaults


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
    site: Site, main_query: NamedQuery, further: Further, values: Mapping[str, str], names: Mapping[str, str]
) -> list[str]:
    """Return what another query says of the same values; nothing where one of them is open."""
    query = get_query(further.query)
    if any(name not in values for _, name in further.arguments):
        return []
    bound = query.bind({parameter: values[name] for parameter, name in further.arguments}, service().engine)
    rows = service().engine.rows(bound)
    optional = [one.name for one in main_query.parameters if one.optional]
    return tell(further.answer, rows, names, optional, _namer(site, further.answer, rows))


def _namer(site: Site, sentences: Any, rows: Any) -> Any:
    iris = {term for row in rows for term in row.values() if isinstance(term, ox.NamedNode)}
    view = site.view(iris) if any("*}" in one.say or "^}" in one.say for one in sentences) else None
    return (lambda term: view.name(term)) if view else text
