"""A property and a kind are added in the ontology, the context and the shapes alone, and are everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TERMS = """
fmg:scannerVendor a owl:DatatypeProperty ;
    rdfs:label "scanner vendor"@en ;
    skos:definition "Who made the scanners of the training data."@en ;
    rdfs:domain fmg:Work ;
    rdfs:range xsd:string ;
    fmg:claimed true ;
    fmg:group fmg:dataGroup ;
    fmg:order 30 ;
    fmg:facet "vendor" ;
    fmg:facetOrder 40 ;
    skos:example "Acme" ;
    rdfs:isDefinedBy <https://w3id.org/fmgraph/ns> .

fmg:Sponsor a owl:Class ;
    rdfs:label "Sponsor"@en ;
    skos:definition "Who paid for a work."@en ;
    fmg:kind "sponsor" ;
    fmg:plural "sponsors"@en ;
    fmg:order 40 ;
    fmg:recorded true ;
    fmg:searched true ;
    rdfs:isDefinedBy <https://w3id.org/fmgraph/ns> .

fmg:sponsoredBy a owl:ObjectProperty ;
    rdfs:label "sponsored by"@en ;
    skos:definition "Who paid for the work."@en ;
    rdfs:domain fmg:Work ;
    rdfs:range fmg:Sponsor ;
    fmg:claimed true ;
    fmg:group fmg:peopleGroup ;
    fmg:order 30 ;
    fmg:incomingTitle "Paid for by this"@en ;
    fmg:facet "sponsor" ;
    fmg:facetOrder 41 ;
    rdfs:isDefinedBy <https://w3id.org/fmgraph/ns> .
"""
KEYS = {
    "Sponsor": "fmg:Sponsor",
    "scanner_vendor": {"@id": "fmg:scannerVendor"},
    "sponsored_by": {
        "@id": "fmg:sponsoredBy",
        "@type": "@id",
        "@context": {"@base": "https://w3id.org/fmgraph/sponsor/"},
    },
}
SHAPES = """
fmgsh:work-scanner-vendor a sh:PropertyShape ;
    sh:path fmg:scannerVendor ;
    sh:in ( "Acme" "Other" ) ;
    sh:message "scanner_vendor is Acme or Other"@en .

fmgsh:work-sponsored-by a sh:PropertyShape ;
    sh:path fmg:sponsoredBy ;
    sh:class fmg:Sponsor ;
    sh:message "sponsored_by names a record under data/sponsor/"@en .
"""
SPONSOR = """@prefix fmg: <https://w3id.org/fmgraph/ns#> .
@prefix fmgsh: <https://w3id.org/fmgraph/shapes#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .

fmgsh:sponsor a sh:NodeShape ;
    sh:targetClass fmg:Sponsor ;
    sh:closed true ;
    sh:ignoredProperties ( rdf:type ) ;
    sh:property fmgsh:label ;
    sh:message "a sponsor has a label"@en .
"""
WORK = "scope: medical\nyear: '2024'\nsource: 'https://example.org/'\nat: the first page\n"
RECORDS = {
    "release.yaml": 'version: "0.0.1"\ndate: "2026-01-02"\n',
    "sponsor/big-fund.yaml": "label: Big Fund\n",
    "model/alpha.yaml": f"label: Alpha\n{WORK}scanner_vendor: Acme\nsponsored_by: big-fund\n",
    "model/beta.yaml": f"label: Beta\n{WORK}scanner_vendor: Acmee\nsponsored_by: alpha\n",
}
PROGRAM = """
import json, sys
from pathlib import Path
from fmgraph import resources
from fmgraph.check import check_data
from fmgraph.publish import property_table
from fmgraph.publish.dump_files import write_dumps
from fmgraph.publish.make_dataset import make_dataset
from fmgraph.rdf.store import open_dataset
from fmgraph.site import create_app
from fmgraph.settings import Settings

root = resources.root()
findings = [str(finding) for finding in check_data(root / "data")]
(root / "data" / "model" / "beta.yaml").unlink()
clean = [str(finding) for finding in check_data(root / "data")]
dataset = open_dataset(make_dataset(root / "out"))
write_dumps(dataset, root / "dump", ["ttl"], [""])
client = create_app(dataset, Settings()).test_client()
pages = {
    path: client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    for path in ("/model/alpha", "/model/", "/model/?vendor=Acme", "/sponsor/", "/sponsor/big-fund")
}
document = property_table.render((root / "docs" / "internals.md").read_text("utf-8"))
dumps = {path.name: path.read_text("utf-8") for path in (root / "dump").glob("*.ttl")}
said = {"findings": findings, "clean": clean, "pages": pages, "document": document, "dumps": dumps}
json.dump(said, sys.stdout)
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """What the program says in a copy of the project with one property and one kind more."""
    copy = tmp_path_factory.mktemp("extended")
    for name in ("src/fmgraph", "ontology", "shapes", "queries", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    ontology = copy / "ontology" / "fmgraph.ttl"
    ontology.write_text(ontology.read_text("utf-8") + TERMS, "utf-8")
    context_file = copy / "ontology" / "context.jsonld"
    context = json.loads(context_file.read_text("utf-8"))
    context["@context"].update(KEYS)
    context_file.write_text(json.dumps(context), "utf-8")
    work = copy / "shapes" / "work.ttl"
    listed = "        fmgsh:work-name ,\n"
    assert listed in work.read_text("utf-8")
    more = f"{listed}        fmgsh:work-scanner-vendor ,\n        fmgsh:work-sponsored-by ,\n"
    work.write_text(work.read_text("utf-8").replace(listed, more) + SHAPES, "utf-8")
    (copy / "shapes" / "sponsor.ttl").write_text(SPONSOR, "utf-8")
    for name, text in RECORDS.items():
        (copy / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / "data" / name).write_text(text, "utf-8")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "XDG_CACHE_HOME": str(copy / "cache")},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def test_the_check_holds_the_new_shapes(extended):
    assert any(
        "scanner_vendor is Acme or Other" in one and "beta.yaml" in one for one in extended["findings"]
    )
    assert any("alpha" in one and "sponsor" in one and "beta.yaml" in one for one in extended["findings"])
    assert extended["clean"] == []


def test_the_page_shows_them(extended):
    page = extended["pages"]["/model/alpha"]
    assert "Scanner vendor" in page
    assert "Acme" in page
    assert 'href="/sponsor/big-fund"' in page
    assert "Paid for by this" in extended["pages"]["/sponsor/big-fund"]
    assert "Big Fund" in extended["pages"]["/sponsor/"]


def test_the_index_has_the_facets(extended):
    index = extended["pages"]["/model/"]
    assert 'href="/model/?vendor=Acme"' in index
    assert 'href="/model/?sponsor=big-fund"' in index
    assert "Scanner vendor" in index
    assert "Alpha" in extended["pages"]["/model/?vendor=Acme"]


def test_the_dump_has_a_section_and_a_file_of_the_kind(extended):
    assert "# sponsors\n" in extended["dumps"]["fmgraph.ttl"]
    assert "sponsor:big-fund a fmg:Sponsor" in extended["dumps"]["fmgraph-sponsor.ttl"]


def test_the_description_counts_the_values(extended):
    assert "class-fmg-Model-fmg-scannerVendor" in extended["dumps"]["fmgraph.ttl"]


def test_the_document_lists_them(extended):
    assert "| `scanner_vendor` | fmg:scannerVendor | Work | `Acme` / `Other` |" in extended["document"]
    assert (
        "| `sponsor` | fmg:Sponsor | sponsors | `sponsor/` | Who paid for a work. |" in extended["document"]
    )
