"""The files of ``/dump/``: whole, by kind and by list, compressed, with checksums, reproducible."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard
from pyoxigraph import RdfFormat, Triple, parse, serialize

from fmgraph.errors import UsageError
from fmgraph.ontology import all_kinds
from fmgraph.publish import croissant, jsonld_dump, sssom_dump, turtle_dump
from fmgraph.publish.dataset_names import StoredFile
from fmgraph.publish.describe import COMPRESSIONS, SYNTAXES
from fmgraph.publish.graph_sections import of_kind, of_list
from fmgraph.publish.rdf12_dump import reified
from fmgraph.publish.tables import write_tables
from fmgraph.rdf.dataset_folders import building, digest, flush, swap_in
from fmgraph.rdf.prefixes import BASE, PREFIXES
from fmgraph.rdf.sorted_lines import Lines, lines_of
from fmgraph.rdf.store import Dataset
from fmgraph.server.engine import InProcessEngine

CHECKSUMS = "SHA256SUMS"
_CHUNK = 1 << 20
#: Names of files that a dump replaces, whatever formats it has.
_IS_DUMP = re.compile(
    r"(?:fmgraph|list-)[a-z0-9-]*(?:1\.2)?(?:\.sssom)?\.[a-z]+(?:\.gz|\.zst)?|SHA256SUMS|\..*\.part"
)
#: Characters that XML 1.0 cannot hold, as N-Triples writes them, however they are escaped.
_NOT_XML = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[bf]|\\u00(?:0[0-8BCEF]|1[0-9A-F])|\\uFFF[EF])|[\ufffe\uffff]")


def write_dumps(
    dataset: Dataset,
    directory: Path | str,
    formats: Sequence[str] = tuple(SYNTAXES),
    compress: Sequence[str] = tuple(COMPRESSIONS),
    *,
    parts: bool = True,
    tables: bool = False,
) -> list[Path]:
    """Write the dataset in every format and compression below ``directory``; return the files.

    ``formats`` are keys of :data:`SYNTAXES`, ``compress`` of :data:`COMPRESSIONS` ("" is the
    plain file). With ``parts`` there is also a Turtle file for each kind that is there and each list,
    and the mappings as SSSOM; with ``tables`` the tables too (CSV, Parquet, Croissant; see
    :mod:`fmgraph.publish.tables`). The same graph gives the same bytes. All appear at once, in place of
    the dumps that were there; other files stay. Raises UsageError for an unknown format, or where a
    literal cannot be written in one.
    """
    if unknown := [*(set(formats) - set(SYNTAXES)), *(set(compress) - set(COMPRESSIONS))]:
        raise UsageError(f"unknown format or compression: {', '.join(sorted(unknown))}")
    directory = Path(directory)
    with building(directory) as folder:
        files: list[Path] = []
        with lines_of(dataset) as lines:
            for key in formats:
                with _plain(folder / SYNTAXES[key].file_name, compress, files) as file:
                    write(lines, key, file)
            for name, part_lines in _parts(dataset, lines) if parts else ():
                text = turtle_dump.part(part_lines)
                if (start := next(text, None)) is not None:
                    with _plain(folder / f"{name}.ttl", compress, files) as file:
                        file.write(start.encode())
                        file.writelines(block.encode() for block in text)
            if parts:
                version = dataset.meta.version or "0"
                with _plain(folder / sssom_dump.FILE, compress, files) as file:
                    file.writelines(text.encode() for text in sssom_dump.document(lines, version))
        if tables:
            files += _tables(dataset, folder)
        files.sort()
        (folder / CHECKSUMS).write_text(checksums(files), "utf-8")
        names = [*(path.name for path in files), CHECKSUMS]
        for name in names:
            flush(folder / name)
        swap_in(folder, directory, _IS_DUMP)
    return [directory / name for name in names]


def checksums(files: Iterable[Path]) -> str:
    """Return the SHA-256 sums of files as ``sha256sum`` writes them."""
    return "".join(f"{digest(path)}  {path.name}\n" for path in files)


def stored_files(folder: Path) -> list[StoredFile]:
    """Return the files that the sums in a folder name, sorted; raises OSError where one is not there."""
    lines = (folder / CHECKSUMS).read_text("utf-8").splitlines()
    entries = sorted((name, sha256) for sha256, name in (line.split("  ", 1) for line in lines))
    return [StoredFile(name, (folder / name).stat().st_size, sha256) for name, sha256 in entries]


def _tables(dataset: Dataset, folder: Path) -> list[Path]:
    with InProcessEngine(dataset) as engine:
        files = list(write_tables(engine, folder))
    described = croissant.describe(folder, dataset.meta.version, dataset.meta.modified)
    path = folder / croissant.NAME
    path.write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [*files, path]


def _parts(dataset: Dataset, lines: Lines) -> Iterator[tuple[str, Iterator[str]]]:
    for name in all_kinds():
        yield f"fmgraph-{name}", of_kind(dataset, lines, name)
    start = f"<{BASE}list/"
    slugs = {re.split(r"[>#]", line[len(start) :], maxsplit=1)[0] for line in lines.starting(start)}
    for slug in sorted(slugs):
        yield f"list-{slug}", of_list(lines, slug)


@contextmanager
def _plain(path: Path, compress: Sequence[str], files: list[Path]) -> Iterator[IO[bytes]]:
    """Give a file to write to; then compress it and put all under their names, adding them to ``files``."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        for suffix in compress:
            if suffix:
                target = path.with_name(f"{path.name}.{suffix}")
                _compress(draft, target, suffix)
                files.append(target)
        if "" in compress:
            draft.replace(path)
            files.append(path)
    finally:
        draft.unlink(missing_ok=True)


