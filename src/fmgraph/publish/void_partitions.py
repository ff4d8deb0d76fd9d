"""VoID: what the graph holds, counted without its own description.

https://www.w3.org/TR/void/ with the datatype partitions of http://ldf.fi/void-ext#, in the form that the SIB
SPARQL editor reads: class partition, its property partitions, and below them class and datatype partitions.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256

from pyoxigraph import NamedNode, Store, Triple

from fmgraph.errors import UsageError
from fmgraph.publish.dataset_names import SYNTAXES, VOID_EXT, Collector, describing, dump_files, short
from fmgraph.publish.void_count import count_store
from fmgraph.publish.void_counts import TARGETS, Counts, example_resources, is_described
from fmgraph.rdf.prefixes import DCTERMS, FMG, FOAF, RDFS, VOID

#: A facet with more values than this has their number instead of a partition for each: the description would
#: grow with the data.
MOST_VALUES = 1_000
_NAMESPACE = re.compile(r"[^#/]+$")


def void(
    store: Store, base: str, *, service: str | None = None, counts: Counts | None = None
) -> list[Triple]:
    """Return the VoID triples about ``store``, whose counts are of the store as it is: without these triples.

    ``base`` is the base of the entity IRIs, ``service`` the URL under which endpoint and dumps are (the base
    where None), ``counts`` those of the store where they are known. Raises UsageError when the graph is
    described already.
    """
    if is_described(store, base):
        raise UsageError("the graph holds a description already: a graph is described once")
    return _render(counts or count_store(store, base), service or base)


def _render(counts: Counts, service: str) -> list[Triple]:
    out = Collector()
    base = counts.base
    dataset = describing("dataset", base)
    out.type(dataset, f"{VOID}Dataset")
    out.count(dataset, f"{VOID}triples", counts.triples)
    out.count(dataset, f"{VOID}distinctSubjects", counts.subjects)
    out.count(dataset, f"{VOID}distinctObjects", counts.objects)
    out.count(dataset, f"{VOID}entities", counts.entities)
    out.count(dataset, f"{VOID}properties", len(counts.properties))
    out.count(dataset, f"{VOID}classes", len(counts.classes))
    out.text(dataset, f"{VOID}uriSpace", base)
    out.iri(dataset, f"{VOID}sparqlEndpoint", f"{service}sparql")
    out.iri(dataset, f"{VOID}rootResource", base)
    out.iri(dataset, f"{VOID}exampleResource", *example_resources(counts))
    out.iri(dataset, f"{VOID}feature", *(syntax.format_iri for syntax in SYNTAXES.values()))
    out.iri(dataset, f"{VOID}dataDump", *(f"{service}dump/{file.name}" for file in dump_files()))
    out.iri(dataset, f"{RDFS}seeAlso", f"{service}void/partitions")
    out.iri(dataset, f"{VOID}vocabulary", *_vocabularies(counts))
    document = describing("", base).rstrip("#")
    out.type(document, f"{VOID}DatasetDescription")
    out.text(document, f"{DCTERMS}title", "Description of the fmgraph dataset")
    out.iri(document, f"{FOAF}primaryTopic", dataset)
    _property_partitions(out, counts, dataset)
    _class_partitions(out, counts, dataset)
    _linksets(out, counts, dataset)
    return sorted(out.triples(), key=str)


def _vocabularies(counts: Counts) -> list[str]:
    """Return the namespaces that the properties and classes of the graph are in: up to the last # or /."""
    terms = [*counts.properties, *counts.classes]
    return sorted({_NAMESPACE.sub("", term) for term in terms})


def _property_partitions(out: Collector, counts: Counts, dataset: str) -> None:
    for predicate, number in counts.properties.items():
        part = _partition(short(predicate), counts.base)
        out.type(part, f"{VOID}Dataset")
        out.iri(dataset, f"{VOID}propertyPartition", part)
        out.iri(part, f"{VOID}property", predicate)
        out.count(part, f"{VOID}triples", number)


