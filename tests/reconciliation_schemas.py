"""JSON Schemas of the answers of the Reconciliation Service API, written from the specifications' text.

They are stricter than the published ones: what the text calls required is, and nothing that it does not name
may stand there. The published schemas are in no package; where ``RECONCILIATION_SPECS`` names a checkout of
https://github.com/reconciliation-api/specs, the tests validate by those too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_TEXT = {"type": "string", "minLength": 1}
_URL = {"type": "string", "pattern": "^https?://"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_NAMED = {"id": _TEXT, "name": _TEXT}
_TYPE = _object(_NAMED)
_FULL_TYPE = _object(_NAMED, {"description": _TEXT, "broader": _list(_TYPE)})
_FEATURE = {"value": {"type": ["number", "boolean"]}, "id": _TEXT}
_CANDIDATE = {
    **_NAMED,
    "description": _TEXT,
    "score": {"type": "number", "minimum": 0, "maximum": 100},
    "match": {"type": "boolean"},
    "type": {**_list(_TYPE), "minItems": 1},
}
_CELL = {
    "oneOf": [
        _object({"id": _TEXT, "name": _TEXT}),
        _object({"str": {"type": "string"}}),
        _object({"int": {"type": "integer"}}),
        _object({"float": {"type": "number"}}),
    ]
}
_META = _list(_object(_NAMED, {"type": _TYPE}))
_SIZE = {"width": {"type": "integer"}, "height": {"type": "integer"}}
_ABOUT = {
    "name": _TEXT,
    "documentation": _URL,
    "serviceVersion": _TEXT,
    "defaultTypes": {**_list(_FULL_TYPE), "uniqueItems": True},
}
_SUGGEST = _object({"service_url": _URL, "service_path": {"type": "string", "pattern": "^/"}})
_OLD_TEMPLATE = {"type": "string", "pattern": r"^https?://.*\{\{id\}\}"}
_SUGGESTIONS = {
    "suggest-entities-response": _object(
        {"result": _list(_object(_NAMED, {"description": _TEXT, "notable": _list(_TYPE)}))}
    ),
    "suggest-properties-response": _object({"result": _list(_object(_NAMED, {"description": _TEXT}))}),
    "suggest-types-response": _object({"result": _list(_FULL_TYPE)}),
    "data-extension-property-proposal": _object(
        {"type": _TEXT, "properties": _list(_object(_NAMED, {"description": _TEXT}))},
        {"limit": {"type": "integer"}},
    ),
}
OLD = {
    **_SUGGESTIONS,
    "manifest": _object(
        {
            **_ABOUT,
            "versions": {"const": ["0.2"]},
            "identifierSpace": _URL,
            "schemaSpace": _URL,
            "view": _object({"url": _OLD_TEMPLATE}),
            "suggest": _object({"entity": _SUGGEST, "property": _SUGGEST, "type": _SUGGEST}),
            "preview": _object({**_SIZE, "url": _OLD_TEMPLATE}),
            "extend": _object(
                {"propose_properties": _SUGGEST, "property_settings": _list({"type": "object"})}
            ),
        }
    ),
    "reconciliation-result-batch": {
        "type": "object",
        "additionalProperties": _object(
            {"result": _list(_object({**_CANDIDATE, "features": _list(_object(_FEATURE))}))}
        ),
    },
    "data-extension-response": _object(
        {
            "meta": _META,
            "rows": {
                "type": "object",
                "additionalProperties": {"type": "object", "additionalProperties": _list(_CELL)},
            },
        }
    ),
}
NEW = {
    **_SUGGESTIONS,
    "manifest": _object(
        {
            **_ABOUT,
            "versions": {"const": ["1.0-draft"]},
            "lang": {"const": "en"},
            "dir": {"const": "ltr"},
            "view": _object({"url": {"type": "string", "pattern": r"^https?://.*[^{]\{\+?id\}$"}}),
            "suggest": _object({name: {"const": True} for name in ("entity", "property", "type")}),
            "preview": _object(_SIZE),
            "extend": _object(
                {"proposeProperties": {"const": True}, "propertySettings": _list({"type": "object"})}
            ),
            "standardizedScore": {"const": True},
        }
    ),
    "reconciliation-result-batch": _object(
        {
            "results": _list(
                _object(
                    {
                        "candidates": _list(
                            _object({**_CANDIDATE, "features": _list(_object({**_FEATURE, "name": _TEXT}))})
                        )
                    }
                )
            )
        }
    ),
    "data-extension-response": _object(
        {
            "meta": _META,
            "rows": _list(
                _object({"id": _TEXT, "properties": _list(_object({"id": _TEXT, "values": _list(_CELL)}))})
            ),
        }
    ),
}
_OURS = {"0.2": OLD, "1.0-draft": NEW}


def check(version: str, name: str, answer: object) -> None:
    """Fail unless the answer is valid, by the schema above and, where there is one, by the published."""
    Draft202012Validator(_OURS[version][name]).validate(answer)
    published = os.environ.get("RECONCILIATION_SPECS")
    if not published:
        return
    schemas = {
        file.name: json.loads(file.read_text("utf-8"))
        for file in (Path(published) / version / "schemas").glob("*.json")
    }
    found = [Resource.from_contents(schema, DRAFT202012) for schema in schemas.values()]
    registry: Registry[Any] = Registry().with_resources([(one.id(), one) for one in found if one.id()])
    Draft202012Validator(schemas[f"{name}.json"], registry=registry).validate(answer)
