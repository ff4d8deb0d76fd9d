"""Errors as answers: one shape, for every error there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, default_exceptions

from fmgraph import errors
from fmgraph.errors import BusyError, EngineError, FmgraphError, LimitError, NotFoundError, QuerySyntaxError
from fmgraph.server.http.problems import NotAcceptableError, from_http, problem, respond
from fmgraph.site.problem_pages import TYPES


def every(cls: type[FmgraphError]) -> Iterator[type[FmgraphError]]:
    for sub in cls.__subclasses__():
        if sub.__module__ == errors.__name__:
            yield sub
            yield from every(sub)


@pytest.mark.parametrize("cls", list(every(FmgraphError)), ids=lambda cls: cls.__name__)
def test_every_error_has_the_one_shape(cls: type[FmgraphError]) -> None:
    response = respond(cls("it went wrong\r\nSet-Cookie: x\x00"), "*/*")
    members = response.json
    assert response.mimetype == "application/problem+json"
    assert list(members)[:4] == ["type", "title", "status", "detail"]
    assert members["type"].startswith("https://w3id.org/fmgraph/problem/")
    assert members["status"] == response.status_code >= 400
    assert "\0" not in members["detail"]
    assert "it went wrong" in members["detail"]
    assert "Set-Cookie" not in response.headers


#: Errors of people who write data or call the code: no request ends in them.
_INSIDE = {"input", "record", "list", "ontology", "rdf-file", "broken-data", "publish"}


def test_each_type_has_a_page(client: FlaskClient) -> None:
    names = {problem(cls("x"))["type"].rpartition("/")[2] for cls in (*every(FmgraphError), FmgraphError)}
    names.add(problem(NotAcceptableError("x", []))["type"].rpartition("/")[2])
    assert names - _INSIDE == set(TYPES)
    index = client.get("/problem/").text
    for name in TYPES:
        page = client.get(f"/problem/{name}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert f"Problem: {name}" in page.text
        assert f"/problem/{name}" in index
    missing = client.get("/problem/busi")
    assert (missing.status_code, missing.json and missing.json["nearest"]) == (404, ["busy"])


def test_the_members_that_some_have() -> None:
    assert problem(QuerySyntaxError("x", 2, 7)).items() >= {"line": 2, "column": 7}.items()
    assert "line" not in problem(QuerySyntaxError("x"))
    limit = problem(LimitError("x", limit="time, 10 s", retry_after=60))
    assert limit.items() >= {"limit": "time, 10 s", "retry_after": 60, "status": 503}.items()
    assert problem(NotFoundError("x", ["a", "b"]))["nearest"] == ["a", "b"]
    assert problem(NotAcceptableError("x", ["text/turtle"]))["available"] == ["text/turtle"]


def test_retry_after_is_on_503() -> None:
    assert respond(BusyError("x", retry_after=7), None).headers["Retry-After"] == "7"
    for error in (BusyError("x"), EngineError("x")):
        assert int(respond(error, None).headers["Retry-After"]) > 0
    assert "Retry-After" not in respond(NotFoundError("x"), None).headers


def test_html_is_for_those_who_prefer_it_and_escaped() -> None:
    error = NotFoundError("<b>", ["<i>"])
    page = respond(error, "text/html, */*;q=0.1")
    assert page.mimetype == "text/html"
    assert "<b>" not in page.get_data(as_text=True).replace("<body>", "")
    assert "<i>" not in page.get_data(as_text=True)
    assert respond(error, "image/png").mimetype == "application/problem+json"
    assert respond(error, "text/html;q=0.1, */*").mimetype == "application/problem+json"
    assert respond(error, "x," * 9000).mimetype == "application/problem+json"
    mine = respond(error, "text/html", lambda members: f"page {members['status']}")
    assert mine.get_data(as_text=True) == "page 404"


@pytest.mark.parametrize("cls", list(default_exceptions.values()), ids=lambda cls: cls.__name__)
def test_werkzeugs_refusals_join_the_tree(cls: type[HTTPException]) -> None:
    assert from_http(cls()).status == cls.code
