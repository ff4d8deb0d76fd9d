"""Prefixes and named queries as SHACL terms, where SPARQL editors look for them.

``sh:declare``/``sh:prefix``/``sh:namespace`` and ``sh:SPARQLExecutable`` with ``rdfs:comment`` and the query
text: https://www.w3.org/TR/shacl/#sparql-prefixes, https://www.w3.org/TR/shacl-af/#SPARQLExecutable, read by
the SIB SPARQL editor. No node is blank: a query is ``{BASE}query/{name}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pyoxigraph import Triple

from fmgraph.ontology import all_kinds
from fmgraph.publish.dataset_names import Collector, describing
from fmgraph.rdf.prefixes import BASE, DCTERMS, PREFIXES, RDFS, SCHEMA, SH, XSD

#: Form of a query → SHACL class and property. SHACL has no class for DESCRIBE, and ``sh:describe`` is what
#: the SIB editor asks for.
_FORMS = {
    "SELECT": (f"{SH}SPARQLSelectExecutable", f"{SH}select"),
    "ASK": (f"{SH}SPARQLAskExecutable", f"{SH}ask"),
    "CONSTRUCT": (f"{SH}SPARQLConstructExecutable", f"{SH}construct"),
    "DESCRIBE": (None, f"{SH}describe"),
}


class Parameter(Protocol):
    """A parameter of a named query, as :mod:`fmgraph.answers.named_queries` has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def default(self) -> str: ...  # noqa: D102


class Query(Protocol):
    """A named query, as :mod:`fmgraph.answers.named_queries` has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def form(self) -> str: ...  # noqa: D102
    @property
    def parameters(self) -> Sequence[Parameter]: ...  # noqa: D102


def prefixes(base: str = BASE, declared: Mapping[str, str] = PREFIXES) -> list[Triple]:
    """Return the ``sh:declare`` triples of the description document, one node a prefix."""
    out = Collector()
    document = describing("", base).rstrip("#")
    for prefix, namespace in declared.items():
        node = describing(f"prefix-{prefix}", base)
        out.iri(document, f"{SH}declare", node)
        out.type(node, f"{SH}PrefixDeclaration")
        out.text(node, f"{SH}prefix", prefix)
        out.text(node, f"{SH}namespace", namespace, datatype=f"{XSD}anyURI")
    return out.triples()


def executables(queries: Iterable[Query], base: str = BASE, service: str | None = None) -> list[Triple]:
    """Return the named queries as ``sh:SPARQLExecutable``, with their parameters.

    The text is the query without the ``#+`` header, whose content is in ``rdfs:label``, ``rdfs:comment`` and
    the parameters; it runs as it is, with the defaults.
    """
    out = Collector()
    document = describing("", base).rstrip("#")
    for query in queries:
        node = f"{base}query/{query.name}"
        cls, predicate = _FORMS[query.form]
        out.type(node, f"{SH}SPARQLExecutable", *([cls] if cls else []))
        out.text(node, f"{RDFS}label", query.title)
        out.text(node, f"{RDFS}comment", query.description)
        out.text(node, predicate, _body(query.text))
        out.iri(node, f"{SH}prefixes", document)
        out.iri(node, f"{SCHEMA}target", f"{service or base}sparql")
        for parameter in query.parameters:
            part = f"{node}#{parameter.name}"
            out.iri(node, f"{DCTERMS}hasPart", part)
            out.type(part, f"{SCHEMA}PropertyValueSpecification")
            out.text(part, f"{SCHEMA}valueName", parameter.name)
            out.text(part, f"{RDFS}label", f"{query.title}: {parameter.name}")
            out.text(part, f"{SCHEMA}description", parameter.description)
            out.text(part, f"{SCHEMA}defaultValue", parameter.default.strip())
            if parameter.kind in all_kinds():
                out.iri(part, f"{SCHEMA}additionalType", all_kinds()[parameter.kind].iri)
    return out.triples()


def _body(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("#+")]
    return "\n".join(lines).strip() + "\n"
