"""The editor in a real browser, with and without scripts; the way past the header."""

from __future__ import annotations

import pytest

from chromium import Browser
from fmgraph.site.page_context import STATIC

SPARQL_ASK = "/sparql?query=SELECT%20%2A%0AWHERE%20%7B%20%3Fs%20a%20%3Ft"


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


def test_the_keyboard_reaches_the_content_first(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/model/retfound")
    browser.keys("\ue004")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.keys("\ue007")
    browser.wait("return location.hash === '#main'")
    assert browser.run("return document.activeElement.id") == "main"
