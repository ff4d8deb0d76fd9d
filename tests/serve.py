"""``python serve.py PORT FILE…``: serves RDF files, evaluating in the workers; for tests of HTTP alone."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from fmgraph.errors import UsageError
from fmgraph.rdf.store import dataset_of_files
from fmgraph.server.engine import InProcessEngine
from fmgraph.server.http.run_server import run
from fmgraph.settings import Settings
from fmgraph.site import create_app

if __name__ == "__main__":
    port, *files = sys.argv[1:]
    dumps = os.environ.get("DUMPS")
    try:
        run(
            create_app,
            partial(InProcessEngine, dataset_of_files(files)),
            Settings(port=int(port), workers=2, threads=4, queue=4, base_url="https://fm.example.org/"),
            reload=partial(print, "reloaded", flush=True),
            dumps=Path(dumps) if dumps else None,
        )
    except UsageError as error:
        sys.exit(f"{error}")
