"""Link headers that let a machine find its way from a landing page. https://signposting.org/FAIR/."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fmgraph.ontology import all_kinds, shipped
from fmgraph.publish.dataset_names import COMPRESSIONS, DATA_LICENSE, DumpFile, describing, release_iri
from fmgraph.publish.release_folders import ReleaseFolder
from fmgraph.rdf.formats import GRAPHS, Format
from fmgraph.site.page_links import Links, safe

#: The formats an entity is served in beside HTML, in the order of preference.
ENTITY_GRAPHS: tuple[Format, ...] = tuple(
    form for form in GRAPHS if form.name in ("turtle", "ntriples", "rdfxml", "jsonld")
)
#: Header fields are bounded (8 KB at nginx): a paper with more authors names them in its RDF only.
_MOST_AUTHORS = 30
_NOT_IN_TARGET = re.compile(r"[^\x21-\x7e]|[<>]")


def link_header(
    links: Links,
    kind: str,
    slug: str,
    entity: str,
    *,
    authors: Iterable[str] = (),
    items: Iterable[str] = (),
    licenses: Iterable[str] = (),
) -> str:
    """Return the Link field for an entity's page (RFC 8288).

    ``cite-as`` is the entity's IRI, ``describedby`` its RDF, ``license`` those of the entity itself (it is
    other people's work: ours holds for the description alone), ``item`` its weights and code, ``author`` the
    people and organisations.
    """
    link_values = [
        _link(entity, "cite-as"),
        _link(shipped().schema_org_class(all_kinds()[kind].iri), "type"),
        _link("https://schema.org/AboutPage", "type"),
        _link(links.absolute(links.path("openapi.json")), "service-desc", "application/json"),  # RFC 8631
    ]
    link_values += [_link(_rdf(links, kind, slug, f), "describedby", f.media_type) for f in ENTITY_GRAPHS]
    people = sorted({one for one in authors if safe(one)})
    link_values += [_link(one, "author") for one in people] if len(people) <= _MOST_AUTHORS else []
    link_values += [_link(one, "item") for one in sorted(set(items)) if safe(one)]
    link_values += [_link(one, "license") for one in sorted(set(licenses)) if safe(one)]
    link_values.append(_link(links.absolute(links.path(kind, "")), "collection", "text/html"))
    return ", ".join(link_values)


def back_link(links: Links, kind: str, slug: str, entity: str) -> str:
    """Return the Link field for an entity's RDF: which page it describes, the entity's IRI, our licence."""
    page = links.absolute(links.path(kind, f"{slug}.html"))
    link_values = [
        _link(page, "describes", "text/html"),
        _link(entity, "canonical"),
        _link(DATA_LICENSE, "license"),
    ]
    return ", ".join(link_values)


def service_documents(links: Links) -> list[str]:
    """Return the addresses of documents about the service: VoID description, ontology, queries, API, help."""
    names = ("void", "ns", "queries", "openapi.json", "about")
    return [f"{links.base}{name}" if name in ("void", "ns") else _public(links, name) for name in names]


def _public(links: Links, name: str) -> str:
    return links.absolute(links.path(name)) if links.public else f"{links.base}{name}"


def dataset_links(links: Links, dumps: Iterable[DumpFile]) -> str:
    """Return the Link field of the home page, which is the landing page of the dataset, with its dumps."""
    link_values = [
        _link(links.base, "cite-as"),
        _link(describing("contributors", links.base), "author"),
        _link(DATA_LICENSE, "license"),
        _link("https://schema.org/Dataset", "type"),
        _link("https://schema.org/AboutPage", "type"),
    ]
    link_values += [
        _link(links.absolute(links.path(f"void.{form.suffix}")), "describedby", form.media_type)
        for form in ENTITY_GRAPHS
    ]
    for file in dumps:
        kind = COMPRESSIONS[file.compression] or file.syntax.media_type
        link_values.append(_link(links.absolute(links.path("dump", file.name)), "item", kind))
    return ", ".join(link_values)


def release_links(links: Links, release: ReleaseFolder) -> str:
    """Return the Link field of a release's page: its IRI, RDF, files, the licence and the release before."""
    path = links.path("release", release.version)
    link_values = [
        _link(release_iri(release.version, links.base), "cite-as"),
        _link(DATA_LICENSE, "license"),
        _link("https://schema.org/Dataset", "type"),
        _link("https://schema.org/AboutPage", "type"),
    ]
    link_values += [
        _link(links.absolute(f"{path}.{form.suffix}"), "describedby", form.media_type)
        for form in ENTITY_GRAPHS
    ]
    link_values += [_link(links.absolute(f"{path}/{file.name}"), "item") for file in release.files]
    if release.previous:  # RFC 5829
        before = links.absolute(links.path("release", release.previous, ""))
        link_values.append(_link(before, "predecessor-version", "text/html"))
    return ", ".join(link_values)


def description_links(links: Links) -> str:
    """Return the Link field of RDF about the dataset as a whole: its landing page and the licence."""
    home = _link(links.absolute(links.root), "describes", "text/html")
    return ", ".join([home, _link(DATA_LICENSE, "license")])


def dump_links(links: Links) -> str:
    """Return the Link field of a dump: the landing page of the dataset it is a part of, and the licence."""
    home = _link(links.absolute(links.root), "collection", "text/html")
    return ", ".join([home, _link(DATA_LICENSE, "license")])


def _rdf(links: Links, kind: str, slug: str, form: Format) -> str:
    return links.absolute(links.path(kind, f"{slug}.{form.suffix}"))


def _link(target: str, rel: str, media_type: str = "") -> str:
    quoted = _NOT_IN_TARGET.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), target)
    return f'<{quoted}>; rel="{rel}"' + (f'; type="{media_type}"' if media_type else "")
