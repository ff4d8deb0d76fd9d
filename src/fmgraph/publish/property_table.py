"""The tables of kinds and properties in ``docs/internals.md``, made from ontology, context and shapes.

``python -m fmgraph.publish.property_table`` writes them between the markers of the document; a test holds the
document to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rdflib import SH, Graph, URIRef
from rdflib.collection import Collection

from fmgraph import resources
from fmgraph.check.shape_files import load_shapes
from fmgraph.errors import OntologyError
from fmgraph.ontology import Field, Ontology, Schema
from fmgraph.rdf.prefixes import FAIR4ML, PREFIXES, curie

_MARKED = re.compile(r"(<!-- (?P<name>kinds|properties) -->\n).*?(<!-- end -->)", re.DOTALL)
#: What ``fmgraph.ontology`` says of a property, as the table marks it.
_FLAGS = (
    ("single_valued", "single"),
    ("per_variant", "per variant"),
    ("editorial", "editorial"),
    ("evidence_required", "evidence"),
)


def document() -> Path:
    """Return the document that holds the tables (of a checkout: a wheel has none)."""
    return resources.root() / "docs" / "internals.md"


def render(text: str) -> str:
    """Return the document's text with its tables made anew; raises OntologyError where one has no place."""
    folder = resources.ontology_dir()
    schema = Schema(folder / "context.jsonld", folder / "fmgraph.ttl")
    shapes = load_shapes(resources.shapes_dir(), folder / "fmgraph.ttl").graph
    tables = {"kinds": _kinds(schema.ontology), "properties": _properties(schema, shapes)}
    missing = set(tables) - {match["name"] for match in _MARKED.finditer(text)}
    if missing:
        raise OntologyError(f"no place for {', '.join(sorted(missing))}", file=document())
    return _MARKED.sub(lambda match: f"{match[1]}{_table(tables[match['name']])}{match[3]}", text)


def _kinds(ontology: Ontology) -> Iterator[tuple[str, ...]]:
    yield "kind", "class", "of several", "files under data/", "definition"
    for kind in ontology.kinds.values():
        files = f"`{kind.name}/`" if kind.recorded else ""
        definition = ontology.value(kind.iri, f"{PREFIXES['skos']}definition") or ""
        yield f"`{kind.name}`", f"fmg:{kind.cls}", kind.plural, files, definition


def _properties(schema: Schema, shapes: Graph) -> Iterator[tuple[str, ...]]:
    yield "key", "property", "of", "value", "", "example"
    ontology = schema.ontology
    keys = sorted(schema.fields.values(), key=lambda field: (*ontology.rank(field.iri), field.key))
    for field in keys:
        prop = ontology.property(field.iri)
        flags = ", ".join(name for flag, name in _FLAGS if getattr(prop, flag))
        below = [_curie(one) for one in ontology.values(field.iri, f"{PREFIXES['rdfs']}subPropertyOf")]
        name = _curie(field.iri) + (f" ⊑ {', '.join(below)}" if below else "")
        of = ", ".join(sorted(one.replace("#", "/").rsplit("/", 1)[-1] for one in prop.domains)) or "any"
        examples = ", ".join(f"`{one}`" for one in prop.examples)
        yield f"`{field.key}`", name, of, _value(field, ontology, shapes), flags, examples


def _value(field: Field, ontology: Ontology, shapes: Graph) -> str:
    """Return what the values are: a record's kind, one of some words, a datatype, or an address."""
    if field.range in ontology.kind_of_class:
        return ontology.kind_of_class[field.range or ""].name
    lists = [shapes.value(shape, SH["in"]) for shape in shapes.subjects(SH.path, URIRef(field.iri))]
    words = {str(word) for one in lists if one is not None for word in Collection(shapes, one)}
    if words:
        return " / ".join(f"`{word}`" for word in sorted(words))
    if field.kind:
        return field.kind
    if field.is_iri:
        return f"IRI below <{field.base}>" if field.base else "IRI"
    return _curie(field.datatype) if field.datatype else "text"


def _curie(iri: str) -> str:
    name = curie(iri, {**PREFIXES, "fair4ml": FAIR4ML})
    return f"<{iri}>" if name == iri else name


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    first, *rest = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows]
    return "".join([first, "|---" * (first.count(" | ") + 1) + "|\n", *rest])


def main() -> None:
    """Write the tables into the document."""
    file = document()
    file.write_text(render(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
