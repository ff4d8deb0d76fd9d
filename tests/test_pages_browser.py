"""The pages in a real browser: nothing blocked or logged, no sideways scrolling, fine without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import Browser, served
from fmgraph.rdf.store import dataset_of_files
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.page_context import STATIC

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"

PAGES = [
    "/", "/about", "/queries", "/list/", "/disagreements", "/vocabulary", "/ns", "/search?q=ret", "/sparql",
    "/sparql?query=SELECT%20*%20WHERE%20%7B%20%3Fs%20a%20%3Ft%20%7D%20LIMIT%2020", "/model/",
    "/model/retizero", "/model/retfound", "/model/examplenet", "/model/eyeclip", "/paper/examplenet",
    "/backbone/vit", "/license/cc-by-nc-4-0", "/list/plm2233-2025-12", "/row/plm2233-2025-12-14",
    "/lineage/model/retfound", "/why?s=https%3A%2F%2Fw3id.org%2Ffmgraph%2Fmodel%2Fretizero&p="
    "https%3A%2F%2Fw3id.org%2Ffmgraph%2Fns%23derivesFrom&o=https%3A%2F%2Fw3id.org%2Ffmgraph%2Fmodel%2Fmae-vit-l",
]  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(create_app(dataset_of_files([SAMPLE]), Settings())) as address:
        yield address


OVERFLOW = """
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.right > wide + 1 && box.width > 0 && !e.closest('.scroll, pre, .hidden, .skip');
  });
  return [document.documentElement.scrollWidth - wide, out.slice(0, 3).map(e => e.outerHTML.slice(0, 200))];
"""


@pytest.mark.parametrize("path", PAGES)
def test_no_console_message_and_no_overflow_on_a_phone(browser: Browser, site: str, path: str) -> None:
    browser.width(360)
    browser.open(site + path)
    assert browser.run("return document.querySelector('h1').textContent.trim()")
    assert browser.run(OVERFLOW) == [0, []]
    assert browser.console() == []


SPARQL_ASK = "/sparql?query=SELECT%20%2A%0AWHERE%20%7B%20%3Fs%20a%20%3Ft"


@pytest.mark.parametrize("path", ["/", "/model/retfound", "/model/", "/sparql", "/row/plm2233-2025-12-14"])
def test_pages_fit_and_work_without_scripts(browser: Browser, site: str, path: str) -> None:
    browser.scripts(on=False)
    try:
        browser.width(360)
        browser.open(site + path)
        assert browser.run(OVERFLOW) == [0, []]
        assert browser.run("return document.querySelectorAll('.editor').length") == 0
        named = "document.querySelectorAll('form [name]:not([type=hidden])')"
        hidden = f"return [...{named}].filter(e => !e.checkVisibility()).length"
        assert browser.run(hidden) == 0
    finally:
        browser.scripts(on=True)


def test_a_query_can_be_asked_without_scripts(browser: Browser, site: str) -> None:
    browser.scripts(on=False)
    try:
        browser.open(f"{site}/sparql")
        browser.run("document.getElementById('query').value = 'ASK { ?s ?p ?o }'")
        browser.click("#ask button")
        browser.wait("return document.querySelector('#results + p')?.textContent === 'Yes.'")
    finally:
        browser.scripts(on=True)


needs_bundle = pytest.mark.skipif(
    not (STATIC / "vendor" / "editor.js").is_file(), reason="the front-end assets are not built"
)


@needs_bundle
def test_the_editor_runs_under_the_policy(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/sparql")
    browser.wait("return !!document.querySelector('.editor')?.shadowRoot.querySelector('.cm-content')")
    inside = "document.querySelector('.editor').shadowRoot"
    assert browser.run("return document.getElementById('query').checkVisibility()") is False
    coloured = f"return getComputedStyle({inside}.querySelector('.cm-line span')).fontWeight"
    assert browser.run(coloured) == "600"  # the style sheet got through
    browser.run(f"{inside}.querySelector('.cm-content').focus()")
    browser.run("document.execCommand('selectAll')")
    browser.keys("SELECT ?model { ?model fmg:buil")
    browser.wait(f"return !!{inside}.querySelector('.cm-tooltip-autocomplete li[aria-selected]')")
    assert browser.run(f"return {inside}.querySelector('li[aria-selected]').textContent").startswith(
        "fmg:builtOn"
    )
    assert browser.console() == []


@needs_bundle
def test_the_editor_marks_where_the_query_is_wrong(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(site + SPARQL_ASK)
    browser.wait(
        "return !!document.querySelector('.editor')?.shadowRoot.querySelector('.cm-lint-marker-error')"
    )
    browser.console()  # the browser logs that the answer was a 400


@needs_bundle
def test_a_named_query_is_put_into_the_editor_and_run(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/sparql")
    inside = "document.querySelector('.editor').shadowRoot"
    browser.wait(f"return !!document.querySelector('.editor') && !!{inside}.querySelector('.cm-content')")
    browser.run("document.getElementById('named').selectedIndex = 1")
    browser.click("#pick button")
    browser.wait("return document.getElementById('query').value === document.getElementById('named').value")
    browser.click("#ask button")
    browser.wait("return !!document.getElementById('results')")
    assert browser.run("return location.search").startswith("?query=")
    assert browser.console() == []


CONTRAST = """
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest('.hidden, .skip')) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return [...bad];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", "/model/eyeclip", "/model/", "/disagreements", "/sparql", "/row/plm2233-2025-12-14"]
)
def test_text_stands_out_from_its_ground(browser: Browser, site: str, path: str, scheme: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.width(1280)
    browser.open(site + path)
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.run(CONTRAST) == []


def test_the_keyboard_reaches_the_content_first(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/model/retfound")
    browser.keys("\ue004")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.keys("\ue007")
    browser.wait("return location.hash === '#main'")
    assert browser.run("return document.activeElement.id") == "main"
