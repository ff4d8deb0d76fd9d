"""Settings: read once, refused when wrong, and documented as they are."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from fmgraph.errors import UsageError
from fmgraph.settings import Settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "settings.md"


def test_the_document_has_every_setting_with_its_default_and_help():
    text = DOCUMENT.read_text(encoding="utf-8")
    for field in fields(Settings):
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = f"`{default}`" if default != "" else ""
        least, most = field.metadata["least"], field.metadata["most"]
        bounds = f"{least:,} to {most:,}" if least is not None else ""
        assert f"| `FMGRAPH_{field.name.upper()}` | {shown} | {bounds} | {field.metadata['help']} |" in text


def test_the_environment_then_what_is_given():
    environment = {
        "FMGRAPH_PORT": "9000",
        "FMGRAPH_TIMEOUT_SECONDS": "2.5",
        "FMGRAPH_SERVICE_ALLOW": "a, b",
        "HOME": "/",
    }
    settings = Settings.from_env(environment, port=None, host="0.0.0.0")
    assert (settings.port, settings.timeout_seconds, settings.service_allow) == (9000, 2.5, ("a", "b"))
    assert Settings.from_env(environment, port=1).port == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"FMGRAPH_PROT": "1"},
        {"FMGRAPH_PORT": "x"},
        {"FMGRAPH_PORT": "65536"},
        {"FMGRAPH_PROXIES": "-1"},
        {"FMGRAPH_PENALTY_SECONDS": "nan"},
        {"FMGRAPH_PENALTY_SECONDS": "inf"},
    ],
)
def test_what_is_wrong_is_refused_by_name(environment):
    with pytest.raises(UsageError, match="FMGRAPH_P"):
        Settings.from_env(environment)


def test_every_number_has_bounds_and_they_hold():
    numbers = [field for field in fields(Settings) if isinstance(field.default, int | float)]
    assert len(numbers) > 10
    for field in numbers:
        least, most = field.metadata["least"], field.metadata["most"]
        for value in (least, most):
            Settings(**{field.name: value})
        for value in (least - 1, most + 1, float("nan")):
            with pytest.raises(UsageError, match=f"FMGRAPH_{field.name.upper()} must be from"):
                Settings(**{field.name: value})


@pytest.mark.parametrize(
    "values", [{"log_level": "loud"}, {"entity_base": "https://a.org/x"}, {"entity_base": "a b/"}]
)
def test_words_are_checked_at_start(values):
    with pytest.raises(UsageError, match="FMGRAPH_"):
        Settings(**values)
