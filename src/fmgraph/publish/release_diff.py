"""What changed between two releases, as records and claims, and whether the change may be released.

Both graphs are read as sorted lines side by side, so that memory is needed for the difference only.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import zstandard
from pyoxigraph import BlankNode, Literal, NamedNode, Store

from fmgraph.errors import UsageError
from fmgraph.ontology import all_kinds
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, OWL, PROV, RDF, RDFS, SKOS, fmg
from fmgraph.rdf.rdf_patch import changes
from fmgraph.rdf.sorted_lines import Lines, Parts, lines_of, parts
from fmgraph.rdf.store import Dataset, dataset_of_files, open_dataset
from fmgraph.records.findings import Finding

#: Named by their content: another value is another IRI, and nobody has to say where the old one went.
_BY_CONTENT = ("claim", "quantity", "hardware")
#: What an editor says of a record, without a claim.
_EDITORIAL = {
    f"<{iri}>"
    for iri in (
        f"{RDFS}label", f"{SKOS}altLabel", f"{SKOS}definition", f"{SKOS}broader",
        fmg("scope"), fmg("describedBy"), fmg("type"),
    )
}  # fmt: skip
_CLAIM = f"<{BASE}claim/"


@dataclass(frozen=True)
class Claim:
    """A claim as the difference shows it; values are in words where the graph has a label for them."""

    iri: str
    subject: str
    predicate: str
    value: str
    origin: str  #: the row or the source that it is from
    said: str | None  #: the raw text
    rank: str
    reason: str | None
    evidence: str | None  #: the source that shows a deprecated claim to be wrong
    stands: bool = False  #: whether another claim says the same: before an added one, after a withdrawn one


@dataclass(frozen=True)
class Difference:
    """What changed, each list sorted. Entities are IRIs; pairs are (old, new)."""

    added_entities: list[str] = field(default_factory=list)
    redirected: list[tuple[str, str]] = field(default_factory=list)
    withdrawn_entities: list[tuple[str, str]] = field(default_factory=list)  #: (IRI, reason or "")
    vanished: list[str] = field(default_factory=list)  #: published IRIs that lead nowhere now
    edited: list[tuple[str, str, str, str]] = field(default_factory=list)  #: (IRI, property, old, new)
    added: list[Claim] = field(default_factory=list)
    corrected: list[tuple[Claim, Claim]] = field(default_factory=list)
    deprecated: list[Claim] = field(default_factory=list)
    reranked: list[tuple[Claim, Claim]] = field(default_factory=list)
    reworded: list[tuple[Claim, Claim]] = field(default_factory=list)
    withdrawn: list[Claim] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)  #: of the IRIs above, where there are any

    @property
    def releasable(self) -> bool:
        """Whether every published IRI still leads somewhere."""
        return not self.vanished

    def findings(self) -> list[Finding]:
        """Return an error for each IRI that vanished."""
        return [
            Finding(
                f"<{iri}> was published and is gone",
                remedy=f"keep the record, or give {iri.removeprefix(BASE)} an entry in data/tombstones.yaml",
                rule="vanished-iri",
                focus=iri,
            )
            for iri in self.vanished
        ]

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain lists and dictionaries, for JSON."""
        return {**asdict(self), "releasable": self.releasable}


