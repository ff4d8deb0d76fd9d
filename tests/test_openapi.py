"""``/openapi.json`` tells what there is, and what it tells is so; ``/sitemap.xml`` leads to pages."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from fmgraph.rdf.store import dataset_of_files
from fmgraph.settings import Settings
from fmgraph.site import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
URL = "https://example.org/"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Routes that are no interface for programs, or documented by a specification of their own.
NOT_THERE = re.compile(
    r"/(about|queries|disagreements|lists|lineage/|results/.*|correct/.*|coverage.*|vocabulary|problem/.*|changes.*"
    r"|static/.*|favicon.ico|robots.txt|metrics|opensearch.xml|reconcile.*|sitemap.*|openapi.json|query/.*"
    r"|release.*|ns/.*|\.well-known/void|list/<slug>(/report)?(\.\w+)?|<kind>/<slug>\.cdx\.json|)"
)


@pytest.fixture(scope="module")
def app():
    return create_app(dataset_of_files([SAMPLE]), Settings(base_url=URL))


@pytest.fixture(scope="module")
def document(app):
    answer = app.test_client().get("/openapi.json")
    assert answer.content_type == "application/json"
    return answer.get_json()


def test_it_is_openapi(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["servers"] == [{"url": "https://example.org"}]
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


def test_it_tells_of_every_route_and_of_no_other(app, document):
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    told = set()
    for path in document["paths"]:
        address = (
            path.replace("{kind}", "model").replace("{slug}", "retizero").replace("{name}", "fmgraph.ttl")
        )
        rule, _ = app.url_map.bind("example.org").match(address, "GET", return_rule=True)
        told.add(rule.rule)
    same = {re.sub(r"\.<suffix>|(?<=/sparql)/", "", route) for route in routes - told} - told
    assert not [route for route in same if not NOT_THERE.fullmatch(route)]


def test_it_has_the_parameters_of_named_queries(document):
    (root,) = (
        one for one in document["paths"]["/queries/built-on"]["get"]["parameters"] if one["name"] == "root"
    )
    assert root["schema"] == {"type": "string", "default": "https://w3id.org/fmgraph/model/retfound"}


def test_the_service_does_what_it_tells(app):
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    tried = 0
    for made in schema.get_all_operations():
        operation = made.ok()

        @settings(
            max_examples=2, database=None, deadline=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def ask(case):
            case.call_and_validate(checks=CHECKS)

        ask()
        tried += 1
    assert tried > 50


def locations(client, path: str) -> list[str]:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/xml")
    return [one.text for one in ElementTree.fromstring(answer.data).iter() if one.tag.endswith("}loc")]


def test_the_sitemap_leads_to_every_recorded_entity_and_to_pages_that_are_there(app):
    client = app.test_client()
    parts = locations(client, "/sitemap.xml")
    assert f"{URL}sitemap/model-1.xml" in parts
    pages = [page for part in parts for page in locations(client, part.removeprefix(URL[:-1]))]
    assert f"{URL}model/retizero" in pages
    assert f"{URL}lineage/" in pages
    assert len(set(pages)) == len(pages)
    assert {client.get(page.removeprefix(URL[:-1])).status_code for page in pages} <= {200, 410}
    assert client.get("/sitemap/model-2.xml").status_code == 404
    assert f"Sitemap: {URL}sitemap.xml" in client.get("/robots.txt").text
