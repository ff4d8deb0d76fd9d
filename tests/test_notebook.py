"""The notebook of the docs, executed by Jupyter's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"
EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


def test_the_notebook_runs_and_shows_what_it_says(shipped_dir: Path, tmp_path: Path):
    """In a process of its own: what Jupyter warns of is Jupyter's."""
    run = tmp_path / "run.ipynb"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EXECUTE, str(NOTEBOOK), str(run)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = [cell for cell in json.loads(run.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in cells)
    shown = json.dumps([cell["outputs"] for cell in cells])
    for expected in ("model/uni", "RETFound", "TITAN", "usesEncoder", "unknown", "text/html"):
        assert expected in shown


def test_no_answers_are_kept_in_the_file():
    """They would tell of data that have changed."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
