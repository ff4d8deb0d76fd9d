"""Twelve things that people come for: each is at most three clicks from the home page.

In a browser without scripts: links, buttons and folds are clicked where they are seen, as a mouse does;
typing into a box is no click. What is read at the end is seen too.
"""

from __future__ import annotations

import json

import pytest

from chromium import Browser

MOST_CLICKS = 3
#: Marks the first element that is seen and has the words, for the click; says whether there is one.
MARK = """
  const words = text => text.replace(/\\s+/g, ' ').trim();
  const found = [...document.querySelectorAll(SELECTOR)]
    .find(e => words(e.innerText ?? e.textContent).includes(WORDS) && e.checkVisibility());
  found?.setAttribute('data-clicked', '');
  return !!found;
"""


class Visitor:
    """Looks at pages and clicks on what is on them, counting."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.browser, self.clicks = browser, 0
        browser.scripts(on=False)
        browser.open(f"{site}/")

    def click(self, selector: str, words: str = "") -> None:
        """Click the first such element with these words."""
        mark = MARK.replace("SELECTOR", json.dumps(selector)).replace("WORDS", json.dumps(words))
        assert self.browser.run(mark), f"no {selector} with {words!r} is seen"
        self.browser.click("[data-clicked]")
        self.browser.run("document.querySelector('[data-clicked]')?.removeAttribute('data-clicked')")
        self.clicks += 1
        status = "return performance.getEntriesByType('navigation')[0].responseStatus"
        self.browser.wait("return document.readyState === 'complete'")
        assert self.browser.run(status) in (200, 304)

    def submit(self, action: str, *values: str) -> None:
        """Type into the boxes of the form that goes to an address, one after the other, and send it."""
        form = f"main form[action={json.dumps(action)}]"
        boxes = f"document.querySelector({json.dumps(form)}).querySelectorAll('input:not([type=hidden])')"
        for number, value in enumerate(values):
            self.browser.run(f"const box = {boxes}[{number}]; box.focus(); box.select()")
            self.browser.keys(value)
        self.click(f"{form} button")

    def reads(self, words: str) -> bool:
        seen = " ".join(self.browser.run("return document.querySelector('main').innerText").split())
        return words.casefold() in seen.casefold()


#: A step: the words of a link, or a form's address with what is typed, or what else is clicked.
LINK, FORM, FOLD = "link", "form", "fold"
#: The task, the steps, and what is read at the end.
TASKS = [
    ("CT models whose weights I may use commercially",
     [(LINK, "CT")],
     "Commercial use: yes"),
    ("does TCGA leak into PLIP",
     [(LINK, "Has it seen my test set"), (FORM, "/queries/leaks", "TCGA", "PLIP")],
     "Nothing known says that PLIP has seen The Cancer Genome Atlas"),
    ("which models have seen MIMIC-CXR",
     [(FORM, "/queries/leaks", "MIMIC-CXR")],
     "works may have seen MIMIC-CXR"),
    ("compare three",
     [(FORM, "/compare", "UNI", "CONCH"), (FORM, "/compare", "Virchow2")],
     "3 works compared"),
    ("my list's wrong rows as Markdown",
     [(LINK, "source lists"), (LINK, "PLM2233, Medical Foundation Models"), (LINK, "corrections and")],
     "As Markdown"),
    ("may I use UNI commercially",
     [(FORM, "/search", "UNI"), (LINK, "UNI")],
     "Commercial use of the weights no"),
    ("what is CLIP the ancestor of",
     [(LINK, "CLIP (OpenAI)")],
     "Lineage of CLIP"),
    ("the lineage of the field",
     [(LINK, "Where does it come from")],
     "Lineage of the field"),
    ("who says that RetiZero starts from RETFound",
     [(FORM, "/search", "RetiZero"), (LINK, "RetiZero"),
      (FOLD, "section[aria-labelledby=lineage] .sources summary")],
     "LooKing9218/RetiZero"),
    ("the paper of a DOI",
     [(FORM, "/search", "10.1038/s41591-024-02857-3")],
     "UNI"),
    ("the whole data as files",
     [(LINK, "Downloads")],
     "fmgraph.ttl"),
    ("ask in SPARQL",
     [(LINK, "Write your own")],
     "Start from"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "steps", "answer"), TASKS, ids=[task for task, _, _ in TASKS])
def test_the_answer_is_at_most_three_clicks_away(browser: Browser, site: str, task, steps, answer) -> None:
    visitor = Visitor(browser, site)
    for what, words, *typed in steps:
        if what == LINK:
            visitor.click(":is(main, footer) a", words)
        elif what == FOLD:
            visitor.click(words)
        else:
            visitor.submit(words, *typed)
    assert visitor.clicks <= MOST_CLICKS, task
    assert visitor.reads(answer)