def open_side(path: Path | str) -> Dataset:
    """Open a dataset folder, or an RDF file as it is dumped (also packed: ``.gz``, ``.zst``).

    Raises UsageError, and RdfFileError for a file that does not parse.
    """
    path = Path(path)
    if path.is_dir():
        return open_dataset(path)
    if not path.is_file():
        raise UsageError(f"{path} is neither a dataset nor a file")
    with unpacked(path) as plain:
        return dataset_of_files([plain])


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give a file as it is, or the content of a packed one (``.gz``, ``.zst``) in a file of its own.

    Raises UsageError for one that cannot be unpacked.
    """
    if path.suffix not in (".gz", ".zst"):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder, path.open("rb") as packed:
        plain = Path(folder) / path.stem
        with plain.open("wb") as file:
            try:
                if path.suffix == ".gz":
                    shutil.copyfileobj(gzip.GzipFile(fileobj=packed), file)
                else:
                    zstandard.ZstdDecompressor().copy_stream(packed, file)
            except (OSError, EOFError, zstandard.ZstdError) as error:
                raise UsageError(f"{path} cannot be unpacked: {error}") from error
        yield plain


def diff(old: Dataset, new: Dataset) -> Difference:
    """Return what changed from ``old`` to ``new``."""
    with lines_of(old) as before, lines_of(new) as after:
        removed_triples, added_triples = _changed(before, after)
    result = Difference()
    _entities(old.store, new.store, removed_triples, added_triples, result)
    _claims(
        _touched(old.store, removed_triples, added_triples),
        _touched(new.store, removed_triples, added_triples),
        result,
    )
    result.added[:] = [replace(claim, stands=_holds(old.store, claim)) for claim in result.added]
    result.withdrawn[:] = [replace(claim, stands=_holds(new.store, claim)) for claim in result.withdrawn]
    for value in vars(result).values():
        if isinstance(value, list):
            value.sort(key=repr)
    result.labels.update(_labels(new.store, old.store, result))
    return result


def _changed(old: Lines, new: Lines) -> tuple[list[Parts], list[Parts]]:
    """Return the triples only in ``old`` and only in ``new``; without those of blank nodes."""
    by_operation: dict[str, list[Parts]] = {"D": [], "A": []}
    for operation, line in changes(old, new):
        triple = parts(line)
        if not _blank(triple):
            by_operation[operation].append(triple)
    return by_operation["D"], by_operation["A"]


def _blank(triple: Parts) -> bool:
    return triple[0].startswith("_:") or triple[2].startswith("_:")


def _published(iri: str) -> bool:
    """Return whether an IRI (in brackets) is one that others may have linked to."""
    local = iri[1:-1].removeprefix(BASE)
    if iri.startswith(f"<{FMG}"):
        return True
    kind, slash, slug = local.partition("/")
    is_linkable = (kind in all_kinds() and kind not in _BY_CONTENT) or kind == "query"
    return iri.startswith(f"<{BASE}") and bool(slash) and is_linkable and "#" not in slug


def _entities(
    old: Store, new: Store, removed_triples: list[Parts], added_triples: list[Parts], out: Difference
) -> None:
    for term in sorted({t[0] for t in (*removed_triples, *added_triples) if _published(t[0])}):
        node = NamedNode(term[1:-1])
        was, now = _about(old, node), _about(new, node)
        if not was:
            if not _tombstone(now):
                out.added_entities.append(node.value)
        elif not now:
            out.vanished.append(node.value)
        elif _tombstone(now) and not _tombstone(was):
            successor = now.get(f"{DCTERMS}isReplacedBy")
            if successor:
                out.redirected.append((node.value, successor[0]))
            else:
                out.withdrawn_entities.append((node.value, next(iter(now.get(f"{RDFS}comment", ())), "")))
    edits: dict[tuple[str, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, triples in enumerate((removed_triples, added_triples)):
        for subject, predicate, value in triples:
            if predicate in _EDITORIAL and _published(subject):
                edits[subject[1:-1], predicate[1:-1]][side].append(_plain(value))
    fresh = {*out.added_entities, *out.vanished, *(i for i, _ in (*out.redirected, *out.withdrawn_entities))}
    for (iri, predicate), (before, after) in edits.items():
        if iri not in fresh:
            out.edited.append((iri, predicate, ", ".join(before), ", ".join(after)))


def _plain(term: str) -> str:
    return term[1:-1] if term[0] == "<" else term[1 : term.rindex('"')]


def _about(store: Store, node: NamedNode) -> dict[str, list[str]]:
    objects: dict[str, list[str]] = defaultdict(list)
    for quad in store.quads_for_pattern(node, None, None):
        objects[quad.predicate.value].append(_value(quad.object))
    return {predicate: sorted(values) for predicate, values in objects.items()}


def _tombstone(about: dict[str, list[str]]) -> bool:
    return about.get(f"{OWL}deprecated") == ["true"] or f"{DCTERMS}isReplacedBy" in about


def _touched(store: Store, removed_triples: list[Parts], added_triples: list[Parts]) -> dict[str, Claim]:
    """Return the claims of ``store`` about which any triple changed, by IRI."""
    claims = {}
    for iri in {t[0][1:-1] for t in (*removed_triples, *added_triples) if t[0].startswith(_CLAIM)}:
        about = _about(store, NamedNode(iri))

        def one(*names: str, about: dict[str, list[str]] = about) -> str | None:
            return next((about[name][0] for name in names if name in about), None)

        if about:
            claims[iri] = Claim(
                iri=iri,
                subject=one(f"{RDF}subject") or "",
                predicate=one(f"{RDF}predicate") or "",
                value=one(f"{RDF}object") or "",
                origin=one(fmg("cell"), f"{PROV}wasQuotedFrom", f"{PROV}hadPrimarySource") or "",
                said=one(f"{PROV}value", fmg("locator")),
                rank=(one(fmg("rank")) or "").removeprefix(FMG).removesuffix("Rank"),
                reason=one(fmg("reason")),
                evidence=one(fmg("correctedBy")),
            )
    return claims


def _holds(store: Store, claim: Claim) -> bool:
    """Tell whether what the claim says is accepted in the store."""
    quads = store.quads_for_pattern(NamedNode(claim.subject), NamedNode(claim.predicate), None)
    return any(_value(quad.object) == claim.value for quad in quads)


def _claims(old: dict[str, Claim], new: dict[str, Claim], out: Difference) -> None:
    """Pair what is left and what is new: the same statement first, then another value from the same place."""
    pairs = [(old.pop(iri), new.pop(iri)) for iri in old.keys() & new.keys()]
    same = list(_pair(old, new, lambda c: (c.subject, c.predicate, c.value, c.origin)))
    for before, after in [*pairs, *same]:
        if after.rank == "Deprecated" != before.rank:
            out.deprecated.append(after)
        elif after.rank != before.rank:
            out.reranked.append((before, after))
        else:
            out.reworded.append((before, after))
    out.corrected.extend(_pair(old, new, lambda c: (c.subject, c.predicate, c.origin)))
    out.withdrawn.extend(old.values())
    for claim in new.values():
        (out.deprecated if claim.rank == "Deprecated" else out.added).append(claim)


def _pair(
    old: dict[str, Claim], new: dict[str, Claim], key: Callable[[Claim], tuple[str, ...]]
) -> Iterator[tuple[Claim, Claim]]:
    """Take the claims with the same key out of both, pair by pair, in the order of their IRIs."""
    waiting: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for iri in sorted(old, reverse=True):
        waiting[key(old[iri])].append(iri)
    for iri in sorted(new):
        if candidates := waiting.get(key(new[iri])):
            yield old.pop(candidates.pop()), new.pop(iri)


def _value(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal | BlankNode) else str(term)


def _labels(new: Store, old: Store, result: Difference) -> dict[str, str]:
    iris: set[str] = {*result.added_entities, *result.vanished}
    for pair in (*result.redirected, *result.withdrawn_entities):
        iris.update(pair)
    iris.update(iri for iri, *_ in result.edited)
    claims: list[Claim] = [*result.added, *result.deprecated, *result.withdrawn]
    for two in (*result.corrected, *result.reranked, *result.reworded):
        claims.extend(two)
    for claim in claims:
        iris.update((claim.subject, claim.predicate, claim.value, claim.origin, claim.origin.split("#")[0]))
    return dict(_find_labels(iris, new, old))


def _find_labels(iris: Iterable[str], *stores: Store) -> Iterator[tuple[str, str]]:
    label = NamedNode(f"{RDFS}label")
    for iri in sorted(iris):
        if not iri.startswith(("http://", "https://")) or any(c in iri for c in ' <>"{}|\\^`'):
            continue
        for store in stores:
            quad = next(iter(store.quads_for_pattern(NamedNode(iri), label, None)), None)
            if quad is not None:
                yield iri, _value(quad.object)
                break
