"""What ``python -m bench run`` compares with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bench.servers import Server, oxigraph_disk, oxigraph_memory, rdflib_endpoint
from bench.virtuoso import virtuoso

#: By the name in ``--servers``.
OTHERS: dict[str, Callable[[Path, Path], AbstractContextManager[Server]]] = {
    "oxigraph-disk": oxigraph_disk,
    "oxigraph-memory": oxigraph_memory,
    "rdflib-endpoint": rdflib_endpoint,
    "virtuoso": virtuoso,
}
