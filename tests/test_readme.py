"""The README: every command in it runs and answers what is printed there."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmgraph.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, str]]:
    """Every command of the console blocks with the output printed below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.rstrip("\n").split("\n")
            while len(lines) > 1 and lines[0].count("'") % 2:
                lines[0:2] = ["\n".join(lines[:2])]
            found.append((lines[0], "\n".join(lines[1:])))
    return found


COMMANDS = commands()


def of(program: str) -> list[tuple[str, str]]:
    return [(command, output) for command, output in COMMANDS if command.split()[0] == program]


def test_nothing_is_left_out():
    assert len(COMMANDS) == sum(len(of(program)) for program in ("make", "fmgraph", "curl"))
    assert all(map(of, ("make", "fmgraph", "curl")))


@pytest.mark.parametrize("command", [command for command, _ in of("make")])
def test_make_targets_are_there(command):
    assert subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True).returncode == 0


@pytest.mark.parametrize(("command", "output"), of("fmgraph"), ids=lambda value: value[:40])
def test_fmgraph_commands_answer_what_is_printed(command, output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, shlex.split(command)[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.output
    if output:
        assert result.output.rstrip("\n") == output


@pytest.mark.parametrize(("command", "output"), of("curl"), ids=["curl"])
def test_curl_over_http_answers_what_is_printed(command, output, shipped_server):
    arguments = shlex.split(command.replace("http://127.0.0.1:8000", shipped_server))
    answer = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=30).stdout
    assert answer.replace("\r\n", "\n").rstrip("\n") == output


def test_the_python_example_prints_labels():
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert "RETFound" in printed.getvalue().split("\n")


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    missing = [target for target in targets if not target.startswith("http") and not (ROOT / target).exists()]
    assert not missing
