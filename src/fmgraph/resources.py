"""Where the ontology, shapes, queries and data are: in a checkout or inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent
_WHEEL = _PACKAGE / "_files"


def root() -> Path:
    """Return the folder that holds ``ontology/``, ``shapes/``, ``queries/`` and ``data/``.

    Inside an installed wheel that is ``fmgraph/_files``; in a checkout it is the top of the checkout.
    """
    return _WHEEL if _WHEEL.is_dir() else _CHECKOUT


def ontology_dir() -> Path:
    """Return the folder of ``fmgraph.ttl`` and ``context.jsonld``."""
    return root() / "ontology"


def shapes_dir() -> Path:
    """Return the folder of the SHACL shapes, one file per kind."""
    return root() / "shapes"


def queries_dir() -> Path:
    """Return the folder of the named queries (``*.rq``)."""
    return root() / "queries"


def data_dir() -> Path:
    """Return the folder of the shipped records and lists."""
    return root() / "data"
