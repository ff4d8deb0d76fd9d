"""The difference of two releases: each kind of change is made to the sample graph and must be told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from pyoxigraph import Literal, NamedNode, Quad, Store

from fmgraph.errors import UsageError
from fmgraph.publish.diff_formats import render
from fmgraph.publish.release_diff import Difference, diff, open_side
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, OWL, PROV, RDF, RDFS
from fmgraph.rdf.store import open_dataset, write_dataset

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
TYPE, LABEL = NamedNode(f"{RDF}type"), NamedNode(f"{RDFS}label")
RETFOUND, RETIZERO = NamedNode(f"{BASE}model/retfound"), NamedNode(f"{BASE}model/retizero")
Change = Callable[[Store], None]


def fmg(name: str) -> NamedNode:
    return NamedNode(FMG + name)


def remove(store: Store, subject: NamedNode) -> None:
    for quad in list(store.quads_for_pattern(subject, None, None)):
        store.remove(quad)


def replace(store: Store, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal) -> None:
    for quad in list(store.quads_for_pattern(subject, predicate, None)):
        store.remove(quad)
    store.add(Quad(subject, predicate, value))


def claim_of(store: Store, subject: NamedNode, predicate: str, basis: str = "ListCell") -> NamedNode:
    query = f"""SELECT ?c {{ ?c <{RDF}subject> {subject} ; <{RDF}predicate> <{FMG}{predicate}> ;
        <{FMG}basis> <{FMG}{basis}> }} ORDER BY ?c"""
    return next(iter(store.query(query)))["c"]  # type: ignore[arg-type, index, return-value]


def changed(tmp_path: Path, change: Change) -> Difference:
    old, new = Store(), Store()
    for store in (old, new):
        store.bulk_load(path=SAMPLE)
    change(new)
    sides = [
        open_dataset(write_dataset(store, tmp_path / name, name, modified="2026-11-22"))
        for name, store in (("old", old), ("new", new))
    ]
    return diff(*sides)


def only(difference: Difference, name: str) -> list[object]:
    """Return the named list, after checking that all others are empty."""
    others = {key: value for key, value in vars(difference).items() if value and key not in (name, "labels")}
    assert not others
    found = getattr(difference, name)
    assert isinstance(found, list)
    return found


def test_no_change(tmp_path: Path) -> None:
    difference = changed(tmp_path, lambda _: None)
    assert difference == Difference()
    assert difference.releasable
    assert render(difference) == "Nothing changed.\n"


def test_an_added_record(tmp_path: Path) -> None:
    new = NamedNode(f"{BASE}model/new")
    difference = changed(
        tmp_path, lambda s: s.extend([Quad(new, TYPE, fmg("Model")), Quad(new, LABEL, Literal("New"))])
    )
    assert only(difference, "added_entities") == [new.value]
    assert render(difference) == "Records added (1)\n\n- New (model/new)\n"


def test_a_vanished_record_is_refused(tmp_path: Path) -> None:
    difference = changed(tmp_path, lambda s: remove(s, NamedNode(f"{BASE}unit/image")))
    assert only(difference, "vanished") == [f"{BASE}unit/image"]
    assert not difference.releasable
    (finding,) = difference.findings()
    assert finding.severity == "error"
    assert "data/tombstones.yaml" in str(finding)
    assert "unit/image" in str(finding)


def test_a_vanished_tombstone_row_and_term_are_refused_too(tmp_path: Path) -> None:
    def change(store: Store) -> None:
        for iri in ("model/retizero-old", "row/plm2233-2025-12-21"):
            remove(store, NamedNode(BASE + iri))

    assert [iri.removeprefix(BASE) for iri in only(changed(tmp_path, change), "vanished")] == [  # type: ignore[attr-defined]
        "model/retizero-old",
        "row/plm2233-2025-12-21",
    ]


def test_a_vanished_term_is_refused(tmp_path: Path) -> None:
    old = open_dataset(write_dataset([f'<{FMG}x> <{RDFS}label> "x" .'], tmp_path / "old", "1"))
    new = open_dataset(write_dataset([f'<{FMG}y> <{RDFS}label> "y" .'], tmp_path / "new", "1"))
    assert diff(old, new).vanished == [f"{FMG}x"]


def test_a_redirect_and_a_tombstone_are_allowed(tmp_path: Path) -> None:
    def change(store: Store) -> None:
        for name in ("unit/image", "unit/image-text-pair"):
            remove(store, NamedNode(BASE + name))
            store.add(Quad(NamedNode(BASE + name), NamedNode(f"{OWL}deprecated"), Literal(True)))
        replace(store, NamedNode(f"{BASE}unit/image"), NamedNode(f"{DCTERMS}isReplacedBy"), RETFOUND)
        comment = NamedNode(f"{RDFS}comment")
        store.add(Quad(NamedNode(f"{BASE}unit/image-text-pair"), comment, Literal("by mistake")))

    difference = changed(tmp_path, change)
    assert difference.redirected == [(f"{BASE}unit/image", RETFOUND.value)]
    assert difference.withdrawn_entities == [(f"{BASE}unit/image-text-pair", "by mistake")]
    assert not difference.edited
    assert difference.releasable


def test_an_edited_label(tmp_path: Path) -> None:
    difference = changed(tmp_path, lambda s: replace(s, RETFOUND, LABEL, Literal("RETFound!")))
    assert only(difference, "edited") == [(RETFOUND.value, LABEL.value, "RETFound", "RETFound!")]
    assert "label: RETFound → RETFound!" in render(difference)


def test_a_deprecated_claim_whether_its_name_changes_or_not(tmp_path: Path) -> None:
    def in_place(store: Store) -> None:
        claim = claim_of(store, RETFOUND, "backbone")
        replace(store, claim, fmg("rank"), fmg("DeprecatedRank"))
        store.add(Quad(claim, fmg("reason"), Literal("the code loads another")))
        store.add(Quad(claim, fmg("correctedBy"), NamedNode("https://example.org/code")))

    def renamed(store: Store) -> None:
        claim = claim_of(store, RETFOUND, "backbone")
        in_place(store)
        for quad in list(store.quads_for_pattern(claim, None, None)):
            store.add(Quad(NamedNode(f"{BASE}claim/0000"), quad.predicate, quad.object))
        remove(store, claim)

    for change in (in_place, renamed):
        (claim,) = only(changed(tmp_path, change), "deprecated")
        assert claim.reason == "the code loads another"  # type: ignore[attr-defined]
        text = render(changed(tmp_path, change))
        assert text.startswith(
            "RETFound (model/retfound)\n\n- backbone: ViT-L (backbone/vit-l) is wrong, from PLM"
        )
        assert "; the code loads another, see https://example.org/code" in text


def test_a_corrected_claim_is_told_with_both_values(tmp_path: Path) -> None:
    def change(store: Store) -> None:
        claim = claim_of(store, RETFOUND, "year")
        quads = list(store.quads_for_pattern(claim, None, None))
        remove(store, claim)
        for quad in quads:
            store.add(Quad(NamedNode(f"{BASE}claim/0001"), quad.predicate, quad.object))
        year = Literal("2024", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear"))
        replace(store, NamedNode(f"{BASE}claim/0001"), NamedNode(f"{RDF}object"), year)

    difference = changed(tmp_path, change)
    assert [(a.value, b.value) for a, b in only(difference, "corrected")] == [("2023", "2024")]  # type: ignore[misc]
    assert "year: 2023 → 2024, from PLM2233" in render(difference)
    assert "[RETFound](<https://w3id.org/fmgraph/model/retfound>)" in render(difference, "markdown")


def test_added_and_withdrawn_claims(tmp_path: Path) -> None:
    def add(store: Store) -> None:
        claim = NamedNode(f"{BASE}claim/0002")
        for predicate, value in {
            f"{RDF}type": fmg("Claim"), f"{RDF}subject": RETIZERO, f"{RDF}predicate": fmg("demo"),
            f"{RDF}object": NamedNode("https://example.org/demo"), f"{FMG}rank": fmg("NormalRank"),
            f"{PROV}hadPrimarySource": NamedNode("https://example.org/page"),
        }.items():  # fmt: skip
            store.add(Quad(claim, NamedNode(predicate), value))

    (claim,) = only(changed(tmp_path, add), "added")
    assert claim.value == "https://example.org/demo"  # type: ignore[attr-defined]
    text = render(changed(tmp_path, add))
    demo = "- demo: https://example.org/demo, new, from https://example.org/page\n"
    assert text == f"RetiZero (model/retizero)\n\n{demo}"
    difference = changed(tmp_path, lambda s: remove(s, claim_of(s, RETFOUND, "year")))
    (claim,) = only(difference, "withdrawn")
    assert (claim.predicate, claim.value) == (f"{FMG}year", "2023")  # type: ignore[attr-defined]
    assert claim.stands  # type: ignore[attr-defined] - the graph of this test says it still
    assert "- 1 source less of what is known" in render(difference)


def test_another_rank_and_other_words(tmp_path: Path) -> None:
    def prefer(store: Store) -> None:
        replace(store, claim_of(store, RETFOUND, "year"), fmg("rank"), fmg("PreferredRank"))

    (pair,) = only(changed(tmp_path, prefer), "reranked")
    assert [claim.rank for claim in pair] == ["Normal", "Preferred"]  # type: ignore[attr-defined]
    assert "Normal → Preferred" in render(changed(tmp_path, prefer))

    def reword(store: Store) -> None:
        claim = claim_of(store, RETIZERO, "initialisedFrom", "PrimarySource")
        replace(store, claim, fmg("locator"), Literal("other words"))

    assert len(only(changed(tmp_path, reword), "reworded")) == 1


def test_formatting_is_told_apart(tmp_path: Path) -> None:
    def respell(store: Store) -> None:
        """Change the spelling of an address in a claim and in the fact, and a fact that is none."""
        (claim,) = (row["c"] for row in store.query(f"SELECT ?c {{ ?c <{RDF}object> {code} }}"))  # type: ignore[union-attr, index]
        quads = list(store.quads_for_pattern(claim, None, None))
        remove(store, claim)
        for quad in quads:
            store.add(Quad(NamedNode(f"{BASE}claim/0003"), quad.predicate, quad.object))
        slash = NamedNode(f"{code.value}/")
        replace(store, NamedNode(f"{BASE}claim/0003"), NamedNode(f"{RDF}object"), slash)
        replace(store, RETFOUND, LABEL, Literal("RET-Found"))
        replace(store, RETIZERO, LABEL, Literal("Another name"))

    store = Store()
    store.bulk_load(path=SAMPLE)
    query = f"SELECT ?o {{ ?c <{RDF}predicate> <{FMG}code> ; <{RDF}object> ?o }} ORDER BY ?o LIMIT 1"
    code = next(iter(store.query(query)))["o"]  # type: ignore[arg-type, index]
    facts, _, formatting = render(changed(tmp_path, respell)).partition("Only formatting or wording (2)")
    assert "Another name" in facts
    assert code.value not in facts
    assert f"{code.value} → {code.value}/" in formatting  # type: ignore[union-attr]
    assert "RETFound → RET-Found" in formatting


def test_facts_of_a_new_record_are_counted(tmp_path: Path) -> None:
    new = NamedNode(f"{BASE}model/new")

    def add(store: Store) -> None:
        store.extend([Quad(new, TYPE, fmg("Model")), Quad(new, LABEL, Literal("New"))])
        for number, source in enumerate(("https://a.example.org/", "https://b.example.org/")):
            claim = NamedNode(f"{BASE}claim/001{number}")
            for predicate, value in {
                f"{RDF}subject": new, f"{RDF}predicate": fmg("demo"),
                f"{RDF}object": NamedNode("https://example.org/"),
                f"{PROV}hadPrimarySource": NamedNode(source),
            }.items():  # fmt: skip
                store.add(Quad(claim, NamedNode(predicate), value))

    assert render(changed(tmp_path, add)) == "Records added (1)\n\n- New (model/new): 1 fact\n"


def test_json_has_everything(tmp_path: Path) -> None:
    difference = changed(tmp_path, lambda s: remove(s, NamedNode(f"{BASE}unit/image")))
    data = json.loads(render(difference, "json"))
    assert data["vanished"] == [f"{BASE}unit/image"]
    assert data["releasable"] is False


def test_markdown_escapes_what_the_data_says(tmp_path: Path) -> None:
    difference = changed(tmp_path, lambda s: replace(s, RETFOUND, LABEL, Literal("<b>*x*|[y](z)")))
    assert r"\<b\>\*x\*\|\[y\](z)" in render(difference, "markdown")


def test_sides_are_folders_files_and_packed_files(tmp_path: Path) -> None:
    folder = write_dataset([f'<{BASE}unit/x> <{RDFS}label> "x" .'], tmp_path / "data", "1")
    plain = folder / "graph.nt"
    (tmp_path / "x.nt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "x.nt.zst").write_bytes(zstandard.compress(plain.read_bytes()))
    sides = [
        open_side(path) for path in (tmp_path / "data", plain, tmp_path / "x.nt.gz", tmp_path / "x.nt.zst")
    ]
    assert all(diff(sides[0], side) == Difference() for side in sides)
    (tmp_path / "bad.nt.gz").write_bytes(b"no gzip")
    for path in ("missing.ttl", "bad.nt.gz"):
        with pytest.raises(UsageError):
            open_side(tmp_path / path)


def test_a_dump_equals_its_dataset(tmp_path: Path) -> None:
    store = Store()
    store.bulk_load(path=SAMPLE)
    dataset = open_dataset(write_dataset(store, tmp_path, "1"))
    assert diff(dataset, open_side(SAMPLE)) == Difference()
