"""The house of docs/internals.md: packages in order, a wall around the server, unique module names."""

from __future__ import annotations

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "fmgraph"
#: From the ground up: each imports only what stands before it.
ORDER = [
    "errors",
    "text",
    "rdf",
    "resources",
    "settings",
    "server",
    "ontology",
    "records",
    "lists",
    "graph",
    "check",
    "curation",
    "answers",
    "publish",
    "agents",
    "python_api",
    "site",
    "cli",
    "__main__",
]
#: All that the server may import: it is a SPARQL server and knows nothing of medicine.
WALL = {"errors", "text", "rdf", "settings", "server"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imports_of(path: Path, *, lazy: bool) -> set[str]:
    """The modules of fmgraph that a module imports: when it is loaded, or (``lazy``) ever."""
    imported = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if lazy else tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= (below & NAMES) or {node.module}
    return {name for name in imported if name.startswith("fmgraph.")}


def package(name: str) -> str:
    return name.split(".")[1]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path):
    name = name_of(path)
    if name == "fmgraph":
        return
    here = package(name)
    assert here in ORDER, f"{here} has no place: add it to ORDER and to docs/internals.md"
    above = {
        other for other in imports_of(path, lazy=True) if ORDER.index(package(other)) > ORDER.index(here)
    }
    assert not above, f"{name} imports {above}"


def test_the_server_knows_nothing_of_medicine():
    for path in (PACKAGE / "server").rglob("*.py"):
        assert {package(name) for name in imports_of(path, lazy=True)} <= WALL, path


def test_pages_ask_the_graph_and_never_make_it():
    for path in (PACKAGE / "site").rglob("*.py"):
        assert not {package(name) for name in imports_of(path, lazy=True)} & {"records", "graph", "check"}, (
            path
        )


def test_no_import_cycles():
    graph = {name_of(path): imports_of(path, lazy=False) & NAMES for path in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError with the cycle


def test_module_names_are_unique():
    names = Counter(path.stem for path in MODULES if not path.stem.startswith("__"))
    names.update(path.name for path in PACKAGE.rglob("*") if (path / "__init__.py").exists())
    assert [name for name, count in names.items() if count > 1] == []


def test_the_document_names_every_package():
    text = (ROOT / "docs" / "internals.md").read_text(encoding="utf-8")
    for name in ORDER:
        assert re.search(rf"`{name}/?`", text), f"docs/internals.md does not say where {name} stands"
