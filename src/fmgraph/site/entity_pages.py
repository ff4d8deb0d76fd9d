"""``/{kind}/{slug}``: an entity as a page and as RDF; unknown, withdrawn and replaced ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyoxigraph as ox
from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import GoneError, NotFoundError
from fmgraph.ontology import Kind, Ontology, all_kinds, work_kinds
from fmgraph.rdf.formats import GRAPHS, HTML, named
from fmgraph.rdf.prefixes import DCTERMS, FMG, OWL, RDF, RDFS, SCHEMA, SKOS
from fmgraph.site import list_pages, rdf_documents, schema_org_pages, signposting, snippets
from fmgraph.site.claim_view import Claim, claims_about
from fmgraph.site.correction_pages import correction_path
from fmgraph.site.entity_facts import group_facts, label_of
from fmgraph.site.graph_reader import BUILT_ON, LABEL, TYPE, Term, iri, text
from fmgraph.site.incoming_links import PAGE, finer, incoming, one_property
from fmgraph.site.lineage_pages import MOST_ON_ITS_PAGE, both_ways, pictures
from fmgraph.site.model_card import hub_id, model_card
from fmgraph.site.page_context import Site, View, page_number
from fmgraph.site.page_links import SPDX
from fmgraph.site.result_tables import BY_KIND, result_count, results_of, summaries
from fmgraph.site.work_answers import Answers, alike, license_name, read_answers
from fmgraph.text import SLUG, nearest, slugify

_FORMATS = (HTML, *GRAPHS)
#: Names compared for "did you mean"; beyond that only those that begin alike.
_MOST_NAMES = 4000
Triples = list[tuple[str, str, Term]]


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes of entities."""

    @pages.get("/<kind>/<name>")
    def entity(kind: str, name: str) -> Response:
        slug, _, suffix = name.partition(".")
        return _entity(site, _kind(kind), slug, suffix)

    @pages.get("/<kind>/<slug>/incoming")
    def entity_incoming(kind: str, slug: str) -> Response:
        return _incoming(site, _kind(kind), slug)


def _kind(name: str) -> Kind:
    if name not in all_kinds():
        raise NotFoundError(f"there is no kind of thing called {name!r}", nearest(name, all_kinds()))
    return all_kinds()[name]


def _entity(site: Site, kind: Kind, slug: str, suffix: str) -> Response:
    if not SLUG.fullmatch(slug):
        raise _unknown(site, kind, slug)
    node, own = _find(site, kind, slug)
    if suffix and named(suffix, _FORMATS) is None:
        forms = ", ".join(form.suffix for form in _FORMATS)
        raise NotFoundError(f"{kind.name} {slug!r} is there, but not as .{suffix[:20]}: there are {forms}")
    redirect = _withdrawn(site, kind, slug, suffix, own)
    if redirect is not None:
        return redirect
    form = site.negotiate(_FORMATS, suffix)
    triples = own + site.graph.triples(rdf_documents.parts(site.graph, kind.name, node))
    place = site.links.path(kind.name, f"{slug}.{form.suffix}")
    if form is HTML:
        answer = _page(site, kind, slug, node, triples)
    else:
        body = rdf_documents.serialise(rdf_documents.with_labels(site.graph, triples), form, node)
        answer = site.answer(body, form)
        answer.headers["Link"] = signposting.back_link(site.links, kind.name, slug, node)
    answer.headers["Content-Location"] = place
    answer.headers["Vary"] = "Accept"
    return answer


def _find(site: Site, kind: Kind, slug: str) -> tuple[str, Triples]:
    """Return the entity's IRI and its triples; raises NotFoundError."""
    node = f"{site.links.base}{kind.name}/{slug}"
    own = site.graph.triples([node])
    if not own and kind.name == "license":
        # A licence of the SPDX list is identified by SPDX's own IRI.
        for row in site.graph.rows("SELECT DISTINCT ?s WHERE { ?s a fmg:License }"):
            license_iri = text(row["s"])
            if license_iri.startswith(SPDX) and slugify(license_iri[len(SPDX) :]) == slug:
                return license_iri, site.graph.triples([license_iri])
    if not own:
        raise _unknown(site, kind, slug)
    return node, own


def _unknown(site: Site, kind: Kind, slug: str) -> NotFoundError:
    pattern = f"?s a {iri(kind.iri)} ; rdfs:label ?label ."
    if site.graph.count(pattern) > _MOST_NAMES:
        start = ox.Literal(f"{site.links.base}{kind.name}/{slugify(slug)[:2]}")
        pattern += f" FILTER(STRSTARTS(STR(?s), {start}))"
    names: dict[str, str] = {}
    for row in site.graph.rows(f"SELECT ?s ?label WHERE {{ {pattern} }} ORDER BY ?s LIMIT {_MOST_NAMES}"):
        entity = site.links.entity(row["s"].value)
        if entity:
            names.setdefault(entity[1], entity[1])
            names.setdefault(row["label"].value, entity[1])
    near = dict.fromkeys(names[name] for name in nearest(slug, names, 5))
    return NotFoundError(f"there is no {kind.name} {slug!r}", [f"{kind.name}/{one}" for one in near])


