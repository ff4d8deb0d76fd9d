"""Every kind of page in a real browser: wide and narrow, light and dark, with and without script, on paper.

``PAGES`` has one or more of each kind with the main thing on it. Each is opened once with scripts and once
without; the tests of one opened page look at it one after the other. The keyboard alone leads through them.

``.ci/run`` installs axe-core from npm and says where in ``AXE``; elsewhere it is in ``.cache/axe``.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from chromium import Browser
from fmgraph.ontology import all_kinds

_LOCAL = Path(__file__).parent.parent / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
AXE = Path(os.environ.get("AXE") or _LOCAL)

BASE = "https://w3id.org/fmgraph/"
SELECT = "PREFIX fmg: <https://w3id.org/fmgraph/ns#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
TABLE = SELECT + "SELECT ?work ?workLabel ?year { ?work fmg:year ?year ; rdfs:label ?workLabel } LIMIT 20"
DRAWN = SELECT + "CONSTRUCT WHERE { ?work fmg:variantOf ?parent } LIMIT 12"

#: Address of a page of each kind, and what must be seen on it.
PAGES = {
    "home": ("/", ".tasks form"),
    "model": ("/model/titan", ".six > div"),
    "model with much beneath": ("/model/retfound", ".picture .works a"),
    "lineage": ("/lineage/model/clip", ".picture .works a"),
    "atlas": ("/lineage/", ".picture .works a"),
    "atlas, narrowed": ("/lineage/?modality=ct&relation=weights", ".picture .works a"),
    "compare": ("/compare?m=uni&m=virchow2&m=conch", ".compare tr.differs"),
    "compare form": ("/compare", ".params input"),
    "search": ("/search?q=retfuond", ".entries .name a"),
    "editor": ("/sparql", "#ask :is(.editor, textarea)"),
    "result as a table": (f"/sparql?query={quote(TABLE)}", ".result tbody td"),
    "result as a picture": (f"/sparql?query={quote(DRAWN)}", ".picture .works a"),
    "query": ("/queries/leaks?dataset=tcga", ".lead.answer"),
    "query with a chart": ("/queries/most-built-on", ".chart rect"),
    "wrong value": ("/queries/leaks?dataset=Stanford", ".problem"),
    "queries": ("/queries", ".query form"),
    "reported results": ("/results/", "main a[href*='/results/']"),
    "results of a model": ("/results/model/uni", ".results tbody td"),
    "results on a data set": ("/results/dataset/bach", ".results .dot"),
    "list": ("/list/plm2233-2025-12?show=corrections", "td.wrong .right"),
    "report of a list": ("/list/plm2233-2025-12/report", ".entries del"),
    "lists": ("/list/", ".index tbody th a"),
    "correction": ("/correct/model/uni", ".entry pre"),
    "index": ("/model/?sort=year", ".index tbody th a"),
    "index, narrowed": ("/model/?modality=ct&commercial=yes", ".index tbody th a"),
    "index of papers": ("/paper/?page=2", ".index tbody th a"),
    "changes": ("/changes", ".columns a"),
    "releases": ("/release/", "main td a, main li a"),
    "release": ("/release/0.1.0/", "main p, main td"),
    "ontology": ("/ns", ".picture .works a"),
    "downloads": ("/dump/", ".downloads td a"),
    "description": ("/void", "main summary"),
    "coverage": ("/coverage", "main table td"),
    "disagreements": ("/disagreements", "main li a"),
    "vocabulary": ("/vocabulary", "main li a"),
    "about": ("/about", "main p"),
    "why": (
        f"/why?s={quote(BASE + 'model/retizero')}&p={quote(BASE + 'ns#derivesFrom')}"
        f"&o={quote(BASE + 'model/mae-vit-l')}",
        "ol.claims",
    ),
    "row": ("/row/plm2233-2025-12-14", "main table td"),
    "kinds of problems": ("/problem/", "main a"),
    "problem": ("/model/no-such-model", "main a"),
}
#: The best known of each kind of entity, or the first that the index shows.
KNOWN = {"model": "uni", "paper": "uni", "dataset": "tcga", "list": "plm2233-2025-12", "backbone": "vit"}
LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
ENTER, TAB = "\ue007", "\ue004"
#: Long pages, at which axe looks once: there are others of the kind, or the same things are on them.
LONG = ("atlas", "ontology", "index", "disagreements", "vocabulary", "coverage", "changes", "queries")
INSIDE = "document.querySelector('.editor')?.shadowRoot"
#: A4 at 96 pixels an inch, less the margins that Chromium leaves.
PAPER = 718


@pytest.fixture(scope="module", params=PAGES)
def opened(chromium_session: Browser, site: str, request: pytest.FixtureRequest) -> tuple[Browser, str]:
    """The browser with a page of a kind opened with scripts, and the kind: the tests of a page share it."""
    chromium_session.reset()
    path, _ = PAGES[request.param]
    chromium_session.open(site + path)
    if request.param == "editor":
        chromium_session.wait(f"return !!{INSIDE}?.querySelector('.cm-content')", 30)
    return chromium_session, request.param


#: What is wrong with the page as it is now: what is wider than the window, or should be seen and is not.
FAULTS = """
  const wide = document.documentElement.clientWidth, faults = [];
  const seen = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && e.getBoundingClientRect().width > 1;
  const whole = document.documentElement.scrollWidth;
  if (whole > wide) faults.push(`scrolls to ${whole}`);
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect();
    if (box.right > wide + 1 && box.width > 0 && !e.closest('.scroll, pre, .hidden, .skip, .editor'))
      faults.push(`beyond the window: ${e.outerHTML.slice(0, 150)}`);
  }
  const heading = document.querySelector('main h1');
  if (!heading || !seen(heading) || !heading.textContent.trim()) faults.push('no heading');
  if (![...document.querySelectorAll(SELECTOR)].some(seen)) faults.push('not seen: ' + SELECTOR);
  const ground = getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).map(Number);
  const dark = ground[0] + ground[1] + ground[2] < 384;
  if (dark !== matchMedia('(prefers-color-scheme: dark)').matches) faults.push('not of the scheme');
  return faults.slice(0, 5);
