"""``/reconcile``: the Reconciliation Service API, for OpenRefine and other tables' tools.

Version 0.2 at ``/reconcile``
(https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/), the draft of 1.0 at
``/reconcile/1.0`` (https://reconciliation-api.github.io/specs/draft/). JSONP is not offered: CORS is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph import __version__
from fmgraph.answers.reconcile import (
    MOST,
    WORK,
    Candidate,
    Condition,
    Question,
    Reconciler,
    entity_id,
    kinds_of,
    matchable_properties,
    property_iri,
    type_ids,
)
from fmgraph.answers.resolve import Match
from fmgraph.errors import LimitError, ParameterError
from fmgraph.ontology import Property, all_kinds, searched_classes, shipped
from fmgraph.rdf.formats import HTML, Format
from fmgraph.rdf.prefixes import BASE, FMG, RDFS, SKOS
from fmgraph.server.http.response_headers import CSP
from fmgraph.site.page_context import Site
from fmgraph.site.work_answers import read_answers

OLD, NEW = "0.2", "1.0-draft"
#: Questions of one batch, entities of one extension, suggestions without a limit.
MOST_QUESTIONS, MOST_ENTITIES, SUGGESTED = 100, 1000, 10
#: Pixels of a preview.
WIDTH, HEIGHT = 430, 230
_JSON = Format("json", "JSON", "application/json", "json")
#: Tools show a preview inside a page of their own.
_FRAMED = CSP.replace("frame-ancestors 'none'", "frame-ancestors *")
_LIMIT_SETTING = {
    "type": "number",
    "default": 0,
    "name": "limit",
    "label": "Limit",
    "help_text": "Most values of each entity; 0: all",
}


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes of both versions."""
    asker = Reconciler(site.engine, site.resolver)

    @pages.route("/reconcile", methods=["GET", "POST"])
    @pages.route("/reconcile/", methods=["GET", "POST"])
    def reconcile() -> Response:
        parameters = request.values
        if "queries" in parameters:
            batch = _object(parameters["queries"], "queries")
            questions = [_old_question(one) for one in _bounded(list(batch.values()))]
            answers = [{"result": [_old_candidate(c) for c in asker.candidates(q)]} for q in questions]
            return _json(dict(zip(batch, answers, strict=True)), site)
        if "extend" in parameters:
            return _json(_old_extension(asker, _object(parameters["extend"], "extend")), site)
        return _described(_old_manifest(site), site)

    @pages.get("/reconcile/1.0")
    @pages.get("/reconcile/1.0/")
    def manifest() -> Response:
        return _described(_new_manifest(site), site)

    @pages.post("/reconcile/1.0/match")
    def match() -> Response:
        queries = _body().get("queries")
        if not isinstance(queries, list):
            raise ParameterError('a batch is {"queries": [{"conditions": […]}, …]}')
        questions = [_new_question(one) for one in _bounded(queries)]
        results = [{"candidates": [_new_candidate(c) for c in asker.candidates(q)]} for q in questions]
        return _json({"results": results}, site)

    @pages.post("/reconcile/1.0/extend")
    def extend() -> Response:
        return _json(_new_extension(asker, _body()), site)

    for root in ("/reconcile", "/reconcile/1.0"):
        _shared(pages, site, asker, root)


