"""What a reader asks first: the head of a work, indexes as tables, comparisons, corrections. Real data."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote

import pytest
import yaml
from pyoxigraph import Store

from fmgraph import resources
from fmgraph.ontology import prefixes
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset, open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.work_answers import Answers, scaled, strictest

HTML = {"Accept": "text/html"}
PROLOGUE = "".join(f"PREFIX {name}: <{space}>\n" for name, space in prefixes().items())
MIT = "https://spdx.org/licenses/MIT"


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return open_dataset(shipped_dataset())


@pytest.fixture(scope="module")
def real(shipped):
    return create_app(shipped, Settings()).test_client()


def text(page: str) -> str:
    """The page as words, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def head(client, path: str) -> dict[str, str]:
    """Question and answer of the head of a work's page."""
    page = client.get(path, headers=HTML).text
    block = re.search(r'<dl class="six">(.*?)</dl>', page, re.DOTALL)[1]
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", block, re.DOTALL)
    return {text(question): text(answer) for question, answer in pairs}


def values(store: Store, query: str) -> set[str]:
    return {row[0].value for row in store.query(PROLOGUE + query)}


def test_the_head_answers_six_questions(real):
    answers = head(real, "/model/uni")
    assert list(answers) == [
        "Weights", "Commercial use of the weights", "Built on", "Trained on", "Parameters", "Modality"
    ]  # fmt: skip
    assert answers["Weights"].startswith("gated")
    assert "huggingface.co/MahmoodLab/uni" in answers["Weights"]
    assert answers["Commercial use of the weights"] == "no CC-BY-NC-ND-4.0"
    assert answers["Trained on"].startswith("Mass-100K")
    assert answers["Parameters"] == "307 M"


def test_what_is_unknown_is_printed_and_leads_to_the_correction(client):
    page = client.get("/model/eyeclip", headers=HTML).text
    block = re.search(r'<dl class="six">(.*?)</dl>', page, re.DOTALL)[1]
    leads = dict(re.findall(r'<a class="know" href="([^"]*)">know it\?<span class="hidden"> ([^<]*)', block))
    href = next(href for href, what in leads.items() if what == "Parameters")
    path, _, fragment = href.partition("#")
    assert path == "/correct/model/eyeclip"
    correction = client.get(path, headers=HTML).text
    entry = correction.partition(f'id="{fragment}"')[2].partition("</section>")[0]
    assert "parameter_count:" in entry
    assert "source: https://" in entry
    assert "issues/new" not in correction


def test_with_a_repository_a_correction_is_an_edit_or_an_issue(dataset):
    site = create_app(dataset, Settings(repository="https://github.com/owner/fmgraph/")).test_client()
    page = site.get("/correct/model/examplenet", headers=HTML).text
    assert 'href="https://github.com/owner/fmgraph/edit/main/data/model/examplenet.yaml"' in page
    issues = [
        html.unescape(one)
        for one in re.findall(r'href="(https://github.com/owner/fmgraph/issues[^"]*)"', page)
    ]
    assert any("parameter_count" in one and "model%2Fexamplenet" in one for one in issues)


@pytest.mark.parametrize("path", ["/correct/model/nothing", "/correct/claim/abc", "/correct/x/y"])
def test_only_records_can_be_corrected(client, path):
    assert client.get(path, headers=HTML).status_code == 404


def test_strictest():
    assert strictest([]) is None
    assert strictest([True]) is True
    assert strictest([True, None]) is None
    assert strictest([True, None, False]) is False


@pytest.mark.parametrize(
    ("number", "words"), [(307_000_000, "307 M"), (1_900_000_000, "1.9 B"), (22_000_000, "22 M"), (12, "12")]
)
def test_parameters_are_written_as_people_write_them(number, words):
    assert scaled(number) == words


def found(client, query: str) -> set[str]:
    return {row["iri"] for row in client.get(f"/model/?format=json{query}").json}


def test_a_family_has_a_size_for_each_variant(real):
    """Which variants there are is read in the record, so that a correction there is none here."""
    counts = {
        one["variant"]: one["value"]
        for one in yaml.safe_load((resources.data_dir() / "model" / "dinov2.yaml").read_text())[
            "parameter_count"
        ]
    }
    page = real.get("/model/dinov2", headers=HTML).text
    for variant in counts:
        assert f"({variant})" in page
    sizes = [scaled(int(value.split()[0]) * 10**6) for value in counts.values() if "million" in value]
    assert len(sizes) > 2
    assert f"<strong>{min(sizes, key=lambda size: int(size.split()[0]))} to" in page
    assert Answers(parameters=[7 * 10**9, 13 * 10**9, 7 * 10**9]).size == "7 B, 13 B"


