"""Records to entities and claims."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fmgraph.errors import RecordError
from fmgraph.graph.build_state import Build
from fmgraph.graph.claims import Claim
from fmgraph.ontology import Field, all_kinds
from fmgraph.rdf.prefixes import BASE, DCTERMS, OWL, RDFS, SKOS, XSD, fmg
from fmgraph.rdf.terms import LABEL, A, Term, bare, entity, iri, literal, own
from fmgraph.records.address_kinds import UNFIT, unfit
from fmgraph.records.addresses import parse_address
from fmgraph.records.record_files import (
    Correction,
    Record,
    Search,
    Statement,
    mapping,
    parse_yaml,
    read_text,
    scalar,
)
from fmgraph.text import match_key


def add_record(build: Build, record: Record) -> None:
    """Add the record's entity, its editorial triples and its claims to the build."""
    node = build.catalogue.term(record)
    cls = build.schema.ontology.kinds[record.kind].iri
    build.triples.add((node, A, iri(cls)))
    scheme = build.schema.ontology.scheme(cls)
    if scheme is not None:
        build.triples.add((node, iri(f"{SKOS}inScheme"), iri(scheme)))
        if not record.values("broader"):
            build.triples.add((node, iri(f"{SKOS}topConceptOf"), iri(scheme)))
            build.triples.add((iri(scheme), iri(f"{SKOS}hasTopConcept"), node))
    if not record.values("label"):
        build.find(
            "there is no label", record.path, None, "label", "missing-label", "add `label:` with the name"
        )
    for key, statements in record.statements.items():
        if key == "iri":
            continue
        field = build.schema.fields[key]
        for statement in statements:
            try:
                _add_statement(build, record, node, field, statement)
            except ValueError as error:
                build.find(str(error), record.path, statement.line, key, "bad-value")
    for search in record.searches:
        try:
            _add_search(build, record, search)
        except ValueError as error:
            build.find(str(error), record.path, search.line, "searched", "bad-value")


def _add_statement(build: Build, record: Record, node: Term, field: Field, statement: Statement) -> None:
    values = build.values.read(field, statement.value, record.kind)
    if field.editorial:
        build.triples.update((node, iri(field.iri), value.term) for value in values)
        return
    if statement.source is None:
        raise ValueError(
            f"{statement.value!r} has no source; write it as {{value: …, source: …, at: …}} "
            "or give the record a `source:`"
        )
    source = build.source(statement.source)
    build.bases.add(source, statement.basis, record)
    if field.key in UNFIT and statement.rank != "deprecated":
        why = unfit(parse_address(statement.value), field.key)
        if why:
            raise ValueError(f"{statement.value} is {why}; write the address of the {field.key} itself")
    if field.range == fmg("Quantity") and statement.at and statement.rank != "deprecated":
        source_amount = build.values.unit_elsewhere(statement.value, statement.at)
        if source_amount:
            raise ValueError(
                f"{statement.value!r} has another unit than its source, which says {source_amount}; "
                "write what it says"
            )
    for value in values:
        build.add_structure(field.key, value)
        if field.range == fmg("Source"):
            build.source(statement.value)
        build.claims.append(
            Claim(
                node,
                iri(field.iri),
                value.term,
                source,
                statement.basis,
                locator=statement.at,
                reading=statement.value if match_key(statement.value) not in match_key(value.term) else None,
                rank=statement.rank,
                reason=statement.reason,
                alternative=statement.alternative,
                variant=statement.variant,
            )
        )


def _add_search(build: Build, record: Record, search: Search) -> None:
    """Add a node for each property of the search, named by what it says."""
    node = build.catalogue.term(record)
    sources = [build.source(text) for text in search.sources]
    for key in search.keys:
        field = build.schema.fields.get(key)
        if field is None or field.editorial:
            raise ValueError(f"{key!r} is no property that sources state; write a key such as trained_on")
        content = "\n".join([field.iri, search.date, search.at or "", *sorted(sources)])
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        part = iri(f"{bare(node)}#search-{key.replace('_', '-')}-{digest}")
        label = f"{record.label}: {key.replace('_', ' ')} not stated ({search.date})"
        build.triples |= {
            (part, A, own("Search")),
            (part, LABEL, literal(label)),
            (part, own("about"), node),
            (part, own("searchedFor"), iri(field.iri)),
            (part, iri(f"{DCTERMS}date"), literal(search.date, f"{XSD}date")),
            *((part, own("searchedIn"), source) for source in sources),
        }
        if search.at:
            build.triples.add((part, own("locator"), literal(search.at)))