def _withdrawn(site: Site, kind: Kind, slug: str, suffix: str, own: Triples) -> Response | None:
    """Return the redirect to the replacement; raises GoneError without one; None when not withdrawn."""
    if not any(p == OWL + "deprecated" and text(o) == "true" for _, p, o in own):
        return None
    for _, prop, value in own:
        successor = site.links.entity(text(value)) if prop == DCTERMS + "isReplacedBy" else None
        if successor:
            name = f"{successor[1]}.{suffix}" if suffix else successor[1]
            path = site.links.path(successor[0], name)
            return Response(status=301, headers={"Location": path, "Vary": "Accept"})
    why = next((text(o) for _, p, o in own if p in (RDFS + "comment", FMG + "reason")), "")
    raise GoneError(f"{kind.name} {slug!r} was withdrawn" + (f": {why}" if why else ""))


def _page(site: Site, kind: Kind, slug: str, node: str, triples: Triples) -> Response:
    own = [(p, o) for s, p, o in triples if s == node]
    facts: dict[str, list[Term]] = {}
    for prop, value in own:
        facts.setdefault(prop, []).append(value)
    ontology = site.graph.ontology
    claims = claims_about(site.graph, node)
    groups = group_facts(own, claims, ontology)
    links_in = incoming(site.graph, node)
    lineage = ontology.group(BUILT_ON)
    answers = read_answers(site.graph, [node])[node] if kind.work else None
    used_by = next((facet for facet in ontology.facets(FMG + "Model") if facet.kind == kind.name), None)
    named_by_claims = [one for c in claims for one in (c.source, c.row, c.corrected_by) if one]
    terms: list[Term | str] = [
        *(o for _, _, o in triples),
        *(c.value for c in claims),
        *named_by_claims,
        *(item for one in links_in for item in one.items),
    ]
    similar = alike(site.graph, node, answers) if answers else []
    parts = [o.value.partition("#")[0] for _, o in own if isinstance(o, ox.NamedNode) and "#" in o.value]
    view = site.view([*terms, *parts, *similar, *(answers.terms if answers else ())])
    label = _label(facts, slug)
    people = list_pages.authors(triples)
    block = list_pages.block(site, kind.name, node, triples)
    names = [name for _, name in people]
    header = signposting.link_header(
        site.links,
        kind.name,
        slug,
        node,
        authors=[who for who, _ in people if who] or _iris(facts, "developedBy", "author"),
        items=_iris(facts, "weights", "code"),
        licenses=_iris(facts, "license", "codeLicense", "weightsLicense"),
    )
    lineages = both_ways(site, node) if kind.work else None
    page = site.links.path("lineage", kind.name, slug)
    drawn = pictures(site, *lineages, MOST_ON_ITS_PAGE, page) if lineages else None
    results = results_of(site.graph, kind.name, node) if kind.work and kind.name in BY_KIND else []
    return site.page(
        "entity.html",
        result_count=len(results) if kind.work else result_count(site.graph, kind.name, node),
        result_summaries=summaries(site.graph, results) if kind.work else [],
        drawn=drawn if lineages and any(one.nodes for one in lineages) else None,
        lineage_counts=[len(one.nodes) for one in lineages] if lineages else None,
        headers={"Link": header},
        kind=kind,
        slug=slug,
        iri=node,
        label=label,
        groups=groups,
        view=view,
        answers=answers,
        alike=similar,
        license_name=license_name,
        correct=lambda prop: correction_path(site, node, prop),
        wrong=_wrong(site, facts) if kind.name == "claim" else None,
        ns=FMG,
        closures=ontology.closures,
        trained=set(_iris(facts, "trainedOn")),
        heading=_triple(facts, view, ontology) if kind.name == "claim" else None,
        part_of=next((o for o in facts.get(DCTERMS + "isPartOf", ())), None) if kind.name == "row" else None,
        kind_label=site.kind_name(kind.name),
        description=_description(label, site.kind_name(kind.name), facts, answers, view),
        lineage_in=[one for one in links_in if kind.work and ontology.group(one.prop) == lineage],
        other_in=[one for one in links_in if not kind.work or ontology.group(one.prop) != lineage],
        page_size=PAGE,
        aka=sorted(text(o) for o in facts.get(SKOS + "altLabel", [])),
        definition=next((text(o) for o in facts.get(SKOS + "definition", [])), ""),
        classes=sorted(text(o) for o in facts.get(TYPE, [])),
        turtle=rdf_documents.serialise(
            rdf_documents.with_labels(site.graph, triples), signposting.ENTITY_GRAPHS[0], node
        ).decode(),
        bibtex=_bibtex(site, slug, facts, names) if kind.name == "paper" else None,
        card=model_card(site.graph, node) if kind.work else None,
        hub_cards=_hub_cards(facts) if kind.work else [],
        loading=[snippets.loading(text(call)) for call in facts.get(FMG + "loadedBy", [])],
        authors=people,
        block=block,
        author_claims=_once(claims, FMG + "author"),
        graphs=signposting.ENTITY_GRAPHS,
        works=work_kinds(),
        used_by=used_by,
        used_by_title=ontology.property(used_by.prop).incoming_title if used_by else None,
        jsonld=schema_org_pages.script(
            schema_org_pages.describe(ontology, kind.iri, node, label, facts, view.labels, people)
        ),
    )


