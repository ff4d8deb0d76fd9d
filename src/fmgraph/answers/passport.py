"""A work's passport: a CycloneDX 1.6 ML-BOM of it and of what is beneath it.

https://cyclonedx.org/docs/1.6/json/

Ancestors are components with their relation, data sets are components, licences carry the claims and sources
that say so, and what is not known is listed as unknown. The formula of the completeness figure is that of the
named query ``completeness``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from fmgraph import __version__
from fmgraph.answers.evidence_reader import Evidence, Fact
from fmgraph.answers.lineage import lineage
from fmgraph.answers.named_queries import get_query
from fmgraph.ontology import shipped
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.terms import iri as term
from fmgraph.server.engine import Engine

MEDIA_TYPE = "application/vnd.cyclonedx+json"
#: What a user of a work must know; each is stated or listed as unknown.
EXPECTED = ("builtOn", "trainedOn", "weightsLicense", "access", "developedBy")
_SPDX = "https://spdx.org/licenses/"
_REFERENCES = {"code": "vcs", "weights": "distribution", "demo": "website", "container": "distribution"}
Json = dict[str, Any]


def passport(engine: Engine, work: str) -> Json:
    """Return the BOM of a work, by its IRI or any name that lineage takes; NotFoundError for another."""
    read = Evidence(engine)
    ancestry = lineage(engine, work, "ancestors")
    works = [ancestry.root, *(node.iri for node in ancestry.nodes)]
    labels = ancestry.labels()
    facts = read.facts(_of(works))
    kinds = _kinds(read, works)
    data = {value["value"]: value for one in works for value in _trained_on(facts.get(one, {}))}
    data_facts = read.facts(_of(data)) if data else {}
    stated_properties = _read_properties(read, works)
    components = [
        _model(
            one,
            labels[one],
            kinds.get(one, "model"),
            facts.get(one, {}),
            stated_properties.get(one, set()),
            ancestry,
        )
        for one in works
    ]
    datasets = [
        _dataset(iri, value.get("label", iri), data_facts.get(iri, {})) for iri, value in sorted(data.items())
    ]
    root, *ancestors = components
    root["properties"] += _completeness(read, ancestry.root)
    unknown_parents = [one for one in works if f"{FMG}builtOn" not in stated_properties.get(one, set())]
    meta = engine.meta
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ancestry.root + '#' + meta.digest)}",
        "version": 1,
        "metadata": {
            "timestamp": _timestamp(meta.modified),
            "tools": {"components": [{"type": "application", "name": "fmgraph", "version": __version__}]},
            "component": root,
            "properties": [
                {"name": "fmgraph:dataVersion", "value": meta.version},
                {"name": "fmgraph:digest", "value": meta.digest},
            ],
        },
        "components": [*ancestors, *datasets],
        "dependencies": [
            {
                "ref": one,
                "dependsOn": sorted(
                    {
                        *(edge.parent for edge in ancestry.edges if edge.child == one),
                        *(value["value"] for value in _trained_on(facts.get(one, {}))),
                    }
                ),
            }
            for one in works
        ],
        "compositions": [
            *([{"aggregate": "unknown", "dependencies": unknown_parents}] if unknown_parents else []),
            {"aggregate": "incomplete", "dependencies": [one for one in works if one not in unknown_parents]},
        ],
    }


def _of(subjects: Iterable[str]) -> str:
    return f"VALUES ?s {{ {' '.join(map(term, subjects))} }} ?claim rdf:subject ?s ."


def _kinds(read: Evidence, works: Iterable[str]) -> dict[str, str]:
    some = " ".join(map(term, works))
    return {
        row["s"]: row["k"]
        for row in read.rows(f"SELECT ?s ?k {{ VALUES ?s {{ {some} }} ?s rdf:type/fmg:kind ?k }}")
    }


def _read_properties(read: Evidence, works: Iterable[str]) -> dict[str, set[str]]:
    """Return the properties that have a value, by work; trained from scratch says what it is built on."""
    some = " ".join(map(term, works))
    properties: dict[str, set[str]] = {}
    for row in read.rows(f"SELECT DISTINCT ?s ?p {{ VALUES ?s {{ {some} }} ?s ?p ?o }}"):
        properties.setdefault(row["s"], set()).add(row["p"])
        also = shipped().value(row["p"], FMG + "countsAs")
        if also:
            properties[row["s"]].add(also)
    return properties


def _trained_on(facts: dict[str, list[Fact]]) -> list[Fact]:
    below = {FMG + "trainedOn", *shipped().below(FMG + "trainedOn")}
    return [value for prop, values in sorted(facts.items()) if FMG + prop in below for value in values]


def _model(
    iri: str, label: str, kind: str, facts: dict[str, list[Fact]], stated_properties: set[str], ancestry: Any
) -> Json:
    component = _component(iri, label, "machine-learning-model" if kind == "model" else "application")
    component.update(_licences(facts, ("weightsLicense", "codeLicense", "license")))
    developers = [str(one.get("label", one["value"])) for one in facts.get("developedBy", [])]
    if developers:
        component["manufacturer"] = {"name": ", ".join(developers)}
    references = [
        {"type": kind_of, "url": value["value"]}
        for prop, kind_of in _REFERENCES.items()
        for value in facts.get(prop, [])
    ]
    component["externalReferences"] = [
        {"type": "other", "url": iri, "comment": "the work in fmgraph"},
        *references,
    ]
    properties = component["properties"]
    for edge in ancestry.edges:
        if edge.child == iri:
            evidence = "; ".join(f"{one.source} ({one.claim})" for one in edge.evidence[:2])
            properties.append({"name": f"fmgraph:{edge.relation}", "value": edge.parent})
            properties.append({"name": f"fmgraph:evidence:{edge.relation}:{edge.parent}", "value": evidence})
    properties += [{"name": "fmgraph:access", "value": one["value"]} for one in facts.get("access", [])]
    properties += [
        {"name": "fmgraph:unknown", "value": prop} for prop in EXPECTED if FMG + prop not in stated_properties
    ]
    if kind == "model":
        parameters: Json = {}
        names = [str(one.get("label", one["value"])) for one in facts.get("backbone", [])]
        if names:
            parameters["modelArchitecture"] = ", ".join(names)
        tasks = [str(one.get("label", one["value"])) for one in facts.get("task", [])]
        if tasks:
            parameters["task"] = ", ".join(tasks)
        data = list(dict.fromkeys(one["value"] for one in _trained_on(facts)))
        if data:
            parameters["datasets"] = [{"ref": one} for one in data]
        component["modelCard"] = {"modelParameters": parameters}
    return component


def _dataset(iri: str, label: str, facts: dict[str, list[Fact]]) -> Json:
    component = _component(iri, label, "data")
    component.update(_licences(facts, ("license",)))
    component["data"] = [{"type": "dataset", "name": label}]
    component["properties"] += [
        {"name": "fmgraph:access", "value": one["value"]} for one in facts.get("access", [])
    ]
    component["properties"] += [
        {"name": "fmgraph:unknown", "value": prop} for prop in ("license", "access") if prop not in facts
    ]
    return component


def _component(iri: str, label: str, kind: str) -> Json:
    return {
        "type": kind,
        "bom-ref": iri,
        "name": label,
        "properties": [{"name": "fmgraph:iri", "value": iri}],
    }


def _licences(facts: dict[str, list[Fact]], props: Iterable[str]) -> Json:
    """Return the licences, each with what it is of and the claims and sources that say so."""
    licences = []
    for prop in props:
        for value in facts.get(prop, []):
            iri = value["value"]
            name = (
                {"id": iri.removeprefix(_SPDX)}
                if iri.startswith(_SPDX)
                else {"name": value.get("label", iri)}
            )
            of = prop.removesuffix("License") if prop != "license" else "work"
            evidence = [
                {"name": f"fmgraph:{key}", "value": claim[key]}
                for claim in value["claims"]
                for key in ("claim", "source")
                if claim.get(key)
            ]
            properties = [{"name": "fmgraph:licenseOf", "value": of}, *evidence]
            licences.append(
                {"license": {**name, "url": iri, "acknowledgement": "declared", "properties": properties}}
            )
    return {"licenses": licences} if licences else {}


def _completeness(read: Evidence, work: str) -> list[Json]:
    query = get_query("completeness").text.replace("WHERE {", f"WHERE {{ VALUES ?work {{ {term(work)} }}", 1)
    rows = read.rows(query)
    return [
        {"name": "fmgraph:completeness", "value": f"{float(row['completeness']):.2f}"}
        for row in rows
        if row.get("completeness")
    ]


def _timestamp(modified: str) -> str:
    return modified if "T" in modified else f"{modified}T00:00:00Z"
