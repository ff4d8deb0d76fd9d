"""Named queries and lineage: questions that fmgraph knows how to ask."""
