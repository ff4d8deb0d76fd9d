"""fmgraph: a knowledge graph of medical foundation models.

>>> import fmgraph
>>> graph = fmgraph.open_graph()  # doctest: +SKIP
>>> graph.query("ASK { ?model a <https://w3id.org/fmgraph/ns#Model> }").askAnswer  # doctest: +SKIP
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rdflib import Graph

__version__ = "0.1.0"
__all__ = ["__version__", "open_graph"]


def open_graph(path: Path | str | None = None) -> Graph:
    """Return the graph as an rdflib Graph over a pyoxigraph store (read it, do not write to it).

    ``path`` is a dataset that ``fmgraph build`` made; without it the shipped data is built (about two
    seconds) or taken from the cache. Raises UsageError where the path is no dataset.
    """
    import rdflib
    from oxrdflib import OxigraphStore
    from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

    from fmgraph.publish.make_dataset import shipped_dataset
    from fmgraph.rdf.store import open_dataset

    dataset = open_dataset(path) if path else open_dataset(shipped_dataset())
    # Without this identifier rdflib would look into a named graph of its own making, which is empty.
    return rdflib.Graph(store=OxigraphStore(store=dataset.store), identifier=DATASET_DEFAULT_GRAPH_ID)
