"""A list's page: what is wrong in it and what is right, the list as files, the report for its maintainer."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest

from fmgraph.lists import export_list
from fmgraph.lists.list_feedback import feedback
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
