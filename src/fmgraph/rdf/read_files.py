"""RDF files of any format we read, compressed or not, with or without a byte-order mark."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import zstandard
from pyoxigraph import RdfFormat, Store

from fmgraph.errors import RdfFileError

_SUFFIXES = "nt, nq, ttl, trig, rdf, owl or jsonld, also with .gz or .zst"
#: Endings that the parser's library does not know.
_OTHERS = {"owl": RdfFormat.RDF_XML}
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


def load_files(paths: Sequence[Path | str]) -> Store:
    """Return an in-memory store of RDF files, each in the format that its name ends in.

    N-Triples, N-Quads, Turtle, TriG, RDF/XML and JSON-LD are read, compressed by gzip or zstd too; quads keep
    their named graphs; blank nodes of different files stay apart; relative IRIs are resolved against the
    file's own. Raises RdfFileError with the file and line.
    """
    store = Store()
    for path in map(Path, paths):
        form = _format(path)
        try:
            with _opened(path) as file:
                store.bulk_load(file, form, base_iri=path.resolve().as_uri())
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
            raise RdfFileError(f"cannot be unpacked: {error}", file=path, remedy="fetch it again") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise RdfFileError(f"cannot be read: {reason}", file=path, remedy="check the path") from error
        except SyntaxError as error:
            remedy = f"the file is read as {form.name}; correct it or give it the right ending"
            if "LoadDocumentCallback" in str(error.msg):
                remedy = "contexts are not fetched: put the @context into the file"
            raise RdfFileError(str(error.msg), file=path, line=error.lineno, remedy=remedy) from error
        except ValueError as error:
            raise RdfFileError(str(error), file=path, remedy="correct the file") from error
    return store


def _format(path: Path) -> RdfFormat:
    suffixes = [suffix.lstrip(".").lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in ("gz", "zst"):
        suffixes.pop()
    ending = suffixes[-1] if suffixes else ""
    form = _OTHERS.get(ending) or RdfFormat.from_extension(ending)
    if form is None or form == RdfFormat.N3:
        raise RdfFileError("not an RDF file that is read here", file=path, remedy=f"one of .{_SUFFIXES}")
    return form


class _Zstd(io.RawIOBase):
    """A zstd file of one frame or several, unpacked; EOFError where the last does not end.

    The library's own reader takes a file that was cut for one that is over.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._frame = file, zstandard.ZstdDecompressor().decompressobj()
        self._packed, self._plain, self._in_frame = b"", memoryview(b""), False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            self._packed = self._packed or self._file.read(_CHUNK)
            if not self._packed:
                if self._in_frame:
                    raise EOFError("the file ends in the middle")
                return 0
            self._in_frame = True
            self._plain = memoryview(self._frame.decompress(self._packed))
            self._packed = b""
            if self._frame.eof:
                self._packed, self._in_frame = self._frame.unused_data, False
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        size = min(len(buffer), len(self._plain))
        buffer[:size], self._plain = self._plain[:size], self._plain[size:]
        return size


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Give the text of a file, unpacked and without a byte-order mark."""
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        unpacked: IO[bytes] = file
        if suffix == ".gz":
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=file))
        elif suffix == ".zst":
            unpacked = cast(IO[bytes], _Zstd(file))
        text = io.BufferedReader(cast(io.RawIOBase, unpacked), _CHUNK)
        if text.peek(len(_BOM)).startswith(_BOM):
            text.read(len(_BOM))
        yield text
