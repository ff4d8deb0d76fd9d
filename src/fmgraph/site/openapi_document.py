"""``/openapi.json``: what the service offers to programs, as OpenAPI 3.1.

https://spec.openapis.org/oas/v3.1.1. Kinds, facets, named queries and formats are read where the
service reads them, so that it tells what there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import NamedQuery, load_queries
from fmgraph.ontology import all_kinds, searched_classes, work_kinds
from fmgraph.publish.dataset_names import DATA_LICENSE, DESCRIPTION
from fmgraph.rdf.formats import GRAPHS, HTML, RESULTS, Format
from fmgraph.server.http.service_state import service
from fmgraph.site import lineage_pages
from fmgraph.site.index_pages import CSV, JSON
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG

_OPENAPI = Format("openapi", "OpenAPI", "application/json", "json")
_TEXT = Format("text", "text", "text/plain", "txt")
_SERVICE = "Whole graph"
_ENTITIES = "Entities"
_QUERIES = "Named queries"
_NAMES = "Names"

Node = dict[str, Any]


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/openapi.json")
    def openapi() -> Response:
        description = document(site, service().base_url)
        return site.answer(json.dumps(description, ensure_ascii=False, indent=1).encode(), _OPENAPI)


def document(site: Site, url: str) -> Node:
    """Return the description of the service at a URL."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fmgraph",
            "version": site.engine.meta.version or "0",
            "summary": "Medical foundation models by SPARQL, named queries and linked data.",
            "description": f"{DESCRIPTION} All of it is read-only. Formats go by Accept or `format`.",
            "license": {"name": "CC0 1.0 (the data)", "url": DATA_LICENSE},
        },
        "servers": [{"url": url.rstrip("/")}],
        "paths": {
            "/sparql": {"get": _sparql_get(), "post": _sparql_post()},
            **{f"/queries/{query.name}": {"get": _named_query(query)} for query in load_queries().values()},
            **_names(),
            **_entities(site),
            **_whole(),
        },
        "components": {
            "schemas": {"Problem": _PROBLEM, "Suggestion": _SUGGESTION},
            "responses": {
                "Elsewhere": {"description": "What was asked for is at Location."},
                "Problem": {
                    "description": "What was wrong, and what to do (RFC 9457).",
                    "content": {
                        "application/problem+json": {"schema": _ref("schemas", "Problem")},
                        HTML.media_type: {},  # to a browser
                    },
                },
            },
        },
    }


_PROBLEM: Node = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "leads to what it means and what to do"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_SUGGESTION: Node = {
    "type": "object",
    "required": ["iri", "label", "kind", "page"],
    "properties": {name: {"type": "string"} for name in ("iri", "label", "kind")},
}


def _ref(*place: str) -> Node:
    return {"$ref": f"#/components/{'/'.join(place)}"}


def _parameter(
    name: str, description: str, schema: Node | None = None, *, where: str = "query", required: bool = False
) -> Node:
    return {
        "name": name,
        "in": where,
        "required": required or where == "path",
        "description": description,
        "schema": schema or {"type": "string"},
    }


def _one_of(names: Iterable[str]) -> Node:
    return {"type": "string", "enum": list(names)}


def _operation(
    name: str,
    summary: str,
    group: str,
    forms: Iterable[Format],
    parameters: Iterable[Node] = (),
    status: str = "200",
) -> Node:
    forms = list(forms)
    content: Node = {form.media_type: {} for form in forms}
    all_parameters = list(parameters)
    if len(forms) > 1:
        all_parameters.append(
            _parameter("format", "in place of Accept", _one_of(form.name for form in forms))
        )
    return {
        "operationId": name,
        "summary": summary,
        "tags": [group],
        "parameters": all_parameters,
        "responses": {
            status: {"description": summary, **({"content": content} if content else {})},
            "3XX": _ref("responses", "Elsewhere"),
            "4XX": _ref("responses", "Problem"),
            "5XX": _ref("responses", "Problem"),
        },
    }


_GRAPH_IRIS: Node = {"type": "array", "items": {"type": "string", "format": "iri"}, "maxItems": 100}
_OF_PROTOCOL = (
    _parameter(
        "default-graph-uri", "a graph of the default graph; the dataset has no named graph", _GRAPH_IRIS
    ),
    _parameter("named-graph-uri", "a named graph", _GRAPH_IRIS),
)


def _sparql_get() -> Node:
    query = _parameter("query", "a SPARQL 1.1 query", {"type": "string", "minLength": 1}, required=True)
    return _operation(
        "query", "The answer of a query", _SERVICE, (*RESULTS, *GRAPHS, HTML), [query, *_OF_PROTOCOL]
    )


def _sparql_post() -> Node:
    operation = _operation("queryByPost", "The answer of a query", _SERVICE, (*RESULTS, *GRAPHS, HTML))
    operation["parameters"] = []
    form: Node = {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}}}
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": form},
            "application/sparql-query": {"schema": {"type": "string", "minLength": 1}},
        },
    }
    return operation


