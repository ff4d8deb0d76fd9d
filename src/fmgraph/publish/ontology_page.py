"""The ontology's documentation: made by pyLODE when the ontology changes, shipped as a file beside it.

pyLODE takes seconds, turns on debug logging for the whole process and is of no use when serving, so it runs
only in ``python -m fmgraph.publish.ontology_page``, which writes ``ontology/fmgraph.html`` (pylode 3.3; the
wheel of 3.4.1 cannot be imported). A test holds the file to the ontology.
"""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

from fmgraph import resources
from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import FMG

_ENTITY = re.compile(
    r'<div class="property entity" id="(?P<id>[^"]*)">(?:(?!class="property entity").)*?'
    rf"<code>{re.escape(FMG)}(?P<local>\w+)</code>",
    re.DOTALL,
)
_PAGE_FILE = "fmgraph.html"


@lru_cache(maxsize=1)
def html() -> str:
    """Return the documentation as a fragment of HTML: one ``<div>``, without style, script or heading ``h1``.

    Each term stands in an element whose id is its local name, so that the term's own IRI leads to it.
    Raises OntologyError where the file is missing.
    """
    file = resources.ontology_dir() / _PAGE_FILE
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise OntologyError(
            f"cannot be read: {error.strerror}",
            file=file,
            remedy="run python -m fmgraph.publish.ontology_page",
        ) from error


def render(ontology_file: Path) -> str:
    """Return what pyLODE makes of the ontology, as :func:`html` gives it.

    Raises OntologyError where a term has no place in it or shares one. Needs pylode (the ``test`` extra).
    """
    graph = Graph().parse(ontology_file, format="turtle")
    for scheme in list(graph.subjects(RDF.type, SKOS.ConceptScheme)):
        # pyLODE would take a concept scheme for the ontology itself.
        graph.remove((scheme, RDF.type, SKOS.ConceptScheme))
        graph.add((scheme, RDF.type, OWL.NamedIndividual))
    pylode: Any = importlib.import_module("pylode")
    page = str(pylode.OntPub(graph).make_html())
    start, end = page.index('<div id="content">'), page.index('<div id="toc">')
    body = re.sub(r"<h1>.*?</h1>", "", page[start:end], flags=re.DOTALL)
    body = _with_local_names(body)
    body += _others(graph, body)
    missing = [term for term in _terms(graph) if f'id="{term.removeprefix(FMG)}"' not in body]
    if missing:
        raise OntologyError(f"terms without a place in the page: {', '.join(missing)}", file=ontology_file)
    lines = (line.strip() for line in body.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _with_local_names(body: str) -> str:
    """Return the page with ids and links that are made of the terms' labels replaced by local names."""
    names = {match["id"]: match["local"] for match in _ENTITY.finditer(body)}
    if len(names) < len(_ENTITY.findall(body)):
        raise OntologyError("two terms have the same label, so that their places in the page are one")
    return re.sub(
        r'(?P<how>id="|href="#)(?P<id>[^"]*)"',
        lambda match: f'{match["how"]}{names.get(match["id"], match["id"])}"',
        body,
    )


def _others(graph: Graph, body: str) -> str:
    """Return a section with the terms that pyLODE leaves out: individuals."""
    rows = []
    for term in _terms(graph):
        local = term.removeprefix(FMG)
        if f'id="{local}"' in body:
            continue
        label, definition = (str(graph.value(URIRef(term), p) or "") for p in (RDFS.label, SKOS.definition))
        rows.append(
            f'<div class="property entity" id="{local}">\n<h3>{escape(label)}</h3>\n'
            f"<p><code>{escape(term)}</code></p>\n<p>{escape(definition)}</p>\n</div>\n"
        )
    if not rows:
        return ""
    return '<div class="section" id="individuals">\n<h2>Individuals</h2>\n' + "".join(rows) + "</div>\n"


def _terms(graph: Graph) -> list[str]:
    """Return the IRIs of the terms that the ontology defines, sorted."""
    return sorted({str(term) for term in graph.subjects(RDFS.label) if str(term).startswith(FMG)})


def main() -> None:
    """Write the page beside the ontology, through a temporary file."""
    folder = resources.ontology_dir()
    text = render(folder / "fmgraph.ttl")
    temporary = folder / f".{_PAGE_FILE}.new"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / _PAGE_FILE)


if __name__ == "__main__":
    main()
