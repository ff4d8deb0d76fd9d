"""What follows from addresses: IRIs of identifiers, repositories as entities, what kind a link is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyoxigraph as ox

from fmgraph.graph.sources import source_label
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import DCAT, FOAF, SCHEMA
from fmgraph.rdf.terms import LABEL, A, Term, Triple, bare, iri, literal, own
from fmgraph.records.address_kinds import link_kinds
from fmgraph.records.addresses import Address, Spellings, parse_address

_SAME_AS = iri(f"{SCHEMA}sameAs")
_HOSTS = ("<https://github.com/", "<https://huggingface.co/")
#: Properties by which something of ours leads to a page, and the YAML key that says which page that is.
_LINKS = {own(key): key for key in ("code", "weights", "demo", "container")} | {
    iri(f"{FOAF}homepage"): "homepage",
    iri(f"{DCAT}landingPage"): "homepage",
    iri(f"{SCHEMA}url"): "url",
}


def identifier_links(triples: Iterable[Triple], schema: Schema) -> set[Triple]:
    """Return a ``schema:sameAs`` to the IRI of each identifier that the ontology has a resolver of."""
    known = {iri(name): prop for name, prop in schema.ontology.properties.items() if prop.resolver}
    return {
        (subject, _SAME_AS, iri(known[predicate].resolved(_text(obj))))
        for subject, predicate, obj in triples
        if predicate in known
    }


def _text(term: Term) -> str:
    (quad,) = ox.parse(f"<urn:s> <urn:p> {term} .", ox.RdfFormat.N_TRIPLES)
    return str(getattr(quad.object, "value", ""))


def repositories(triples: Iterable[Triple]) -> set[Triple]:
    """Return triples of the repositories that our addresses lead to, and which address lies in which.

    A repository is its address in its usual spelling, whoever links to it and however. Owner and name are
    parts of that address; neither has been asked for at the host.
    """
    terms = {obj for _, predicate, obj in triples if predicate != A and obj.startswith(_HOSTS)}
    leading = {term: _address(term) for term in terms}
    usual = Spellings()
    for address in leading.values():
        usual.count(address)
    repository_triples: set[Triple] = set()
    for term, address in leading.items():
        root = usual.canonical(address).root
        if root is None or address.repository is None:
            continue
        node = iri(root.iri)
        owner, _, name = root.path.strip("/").rpartition("/")
        repository_triples |= {
            (node, A, own("Repository")),
            (node, LABEL, literal(source_label(root.iri))),
            (node, own("host"), literal(root.host)),
            (node, own("repositoryOwner"), literal(owner.rpartition("/")[2])),
            (node, own("repositoryName"), literal(name)),
        }
        if term != node:
            repository_triples.add((term, own("inRepository"), node))
    return repository_triples


def link_types(triples: Iterable[Triple]) -> set[Triple]:
    """Return what each page that a work, paper, dataset or institution links to is: ``fmg:linkKind``."""
    keys: dict[Term, set[str]] = defaultdict(set)
    for _, predicate, obj in triples:
        if predicate in _LINKS and obj.startswith("<http"):
            keys[obj].add(_LINKS[predicate])
    return {
        (page, own("linkKind"), literal(kind))
        for page, linked in keys.items()
        for kind in link_kinds(_address(page), linked)
    }


def _address(term: Term) -> Address:
    return parse_address(bare(term))
