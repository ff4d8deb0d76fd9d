"""Engines: what answers SPARQL queries. See :class:`Engine`.

``RemoteEngine`` is in :mod:`fmgraph.server.engine.remote_endpoint` (its HTTP client need not be loaded by
evaluators), ``PoolEngine`` in :mod:`fmgraph.server.pool.pool_engine`.
"""

from fmgraph.server.engine.engine_interface import (
    GRAPHS,
    JSON_AND_TURTLE,
    SOLUTIONS,
    Answer,
    Engine,
    Kind,
    ResultFormats,
    Term,
)
from fmgraph.server.engine.in_process import InProcessEngine

__all__ = [
    "GRAPHS",
    "JSON_AND_TURTLE",
    "SOLUTIONS",
    "Answer",
    "Engine",
    "InProcessEngine",
    "Kind",
    "ResultFormats",
    "Term",
]
