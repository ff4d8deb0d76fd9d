"""``fmgraph release``: the files of a release, written once (:mod:`fmgraph.publish.release_folders`)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from pyoxigraph import RdfFormat, serialize

from fmgraph.errors import BrokenDataError, UsageError
from fmgraph.publish.diff_formats import render
from fmgraph.publish.dump_files import CHECKSUMS, checksums, write_dumps
from fmgraph.publish.release_description import release_triples
from fmgraph.publish.release_diff import diff, open_side, unpacked
from fmgraph.publish.release_folders import (
    DESCRIPTION,
    GRAPH,
    META,
    VERSION,
    ReleaseFolder,
    change_files,
    read_release,
    read_releases_of,
    version_key,
)
from fmgraph.rdf import rdf_patch
from fmgraph.rdf.dataset_folders import building, flush
from fmgraph.rdf.prefixes import PREFIXES
from fmgraph.rdf.sorted_lines import lines_of
from fmgraph.rdf.store import Dataset


def write_release(dataset: Dataset, directory: Path) -> list[Path]:
    """Write the release of a dataset below ``directory``, in a folder named by its version; return its files.

    The changes are those since the newest earlier version there. Raises UsageError where the dataset has no
    version or its release is there already, BrokenDataError where a published address leads nowhere now.
    """
    meta = dataset.meta
    if dataset.path is None or not VERSION.fullmatch(meta.version):
        raise UsageError("a release is made of a dataset with a version, as fmgraph build writes it")
    target = directory / meta.version
    if target.exists():
        raise UsageError(f"{target} is there already: a release stays as it is, so raise the version")
    directory.mkdir(parents=True, exist_ok=True)
    earlier = [
        one for one in read_releases_of(directory) if version_key(one.version) < version_key(meta.version)
    ]
    previous = earlier[0] if earlier else None
    with building(directory) as place:
        folder = place / meta.version
        write_dumps(dataset, folder, compress=["gz"], parts=False)
        if previous is not None:
            _write_changes(previous, directory / previous.version, dataset, folder)
        fields = {
            "version": meta.version,
            "modified": meta.modified,
            "digest": meta.digest,
            "triples": meta.triples,
            "previous": previous and previous.version,
        }
        (folder / META).write_text(json.dumps(fields, indent=2) + "\n", "utf-8")
        _write_sums(folder)
        described = release_triples(read_release(folder), dataset.meta.base)
        serialize(sorted(described, key=str), folder / DESCRIPTION, RdfFormat.TURTLE, prefixes=PREFIXES)
        _write_sums(folder)
        for path in [*folder.iterdir(), folder]:
            flush(path)
        folder.rename(target)
    flush(directory)
    return sorted(target.iterdir())


def apply_changes(old: Path, changes: Path, output: Path) -> str:
    """Write the N-Triples that a change file makes of a dataset or dump to a file; return their digest.

    Raises UsageError for what cannot be opened, RdfFileError where the change file is not for that graph or
    does not make what it says; then ``output`` is not written.
    """
    draft = output.with_name(f".{output.name}.part")
    try:
        with (
            lines_of(open_side(old)) as lines,
            unpacked(changes) as plain,
            plain.open(encoding="utf-8") as patch,
            draft.open("wb") as file,
        ):
            digest = rdf_patch.apply_patch(lines, patch, file, changes)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _write_changes(previous: ReleaseFolder, place: Path, dataset: Dataset, folder: Path) -> None:
    patch, words = (folder / name for name in change_files(previous.version))
    old = open_side(place / GRAPH)
    difference = diff(old, dataset)
    if not difference.releasable:
        listing = "\n".join(f"  {finding}" for finding in difference.findings())
        raise BrokenDataError(f"{len(difference.vanished)} published addresses lead nowhere now:\n{listing}")
    words.write_text(render(difference, "markdown"), "utf-8")
    with lines_of(old) as before, lines_of(dataset) as after:
        if rdf_patch.digest_of(before) != previous.digest:
            raise UsageError(f"{place / GRAPH} is not the graph that {META} beside it names")
        with (
            patch.open("wb") as packed,
            gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file,
        ):
            file.writelines(line.encode() for line in rdf_patch.patch(before, after))


def _write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS)
    (folder / CHECKSUMS).write_text(checksums(files), "utf-8")
