"""An entity as schema.org JSON-LD, embedded in its page for crawlers that read nothing else.

The context is inline, so that any JSON-LD parser reads it without fetching. Only what schema.org has a term
for is said, as the ontology aligns it; the full description is in the RDF.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyoxigraph as ox
from markupsafe import Markup

from fmgraph.ontology import Ontology
from fmgraph.rdf.prefixes import FAIR4ML, FMG, SCHEMA, SKOS
from fmgraph.site.graph_reader import Term
from fmgraph.site.page_links import safe

#: Properties that schema.org has for anything; the others it has for creative works.
_OF_ANYTHING = frozenset(
    SCHEMA + name for name in ("alternateName", "description", "sameAs", "subjectOf", "url")
)
#: Said by other means: authors in order, names from the labels, addresses from the entity.
_ELSEWHERE = frozenset(SCHEMA + name for name in ("author", "name"))
#: What the description of a data set says of it.
_DESCRIBING = (
    (SKOS + "altLabel", "Also called"),
    (FMG + "modality", "Modality"),
    (FMG + "partOf", "Part of"),
    (FMG + "access", "Access"),
    (FMG + "license", "Licence"),
)


def describe(
    ontology: Ontology,
    cls: str,
    entity: str,
    label: str,
    facts: Mapping[str, Sequence[Term]],
    labels: Mapping[str, str],
    authors: Sequence[tuple[str | None, str]],
) -> dict[str, Any]:
    """Return the JSON-LD object of an entity of a class.

    ``facts`` are the accepted values by property IRI, ``labels`` by IRI, ``authors`` (IRI or None, name) in
    order. Which property of schema.org a property of ours becomes is said in the ontology.
    """
    kind = ontology.schema_org_class(cls)
    is_work = SCHEMA + "CreativeWork" in {kind, *ontology.above_class(kind)}
    node: dict[str, Any] = {
        "@context": {"@vocab": SCHEMA},
        "@id": entity,
        "@type": kind.removeprefix(SCHEMA),
        "name": label,
        "url": [{"@id": entity}],
    }
    fair = sorted(up for up in ontology.above_class(cls) if up.startswith(FAIR4ML))
    if fair:
        node["additionalType"] = [{"@id": one} for one in fair]
    for prop in sorted(facts, key=lambda prop: (*ontology.rank(prop), prop)):
        name = ontology.schema_org_property(prop)
        if name is None or name in _ELSEWHERE or ontology.is_repeated(prop):
            continue
        if not (is_work or name in _OF_ANYTHING):
            continue
        values = [_value(ontology, prop, term, labels) for term in facts[prop]]
        _add(node, name, [value for value in values if value is not None])
    if node["@type"] == "Dataset":
        node.setdefault("description", _description(label, facts, labels))
    for prop, terms in facts.items():
        property_info = ontology.property(prop)
        if property_info.resolver:
            texts = [term.value for term in terms if isinstance(term, ox.Literal)]
            _add(node, SCHEMA + "identifier", [f"{property_info.local}:{value}" for value in texts])
            same = [property_info.resolved(value) for value in texts]
            _add(node, SCHEMA + "sameAs", [{"@id": one} for one in same if safe(one)])
    if authors:
        node["author"] = {"@list": [_person(iri, name) for iri, name in authors]}
    return node


def _add(node: dict[str, Any], name: str, values: list[Any]) -> None:
    known = node.get(name.removeprefix(SCHEMA), [])
    more = [value for value in values if value not in known]
    if more:
        node[name.removeprefix(SCHEMA)] = [*known, *more]


def _description(label: str, facts: Mapping[str, Sequence[Term]], labels: Mapping[str, str]) -> str:
    """Return sentences about a data set, made of what the graph has of it (search engines ask for some)."""
    sentences = [f"{label}: a data set in fmgraph, a knowledge graph of medical foundation models."]
    for prop, name in _DESCRIBING:
        values = [
            labels.get(term.value, "") if isinstance(term, ox.NamedNode) else str(getattr(term, "value", ""))
            for term in facts.get(prop, ())
        ]
        if names := sorted({value for value in values if value}):
            sentences.append(f"{name}: {', '.join(names)}.")
    return " ".join(sentences)


def _person(iri: str | None, name: str) -> dict[str, str]:
    return {"@type": "Person", "name": name, **({"@id": iri} if iri else {})}


def _value(ontology: Ontology, prop: str, term: Term, labels: Mapping[str, str]) -> Any:
    """Return a value: text, an address, or a thing with type and name where the range is a class of ours."""
    if isinstance(term, ox.Literal):
        return term.value
    if not isinstance(term, ox.NamedNode) or not safe(term.value):
        return None
    ranges = [one for one in ontology.property(prop).ranges if one.startswith(FMG)]
    if not ranges:
        return {"@id": term.value}
    value = {"@id": term.value, "@type": ontology.schema_org_class(ranges[0]).removeprefix(SCHEMA)}
    if value["@type"] == "Thing":
        del value["@type"]
    if term.value in labels:
        value["name"] = labels[term.value]
    return value


def script(data: Mapping[str, Any]) -> Markup:
    """Return the object as text that is safe inside ``<script type="application/ld+json">``.

    A data block is not executable, so a Content-Security-Policy without inline scripts lets it stand.
    ``<``, ``>`` and ``&`` are written as JSON escapes, so that nothing can end the element.
    """
    body = json.dumps(data, ensure_ascii=False, indent=1)
    for char in "<>&\u2028\u2029":
        body = body.replace(char, f"\\u{ord(char):04x}")
    return Markup(body)  # noqa: S704 - escaped just above
