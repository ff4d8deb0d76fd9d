"""What has to be looked at when records or lists have changed."""

from __future__ import annotations

from collections.abc import Collection

import pyoxigraph as ox

from fmgraph.rdf.prefixes import DCTERMS, FMG, PROV, RDF

#: Predicates by which nodes point to an entity or list that are checked together with it.
_PARTS = (
    f"{RDF}subject",  # claims about it
    f"{FMG}ofPaper",  # the authorships of a paper
    f"{DCTERMS}isPartOf",  # the rows and tables of a list …
    f"{PROV}wasQuotedFrom",  # … the claims that they make …
    f"{FMG}inRow",  # … and their cells
)


def focus_nodes(store: ox.Store, entities: Collection[str]) -> list[str]:
    """Return what has to be checked when the entities or lists (IRIs) have changed.

    That is they themselves, the claims about them, the authorships of papers, the rows of lists with their
    cells and claims.
    """
    nodes = dict.fromkeys(entities)
    todo = list(entities)
    while todo:
        node = ox.NamedNode(todo.pop())
        for predicate in _PARTS:
            for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), node):
                if isinstance(quad.subject, ox.NamedNode) and quad.subject.value not in nodes:
                    nodes[quad.subject.value] = None
                    todo.append(quad.subject.value)
    return list(nodes)
