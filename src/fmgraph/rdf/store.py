"""Datasets on disk and RDF files: the only places where a pyoxigraph store is made.

A dataset is a folder named by the first twelve hex digits of its digest, and ``current`` beside it leads to
the one that is served (docs/internals.md, "A dataset on disk"). A folder appears by one rename when it is
complete, so that a reader sees all of it or nothing (:mod:`fmgraph.rdf.dataset_folders`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from pyoxigraph import Quad, RdfFormat, Store, parse

from fmgraph.errors import RdfFileError, UsageError
from fmgraph.rdf.dataset_folders import CURRENT, building, check_whole, digest, followed, publish, seal
from fmgraph.rdf.degrees import count_degrees
from fmgraph.rdf.ntriples import add_sorted, dumped, lines_of, write_sorted
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.read_files import load_files

_LOG = logging.getLogger("fmgraph.data")
#: From this many triples on, a dataset is served from disk: in memory each takes about 500 bytes.
DISK_FROM = 3_000_000


@dataclass(frozen=True)
class Meta:
    """What is known of a dataset without opening its store."""

    digest: str  #: SHA-256 of ``graph.nt`` in hex; of the files' bytes for a dataset made of files
    version: str
    triples: int
    base: str  #: base of the entity IRIs
    modified: str  #: ISO 8601 date, or date and time in UTC
    storage: Literal["memory", "disk"]  #: where evaluators answer from; both kinds have a store on disk


@dataclass(frozen=True)
class Dataset:
    """An opened dataset. ``path`` is None when it was made of files (``--data``)."""

    path: Path | None
    meta: Meta
    store: Store

    @property
    def triples(self) -> int | None:
        """How many the default graph has; None for files, which may have named graphs too."""
        return None if self.path is None else self.meta.triples

    @property
    def search(self) -> Path | None:
        """The index of names (:mod:`fmgraph.rdf.text_index`) that a built dataset has."""
        return search_index(self.path)


def search_index(folder: Path | None) -> Path | None:
    """Return the index of names in a dataset's folder, None where there is none."""
    file = folder and folder / "search.sqlite"
    return file if file and file.is_file() else None


def locate_dataset(path: Path | str) -> Path:
    """Return the digest-named folder that ``path`` is, links to, or has as ``current``; raises UsageError."""
    path = Path(path)
    for candidate in (path, followed(path / CURRENT), followed(path)):
        if (candidate / "meta.json").is_file():
            return candidate.resolve()
    raise UsageError(f"{path} is not a dataset: it has no meta.json (fmgraph build makes one)")


