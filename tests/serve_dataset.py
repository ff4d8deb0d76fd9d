"""``python serve_dataset.py PORT PATH``: what ``fmgraph serve`` does, with short limits."""

from __future__ import annotations

import sys

from fmgraph.server.http.run_server import serve
from fmgraph.settings import Settings
from fmgraph.site import create_app

if __name__ == "__main__":
    serve(
        create_app,
        [sys.argv[2]],
        Settings(
            port=int(sys.argv[1]),
            workers=2,
            threads=32,
            evaluators=1,
            slow_evaluators=1,
            quick_seconds=0.1,
            timeout_seconds=2,
            base_url="https://fm.example.org/",
        ),
    )
