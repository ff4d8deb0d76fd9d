"""A list's page: what is wrong in it and what is right, the list as files, the report for its maintainer."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest

from fmgraph.lists import export_list
from fmgraph.lists.list_feedback import feedback
from fmgraph.publish.dump_files import write_dumps
from fmgraph.rdf.prefixes import BASE, RDF
from fmgraph.settings import Settings
from fmgraph.site import create_app

HTML = {"Accept": "text/html"}
LIST = "plm2233-2025-12"


@pytest.fixture(scope="module")
def real(shipped):
    return create_app(shipped, Settings()).test_client()


@pytest.fixture(scope="module")
def told(shipped):
    return feedback(shipped, LIST)


def rows(page: str) -> list[str]:
    return re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", page, re.DOTALL)


def test_the_page_says_first_what_is_wrong_and_marks_it(real, told):
    page = real.get(f"/list/{LIST}", headers=HTML).text
    said = page.index(f"{len(told.corrections)} corrections and {len(told.gaps)} gaps")
    assert said < page.index("<h2")
    in_cells = {(one.row, one.header) for one in told.corrections if one.header and one.cell}
    assert page.count('<td class="wrong">') == len(in_cells)
    one = next(one for one in told.corrections if one.reason and one.header)
    assert one.reason in html.unescape(page)


@pytest.mark.parametrize("show", ["corrections", "gaps"])
def test_rows_are_narrowed_to_what_can_be_changed(real, told, show):
    page = real.get(f"/list/{LIST}?show={show}", headers=HTML).text
    assert len(rows(page)) == len({one.row for one in getattr(told, show)})
    assert real.get(f"/list/{LIST}?show=nonsense", headers=HTML).status_code == 404


def test_a_list_as_published_is_what_the_command_line_gives(real, shipped):
    listing = export_list.list_rows(shipped, LIST)
    assert real.get(f"/list/{LIST}.md").text == export_list.to_markdown(listing)
    assert real.get(f"/list/{LIST}.csv").text == export_list.to_csv(listing)
    assert real.get("/list/no-such-list.md").status_code == 404


def test_a_corrected_list_differs_where_a_value_is_wrong_and_only_there(real, told):
    plain, right = (
        list(csv.reader(io.StringIO(real.get(f"/list/{LIST}.csv{query}").text, newline="")))
        for query in ("", "?corrected")
    )
    header = plain[0]
    assert (header, len(plain)) == (right[0], len(right))
    changed = {
        (header[at], before[at], after[at])
        for before, after in zip(plain, right, strict=True)
        for at in range(len(header))
        if before[at] != after[at]
    }
    assert changed
    for column, before, after in changed:
        some = [one for one in told.corrections if (one.header, one.cell) == (column, before)]
        assert any((value.iri or value.text) in after for one in some for value in one.right)


def test_the_report_is_the_feedback(real, told):
    page = html.unescape(real.get(f"/list/{LIST}/report", headers=HTML).text)
    assert all(one.work in page for one in told.suggestions)
    markdown = real.get(f"/list/{LIST}/report.md")
    assert markdown.mimetype == "text/markdown"
    assert markdown.text.startswith("# Corrections and gaps")


def test_every_reading_and_value_can_be_corrected(real):
    row = real.get(f"/row/{LIST}-06", headers=HTML).text
    assert re.search(r'href="/correct/model/ct-clip#[a-z_]+"[^>]*>wrong\?', row)
    model = real.get("/model/uni", headers=HTML).text
    for anchor in re.findall(r'href="/correct/model/uni#([a-z_]+)"[^>]*>wrong\?', model):
        assert f'id="{anchor}"' in real.get("/correct/model/uni", headers=HTML).text


def test_the_ontology_page_has_contents_a_diagram_and_counts(real, shipped):
    page = real.get("/ns", headers=HTML).text
    contents = page.partition('<nav aria-labelledby="contents">')[2].partition("</nav>")[0]
    anchors = re.findall(r'<a href="#([^"]+)">', contents)
    assert {"Model", "builtOn", "PrimarySource"} <= set(anchors)
    assert all(page.count(f'id="{anchor}"') == 1 for anchor in anchors)
    assert '<svg class="lineage"' in page
    ours = "PREFIX fmg: <https://w3id.org/fmgraph/ns#>"
    rows = shipped.rows(f"{ours} SELECT (COUNT(?x) AS ?n) {{ ?m a fmg:Model ; fmg:trainedOn ?x }}")
    model = page.partition("<summary>fmg:Model ")[2].partition("</details>")[0]
    assert f'>fmg:trainedOn</a> <span class="count">{int(rows[0]["n"].value):,}</span>' in model


def test_downloads_are_a_table_for_people_and_lines_for_programs(real):
    page = real.get("/dump/", headers=HTML).text
    lines = real.get("/dump/").text.splitlines()
    assert "fmgraph.ttl" in lines
    assert [href.rpartition("/")[2] for href in re.findall(r'<td><a href="([^"]*)"', page)] == lines


def test_downloads_have_sizes_sums_and_files_by_kind_and_list(dataset, tmp_path):
    write_dumps(dataset, tmp_path, formats=("ttl",), compress=("",))
    client = create_app(dataset, Settings(), dumps=tmp_path).test_client()
    page = client.get("/dump/", headers=HTML).text
    assert re.findall(r"<h2[^>]*>([^<]*)</h2>", page) == [
        "The whole graph",
        "By kind",
        "By list",
        "Further files",
    ]
    sums = dict(line.split()[::-1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    row = page.partition('href="/dump/fmgraph-model.ttl"')[2].partition("</tr>")[0]
    assert f'title="{sums["fmgraph-model.ttl"]}"' in row
    assert re.search(r"[\d.]+ (kB|B)</td>", row)


def test_lists_have_one_address(real, shipped):
    answer = real.get("/lists", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/list/")
    page = real.get("/list/", headers=HTML).text
    assert 'href="/list/" aria-current="true">Lists</a>' in page
    [row] = [row for row in rows(page) if f'href="/list/{LIST}"' in row]
    count = shipped.rows(f"""SELECT (COUNT(?row) AS ?n) {{ ?row a <{BASE}ns#ListRow> ;
      <http://purl.org/dc/terms/isPartOf> <{BASE}list/{LIST}> }}""")[0]["n"].value
    assert f'<td class="number">{count}</td>' in row
    assert "github.com/" in row
    assert {"rows", "date", "source"} <= real.get("/list/?format=json").json[0].keys()


def test_a_claim_and_an_institution_read_like_english(real, shipped):
    """A claim can be said to be wrong, its cell and a country have names, not codes."""
    claim = shipped.rows(f"""SELECT ?c {{ ?c <{BASE}ns#cell> ?cell ; <{RDF}subject> <{BASE}model/uni> ;
      <{RDF}predicate> <{BASE}ns#year> }} LIMIT 1""")[0]["c"].value
    page = real.get(claim.removeprefix(BASE[:-1]), headers=HTML).text
    assert re.search(r'<h1>UNI: year .*<a class="[^"]*wrong-link" href="/correct/model/uni#year">wrong', page)
    assert re.search(r">[^<]+, row \d+: \w+</a>", page)
    page = real.get("/institution/stanford-university", headers=HTML).text
    assert "<span>United States</span>" in page
    found = real.get("/search", query_string={"q": "CC BY 4.0", "kind": "license"}, headers=HTML).text
    assert ">licence</a>" in found