"""


def faults(browser: Browser, kind: str) -> dict[tuple[int, str], list[str]]:
    """Return what is wrong with the page of the kind in each width and scheme."""
    found = {}
    for width, scheme in LOOKS:
        browser.width(width)
        browser.scheme(scheme)
        if wrong := browser.run(FAULTS.replace("SELECTOR", repr(PAGES[kind][1]))):
            found[width, scheme] = wrong
    return found


def complaints(browser: Browser) -> list[str]:
    """Return what the browser logged, but for an answer of 404 to the page itself."""
    return [one for one in browser.console() if "status of 404" not in one]


def test_a_page_fits_and_shows_its_main_thing(opened: tuple[Browser, str]) -> None:
    browser, kind = opened
    assert faults(browser, kind) == {}
    assert complaints(browser) == []


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_fits_and_shows_its_main_thing_without_script(browser: Browser, site: str, kind: str) -> None:
    browser.scripts(on=False)
    browser.open(site + PAGES[kind][0])
    assert faults(browser, kind) == {}
    fields = "[...document.querySelectorAll('form [name]:not([type=hidden])')]"
    assert browser.run(f"return {fields}.filter(e => !e.checkVisibility()).map(e => e.name)") == []
    assert complaints(browser) == []


#: Rules of the WCAG 2.2 up to AA, and of good practice. The editor's scroller is left out: it scrolls with
#: the cursor in it, which the keyboard reaches; axe does not count an editable element as focusable.
RULES = """
  const context = {include: document, exclude: {fromShadowDom: [".editor", ".cm-scroller"]}};
  const found = await axe.run(context, {resultTypes: ["violations"]});
  const told = n => [n.target.join(" "), n.html.slice(0, 160)];
  return found.violations.map(v => [v.id, v.help, v.nodes.slice(0, 4).map(told)]);
