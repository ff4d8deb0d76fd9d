"""``/lineage/``: the whole field as one picture, narrowed by modality and relation, with all works listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.field_layout import (
    MOST_EDGES,
    WIDTH,
    lay_out_field,
    read_field,
    read_layout,
    works_drawn,
)
from fmgraph.answers.lineage_formats import Network, network_json
from fmgraph.answers.lineage_layout import Picture, descendants
from fmgraph.errors import NotFoundError
from fmgraph.rdf.formats import HTML
from fmgraph.site.graph_reader import BUILT_ON
from fmgraph.site.lineage_pages import DOT, GRAPHML, JSON, MERMAID, SVG, WRITERS
from fmgraph.site.lineage_picture import GROUPS, Drawing, Relations, draw, group_of
from fmgraph.site.page_context import Site
from fmgraph.text import nearest

#: Works in the small picture on the home page.
_IN_SMALL = 26
_FORMATS = (HTML, JSON, SVG, MERMAID, DOT, GRAPHML)
_DOWNLOADS = (SVG, MERMAID, DOT, GRAPHML, JSON)

_MODALITIES = """SELECT DISTINCT ?work ?modality ?label WHERE {
  ?work fmg:builtOn|^fmg:builtOn ?other ; fmg:modality/skos:broaderTransitive? ?modality .
  ?modality rdfs:label ?label }"""


@dataclass(frozen=True)
class Field:
    """All lineage of the graph: the network, and the works of each modality (slug) or a narrower one."""

    network: Network
    relations: Relations
    built_on: Mapping[str, int]  #: how many works are built on each
    picture: Picture  #: where all works stand
    modalities: Mapping[str, tuple[str, frozenset[str]]]  #: label and works by slug


@dataclass(frozen=True)
class Choice:
    """A way to narrow the picture: label, number of works or edges, and the link that sets or drops it."""

    label: str
    count: int
    href: str
    chosen: bool


class Atlas:
    """The field of the dataset that the engine now serves, and the pictures of it that were asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._field: tuple[str, Field | None] | None = None

    @property
    def field(self) -> Field | None:
        """The field; None where it has too many edges to be drawn."""
        digest = str(self.site.engine.meta.digest)
        if self._field is None or self._field[0] != digest:
            self._field = (digest, _field_of(self.site, digest))
        return self._field[1]

    def small(self) -> Drawing | None:
        """Return the works that most is built on, and how they are built on each other."""
        field = self.field
        if field is None or not field.built_on:
            return None
        most = sorted(field.built_on, key=lambda work: (-field.built_on[work], work))[:_IN_SMALL]
        below: dict[str, set[str]] = defaultdict(set)
        for parent, child in field.relations.pairs:
            below[parent].add(child)
        relations = Relations({work: field.relations.labels[work] for work in most})
        for parent in most:
            for child in _reach(below, parent) & set(most):
                relations.pairs[parent, child] = field.relations.pairs.get((parent, child), [BUILT_ON])
        return draw(self.site.links, self.site.graph.ontology, relations, width=WIDTH, weigh=field.built_on)


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""
    atlas = Atlas(site)

    @pages.get("/lineage/")
    def whole_field() -> Response:
        form = site.negotiate(_FORMATS)
        field = atlas.field
        if field is None:
            raise NotFoundError(
                f"the graph has more than {MOST_EDGES:,} edges of lineage: ask for one work's"
            )
        groups, modality = request.args.getlist("relation"), request.args.get("modality", "")
        _check_known(groups, [name or "open" for name in GROUPS], "relation")
        _check_known([modality] if modality else [], field.modalities, "modality")
        lineage = narrow(field, site, groups, modality)
        if form in WRITERS or form is JSON:
            edges = [e for e in field.network.edges if (e.parent, e.child) in lineage.pairs]
            network = Network({work: lineage.labels[work] for work in sorted(lineage.labels)}, edges)
            return site.answer((network_json if form is JSON else WRITERS[form])(network).encode(), form)
        works = works_drawn(lineage.labels, field.built_on)
        whole = "all" in request.args
        drawing = draw(
            site.links,
            site.graph.ontology,
            lineage.among(set(works)),
            whole=whole,
            width=WIDTH,
            left_out=len(lineage.labels) - len(works),
            weigh=field.built_on,
            picture=None if groups or modality or whole else field.picture,
        )
        if form is SVG:
            svg = site.render("lineage.svg", picture=drawing, name="Lineage of the field")
            return site.answer(svg.encode(), form)
        return _page(site, field, lineage, drawing, groups, modality)


