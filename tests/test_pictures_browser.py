"""Pictures of lineage, comparison and index in a real browser, with and without script."""

from __future__ import annotations

import pytest

from chromium import Browser


@pytest.mark.parametrize("scripts", [True, False])
def test_the_picture_is_there_with_and_without_script(browser: Browser, site: str, scripts: bool) -> None:
    browser.scripts(on=scripts)
    try:
        browser.width(1280)
        browser.open(f"{site}/model/titan")
        works = "[...document.querySelectorAll('.picture .works a')]"
        seen = f"return {works}.filter(a => a.checkVisibility()).length"
        assert browser.run(seen) > 2
        assert browser.run("return document.querySelector('.narrow').checkVisibility()") is False
        browser.width(390)
        assert browser.run("return document.querySelector('.narrow').checkVisibility()") is True
        assert browser.run(seen) > 2
    finally:
        browser.scripts(on=True)


def test_a_line_leads_to_its_evidence(browser: Browser, site: str) -> None:
    event = "new MouseEvent('click', {bubbles: true, cancelable: true})"
    click = f"document.querySelector('.picture .edge a').dispatchEvent({event})"
    browser.width(1280)
    browser.open(f"{site}/model/titan")
    browser.run(click)
    browser.wait("return document.querySelector('.panel').checkVisibility()")
    assert browser.run("return document.querySelectorAll('.panel li a[href*=\"/claim/\"]').length") > 0
    browser.scripts(on=False)
    try:
        browser.open(f"{site}/model/titan")
        browser.run(click)
        browser.wait("return location.pathname.startsWith('/lineage/model/titan')")
        assert browser.run("return !!document.querySelector('li:target .sources')")
    finally:
        browser.scripts(on=True)
    assert browser.console() == []
