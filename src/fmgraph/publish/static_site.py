"""The service as a folder of files that any web server can give out, for when no service runs.

The application is asked for every page and document that its pages link to, starting with all entities.
Links inside become relative, with the name of the file they lead to, so that the folder can lie anywhere;
what only a running service can answer (queries with other values, filters) leads to the public service, and
the foot of each page says so. Search and comparison are done by script, from files: the names of all
entities, and a page of each work's column.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import shutil
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from werkzeug.test import Client
from werkzeug.wrappers import Response

from fmgraph.errors import UsageError
from fmgraph.ontology import all_kinds, searched_classes, work_kinds
from fmgraph.publish.describe import SYNTAXES
from fmgraph.publish.dump_files import CHECKSUMS, write_dumps
from fmgraph.publish.release_folders import ReleaseFolder, read_releases_of
from fmgraph.publish.rewrite_links import rewrite
from fmgraph.rdf.prefixes import RDFS, SKOS
from fmgraph.rdf.store import Dataset

#: Parameters of pages that are written too: further pages, what points at an entity, rows of a list, formats.
_STATIC_PARAMETERS = {"page", "p", "all", "show", "corrected", "format"}
#: Of these a page may have one value of one: both together are too many pages.
_ONE_OF = {"lineage/": ("relation", "modality"), "compare": ("m",)}
#: Paths that would leave the folder or that file systems do not take.
_LABEL = f"{RDFS}label"
_NAMED = f"""SELECT DISTINCT ?s ?p ?name WHERE {{ VALUES ?p {{ <{_LABEL}> <{SKOS}altLabel> }} ?s ?p ?name
  FILTER(isIRI(?s) && !CONTAINS(STR(?s), "#")) }} ORDER BY ?s ?p ?name"""
_NO_FILE = re.compile(r"(?:^|/)\.\.?(?:/|$)|//|[\\\x00-\x1f]")
#: Parameter of assets that changes with their content; as files they need none.
_VERSION = "v"
_SUFFIXES = {syntax.media_type: syntax.suffix for syntax in SYNTAXES.values()} | {
    "text/plain": "txt",
    "application/json": "json",
}
#: Media types of documents whose links are followed and made relative.
_WITH_LINKS = ("text/html", "image/svg+xml")
#: The names of all entities, for the boxes' suggestions.
_NAMES = "names.json"
#: Never asked for: they are of a running service.
_DYNAMIC = ("sparql", "search", "metrics", "healthz", "readyz")


@dataclass
class SiteReport:
    """What :func:`write_site` wrote: the number of files, and the links (page, link) that lead nowhere."""

    files: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)


def write_site(
    app: Any,
    dataset: Dataset,
    directory: Path | str,
    service: str | None = None,
    *,
    dumps: bool = True,
    releases: Path | None = None,
) -> SiteReport:
    """Write the site of a WSGI application over ``dataset`` below ``directory`` and say what was written.

    ``app`` is the Flask application over the same dataset; ``service`` the public URL of the running service
    (the base of the IRIs where None), whose path is also the one under which ``app`` answers. With ``dumps``
    the files of ``/dump/`` are written too; ``releases`` is the folder of those that ``app`` shows. Raises
    UsageError where the folder holds something already.
    """
    directory = Path(directory)
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty: give a new folder")
    directory.mkdir(parents=True, exist_ok=True)
    site = _Site(Client(app), directory, service or dataset.meta.base, dataset.meta.base)
    if dumps:
        names = [path.name for path in write_dumps(dataset, directory / "dump")]
        site.known.update({f"{site.root}dump/{name}": f"dump/{name}" for name in names})
        site.report.files += len(names)
    if releases is not None:
        for one in read_releases_of(releases):
            site.copy_release(releases, one)
    site.crawl(_seeds(dataset, site.root))
    site.finish()
    site.write_names(dataset)
    return site.report


def _seeds(dataset: Dataset, root: str) -> Iterable[str]:
    """Yield the paths of the home page, of each kind and of each entity."""
    yield root
    yield from (f"{root}{name}/" for name in all_kinds())
    yield from (f"{root}{name}" for name in ("ns", "void", ".well-known/void", "compare"))
    own = f'FILTER(isIRI(?s) && STRSTARTS(STR(?s), "{dataset.meta.base}") && !CONTAINS(STR(?s), "#"))'
    for row in dataset.store.query(f"SELECT DISTINCT ?s {{ ?s a ?c {own} }} ORDER BY ?s"):  # type: ignore[union-attr]
        local = row[0].value.removeprefix(dataset.meta.base)
        if local.partition("/")[0] in all_kinds() and local.partition("/")[2]:
            yield root + quote(local)
        if local.partition("/")[0] in work_kinds():
            yield f"{root}compare?m={quote(local)}"


class _Site:
    def __init__(self, client: Client, directory: Path, service: str, base: str) -> None:
        self.client, self.directory, self.service, self.base = client, directory, service, base
        self.root = urlsplit(service if service != base else "/").path.rstrip("/") + "/"
        #: path with query → file, None where there is nothing; suggestions are chosen from one file by script
        self.known: dict[str, str | None] = {f"{self.root}suggest": _NAMES}
        self.report = SiteReport()
        self._pages: list[str] = []
        self._boxes = False  #: whether a page has a box with suggestions
        self._forward: dict[str, str] = {}  #: redirects: from → to

    def crawl(self, seeds: Iterable[str]) -> None:
        """Fetch all that the seeds lead to, and write it with its links as they came."""
        waiting = deque(dict.fromkeys(seeds))
        seen = set(waiting)
        while waiting:
            url = waiting.popleft()
            for link in self._fetch(url):
                if link not in seen and link not in self.known:
                    seen.add(link)
                    waiting.append(link)

    def copy_release(self, releases: Path, release: ReleaseFolder) -> None:
        """Copy the files of a release to where its page leads to."""
        target = self.directory / "release" / release.version
        target.mkdir(parents=True)
        for name in (CHECKSUMS, *(file.name for file in release.files)):
            shutil.copyfile(releases / release.version / name, target / name)
            local = f"release/{release.version}/{name}"
            self.known[self.root + local] = local
            self.report.files += 1

    def _fetch(self, url: str) -> list[str]:
        with self.client.get(url, headers={"Accept": "text/html, text/turtle;q=0.9, */*;q=0.5"}) as answer:
            return self._take(url, answer)

    def _take(self, url: str, answer: Response) -> list[str]:
        if answer.status_code in (301, 302, 303, 307, 308):
            target = self._own(answer.headers.get("Location", ""), url)
            self.known[url] = None
            if target:
                self._forward[url] = target
            return [target] if target else []
        if answer.status_code not in (200, 410):  # what was withdrawn has a page that says so
            self.known[url] = None
            return []
        name = self._file(url, answer.mimetype or "")
        self.known[url] = name
        self._write(name, answer.get_data())
        if answer.mimetype not in _WITH_LINKS:
            return []
        self._pages.append(url)
        links: list[str] = []

        def note(attribute: str, value: str) -> str:
            target = self._own(value, url)
            if target and attribute != "action":
                links.append(target)
            return value

        rewrite(answer.get_data(as_text=True), note)
        return links

    def _own(self, link: str, page: str) -> str | None:
        """Return the path (with its query) of a link that a file can answer, else None."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return None
        if not parts.path and not parts.query:
            return None
        here = urlsplit(page).path
        path = posixpath.join(posixpath.dirname(here), parts.path) if parts.path else here
        if not path.startswith(self.root) or path.removeprefix(self.root).partition("/")[0] in _DYNAMIC:
            return None
        if _NO_FILE.search(unquote(path)) or self._once_is_enough(path):
            return None
        parameters = parse_qs(parts.query, keep_blank_values=True)
        if set(parameters) == {_VERSION}:
            return path
        return (
            path + (f"?{parts.query}" if parts.query else "") if self._is_static(path, parameters) else None
        )

    def _is_static(self, path: str, parameters: dict[str, list[str]]) -> bool:
        """Return whether the page with these parameters is written too."""
        local = path.removeprefix(self.root)
        if (
            len(parameters) == 1
            and sum(map(len, parameters.values())) == 1
            and set(parameters) <= set(_ONE_OF.get(local, ()))
        ):
            return True
        of_index = {"sort"} if local.removesuffix("/") in all_kinds() else set()
        return not set(parameters) - _STATIC_PARAMETERS - of_index

    def _once_is_enough(self, path: str) -> bool:
        """Return whether a path is a claim in a further RDF syntax: claims are most of the entities."""
        return path.startswith(f"{self.root}claim/") and path.endswith((".nt", ".rdf", ".jsonld"))

    def _file(self, url: str, media_type: str) -> str:
        """Return the file of a URL: ``/model/uni`` is ``model/uni.html``, ``/model/`` its ``index.html``."""
        parts = urlsplit(url)
        segments = unquote(parts.path).removeprefix(self.root).split("/")
        stem = "/".join([*segments[:-1], segments[-1] or "index"])
        parameters = parse_qs(parts.query, keep_blank_values=True)
        suffix = "html" if media_type == "text/html" else _SUFFIXES.get(media_type, "")
        suffix = parameters.pop("format", [suffix])[0]
        if segments == ["compare"] and (works := parameters.pop("m", None)):
            stem += f"/{works[0]}"
        if number := parameters.pop("page", None):
            stem += f"-{number[0]}"
        if parameters:  # by name where it is short and plain, else by hash
            query_name = "-".join(
                one for name, values in parameters.items() for one in (name, *values) if one
            )
            short = re.fullmatch(r"[a-z0-9-]{1,60}", query_name)
            stem, dot, end = stem.partition(".")
            stem += (
                f"-{query_name if short else hashlib.sha256(parts.query.encode()).hexdigest()[:12]}{dot}{end}"
            )
        has_one = stem.endswith(".html") if media_type == "text/html" else "." in segments[-1]
        return stem if has_one or not suffix else f"{stem}.{suffix}"

    def _write(self, name: str, data: bytes) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.report.files += 1

    def finish(self) -> None:
        """Rewrite the links of all pages, now that it is known which files there are; add ``404.html``."""
        for url, target in self._forward.items():
            if name := self.known.get(target):
                self._redirect(url, name)
        for url in self._pages:
            name = str(self.known[url])
            path = self.directory / name
            html = path.read_text("utf-8")
            if name.endswith(".html"):
                html = html.replace("</footer>", f"{self._note()}</footer>")
            path.write_text(rewrite(html, lambda name, link, at=url: self._link(name, link, at)), "utf-8")  # type: ignore[misc]
        missing = self.client.get(f"{self.root}no-such-page", headers={"Accept": "text/html"})
        # A server gives this page out at any depth, so its links cannot be relative.
        page = rewrite(missing.get_data(as_text=True), lambda _, link: self._live(link, self.root))
        self._write("404.html", page.encode())

    def _note(self) -> str:
        """Return what the foot of each page says: that this is a copy, and where questions are answered."""
        service = escape(self.service)
        return (
            "<p>A copy as files, with search and comparison by script. Filters, the editor and queries with "
            f'other values lead to <a href="{service}">{service}</a>.</p>\n'
        )

    def write_names(self, dataset: Dataset) -> None:
        """Write the names of all entities that have a page, with where it is; nothing where no box asks."""
        if not self._boxes:
            return
        names: dict[str, dict[str, Any]] = {}
        for node, prop, name in dataset.store.query(_NAMED):  # type: ignore[union-attr]
            local = node.value.removeprefix(dataset.meta.base)
            kind, _, slug = local.partition("/")
            file = self.known.get(f"{self.root}{quote(local)}")
            if not slug or file is None or kind not in searched_classes():
                continue
            one = names.setdefault(
                node.value, {"kind": kind, "label": "", "aka": [], "title": "", "page": quote(file)}
            )
            if prop.value == _LABEL:
                one["label"] = name.value
            else:
                one["aka"].append(name.value)
        entries = [one for _, one in sorted(names.items()) if one["label"]]
        self._write(_NAMES, json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode())

    def _redirect(self, url: str, name: str) -> None:
        """Write a page that leads on to the file ``name``, for servers that know no redirects."""
        here = self.known[url] = self._file(url, "text/html")
        to = quote(posixpath.relpath(name, posixpath.dirname(here) or "."))
        self._write(
            here,
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Moved</title>'
            f'<meta http-equiv="refresh" content="0; url={to}">'
            f'<p>Moved to <a href="{to}">{to}</a>.</p></html>\n'.encode(),
        )

    def _link(self, attribute: str, link: str, page: str) -> str:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or (not parts.path and not parts.query):
            return link
        target = self._own(link, page) if attribute != "action" else None
        name = self.known.get(target) if target else None
        if name is None:
            if target is not None and target in self.known:
                self.report.broken.append((page, link))
            return self._live(link, page)
        self._boxes = self._boxes or name == _NAMES
        here = posixpath.dirname(str(self.known[page])) or "."
        return quote(posixpath.relpath(name, here)) + (f"#{parts.fragment}" if parts.fragment else "")

    def _live(self, link: str, page: str) -> str:
        """Return the link to the running service."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not (parts.path or parts.query):
            return link
        path = posixpath.join(posixpath.dirname(urlsplit(page).path), parts.path or urlsplit(page).path)
        rest = f"?{parts.query}" * bool(parts.query) + f"#{parts.fragment}" * bool(parts.fragment)
        origin = urlsplit(self.service)
        if not path.startswith(self.root):
            return f"{origin.scheme}://{origin.netloc}{path}{rest}"
        return self.service + path.removeprefix(self.root) + rest
