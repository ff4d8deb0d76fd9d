"""Named queries: files that run anywhere as they are, with parameters that can be bound.

A file ``queries/<name>.rq`` starts with a YAML header in ``#+`` comments (as grlc reads them); each
parameter is a ``VALUES ?name { … }`` line that holds its default. Binding replaces what stands in the
braces, so an unbound query is the query with its defaults. https://grlc.io

A parameter that is ``optional`` may be left open (``UNDEF``): it is where its argument is empty, and where
other arguments are given and it is not. ``answer`` says in words what the rows are
(:mod:`fmgraph.answers.answer_sentences`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from fmgraph import resources
from fmgraph.answers.answer_sentences import Sentence, read_sentences
from fmgraph.answers.resolve import resolver_of
from fmgraph.errors import NotFoundError, OntologyError, ParameterError
from fmgraph.ontology import all_kinds, work_kinds
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.terms import Term, entity, integer, iri, literal
from fmgraph.server.engine import Engine
from fmgraph.text import SLUG, nearest

_FORM = re.compile(r"^\s*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE | re.MULTILINE)
#: Kinds of parameter that are not kinds of entity. ``work`` is any of the kinds of work.
_PLAIN = ("iri", "string", "integer", "boolean", "work")
#: What stands for no value in VALUES: every value matches.
OPEN = "UNDEF"
_BOOLEANS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a named query; ``default`` is the SPARQL text in its VALUES braces."""

    name: str
    kind: str
    description: str
    default: str
    optional: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of entity that it takes; none for a plain value."""
        return (
            () if self.kind in _PLAIN[:-1] else tuple(work_kinds()) if self.kind == "work" else (self.kind,)
        )


@dataclass(frozen=True)
class Further:
    """Another named query whose rows belong into the answer, with the parameters that it is given."""

    query: str
    arguments: tuple[tuple[str, str], ...]  #: its parameter, and the parameter here that gives the value
    answer: tuple[Sentence, ...]


@dataclass(frozen=True)
class NamedQuery:
    """One file of ``queries/``; ``form`` is SELECT, ASK, CONSTRUCT or DESCRIBE."""

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    text: str
    form: str
    answer: tuple[Sentence, ...] = ()
    further: tuple[Further, ...] = ()

    def bind(self, arguments: Mapping[str, str], engine: Engine | None = None) -> str:
        """Return the query text with the arguments in place of the defaults.

        An argument for a kind of entity may be an IRI, ``kind/slug``, a slug, or (where ``engine`` is given)
        a label or alias. Raises ParameterError for an unknown parameter or an ill-formed value, and
        NotFoundError, with the nearest names, for a name that no entity has.
        """
        return _replace(self.text, self.terms(arguments, engine))

    def terms(self, arguments: Mapping[str, str], engine: Engine | None = None) -> dict[str, Term]:
        """Return what takes the place of each default, in SPARQL's syntax; raises as :meth:`bind` does."""
        known = {parameter.name: parameter for parameter in self.parameters}
        terms: dict[str, Term] = {one.name: OPEN for one in self.parameters if one.optional and arguments}
        for name, value in arguments.items():
            if name not in known:
                takes = ", ".join(known) or "none"
                raise ParameterError(f"{self.name} has no parameter {name!r}; it takes: {takes}")
            terms[name] = _term(known[name], value, engine)
        return terms


def _values(*names: str) -> re.Pattern[str]:
    some = "|".join(map(re.escape, names))
    return re.compile(rf"(VALUES\s+[?$]({some})\s*\{{)([^}}]*)(\}})", re.IGNORECASE)


def _replace(text: str, terms: Mapping[str, Term]) -> str:
    """Return the text with all terms in their places, put in at once: none is looked for inside another."""
    if not terms:
        return text
    return _values(*terms).sub(lambda match: f"{match[1]} {terms[match[2]]} {match[4]}", text)


