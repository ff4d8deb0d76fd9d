"""What language-model agents ask, as tools of the Model Context Protocol.

:mod:`fmgraph.agents.graph_tools` answers, over any engine, in plain values; :mod:`fmgraph.agents.mcp_server`
offers the answers by the SDK (the extra ``mcp``).
"""
