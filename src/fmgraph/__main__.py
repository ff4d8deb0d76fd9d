"""``python -m fmgraph``."""

from fmgraph.cli import main

main()