def _class_partitions(out: Collector, counts: Counts, dataset: str) -> None:
    for cls, number in counts.classes.items():
        part = _class_part(counts, cls)
        out.type(part, f"{VOID}Dataset")
        out.iri(dataset, f"{VOID}classPartition", part)
        out.iri(part, f"{VOID}class", cls)
        out.count(part, f"{VOID}entities", number)
    for (cls, predicate), number in counts.uses.items():
        part = _use_part(counts, cls, predicate)
        out.type(part, f"{VOID}Dataset")
        out.iri(_class_part(counts, cls), f"{VOID}propertyPartition", part)
        out.iri(part, f"{VOID}property", predicate)
        out.count(part, f"{VOID}triples", number)
    for (cls, predicate, object_class), number in counts.object_classes.items():
        use = _use_part(counts, cls, predicate)
        part = f"{use}-to-{short(object_class)}"
        out.type(part, f"{VOID}Dataset")
        out.iri(use, f"{VOID}classPartition", part)
        out.iri(part, f"{VOID}class", object_class)
        out.count(part, f"{VOID}triples", number)
    for (cls, predicate, datatype), number in counts.datatypes.items():
        use = _use_part(counts, cls, predicate)
        part = f"{use}-as-{short(datatype)}"
        out.type(part, f"{VOID}Dataset")
        out.iri(use, f"{VOID_EXT}datatypePartition", part)
        out.iri(part, f"{VOID_EXT}datatype", datatype)
        out.count(part, f"{VOID}triples", number)
    distinct = Counter((cls, predicate) for cls, predicate, _ in counts.values)
    for (cls, predicate), number in distinct.items():
        if number > MOST_VALUES:
            out.count(_use_part(counts, cls, predicate), f"{VOID}distinctObjects", number)
    for (cls, predicate, value), number in counts.values.items():
        if distinct[cls, predicate] > MOST_VALUES:
            continue
        use = _use_part(counts, cls, predicate)
        part = f"{use}-is-{_value_name(value, counts.base)}"
        out.type(part, f"{VOID}Dataset")
        out.iri(use, f"{VOID_EXT}objectPartition", part)
        out.add(Triple(NamedNode(part), NamedNode(f"{VOID_EXT}object"), value))
        out.count(part, f"{VOID}triples", number)


def _class_part(counts: Counts, cls: str) -> str:
    return _partition(f"class-{short(cls)}", counts.base)


def _partition(local: str, base: str) -> str:
    """Return the IRI of a partition: a fragment of the document that has the counts, not of ``/void``."""
    return f"{base}void/partitions#{local}"


def _use_part(counts: Counts, cls: str, predicate: str) -> str:
    return f"{_class_part(counts, cls)}-{short(predicate)}"


def _value_name(value: object, base: str) -> str:
    if isinstance(value, NamedNode) and value.value.startswith(base) and not value.value.startswith(FMG):
        return value.value.removeprefix(base).replace("/", "-").replace("#", "-")
    return sha256(str(value).encode()).hexdigest()[:12]


def _linksets(out: Collector, counts: Counts, dataset: str) -> None:
    for target in TARGETS:
        theirs = describing(f"target-{target.name}", counts.base)
        for predicate in target.predicates:
            number = counts.links[target.name, predicate]
            if not number:
                continue
            out.type(theirs, f"{VOID}Dataset")
            out.text(theirs, f"{DCTERMS}title", target.title)
            out.text(theirs, f"{VOID}uriSpace", target.uri_space)
            out.iri(theirs, f"{FOAF}homepage", target.homepage)
            part = describing(f"links-{target.name}-{short(predicate)}", counts.base)
            out.type(part, f"{VOID}Dataset", f"{VOID}Linkset")
            out.iri(dataset, f"{VOID}subset", part)
            out.iri(part, f"{VOID}linkPredicate", predicate)
            out.iri(part, f"{VOID}subjectsTarget", dataset)
            out.iri(part, f"{VOID}objectsTarget", theirs)
            out.count(part, f"{VOID}triples", number)
