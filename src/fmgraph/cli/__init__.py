"""The ``fmgraph`` command."""

from __future__ import annotations

from fmgraph.cli.main import main

__all__ = ["main"]
