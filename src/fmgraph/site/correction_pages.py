"""``/correct/{kind}/{slug}``: how to add or correct what is known of a thing, property by property.

"know it?" and "wrong?" on other pages lead here, to the property meant. With the setting ``repository`` there
are links that edit the record or open an issue; without it, lines of YAML to copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph import resources
from fmgraph.errors import NotFoundError
from fmgraph.ontology import Kind, Property, Schema, all_kinds
from fmgraph.site.entity_facts import heading
from fmgraph.site.graph_reader import LABEL, Term, iri, text
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG, nearest


@dataclass(frozen=True)
class Entry:
    """A property of a record: its YAML key, its title, what is accepted, and what to send."""

    key: str
    title: str
    prop: Property
    values: list[Term]
    snippet: str
    issue: str | None  #: address that opens an issue, prefilled


@lru_cache(maxsize=1)
def keys() -> dict[str, str]:
    """Return the YAML key of each property by its IRI."""
    folder = resources.ontology_dir()
    schema = Schema(folder / "context.jsonld", folder / "fmgraph.ttl")
    return {iri: field.key for iri, field in schema.by_iri.items()}


def correction_path(site: Site, entity: str, prop: str) -> str | None:
    """Return the address at which a property of an entity is corrected; None where it has no record."""
    parts = site.links.entity(entity)
    if parts is None or not all_kinds()[parts[0]].recorded:
        return None
    key = keys().get(prop)
    return site.links.path("correct", *parts) + (f"#{key}" if key else "")


def snippet(key: str, example: str = "…") -> str:
    """Return the lines of YAML that say a value with its source (docs/data.md)."""
    return (
        f"{key}:\n  - value: {example}\n    source: https://…   # a paper, repository, model card\n"
        "    at: where in it\n"
    )


def issue_path(repository: str, title: str, body: str) -> str:
    """Return the address that opens an issue with title and text filled in."""
    return f"{repository.rstrip('/')}/issues/new?{urlencode({'title': title, 'body': body})}"


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/correct/<kind>/<slug>")
    def correct(kind: str, slug: str) -> Response:
        recorded = {name: one for name, one in all_kinds().items() if one.recorded}
        if kind not in recorded or not SLUG.fullmatch(slug):
            raise NotFoundError(f"there are no records of {kind!r}", nearest(kind, recorded))
        node = _node(site, kind, slug)
        facts: dict[str, list[Term]] = {}
        for _, prop, value in site.graph.triples([node]):
            facts.setdefault(prop, []).append(value)
        if not facts:
            raise NotFoundError(f"there is no {kind} {slug!r}")
        label = min((text(one) for one in facts.get(LABEL, [])), default=slug)
        file = f"data/{kind}/{slug}.yaml"
        repository = site.settings.repository.rstrip("/")
        entries = [
            _entry(prop, key, facts.get(prop.iri, []), f"{kind}/{slug}", file, repository)
            for prop in _properties(site, node, recorded[kind])
            if prop.claimed and (key := keys().get(prop.iri))
        ]
        return site.page(
            "correct.html",
            kind=recorded[kind],
            slug=slug,
            label=label,
            file=file,
            edit=f"{repository}/edit/main/{file}" if repository else None,
            report=issue_path(repository, f"{kind}/{slug}", f"{file}\n\n") if repository else None,
            entries=entries,
            view=site.view(value for entry in entries for value in entry.values),
        )


def _properties(site: Site, node: str, kind: Kind) -> list[Property]:
    """Return the properties of the kind, and those that something is claimed by of the entity."""
    ontology = site.graph.ontology
    rows = site.graph.rows(
        f"SELECT DISTINCT ?p WHERE {{ ?c rdf:subject {iri(node)} ; rdf:predicate ?p }} ORDER BY ?p"
    )
    of_kind = {prop.iri: prop for prop in ontology.of_class(kind.iri)}
    return [*{**of_kind, **{text(row["p"]): ontology.property(text(row["p"])) for row in rows}}.values()]


def _node(site: Site, kind: str, slug: str) -> str:
    """Return the IRI of an entity; that of a licence of the SPDX list is SPDX's own."""
    if kind == "license":
        for row in site.graph.rows("SELECT DISTINCT ?s WHERE { ?s a fmg:License }"):
            if site.links.entity(text(row["s"])) == (kind, slug):
                return text(row["s"])
    return f"{site.links.base}{kind}/{slug}"


def _entry(prop: Property, key: str, values: list[Term], name: str, file: str, repository: str) -> Entry:
    lines = snippet(key, next(iter(prop.examples), "…"))
    body = f"In {file}:\n\n```yaml\n{lines}```\n"
    issue = issue_path(repository, f"{name}: {prop.label}", body) if repository else None
    return Entry(key, heading(prop.label), prop, values, lines, issue)
