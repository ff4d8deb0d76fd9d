"""The static site, made of the real application and then read without it."""

from __future__ import annotations

import posixpath
import re
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store, parse
from werkzeug.wrappers import Request, Response

from chromium import Browser
from fmgraph.errors import UsageError
from fmgraph.publish.describe import describe
from fmgraph.publish.rewrite_links import rewrite
from fmgraph.publish.static_site import SiteReport, write_site
from fmgraph.publish.write_release import write_release
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset, open_dataset, write_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app


class QuietHandler(SimpleHTTPRequestHandler):
    """Gives out the files of a folder, and writes nothing about it."""

    def log_message(self, *args: object) -> None:
        pass


SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    store = Store()
    store.bulk_load(path=SAMPLE)
    lines = [f"{quad.triple} ." for quad in store]
    lines += [f"{triple} ." for triple in describe(store, "1.0.0", "2026-11-22")]
    return open_dataset(write_dataset(lines, tmp_path_factory.mktemp("dataset"), "1.0.0"))


@pytest.fixture(scope="module")
def releases(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(dataset, folder)
    return folder


@pytest.fixture(scope="module")
def made(
    dataset: Dataset, releases: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, SiteReport]:
    folder = tmp_path_factory.mktemp("site")
    app = create_app(dataset, Settings(releases=str(releases)))
    return folder, write_site(app, dataset, folder, releases=releases)


def test_the_releases_are_there(made: tuple[Path, SiteReport], releases: Path) -> None:
    folder = made[0] / "release" / "1.0.0"
    for path in (releases / "1.0.0").iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert {"../../index.html", "SHA256SUMS", "fmgraph.ttl.gz"} <= set(links(folder / "index.html"))
    assert (made[0] / "releases.atom").is_file()


def links(page: Path) -> list[str]:
    found = re.findall(r'(?:href|src|action|data-suggest|data-local)="([^"]*)"', page.read_text("utf-8"))
    return [unescape(link) for link in found]


def test_every_relative_link_is_a_file(made: tuple[Path, SiteReport]) -> None:
    folder, report = made
    pages = [*folder.rglob("*.html"), *folder.rglob("*.svg")]
    assert len(pages) > 100
    checked = 0
    ids: dict[Path, set[str]] = {}
    for page in pages:
        for link in links(page):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            assert not parts.path.startswith("/"), (page, link)
            to = posixpath.normpath(posixpath.join(page.parent.as_posix(), unquote(parts.path)))
            target = Path(to) if parts.path else page
            assert target.is_file(), (page, link)
            if parts.fragment and target.suffix == ".html":
                if target not in ids:
                    found = re.findall(r' id="([^"]*)"', target.read_text("utf-8"))
                    ids[target] = {unescape(one) for one in found}
                assert unquote(parts.fragment) in ids[target], (page, link)
            checked += 1
    assert checked > 1000
    assert report.files == sum(path.is_file() for path in folder.rglob("*"))
    assert report.broken == []


def test_entities_have_pages_and_rdf_that_agree_with_the_store(
    dataset: Dataset, made: tuple[Path, SiteReport]
) -> None:
    folder, _ = made
    for name in ("model/retizero", "paper/examplenet", "list/plm2233-2025-12"):
        assert (folder / f"{name}.html").is_file()
        got = {quad.triple for quad in parse(path=folder / f"{name}.ttl")}
        assert got <= {quad.triple for quad in dataset.store}
        assert any(triple.subject.value == BASE + name for triple in got)
    assert (folder / "dump" / "SHA256SUMS").is_file()


def test_assets_come_along_without_their_version(made: tuple[Path, SiteReport]) -> None:
    folder, _ = made
    assert (folder / "static" / "style.css").is_file()
    assert "../static/style.css" in links(folder / "model" / "retizero.html")


@pytest.mark.parametrize(
    "name",
    [
        *(f"lineage/model/retfound.{suffix}" for suffix in ("html", "svg", "mmd", "dot", "graphml", "json")),
        *(f"lineage/index.{suffix}" for suffix in ("html", "svg", "mmd", "dot", "graphml", "json")),
        *("lineage/index-relation-weights.html", "changes.html", "changes.atom"),
        *("list/plm2233-2025-12.md", "list/plm2233-2025-12.csv", "list/plm2233-2025-12-corrected.md"),
        *("list/plm2233-2025-12/report.html", "list/plm2233-2025-12/report.md"),
        *("list/plm2233-2025-12-show-corrections.html", "queries/leaks.html", "queries/leaks.csv"),
        *("model/index.html", "model/index.csv", "model/index.json", "model/index-sort-year.html"),
        *("compare.html", "compare/model/retfound.html", "names.json"),
    ],
)
def test_all_of_the_service_that_can_be_a_file_is_one(made: tuple[Path, SiteReport], name: str) -> None:
    folder, _ = made
    assert (folder / name).is_file()


def test_works_are_compared_by_script(browser: Browser, made: tuple[Path, SiteReport]) -> None:
    handler = partial(QuietHandler, directory=made[0])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_port}/index.html")
        browser.run("document.getElementById('one').focus()")
        browser.keys("RetiZero")
        browser.run("document.getElementById('other').focus()")
        browser.keys("retfuond\ue007")
        browser.wait("return !!document.querySelector('.compare tr.differs')")
        head = "return [...document.querySelectorAll('.compare thead th')].map(e => e.textContent.trim())"
        assert browser.run(head) == ["RetiZero", "RETFound"]
        common = "[...document.querySelectorAll('.compare tr')].find(e => /^Common anc/.test(e.textContent))"
        assert "MAE" in browser.run(f"return {common}.cells[1].textContent")
        browser.run("document.querySelector('.compare thead th a').click()")
        browser.wait("return location.pathname === '/model/retizero.html'")
        assert browser.console() == []
        server.shutdown()


