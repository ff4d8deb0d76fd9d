"""The tools as a server of the Model Context Protocol, by the official SDK (https://modelcontextprotocol.io)."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from fmgraph import __version__
from fmgraph.agents.graph_tools import GraphTools
from fmgraph.agents.schema_summary import schema_summary
from fmgraph.errors import FmgraphError
from fmgraph.server.engine import Engine

_INSTRUCTIONS = (
    "A knowledge graph of medical foundation models: lineage, training data, licences, results, each "
    "fact with its "
    "claim and source. What is absent is unknown, not 'no': say so. Names may be given as people write them. "
    "For what no other tool answers, read schema once and use sparql."
)
_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def make_server(engine: Engine) -> MCPServer[Any]:
    """Return the server over an engine; every tool only reads."""
    server: MCPServer[Any] = MCPServer(
        "fmgraph", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING"
    )
    tools = GraphTools(engine)
    for name, function in inspect.getmembers(tools, inspect.ismethod):
        if not name.startswith("_"):
            _add(server, name, function)

    def schema() -> str:
        """Read the graph's schema: prefixes, classes, properties, patterns, traps; under 1,500 tokens."""
        return schema_summary(engine)

    _add(server, "schema", schema)
    return server


def _add(server: MCPServer[Any], name: str, function: Callable[..., Any]) -> None:
    """Add a tool: its answer is compact JSON, its errors are the graph's, for the model to read."""

    @functools.wraps(function)
    def tool(*arguments: Any, **keywords: Any) -> str:
        try:
            answer = function(*arguments, **keywords)
        except FmgraphError as error:
            raise ToolError(str(error)) from None
        return (
            answer
            if isinstance(answer, str)
            else json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        )

    tool.__annotations__ = {**inspect.get_annotations(function, eval_str=True), "return": str}
    tool.__signature__ = inspect.signature(function, eval_str=True).replace(return_annotation=str)  # type: ignore[attr-defined]
    description = inspect.getdoc(function) or name
    server.add_tool(tool, name=name, description=description, annotations=_READ_ONLY, structured_output=False)
