"""What the service is installed with: locked, hashed, and nothing that the project does not name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "deploy" / "requirements.lock").read_text("utf-8")


def test_every_dependency_is_locked_within_its_bounds_and_hashed() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK)[1:]
    locked = {}
    for entry in entries:
        name, version = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", entry).groups()
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry), name
        locked[canonicalize_name(name)] = version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for text in project["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), text


def test_the_lock_names_no_place_to_fetch_from() -> None:
    assert "://" not in LOCK
    assert "index" not in LOCK


def test_ci_runs_what_people_run() -> None:
    assert "run: .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
