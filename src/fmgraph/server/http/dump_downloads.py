"""``/dump/``: the dataset as files, ready-made (``fmgraph dump``) or made by the engine when asked.

Files have their media type, a strong ETag (their SHA-256, from ``SHA256SUMS``), conditional requests and
ranges (RFC 9110, sections 13 and 14), and are sent from disk without being read into memory.
"""

from __future__ import annotations

import mimetypes
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from flask import Blueprint, current_app, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

from fmgraph.errors import BusyError, NotFoundError
from fmgraph.rdf.formats import GRAPHS, HTML, Format, content_type, named
from fmgraph.server.engine import ResultFormats
from fmgraph.server.http.negotiation import choose
from fmgraph.server.http.response_cache import make_etag
from fmgraph.server.http.service_state import CACHE_CONTROL, service, tag
from fmgraph.text import nearest

CHECKSUMS = "SHA256SUMS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[a-z0-9]+){0,3}")
_TYPES = {form.suffix: form.media_type for form in GRAPHS} | {
    "gz": "application/gzip",
    "zst": "application/zstd",
    "md": "text/markdown",
}
#: Times a file is looked for again while the folder is swapped under it.
_TRIES = 5
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_PLAIN = Format("text", "text", "text/plain", "txt")
#: The name of the whole dataset's dump.
_WHOLE = "fmgraph"

blueprint = Blueprint("downloads", __name__)


#: Crawlers: every page is theirs, and the dumps are the better way to all of it than asking endlessly.
_ROBOTS = """User-agent: *
Disallow: {root}sparql?query=
Disallow: {root}search?q=
Disallow: {root}why?s=
Disallow: {root}metrics
"""


#: Where the pages, if the service has any, are listed for crawlers.
_SITEMAP = "/sitemap.xml"


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Send what crawlers may read (RFC 9309); it counts where the service has a host of its own."""
    body = _ROBOTS.format(root=urlsplit(service().base_url).path)
    if any(rule.rule == _SITEMAP for rule in current_app.url_map.iter_rules()):
        body += f"\nSitemap: {service().base_url.rstrip('/')}{_SITEMAP}\n"
    response = Response(body, content_type="text/plain; charset=utf-8")
    return tag(response, "robots", body)


@blueprint.get("/dump/<name>")
def dump(name: str) -> Response:
    """Send a dump; NotFoundError with the names there are for another."""
    response = _dump(name)
    if (links := service().hooks.dump_links) is not None:
        response.headers["Link"] = links()
    return response


def _dump(name: str) -> Response:
    folder = service().dumps
    if folder is not None and _NAME.fullmatch(name):
        with suppress(FileNotFoundError):
            return send_stored(folder, name)
    stem, _, suffix = name.partition(".")
    form = named(suffix, GRAPHS)
    if stem == _WHOLE and form is not None and form.suffix == suffix:
        formats = ResultFormats(None, form.media_type)
        answer = service().engine.run(_ALL, formats=formats, trusted=True)
        response = Response(answer.body, content_type=content_type(form.media_type))
        return tag(response, "dump", name)
    raise NotFoundError(f"there is no dump {name!r}", nearest(name, names(folder)) or names(folder)[:10])


@blueprint.get("/dump/")
def index() -> Response:
    """List the names of the dumps, one a line; as a page with sizes and checksums for a browser."""
    hook = service().hooks.dump_index
    choice = choose(request.headers.get("Accept"), (_PLAIN, HTML))
    if hook is not None and choice is not None and choice.format is HTML:
        page = hook(sizes(service().dumps))
        response = tag(Response(page, content_type=HTML.content_type), "dumps", page)
        response.headers["Vary"] = "Accept"
        return response
    body = "".join(f"{name}\n" for name in names(service().dumps))
    return tag(Response(body, content_type="text/plain; charset=utf-8"), "dumps", body)


def sizes(folder: Path | None) -> list[tuple[str, int | None, str]]:
    """Return name, size and SHA-256 of each dump; None and "" for one that is made when it is asked for."""
    sums: dict[str, str] = {}
    if folder is not None:
        with suppress(OSError):
            lines = (line.split(maxsplit=1) for line in (folder / CHECKSUMS).read_text("utf-8").splitlines())
            sums = {parts[1].strip().lstrip("*"): parts[0] for parts in lines if len(parts) == 2}
    rows = []
    for name in names(folder):
        size = None
        if folder is not None:
            with suppress(OSError):
                size = (folder / name).stat().st_size
        rows.append((name, size, sums.get(name, "")))
    return rows


def names(folder: Path | None) -> list[str]:
    """Return the names under ``/dump/``: the files of the folder, and what the engine can make."""
    engine_names = {f"{_WHOLE}.{form.suffix}" for form in GRAPHS}
    file_names = {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)} if folder else set()
    return sorted(engine_names | file_names)


def send_stored(folder: Path, name: str) -> Response:
    """Send a file of a folder that may be swapped for a new one at any time (``fmgraph dump``).

    Checksums and file are opened through one descriptor of the folder, so that they are of one release.
    Raises FileNotFoundError.
    """
    suffix = name.rpartition(".")[2]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name == CHECKSUMS:
        media_type = "text/plain"
    etag, file = _open(folder, name)
    status = os.fstat(file.fileno())
    if etag is True:
        etag = make_etag(name, f"{status.st_mtime_ns}", f"{status.st_size}")
    response = send_file(
        file,
        mimetype=media_type,  # a charset is added to text
        conditional=False,
        etag=etag,
        last_modified=status.st_mtime,
        max_age=None,
    )
    response.content_length = status.st_size
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=status.st_size)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    response.call_on_close(file.close)
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def _open(folder: Path, name: str) -> tuple[str | bool, IO[bytes]]:
    """Return the entity tag of a file (True where it has no checksum) and the file, of one release."""
    for _ in range(_TRIES):
        before = folder.stat().st_ino
        try:
            with _opener(folder) as open_file:
                etag, file = _checksums(open_file).get(name, True), open_file(name)
        except FileNotFoundError:
            if folder.stat().st_ino == before:
                raise
            continue
        if folder.stat().st_ino == before:
            break
        file.close()  # it was swapped meanwhile, and half of what we read may have been removed
    else:
        raise BusyError("the dumps are being written anew: try again", "dumps changing", 1)
    return etag, file


@contextmanager
def _opener(folder: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """Give a function that opens files of the folder as it is now, whatever takes its place meanwhile."""
    if os.open not in os.supports_dir_fd:
        yield lambda name: (folder / name).open("rb")
        return
    descriptor = os.open(folder, os.O_RDONLY)

    def open_file(name: str) -> IO[bytes]:
        number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=descriptor)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise FileNotFoundError(name)
        return os.fdopen(number, "rb")

    try:
        yield open_file
    finally:
        os.close(descriptor)


def _checksums(open_file: Callable[[str], IO[bytes]]) -> dict[str, str]:
    """Return the first 32 hex digits of each file's SHA-256, by name."""
    try:
        with open_file(CHECKSUMS) as file:
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return {}
    lines = (line.split(maxsplit=1) for line in text.splitlines() if " " in line)
    return {name.strip().lstrip("*"): digest[:32] for digest, name in lines}