def _check_known(values: list[str], names: object, parameter: str) -> None:
    known = list(names)  # type: ignore[call-overload]
    for value in values:
        if value not in known:
            raise NotFoundError(f"there is no {parameter} {value!r} in the lineage", nearest(value, known))


def _page(
    site: Site, field: Field, lineage: Relations, drawing: Drawing, groups: list[str], modality: str
) -> Response:
    whole = "yes" if "all" in request.args else None

    def link(relations: list[str], one: str, everything: str | None = whole) -> str:
        return site.links.path("lineage", "", relation=relations, modality=one, all=everything)

    modalities = [
        Choice(label, len(works), link(groups, "" if slug == modality else slug), slug == modality)
        for slug, (label, works) in field.modalities.items()
    ]
    by_group: dict[str, int] = defaultdict(int)
    for props in field.relations.pairs.values():
        by_group[group_of(props, site.graph.ontology)] += 1
    relations = []
    for name, group in GROUPS.items():
        if by_group[name]:
            key = name or "open"
            rest = [one for one in groups if one != key] if key in groups else [*groups, key]
            relations.append(Choice(group.title, by_group[name], link(rest, modality), key in groups))
    works = sorted(lineage.labels, key=lambda work: (lineage.labels[work].casefold(), work))
    return site.page(
        "atlas.html",
        drawing=drawing,
        modalities=modalities,
        relations=relations,
        chosen=bool(groups or modality),
        works=works,
        labels=lineage.labels,
        built_on=field.built_on,
        edges=len(lineage.pairs),
        toggle=link(groups, modality, None if whole else "yes"),
        whole=whole,
        downloads=[
            (form, site.links.path("lineage", "", relation=groups, modality=modality, format=form.suffix))
            for form in _DOWNLOADS
        ],
    )


def narrow(field: Field, site: Site, groups: list[str], modality: str) -> Relations:
    """Return the edges of the groups, among the works of the modality and what those are built on."""
    pairs = field.relations.pairs
    if groups:
        ontology = site.graph.ontology
        pairs = {
            pair: props for pair, props in pairs.items() if (group_of(props, ontology) or "open") in groups
        }
    if modality:
        above: dict[str, set[str]] = defaultdict(set)
        for parent, child in pairs:
            above[child].add(parent)
        works = set(field.modalities[modality][1])
        with_ancestors = works.union(*(_reach(above, work) for work in works))
        pairs = {
            pair: props
            for pair, props in pairs.items()
            if pair[0] in with_ancestors and pair[1] in with_ancestors
        }
    ends = {work for pair in pairs for work in pair}
    return Relations({work: field.relations.labels[work] for work in ends}, pairs)


def _reach(steps: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(steps.get(start, ()))
    while todo:
        work = todo.pop()
        if work not in seen:
            seen.add(work)
            todo.extend(steps.get(work, ()))
    return seen - {start}


def _field_of(site: Site, digest: str) -> Field | None:
    """Return all lineage of the graph, laid out as the dataset has it; None where there are too many edges.

    An engine that knows no folder of a dataset, or one without a layout, has it laid out here.
    """
    network = read_field(site.engine.rows)
    if network is None:
        return None
    relations = Relations.of(network)
    folder = site.dataset_folder
    picture = read_layout(folder, digest) if folder else None
    return Field(
        network,
        relations,
        descendants(relations.pairs),
        picture or lay_out_field(network),
        _modalities(site),
    )


def _modalities(site: Site) -> dict[str, tuple[str, frozenset[str]]]:
    """Return label and works of each modality that works with lineage have, the most frequent first."""
    works: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in site.graph.rows(_MODALITIES):
        entity = site.links.entity(row["modality"].value)
        if entity is not None:
            works[entity[1], row["label"].value].add(row["work"].value)
    ordered = sorted(works.items(), key=lambda item: (-len(item[1]), item[0]))
    return {slug: (label, frozenset(members)) for (slug, label), members in ordered}