def read_meta(path: Path | str) -> Meta:
    """Return the meta data of the dataset at ``path``; raises UsageError when there is none to be read."""
    file = locate_dataset(path) / "meta.json"
    try:
        return Meta(**json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise UsageError(f"{file} is damaged ({error}): run fmgraph build again") from error


def open_dataset(path: Path | str, *, few_queries: bool = False) -> Dataset:
    """Open the dataset at ``path`` (its folder, or the folder above with ``current``).

    A small one is loaded into memory (about 4 s per million triples), a large one is opened read-only from
    disk (milliseconds, and each query takes longer): so is every one for ``few_queries``. Raises UsageError
    when there is none or it is damaged.
    """
    folder = locate_dataset(path)
    meta = read_meta(folder)
    check_whole(folder)
    try:
        if meta.storage == "disk" or (few_queries and (folder / "store").is_dir()):
            return Dataset(folder, meta, Store.read_only(str(folder / "store")))
        store = Store()
        store.bulk_load(path=folder / "graph.nt")
    except (OSError, SyntaxError) as error:
        raise UsageError(f"{folder} cannot be opened ({error}): run fmgraph build again") from error
    return Dataset(folder, meta, store)


def dataset_of_files(paths: Sequence[Path | str], base: str = BASE, version: str = "0") -> Dataset:
    """Return :func:`load_files` as a dataset whose digest is that of the files' bytes, in order."""
    store = load_files(paths)
    hasher = hashlib.sha256()
    for path in paths:
        hasher.update(digest(path).encode())
    newest = max((Path(path).stat().st_mtime for path in paths), default=0.0)
    modified = datetime.fromtimestamp(newest, tz=UTC).isoformat(timespec="seconds")
    return Dataset(None, Meta(hasher.hexdigest(), version, len(store), base, modified, "memory"), store)


def write_dataset(
    triples: Iterable[str] | Store | Path,
    directory: Path | str,
    version: str,
    *,
    base: str = BASE,
    modified: str | None = None,
    disk_from: int = DISK_FROM,
    extend: Callable[[Store, Path], Iterable[Quad]] | None = None,
    finish: Callable[[Path], None] | None = None,
) -> Path:
    """Write a dataset below ``directory``, point ``current`` to it and return its folder.

    ``triples`` are N-Triples lines (in any order, repeated or not; literals are brought into the store's
    canonical form, blank node labels are kept), a file of such lines, or a store, whose default graph is
    taken. ``modified`` is today's date unless given. ``extend`` is called with the store that holds them and
    with their sorted N-Triples, and gives triples to be added (the description). ``finish`` is called with
    the folder before it appears under its name, to add files to it (``search.sqlite``); the folder can be
    opened by then. A folder of the same digest is replaced. Raises RdfFileError for a line that is not
    N-Triples; whatever is raised, nothing half written is left.
    """
    directory = Path(directory)
    with building(directory) as folder:
        count, storage = _write_graph(triples, folder, disk_from, extend)
        meta = Meta(
            digest(folder / "graph.nt"),
            version,
            count,
            base,
            modified or datetime.now(tz=UTC).date().isoformat(),
            storage,
        )
        (folder / "meta.json").write_text(json.dumps(asdict(meta), indent=2) + "\n", "utf-8")
        if finish is not None:
            finish(folder)
        seal(folder)
        return publish(folder, directory / meta.digest[:12])


def prune_datasets(directory: Path | str, keep: int = 2) -> list[Path]:
    """Remove all but ``current`` and the newest, ``keep`` in all, below ``directory``; return the removed."""
    directory = Path(directory)
    current = followed(directory / CURRENT).resolve()
    folders = [p.parent for p in directory.glob("*/meta.json") if p.parent.name != CURRENT]
    folders.sort(key=lambda p: (p.resolve() == current, p.stat().st_mtime), reverse=True)
    for folder in folders[max(keep, 1) :]:
        shutil.rmtree(folder)
    return folders[max(keep, 1) :]


def _write_graph(
    triples: Iterable[str] | Store | Path,
    folder: Path,
    disk_from: int,
    extend: Callable[[Store, Path], Iterable[Quad]] | None,
) -> tuple[int, Literal["memory", "disk"]]:
    graph = folder / "graph.nt"
    source = triples if isinstance(triples, Path) else "graph.nt"
    _LOG.info("sorting the triples")
    summary = write_sorted(_lines(triples), graph, source)
    _LOG.info("loading %s triples into the store", f"{summary.count:,}")
    store = Store(str(folder / "store"))
    if summary.blank:  # bulk_load gives blank nodes new labels each time, and the digest must not change
        store.bulk_extend(parse(path=graph, format=RdfFormat.N_TRIPLES))
    else:
        store.bulk_load(path=graph, format=RdfFormat.N_TRIPLES)
    count = summary.count
    if extend is not None:
        _LOG.info("describing the graph")
        added = Store()
        added.extend(extend(store, graph))
        store.bulk_extend(added)
        count = add_sorted(graph, added)
    _LOG.info("optimising the store")
    store.optimize()
    store.flush()
    _LOG.info("counting degrees")
    count_degrees(partial(lines_of, graph), count).write(folder / "degrees.json")
    return count, "disk" if count >= disk_from else "memory"


def _lines(triples: Iterable[str] | Store | Path) -> Iterator[bytes]:
    if isinstance(triples, Store):
        yield from dumped(triples)
    elif isinstance(triples, Path):
        try:
            yield from lines_of(triples)
        except OSError as error:
            raise RdfFileError(f"cannot be read: {error}", file=triples, remedy="check the path") from error
    else:
        for line in triples:
            yield (line if line.endswith("\n") else line + "\n").encode()