def _description(
    label: str, kind: str, facts: dict[str, list[Term]], answers: Answers | None, view: View
) -> str:
    """Return a sentence about the entity for search engines and previews of links."""
    definition = next((text(o) for o in facts.get(SKOS + "definition", [])), "")
    sentences = [f"{label}: {kind} in fmgraph, the knowledge graph of medical foundation models."]
    if answers:
        for words, values in (
            ("built on", answers.built_on),
            ("trained on", answers.trained_on),
            ("modality", answers.modalities),
        ):
            if values:
                sentences.append(f"{words.capitalize()}: {', '.join(view.name(one) for one in values[:4])}.")
        sentences.insert(1, f"Weights: {answers.weights_words}; commercial use: {answers.commercial_words}.")
    return " ".join([sentences[0], definition, *sentences[1:]])


def _triple(facts: dict[str, list[Term]], view: View, ontology: Ontology) -> str | None:
    """Return a claim as words: subject, property and object; None where one of them is missing."""
    parts = [next(iter(facts.get(RDF + name, ())), None) for name in ("subject", "predicate", "object")]
    subject, prop, value = parts
    if subject is None or prop is None or value is None:
        return None
    return f"{view.name(subject)}: {label_of(text(prop), ontology)} {view.name(value)}"


def _wrong(site: Site, facts: dict[str, list[Term]]) -> str | None:
    """Return where what a claim states is corrected: in the record of its subject, if that has one."""
    subject, prop = (next(map(text, facts.get(RDF + name, ())), "") for name in ("subject", "predicate"))
    return correction_path(site, subject, prop)


def _label(facts: dict[str, list[Term]], slug: str) -> str:
    return min((text(o) for o in facts.get(LABEL, [])), default=slug)


def _once(claims: Sequence[Claim], prop: str) -> list[Claim]:
    """Return one claim of the property for each place it was read in."""
    return list({(c.source, c.row, c.raw, c.locator): c for c in claims if c.prop == prop}.values())


def _iris(facts: dict[str, list[Term]], *names: str) -> list[str]:
    return [o.value for name in names for o in facts.get(FMG + name, []) if isinstance(o, ox.NamedNode)]


def _hub_cards(facts: dict[str, list[Term]]) -> list[str]:
    """Return the repositories of the weights on the Hub, each of which has a model card."""
    return sorted({hub for address in _iris(facts, "weights") if (hub := hub_id(address))})


def _bibtex(site: Site, slug: str, facts: dict[str, list[Term]], authors: Sequence[str]) -> str:
    plain = {
        prop[len(FMG) :]: sorted(map(text, terms)) for prop, terms in facts.items() if prop.startswith(FMG)
    }
    plain.setdefault("title", [_label(facts, slug)])
    venue = ("", "")
    for where in _iris(facts, "publishedIn")[:1]:
        about: dict[str, str] = {p: text(o) for _, p, o in site.graph.triples([where])}
        venue = (about.get(LABEL, ""), about.get(FMG + "type", about.get(SCHEMA + "type", "")))
    return snippets.bibtex(slug, plain, authors, venue)


def _incoming(site: Site, kind: Kind, slug: str) -> Response:
    node, own = _find(site, kind, slug)
    prop = request.args.get("p", "")
    rows = site.graph.rows(f"SELECT DISTINCT ?p WHERE {{ ?s ?p {iri(node)} }}")
    props = {row["p"].value for row in rows}
    if prop not in props:
        raise NotFoundError(f"nothing points at {kind.name} {slug!r} by {prop!r}", sorted(props))
    without = finer(prop, props, site.graph.ontology)
    total = one_property(site.graph, node, prop, without, 0, 1).total
    page, last, offset = page_number(total, PAGE)
    incoming_links = one_property(site.graph, node, prop, without, offset)
    facts: dict[str, list[Term]] = {}
    for _, p, o in own:
        facts.setdefault(p, []).append(o)
    context: dict[str, Any] = {"page": page, "last": last, "offset": offset}
    return site.page(
        "incoming.html",
        kind=kind,
        slug=slug,
        label=_label(facts, slug),
        incoming_links=incoming_links,
        prop_label=label_of(prop, site.graph.ontology),
        view=site.view(incoming_links.items),
        **context,
    )