def _term(parameter: Parameter, value: str, engine: Engine | None) -> Term:
    if parameter.optional and not value.strip():
        return OPEN
    if parameter.kind == "string":
        return literal(value)
    if parameter.kind == "boolean":
        if value.strip().lower() not in _BOOLEANS:
            raise ParameterError(f"{parameter.name} must be true or false, not {value!r}")
        return _BOOLEANS[value.strip().lower()]
    if parameter.kind == "integer":
        if not re.fullmatch(r"[+-]?\d{1,18}", value):
            raise ParameterError(f"{parameter.name} must be a whole number, not {value!r}")
        return integer(int(value))
    if parameter.kind == "iri":
        if not urlsplit(value).scheme:
            raise ParameterError(f"{parameter.name} must be an absolute IRI, not {value!r}")
        return iri(value)
    return find_entity(value, parameter.kinds, engine)


def find_entity(name: str, kinds: Iterable[str], engine: Engine | None = None) -> Term:
    """Return the entity that a name means: an IRI, ``kind/slug``, a slug, a label, alias or external id.

    Without ``engine`` nothing is looked up: a slug stands for the first of the kinds. Raises NotFoundError
    with the nearest names, or ParameterError where the name can only be looked up.
    """
    kinds = tuple(kinds)
    if name.startswith(("http://", "https://")) and (engine is None or name.startswith(BASE)):
        return iri(name)
    kind, _, slug = name.rpartition("/")
    if kind in kinds and SLUG.fullmatch(slug):
        return entity(kind, slug)
    if engine is None:
        if SLUG.fullmatch(name):
            return entity(kinds[0], name)
        raise ParameterError(f"{name!r} is not a slug; without a graph, names cannot be looked up")
    return iri(resolver_of(engine).find(name, kinds).iri)


def parse_query(name: str, source: str) -> NamedQuery:
    """Return the named query in a file's text; raises OntologyError where its header is wrong."""
    header = "\n".join(line[2:].removeprefix(" ") for line in source.splitlines() if line.startswith("#+"))
    text = "\n".join(line for line in source.splitlines() if not line.startswith("#+")).strip() + "\n"
    where = f"queries/{name}.rq"
    try:
        fields = yaml.safe_load(header) or {}
    except yaml.YAMLError as exc:
        raise OntologyError(f"the #+ header is malformed YAML: {exc}", file=where) from None
    form = _FORM.search(text)
    if not form or not {"title", "description"} <= set(fields):
        raise OntologyError("a named query needs #+ title, #+ description and a query", file=where)
    parameters = []
    for parameter, about in (fields.get("parameters") or {}).items():
        default = _values(parameter).search(text)
        if default is None or about.get("kind") not in (*all_kinds(), *_PLAIN):
            raise OntologyError(
                f"the parameter {parameter!r} needs a known kind and a line VALUES ?{parameter} {{ … }}",
                file=where,
            )
        optional = bool(about.get("optional", False))
        parameters.append(
            Parameter(parameter, about["kind"], about.get("description", ""), default[3].strip(), optional)
        )
    answer, further = _sentences(fields, where)
    return NamedQuery(
        name,
        fields["title"],
        " ".join(fields["description"].split()),
        tuple(parameters),
        text,
        form[1].upper(),
        answer,
        further,
    )


def _sentences(fields: Mapping[str, Any], where: str) -> tuple[tuple[Sentence, ...], tuple[Further, ...]]:
    """Return the header's ``answer`` and ``further``; raises OntologyError where they are ill-formed."""
    try:
        answer = read_sentences(fields.get("answer") or ())
        further = tuple(
            Further(one["query"], tuple(one["with"].items()), read_sentences(one["answer"]))
            for one in fields.get("further") or ()
        )
    except (TypeError, KeyError, AttributeError) as exc:
        raise OntologyError(f"answer or further in the #+ header is ill-formed: {exc}", file=where) from None
    return answer, further


@lru_cache(maxsize=4)
def load_queries(directory: Path | None = None) -> dict[str, NamedQuery]:
    """Return the named queries of a folder (the shipped ones by default), by name in order."""
    folder = directory or resources.queries_dir()
    return {
        path.stem: parse_query(path.stem, path.read_text(encoding="utf-8-sig"))
        for path in sorted(folder.glob("*.rq"))
    }


def get_query(name: str) -> NamedQuery:
    """Return a shipped query; raises NotFoundError with the nearest names."""
    queries = load_queries()
    if name not in queries:
        raise NotFoundError(f"there is no named query {name!r}", nearest(name, queries))
    return queries[name]