def apply_corrections(build: Build, record: Record) -> None:
    """Deprecate the list claims that the record's corrections are about.

    Those are the claims of its own rows and, for a paper, those that rows about its work make about it.
    """
    if not record.corrections:
        return
    node, name = build.catalogue.term(record), f"{record.kind}/{record.slug}"
    own_claims = [
        quoted for quoted in build.list_claims if quoted.record == name or quoted.claim.subject == node
    ]
    for correction in record.corrections:
        if correction.field not in build.schema.fields:
            build.find(
                f"{correction.field!r} is no property",
                record.path,
                correction.line,
                "corrections",
                "unknown-key",
            )
            continue
        candidates = [
            quoted
            for quoted in own_claims
            if correction.list in (None, quoted.list_id) and _matches(correction, quoted.claim)
        ]
        # A title cell also says names: the column is meant only where no claim has the property itself.
        hits = [quoted.claim for quoted in candidates if quoted.key == correction.field] or [
            quoted.claim for quoted in candidates if quoted.column == correction.field
        ]
        unread = build.broken_lists if correction.list is None else build.broken_lists & {correction.list}
        if not hits and not unread:  # a list that could not be loaded may well say it
            build.find(
                f"no list cell about this record says {correction.cell_text!r} in {correction.field}",
                record.path,
                correction.line,
                "corrections",
                "correction-without-claim",
                "copy the cell's text into `said`, or drop the correction",
            )
        try:
            by = build.source(correction.source) if correction.source else None
        except ValueError as error:
            build.find(str(error), record.path, correction.line, "corrections", "bad-value")
            continue
        if by and build.bases.is_secondary(by, record):
            build.find(
                f"the correction of {correction.cell_text!r} rests on a secondary source alone",
                record.path,
                correction.line,
                "corrections",
                "correction-on-secondary-source",
                "find it in the paper, code or card of the work, or drop the correction",
            )
        for claim in hits:
            claim.rank, claim.reason, claim.corrected_by = "deprecated", correction.reason, by
            if correction.at and by:
                claim.reason = f"{correction.reason} ({correction.at})"


def _matches(correction: Correction, claim: Claim) -> bool:
    text_key = match_key(correction.cell_text)
    term = claim.object
    value = bare(term).rsplit("/", 1)[-1] if term.startswith("<") else term.split('"')[1]
    texts = (claim.raw or "", claim.reading or "")
    return (
        text_key in map(match_key, texts)
        or text_key == match_key(value)
        or correction.cell_text == bare(term)
    )


def add_tombstones(build: Build, path: Path) -> None:
    """Add the withdrawn IRIs of ``data/tombstones.yaml``; raises RecordError where it is malformed."""
    if not path.exists():
        return
    for name, node in mapping(parse_yaml(read_text(path), path), path, "tombstones").items():
        parts = {key: scalar(value, path, name) for key, value in mapping(node, path, name).items()}
        if not set(parts) <= {"replaced_by", "reason"} or "reason" not in parts:
            raise RecordError("a tombstone has `reason` and perhaps `replaced_by`", file=path, field=name)
        kind, _, slug = name.rpartition("/")
        if kind not in all_kinds() or build.catalogue.has(kind, slug):
            raise RecordError(
                f"{name!r} is no withdrawn IRI", file=path, field=name, remedy="write kind/slug"
            )
        withdrawn_term = entity(kind, slug)
        build.triples.add((withdrawn_term, iri(f"{OWL}deprecated"), literal("true", f"{XSD}boolean")))
        build.triples.add((withdrawn_term, iri(f"{RDFS}comment"), literal(parts["reason"])))
        if parts.get("replaced_by", "null") != "null":
            successor = iri(BASE + parts["replaced_by"])
            build.triples.add((withdrawn_term, iri(f"{DCTERMS}isReplacedBy"), successor))
