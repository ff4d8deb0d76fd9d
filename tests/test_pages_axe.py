"""axe-core finds nothing on any kind of page, wide and narrow, light and dark.

``.ci/run`` installs it from npm and says where in ``AXE``; elsewhere it is looked for in ``.cache/axe``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import CHROMIUM, DRIVER, Browser, chromium, served
from fmgraph.ontology import all_kinds
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app

_LOCAL = Path(__file__).parent.parent / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
AXE = Path(os.environ.get("AXE") or _LOCAL)
if "AXE" not in os.environ:  # where it is promised, its absence is a failure
    pytestmark = [
        pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: .ci/run installs it"),
        pytest.mark.skipif(not (DRIVER and CHROMIUM), reason="needs chromium and chromedriver"),
    ]

#: One of each kind: the best known, or the first that the index shows.
KNOWN = {"model": "clip", "paper": "uni", "dataset": "tcga", "list": "plm2233-2025-12", "backbone": "vit"}
PAGES = [
    "/", "/about", "/queries", "/disagreements", "/vocabulary", "/ns", "/search?q=ret", "/sparql", "/changes",
    "/sparql?query=SELECT%20*%20WHERE%20%7B%20%3Fs%20a%20%3Ft%20%7D%20LIMIT%2020", "/void", "/problem/",
    "/queries/leaks?format=html", "/compare", "/compare?m=uni&m=virchow2&m=model/prov-gigapath",
    "/correct/model/uni", "/lineage/", "/lineage/?modality=ct&relation=weights", "/lineage/model/clip",
    "/lineage/model/titan", "/model/", "/model/?modality=ct&commercial=yes", "/model/?sort=year",
    "/model/uni", "/results/", "/results/model/uni", "/results/dataset/tcga",
    "/results/protocol/keep-zero-shot",
    "/queries/leaks?dataset=Stanford", "/queries/most-built-on", "/dump/", "/list/plm2233-2025-12/report",
    "/list/plm2233-2025-12?show=corrections",
    "/sparql?query=CONSTRUCT%20WHERE%20%7B%20%3Fs%20%3Chttps%3A%2F%2Fw3id.org%2Ffmgraph%2Fns%23variantOf%3E"
    "%20%3Ft%20%7D%20LIMIT%2020",
    "/model/retfound", "/model/no-such-model", "/dataset/?access=open",
]  # fmt: skip
#: Rules of the WCAG 2.2 up to AA, and of good practice. The editor's scroller is left out: it scrolls with
#: the cursor in it, which the keyboard reaches; axe does not count an editable element as focusable.
RUN = """
  const context = {include: document, exclude: {fromShadowDom: [".editor", ".cm-scroller"]}};
  const found = await axe.run(context, {resultTypes: ["violations"]});
  const told = n => [n.target.join(" "), n.html.slice(0, 160)];
  return found.violations.map(v => [v.id, v.help, v.nodes.slice(0, 4).map(told)]);
"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(create_app(open_dataset(shipped_dataset()), Settings())) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as session:
        yield session


LOOKS = [(1280, "light"), (390, "dark")]


def violations(browser: Browser, address: str, looks: list[tuple[int, str]]) -> list[object]:
    """Return what axe finds on the page, in each width and scheme."""
    browser.open(address)
    found = []
    for number, (width, scheme) in enumerate(looks):
        browser.width(width)
        browser.scheme(scheme)
        source = "" if number else AXE.read_text("utf-8")
        for one in browser.run(f"{source}\nreturn (async () => {{ {RUN} }})()"):
            found.append((width, scheme, one))  # noqa: PERF401 - a comprehension hides the loop over looks
    return found


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(browser: Browser, site: str, path: str) -> None:
    assert violations(browser, site + path, LOOKS) == []


@pytest.mark.parametrize("kind", all_kinds())
def test_axe_finds_nothing_on_the_page_of_an_entity(browser: Browser, site: str, kind: str) -> None:
    first = f"/{kind}/{KNOWN[kind]}" if kind in KNOWN else None
    if first is None:
        browser.open(f"{site}/{kind}/")
        first = browser.run("return document.querySelector('tbody th a')?.getAttribute('href') ?? null")
    assert first, f"there is no {kind}"
    assert violations(browser, site + first, LOOKS[:1]) == []
