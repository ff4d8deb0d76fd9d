"""What follows from the accepted triples and is put into the graph, so that plain queries find it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from fmgraph.ontology import Alignment, Schema
from fmgraph.rdf.terms import A, Term, Triple, bare, iri, own

_WEIGHTS = own("weightsDeriveFrom")


def umbrellas(triples: Iterable[Triple], schema: Schema) -> set[Triple]:
    """Return the superproperty and superclass triples of the given ones."""
    above = {
        iri(name): [iri(parent) for parent in parents] for name, parents in schema.superproperties.items()
    }
    classes = {
        iri(name): [iri(parent) for parent in parents] for name, parents in schema.superclasses.items()
    }
    umbrella_triples: set[Triple] = set()
    for subject, predicate, obj in triples:
        if predicate == A:
            umbrella_triples.update((subject, A, parent) for parent in classes.get(obj, ()))
        else:
            umbrella_triples.update((subject, parent, obj) for parent in above.get(predicate, ()))
    return umbrella_triples


def aligned(triples: Iterable[Triple], schema: Schema) -> set[Triple]:
    """Return what the alignments add: triples of other vocabularies, for subjects of certain classes.

    Superclasses must be among the given triples.
    """
    alignments: dict[Term, list[Alignment]] = defaultdict(list)
    for alignment in schema.alignments:
        alignments[iri(alignment.prop)].append(alignment)
    classes = {iri(cls) for alignment in schema.alignments for cls in alignment.classes}
    members: dict[Term, set[str]] = defaultdict(set)
    property_triples: list[Triple] = []
    for triple in triples:
        if triple[1] == A and triple[2] in classes:
            members[triple[0]].add(bare(triple[2]))
        elif triple[1] in alignments:
            property_triples.append(triple)
    return {
        (subject, iri(target), f"{obj}@{alignment.language}" if alignment.language else obj)
        for subject, predicate, obj in property_triples
        for alignment in alignments[predicate]
        if alignment.classes & members[subject]
        for target in alignment.targets
    }


def closures(
    triples: Iterable[Triple], schema: Schema, not_had: Container[Triple] = frozenset()
) -> set[Triple]:
    """Return the triples of the transitive closures; a cycle relates its members to each other.

    Weights are not followed over the triples in ``not_had``.
    """
    walked: dict[Term, list[Term]] = {}
    for closure in sorted(schema.ontology.closures):
        for step in schema.ontology.steps(closure):
            walked.setdefault(iri(step), []).append(iri(closure))
    edges: dict[Term, dict[Term, set[Term]]] = defaultdict(lambda: defaultdict(set))
    for subject, predicate, obj in triples:
        for closure_iri in walked.get(predicate, ()):
            if closure_iri == _WEIGHTS and (subject, predicate, obj) in not_had:
                continue
            edges[closure_iri][subject].add(obj)
    return {
        (start, closure_iri, end)
        for closure_iri, steps in edges.items()
        for start, ends in transitive(steps).items()
        for end in ends
    }


def transitive(edges: Mapping[Term, set[Term]]) -> dict[Term, set[Term]]:
    """Return everything reachable from each start over one or more edges."""
    done: dict[Term, set[Term]] = {}
    for start in edges:
        seen: set[Term] = set()
        todo = list(edges[start])
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in done:
                seen |= done[node]
            else:
                todo.extend(edges.get(node, ()))
        done[start] = seen
    return done