def test_facets_are_what_the_graph_says(real, shipped):
    """Each against a query of its own: values of one facet add up, facets narrow, unknown is the rest."""
    store = shipped.store
    models = values(store, "SELECT ?s { ?s a fmg:Model }")
    allowed = values(store, "SELECT ?s { ?s a fmg:Model ; fmg:weightsLicense/fmg:commercialUse true }")
    stated = values(store, "SELECT ?s { ?s a fmg:Model ; fmg:weightsLicense/fmg:commercialUse ?any }")
    ct = values(store, "SELECT ?s { ?s a fmg:Model ; fmg:modality/skos:broader* modality:ct }")
    mri = values(store, "SELECT ?s { ?s a fmg:Model ; fmg:modality/skos:broader* modality:mri }")
    assert allowed < stated < models
    assert found(real, "") == models
    assert found(real, "&commercial=yes") == allowed
    assert found(real, "&commercial=unknown") == models - stated
    assert found(real, "&commercial=yes&commercial=unknown") == allowed | (models - stated)
    assert found(real, "&modality=ct&modality=mri") == ct | mri
    assert found(real, "&modality=ct&commercial=unknown") == ct - stated
    code = values(store, f"SELECT ?s {{ ?s a fmg:Model ; fmg:codeLicense <{MIT}> }}")
    weights = values(store, f"SELECT ?s {{ ?s a fmg:Model ; fmg:weightsLicense <{MIT}> }}")
    mit = quote(MIT, safe="")
    assert found(real, f"&code-license={mit}") == code
    assert found(real, f"&weights-license={mit}") == weights
    assert code != weights


def test_every_facet_counts_what_is_unknown(real):
    page = real.get("/model/", headers=HTML).text
    sections = re.findall(r"<section><h2>([^<]*)</h2>(.*?)</section>", page, re.DOTALL)
    assert {"Modality", "Commercial use", "Weights licence", "Code licence", "Access"} <= {
        t for t, _ in sections
    }
    total = int(re.search(r'<h1>Models <span class="count">([0-9,]+)', page)[1].replace(",", ""))
    for title, body in sections:
        counts = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a> <span class="count">([0-9,]+)', body)
        unknown = [(href, int(n)) for href, name, n in counts if name == "unknown"]
        assert len(unknown) <= 1
        for href, number in unknown:
            answer = real.get(html.unescape(href) + "&format=json").json
            assert len(answer) == number < total, title


def test_commercial_use_points_to_permissive_code(real, shipped):
    query = """SELECT DISTINCT ?s { ?s a fmg:Model ; fmg:modality/skos:broader* modality:ct ;
        fmg:codeLicense/fmg:commercialUse true FILTER NOT EXISTS { ?s fmg:weightsLicense ?any } }"""
    expected = values(shipped.store, query)
    assert expected, "the data has such models"
    page = real.get("/model/?modality=ct&commercial=yes", headers=HTML).text
    hint = re.search(r'<p class="note hint">(.*?)</p>', page, re.DOTALL)[1]
    assert text(hint).startswith(f"{len(expected)} more")
    link = html.unescape(re.search(r'href="([^"]*)"', hint)[1])
    assert {row["iri"] for row in real.get(f"{link}&format=json").json} == expected
    assert "hint" not in real.get("/model/?modality=ct", headers=HTML).text


def test_modalities_stand_as_a_tree(real):
    page = real.get("/model/", headers=HTML).text
    body = re.search(r"<section><h2>Modality</h2>(.*?)</section>", page, re.DOTALL)[1]
    lines = re.findall(r'<li(?: class="in([1-4])")?><a[^>]*>([^<]*)<', body)
    depth = {name: int(level or 0) for level, name in lines}
    names = [name for _, name in lines]
    assert depth["Medical imaging"] == 0
    assert depth["Radiology"] == 1
    assert depth["CT"] == 2
    assert names.index("Medical imaging") < names.index("Radiology") < names.index("CT")


def test_a_chosen_value_that_leaves_nothing_can_be_taken_away(real):
    page = real.get("/model/?modality=polysomnography&access=on-request", headers=HTML).text
    chips = re.findall(r'<a class="chip" href="([^"]*)">(.*?)</a>', page, re.DOTALL)
    assert sorted(text(words) for _, words in chips) == [
        "Remove Access: on-request ×", "Remove Modality: Polysomnography ×"
    ]  # fmt: skip
    assert sorted(html.unescape(href) for href, _ in chips) == [
        "/model/?access=on-request", "/model/?modality=polysomnography"
    ]  # fmt: skip


@pytest.mark.parametrize("sort", ["name", "year", "descendants"])
def test_an_index_is_sorted(real, sort):
    rows = real.get(f"/model/?format=json&sort={sort}").json
    keys = [row[sort].casefold() if sort == "name" else row[sort] for row in rows]
    assert keys == sorted(keys, reverse=sort != "name")
    page = real.get(f"/model/?sort={sort}", headers=HTML).text
    assert len(re.findall("aria-sort", page)) == 1
    first = re.search(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)[1]
    assert html.unescape(first) == rows[0]["name"]


