"""The files around the code: they parse, agree with each other, and name the lists that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from fmgraph.publish import property_table
from fmgraph.publish.dataset_names import AUTHORS, TITLE
from fmgraph.resources import data_dir

TOP = Path(__file__).parent.parent
FORMS = sorted((TOP / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_one_version_everywhere() -> None:
    release = yaml.safe_load((data_dir() / "release.yaml").read_text("utf-8"))
    citation = yaml.safe_load((TOP / "CITATION.cff").read_text("utf-8"))
    for part in (citation, citation["preferred-citation"]):
        assert (part["version"], str(part["date-released"])) == (
            str(release["version"]),
            str(release["date"]),
        )
        assert part["title"] == TITLE
        assert part["authors"] == [{"name": AUTHORS}]
    latest = re.search(r"^## (\d\S*), (\S+)$", (TOP / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert latest is not None
    assert latest.groups() == (str(release["version"]), str(release["date"]))


def test_licences() -> None:
    code = (TOP / "LICENSE").read_text("utf-8")
    assert "Apache License" in code
    assert "END OF TERMS AND CONDITIONS" in code
    assert 'license = "Apache-2.0"' in (TOP / "pyproject.toml").read_text("utf-8")
    assert "SPDX-License-Identifier: CC0-1.0" in (TOP / "LICENSE-DATA").read_text("utf-8")


@pytest.mark.parametrize("file", [f for f in FORMS if f.name != "config.yml"], ids=lambda file: file.stem)
def test_issue_forms_are_complete(file: Path) -> None:
    form = yaml.safe_load(file.read_text("utf-8"))
    assert {"name", "description", "body"} <= set(form)
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    ids = [part["id"] for part in fields]
    assert len(ids) == len(set(ids))
    assert all(part["attributes"]["label"] for part in fields)
    assert any(part.get("validations", {}).get("required") for part in fields)
    for part in fields:
        assert part["type"] in ("input", "textarea", "dropdown")
        assert (part["type"] == "dropdown") == ("options" in part["attributes"])


def test_the_form_for_rows_names_the_lists() -> None:
    form = yaml.safe_load((TOP / ".github" / "ISSUE_TEMPLATE" / "list-row.yml").read_text("utf-8"))
    (options,) = [part["attributes"]["options"] for part in form["body"] if part.get("id") == "list"]
    assert set(options) - {"another list"} == {path.stem for path in (data_dir() / "list").glob("*.csv")}


def test_links_between_documents_lead_somewhere() -> None:
    checked = 0
    for page in [
        TOP / "CONTRIBUTING.md",
        TOP / "CHANGELOG.md",
        *(TOP / "docs" / n for n in ("deploy.md", "releases.md")),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
            checked += 1
    assert checked > 10


def test_the_tables_of_properties_and_kinds_are_those_of_the_ontology() -> None:
    text = property_table.document().read_text("utf-8")
    assert property_table.render(text) == text, "run python -m fmgraph.publish.property_table"
