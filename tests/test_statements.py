"""What is said besides plain values: searches, absences, alternatives, what variants take over, raw texts."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from fmgraph import resources
from fmgraph.check.locations import Places
from fmgraph.check.unit_names import misread_units
from fmgraph.graph import build
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import DCTERMS, PROV, RDF, RDFS, SKOS
from fmgraph.rdf.terms import LABEL, bare, entity, iri, literal, own
from fmgraph.records.address_kinds import UNFIT, page_kind
from fmgraph.records.addresses import parse_address

RECORDS = {
    "model/family.yaml": """\
label: Family
scope: general
weights_license: {value: MIT, source: "https://example.org/card", at: licence field}
access: {value: open, source: "https://example.org/card", at: files}
modality: {value: ct, source: "https://example.org/card"}
developed_by: {value: lab, source: "https://example.org/card", at: the owner}
uses_language_model:
  - {value: small, source: "https://example.org/card", at: "7B", alternative: language-model, variant: 7B}
  - {value: large, source: "https://example.org/card", at: "70B", alternative: language-model, variant: 70B}
""",
    "model/small.yaml": "label: Small\nscope: general\n",
    "model/large.yaml": "label: Large\nscope: general\n",
    "model/variant.yaml": """\
label: Variant
scope: general
variant_of: {value: family, source: "https://example.org/v", at: the card says so}
access: {value: gated, source: "https://example.org/v", at: form}
""",
    "model/child.yaml": """\
label: Child
scope: medical
described_by: child
fine_tuned_from: {value: family, source: paper/child, at: methods}
searched:
  - for: [trained_on, weights_license]
    in: ["github:a/b@c0ffee1:README.md", paper/child]
    date: "2026-11-20"
""",
    "paper/child.yaml": "label: A child model\n",
    "institution/lab.yaml": "label: Lab\n",
    "modality/ct.yaml": "label: CT\n",
    "modality/mri.yaml": "label: MRI\n",
    "unit/image.yaml": "label: images\n",
    "list/l.yaml": """\
label: A list
layout: table
tables:
  - {section: CT, columns: [Name, Code, Weights, About]}
columns: {Name: name, Code: code, Weights: weights, About: {prose: true}}
readings:
  - {row: l-01, column: Name, data_scale: 3 images}
  - {row: l-01, column: About, dimensionality: 2D}
set_aside:
  - {column: Weights, said: ✅, reason: the tick stands everywhere}
