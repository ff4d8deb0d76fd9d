"""``/dump/``: the dataset as files, ready-made (``fmgraph dump``) or made by the engine when asked.

Files have their media type, a strong ETag (their SHA-256, from ``SHA256SUMS``), conditional requests and
ranges (RFC 9110, sections 13 and 14), and are sent from disk without being read into memory.
"""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, send_file
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.rdf.formats import GRAPHS, content_type, named
from fmgraph.server.engine import ResultFormats
from fmgraph.server.http.service_state import CACHE_CONTROL, service, tag
from fmgraph.text import nearest

CHECKSUMS = "SHA256SUMS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[a-z0-9]+){0,2}")
_TYPES = {form.suffix: form.media_type for form in GRAPHS} | {
    "gz": "application/gzip",
    "zst": "application/zstd",
}
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
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


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Send what crawlers may read (RFC 9309); it counts where the service has a host of its own."""
    body = _ROBOTS.format(root=urlsplit(service().base_url).path)
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
    if folder is not None and _NAME.fullmatch(name) and (folder / name).is_file():
        return _file(folder / name)
    stem, _, suffix = name.partition(".")
    form = named(suffix, GRAPHS)
    if stem == _WHOLE and form is not None and form.suffix == suffix:
        formats = ResultFormats(None, form.media_type)
        made = service().engine.run(_ALL, formats=formats, trusted=True)
        response = Response(made.body, content_type=content_type(form.media_type))
        return tag(response, "dump", name)
    raise NotFoundError(f"there is no dump {name!r}", nearest(name, names(folder)) or names(folder)[:10])


@blueprint.get("/dump/")
def index() -> Response:
    """List the names of the dumps, one a line."""
    body = "".join(f"{name}\n" for name in names(service().dumps))
    return tag(Response(body, content_type="text/plain; charset=utf-8"), "dumps", body)


def names(folder: Path | None) -> list[str]:
    """Return the names under ``/dump/``: the files of the folder, and what the engine can make."""
    made = {f"{_WHOLE}.{form.suffix}" for form in GRAPHS}
    found = {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)} if folder else set()
    return sorted(made | found)


def _file(path: Path) -> Response:
    suffix = path.suffix.lstrip(".")
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.name == CHECKSUMS:
        media_type = "text/plain"
    response = send_file(
        path,
        mimetype=media_type,  # a charset is added to text
        conditional=True,
        etag=_checksums(path.parent).get(path.name, True),
        max_age=None,
    )
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def _checksums(folder: Path) -> dict[str, str]:
    """Return the first 32 hex digits of each file's SHA-256, by name."""
    file = folder / CHECKSUMS
    if not file.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in file.read_text("utf-8").splitlines())
    return {name.strip().lstrip("*"): digest[:32] for digest, name in lines}
