"""The shapes as the checks use them: the files, with what no static file can say filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from license_expression import get_spdx_licensing
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import BASE, FMG

#: Namespace of the shapes, preferred prefix ``fmgsh``.
FMGSH = f"{BASE}shapes#"
SPDX = "https://spdx.org/licenses/"
#: The first year a work may have; the last is next year.
FIRST_YEAR = 1990
#: The ways in which a shape says what it is about (SHACL, section 2.1.3).
TARGETS = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)

_CLAIMED = URIRef(FMG + "claimed")
_DERIVED = (URIRef(FMG + "derived"), URIRef(FMG + "materialised"))
_YEAR = URIRef(f"{FMGSH}year")
_SPDX = URIRef(f"{FMGSH}spdx")


@dataclass(frozen=True)
class Shapes:
    """Shapes and ontology as rdflib graphs, for pyshacl and for the compiler alike."""

    graph: Graph
    ontology: Graph

    @cached_property
    def subclasses(self) -> dict[Node, frozenset[Node]]:
        """Each class of the ontology with itself and all its subclasses."""
        classes = set(self.ontology.subjects(RDFS.subClassOf)) | set(
            self.ontology.objects(None, RDFS.subClassOf)
        )
        below = self.ontology.transitive_subjects
        return {cls: frozenset(node for node in below(RDFS.subClassOf, cls) if node) for cls in classes}

    def predicate(self, shape: Node | None) -> str | None:
        """Return the property that a property shape is about: that of its path, or the path's first."""
        node = self.graph.value(shape, SH.path) if shape is not None else None
        while node is not None and not isinstance(node, URIRef):
            node = (
                self.graph.value(node, RDF.first)
                or self.graph.value(node, SH.alternativePath)
                or self.graph.value(node, SH.inversePath)
            )
        return str(node) if node is not None else None

    def message(self, shape: Node) -> str:
        """Return the shape's ``sh:message``: what would be right; "" where it has none."""
        return str(self.graph.value(shape, SH.message) or "")


def spdx_iris() -> list[str]:
    """Return the IRIs of all SPDX licence identifiers, from the list that license-expression carries."""
    symbols = get_spdx_licensing().known_symbols.values()
    return sorted(
        SPDX + str(symbol.key)
        for symbol in symbols
        if not symbol.is_exception and not symbol.key.startswith("LicenseRef-")
    )


def load_shapes(shapes_dir: Path, ontology_file: Path, this_year: int | None = None) -> Shapes:
    """Return the shapes of all files in the folder and the ontology.

    Years are bounded by the year after ``this_year`` (by default the current one, UTC), licences by the
    SPDX list; closed shapes let derived properties pass. Raises OntologyError where a file cannot be
    read or a shape that is filled in is missing.
    """
    year = this_year if this_year is not None else datetime.now(UTC).year
    graph, ontology = Graph(), Graph()
    files = sorted(shapes_dir.glob("*.ttl"))
    if not files:
        raise OntologyError("there are no shapes", file=shapes_dir, remedy="reinstall fmgraph")
    for path, target in [*((path, graph) for path in files), (ontology_file, ontology)]:
        try:
            target.parse(path, format="turtle")
        except (OSError, SyntaxError, ValueError) as error:
            raise OntologyError(f"is not readable Turtle: {error}", file=path) from error
    for shape in (_YEAR, _SPDX):
        if (shape, SH.pattern, None) not in graph:
            raise OntologyError(f"there is no shape {shape} with a pattern", file=shapes_dir)
    years = "|".join(str(number) for number in range(FIRST_YEAR, year + 2))
    graph.set((_YEAR, SH.pattern, Literal(f"^({years})$")))
    licences = URIRef(f"{FMGSH}spdx-licences")
    Collection(graph, licences, [URIRef(iri) for iri in spdx_iris()])
    graph.set((_SPDX, SH["in"], licences))
    _let_derived_pass(graph, ontology)
    return Shapes(graph, ontology)


def _let_derived_pass(graph: Graph, ontology: Graph) -> None:
    """Let every closed shape ignore what the ontology marks as derived: nobody has stated it."""
    derived = {term for flag in _DERIVED for term in ontology.subjects(flag, Literal(True))}
    derived -= set(ontology.subjects(_CLAIMED, Literal(True)))
    for shape in set(graph.subjects(SH.closed)):
        ignored = graph.value(shape, SH.ignoredProperties)
        passing = derived | (set(Collection(graph, ignored)) if ignored is not None else set())
        names = URIRef(f"{shape}-passing")
        Collection(graph, names, sorted(passing, key=str))
        graph.set((shape, SH.ignoredProperties, names))
