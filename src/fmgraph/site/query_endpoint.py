"""``/queries/<name>?param=…``: named queries as plain HTTP resources, in every format of ``/sparql``.

Parameters are those of the query file's header; ``format`` is taken by the service. ``/queries/<name>.rq``
is the text with the parameters bound.
"""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import get_query
from fmgraph.errors import ProtocolError
from fmgraph.server.http.query_request import QueryRequest, parameters
from fmgraph.server.http.service_state import service, tag
from fmgraph.server.http.sparql_endpoint import answer, check_format

_TEXT = ".rq"

blueprint = Blueprint("named", __name__)


@blueprint.get("/queries/<name>")
def named_query(name: str) -> Response:
    """Answer a named query; NotFoundError with the nearest names, ParameterError for a wrong parameter."""
    query = get_query(name.removesuffix(_TEXT))
    arguments: dict[str, str] = {}
    for key, value in parameters(request.query_string, "query string"):
        if not key and not value:
            continue
        if key in arguments:
            if key == "format":  # the first counts, as at /sparql
                continue
            raise ProtocolError(f"the parameter {key!r} is given twice")
        arguments[key] = value
    form = arguments.pop("format", None)
    text = query.bind(arguments, service().engine)
    if name.endswith(_TEXT):
        return tag(Response(text, content_type="application/sparql-query"), "text", text)
    check_format(form)
    return answer(QueryRequest(text, format=form), trusted=True)


@blueprint.get("/query/<name>")
def query_entity(name: str) -> Response:
    """Lead from the IRI that the graph gives a named query to its text (303: the IRI is not the text)."""
    found = get_query(name)
    return Response(status=303, headers={"Location": f"{service().base_url}queries/{found.name}{_TEXT}"})
