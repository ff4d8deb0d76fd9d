"""A sentence for each dataset, made of what the graph has: DCAT-AP 3.0.1 asks for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from fmgraph.rdf.prefixes import DCTERMS, SKOS
from fmgraph.rdf.terms import LABEL, A, Term, Triple, iri, literal, own

_DESCRIPTION = iri(f"{DCTERMS}description")
_DEFINITION = iri(f"{SKOS}definition")
#: What is said of a dataset, and how.
_PARTS = ((own("modality"), "modality"), (own("partOf"), "part of"), (own("license"), "licence"))


def dataset_descriptions(triples: Iterable[Triple], names: Mapping[Term, str]) -> set[Triple]:
    """Return a ``dcterms:description`` for each dataset in the triples: its definition or such a sentence.

    ``names`` are the labels of records by their terms.
    """
    predicates = {LABEL, _DEFINITION, *(prop for prop, _ in _PARTS)}
    about: dict[Term, dict[Term, set[Term]]] = defaultdict(lambda: defaultdict(set))
    datasets = set()
    for subject, predicate, obj in triples:
        if predicate == A and obj == own("Dataset"):
            datasets.add(subject)
        elif predicate in predicates:
            about[subject][predicate].add(obj)
    return {
        (node, _DESCRIPTION, text)
        for node in datasets
        for text in about[node][_DEFINITION] or {literal(_sentence(names.get(node, ""), about[node], names))}
    }


def _sentence(name: str, about: Mapping[Term, set[Term]], names: Mapping[Term, str]) -> str:
    parts = []
    for prop, words in _PARTS:
        values = sorted(names[value] for value in about.get(prop, ()) if value in names)
        if values:
            parts.append(f"{words} {', '.join(values)}")
    return "; ".join([f"{name}, a dataset on which models are trained or evaluated", *parts])
