"""Text to copy: BibTeX, metadata of a model card, loading a model, ways to ask for a result elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from fmgraph.rdf.prefixes import FMG
from fmgraph.site.graph_reader import BUILT_ON, Graph, iri

_TEX = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
#: Longer addresses are no link that a mail program keeps whole.
_LONGEST_LINK = 2000
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

#: Functions that return more than the model.
_RETURNED = {
    "conch.open_clip_custom.create_model_from_pretrained": "model, preprocess",
    "kronos.create_model_from_pretrained": "model, precision, embedding_dim",
    "open_clip.create_model_from_pretrained": "model, preprocess",
}


def tex(text: str) -> str:
    """Return the text with TeX's special characters escaped, on one line."""
    return "".join(_TEX.get(char, char) for char in " ".join(text.split()))


def bibtex(
    slug: str, facts: Mapping[str, Sequence[str]], authors: Sequence[str], venue: tuple[str, str]
) -> str:
    """Return a BibTeX entry; ``facts`` by local name of the property, ``venue`` its label and type."""

    def first(name: str) -> str:
        return next(iter(facts.get(name, ())), "")

    name, venue_type = venue
    preprint = venue_type == "preprint-server" or not name
    in_book = venue_type in ("conference", "workshop")
    fields = {
        "title": f"{{{tex(first('title'))}}}",
        "author": " and ".join(tex(author) for author in authors),
        "booktitle" if in_book else "journal": "" if preprint else tex(name),
        "year": first("year"),
        "doi": tex(first("doi")),
        "eprint": first("arxiv"),
        "archiveprefix": "arXiv" if first("arxiv") else "",
    }
    entry = "misc" if preprint else "inproceedings" if in_book else "article"
    lines = [f"  {key} = {{{value}}}" for key, value in fields.items() if value and value != "{}"]
    return f"@{entry}{{{slug},\n" + ",\n".join(lines) + "\n}\n"


def hub_id(address: str) -> str | None:
    """Return ``owner/name`` of a model on the Hugging Face Hub; None for any other address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    names = parts.path.strip("/").split("/")
    if parts.hostname not in ("huggingface.co", "hf.co", "www.huggingface.co") or len(names) < 2:
        return None
    if names[0] in _NOT_OWNERS or not all(_HUB_NAME.fullmatch(name) for name in names[:2]):
        return None
    return "/".join(names[:2])


def loading(call: str) -> str:
    """Return Python that makes a call as ``fmg:loadedBy`` has it: the import and the call.

    What is imported is all before the first class in the name, or before the function.
    """
    name = call.partition("(")[0]
    parts = name.split(".")
    first_class = next((at for at, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return f"import {'.'.join(parts[:first_class])}\n\n{_RETURNED.get(name, 'model')} = {call}\n"


def model_card(graph: Graph, entity: str) -> str | None:
    """Return the ``base_model`` lines for the model's card on the Hub; None where no parent is there.

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
        return None
    lines = ["base_model:"]
    for parent, ids in known.items():
        name = " ".join(names[parent].split())
        if len(ids) == 1:
            lines.append(f"  - {next(iter(ids))}  # {name}")
        else:
            lines += [f"  # {name}: one of", *(f"  # - {one}" for one in sorted(ids))]
    if all(line.lstrip().startswith("#") for line in lines[1:]):
        lines[0] = "# base_model:"
    said = {_RELATIONS.get(prop) for parent in mine for prop in relations[parent] - {BUILT_ON}}
    if len(said) == 1 and None not in said and lines[0] == "base_model:":
        lines.append(f"base_model_relation: {said.pop()}")
    return "\n".join(lines) + "\n"


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


def use_of_address(url: str, *, graph: bool = False) -> list[tuple[str, str]]:
    """Return how to get the answer at an address: as a link, by curl, in Python and in R."""
    form = "turtle" if graph else "csv"
    there = f"{url}{'&' if '?' in url else '?'}format={form}"
    return [
        ("Link", url),
        ("curl", f"curl '{_shell(there)}'"),
        ("Python", f'from rdflib import Graph\n\ngraph = Graph().parse("{there}", format="turtle")' if graph
         else f'import pandas\n\ntable = pandas.read_csv("{there}")'),
        ("R", f'graph <- rdflib::rdf_parse("{there}", format = "turtle")' if graph
         else f'table <- read.csv("{there}")'),
    ]  # fmt: skip


def use_of_query(endpoint: str, query: str, *, graph: bool = False) -> list[tuple[str, str]]:
    """Return how to ask an endpoint the query: as a link where it is short, by curl, in Python and in R."""
    form = "turtle" if graph else "csv"
    page = f"{endpoint}?{urlencode({'query': query})}"
    quoted = query.replace("\\", "\\\\").replace('"""', '\\"""').strip()
    ask = f'"{endpoint}?" + urlencode({{"query": query, "format": "{form}"}})'
    read = f'Graph().parse({ask}, format="turtle")' if graph else f"pandas.read_csv({ask})"
    library = "from rdflib import Graph" if graph else "import pandas"
    fetched = f'paste0("{endpoint}?format={form}&query=", URLencode(query, reserved = TRUE))'
    in_r = (
        f'graph <- rdflib::rdf_parse({fetched}, format = "turtle")'
        if graph
        else f"table <- read.csv({fetched})"
    )
    link = [("Link", page)] if len(page) <= _LONGEST_LINK else []
    return [
        *link,
        ("curl", f"curl '{endpoint}?format={form}' --data-urlencode query='{_shell(query.strip())}'"),
        ("Python", f'from urllib.parse import urlencode\n\n{library}\n\nquery = """{quoted}"""\n{read}'),
        ("R", f'query <- r"---({query.strip()})---"\n{in_r}'),
    ]


def _shell(text: str) -> str:
    """Return the text as it stands between single quotes in a shell."""
    return text.replace("'", "'\\''")
