"""The metadata of a model card on the Hugging Face Hub, to be copied: base models, licence, data sets.

https://huggingface.co/docs/hub/model-cards#model-card-metadata. What the Hub has no name for is a comment;
what the graph does not know is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from fmgraph.rdf.prefixes import FMG
from fmgraph.site.graph_reader import BUILT_ON, Graph, iri

#: Identifiers of licences that the Hub knows; anything else is ``other`` with a name and a link.
#: https://huggingface.co/docs/hub/repositories-licenses (November 2026)
HUB_LICENSES = frozenset(
    (
        "afl-3.0", "agpl-3.0", "apache-2.0", "apple-amlr", "apple-ascl", "artistic-2.0",
        "bigcode-openrail-m", "bigscience-bloom-rail-1.0", "bigscience-openrail-m", "bsd",
        "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "bsl-1.0", "c-uda", "cc", "cc-by-2.0",
        "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
        "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0",
        "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "creativeml-openrail-m",
        "deepfloyd-if-license", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1",
        "eupl-1.2", "fair-noncommercial-research-license", "gemma", "gfdl", "gpl", "gpl-2.0",
        "gpl-3.0", "grok2-community", "h-research", "intel-research", "isc", "lgpl", "lgpl-2.1",
        "lgpl-3.0", "lgpl-lr", "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4",
        "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "odc-by", "ofl-1.1", "openmdw-1.0",
        "openrail", "openrail++", "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl", "zlib",
    )
)  # fmt: skip
_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: Paths of the Hub that are no model: https://huggingface.co/docs/hub/repositories
_NOT_OWNERS = {
    "datasets",
    "spaces",
    "docs",
    "blog",
    "papers",
    "collections",
    "models",
    "organizations",
    "api",
}
#: https://huggingface.co/docs/hub/model-cards#specifying-a-base-model: only where the graph says just that.
_RELATIONS = {FMG + "fineTunedFrom": "finetune", FMG + "adapts": "adapter"}
#: Relations that make the parent a base model in the Hub's sense: the model starts from its weights.
_BASE = (BUILT_ON, FMG + "initialisedFrom", *_RELATIONS)


def model_card(graph: Graph, entity: str) -> str | None:
    """Return the lines of YAML for the card of a work; None without any metadata that the Hub knows."""
    lines = [*_base_models(graph, entity), *_licenses(graph, entity), *_datasets(graph, entity)]
    return "\n".join(lines) + "\n" if lines else None


def hub_id(address: str) -> str | None:
    """Return ``owner/name`` of a model on the Hugging Face Hub; None for any other address."""
    return _name_in(address, ())


def dataset_id(address: str) -> str | None:
    """Return ``owner/name`` of a data set on the Hugging Face Hub; None for any other address."""
    return _name_in(address, ("datasets",))


def _name_in(address: str, folder: tuple[str, ...]) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    names = parts.path.strip("/").split("/")
    start = tuple(names[: len(folder)])
    names = names[len(folder) :]
    if parts.hostname not in ("huggingface.co", "hf.co", "www.huggingface.co") or len(names) < 2:
        return None
    if start != folder:
        return None
    if names[0] in _NOT_OWNERS or not all(_HUB_NAME.fullmatch(name) for name in names[:2]):
        return None
    return "/".join(names[:2])


def _base_models(graph: Graph, entity: str) -> list[str]:
    """Return the lines of ``base_model``; none where no parent is on the Hub.

    Only parents that the model starts from; the relation only where every edge says it literally. A parent
    with several repositories is listed with all of them in comments, because which one it was is not known.
    """
    edges = " ".join(iri(prop) for prop in _BASE)
    rows = graph.rows(
        f"SELECT DISTINCT ?p ?o ?label ?at WHERE {{ VALUES ?p {{ {edges} }} {iri(entity)} ?p ?o . "
        "OPTIONAL { ?o rdfs:label ?label } OPTIONAL { ?o fmg:weights|fmg:code ?at } } ORDER BY ?o ?p ?at"
    )
    relations: dict[str, set[str]] = {}
    hubs: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for row in rows:
        parent = row["o"].value
        names[parent] = row["label"].value if row.get("label") is not None else parent
        relations.setdefault(parent, set()).add(row["p"].value)
        hub = hub_id(row["at"].value) if row.get("at") is not None else None
        hubs.setdefault(parent, set()).update([hub] if hub else [])
    mine = _starts_from(graph, entity, relations)
    known = {parent: ids for parent, ids in hubs.items() if ids and parent in mine}
    if not known:
        return []
    lines = ["base_model:"]
    for parent, ids in known.items():
        name = " ".join(names[parent].split())
        if len(ids) == 1:
            lines.append(f"  - {next(iter(ids))}  # {name}")
        else:
            lines += [f"  # {name}: one of", *(f"  # - {one}" for one in sorted(ids))]
    if all(line.lstrip().startswith("#") for line in lines[1:]):
        lines[0] = "# base_model:"
    hub_relations = {_RELATIONS.get(prop) for parent in mine for prop in relations[parent] - {BUILT_ON}}
    if len(hub_relations) == 1 and None not in hub_relations and lines[0] == "base_model:":
        lines.append(f"base_model_relation: {hub_relations.pop()}")
    return lines


def _starts_from(graph: Graph, entity: str, relations: Mapping[str, set[str]]) -> set[str]:
    """Return the parents whose edge is one of _BASE itself, not just an umbrella over another relation."""
    others = {
        row["o"].value
        for row in graph.rows(
            f"SELECT DISTINCT ?o WHERE {{ {iri(entity)} ?p ?o . ?p rdfs:subPropertyOf fmg:builtOn "
            f"FILTER(?p NOT IN ({', '.join(iri(prop) for prop in _BASE)})) }}"
        )
    }
    return {parent for parent, props in relations.items() if props - {BUILT_ON} or parent not in others}


def _licenses(graph: Graph, entity: str) -> list[str]:
    """Return the lines of ``license``, that of the weights: they are what a card on the Hub is about.

    A licence is known to the Hub where one of its names is an identifier of the Hub.
    """
    rows = graph.rows(
        f"SELECT DISTINCT ?l ?name ?label ?url WHERE {{ {iri(entity)} fmg:weightsLicense ?l . "
        "OPTIONAL { ?l rdfs:label ?label } OPTIONAL { ?l rdfs:label|skos:altLabel ?name } "
        "OPTIONAL { ?l schema:url ?url } } ORDER BY ?l ?name ?url"
    )
    names: dict[str, list[str]] = {}
    links: dict[str, str] = {}
    labels: dict[str, str] = {}
    for row in rows:
        license_ = row["l"].value
        local = license_.rpartition("/")[2]
        names.setdefault(license_, [local.lower()])
        labels[license_] = row["label"].value if row.get("label") is not None else local
        if row.get("name") is not None:
            names[license_].append(row["name"].value.lower())
        if row.get("url") is not None:
            links.setdefault(license_, row["url"].value)
    ids = {one: next((name for name in own if name in HUB_LICENSES), "") for one, own in names.items()}
    known = sorted({name for name in ids.values() if name})
    others = [one for one, name in ids.items() if not name]
    if not known and len(others) == 1:
        (one,) = others
        link = [f"license_link: {links[one]}"] if one in links else []
        return ["license: other", f"license_name: {names[one][0]}  # {labels[one]}", *link]
    comments = [f"# also licensed under: {labels[one]}" for one in others]
    if not known:
        return ["license: other", *comments] if others else []
    lines = [f"license: {known[0]}"] if len(known) == 1 else ["license:", *(f"  - {one}" for one in known)]
    return [*lines, *comments]


def _datasets(graph: Graph, entity: str) -> list[str]:
    """Return the lines of ``datasets``: those it is trained on, by their names on the Hub.

    A repository that several data sets lead to is no name of one of them.
    """
    rows = graph.rows(
        f"SELECT DISTINCT ?d ?label ?at WHERE {{ {iri(entity)} fmg:trainedOn ?d . ?d rdfs:label ?label . "
        "OPTIONAL { ?d foaf:homepage|dcat:landingPage ?at FILTER NOT EXISTS { "
        "?other foaf:homepage|dcat:landingPage ?at FILTER(?other != ?d) } } } ORDER BY ?label ?d ?at"
    )
    hubs: dict[str, set[str]] = {}
    labels: dict[str, str] = {}
    for row in rows:
        one = row["d"].value
        labels[one] = " ".join(row["label"].value.split())
        hub = dataset_id(row["at"].value) if row.get("at") is not None else None
        hubs.setdefault(one, set()).update([hub] if hub else [])
    hub_names = {one: next(iter(ids)) for one, ids in hubs.items() if len(ids) == 1}
    others = [labels[one] for one in hubs if one not in hub_names]
    lines = [f"  - {hub}  # {labels[one]}" for one, hub in hub_names.items()]
    if lines:
        lines.insert(0, "datasets:")
    return [*lines, *(f"# trained on, no name on the Hub known: {label}" for label in others)]