"""
needs_axe = pytest.mark.skipif(
    "AXE" not in os.environ and not AXE.is_file(), reason="needs axe-core: .ci/run installs it"
)


def violations(browser: Browser, looks: list[tuple[int, str]]) -> list[object]:
    """Return what axe finds on the page, in each width and scheme."""
    browser.run(AXE.read_text("utf-8"))
    found = []
    for width, scheme in looks:
        browser.width(width)
        browser.scheme(scheme)
        for one in browser.run(f"return (async () => {{ {RULES} }})()"):
            found.append((width, scheme, one))  # noqa: PERF401 - a comprehension hides the loop over looks
    return found


@needs_axe
def test_axe_finds_nothing(opened: tuple[Browser, str]) -> None:
    browser, kind = opened
    looks = [(390, "dark")] if kind in LONG else [(1280, "light"), (390, "dark")]
    assert violations(browser, looks) == []


@needs_axe
@pytest.mark.parametrize("kind", all_kinds())
def test_axe_finds_nothing_on_the_page_of_an_entity(browser: Browser, site: str, kind: str) -> None:
    first = f"/{kind}/{KNOWN[kind]}" if kind in KNOWN else None
    if first is None:
        browser.open(f"{site}/{kind}/")
        first = browser.run("return document.querySelector('tbody th a')?.getAttribute('href') ?? null")
    assert first, f"there is no {kind}"
    browser.open(site + first)
    assert violations(browser, [(1280, "light")]) == []


#: What paper lacks: text of the main part that is hidden, but for what one presses, or cut off.
ON_PAPER = """
  const wide = document.documentElement.clientWidth, lacking = [];
  const control = 'button, .button, select, datalist, form, .facets, .copy, .copies, .pager, .formats, '
    + '.narrow, .know, .wrong-link, .hidden, [hidden], script, style, title';
  const told = (what, text) => lacking.push(`${what}: ${text.trim().slice(0, 120)}`);
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest(control)) continue;
    if (!e.checkVisibility({visibilityProperty: true})) told('hidden', node.data);
  }
  for (const e of document.querySelectorAll('main *')) {
    if (e.closest('.hidden, .editor, input, select, textarea')) continue;
    const style = getComputedStyle(e);
    const cut = style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1
      || style.overflowY !== 'visible' && e.scrollHeight > e.clientHeight + 1;
    if (cut && e.clientWidth) told('cut', e.outerHTML);
    const right = e.checkVisibility() ? e.getBoundingClientRect().right : 0;
    if (right > wide + 1) told('beyond the paper', e.outerHTML);
  }
  return lacking.slice(0, 5);
"""


def test_print_is_whole(opened: tuple[Browser, str]) -> None:
    browser, _ = opened
    browser.width(PAPER)
    browser.media("print")
    lacking = browser.run(ON_PAPER)
    browser.media("")
    assert lacking == []


#: Writes down what gets the focus: what it is, and what is wrong with how it looks then. The editor draws its
#: ring a moment later.
WATCH = """
  window.visited = []; window.unseen = [];
  document.addEventListener('focusin', event => {
    const path = event.composedPath().filter(e => e instanceof Element), e = path[0];
    window.visited.push(e);
    const ringed = path.some(one => {
      const style = getComputedStyle(one);
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    });
    const box = e.getBoundingClientRect();
    const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    if (!ringed && !e.closest('.cm-editor')) window.unseen.push(`no ring: ${e.outerHTML.slice(0, 120)}`);
    if (!inside || !box.width) window.unseen.push(`out of sight: ${e.outerHTML.slice(0, 120)}`);
  });
"""
REACHABLE = """
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  return [...document.querySelectorAll(wanted)].filter(e => e.checkVisibility({visibilityProperty: true})
    && !(e.tabIndex < 0) && !e.disabled);
