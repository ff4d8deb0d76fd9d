"""The home page's tasks, what releases added, and what every page says in its head."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import pytest

from fmgraph.errors import RecordError
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.publish.released_records import read_releases, records
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.graph_reader import PROLOGUE

HTML = {"Accept": "text/html"}
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def real():
    return create_app(open_dataset(shipped_dataset()), Settings()).test_client()


def test_the_tasks_of_the_home_page_lead_to_answers(real):
    page = real.get("/", headers=HTML).text
    tasks = page.partition('id="tasks"')[2].partition("</section>")[0]
    links = [html.unescape(href) for href in re.findall(r'href="([^"]*)"', tasks)]
    assert any("commercial=yes" in href and "modality=" in href for href in links)
    assert any(href.startswith("/lineage/model/") for href in links)
    for href in links:
        assert real.get(href.partition("#")[0], headers=HTML).status_code == 200, href
    forms = re.findall(r'<form class="task" action="([^"]*)"', tasks)
    assert forms == ["/queries/leaks", "/compare"]
    dataset = html.unescape(re.search(r'<datalist id="datasets"><option value="([^"]*)"', tasks)[1])
    assert real.get("/queries/leaks", query_string={"dataset": dataset}, headers=HTML).status_code == 200
    names = tasks.partition('id="models"')[2]
    models = [html.unescape(one) for one in re.findall(r'<option value="([^"]*)"', names)]
    assert real.get("/compare", query_string={"m": models[:2]}, headers=HTML).status_code == 200


def test_pages_are_small(real, shipped):
    assert len(real.get("/", headers=HTML).data) <= 60_000
    of_most = "SELECT ?work (COUNT(?claim) AS ?n) { ?claim rdf:subject ?work . ?work a fmg:Model }"
    rows = shipped.rows(f"{PROLOGUE} {of_most} GROUP BY ?work ORDER BY DESC(?n) LIMIT 10")
    largest = {row["work"].value.rpartition("/")[2] for row in rows}
    for work in sorted({*largest, "clip", "dinov2", "uni", "titan", "retfound", "llama", "sam"}):
        assert len(real.get(f"/model/{work}", headers=HTML).data) <= 80_000, work


def test_what_was_released_still_leads_somewhere(real, shipped):
    """Every record that the graph no longer describes, and some that it does, are asked for."""
    releases = read_releases()
    assert releases
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", release.date) for release in releases)
    names = sorted(set().union(*(release.records for release in releases)))
    described = {row["s"].value for row in shipped.rows("SELECT DISTINCT ?s { ?s a ?kind }")}
    gone = [name for name in names if BASE + name not in described]
    for name in {*gone, *names[::50]}:
        status = real.head(f"/{name}", headers=HTML).status_code
        assert status in (200, 301, 410), f"{name} is gone: see docs/releases.md"


def test_a_release_without_its_date_is_an_error(tmp_path):
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "1.0.0.txt").write_text("model/uni\n")
    with pytest.raises(RecordError, match="date"):
        read_releases(tmp_path)


def test_changes_are_what_is_not_in_the_last_release(real):
    latest = read_releases()[-1]
    page = real.get("/changes", headers=HTML).text
    fresh = page.partition('id="next"')[2].partition("</section>")[0]
    named = set(re.findall(r'<li><a href="/([a-z]+/[a-z0-9-]+)"', fresh))
    assert not named & latest.records
    assert named <= set(records())
    assert f'id="{latest.version}"' in page
    narrowed = real.get("/changes?kind=dataset", headers=HTML).text
    assert set(re.findall(r'<li><a href="/([a-z]+)/[a-z0-9-]+"', narrowed)) == {"dataset"}
    of_list = re.search(r'href="(/changes\?list=[a-z0-9-]+)"', page)[1]
    main = real.get(of_list, headers=HTML).text.partition("<main")[2].partition("</main>")[0]
    kinds = set(re.findall(r'<li><a href="/([a-z]+)/', main))
    assert kinds <= {"model", "adaptation", "application", "benchmark", "paper", "dataset"}
    for query in ("kind=nothing", "list=nothing", "kind=claim"):
        assert real.get(f"/changes?{query}", headers=HTML).status_code == 404


def test_the_feed_is_atom(real):
    """RFC 4287, sections 4.1.1 and 4.1.2: what a feed and an entry must have."""
    answer = real.get("/changes.atom")
    assert answer.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    for one in (feed, *entries):
        assert one.findtext(f"{ATOM}title")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", one.findtext(f"{ATOM}updated"))
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None


PATHS = ["/", "/model/uni", "/model/", "/dataset/tcga", "/lineage/", "/changes", "/about"]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_has_a_description(real, path):
    page = real.get(path, headers=HTML).text
    told = {}
    for name, content in re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)"', page):
        told.setdefault(name, html.unescape(content))
    assert 40 <= len(told["description"]) <= 320
    assert told["og:title"] == html.unescape(re.search("<title>(.*?)</title>", page)[1])
    assert told["og:description"] == told["description"]
    if path.startswith("/model/u"):
        assert "gated" in told["description"]


def test_the_icon_is_where_it_is_looked_for(client):
    answer = client.get("/favicon.ico", follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_an_unknown_name_or_format_is_told_once_and_by_label(client):
    page = client.get("/model/retfond", headers=HTML).text
    assert page.count("retfound") == 1
    assert '<a href="/model/retfound">RETFound</a>' in page
    answer = client.get("/model/retfound.xyz", headers=HTML)
    assert answer.status_code == 404
    assert "but not as .xyz" in answer.text
    assert "Did you mean" not in answer.text