def _shared(pages: Blueprint, site: Site, asker: Reconciler, root: str) -> None:
    """Add what both versions have alike: suggestions, proposals, previews."""
    name = "old" if root == "/reconcile" else "new"

    def add(path: str, view: Callable[[], Response]) -> None:
        pages.add_url_rule(root + path, f"reconcile_{name}{path.replace('/', '_')}", view)

    def suggest_entity() -> Response:
        prefix, first, last = _suggested()
        kind = request.args.get("type") or ""
        kinds = kinds_of(kind) if kind else ()
        matches = site.resolver.resolve(prefix, kinds, last)[first:] if prefix else []
        items = [
            {**_id_and_name(one), "description": _description(one), "notable": _types(one)} for one in matches
        ]
        return _json({"result": items}, site)

    def suggest_property() -> Response:
        prefix, first, last = _suggested()
        items = [_property(one) for one in matchable_properties()]
        return _json({"result": _beginning(items, prefix)[first:last]}, site)

    def suggest_type() -> Response:
        prefix, first, last = _suggested()
        return _json({"result": _beginning([_type(one) for one in type_ids()], prefix)[first:last]}, site)

    def propose() -> Response:
        type_id = request.args.get("type", WORK) or WORK
        kinds = kinds_of(type_id)
        cls = all_kinds()[kinds[0]].iri if len(kinds) == 1 else FMG + WORK
        able = {one.iri for one in matchable_properties()}
        props = [_property(one) for one in shipped().of_class(cls) if one.iri in able]
        answer: dict[str, Any] = {"type": type_id, "properties": props}
        if "limit" in request.args:
            answer["limit"] = _whole("limit", SUGGESTED)
            answer["properties"] = props[: answer["limit"]]
        return _json(answer, site)

    def preview() -> Response:
        return _preview(site, asker.about(request.args.get("id", "")))

    add("/suggest/entity", suggest_entity)
    add("/suggest/property", suggest_property)
    add("/suggest/type", suggest_type)
    add("/extend/propose", propose)
    add("/preview", preview)


def _json(answer: object, site: Site) -> Response:
    body = json.dumps(answer, ensure_ascii=False).encode()
    if request.method == "POST":
        return Response(body, content_type=_JSON.media_type)
    return site.answer(body, _JSON)


def _described(manifest: dict[str, Any], site: Site) -> Response:
    """Return a manifest; one whose addresses are of the request's host must not be cached."""
    if site.links.public:
        return _json(manifest, site)
    body = json.dumps(manifest, ensure_ascii=False)
    return Response(body, content_type=_JSON.media_type, headers={"Cache-Control": "no-store"})


def _preview(site: Site, match: Match) -> Response:
    kind = all_kinds()[match.kind]
    answers = read_answers(site.graph, [match.iri])[match.iri] if kind.work else None
    view = site.view([match.iri, *(answers.terms if answers else ())])
    answer = site.answer(
        site.render("reconcile_preview.html", match=match, kind=kind, answers=answers, view=view).encode(),
        HTML,
    )
    answer.headers["Content-Security-Policy"] = _FRAMED
    return answer


# ---- manifests


def _manifest(site: Site, version: str) -> dict[str, Any]:
    return {
        "versions": [version],
        "name": "fmgraph: medical foundation models",
        "documentation": _address(site, "about"),
        "serviceVersion": __version__,
        "defaultTypes": [
            _type(one) for one in (WORK, "Model", "Dataset", "Paper", "Institution", "Modality")
        ],
    }