"""
#: Pages that are walked through: of kinds that have hundreds of links, small ones.
WALKED = {
    kind: PAGES[kind][0]
    for kind in (
        "home",
        "model",
        "compare",
        "search",
        "editor",
        "result as a table",
        "result as a picture",
        "query",
        "wrong value",
        "index, narrowed",
        "lists",
        "downloads",
        "description",
        "row",
        "why",
        "correction",
    )
} | {
    "lineage": "/lineage/model/titan",
    "atlas": "/lineage/?relation=output",
    "changes": "/changes?kind=modality",
    "list": "/list/qiangqwu-2026-01?show=corrections",
    "report of a list": "/list/qiangqwu-2026-01/report",
    "results of a model": "/results/model/plip",
    "results on a data set": "/results/dataset/bach",
    "data set": "/dataset/bach",
}


@pytest.mark.parametrize("kind", WALKED)
def test_tab_leads_through_the_whole_page_and_shows_where(browser: Browser, site: str, kind: str) -> None:
    browser.open(site + WALKED[kind])
    if kind == "editor":
        browser.wait(f"return !!{INSIDE}?.querySelector('.cm-content')", 30)
    browser.run(WATCH)
    reachable = browser.run(f"window.reachable = (() => {{ {REACHABLE} }})(); return reachable.length")
    assert reachable < 700, "take a smaller page of this kind"
    pressed = 0
    while pressed <= reachable + 20:
        browser.keys(TAB * 60)
        pressed += 60
        if browser.run("return visited.length > 1 && visited.slice(1).includes(visited[0])"):
            break
    else:
        pytest.fail(f"the focus is trapped: {browser.run('return visited.at(-1).outerHTML.slice(0, 200)')}")
    assert browser.run("return unseen.slice(0, 5)") == []
    left_out = "reachable.filter(e => !visited.includes(e) && !e.shadowRoot)"
    assert browser.run(f"return {left_out}.slice(0, 5).map(e => e.outerHTML.slice(0, 150))") == []


def tab_to(browser: Browser, selector: str, most: int = 250) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(most):
        browser.keys(TAB)
        if browser.run(f"return document.activeElement.matches({selector!r})"):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_what_people_do_is_done_by_keyboard_alone(browser: Browser, site: str) -> None:
    browser.open(f"{site}/")
    tab_to(browser, "input[name=q]")
    browser.keys("retfuond" + ENTER)
    browser.wait("return location.pathname === '/search'")
    tab_to(browser, ".entries .name a")
    browser.keys(ENTER)
    browser.wait("return location.pathname === '/model/retfound'")
    tab_to(browser, ".picture .works a:not(.root)")
    name = browser.run("return document.activeElement.querySelector('text').textContent")
    browser.keys(ENTER)
    browser.wait("return location.pathname !== '/model/retfound' && document.readyState === 'complete'")
    assert browser.run("return document.querySelector('h1').textContent").startswith(name.rstrip("…"))

    browser.open(f"{site}/model/?modality=ct&commercial=no")
    for _ in range(2):
        tab_to(browser, "td input[type=checkbox]:not(:checked)")
        browser.keys(" ")
    tab_to(browser, "form[action$='/compare'] button")
    browser.keys(ENTER)
    browser.wait("return location.pathname === '/compare'")
    assert browser.run("return document.querySelectorAll('.compare thead th').length") == 2

    browser.open(f"{site}/sparql")
    browser.wait(f"return !!{INSIDE}?.querySelector('.cm-content')", 30)
    tab_to(browser, ".editor")
    browser.wait(
        f"return parseFloat(getComputedStyle({INSIDE}.querySelector('.cm-editor')).outlineWidth) > 1"
    )
    browser.chord([{"type": kind, "value": key} for kind, key in (("keyDown", "\ue009"), ("keyDown", "a"))])
    browser.chord([{"type": "keyUp", "value": key} for key in ("a", "\ue009")])
    browser.keys("ASK { ?s ?p ?o }")
    tab_to(browser, "#ask button")
    browser.keys(ENTER)
    browser.wait("return document.querySelector('#results + p')?.textContent === 'Yes.'")