""",
    "list/l.csv": "id,record,table,line,Name,Code,Weights,About\n"
    "l-01,model/child,1,3,Child of three,-,✅,\nl-02,model/variant,1,4,Variant,✅,Coming soon,\n",
}
CHILD, FAMILY, VARIANT = (entity("model", name) for name in ("child", "family", "variant"))


@pytest.fixture
def made(tmp_path: Path):
    write(tmp_path, RECORDS)
    result = build(tmp_path / "data")
    assert result.findings == []
    return result.triples


def write(folder: Path, records) -> None:
    for name, text in records.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def claims(triples, subject, predicate):
    """What is said of each claim about the subject and property, by local name."""
    nodes: dict[str, dict[str, str]] = {}
    for node, prop, value in triples:
        if node.startswith(f"<{bare(entity('claim', ''))}"):
            nodes.setdefault(node, {})[prop.rstrip(">").replace("#", "/").rsplit("/", 1)[1]] = value
    return [
        said | {"node": node}
        for node, said in nodes.items()
        if said["subject"] == subject and said["predicate"] == own(predicate)
    ]


def values(triples, subject, predicate):
    return {value for s, p, value in triples if (s, p) == (subject, own(predicate))}


def test_a_search_is_a_node_of_its_work_named_by_what_it_says(made):
    searches = {s for s, p, o in made if (p, o) == (iri(f"{RDF}type"), own("Search"))}
    assert {s.partition("#search-")[2][:-10] for s in searches} == {"trained-on", "weights-license"}
    for search in searches:
        said = {(p, o) for s, p, o in made if s == search}
        assert (own("about"), CHILD) in said
        assert (own("searchedIn"), entity("paper", "child")) in said
        assert (own("searchedIn"), "<https://github.com/a/b/blob/c0ffee1/README.md>") in said
        assert (iri(f"{DCTERMS}date"), '"2026-11-20"^^<http://www.w3.org/2001/XMLSchema#date>') in said


@pytest.mark.parametrize(
    ("search", "message", "rule"),
    [
        ("{for: trained_on, in: paper/child}", "a search needs 'date'", "bad-record"),
        ("{for: colour, in: paper/child, date: '2026-11-20'}", "'colour' is no property", "bad-value"),
        ("{for: label, in: paper/child, date: '2026-11-20'}", "'label' is no property", "bad-value"),
        ("{for: trained_on, in: memory, date: '2026-11-20'}", "'memory' is not a source", "bad-value"),
        ("{for: trained_on, in: paper/other, date: '2026-11-20'}", "no record paper/other", "bad-value"),
    ],
)
def test_a_search_that_says_too_little_is_a_finding(tmp_path, search, message, rule):
    write(tmp_path, RECORDS | {"model/small.yaml": f"label: S\nscope: general\nsearched:\n  - {search}\n"})
    [finding] = [f for f in build(tmp_path / "data").findings if f.file and f.file.endswith("small.yaml")]
    assert message in finding.message
    assert (finding.line, finding.rule) == (4, rule)


def test_a_variant_takes_over_what_is_not_said_of_itself_and_says_so(made):
    assert values(made, VARIANT, "weightsLicense") == {"<https://spdx.org/licenses/MIT>"}
    assert values(made, VARIANT, "license") == {"<https://spdx.org/licenses/MIT>"}
    assert values(made, VARIANT, "developedBy") == {entity("institution", "lab")}
    assert values(made, VARIANT, "modality") == {entity("modality", "ct")}
    assert values(made, VARIANT, "access") == {'"gated"'}
    assert values(made, CHILD, "weightsLicense") == set()  # fine-tuned: others may release it otherwise
    [claim] = claims(made, VARIANT, "weightsLicense")
    [original] = claims(made, FAMILY, "weightsLicense")
    assert claim["basis"] == own("Inherited")
    assert claim["wasInfluencedBy"] == original["node"]
    assert claim["hadPrimarySource"] == original["hadPrimarySource"]
    assert claim["locator"] == literal("said of Family, of which this is a variant: licence field")


def test_a_modality_is_not_taken_over_from_a_family_of_several(tmp_path):
    two = RECORDS["model/family.yaml"].replace(
        'modality: {value: ct, source: "https://example.org/card"}',
        'source: "https://example.org/card"\nmodality: [ct, mri]',
    )
    write(tmp_path, RECORDS | {"model/family.yaml": two})
    assert values(build(tmp_path / "data").triples, VARIANT, "modality") == set()


def test_weights_are_not_followed_to_alternatives_unless_the_released_one_is_known(made, tmp_path):
    small, large = entity("model", "small"), entity("model", "large")
    assert values(made, FAMILY, "usesLanguageModel") == {small, large}
    assert values(made, CHILD, "derivesFrom") == {FAMILY, small, large}
    assert values(made, CHILD, "weightsDeriveFrom") == {FAMILY}
    named = 'released_variant: {value: 7B, source: "https://example.org/card"}\n'
    write(tmp_path, RECORDS | {"model/family.yaml": RECORDS["model/family.yaml"] + named})
    assert values(build(tmp_path / "data").triples, CHILD, "weightsDeriveFrom") == {FAMILY, small}


def test_what_a_list_does_not_give_is_its_claim_and_no_triple(made):
    [absent] = claims(made, CHILD, "codeAbsent")
    assert (absent["object"], absent["value"]) == ('"not-given"', '"-"')
    [announced] = claims(made, VARIANT, "weightsAbsent")
    assert (announced["object"], announced["value"]) == ('"announced"', '"Coming soon"')
    assert {absent["accepted"], announced["accepted"]} == {
        '"false"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    }
    assert values(made, CHILD, "codeAbsent") == values(made, VARIANT, "weightsAbsent") == set()
    assert values(made, VARIANT, "codeAvailable")  # a tick without a link


def test_cells_that_tell_nothing_are_set_aside_by_rule(made):
    [tick] = claims(made, CHILD, "weightsAvailable")
    assert (tick["rank"], tick["reason"]) == (own("DeprecatedRank"), '"the tick stands everywhere"')
    assert values(made, CHILD, "weightsAvailable") == set()


def test_a_claim_has_the_raw_text_of_its_cell_and_the_reading_beside_it(made):
    [scale] = claims(made, CHILD, "dataScale")
    assert (scale["value"], scale["reading"]) == ('"Child of three"', '"3 images"')
    [prose] = claims(made, CHILD, "dimensionality")
    assert "value" not in prose
    assert prose["reading"] == '"2D"'
    for node, predicate, text in made:
        if predicate == iri(f"{PROV}value") and node.startswith(f"<{bare(entity('claim', ''))}"):
            cells = [o for s, p, o in made if (s, p) == (node, own("cell"))]
            assert [o for s, p, o in made if s in cells and p == iri(f"{PROV}value")] in ([text], [])


def test_an_address_that_cannot_be_what_the_column_says_is_set_aside(tmp_path):
    rows = RECORDS["list/l.csv"].replace("Child of three,-,✅", "Child of three,-,https://huggingface.co/lab")
    write(tmp_path, RECORDS | {"list/l.csv": rows})
    triples = build(tmp_path / "data").triples
    [weights] = [one for one in claims(triples, CHILD, "weights") if one["object"].endswith("/lab>")]
    assert (weights["rank"], "organisation or user" in weights["reason"]) == (own("DeprecatedRank"), True)
    assert (weights["accepted"][1:6], values(triples, CHILD, "weights")) == ("false", set())


@pytest.mark.parametrize(
    ("address", "key", "kind"),
    [
        ("https://huggingface.co/datasets/lab/set", "weights", "dataset"),
        ("https://huggingface.co/datasets/lab/set/blob/main/model.pt", "weights", None),
        ("https://github.com/lab", "code", "organisation"),
        ("https://developers.google.com/x/model", "code", "documentation"),
        ("https://aka.ms/model", "code", "short-link"),
        ("https://a-my.sharepoint.com/personal/x/_layouts/15/onedrive.aspx", "weights", "truncated"),
        ("https://a-my.sharepoint.com/personal/x/_layouts/15/onedrive.aspx?id=1", "weights", None),
        ("https://github.com/lab/model", "weights", None),
        ("https://huggingface.co/organizations/lab", "weights", "organisation"),
        ("https://github.com/orgs/lab/repositories", "code", "organisation"),
        ("https://zenodo.org/communities/lab", "weights", "organisation"),
        ("https://gitlab.com/lab/model", "code", None),
        ("https://www.kaggle.com/datasets/lab/set", "weights", "dataset"),
        ("https://www.kaggle.com/models/lab/model", "weights", None),
        ("https://huggingface.co/datasets/set/tree/main", "code", "dataset"),
        ("https://docs.lab.example/model", "code", "documentation"),
        ("https://docs.google.com/document/d/1", "weights", None),
        ("https://huggingface.co/docs/model", "weights", "documentation"),
        ("https://huggingface.co/papers/2401.00001", "weights", "paper"),
        ("https://arxiv.org/abs/2401.00001v2", "code", "paper"),
        ("https://doi.org/10.1038/s41586-000-00000-0", "weights", "paper"),
        ("https://doi.org/10.5281/zenodo.1", "weights", None),
    ],
)
def test_what_a_page_is_shows_in_its_address(address, key, kind):
    known = page_kind(parse_address(address))
    assert (known in UNFIT[key], known if known in UNFIT[key] else None) == (kind is not None, kind)


def test_a_record_may_not_state_such_an_address(tmp_path):
    text = (
        RECORDS["model/small.yaml"]
        + 'weights: {value: "https://huggingface.co/lab", source: "https://e.org/"}\n'
    )
    write(tmp_path, RECORDS | {"model/small.yaml": text})
    [finding] = build(tmp_path / "data").findings
    assert "the page of an organisation" in finding.message
    assert (finding.line, finding.field) == (3, "weights")


def test_a_heading_is_set_aside_for_the_rows_named(tmp_path):
    text = RECORDS["list/l.yaml"].replace("set_aside:", "sections: {CT: {modality: ct}}\nset_aside:")
    text += "  - {section: CT, rows: [l-02], reason: it takes no images}\n"
    write(tmp_path, RECORDS | {"list/l.yaml": text})
    triples = build(tmp_path / "data").triples
    assert [claim["rank"] for claim in claims(triples, CHILD, "modality")] == [own("NormalRank")]
    ranks = {claim["basis"]: claim["rank"] for claim in claims(triples, VARIANT, "modality")}
    assert ranks[own("ListCell")] == own("DeprecatedRank")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{column: Weights, reason: no}", "needs a column and a text, or a section"),
        ("{column: Wights, said: ✅, reason: no}", "'Wights' is no header of the list"),
        ("{section: MR, reason: no}", "'MR' is no heading of the list"),
        ("{section: CT, rows: [l-9], reason: no}", "'l-9' is no row of this list"),
    ],
)
def test_a_rule_about_nothing_is_a_finding(tmp_path, rule, message):
    write(tmp_path, RECORDS | {"list/l.yaml": RECORDS["list/l.yaml"] + f"  - {rule}\n"})
    [finding] = build(tmp_path / "data").findings
    assert message in finding.message


def test_a_correction_needs_more_than_a_secondary_source(tmp_path):
    text = RECORDS["model/child.yaml"] + (
        "parameter_count: {value: '3', source: 'https://others.org/table', basis: secondary}\n"
        "corrections:\n"
        "  - {field: name, said: Child of three, reason: another name, source: 'https://others.org/table'}\n"
    )
    write(tmp_path, RECORDS | {"model/child.yaml": text})
    [finding] = build(tmp_path / "data").findings
    assert (finding.rule, finding.line) == ("correction-on-secondary-source", 11)


@pytest.mark.parametrize(
    ("source", "secondary"),
    [
        ("github:others/table@c0ffee1:README.md", True),  # another record has it as secondary
        ("https://github.com/Others/Table/blob/2222222/data.csv", True),  # as that, in another revision
        ("github:keeper/a-list@c0ffee1:README.md", True),  # a list
        ("paper/child", False),
        ("https://example.org/card", False),
    ],
)
def test_what_others_take_for_secondary_corrects_nothing_alone(tmp_path, source, secondary):
    repository = "repository: https://github.com/keeper/a-list\n"
    child = RECORDS["model/child.yaml"] + (
        f"corrections:\n  - {{field: name, said: Child of three, reason: no, source: '{source}'}}\n"
    )
    small = RECORDS["model/small.yaml"] + (
        "access: {value: open, source: 'github:others/table@c0ffee1:README.md', at: x, basis: secondary}\n"
    )
    changed = {"model/child.yaml": child, "model/small.yaml": small}
    write(tmp_path, RECORDS | changed | {"list/l.yaml": repository + RECORDS["list/l.yaml"]})
    rules = [finding.rule for finding in build(tmp_path / "data").findings]
    assert rules == ["correction-on-secondary-source"] * secondary


def test_people_of_two_names_are_one_where_a_record_says_so(tmp_path):
    paper = "label: A child model\nauthor: {value: Ann Lee, source: 'https://e.org/'}\n"
    write(
        tmp_path,
        RECORDS | {"person/ann-b-lee.yaml": "label: Ann B. Lee\naka: [Ann Lee]\n", "paper/child.yaml": paper},
    )
    triples = build(tmp_path / "data").triples
    assert values(triples, entity("paper", "child"), "author") == {entity("person", "ann-b-lee")}


def test_one_day_is_no_days(tmp_path):
    text = RECORDS["model/child.yaml"] + "training_time: [{value: 1 day, source: 'https://e.org/'}]\n"
    write(tmp_path, RECORDS | {"model/child.yaml": text, "unit/day.yaml": "label: days\naka: [day]\n"})
    triples = build(tmp_path / "data").triples
    assert (entity("quantity", "1-day"), LABEL, '"1 day"') in triples


def test_units_are_what_the_source_says():
    """The shipped names pass; a name that ends in another unit's is found."""
    lines = "".join(
        f"{entity('unit', unit)} <{RDF}type> {own('Unit')} .\n"
        + "".join(f'{entity("unit", unit)} <{prop}> "{name}" .\n' for prop, name in names)
        for unit, names in {
            "image": [(f"{RDFS}label", "images"), (f"{SKOS}altLabel", "image")],
            "tile": [(f"{RDFS}label", "tiles"), (f"{SKOS}altLabel", "histology images")],
            "slide": [
                (f"{RDFS}label", "whole-slide images"),
                (f"{SKOS}altLabel", "whole slide stained images"),
            ],
        }.items()
    )
    store = ox.Store()
    store.load(lines.encode(), format=ox.RdfFormat.N_TRIPLES)
    schema = Schema(resources.ontology_dir() / "context.jsonld", resources.ontology_dir() / "fmgraph.ttl")
    places = Places(store, resources.data_dir(), schema)
    assert [finding.message.split("'")[1] for finding in misread_units(store, places)] == ["histology images"]
