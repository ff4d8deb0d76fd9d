"""What a query is allowed to be, decided from its tokens before any parser sees it: :func:`inspect`."""

from fmgraph.server.guard.cost import LOOKUP, NORMAL, SUSPICIOUS
from fmgraph.server.guard.inspection import Inspection, inspect
from fmgraph.server.guard.volatility import is_volatile

__all__ = ["LOOKUP", "NORMAL", "SUSPICIOUS", "Inspection", "inspect", "is_volatile"]