def _old_manifest(site: Site) -> dict[str, Any]:
    root = _address(site, "reconcile")
    suggest = {
        what: {"service_url": root, "service_path": f"/suggest/{what}"}
        for what in ("entity", "property", "type")
    }
    return {
        **_manifest(site, OLD),
        "identifierSpace": BASE,
        "schemaSpace": FMG,
        "view": {"url": f"{_address(site, 'resolve')}?id={{{{id}}}}"},
        "suggest": suggest,
        "preview": {"url": f"{root}/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
        "extend": {
            "propose_properties": {"service_url": root, "service_path": "/extend/propose"},
            "property_settings": [_LIMIT_SETTING],
        },
    }


def _new_manifest(site: Site) -> dict[str, Any]:
    renamed = {"label": "name", "name": "id", "help_text": "helpText"}
    return {
        **_manifest(site, NEW),
        "lang": "en",
        "dir": "ltr",
        "view": {"url": f"{_address(site, 'resolve')}?id={{id}}"},
        "suggest": {"entity": True, "property": True, "type": True},
        "preview": {"width": WIDTH, "height": HEIGHT},
        "extend": {
            "proposeProperties": True,
            "propertySettings": [{renamed.get(key, key): value for key, value in _LIMIT_SETTING.items()}],
        },
        "standardizedScore": True,
    }


def _address(site: Site, name: str) -> str:
    """Return the absolute URL of a page of ours; without a public URL, under the request's host."""
    path = site.links.path(name)
    return site.links.absolute(path) if site.links.public else request.host_url.rstrip("/") + path


# ---- questions


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"{what} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ParameterError(f"{what} must be a JSON object")
    return value


def _body() -> dict[str, Any]:
    return _object(request.get_data(as_text=True), "the body")


def _bounded(questions: list[Any]) -> list[Mapping[str, Any]]:
    if len(questions) > MOST_QUESTIONS:
        raise LimitError(
            f"a batch has at most {MOST_QUESTIONS} queries, not {len(questions)}", "queries of a batch"
        )
    for one in questions:
        if not isinstance(one, dict):
            raise ParameterError("each query must be a JSON object")
    return questions


def _old_question(query: Mapping[str, Any]) -> Question:
    types = query.get("type") or []
    conditions = [
        Condition(property_iri(_text(one, "pid")), _values(one.get("v")))
        for one in _objects(query, "properties")
    ]
    if not query.get("query") and not conditions:
        raise ParameterError("a query needs a query text or properties")
    return Question(
        str(query.get("query") or ""),
        _kinds(types if isinstance(types, list) else [types]),
        _limit(query),
        tuple(conditions),
    )


def _new_question(query: Mapping[str, Any]) -> Question:
    conditions: list[Condition] = []
    text = ""
    for one in _objects(query, "conditions"):
        kind, values = one.get("matchType"), _values(one.get("propertyValue"))
        if kind in ("name", "id"):
            text = text or (values[0] if values else "")
        elif kind == "property":
            quantifier = one.get("matchQuantifier", "any")
            if quantifier not in ("any", "all", "none"):
                raise ParameterError(f"matchQuantifier is any, all or none, not {quantifier!r}")
            prop = property_iri(_text(one, "propertyId"))
            conditions.append(Condition(prop, values, one.get("required") is True, quantifier))
        else:
            raise ParameterError(f"matchType is name, id or property, not {kind!r}")
    if not text and not conditions:
        raise ParameterError("a query needs at least one condition")
    kinds = _kinds([query["type"]] if query.get("type") else [])
    return Question(text, kinds, _limit(query), tuple(conditions))


def _kinds(types: Sequence[Any]) -> tuple[str, ...]:
    ids = [str(one.get("id", "")) if isinstance(one, dict) else str(one) for one in types]
    return tuple(dict.fromkeys(kind for one in ids for kind in kinds_of(one)))


def _objects(json_object: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    items = json_object.get(key) or []
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise ParameterError(f"{key} must be a list of JSON objects")
    return items


def _text(json_object: Mapping[str, Any], key: str) -> str:
    if not isinstance(json_object.get(key), str):
        raise ParameterError(f"{key} is missing")
    return str(json_object[key])


def _values(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = [
        str(one.get("id", "")) if isinstance(one, dict) else _plain(one) for one in values if one is not None
    ]
    return tuple(text for text in texts if text.strip())[:20]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _limit(query: Mapping[str, Any]) -> int:
    limit = query.get("limit", 5)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 1:
        raise ParameterError(f"limit must be a positive number, not {limit!r}")
    return int(min(limit, MOST))


def _whole(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ParameterError(f"{name} must be a whole number, not {text[:20]!r}")
    return int(text)


def _suggested() -> tuple[str, int, int]:
    """Return the requested prefix, and the start and end of the range of suggestions."""
    first = _whole("offset", _whole("cursor", 0))
    return request.args.get("prefix", "").strip(), first, first + min(_whole("limit", SUGGESTED), MOST)


def _beginning(items: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """Return the items whose name or id begins with the prefix, then those containing it; all for none."""
    start = prefix.casefold()
    ranked = []
    for item in items:
        names = [str(item["name"]).casefold(), str(item["id"]).casefold()]
        if any(start in name for name in names):
            ranked.append((min(0 if name.startswith(start) else 1 for name in names), item))
    ranked.sort(key=lambda pair: pair[0])
    return [item for _, item in ranked]


# ---- answers


def _type(type_id: str) -> dict[str, Any]:
    cls = FMG + type_id
    entry: dict[str, Any] = {"id": type_id, "name": shipped().value(cls, RDFS + "label")}
    definition = shipped().value(cls, SKOS + "definition")
    if definition:
        entry["description"] = definition
    if type_id != WORK and all(all_kinds()[kind].work for kind in type_ids()[type_id]):
        entry["broader"] = [{"id": WORK, "name": "work"}]
    return entry


def _types(match: Match) -> list[dict[str, str]]:
    type_id = all_kinds()[match.kind].cls
    return [{"id": type_id, "name": str(_type(type_id)["name"])}]


def _property(prop: Property) -> dict[str, str]:
    entry = {"id": prop.local, "name": prop.label}
    return {**entry, "description": prop.definition} if prop.definition else entry


def _id_and_name(match: Match) -> dict[str, str]:
    return {"id": entity_id(match.iri), "name": match.label}


def _description(match: Match) -> str:
    more = match.title if match.title and match.title != match.label else ", ".join(match.aka[:3])
    return f"{match.kind}: {more}" if more else match.kind


def _old_candidate(one: Candidate) -> dict[str, Any]:
    return {
        **_id_and_name(one.match),
        "description": _description(one.match),
        "score": one.score,
        "match": one.sure,
        "type": _types(one.match),
        "features": _features(one),
    }


def _new_candidate(one: Candidate) -> dict[str, Any]:
    names = {"name": "likeness of the name"}
    candidate = _old_candidate(one)
    candidate["features"] = [
        {**feature, "name": names.get(feature["id"]) or _label(feature["id"])}
        for feature in candidate["features"]
    ]
    return candidate


def _label(local: str) -> str:
    return shipped().property(FMG + local).label or local


def _features(one: Candidate) -> list[dict[str, Any]]:
    agreements = [{"id": prop.removeprefix(FMG), "value": agrees} for prop, agrees in one.agrees.items()]
    return [{"id": "name", "value": round(one.match.score * 100, 1)}, *agreements]


def _extension(
    asker: Reconciler, query: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str], dict[str, str], dict[str, dict[str, list[dict[str, Any]]]]]:
    """Return the properties' metadata, the entity ids, property IRIs by property id, and the values."""
    identifiers = query.get("ids")
    if not isinstance(identifiers, list) or not all(isinstance(one, str) for one in identifiers):
        raise ParameterError("ids must be a list of texts")
    if len(identifiers) > MOST_ENTITIES:
        raise LimitError(f"at most {MOST_ENTITIES} entities are extended at once", "entities of an extension")
    props: dict[str, str] = {}
    limits: list[tuple[str, int]] = []
    for one in _objects(query, "properties"):
        identifier = _text(one, "id")
        settings = one.get("settings") or {}
        most = settings.get("limit", 0) if isinstance(settings, dict) else 0
        if isinstance(most, str) and most.isdigit():
            most = int(most)
        if isinstance(most, bool) or not isinstance(most, int | float) or most < 0:
            raise ParameterError(f"the setting limit must be a number, not {most!r}")
        props[identifier] = property_iri(identifier)
        limits.append((props[identifier], int(most)))
    meta = []
    for identifier, prop in props.items():
        about = shipped().property(prop)
        entry: dict[str, Any] = {"id": identifier, "name": about.label}
        classes = [all_kinds()[kind].cls for kind, cls in searched_classes().items() if cls in about.ranges]
        if FMG + WORK in about.ranges:
            classes = [WORK]
        if len(classes) == 1:
            entry["type"] = {"id": classes[0], "name": str(_type(classes[0])["name"])}
        meta.append(entry)
    return meta, list(dict.fromkeys(identifiers)), props, asker.extend(identifiers, limits)


def _old_extension(asker: Reconciler, query: Mapping[str, Any]) -> dict[str, Any]:
    meta, identifiers, props, values = _extension(asker, query)
    rows = {one: {identifier: values[one][prop] for identifier, prop in props.items()} for one in identifiers}
    return {"meta": meta, "rows": rows}


def _new_extension(asker: Reconciler, query: Mapping[str, Any]) -> dict[str, Any]:
    meta, identifiers, props, values = _extension(asker, query)
    rows = [
        {
            "id": one,
            "properties": [
                {"id": identifier, "values": values[one][prop]} for identifier, prop in props.items()
            ],
        }
        for one in identifiers
    ]
    return {"meta": meta, "rows": rows}
