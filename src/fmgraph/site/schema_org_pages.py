"""An entity as schema.org JSON-LD, embedded in its page for crawlers that read nothing else.

The context is inline, so that any JSON-LD parser reads it without fetching. Only what schema.org has a term
for is said; the full description is in the RDF.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyoxigraph as ox
from markupsafe import Markup

from fmgraph.rdf.prefixes import FMG, FOAF, SCHEMA, SKOS
from fmgraph.site.graph_reader import Term
from fmgraph.site.page_links import safe

#: schema.org has no class for a model; CreativeWork is what it shares with papers and data.
TYPES = {
    "model": "CreativeWork",
    "adaptation": "CreativeWork",
    "application": "CreativeWork",
    "benchmark": "CreativeWork",
    "paper": "ScholarlyArticle",
    "dataset": "Dataset",
    "backbone": "DefinedTerm",
    "method": "DefinedTerm",
    "modality": "DefinedTerm",
    "unit": "DefinedTerm",
    "institution": "Organization",
    "venue": "Periodical",
    "license": "CreativeWork",
    "person": "Person",
    "list": "DataCatalog",
    "quantity": "QuantitativeValue",
}
_ADDITIONAL = {"model": "https://w3id.org/fair4ml#MLModel"}
#: Our property, schema.org's, and whether the value is a named thing, an address or text.
_TERMS = (
    (SKOS + "altLabel", "alternateName", "text"),
    (SKOS + "definition", "description", "text"),
    (FMG + "year", "datePublished", "text"),
    (FMG + "license", "license", "thing"),
    (FMG + "builtOn", "isBasedOn", "thing"),
    (FMG + "describedBy", "subjectOf", "thing"),
    (FMG + "developedBy", "creator", "organization"),
    (FMG + "publishedIn", "isPartOf", "thing"),
    (FMG + "partOf", "isPartOf", "thing"),
    (FMG + "modality", "about", "thing"),
    (FMG + "code", "relatedLink", "address"),
    (FMG + "weights", "relatedLink", "address"),
    (FOAF + "homepage", "url", "address"),
    (FMG + "ror", "sameAs", "address"),
    (FMG + "wikidata", "sameAs", "address"),
    (SKOS + "exactMatch", "sameAs", "address"),
    (FMG + "issn", "issn", "text"),
    (FMG + "title", "headline", "text"),
)
#: What the description of a data set says of it.
_DESCRIBING = (
    (SKOS + "altLabel", "Also called"),
    (FMG + "modality", "Modality"),
    (FMG + "partOf", "Part of"),
    (FMG + "access", "Access"),
    (FMG + "license", "Licence"),
)


def describe(
    kind: str,
    entity: str,
    label: str,
    facts: Mapping[str, Sequence[Term]],
    labels: Mapping[str, str],
    authors: Sequence[tuple[str | None, str]],
) -> dict[str, Any]:
    """Return the JSON-LD object; ``facts`` are the accepted values by property IRI, ``labels`` by IRI.

    ``authors`` are (IRI or None, name) in order.
    """
    found: dict[str, Any] = {
        "@context": {"@vocab": SCHEMA},
        "@id": entity,
        "@type": TYPES.get(kind, "Thing"),
        "name": label,
        "url": {"@id": entity},
    }
    if kind in _ADDITIONAL:
        found["additionalType"] = {"@id": _ADDITIONAL[kind]}
    for prop, name, how in _TERMS:
        values = [_value(term, how, labels) for term in facts.get(prop, ())]
        kept = [value for value in values if value is not None]
        if kept:
            known = found.setdefault(name, [])
            known += [value for value in kept if value not in known]
    if found["@type"] == "Dataset":
        found.setdefault("description", _description(label, facts, labels))
    dois = [term.value for term in facts.get(FMG + "doi", ()) if isinstance(term, ox.Literal)]
    arxiv = [term.value for term in facts.get(FMG + "arxiv", ()) if isinstance(term, ox.Literal)]
    if dois or arxiv:
        found["identifier"] = [*(f"doi:{doi}" for doi in dois), *(f"arXiv:{one}" for one in arxiv)]
    same = [{"@id": f"https://doi.org/{doi}"} for doi in dois if safe(f"https://doi.org/{doi}")]
    if same:
        found["sameAs"] = found.get("sameAs", []) + same
    if authors:
        found["author"] = {"@list": [_person(iri, name) for iri, name in authors]}
    return found


def _description(label: str, facts: Mapping[str, Sequence[Term]], labels: Mapping[str, str]) -> str:
    """Return sentences about a data set, made of what the graph has of it (search engines ask for some)."""
    said = [f"{label}: a data set in fmgraph, a knowledge graph of medical foundation models."]
    for prop, name in _DESCRIBING:
        values = [
            labels.get(term.value, "") if isinstance(term, ox.NamedNode) else str(getattr(term, "value", ""))
            for term in facts.get(prop, ())
        ]
        if named := sorted({value for value in values if value}):
            said.append(f"{name}: {', '.join(named)}.")
    return " ".join(said)


def _person(iri: str | None, name: str) -> dict[str, str]:
    return {"@type": "Person", "name": name, **({"@id": iri} if iri else {})}


def _value(term: Term, how: str, labels: Mapping[str, str]) -> Any:
    if how == "text":
        return term.value if isinstance(term, ox.Literal) else None
    if not isinstance(term, ox.NamedNode) or not safe(term.value):
        return None
    if how == "address":
        return {"@id": term.value}
    found: dict[str, str] = {"@id": term.value}
    if how == "organization":
        found["@type"] = "Organization"
    if term.value in labels:
        found["name"] = labels[term.value]
    return found


def type_iri(kind: str) -> str:
    """Return the schema.org class of a kind as an IRI, for ``rel="type"``."""
    return SCHEMA + TYPES.get(kind, "Thing")


def script(data: Mapping[str, Any]) -> Markup:
    """Return the object as text that is safe inside ``<script type="application/ld+json">``.

    A data block is not executable, so a Content-Security-Policy without inline scripts lets it stand.
    ``<``, ``>`` and ``&`` are written as JSON escapes, so that nothing can end the element.
    """
    body = json.dumps(data, ensure_ascii=False, indent=1)
    for char in "<>&\u2028\u2029":
        body = body.replace(char, f"\\u{ord(char):04x}")
    return Markup(body)  # noqa: S704 - escaped just above
