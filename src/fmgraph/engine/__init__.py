"""Engines: what answers SPARQL queries. See :class:`Engine`.

``RemoteEngine`` is in :mod:`fmgraph.engine.remote`: its HTTP client need not be loaded by evaluators.
"""

from fmgraph.engine.inprocess import InProcessEngine
from fmgraph.engine.launch import BrokerProcess
from fmgraph.engine.pool import PoolEngine
from fmgraph.engine.protocol import (
    GRAPHS,
    JSON_AND_TURTLE,
    SOLUTIONS,
    Answer,
    Engine,
    Kind,
    ResultFormats,
    Term,
)

__all__ = [
    "GRAPHS",
    "JSON_AND_TURTLE",
    "SOLUTIONS",
    "Answer",
    "BrokerProcess",
    "Engine",
    "InProcessEngine",
    "Kind",
    "PoolEngine",
    "ResultFormats",
    "Term",
]
