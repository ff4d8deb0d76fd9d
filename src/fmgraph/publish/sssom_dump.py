"""All links of entities to other catalogues as one SSSOM file (https://mapping-commons.github.io/sssom/spec/).

Every link was made by a person who looked (a claim has its source), so that the justification is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, RdfFormat, parse

from fmgraph.publish.dataset_names import DATA_LICENSE, DESCRIPTION, TITLE
from fmgraph.publish.void_counts import TARGETS
from fmgraph.rdf.prefixes import BASE, FMG, RDFS, SCHEMA, SKOS, curie
from fmgraph.rdf.sorted_lines import parts

FILE = "fmgraph.sssom.tsv"
COLUMNS = ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification")
_PREDICATES = {
    f"<{SKOS}exactMatch>": "skos:exactMatch",
    f"<{SKOS}closeMatch>": "skos:closeMatch",
    f"<{SCHEMA}sameAs>": "schema:sameAs",
}
_JUSTIFICATION = "semapv:ManualMappingCuration"
_OURS = "fmgraph"
_ALWAYS = {
    _OURS: BASE,
    "schema": SCHEMA,
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": SKOS,
}


def document(lines: Iterable[str], version: str) -> Iterator[str]:
    """Yield the file as text: the metadata, then a row for each link, sorted; ``lines`` are of N-Triples."""
    links: list[tuple[str, str, str]] = []
    labels: dict[str, str] = {}
    for subject, predicate, value in map(parts, lines):
        if not subject.startswith(f"<{BASE}") or subject.startswith(f"<{FMG}"):
            continue
        if predicate == f"<{RDFS}label>":
            labels[subject] = value
        elif predicate in _PREDICATES and value.startswith("<") and not value.startswith(f"<{BASE}"):
            links.append((subject, _PREDICATES[predicate], value))
    spaces = _spaces(value[1:-1] for _, _, value in links)
    yield from _header({**_ALWAYS, **spaces}, version)
    rows = (
        (curie(s[1:-1], _ALWAYS), _text(labels.get(s, '""')), p, curie(o[1:-1], spaces), _JUSTIFICATION)
        for s, p, o in links
    )
    yield from ("\t".join(row) + "\n" for row in sorted(rows))


def _header(spaces: dict[str, str], version: str) -> Iterator[str]:
    """Yield the mapping set's metadata, YAML in comments; a JSON string is a YAML string."""
    yield f"#mapping_set_id: {BASE}dump/{FILE}\n"
    yield f"#mapping_set_version: {json.dumps(version)}\n"
    yield f"#mapping_set_title: {json.dumps(TITLE)}\n"
    yield f"#mapping_set_description: {json.dumps(DESCRIPTION)}\n"
    yield f"#license: {DATA_LICENSE}\n"
    yield "#curie_map:\n"
    yield from (f"#  {prefix}: {json.dumps(space)}\n" for prefix, space in sorted(spaces.items()))
    yield "\t".join(COLUMNS) + "\n"


def _spaces(iris: Iterable[str]) -> dict[str, str]:
    """Return the prefixes of the IRIs: a target's name, or a number where it is of none."""
    namespaces = {**_ALWAYS, **{target.name: target.uri_space for target in TARGETS}}
    used: dict[str, str] = {}
    for iri in sorted(iris):
        name = next((name for name, space in namespaces.items() if iri.startswith(space)), "")
        if not name:
            name = f"ns{len(namespaces)}"
            namespaces[name] = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        used[name] = namespaces[name]
    return used


def _text(term: str) -> str:
    """Return a label as a cell, which holds no tab and no line end."""
    (quad,) = parse(f"<urn:s> <urn:p> {term} .", RdfFormat.N_TRIPLES)
    value = quad.object
    return " ".join(value.value.split()) if isinstance(value, Literal) else ""
