"""``python tests/screenshots.py`` (``make images``): the pictures in docs/images, of the shipped graph.

Each page is taken at 1280 and 390 pixels, the wide ones in light and the narrow ones in dark.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from chromium import Browser, chromium, served
from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app

IMAGES = Path(__file__).parent.parent / "docs" / "images"
PAGES = {
    "home": "/",
    "model": "/model/titan",
    "index": "/model/?modality=histopathology&sort=descendants",
    "compare": "/compare?m=model/uni&m=model/virchow2&m=model/prov-gigapath",
    "atlas": "/lineage/",
    "lineage": "/lineage/model/clip",
    "result": "/queries/leaks?dataset=tcga",
    "list": "/list/plm2233-2025-12?show=corrections",
}
#: What is written in the editor when its picture is taken.
_BEGUN = """PREFIX fmg: <https://w3id.org/fmgraph/ns#>
SELECT * WHERE {
  ?work a fmg:Model ;
    fmg"""
#: Width, height and scheme.
LOOKS = [(1280, 900, "light"), (390, 844, "dark")]


def main() -> None:
    """Write ``{page}-{width}.png`` for all of them."""
    app = create_app(open_dataset(shipped_dataset()), Settings())
    with served(app) as site, tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        for width, height, scheme in LOOKS:
            browser.width(width, height)
            browser.scheme(scheme)
            for name, path in PAGES.items():
                browser.open(site + path)
                browser.run("return document.fonts.ready.then(() => true)")
                file = IMAGES / f"{name}-{width}.png"
                file.write_bytes(browser.screenshot())
                print(file)
            file = IMAGES / f"editor-{width}.png"
            file.write_bytes(_editor(browser, site))
            print(file)


def _editor(browser: Browser, site: str) -> bytes:
    """Return the picture of an editor in which a query is being written: what can follow is offered."""
    browser.open(f"{site}/sparql")
    inside = "document.querySelector('.editor').shadowRoot"
    browser.wait(f"return !!document.querySelector('.editor') && !!{inside}.querySelector('.cm-content')", 30)
    browser.run(f"{inside}.querySelector('.cm-content').focus(); document.execCommand('selectAll')")
    browser.cdp("Input.insertText", text=_BEGUN)
    browser.keys(":")
    browser.wait(f"return {inside}.querySelectorAll('.cm-tooltip-autocomplete li').length > 3", 30)
    browser.run("return new Promise(done => setTimeout(done, 700))")
    return browser.screenshot()


if __name__ == "__main__":
    main()
