"""Chromium, driven by WebDriver (https://www.w3.org/TR/webdriver2/) in plain HTTP; and a server for it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


#: Seconds that a script may take: axe looks at a long page for ten, and others may use the machine.
_PATIENCE = 120


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve the application at a free port and yield its address."""
    with make_server("127.0.0.1", 0, app, _Server, _Quiet) as server:
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
        always["timeouts"] = {"script": _PATIENCE * 1000}
        self._base = f"http://127.0.0.1:{port}/session"
        self._base += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": always}})["sessionId"]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self._base + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE + 30) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def wait(self, script: str, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        self._ask("POST", f"/element/{next(iter(found.values()))}/click", {})

    def keys(self, text: str) -> None:
        self.chord([{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")])

    def chord(self, presses: list[dict[str, str]]) -> None:
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": presses}]})

    def cdp(self, command: str, **params: object) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def width(self, pixels: int, height: int = 800) -> None:
        size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)

    def scripts(self, on: bool) -> None:
        self.cdp("Emulation.setScriptExecutionDisabled", value=not on)

    def scheme(self, name: str) -> None:
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def media(self, name: str) -> None:
        """Show the page for a medium: ``print``, or ``""`` for the screen."""
        self.cdp("Emulation.setEmulatedMedia", media=name)

    def reset(self) -> None:
        """Be as at the start, whatever the test before has set; the page that is open stays."""
        self.cdp("Emulation.setEmulatedMedia", media="", features=[])
        self.scripts(on=True)
        self.width(1280)
        self.cdp("Storage.clearDataForOrigin", origin="*", storageTypes="local_storage")
        self.console()

    def screenshot(self) -> bytes:
        return base64.b64decode(self.cdp("Page.captureScreenshot", format="png")["data"])

    def console(self) -> list[str]:
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def close(self) -> None:
        self._ask("DELETE", "")


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Yield a browser with a profile of its own."""
    driver = subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert driver.stdout is not None
        port = next(
            int(m[1]) for line in driver.stdout if (m := re.search(r"successfully on port (\d+)", line))
        )
        session = Browser(port, profile)
        try:
            yield session
        finally:
            session.close()
    finally:
        driver.terminate()
        driver.wait(10)
        assert driver.stdout is not None
        driver.stdout.close()