def test_what_needs_the_service_leads_to_it(made: tuple[Path, SiteReport]) -> None:
    folder, _ = made
    found = links(folder / "model" / "retizero.html")
    assert f"{BASE}sparql" in found
    assert not any(link.startswith("../why") for link in found)
    page = folder / "404.html"
    assert all(link.startswith(("https://", "#")) for link in links(page))


def test_a_redirect_becomes_a_page(made: tuple[Path, SiteReport]) -> None:
    folder, _ = made
    assert 'content="0; url=retizero.html"' in (folder / "model" / "retizero-old.html").read_text()


def test_a_folder_in_use_is_not_touched(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_site(None, dataset, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


PAGES = {
    "/kg/": '<a href="/kg/a?page=2">2</a><a href="/kg/a?x=1">x</a><a href="/other">o</a>'
    '<a href="/kg/gone">g</a>'
    '<a href="/kg/%2e%2e/%2e%2e/etc">e</a><a href="//evil.example/">v</a><a href="?page=3">3</a>',
    "/kg/a?page=2": "two",
    "/kg/?page=3": "three",
    "/kg/../../etc": "out",
}


@Request.application
def tiny(request: Request) -> Response:
    url = request.full_path.rstrip("?")
    if url == "/kg/gone":
        return Response("gone", status=410, mimetype="text/html")
    return Response(PAGES[url], mimetype="text/html") if url in PAGES else Response("no", status=404)


def test_a_service_below_a_path_and_hostile_links(dataset: Dataset, tmp_path: Path) -> None:
    report = write_site(tiny, dataset, tmp_path / "site", "https://example.org/kg/", dumps=False)
    assert links(tmp_path / "site" / "index.html") == [
        "a-2.html", "https://example.org/kg/a?x=1", "https://example.org/other", "gone.html",
        "https://example.org/kg/%2e%2e/%2e%2e/etc", "//evil.example/", "index-3.html",
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert report.files == 5  # with 404.html


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("<>a/=\"' \n!-&;#sé?"), max_size=60))
def test_html_without_links_stays_byte_for_byte(html: str) -> None:
    assert rewrite(html, lambda _, link: link + "!") == html


@pytest.mark.parametrize(
    "html",
    [
        '<!doctype html>\n<p title="a > b">x &amp; y &lt;</p><!-- <a href="/c"> -->\n',
        "<script>\"<a href='/s'>\"</script>",
        "<svg viewBox='0 0 1 1'><path d=\"M0\"/></svg><br/>\n\n<b>é</b>",
        '<a\n  class="x"\n  href="/&amp;">é</a> text <unclosed',
    ],
)
def test_only_links_are_touched(html: str) -> None:
    assert rewrite(html, lambda _, link: link) == html
    changed = rewrite(html, lambda _, link: link + "!")
    assert changed == html.replace('href="/&amp;"', 'href="/&amp;!"')
