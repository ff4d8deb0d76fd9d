"""Findings as text, JSON, SARIF 2.1.0 and a SHACL validation report in Turtle."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePath
from urllib.parse import quote

import pyoxigraph as ox

from fmgraph import __version__
from fmgraph.check.shape_files import FMGSH
from fmgraph.rdf.prefixes import BASE, RDF, SH, XSD
from fmgraph.records.findings import SEVERITIES, Finding, Severity

#: The schema that SARIF files name. https://docs.oasis-open.org/sarif/sarif/v2.1.0/
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SARIF_LEVEL: dict[Severity, str] = {"error": "error", "warning": "warning", "open": "note", "info": "note"}
_SH_SEVERITY: dict[Severity, str] = {
    "error": "Violation",
    "warning": "Warning",
    "open": "Info",
    "info": "Info",
}


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding and one with their number."""
    if not findings:
        return "no findings\n"
    counts = Counter(finding.severity for finding in findings)
    total = ", ".join(
        f"{counts[s]} {s}{'s' if counts[s] > 1 and s != 'open' else ''}" for s in SEVERITIES if counts[s]
    )
    return "".join(f"{finding}\n" for finding in findings) + f"{total}\n"


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON array of objects with the findings' known fields."""
    return json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2) + "\n"


def as_sarif(findings: Sequence[Finding]) -> str:
    """Return a SARIF 2.1.0 log with one run; paths are relative to the data folder's parent."""
    rules = sorted({finding.rule for finding in findings})
    run = {
        "tool": {
            "driver": {
                "name": "fmgraph",
                "version": __version__,
                "informationUri": BASE,
                "rules": [{"id": rule} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(finding, rules.index(finding.rule)) for finding in findings],
    }
    log = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, object]:
    text = ": ".join(part for part in (finding.field, finding.message) if part)
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _SARIF_LEVEL[finding.severity],
        "message": {"text": f"{text}; {finding.remedy}" if finding.remedy else text},
    }
    if finding.file:
        physical: dict[str, object] = {"artifactLocation": {"uri": quote(PurePath(finding.file).as_posix())}}
        if finding.line:
            physical["region"] = {"startLine": finding.line}
        location: dict[str, object] = {"physicalLocation": physical}
        if finding.focus:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.focus}]
        result["locations"] = [location]
    return result


def as_turtle(findings: Sequence[Finding]) -> str:
    """Return a ``sh:ValidationReport`` (SHACL, section 3.6): results named by content, no blank nodes."""
    report = ox.NamedNode(f"{FMGSH}report")
    triples = [
        ox.Triple(report, _name(RDF, "type"), _name(SH, "ValidationReport")),
        ox.Triple(
            report,
            _name(SH, "conforms"),
            ox.Literal("false" if findings else "true", datatype=_name(XSD, "boolean")),
        ),
    ]
    for finding in findings:
        digest = hashlib.sha256(repr(finding).encode()).hexdigest()[:20]
        result = ox.NamedNode(f"{FMGSH}result-{digest}")
        triples.append(ox.Triple(report, _name(SH, "result"), result))
        triples.extend(_result(result, finding))
    prefixes = {"sh": SH, "fmgsh": FMGSH, "xsd": XSD}
    return (ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b"").decode()


def _result(result: ox.NamedNode, finding: Finding) -> list[ox.Triple]:
    text = str(finding).rsplit(" [", 1)[0]
    severity = _name(SH, _SH_SEVERITY[finding.severity])
    triples = [
        ox.Triple(result, _name(RDF, "type"), _name(SH, "ValidationResult")),
        ox.Triple(result, _name(SH, "resultSeverity"), severity),
        ox.Triple(result, _name(SH, "sourceShape"), ox.NamedNode(FMGSH + finding.rule)),
        ox.Triple(result, _name(SH, "resultMessage"), ox.Literal(text)),
    ]
    if finding.focus and not finding.focus.startswith("_:"):
        triples.append(ox.Triple(result, _name(SH, "focusNode"), ox.NamedNode(finding.focus)))
    return triples


def _name(namespace: str, local: str) -> ox.NamedNode:
    return ox.NamedNode(namespace + local)


#: What ``fmgraph check --format`` offers.
FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "turtle": as_turtle,
}
