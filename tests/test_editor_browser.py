"""The query editor in a real browser, over the shipped graph: what is typed stays, what helps is offered."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from chromium import Browser
from fmgraph.site.page_context import STATIC

pytestmark = pytest.mark.skipif(
    not (STATIC / "vendor" / "editor.js").is_file(), reason="the front-end assets are not built"
)

ENTER, TAB, CTRL, DOWN, END = "\ue007", "\ue004", "\ue009", "\ue015", "\ue010"
INSIDE = "document.querySelector('.editor').shadowRoot"
OPTIONS = f"[...{INSIDE}.querySelectorAll('.cm-tooltip-autocomplete li')].map(e => e.textContent)"
#: The keywords of SPARQL 1.1, by hand and not from the editor's own list.
KEYWORDS = [
    "SELECT",
    "WHERE",
    "ASK",
    "CONSTRUCT",
    "DESCRIBE",
    "FROM",
    "NAMED",
    "PREFIX",
    "BASE",
    "DISTINCT",
    "REDUCED",
    "ORDER",
    "GROUP",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "VALUES",
    "UNDEF",
    "OPTIONAL",
    "UNION",
    "MINUS",
    "FILTER",
    "BIND",
    "GRAPH",
    "SERVICE",
    "SILENT",
    "EXISTS",
    "NOT",
    "COUNT",
    "SUM",
    "MIN",
    "MAX",
    "AVG",
    "SAMPLE",
    "ASC",
    "DESC",
    "BY",
    "AS",
    "IN",
    "BOUND",
]


def start(browser: Browser, site: str, width: int = 1280) -> None:
    """Open the editor, empty, with the cursor in it."""
    browser.width(width)
    browser.open(f"{site}/sparql")
    browser.wait(f"return !!document.querySelector('.editor') && !!{INSIDE}.querySelector('.cm-content')", 30)
    browser.run(f"{INSIDE}.querySelector('.cm-content').focus()")
    presses = [("keyDown", CTRL), ("keyDown", "a"), ("keyUp", "a"), ("keyUp", CTRL)]
    browser.chord([{"type": kind, "value": key} for kind, key in presses])
    browser.keys("\ue003")
    browser.wait("return document.getElementById('query').value === ''")


def put(browser: Browser, text: str) -> None:
    """Type a text at once, as a paste does: nothing is completed."""
    browser.cdp("Input.insertText", text=text)


def typed(browser: Browser) -> str:
    return str(browser.run("return document.getElementById('query').value"))


def test_every_keyword_survives_enter(browser: Browser, site: str) -> None:
    start(browser, site)
    for word in KEYWORDS:
        browser.keys(word)
        browser.run("return new Promise(done => setTimeout(done, 90))")
        browser.keys(ENTER)
    assert typed(browser).split() == KEYWORDS
    assert browser.console() == []


def test_a_mistyped_keyword_is_not_replaced_either(browser: Browser, site: str) -> None:
    start(browser, site)
    browser.keys("retf")
    browser.wait(f"return {OPTIONS}.length > 0", 20)
    browser.keys(ENTER)
    assert typed(browser).strip() == "retf"


def test_an_entity_is_found_by_name_and_its_label_noted(browser: Browser, site: str) -> None:
    start(browser, site)
    put(browser, "SELECT * { ?s ?p retfou")
    browser.keys("n")
    browser.wait(f"return {OPTIONS}.some(o => o.startsWith('RETFound'))", 20)
    browser.keys(DOWN + "\ue013" + ENTER)  # down and up again: chosen by hand
    browser.wait("return document.getElementById('query').value.includes('<https://w3id.org/fmgraph/')")
    assert re.search(r"<https://w3id\.org/fmgraph/\w+/retfound[\w-]*> # RETFound", typed(browser))
    put(browser, " }")
    assert typed(browser).index(" }") < typed(browser).index("# RETFound")


def test_a_prefix_of_ours_completes_with_its_things_and_is_declared(browser: Browser, site: str) -> None:
    start(browser, site)
    put(browser, "SELECT * { model:retfoun")
    browser.keys("d")
    browser.wait(f"return {OPTIONS}.some(o => o.startsWith('RETFound'))", 20)
    browser.keys(ENTER)
    browser.wait("return document.getElementById('query').value.startsWith('PREFIX model:')")
    assert "model:retfound" in typed(browser)


def test_after_a_come_classes_and_then_their_properties(browser: Browser, site: str) -> None:
    start(browser, site)
    put(browser, "PREFIX fmg: <https://w3id.org/fmgraph/ns#>\nSELECT * { ?x a fmg")
    browser.keys(":")
    browser.wait(f"return {OPTIONS}.some(o => o.startsWith('fmg:Model'))", 20)
    assert not any(one.startswith("fmg:builtOn") for one in browser.run(f"return {OPTIONS}"))
    put(browser, "Quantity ; fmg")
    browser.keys(":")
    browser.wait(f"return {OPTIONS}.some(o => o.startsWith('fmg:unit'))", 20)
    options = browser.run(f"return {OPTIONS}")
    own = {
        next(at for at, one in enumerate(options) if one.startswith(name))
        for name in ("fmg:unit", "fmg:qualifier")
    }
    assert max(own) < 8, options[:12]


def messages(browser: Browser) -> list[str]:
    """What the marks of the lint say."""
    return list(
        browser.run(
            f"const m = {INSIDE}.querySelector('.cm-lint-marker'); if (!m) return [];"
            f"return [...{INSIDE}.querySelectorAll('.cm-lintRange')].map(e => e.textContent)"
        )
    )


def test_what_does_not_exist_is_marked_and_mended(browser: Browser, site: str) -> None:
    start(browser, site)
    put(browser, "SELECT * { ?x fmg:trainedOnn ?y }")
    browser.wait(f"return !!{INSIDE}.querySelector('.cm-lintRange-error')", 20)
    assert messages(browser) == ["fmg:trainedOnn"]  # the prefix is not declared
    browser.keys(f"{CTRL}")
    browser.run(f"{INSIDE}.querySelector('.cm-content').focus()")
    panel(browser)
    browser.wait(said("The prefix fmg: is not declared"))
    act(browser, "Declare fmg:")
    browser.wait("return document.getElementById('query').value.startsWith('PREFIX fmg:')")
    browser.wait(
        said("no such term; trainedOn?"),
        20,
    )
    act(browser, "Write trainedOn")
    browser.wait("return document.getElementById('query').value.includes('fmg:trainedOn ')")
    browser.wait(f"return !{INSIDE}.querySelector('.cm-lintRange')", 20)
    assert browser.console() == []


def said(words: str) -> str:
    """A script that tells whether the list of problems has the words."""
    return f"return {INSIDE}.querySelector('.cm-panel-lint')?.textContent.includes({json.dumps(words)})"


def panel(browser: Browser) -> None:
    """Open the list of problems with the keyboard: Ctrl+Shift+M."""
    presses = [("keyDown", "\ue009"), ("keyDown", "\ue008"), ("keyDown", "m")]
    presses += [("keyUp", key) for _, key in reversed(presses)]
    browser.chord([{"type": kind, "value": key} for kind, key in presses])


def act(browser: Browser, name: str) -> None:
    browser.run(
        f"[...{INSIDE}.querySelectorAll('.cm-panel-lint .cm-diagnosticAction')]"
        f".find(e => e.textContent.trim() === {json.dumps(name)})"
        ".dispatchEvent(new MouseEvent('mousedown', {bubbles: true})) ; "
        f"[...{INSIDE}.querySelectorAll('.cm-panel-lint .cm-diagnosticAction')]"
        f".find(e => e.textContent.trim() === {json.dumps(name)})?.click()"
    )


def test_start_from_throws_nothing_away(browser: Browser, site: str) -> None:
    start(browser, site)
    put(browser, "# my own work")
    browser.run("document.getElementById('named').focus()")
    browser.keys(DOWN)
    assert typed(browser) == "# my own work"
    browser.click("#pick button")
    browser.wait("return document.getElementById('query').value.includes('SELECT')")
    browser.run(f"{INSIDE}.querySelector('.cm-content').focus()")
    browser.chord(
        [
            {"type": kind, "value": key}
            for kind, key in (("keyDown", CTRL), ("keyDown", "z"), ("keyUp", "z"), ("keyUp", CTRL))
        ]
    )
    browser.wait("return document.getElementById('query').value === '# my own work'")
    browser.wait("return document.querySelector('#history .past')?.textContent === '# my own work'")


def test_a_query_is_laid_out_and_still_the_same_query(browser: Browser, site: str) -> None:
    start(browser, site)
    put(
        browser,
        "PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT ?m (COUNT(?d) AS ?n) "
        "WHERE{?m a fmg:Model;fmg:trainedOn ?d.OPTIONAL{?m fmg:year ?y}FILTER(?m!=?d)}GROUP BY ?m",
    )
    browser.click("#lay-out")
    browser.wait("return document.getElementById('query').value.split('\\n').length > 6")
    laid_out = typed(browser)
    assert "  ?m a fmg:Model ;\n" in laid_out
    assert "\n  OPTIONAL {\n    ?m fmg:year ?y\n  }\n" in laid_out
    browser.click("#ask button")
    browser.wait("return !!document.getElementById('results')", 30)
    assert browser.run("return document.querySelector('[role=alert]')") is None


def test_a_click_below_a_short_query_puts_the_cursor_there(browser: Browser, site: str) -> None:
    start(browser, site)
    browser.run("document.activeElement.blur()")
    box = browser.run(
        "const b = document.querySelector('.editor').getBoundingClientRect();"
        "return [b.x + b.width / 2, b.bottom - 12]"
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.cdp("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
    assert browser.run(f"return {INSIDE}.activeElement?.classList.contains('cm-content') ?? false")


@pytest.mark.parametrize(
    ("query", "token", "words"),
    [
        ("SELECT * WHERE { ?s a ?t", "{", "this { is never closed"),
        ("SELECT * { ?s ?p }", "}", "an object is missing before this }"),
        ("SELEC * { ?s ?p ?o }", "SELEC", "SELECT?"),
    ],
)
def test_an_error_stands_on_its_token(
    browser: Browser, site: str, query: str, token: str, words: str
) -> None:
    browser.width(1280)
    browser.open(f"{site}/sparql?query={quote(query)}")
    browser.wait(
        f"return !!document.querySelector('.editor') && !!{INSIDE}.querySelector('.cm-lintRange-error')", 30
    )
    assert messages(browser) == [token]
    assert words in browser.run("return document.querySelector('[role=alert]').textContent")
    browser.console()  # the browser logs that the answer was a 400


def test_old_results_are_said_to_be_old(browser: Browser, site: str) -> None:
    browser.open(f"{site}/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20%3Ft%20%7D%20LIMIT%203")
    browser.wait(f"return !!document.querySelector('.editor') && !!{INSIDE}.querySelector('.cm-content')", 30)
    assert not browser.run("return document.getElementById('old-results').checkVisibility()")
    browser.run(f"{INSIDE}.querySelector('.cm-content').focus()")
    browser.keys(" ")
    browser.wait("return document.getElementById('old-results').checkVisibility()")


def test_without_scripts_a_named_query_can_be_asked_here(browser: Browser, site: str) -> None:
    browser.scripts(on=False)
    try:
        browser.open(f"{site}/sparql")
        browser.click("#pick button")
        browser.wait("return !!document.getElementById('results')", 30)
    finally:
        browser.scripts(on=True)


def suggested(browser: Browser) -> list[str]:
    """The suggestions that are shown."""
    return list(
        browser.run(
            "return [...document.querySelectorAll('.suggestions:not([hidden]) li')].map(e => e.innerText)"
        )
    )


def test_a_thing_is_found_with_the_keyboard_alone(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/vocabulary")
    browser.run("document.getElementById('top-q').focus()")
    browser.keys("retfuon")
    browser.keys("d")
    browser.wait("return !!document.querySelector('.suggestions:not([hidden]) li')", 20)
    assert any(one.startswith("RETFound") for one in suggested(browser))
    browser.keys(DOWN)
    active = "document.activeElement.getAttribute('aria-activedescendant')"
    assert browser.run(f"return document.getElementById({active}).getAttribute('aria-selected')") == "true"
    name = browser.run(f"return document.getElementById({active}).querySelector('span').textContent")
    browser.keys(ENTER)
    browser.wait("return location.pathname !== '/vocabulary'", 20)
    assert browser.run("return document.querySelector('h1').textContent") == name
    assert browser.console() == []


def test_escape_closes_the_suggestions_and_enter_still_searches(browser: Browser, site: str) -> None:
    browser.width(390)
    browser.open(f"{site}/vocabulary")
    browser.run("document.getElementById('top-q').focus()")
    browser.keys("uni")
    browser.wait("return !!document.querySelector('.suggestions:not([hidden]) li')", 20)
    browser.keys("\ue00c")
    assert suggested(browser) == []
    browser.keys(ENTER)
    browser.wait("return location.pathname === '/search'", 20)


def test_a_parameter_takes_the_name_that_is_chosen(browser: Browser, site: str) -> None:
    browser.width(1280)
    browser.open(f"{site}/queries/leaks")
    browser.run("const b = document.getElementById('p-dataset'); b.focus(); b.select()")
    browser.keys("tcg")
    browser.wait(
        "return [...document.querySelectorAll('.suggestions li')].some(e => e.innerText.includes('TCGA'))", 20
    )
    assert all("dataset" in one for one in suggested(browser))
    browser.keys(DOWN + ENTER)
    assert "TCGA" in browser.run("return document.getElementById('p-dataset').value")
    browser.click(".params .button")
    browser.wait("return document.querySelector('.answer')?.textContent.includes('may have seen')", 20)
    assert browser.console() == []