def _named_query(query: NamedQuery) -> Node:
    parameters = [
        _parameter(
            one.name,
            f"{one.description} ({one.kind})",
            {"type": "integer" if one.kind == "integer" else "string", "default": _default(one.default)},
        )
        for one in query.parameters
    ]
    forms = (*RESULTS, HTML) if query.form in ("SELECT", "ASK") else (*GRAPHS, HTML)
    operation = _operation(f"query-{query.name}", query.title, _QUERIES, forms, parameters)
    return operation | {"description": query.description}


def _default(term: str) -> str | int:
    text = term.strip('<>"')
    return int(text) if text.isdigit() else text


def _names() -> Node:
    kind = _parameter("kind", "of this kind only", _one_of(searched_classes()))
    text = _parameter("q", "words, a name or an identifier", {"type": "string", "maxLength": 200})
    identifier = _parameter("id", "a DOI, arXiv id, repository, name or IRI", required=True)
    suggest = _operation("suggest", "Entities whose names fit", _NAMES, [JSON], [text, kind])
    list_of: Node = {"type": "array", "items": _ref("schemas", "Suggestion")}
    suggest["responses"]["200"]["content"][JSON.media_type] = {"schema": list_of}
    return {
        "/resolve": {
            "get": _operation("resolve", "The page of what is meant", _NAMES, [], [identifier], "303")
        },
        "/suggest": {"get": suggest},
        "/search": {
            "get": _operation("search", "Entities whose names fit, as a page", _NAMES, [HTML], [text, kind])
        },
    }


def _entities(site: Site) -> Node:
    slug = _parameter(
        "slug", "the name in the IRI", {"type": "string", "pattern": f"^{SLUG.pattern}$"}, where="path"
    )
    kind = _parameter("kind", "a kind", _one_of(all_kinds()), where="path")
    work = _parameter("kind", "a kind of works", _one_of(work_kinds()), where="path")
    most = _parameter("page", "a page of the table", {"type": "integer", "minimum": 1})
    sort = _parameter("sort", "what the table is sorted by", _one_of(("name", "year")))
    many: Node = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 6}
    works = _parameter("m", "works, as kind/slug", many)
    triple = [_parameter(name, role) for name, role in (("s", "subject"), ("p", "property"), ("o", "value"))]
    drawn = (JSON, GRAPHS[0], lineage_pages.SVG, *lineage_pages.WRITERS, HTML)
    paths: Node = {
        "/{kind}/{slug}": {
            "get": _operation("entity", "What is said of an entity", _ENTITIES, (HTML, *GRAPHS), [kind, slug])
        },
        "/{kind}/{slug}/incoming": {
            "get": _operation(
                "incoming", "What points to an entity by one property", _ENTITIES, [HTML],
                [kind, slug, _parameter("p", "IRI of the property")],
            )
        },
        "/lineage/{kind}/{slug}": {
            "get": _operation("lineage", "Works below and above a work", _ENTITIES, drawn, [work, slug])
        },
        "/compare": {"get": _operation("compare", "Works side by side", _ENTITIES, (HTML, CSV), [works])},
        "/why": {"get": _operation("why", "Who says a statement", _ENTITIES, [HTML], triple)},
    }  # fmt: skip
    for one in all_kinds().values():
        facets = [
            _parameter(facet.name, "only with this value; several may be given", {"type": "string"})
            for facet in site.graph.ontology.facets(one.iri)
        ]
        paths[f"/{one.name}/"] = {
            "get": _operation(
                f"all-{one.name}", f"All {one.plural}", _ENTITIES, (HTML, CSV, JSON), [most, sort, *facets]
            )
        }
    return paths


def _whole() -> Node:
    name = _parameter("name", "a name of /dump/, such as fmgraph.ttl", where="path")
    dump = _operation("dump", "A dump", _SERVICE, [], [name])
    rdf = {
        "/void": "The dataset: size, links, distributions, endpoint",
        "/void/partitions": "The counts by class, property and value",
        "/ns": "The ontology",
        "/shapes": "The SHACL shapes",
        "/equivalences": "Whose terms equal ours",
    }
    texts = {
        "/dump/": "The names of the dumps",
        "/healthz": "The process is alive",
        "/readyz": "Queries are answered",
    }
    paths = {
        path: {"get": _operation(path[1:].replace("/", "-"), summary, _SERVICE,
                                 GRAPHS if path == "/void/partitions" else (HTML, *GRAPHS))}
        for path, summary in rdf.items()
    }  # fmt: skip
    paths |= {
        path: {"get": _operation(path.strip("/") + "-names" * (path == "/dump/"), summary, _SERVICE, [_TEXT])}
        for path, summary in texts.items()
    }
    paths["/dump/{name}"] = {"get": dump}
    return paths
