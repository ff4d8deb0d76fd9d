"""fmgraph: a knowledge graph of medical foundation models.

>>> import fmgraph
>>> fmgraph.resolve("MahmoodLab/UNI").iri
'https://w3id.org/fmgraph/model/uni'
>>> "GPFM" in [row["label"] for row in fmgraph.lineage("CONCH").works]
True
>>> fmgraph.ask("leaks", dataset="TCGA")[0]["trainedOnLabel"]
'The Cancer Genome Atlas (TCGA)'
>>> fmgraph.open_graph().query("ASK { model:uni a fmg:Model }").askAnswer
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rdflib import Graph

    from fmgraph.python_api import Lineage, Table, ask, lineage, resolve, search, select

__version__ = "0.2.0"
__all__ = ["Lineage", "Table", "__version__", "ask", "lineage", "open_graph", "resolve", "search", "select"]


def __getattr__(name: str) -> Any:
    """Load the API when it is used: a command that needs none of it starts without it (PEP 562)."""
    if name in __all__:
        from fmgraph import python_api

        return getattr(python_api, name)
    raise AttributeError(f"module 'fmgraph' has no attribute {name!r}")


def open_graph(path: Path | str | None = None) -> Graph:
    """Return the graph as an rdflib Graph over a pyoxigraph store (read it, do not write to it).

    ``path`` is a dataset that ``fmgraph build`` made; without it the shipped data is built (seconds) or taken
    from the cache. The usual prefixes are bound. Raises UsageError where the path is no dataset.
    """
    import rdflib
    from oxrdflib import OxigraphStore
    from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

    from fmgraph.ontology import prefixes
    from fmgraph.publish.make_dataset import shipped_dataset
    from fmgraph.rdf.store import open_dataset

    dataset = open_dataset(path or shipped_dataset())
    # Without this identifier rdflib would look into a named graph of its own making, which is empty.
    graph = rdflib.Graph(store=OxigraphStore(store=dataset.store), identifier=DATASET_DEFAULT_GRAPH_ID)
    for prefix, namespace in prefixes().items():
        graph.bind(prefix, namespace)
    return graph
