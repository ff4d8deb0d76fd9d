"""What all pages share: the engine, the links, how terms are shown, and how a page becomes an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
from flask import render_template, request
from werkzeug.wrappers import Response

from fmgraph.answers.resolve import resolver_of
from fmgraph.errors import NotFoundError
from fmgraph.ontology import all_kinds, shipped
from fmgraph.publish.dataset_names import DATA_LICENSE, DumpFile, StoredFile, dump_files
from fmgraph.publish.release_folders import ReleaseFolder, all_releases
from fmgraph.rdf.formats import HTML, Format, named
from fmgraph.rdf.prefixes import FMG, XSD, curie
from fmgraph.server.engine import Engine
from fmgraph.server.http import dump_downloads
from fmgraph.server.http.negotiation import choose, names_any
from fmgraph.server.http.problems import NotAcceptableError
from fmgraph.server.http.service_state import tag
from fmgraph.settings import Settings
from fmgraph.site.country_names import country_name
from fmgraph.site.graph_reader import Graph, Term
from fmgraph.site.page_links import Links, display_iri, safe

STATIC = Path(__file__).resolve().parent / "static"

_COUNTRY = FMG + "country"
_NUMBERS = {XSD + name for name in ("integer", "decimal", "double", "float", "nonNegativeInteger", "long")}


class View:
    """Shows terms: their text, and the address they link to, if any."""

    def __init__(self, links: Links, labels: Mapping[str, str]) -> None:
        self.links, self.labels = links, labels

    def name(self, term: Term | str, prop: str = "") -> str:
        """Return the text that stands for a term: label, shortened IRI or literal as people write it.

        As the value of a property, an outside address is shown as it is, since its label names it as a
        source, and a country's code by its name.
        """
        if isinstance(term, ox.Literal):
            return country_name(term.value) if prop == _COUNTRY else _literal(term)
        if isinstance(term, ox.Triple):
            parts = (term.subject, term.predicate, term.object)
            return f"<<( {' '.join(self.name(part) for part in parts)} )>>"
        iri = term if isinstance(term, str) else term.value
        if prop and self.links.entity(iri) is None and safe(iri) and curie(iri) == iri:
            return display_iri(iri)
        if iri in self.labels:
            return self.labels[iri]
        whole, _, part = iri.partition("#")
        if part and whole in self.labels:
            return f"{self.labels[whole]}: {part.replace('-', ' ')}"
        entity = self.links.entity(iri)
        return "/".join(entity) if entity else curie(iri) if curie(iri) != iri else display_iri(iri)

    def href(self, term: Term | str, prop: str = "") -> str | None:
        """Return the address a term links to; None where there is none that a page may link."""
        if isinstance(term, ox.Literal):
            if prop and (iri := shipped().property(prop).resolved(term.value)):
                return iri
            return term.value if term.datatype.value == XSD + "anyURI" and safe(term.value) else None
        if isinstance(term, ox.BlankNode | ox.Triple):
            return None
        return self.links.page(term if isinstance(term, str) else term.value)

    def outside(self, href: str) -> bool:
        """Tell whether an address leaves this site."""
        return not href.startswith("/")


def _literal(term: ox.Literal) -> str:
    datatype = term.datatype.value
    if datatype == XSD + "boolean":
        return "yes" if term.value in ("true", "1") else "no"
    if datatype in _NUMBERS:
        try:
            return f"{int(term.value):,}"
        except ValueError:
            return term.value
    return term.value


class Site:
    """One set of pages over one engine."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        search_index: Path | None = None,
        dumps: Path | None = None,
    ) -> None:
        self.engine, self.settings, self.search_index = engine, settings, search_index
        self.dumps = dumps
        self.graph = Graph(engine)
        self.resolver = resolver_of(engine, search_index)
        self.links = Links(settings)

    def releases(self) -> list[ReleaseFolder]:
        """Return the releases as they are now, the newest first: with files where they are kept here."""
        folder = self.settings.releases
        return all_releases(Path(folder).absolute() if folder else None)

    def dump_files(self) -> list[DumpFile]:
        """Return the files of the whole dataset that ``/dump/`` gives out here."""
        there = set(dump_downloads.names(self.dumps))
        return [file for file in dump_files() if file.name in there]

    def stored_dumps(self) -> list[StoredFile]:
        """Return the files of ``/dump/`` that are ready-made, with their sizes."""
        known = dump_downloads.sizes(self.dumps)
        return [StoredFile(name, size, sha256) for name, size, sha256 in known if size is not None]

    def kind_name(self, kind: str) -> str:
        """Return what people call a kind of entity: ``licence`` for ``license``."""
        iri = all_kinds()[kind].iri
        return (self.graph.ontology.property(iri).label or kind).lower()

    @property
    def dataset_folder(self) -> Path | None:
        """The folder of the dataset, in which its index of names is; None where the engine knows of none."""
        return self.resolver.index and self.resolver.index.parent

    def view(self, terms: Iterable[Term | str] = (), labels: Mapping[str, str] | None = None) -> View:
        """Return a view that knows the labels of the terms."""
        iris = {t if isinstance(t, str) else t.value for t in terms if isinstance(t, str | ox.NamedNode)}
        return View(self.links, {**self.graph.labels(iris), **(labels or {})})

    def context(self) -> dict[str, Any]:
        """Return what the frame of every page needs."""
        return {
            "links": self.links,
            "site": self,
            "meta": self.engine.meta,
            "kinds": all_kinds(),
            "main_kinds": [kind for kind in all_kinds().values() if kind.in_navigation],
            "data_license": DATA_LICENSE,
            "here": request.path,
        }

    def page(
        self, template: str, *, headers: Mapping[str, str] | None = None, status: int = 200, **values: Any
    ) -> Response:
        """Return the rendered template as an HTML answer."""
        response = self.answer(self.render(template, **values).encode(), HTML)
        response.status_code = status
        response.headers.update(headers or {})
        return response

    def render(self, template: str, **values: Any) -> str:
        """Return the rendered template as text."""
        return render_template(template, **{**self.context(), **values})

    def answer(self, body: bytes, form: Format) -> Response:
        """Return an answer that depends on the dataset and the request alone, tagged as such."""
        full_path = request.full_path
        return tag(Response(body, content_type=form.content_type), full_path, self.edition)

    @cached_property
    def edition(self) -> str:
        """Digest of templates and assets: a page changes with them though the data does not."""
        hasher = hashlib.sha256(self.settings.base_url.encode())
        for folder in (STATIC, STATIC.parent / "templates"):
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                hasher.update(file.read_bytes())
        return hasher.hexdigest()

    def asset(self, name: str) -> str | None:
        """Return the address of a static file, with its digest; None where it is not there."""
        file = STATIC / name
        if not file.is_file():
            return None
        return self.links.path("static") + f"/{quote(name)}?v={self.edition[:10]}"

    def negotiate(self, formats: Sequence[Format], suffix: str = "") -> Format:
        """Return the format to answer in: that of the suffix, of ``?format=``, else of the Accept field.

        Raises NotAcceptableError (406) where none fits.
        """
        types = [form.media_type for form in formats]
        format_name = suffix or request.args.get("format", "")
        if format_name:
            named_format = named(format_name, tuple(formats))
            if named_format is None and not suffix and names_any(request.headers.get("Accept"), formats):
                format_name = ""
            elif named_format is None:
                names = ", ".join(form.suffix for form in formats)
                raise NotAcceptableError(f"there is no format {format_name!r} here; there are {names}", types)
            else:
                return named_format
        accept = ", ".join(request.headers.getlist("Accept")) or None
        choice = choose(accept, formats)
        if choice is None:
            raise NotAcceptableError(f"nothing acceptable; this is available as {', '.join(types)}", types)
        return choice.format


def page_number(total: int, size: int) -> tuple[int, int, int]:
    """Return the page asked for by ``?page=`` (from 1), the last page and the offset of its first item.

    Raises NotFoundError (404) for one that is not there.
    """
    last = max(1, -(-total // size))
    page = request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 0
    if not 1 <= number <= last:
        raise NotFoundError(f"there is no page {page[:20]!r}: the pages are 1 to {last:,}")
    return number, last, (number - 1) * size
