"""The layers of docs/internals.md: each module imports only lower layers, and nothing imports in a circle."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "fmgraph"
LAYERS = [
    {"errors"},
    {"vocab", "settings", "resources", "findings"},
    {
        "text",
        "markdown",
        "terms",
        "records",
        "schema",
        "lists",
        "ntriples",
        "store",
        "guard",
        "engine",
        "search",
    },
    {"build", "queries", "describe"},
    {
        "lineage",
        "lineage_formats",
        "listing",
        "check",
        "dump",
        "diff",
        "difftext",
        "report",
        "publish",
        "shipped",
        "ontology_page",
    },
    {"web"},
    {"cli", "__main__"},
]
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Top-level fmgraph modules that the file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "fmgraph":
                names = [f"fmgraph.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("fmgraph.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    here = top(path)
    if here == "__init__":
        return
    assert here in LAYER_OF, f"{here} has no layer: add it to this test and to docs/internals.md"
    for name in imported(path) - {here, "__version__"}:
        assert LAYER_OF[name] <= LAYER_OF[here], f"{here} (layer {LAYER_OF[here]}) imports {name}"


def test_web_never_imports_what_makes_the_data():
    for path in (PACKAGE / "web").rglob("*.py"):
        assert not imported(path) & {"records", "build", "check", "lists", "shipped"}, path


def test_no_import_cycles():
    graph = {}
    for path in MODULES:
        graph.setdefault(top(path), set()).update(imported(path) - {top(path)})

    def reach(start: str, seen: set[str]) -> set[str]:
        for name in graph.get(start, ()):
            if name not in seen:
                seen.add(name)
                reach(name, seen)
        return seen

    circles = {name for name in graph if name != "__init__" and name in reach(name, set())}
    assert not circles


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_readable(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 290, f"{lines} lines: split it"


def test_the_document_names_every_layer():
    text = (ROOT / "docs" / "internals.md").read_text(encoding="utf-8")
    table = text[text.index("| layer |") :]
    for name in LAYER_OF:
        assert re.search(rf"`{name}(/\*)?`", table), f"docs/internals.md does not say where {name} stands"
