"""A made-up catalogue of any size with the shape of the real one.

It is the shipped graph and N more models with papers, datasets, lineage in which the old and popular gain
most (so that some roots have thousands of descendants), claims for all triples, and lists with rows.
Everything follows from the seed. Triples are written model by model, so that memory does not grow with N
beyond the lineage itself (about 1 kB a model). About 130 triples a model.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from fmgraph.graph import build
from fmgraph.graph.claims import Claim, accepted
from fmgraph.graph.materialise import umbrellas
from fmgraph.graph.quantities import Quantity
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, FOAF, PROV, SCHEMA, XSD
from fmgraph.rdf.terms import LABEL, A, Term, Triple, entity, integer, iri, line, literal, own
from fmgraph.resources import ontology_dir

_CONCEPTS = ("backbone", "method", "modality", "institution", "venue", "license", "unit")
_RELATIONS = ("initialisedFrom", "fineTunedFrom", "adapts", "usesEncoder", "distilledFrom", "successorOf")
_FIRST = ("Path", "Retina", "Chest", "Derm", "Echo", "Neuro", "Cell", "Omni", "Med", "Onco", "Cardio", "Skin")
_LAST = ("Net", "CLIP", "FM", "Former", "Vision", "Found", "GPT", "Scope", "Encoder", "MAE", "DINO", "Bridge")
_WORDS = ("general", "foundation", "model", "self-supervised", "image", "report", "slides", "robust", "large")
_ROWS_PER_LIST = 500
_POSITION = iri(f"{SCHEMA}position")
_VALUE = iri(f"{PROV}value")


@dataclass
class Catalogue:
    """The generator: :meth:`triples` yields the whole graph."""

    models: int
    seed: int = 7
    schema: Schema = field(default_factory=lambda: Schema(*_ontology()))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._base = build().triples
        self._concepts = {
            kind: sorted(
                triple[0]
                for triple in self._base
                if triple[1] == A
                and triple[0].startswith(f"<{BASE}{kind}/")
                and triple[2].startswith(f"<{FMG}")
            )
            for kind in _CONCEPTS
        }
        self._licenses = sorted(
            {triple[0] for triple in self._base if triple[1] == A and triple[2] == own("License")}
        )
        self._ancestors: list[frozenset[int]] = []
        self._weights: list[frozenset[int]] = []
        self._popular: list[int] = []

    def triples(self) -> Iterator[Triple]:
        """Yield every triple, a few of them twice; once, since the random numbers go on."""
        yield from self._base
        for number in range(max(10, self.models // 20)):
            yield from self._dataset(number)
        for number in range(self.models):
            yield from self._model(number)

    def _dataset(self, number: int) -> Iterator[Triple]:
        node = entity("dataset", f"set-{number}")
        yield node, A, own("Dataset")
        yield node, LABEL, literal(f"Data Set {number}")
        if number >= 10 and number % 7 == 0:
            whole = entity("dataset", f"set-{number % 10}")
            source = f"https://example.org/set/{number}"
            yield from _source(source, f"Data Set {number}")
            yield from self._stated([self._claim(node, "partOf", whole, source)])
            yield node, own("partOfTransitive"), whole

    def _claim(self, subject: Term, predicate: str, value: Term, source: str) -> Claim:
        return Claim(subject, own(predicate), value, iri(source), "primary", locator="README, first section")

    def _stated(self, claims: list[Claim]) -> Iterator[Triple]:
        plain = accepted(claims, self.schema)
        yield from plain
        yield from umbrellas(plain, self.schema)
        for claim in claims:
            yield from claim.triples()

    def _model(self, number: int) -> Iterator[Triple]:
        pick = self._random
        name = f"{pick.choice(_FIRST)}{pick.choice(_LAST)}"
        node, paper = entity("model", f"m-{number}"), entity("paper", f"m-{number}")
        label = f"{name} {number}"
        title = f"{label}: a {pick.choice(_WORDS)} {pick.choice(_WORDS)} {pick.choice(_WORDS)}"
        yield from ((node, A, own("Model")), (node, A, own("Work")), (node, LABEL, literal(label)))
        yield from ((node, own("scope"), literal("medical")), (node, own("describedBy"), paper))
        yield from ((paper, A, own("Paper")), (paper, LABEL, literal(title)))
        source = f"https://github.com/example/m-{number}/blob/main/README.md"
        yield from _source(source, f"example/m-{number}: README.md")
        claims = [self._claim(node, key, value, source) for key, value in self._facts(number)]
        claims += [self._claim(paper, "title", literal(title), source)]
        claims += [self._claim(paper, "publishedIn", self._zipf("venue"), source)]
        yield from self._lineage(number, node, claims, source)
        size = Quantity(Decimal(10 ** pick.randint(3, 8) * pick.randint(1, 99)), "image", "images")
        yield from size.triples()
        claims.append(self._claim(node, "dataScale", size.term, source))
        if number % 3 == 0:
            yield from self._row(number, node, claims)
        yield from self._stated(claims)

    def _facts(self, number: int) -> Iterable[tuple[str, Term]]:
        pick = self._random
        yield "year", literal(str(2015 + min(10, int(pick.expovariate(0.3)))), f"{XSD}gYear")
        for key, kind in (
            ("modality", "modality"),
            ("backbone", "backbone"),
            ("pretrainingMethod", "method"),
        ):
            yield key, self._zipf(kind)
        yield "developedBy", self._zipf("institution")
        yield "code", iri(f"https://github.com/example/m-{number}")
        if number % 2:
            yield "weights", iri(f"https://huggingface.co/example/m-{number}")
            yield "access", literal("open" if number % 4 == 1 else "gated")
            yield "weightsLicense", pick.choice(self._licenses)
        yield "trainedOn", entity("dataset", f"set-{int(pick.random() ** 3 * max(10, self.models // 20))}")

    def _zipf(self, kind: str) -> Term:
        concepts = self._concepts[kind]
        return concepts[int(self._random.random() ** 3 * len(concepts))]

    def _lineage(self, number: int, node: Term, claims: list[Claim], source: str) -> Iterator[Triple]:
        """Add claims for the parents; yield the closures, which the build would make."""
        pick = self._random
        parents = (
            {pick.choice(self._popular) for _ in range(pick.choice((0, 1, 1, 2)))} if self._popular else set()
        )
        above: set[int] = set()
        weights: set[int] = set()
        for parent in sorted(parents):
            relation = pick.choice(_RELATIONS)
            claims.append(self._claim(node, relation, entity("model", f"m-{parent}"), source))
            above |= {parent} | self._ancestors[parent]
            if FMG + relation in self.schema.ontology.flagged("passesWeights"):
                weights |= {parent} | self._weights[parent]
            self._popular.append(parent)
        self._popular.append(number)
        self._ancestors.append(frozenset(above))
        self._weights.append(frozenset(weights))
        for property_, ends in (("derivesFrom", above), ("weightsDeriveFrom", weights)):
            for ancestor in ends:
                yield node, own(property_), entity("model", f"m-{ancestor}")

    def _row(self, number: int, node: Term, claims: list[Claim]) -> Iterator[Triple]:
        list_number, position = divmod(number // 3, _ROWS_PER_LIST)
        source_list = entity("list", f"list-{list_number}")
        row = entity("row", f"list-{list_number}-{position + 1:03}")
        cell = iri(f"{BASE}row/list-{list_number}-{position + 1:03}#backbone")
        table = iri(f"{BASE}list/list-{list_number}#table-1")
        column = iri(f"{BASE}list/list-{list_number}#table-1-backbone")
        if position == 0:
            yield from self._list(source_list, table, column, f"List {list_number}")
        yield row, A, own("ListRow")
        yield row, LABEL, literal(f"List {list_number}, row {position + 1}")
        yield row, iri(f"{DCTERMS}isPartOf"), source_list
        yield row, own("inTable"), table
        yield row, _POSITION, integer(position + 1)
        yield row, own("line"), integer(position + 3)
        yield row, iri(f"{FOAF}primaryTopic"), node
        yield cell, A, own("Cell")
        yield cell, own("inRow"), row
        yield cell, own("column"), column
        said = next(claim for claim in claims if claim.predicate == own("backbone"))
        raw = said.object.rsplit("/", 1)[1].rstrip(">")
        yield cell, _VALUE, literal(raw)
        claims.append(Claim(node, said.predicate, said.object, row, "list", cell=cell, raw=raw))

    def _list(self, node: Term, table: Term, column: Term, label: str) -> Iterator[Triple]:
        yield from ((node, A, own("SourceList")), (node, LABEL, literal(label)))
        yield node, own("layout"), literal("table")
        yield from ((table, A, own("Table")), (table, LABEL, literal("Models")))
        yield from ((table, iri(f"{DCTERMS}isPartOf"), node), (table, _POSITION, integer(1)))
        yield from ((column, A, own("Column")), (column, LABEL, literal("Backbone")))
        yield from ((column, own("inTable"), table), (column, _POSITION, integer(1)))
        yield column, own("stored"), literal("true", f"{XSD}boolean")


def _source(address: str, label: str) -> Iterator[Triple]:
    yield iri(address), A, own("Source")
    yield iri(address), LABEL, literal(label)


def _ontology() -> tuple[Path, Path]:
    folder = ontology_dir()
    return folder / "context.jsonld", folder / "fmgraph.ttl"


def write(models: int, path: Path, seed: int = 7) -> int:
    """Write a catalogue as N-Triples (in no order, a few lines twice) and return the number of lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for triple in Catalogue(models, seed).triples():
            file.write(line(triple))
            count += 1
    return count
