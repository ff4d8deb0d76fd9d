"""Pictures of lineage, comparison and index in a real browser, with and without script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chromium import CHROMIUM, DRIVER, Browser, chromium, served
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app

pytestmark = pytest.mark.skipif(not (DRIVER and CHROMIUM), reason="needs chromium and chromedriver")
PAGES = [
    "/",
    "/model/titan",
    "/lineage/model/clip",
    "/lineage/",
    "/model/",
    "/compare?m=uni&m=virchow2&m=conch",
]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(create_app(open_dataset(shipped_dataset()), Settings())) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as session:
        yield session


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_and_log_nothing(browser: Browser, site: str, path: str, width: int, scheme: str) -> None:
    browser.scheme(scheme)
    browser.width(width)
    browser.open(site + path)
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(wide) == 0
    assert browser.console() == []


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


def test_works_are_compared_from_the_index_by_keyboard(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/model/?modality=histopathology")
    browser.run("document.querySelector('td input').focus()")
    browser.keys(" ")
    browser.run("document.querySelectorAll('td input')[1].focus()")
    browser.keys(" ")
    browser.run("document.querySelector('form[action$=\"/compare\"] button').focus()")
    browser.keys("\ue007")
    browser.wait("return location.pathname === '/compare'")
    assert browser.run("return document.querySelectorAll('.compare thead th').length") == 2


def test_print_is_whole(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/lineage/model/clip")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        boxes = "[...document.querySelectorAll('.scroll')]"
        is_cut = "getComputedStyle(e).overflowX !== 'visible' || e.scrollWidth > e.clientWidth + 1"
        cut = f"return {boxes}.filter(e => {is_cut}).length"
        assert browser.run(cut) == 0
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")
