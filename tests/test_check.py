"""``fmgraph check``: findings with place and remedy, from records, lists and the graph made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph as ox
import pytest

from fmgraph.check import FORMATS, check_data, check_graph
from fmgraph.errors import OntologyError, UsageError
from fmgraph.graph import build
from fmgraph.rdf.prefixes import BASE, FMG, SH
from fmgraph.records.findings import Finding, in_order
from fmgraph.records.identifiers import is_ror

RECORDS = {
    "paper/alpha": """label: On Alpha
type: article
title: On Alpha
doi: 10.5555/alpha
source: doi:10.5555/alpha
""",
    "paper/beta": """label: On Beta
year: {value: 2025, source: "https://example.org/beta", at: title}
""",
    "model/alpha": """label: Alpha
scope: medical
described_by: alpha
year: 2024
source: paper/alpha
at: first page
""",
    "model/beta": """label: Beta
scope: medical
described_by: beta
year: {value: 2025, source: "https://example.org/beta", at: title}
initialised_from:
  - {value: alpha, source: "https://example.org/beta", at: loads its weights}
""",
    "modality/ct": "label: CT\ndefinition: X-rays, computed into slices.\n",
    "institution/alpha-institute": "label: Alpha Institute\n",
}
LIST_YAML = """label: A list
layout: table
tables:
  - {section: Models, columns: [Name, Year, Modality]}
columns:
  Name: name
  Year: year
  Modality: modality
