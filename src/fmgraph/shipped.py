"""The graph that comes with fmgraph: built from the shipped records and lists, once, and kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from fmgraph import __version__, resources
from fmgraph.build import build
from fmgraph.errors import BrokenDataError
from fmgraph.store import write_dataset


def cache_dir() -> Path:
    """Return the folder of built graphs: ``$XDG_CACHE_HOME/fmgraph``, by default ``~/.cache/fmgraph``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fmgraph"


def fingerprint() -> str:
    """Return a digest of all that the shipped graph is made from: files and the version of the code."""
    hasher = hashlib.sha256(__version__.encode())
    folders = (resources.ontology_dir(), resources.queries_dir(), resources.data_dir())
    code = Path(__file__).parent
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [path for folder in ("build", "lists", "describe") for path in (code / folder).glob("*.py")]
    for path in sorted(files):
        hasher.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        hasher.update(path.read_bytes())
    return hasher.hexdigest()[:16]


def shipped_dataset(directory: Path | None = None) -> Path:
    """Return the folder of the shipped graph's dataset, building it first where it is not there yet.

    Raises BrokenDataError where the data has errors (then nothing is built).
    """
    folder = directory or cache_dir() / fingerprint()
    if not (folder / "current").exists():
        make_dataset(folder)
    return folder


def make_dataset(folder: Path, data_dir: Path | None = None) -> Path:
    """Build the data into a new dataset under ``folder`` and make it current; return the dataset's folder.

    Raises BrokenDataError with the first findings where the data has errors.
    """
    result = build(data_dir)
    errors = [finding for finding in result.findings if finding.severity == "error"]
    if errors:
        shown = "\n".join(f"  {finding}" for finding in errors[:5])
        more = f"\n  … and {len(errors) - 5} more (fmgraph check lists them)" if len(errors) > 5 else ""
        raise BrokenDataError(f"the data has {len(errors)} errors:\n{shown}{more}")
    return write_dataset(result.lines(), folder, version=__version__)
