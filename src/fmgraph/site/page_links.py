"""From terms to links: which page shows an IRI, and which addresses may be linked at all."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit

from fmgraph.ontology import all_kinds
from fmgraph.rdf.prefixes import FMG
from fmgraph.settings import Settings
from fmgraph.text import slugify

SPDX = "https://spdx.org/licenses/"
_SPDX_LICENSE = re.compile(re.escape(SPDX) + r"[A-Za-z0-9.+-]+")
#: Pages and files about a licence, which are sources and not the licence.
_SPDX_FILES = (".html", ".json", ".jsonld", ".rdf", ".ttl", ".nt", ".txt")
#: Whitespace and controls, which browsers drop before they look at the scheme.
_NO_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f]")
_SHORT = re.compile(r"[a-z-]+/[a-z0-9-]+(#[a-z0-9-]+)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Links:
    """Makes every link of the pages; the Host header has no say in it."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.entity_base
        self.public = settings.base_url.rstrip("/")
        #: Path under which the service answers: ``/`` or, behind a prefix, ``/fmgraph/``.
        self.root = (urlsplit(settings.base_url).path.rstrip("/") or "") + "/"

    def path(self, *segments: str, **query: object) -> str:
        """Return the path of a page of ours: ``path("model", "uni")`` is ``/model/uni``."""
        parameters = {key: value for key, value in query.items() if value not in (None, "", [])}
        path = self.root + "/".join(quote(segment, safe="") for segment in segments)
        return f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path

    def absolute(self, path: str) -> str:
        """Return the path under the public URL where one is set, else the path."""
        origin = urlsplit(self.public)
        return f"{origin.scheme}://{origin.netloc}{path}" if self.public else path

    def entity(self, iri: str) -> tuple[str, str] | None:
        """Return kind and slug of an entity of ours; None for every other IRI.

        An SPDX licence is shown under ``license/`` with its id as slug.
        """
        if _SPDX_LICENSE.fullmatch(iri) and not iri.endswith(_SPDX_FILES):
            return ("license", slugify(iri[len(SPDX) :]))
        kind, slash, slug = iri.removeprefix(self.base).partition("#")[0].partition("/")
        if iri.startswith(self.base) and slash and slug and kind in all_kinds():
            return (kind, slug)
        return None

    def page(self, iri: str) -> str | None:
        """Return the address that shows the IRI: a page of ours or, for http(s) IRIs, itself; else None."""
        if iri.startswith(FMG):
            return f"{self.path('ns')}#{quote(iri[len(FMG) :])}"
        entity = self.entity(iri)
        if entity is not None:
            fragment = iri.partition("#")[2]
            return self.path(*entity) + (f"#{quote(fragment)}" if fragment else "")
        return iri if safe(iri) else None

    def lineage(self, iri: str) -> str | None:
        """Return the address of the page with the lineage of a work; None where the work is not of ours."""
        entity = self.entity(iri)
        return None if entity is None else self.path("lineage", *entity)

    def why(self, subject: str, prop: str, value: str) -> str:
        """Return the address of the page that says who says this; ``value`` in N-Triples syntax."""
        if value.startswith("<"):
            value = self.short(value[1:-1])
        return self.path("why", s=self.short(subject), p=self.short(prop), o=value)

    def short(self, iri: str) -> str:
        """Return an IRI of ours without its base (``model/uni``, ``ns#builtOn``), another as it is."""
        return f"ns#{iri[len(FMG) :]}" if iri.startswith(FMG) else iri.removeprefix(self.base)

    def whole(self, short: str) -> str:
        """Return the IRI of which :meth:`short` made this."""
        if short.startswith("ns#"):
            return FMG + short[len("ns#") :]
        return self.base + short if _SHORT.fullmatch(short) else short


def safe(address: str) -> bool:
    """Tell whether a page may link the address: absolute http(s) with a host, nothing else."""
    if _NO_ADDRESS.search(address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def words(iri: str) -> str:
    """Return the local name as words: ``…#pretrainingMethod`` is ``pretraining method``."""
    local = re.split(r"[#/]", iri.rstrip("#/"))[-1]
    return _CAMEL.sub(" ", local).replace("-", " ").replace("_", " ").lower()


def display_iri(iri: str) -> str:
    """Return the IRI as a page shows an outside link: without the scheme, never shortened."""
    return iri.removeprefix("https://").removeprefix("http://").rstrip("/")
