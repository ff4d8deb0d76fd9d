"""The pages in a real browser: nothing blocked or logged, no sideways scrolling, fine without scripts.

Chromium is driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/) in plain HTTP.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from fmgraph.settings import Settings
from fmgraph.store import dataset_of_files
from fmgraph.web.app import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
DRIVER, CHROMIUM = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not (DRIVER and CHROMIUM), reason="needs chromium and chromedriver")

PAGES = [
    "/", "/about", "/queries", "/lists", "/disagreements", "/vocabulary", "/ns", "/search?q=ret", "/sparql",
    "/sparql?query=SELECT%20*%20WHERE%20%7B%20%3Fs%20a%20%3Ft%20%7D%20LIMIT%2020", "/model/",
    "/model/retizero", "/model/retfound", "/model/examplenet", "/model/eyeclip", "/paper/examplenet",
    "/backbone/vit", "/license/cc-by-nc-4-0", "/list/plm2233-2025-12", "/row/plm2233-2025-12-14",
    "/lineage/model/retfound", "/why?s=https%3A%2F%2Fw3id.org%2Ffmgraph%2Fmodel%2Fretizero&p="
    "https%3A%2F%2Fw3id.org%2Ffmgraph%2Fns%23derivesFrom&o=https%3A%2F%2Fw3id.org%2Ffmgraph%2Fmodel%2Fmae-vit-l",
]  # fmt: skip


class _Server(WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with make_server(
        "127.0.0.1", 0, create_app(dataset_of_files([SAMPLE]), Settings()), _Server, _Quiet
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Browser:
    """One WebDriver session."""

    def __init__(self, port: int, profile: Path) -> None:
        args = ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"]
        args += ["disable-background-networking", "disable-component-update", f"user-data-dir={profile}"]
        options = {"args": [f"--{arg}" for arg in args], "binary": CHROMIUM}
        always = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self._base = f"http://127.0.0.1:{port}/session"
        self._base += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": always}})["sessionId"]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self._base + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def cdp(self, command: str, **params: object) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def width(self, pixels: int) -> None:
        size = {"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)

    def scripts(self, on: bool) -> None:
        self.cdp("Emulation.setScriptExecutionDisabled", value=not on)

    def console(self) -> list[str]:
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def close(self) -> None:
        self._ask("DELETE", "")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    driver = subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert driver.stdout is not None
        port = next(
            int(m[1]) for line in driver.stdout if (m := re.search(r"successfully on port (\d+)", line))
        )
        session = Browser(port, tmp_path_factory.mktemp("profile"))
        try:
            yield session
        finally:
            session.close()
    finally:
        driver.terminate()
        driver.wait(10)
        assert driver.stdout is not None
        driver.stdout.close()


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
