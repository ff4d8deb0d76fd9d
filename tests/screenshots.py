"""``python tests/screenshots.py`` (``make images``): the pictures in docs/images, of the shipped graph.

Each page is taken at 1280 and 390 pixels, the wide ones in light and the narrow ones in dark.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from chromium import chromium, served
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
}
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
                file = IMAGES / f"{name}-{width}.png"
                file.write_bytes(browser.screenshot())
                print(file)


if __name__ == "__main__":
    main()
