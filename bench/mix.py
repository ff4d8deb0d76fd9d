"""The queries of the benchmark: what people ask of the catalogue, as standard SPARQL for every server.

A query is a template; its constants are drawn anew for every cold request, and a comment with a number makes
sure that no two requests are alike. ``prepared`` is the same question put to what the build has prepared
(closures, VoID counts, the search index).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from fmgraph.resources import data_dir

PREFIXES = """PREFIX fmg: <https://w3id.org/fmgraph/ns#>
PREFIX model: <https://w3id.org/fmgraph/model/>
PREFIX modality: <https://w3id.org/fmgraph/modality/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
RESULTS, TRIPLES = "application/sparql-results+json", "application/n-triples"
#: The oldest made-up models: thousands of others descend from each.
_ROOTS = 4
_FIRST, _LAST = ("Path", "Retina", "Chest", "Derm"), ("Net", "CLIP", "FM", "Former")

Compare = Literal["all", "count", "none"]


@dataclass(frozen=True)
class Query:
    """One query of the mix."""

    name: str
    title: str
    kind: Literal["lookup", "heavy"]
    text: str
    graph: bool = False
    compare: Compare = "all"  #: what of the results must be equal between servers
    prepared: str | None = None  #: SPARQL for fmgraph


@dataclass(frozen=True)
class Request:
    """A GET of a query, and what is accepted."""

    query: str
    accept: str

    def target(self, endpoint: str) -> str:
        """Return the request target on a server whose SPARQL endpoint is at ``endpoint``."""
        return f"{endpoint}?{urlencode({'query': self.query}, quote_via=quote)}"


MIX: tuple[Query, ...] = (
    Query(
        "star", "star lookup of a model", "lookup",
        """SELECT * WHERE { model:m-{model} rdfs:label ?label ; fmg:year ?year ; fmg:modality ?modality ;
  fmg:backbone ?backbone ; fmg:pretrainingMethod ?method ; fmg:developedBy ?institution .
  ?institution rdfs:label ?by . ?backbone rdfs:label ?architecture }""",
    ),
    Query("describe", "DESCRIBE a model", "lookup", "DESCRIBE model:m-{model}", graph=True),
    Query(
        "construct", "CONSTRUCT a neighbourhood", "lookup",
        """CONSTRUCT { model:m-{model} ?p ?o . ?o rdfs:label ?name . ?other ?q model:m-{model} } WHERE {
  { model:m-{model} ?p ?o OPTIONAL { ?o rdfs:label ?name } } UNION { ?other ?q model:m-{model} } }""",
        graph=True,
    ),
    Query(
        "evidence", "who says so", "lookup",
        """SELECT ?property ?value ?source ?where WHERE { ?claim rdf:subject model:m-{model} ;
  rdf:predicate ?property ; rdf:object ?value ; prov:hadPrimarySource ?source ; fmg:locator ?where }""",
    ),
    Query(
        "ancestors", "ancestors of a model", "lookup",
        "SELECT DISTINCT ?model ?label WHERE { model:m-{model} fmg:builtOn+ ?model . "
        "?model rdfs:label ?label }",
        prepared="SELECT ?model ?label WHERE { model:m-{model} fmg:derivesFrom ?model . "
        "?model rdfs:label ?label }",
    ),
    Query(
        "descendants", "descendants of a popular root", "heavy",
        "SELECT DISTINCT ?model ?label WHERE { ?model fmg:builtOn+ model:m-{root} . "
        "?model rdfs:label ?label }",
        prepared="SELECT ?model ?label WHERE { ?model fmg:derivesFrom model:m-{root} . "
        "?model rdfs:label ?label }",
    ),
    Query(
        "filter", "by modality and year", "heavy",
        """SELECT ?model ?label WHERE { ?model fmg:modality modality:{modality} ;
  fmg:year "{year}"^^xsd:gYear ; rdfs:label ?label } ORDER BY ?label LIMIT 100""",
    ),
    Query(
        "group", "group by backbone and modality", "heavy",
        """SELECT ?backbone ?modality (COUNT(*) AS ?n) WHERE {
  ?model a fmg:Model ; fmg:backbone ?backbone ; fmg:modality ?modality } GROUP BY ?backbone ?modality""",
    ),
    Query(
        "modalities", "models per modality", "heavy",
        """SELECT ?modality (COUNT(*) AS ?n) WHERE { ?model a fmg:Model ; fmg:modality ?modality }
GROUP BY ?modality""",
        prepared="""SELECT ?modality ?n WHERE { ?class void:class fmg:Model ; void:propertyPartition ?use .
  ?use void:property fmg:modality ; void-ext:objectPartition ?part .
  ?part void-ext:object ?modality ; void:triples ?n }""",
    ),
    Query(
        "text", "text in a label", "heavy",
        """SELECT ?model ?label WHERE { ?model rdfs:label ?label
  FILTER(CONTAINS(LCASE(?label), "{word}")) } ORDER BY ?label ?model LIMIT 30""",
        prepared="""SELECT ?model ?label WHERE { ?model fmg:matches "{word}" . ?model rdfs:label ?label }
ORDER BY ?label ?model LIMIT 30""",
    ),
    Query(
        "optional", "optional join", "heavy",
        """SELECT ?model ?label ?weights ?license ?access WHERE { ?model fmg:modality modality:{modality} ;
  rdfs:label ?label OPTIONAL { ?model fmg:weights ?weights } OPTIONAL { ?model fmg:weightsLicense ?license }
  OPTIONAL { ?model fmg:access ?access } } ORDER BY ?label ?weights LIMIT 200""",
    ),
    Query(
        "top", "top built-on", "heavy",
        """SELECT ?root (COUNT(?model) AS ?n) WHERE { ?model fmg:builtOn ?root }
GROUP BY ?root ORDER BY DESC(?n) ?root LIMIT 20""",
    ),
    Query(
        "rows", "10,000 rows", "heavy",
        "SELECT ?claim ?model ?value WHERE { ?claim rdf:predicate fmg:backbone ; rdf:subject ?model ; "
        "rdf:object ?value } LIMIT 10000",
        compare="count",
    ),
    Query(
        "count", "count of all triples", "heavy", "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    ),
)  # fmt: skip


def requests(query: Query, models: int, seed: int, *, prepared: bool = False) -> Iterator[Request]:
    """Yield requests without end, no two alike; the same for the same arguments."""
    pick = random.Random(f"{query.name} {seed}")
    modalities = sorted(path.stem for path in (data_dir() / "modality").glob("*.yaml"))
    template = query.prepared if prepared and query.prepared else query.text
    number = 0
    while True:
        number += 1
        number_of_model = pick.randrange(models // 100, models)
        values = {
            "model": str(number_of_model),
            "root": str(pick.randrange(_ROOTS)),
            "modality": modalities[int(pick.random() ** 3 * len(modalities))],
            "year": str(pick.randint(2015, 2024)),
            "word": f"{pick.choice(_FIRST)}{pick.choice(_LAST)} {number_of_model % 100}".lower(),
        }
        text = template
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        yield Request(f"{PREFIXES}{text}\n# {seed}.{number}", TRIPLES if query.graph else RESULTS)
