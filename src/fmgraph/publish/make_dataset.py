"""The graph that comes with fmgraph: built from the shipped records and lists, once, and kept."""

from __future__ import annotations

import getpass
import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from pyoxigraph import Quad, QuerySolutions, RdfFormat, Store

import fmgraph
from fmgraph import __version__, resources
from fmgraph.answers.field_layout import lay_out_field, read_field, write_layout
from fmgraph.answers.named_queries import load_queries
from fmgraph.answers.resolve import entries
from fmgraph.errors import BrokenDataError, UsageError
from fmgraph.ontology import searched_classes
from fmgraph.publish.dataset_names import release_iri
from fmgraph.publish.describe import describe
from fmgraph.publish.released_records import current_release, previous_release
from fmgraph.rdf import text_index
from fmgraph.rdf.dataset_folders import CURRENT, check_whole
from fmgraph.rdf.ntriples import lines_of
from fmgraph.rdf.store import locate_dataset, read_meta, write_dataset

_LOG = logging.getLogger("fmgraph.data")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
#: The code by which the shipped graph is made: a change of it makes the graph anew.
_MAKING = ("rdf", "records", "lists", "graph", "answers", "publish")
_MAKERS = ("ontology.py", "text.py", *(f"{package}/*.py" for package in _MAKING))
#: Graphs that stay in the cache, the new one among them.
_KEPT = 3


def cache_dirs() -> list[Path]:
    """Return the folders that may hold built graphs, the preferred one first.

    ``$XDG_CACHE_HOME/fmgraph`` and no other where that is set, else ``~/.cache/fmgraph``; and where there is
    no home, or it cannot be written, one below the folder of temporary files that is ours alone.
    """
    cache_home = os.environ.get("XDG_CACHE_HOME")
    if cache_home:
        return [Path(cache_home) / "fmgraph"]
    user = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    folders = [Path(tempfile.gettempdir()) / f"fmgraph-{user}"]
    with suppress(RuntimeError):  # nobody's home
        folders.insert(0, Path.home() / ".cache" / "fmgraph")
    return folders


def _writable(folder: Path) -> str:
    """Make a folder for us alone to write to; return why that cannot be, nothing where it can."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return f"{folder} is another user's"
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}"
    return ""


def fingerprint() -> str:
    """Return a digest of all that the shipped graph is made from: files and the version of the code."""
    hasher = hashlib.sha256(__version__.encode())
    folders = (resources.ontology_dir(), resources.queries_dir(), resources.data_dir())
    code = Path(fmgraph.__file__).parent
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [path for name in _MAKERS for path in code.glob(name)]
    for path in sorted(files):
        hasher.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        hasher.update(path.read_bytes())
    return hasher.hexdigest()[:16]


def shipped_dataset(directory: Path | None = None) -> Path:
    """Return the folder of the shipped graph's dataset, building it first where it is not there or damaged.

    Raises BrokenDataError where the data has errors (then nothing is built), UsageError where there is no
    folder to build it in.
    """
    if directory is not None:
        return _ensure_dataset(directory)
    name = fingerprint()
    places = [folder / name for folder in cache_dirs()]
    reasons = []
    for folder in places:
        if _is_whole(folder):
            return folder
    for number, folder in enumerate(places):
        if why := _writable(folder.parent):
            reasons.append(why)
            continue
        if number:
            _LOG.warning("%s; the graph is kept in %s (XDG_CACHE_HOME says where)", reasons[0], folder.parent)
        _ensure_dataset(folder)
        _forget_old(folder.parent)
        return folder
    raise UsageError(f"{'; '.join(reasons)}: set XDG_CACHE_HOME to a folder that can be written")


def _ensure_dataset(folder: Path) -> Path:
    if not _is_whole(folder):
        make_dataset(folder)
    return folder


def _is_whole(folder: Path) -> bool:
    """Tell whether a dataset is there as it was written; one that is not is made again."""
    if not (folder / CURRENT).exists() and not (folder / CURRENT).is_symlink():
        return False
    try:
        read_meta(folder)
        check_whole(locate_dataset(folder))
    except UsageError as error:
        _LOG.warning("%s; it is built again", error)
        return False
    return True


def _forget_old(cache: Path) -> None:
    """Remove graphs of earlier data or code from the cache, but for the newest few: a server may use one."""
    folders = [path for path in cache.iterdir() if _FINGERPRINT.fullmatch(path.name)]
    for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def make_dataset(folder: Path, data_dir: Path | None = None) -> Path:
    """Build the data into a new dataset under ``folder`` and make it current; return the dataset's folder.

    Raises BrokenDataError with the first findings where the data has errors.
    """
    from fmgraph.graph import build  # a third of a second, which a start from the cache need not take

    data_dir = data_dir or resources.data_dir()
    _LOG.info("reading records and lists")
    result = build(data_dir)
    errors = [finding for finding in result.findings if finding.severity == "error"]
    if errors:
        listing = "\n".join(f"  {finding}" for finding in errors[:5])
        more = f"\n  … and {len(errors) - 5} more (fmgraph check lists them)" if len(errors) > 5 else ""
        raise BrokenDataError(
            f"{len(errors)} {'error' if len(errors) == 1 else 'errors'} in the data:\n{listing}{more}"
        )
    version, date = current_release(data_dir)
    store = Store()
    store.bulk_load("".join(result.lines()).encode(), RdfFormat.N_TRIPLES)
    return finish_dataset(store, folder, version, date, previous_release(data_dir))


def finish_dataset(
    source: Iterable[str] | Store | Path, folder: Path, version: str, date: str, previous: str | None = None
) -> Path:
    """Write a graph as a dataset with its description and its search index, and make it current.

    The layout of the field's picture comes with it. ``source`` are lines of N-Triples or a file of them,
    which may be more than memory holds, or a store; ``previous`` is the version before. What comes back is
    the dataset's folder. Raises UsageError when the graph is described already, RdfFileError for a bad file.
    """

    def extend(store: Store, graph: Path) -> Iterator[Quad]:
        queries = load_queries().values()
        lines = partial(lines_of, graph)
        before = previous and release_iri(previous)
        description = describe(store, version, date, queries, previous=before, lines=lines)
        return (Quad(*triple) for triple in description)

    def finish(place: Path) -> None:
        rows = partial(_rows, Store.read_only(str(place / "store")))
        _LOG.info("indexing names")
        text_index.build_index(place / "search.sqlite", entries(rows, searched_classes()))
        _LOG.info("laying out the lineage")
        if (field := read_field(rows)) is not None:
            write_layout(place, read_meta(place).digest, lay_out_field(field))

    return write_dataset(source, folder, version, modified=date, extend=extend, finish=finish)


def _rows(store: Store, query: str) -> Iterator[dict[str, object]]:
    """Yield the solutions of a SELECT one by one: ``engine.rows`` would hold all names of a large graph."""
    solutions = store.query(query)
    assert isinstance(solutions, QuerySolutions)  # noqa: S101 - the queries of the index are SELECT
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        yield {name: solution[name] for name in names}