def test_the_table_as_csv_and_json_has_all_rows(real):
    rows = real.get("/model/?format=json").json
    answer = real.get("/model/?format=csv")
    assert answer.mimetype == "text/csv"
    table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["iri"] for row in table] == [row["iri"] for row in rows]
    assert len(rows) > 100
    uni = next(row for row in table if row["iri"] == f"{BASE}model/uni")
    assert (uni["weights"], uni["commercial_use"], uni["parameters"]) == ("gated", "no", "307000000")
    for kind in ("paper", "dataset", "institution", "backbone"):
        assert real.get(f"/{kind}/?format=csv").text.startswith("iri,name,year,about")


def test_what_an_index_does_not_know_is_left_out_of_its_address(client):
    answer = client.get("/model/?bogus=x&page=1&year=2023&year=2024", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/model/?page=1&year=2023&year=2024")
    assert client.get("/model/?sort=bogus", headers=HTML).status_code == 404
    for page in ("99", "0", "x"):
        answer = client.get(f"/model/?page={page}", headers=HTML)
        assert answer.status_code == 404
        assert "page" in text(answer.text)


COMPARED = "?m=model/uni&m=model/virchow2&m=model/prov-gigapath"


def test_works_are_compared(real):
    page = real.get(f"/compare{COMPARED}", headers=HTML).text
    rows = {
        text(title).removesuffix(" ≠ differs"): [
            text(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)
        ]
        for title, cells in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page, re.DOTALL)
    }
    assert rows["Parameter count"][0].startswith("307,000,000")
    assert len({cells[0] for cells in rows.values()}) > 5
    assert "unknown know it?" in " ".join(cell for cells in rows.values() for cell in cells)
    assert page.count('<tr class="differs">') == page.count('<span class="mark"') > 0
    assert rows["Modality"][0].startswith("Histopathology")
    assert "Common ancestors" in rows
    assert "Shared training data" in rows
    assert page.count('<details class="sources">') > 10


def test_common_ancestors_and_shared_data_are_what_the_graph_says(real, shipped):
    pair = f"VALUES (?a ?b) {{ (<{BASE}model/plip> <{BASE}model/eyeclip>) }}"
    common = values(shipped.store, f"SELECT ?x {{ {pair} ?a fmg:derivesFrom ?x . ?b fmg:derivesFrom ?x }}")
    assert f"{BASE}model/clip" in common
    page = real.get("/compare?m=model/plip&m=eyeclip", headers=HTML).text
    cell = re.search(r'<th scope="row">Common ancestors</th><td[^>]*>(.*?)</td>', page, re.DOTALL)[1]
    assert {BASE.rstrip("/") + path for path in re.findall(r'href="([^"]*)"', cell)} == common


def test_a_comparison_as_csv_and_markdown(real):
    table = list(csv.DictReader(io.StringIO(real.get(f"/compare.csv{COMPARED}").text, newline="")))
    row = next(row for row in table if row["property"] == "Parameter count")
    assert (row["UNI"], row["differs"]) == ("307,000,000", "yes")
    assert row["UNI: sources"].startswith("https://")
    markdown = real.get(f"/compare.md{COMPARED}")
    assert markdown.mimetype == "text/markdown"
    head, line, *rows = [one for one in markdown.text.splitlines() if one.startswith("|")]
    assert head == "| | UNI | Virchow2 | Prov-GigaPath |"
    assert all(len(re.findall(r"(?<!\\)\|", one)) == 5 for one in (head, line, *rows))
    assert any(one.startswith("| Parameter count ≠ | 307,000,000 ([1](<https://") for one in rows)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 200, "A work: name, alias, DOI or address"),
        ("?m=model/uni", 200, "Another work"),
        ("?m=model/uni&m=virchowww2", 404, "Did you mean Virchow2"),
        ("?m=model/uni&m=model/nothing-like-it", 404, "no work “model/nothing-like-it”"),
        ("?m=uni&m=clip&m=plip&m=llama&m=titan&m=conch&m=bert", 200, "At most 6"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(real, query, status, words):
    answer = real.get(f"/compare{query}", headers=HTML)
    assert (answer.status_code, words in text(answer.text)) == (status, True), text(answer.text)[:600]


def test_index_and_work_lead_to_the_comparison(real):
    page = real.get("/model/?sort=descendants", headers=HTML).text
    form = re.search(r'<form action="/compare"[^>]*>(.*?)</form>', page, re.DOTALL)[1]
    assert form.count('type="checkbox" name="m" value="model/') == 50
    page = real.get("/model/uni", headers=HTML).text
    form = re.search(r'<form class="with" action="/compare".*?</form>', page, re.DOTALL)[0]
    link = html.unescape(re.search(r'href="(/compare[^"]*)"', form)[1])
    assert "2 works compared" in text(real.get(link, headers=HTML).text)