"""
LIST_CSV = """id,record,table,line,Name,Year,Modality
a-list-01,model/alpha,1,7,Alpha,2024,CT
a-list-02,model/beta,1,8,Beta,2025,-
"""


@pytest.fixture
def data(tmp_path):
    """A small data folder in which nothing is wrong."""
    folder = tmp_path / "data"
    for name, text in RECORDS.items():
        write(folder, f"{name}.yaml", text)
    write(folder, "list/a-list.yaml", LIST_YAML)
    write(folder, "list/a-list.csv", LIST_CSV)
    return folder


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def graph_of(folder):
    store = ox.Store()
    store.bulk_load("".join(build(folder).lines()).encode(), ox.RdfFormat.N_TRIPLES)
    return store


def one(findings, rule):
    (found,) = [finding for finding in findings if finding.rule == rule]
    return found


@pytest.mark.parametrize("engine", ["pyshacl", "compiled"])
def test_nothing_is_found_where_nothing_is_wrong(data, engine):
    assert check_data(data, engine=engine) == []


@pytest.mark.parametrize("engine", ["pyshacl", "compiled"])
def test_a_finding_has_its_place_and_what_would_be_right(data, engine):
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("year: 2024", "year: 1066"))
    found = one(check_data(data, engine=engine), "year")
    assert found == Finding(
        "'1066' is not well formed",
        file="data/model/alpha.yaml",
        line=4,
        field="year",
        remedy="a year is four digits, from 1990 to next year",
        rule="year",
        focus=f"{BASE}model/alpha",
    )


BROKEN = {
    "no evidence": ("model/beta", ", at: loads its weights", "", "claim-evidence", 6),
    "built on itself": ("model/beta", "value: alpha", "value: beta", "work-not-on-itself", 1),
    "malformed DOI": ("paper/alpha", "doi: 10.5555/alpha\n", "doi: 10.5/alpha\n", "paper-doi", 4),
    "two titles": ("paper/alpha", "title: On Alpha\n", "title: [On Alpha, On Beta]\n", "paper-title", 3),
    "no scope": ("model/alpha", "scope: medical\n", "", "work-scope", 1),
    "wrong access": ("model/alpha", "year: 2024\n", "year: 2024\naccess: maybe\n", "access", 5),
    "malformed ROR": (
        "institution/alpha-institute",
        "label: Alpha Institute\n",
        "label: Alpha Institute\nror: {value: 'https://ror.org/9xx', source: 'https://ror.org/9xx'}\n",
        "institution-ror",
        2,
    ),
    "misspelt ROR": (
        "institution/alpha-institute",
        "label: Alpha Institute\n",
        "label: Alpha Institute\nror: {value: 'https://ror.org/02jx3x896', source: 'https://ror.org/02jx3x895'}\n",
        "check-digits",
        2,
    ),
    "property of another kind": (
        "modality/ct",
        "label: CT\n",
        "label: CT\naccess: {value: open, source: 'https://example.org/'}\n",
        "modality",
        2,
    ),
}


@pytest.mark.parametrize(("record", "old", "new", "rule", "line"), BROKEN.values(), ids=BROKEN)
def test_a_slip_in_a_record_is_found_at_its_line(data, record, old, new, rule, line):
    assert old in RECORDS[record]
    write(data, f"{record}.yaml", RECORDS[record].replace(old, new))
    found = [finding for finding in check_data(data, engine="compiled") if finding.rule == rule]
    assert found
    assert {(finding.file, finding.line) for finding in found} == {(f"data/{record}.yaml", line)}
    assert all(finding.remedy for finding in found)


def test_a_medical_work_without_a_year_is_found(data):
    write(data, "model/beta.yaml", RECORDS["model/beta"].replace("year:", "parameter_count:"))
    write(data, "list/a-list.csv", LIST_CSV.replace("2025", "-"))
    found = one(check_data(data), "work-year")
    assert (found.file, found.line, found.message) == (
        "data/model/beta.yaml",
        1,
        "the medical work has no year",
    )


def test_a_lineage_cycle_is_found_at_each_member(data):
    source = "source: paper/alpha, at: section 2"
    write(data, "model/alpha.yaml", RECORDS["model/alpha"] + f"adapts: {{value: beta, {source}}}\n")
    found = [finding for finding in check_data(data) if finding.rule == "work-lineage-acyclic"]
    assert [finding.file for finding in found] == ["data/model/alpha.yaml", "data/model/beta.yaml"]


def test_lists_may_disagree_and_sources_of_a_record_may_not(data):
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("year: 2024\n", ""))
    write(data, "list/b-list.yaml", LIST_YAML)
    write(data, "list/b-list.csv", LIST_CSV.replace("a-list", "b-list").replace("2024", "2023"))
    assert check_data(data) == []
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("year: 2024\n", "year: [2023, 2024]\n"))
    found = one([f for f in check_data(data) if f.focus == f"{BASE}model/alpha"], "year")
    assert (found.field, found.message) == ("year", "more than one value: '2023', '2024'")


def test_a_cell_that_nothing_understands_is_said_once(data):
    write(data, "list/a-list.csv", LIST_CSV.replace(",CT", ",Crystal balls"))
    found = check_data(data)
    assert [(f.rule, f.file, f.line, f.field) for f in found] == [
        ("cell-not-understood", "data/list/a-list.csv", 2, "Modality")
    ]


def test_a_row_about_no_record_is_an_error(data):
    write(data, "list/a-list.csv", LIST_CSV.replace("model/beta", "model/gamma"))
    found = check_data(data)
    assert {f.rule for f in found} == {"row-without-record"}
    assert {(f.file, f.line, f.severity) for f in found} == {("data/list/a-list.csv", 3, "error")}


def test_a_row_that_nobody_has_named_is_open(data):
    write(data, "list/a-list.csv", LIST_CSV.replace("model/beta", ""))
    found = check_data(data)
    assert [(f.rule, f.line, f.severity) for f in found] == [("row-without-record", 3, "open")]
    assert "a-list-02 (Beta) names no record" in found[0].message


def test_a_column_that_means_nothing_is_found(data):
    write(data, "list/a-list.yaml", LIST_YAML.replace("  Modality: modality\n", "  Modality: []\n"))
    rules = {finding.rule for finding in check_data(data)}
    assert rules & {"column-without-meaning", "bad-list"}


def test_what_the_graph_lacks_of_a_list_is_found(data):
    store = graph_of(data)
    prefix = f"PREFIX fmg: <{FMG}> PREFIX row: <{BASE}row/> PREFIX prov: <http://www.w3.org/ns/prov#> "
    store.update(prefix + "DELETE WHERE { row:a-list-02 ?p ?o }")
    store.update(prefix + f"DELETE WHERE {{ <{BASE}row/a-list-01#name> prov:value ?v }}")
    store.update(prefix + f"DELETE WHERE {{ ?c fmg:cell <{BASE}row/a-list-01#modality> }}")
    found = {f.rule: f for f in check_graph(store, data)}
    assert (found["row-missing"].line, found["cell-missing"].field) == (3, "Name")
    assert found["cell-without-claim"].message == "a-list-01 (Alpha): the cell 'CT' makes no claim"
    assert found["cell-text"].file == "data/list/a-list.csv"


def test_a_row_tied_to_another_record_is_found(data):
    store = graph_of(data)
    store.update(
        f"DELETE {{ <{BASE}row/a-list-01> ?p <{BASE}model/alpha> }} "
        f"INSERT {{ <{BASE}row/a-list-01> ?p <{BASE}model/beta> }} "
        f"WHERE {{ <{BASE}row/a-list-01> ?p <{BASE}model/alpha> }}"
    )
    assert one(check_graph(store, data), "row-topic-differs").line == 2


def test_terms_that_the_ontology_does_not_define_are_found(data):
    store = graph_of(data)
    store.update(f"INSERT DATA {{ <urn:a> <{FMG}modalty> 'x' ; a <{FMG}Modle>, <http://schema.org/Thing> }}")
    found = sorted((f.message, f.remedy) for f in check_graph(store, data) if f.rule == "unknown-term")
    assert [message for message, _ in found] == [
        "http://schema.org/Thing is not how schema.org is written here",
        "the ontology defines no fmg:Modle",
        "the ontology defines no fmg:modalty",
    ]
    assert found[0][1] == "write https://schema.org/Thing"
    assert "modality" in found[2][1]


def test_findings_about_values_lead_to_where_they_were_stated(data):
    """Quantities, people and sources have no file of their own."""
    record = RECORDS["paper/alpha"] + "author: [Ada Example]\n"
    write(data, "paper/alpha.yaml", record)
    store = graph_of(data)
    person, label = f"{BASE}person/ada-example", "http://www.w3.org/2000/01/rdf-schema#label"
    store.update(f"DELETE WHERE {{ <{person}> <{label}> ?l }}")
    found = one([f for f in check_graph(store, data) if f.focus == person], "label")
    assert (found.file, found.line) == ("data/paper/alpha.yaml", 6)


# ---- only what changed


@pytest.mark.parametrize(
    ("one", "other", "nodes"),
    [
        ("https://drive.google.com/file/d/1Ab/view", "https://drive.google.com/uc?export=download&id=1Ab", 1),
        ("https://zenodo.org/record/77", "https://doi.org/10.5281/zenodo.77", 1),
        ("https://huggingface.co/Lab/net", "https://huggingface.co/lab/NET?library=timm#use", 1),
        ("http://www.lab.example/net/", "https://lab.example/%6Eet", 1),
        ("https://github.com/Lab/net", "https://github.com/lab/net/blob/main/README.md", 2),
        ("https://lab.example/net", "https://lab.example/Net/index.html", 2),
        ("https://files.example/s/a?dl=0&k=1", "https://files.example/s/a?k=1&dl=1", 2),
    ],
)
def test_an_artifact_under_two_addresses_is_one_node_or_a_finding(data, one, other, nodes):
    weights = f"weights: [{{value: '{one}', source: paper/alpha}}]\n"
    write(data, "model/alpha.yaml", RECORDS["model/alpha"] + weights)
    rows = (
        LIST_CSV.replace("Modality", "Modality,Link")
        .replace("CT\n", f"CT,{other}\n")
        .replace(",-\n", ",-,\n")
    )
    write(data, "list/a-list.csv", rows)
    about = LIST_YAML.replace("Modality]", "Modality, Link]") + "  Link: weights\n"
    write(data, "list/a-list.yaml", about)
    store = graph_of(data)
    told = store.quads_for_pattern(None, ox.NamedNode(FMG + "weights"), None)
    assert len({quad.object for quad in told}) == nodes
    assert [finding.rule for finding in check_data(data)] == ["artifact-twice"] * (nodes - 1)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("data_scale: {value: 300 slides, source: paper/beta, at: '300 sections of 20 brains'}", "bad-value"),
        ("data_scale: {value: 300 slides, source: paper/beta, at: '300 slides, 300 sections'}", None),
        ("data_scale: {value: 0.3k slides, source: paper/beta, at: made of 300 sections}", "bad-value"),
        ("training_time: {value: 20 epochs, source: paper/beta, at: x}", "work-training-time-unit"),
        ("training_time: {value: 20 hours, source: paper/beta, at: x}", None),
    ],
)
def test_a_unit_is_the_sources(data, statement, rule):
    for name in ("slide", "section", "brain", "epoch", "hour"):
        write(data, f"unit/{name}.yaml", f"label: {name}s\ndefinition: One {name}.\n")
    write(data, "model/beta.yaml", RECORDS["model/beta"] + statement + "\n")
    assert [found.rule for found in check_data(data)] == ([rule] if rule else [])


def test_only_changed_records_are_checked(data):
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("scope: medical\n", "scope: odd\n"))
    write(data, "model/beta.yaml", RECORDS["model/beta"].replace("scope: medical\n", "scope: odd\n"))
    found = check_data(data, changed=[data / "model" / "beta.yaml"])
    assert {finding.file for finding in found} == {"data/model/beta.yaml"}
    assert found == check_data(data, changed=[data / "model" / "beta.yaml"], engine="pyshacl")


def test_a_changed_list_is_checked_with_its_cells(data):
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("scope: medical\n", "scope: odd\n"))
    write(data, "list/a-list.csv", LIST_CSV.replace(",CT", ",Crystal balls"))
    found = check_data(data, changed=[data / "list" / "a-list.csv"])
    assert [finding.rule for finding in found] == ["cell-not-understood"]


def test_a_changed_licence_is_checked_under_its_spdx_address(data):
    text = "label: [MIT License, Expat Licence]\niri: https://spdx.org/licenses/MIT\n"
    found = one(check_data(data, changed=[write(data, "license/mit.yaml", text)]), "label")
    assert (found.file, found.line) == ("data/license/mit.yaml", 1)
    assert found.focus == "https://spdx.org/licenses/MIT"


@pytest.mark.parametrize("name", ["README.md", "model/Alpha Beta.yaml", "colour/red.yaml"])
def test_a_changed_file_that_is_no_record_is_refused(data, name):
    with pytest.raises(UsageError, match="no record or list"):
        check_data(data, changed=[data / name])


# ---- the shipped data


def test_a_graph_without_the_ontology_is_refused(data):
    with pytest.raises(OntologyError, match="does not hold the ontology"):
        check_graph(ox.Store(), data)


# ---- formats

FINDINGS = [
    Finding("'x' is <wrong>", "data/model/a b.yaml", 3, "year", "write 2024", "year", focus=f"{BASE}model/a"),
    Finding("something", rule="other", severity="warning"),
    Finding("cells 'é\n\"'", "data/list/l.csv", field="Name", rule="year", severity="info", focus="_:b"),
]


def test_text_has_a_line_for_each_finding_and_the_number():
    lines = FORMATS["text"](FINDINGS[:2]).splitlines()
    assert lines == [
        "data/model/a b.yaml:3: error: year: 'x' is <wrong>; write 2024 [year]",
        "warning: something [other]",
        "1 error, 1 warning",
    ]
    assert FORMATS["text"]([]) == "no findings\n"


def test_json_has_the_known_fields():
    first, second, _ = json.loads(FORMATS["json"](FINDINGS))
    assert first == {
        "message": "'x' is <wrong>",
        "file": "data/model/a b.yaml",
        "line": 3,
        "field": "year",
        "remedy": "write 2024",
        "rule": "year",
        "severity": "error",
        "focus": f"{BASE}model/a",
    }
    assert second == {"message": "something", "rule": "other", "severity": "warning"}


def test_sarif_is_as_the_standard_says():
    """SARIF 2.1.0: the properties it requires, rule indices that fit, relative URIs that are encoded."""
    log = json.loads(FORMATS["sarif"](FINDINGS))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver, results = run["tool"]["driver"], run["results"]
    assert driver["name"] == "fmgraph"
    for result in results:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    assert [result["level"] for result in results] == ["error", "warning", "note"]
    place = results[0]["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "data/model/a%20b.yaml"},
        "region": {"startLine": 3},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": f"{BASE}model/a"}]
    assert "locations" not in results[1]


def test_turtle_is_a_validation_report_without_blank_nodes():
    triples = [quad.triple for quad in ox.parse(FORMATS["turtle"](FINDINGS), format=ox.RdfFormat.TURTLE)]
    assert not [t for t in triples for term in (t.subject, t.object) if isinstance(term, ox.BlankNode)]

    def objects(name):
        return {t.object for t in triples if t.predicate == ox.NamedNode(SH + name)}

    boolean = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")
    assert objects("conforms") == {ox.Literal("false", datatype=boolean)}
    assert len(objects("result")) == 3
    assert {s.value for s in objects("resultSeverity")} == {SH + s for s in ("Violation", "Warning", "Info")}
    assert objects("focusNode") == {ox.NamedNode(f"{BASE}model/a")}
    assert {m.value for m in objects("resultMessage")} == {str(f).rsplit(" [", 1)[0] for f in FINDINGS}
    conforming = [q.object.value for q in ox.parse(FORMATS["turtle"]([]), format=ox.RdfFormat.TURTLE)]
    assert "true" in conforming


def test_findings_are_sorted_and_said_once():
    assert in_order([*reversed(FINDINGS), *FINDINGS]) == [FINDINGS[2], FINDINGS[0], FINDINGS[1]]


def test_check_digits_of_ror():
    """The example of the registry's own documentation of identifiers, and one digit off."""
    assert is_ror("https://ror.org/02jx3x895")
    assert not is_ror("https://ror.org/02jx3x896")
    assert not is_ror("https://ror.org/02jx3i895")
    assert not is_ror("")


def test_paths_are_shown_relative_to_the_data_folder(data, monkeypatch):
    monkeypatch.chdir(data.parent)
    write(data, "model/alpha.yaml", RECORDS["model/alpha"].replace("scope: medical", "scope: odd"))
    assert one(check_data(Path("data")), "work-scope").file == "data/model/alpha.yaml"