def _compress(source: Path, target: Path, suffix: str) -> None:
    draft = target.with_name(f".{target.name}.part")
    with source.open("rb") as plain, draft.open("wb") as file:
        if suffix == "gz":
            # Neither name nor time of writing goes into the header, so that equal graphs give equal files.
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed:
                shutil.copyfileobj(plain, packed, _CHUNK)
        else:
            packer = zstandard.ZstdCompressor(level=10, write_checksum=True)
            packer.copy_stream(plain, file, size=source.stat().st_size)
    draft.replace(target)


def write(lines: Lines, key: str, file: IO[bytes]) -> None:
    """Write the lines to ``file`` in the syntax of a key; raises UsageError for what it cannot hold."""
    syntax = SYNTAXES[key]
    suffix = syntax.suffix
    if syntax.edition:
        texts = turtle_dump.document(lines, reified) if suffix == "ttl" else reified(lines)
        file.writelines(text.encode() for text in texts)
    elif suffix in ("nt", "nq"):  # one default graph: the same text
        file.writelines(line.encode() for line in lines)
    elif suffix == "ttl":
        file.writelines(text.encode() for text in turtle_dump.document(lines))
    elif suffix == "jsonld":
        file.writelines(text.encode() for text in jsonld_dump.document(lines, jsonld_dump.record_context()))
    else:
        serialize(_triples(lines), file, RdfFormat.RDF_XML, prefixes=PREFIXES)


def _triples(lines: Iterable[str]) -> Iterator[Triple]:
    batch: list[str] = []
    for line in lines:
        if _NOT_XML.search(line):
            raise UsageError(
                f"XML cannot hold the control characters of {line.split(' ', 1)[0]}: leave out rdf"
            )
        batch.append(line)
        if len(batch) == 10_000:
            yield from _parsed(batch)
            batch.clear()
    yield from _parsed(batch)


def _parsed(batch: list[str]) -> Iterator[Triple]:
    return (quad.triple for quad in parse("".join(batch).encode(), RdfFormat.N_TRIPLES))
