"""Commands under wild input: whatever files and arguments hold, each ends in an answer or a clear line."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmgraph.cli import main
from fmgraph.resources import data_dir

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
RUN = CliRunner()
SOME = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_ENDINGS = ["ttl", "nt", "nq", "trig", "rdf", "jsonld", "owl", "ttl.gz", "nt.zst", "x"]
#: For commands that take a second each.
FEW = settings(SOME, max_examples=4)

#: Pieces that formats are made of, so that texts are nearly right more often than by chance.
_PIECES = st.sampled_from(
    [
        "label: ", "title: X\n", "- ", "claims:\n", "  - ", "built_on: ", "source: https://a.org/\n",
        "at: p. 1\n", "{", "}", "[", "]", "|", "\n", "\n\n", "# ", "## A\n", "| a | b |\n|---|---|\n",
        "| [x](http://a#b#c) | y |\n", "<http://a/>", "http://[", "https://e.org/x#a#b",
        "https://e.org/?q=100%", "&a", "*a", "!!python/object:os ", "\"", "'", "\u0000", "\u0085",
        "\ufeff", "\ufffe", "\u2028", "\u00e9", "\ud835\udd18", "\udcff", ",",
        ";", "\t", "\\", "%", "=", "2024",
        "-1", "1e999", "NaN", "null", "~", "@prefix : <a:> .", "SELECT * { ?s ?p ?o }", "ASK {",
        "VALUES", "doi: 10.1/(x)\n",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=12).map("".join)
BYTES = st.one_of(TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=60))
_NAMES = st.sampled_from(["examplenet", "model/examplenet", "ExampleNet", "-", "--", ".", "..", "/"])
#: What can be an argument: no system hands over U+0000.
WORD = st.one_of(TEXT.map(lambda text: text.replace("\0", "")), _NAMES)


def check(result: Result) -> None:
    """Fail where a command ended in anything but its own exit, or said nothing where it failed."""
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        raise AssertionError(f"a traceback: {error!r}") from error
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output
    if result.exit_code:
        assert result.output.strip()


def run(*arguments: str) -> None:
    check(RUN.invoke(main, list(arguments)))


@pytest.fixture
def records() -> Iterator[Path]:
    """A data folder with nothing but the release."""
    folder = Path(tempfile.mkdtemp())
    shutil.copy(data_dir() / "release.yaml", folder)
    yield folder
    shutil.rmtree(folder)


@FEW
@given(kind=st.sampled_from(["model", "paper", "dataset", "institution", "license"]), content=BYTES)
def test_check_and_build(records: Path, kind: str, content: bytes) -> None:
    (records / kind).mkdir(exist_ok=True)
    (records / kind / "x.yaml").write_bytes(content)
    run("check", "--data", str(records))
    run("check", "--data", str(records), "--format", "json", str(records / kind / "x.yaml"))
    run("build", "--data", str(records), "--output", str(records / "out"))


@FEW
@given(table=BYTES, about=BYTES)
def test_check_and_build_of_lists(records: Path, table: bytes, about: bytes) -> None:
    (records / "list").mkdir(exist_ok=True)
    (records / "list" / "x.csv").write_bytes(table)
    (records / "list" / "x.yaml").write_bytes(about)
    run("check", "--data", str(records))
    run("build", "--data", str(records), "--output", str(records / "out"))


@SOME
@given(content=BYTES, name=WORD, date=WORD, repository=WORD)
def test_import(records: Path, content: bytes, name: str, date: str, repository: str) -> None:
    file = records / "README.md"
    file.write_bytes(content)
    more = ("--repository", repository, "--date", date)
    run("import", str(file), "--list", "x", "--data", str(records))
    run("import", str(file), "--list", name, "--data", str(records), *more)


@SOME
@given(
    content=BYTES,
    ending=st.sampled_from(["ttl", "nt", "nq", "trig", "rdf", "jsonld", "owl", "ttl.gz", "nt.zst", "x"]),
)
def test_files_of_data(records: Path, content: bytes, ending: str) -> None:
    file = records / f"a.{ending}"
    file.write_bytes(content)
    run("query", "--data", str(file), "SELECT * { ?s ?p ?o }")
    run("dump", "--data", str(file), "--output", str(records / "d"))
    run("diff", str(file), str(SAMPLE))
    run("report", "--data", str(file), "x")


@SOME
@given(query=WORD, name=WORD, value=WORD, form=st.sampled_from(["table", "json", "csv", "tsv", "xml"]))
def test_query(records: Path, query: str, name: str, value: str, form: str) -> None:
    run("query", "--data", str(SAMPLE), "--format", form, "--", query)
    file = records / "q.rq"
    file.write_bytes(query.encode("utf-8", "surrogatepass"))
    run("query", "--data", str(SAMPLE), "--file", str(file))
    run("query", "--data", str(SAMPLE), "--name", "built-on", "--param", f"{name}={value}")
    run("query", "--data", str(SAMPLE), "--name", "built-on", "--param", f"model={value}")
    run("query", "--data", str(SAMPLE), "--name", name, "--param", value)


@SOME
@given(word=WORD, depth=WORD)
def test_lineage_list_report_and_queries(word: str, depth: str) -> None:
    data = ("--data", str(SAMPLE))
    run("lineage", *data, "--", word)
    run("lineage", *data, "--ancestors", "--depth", depth, "--format", "json", "--", word)
    run("list", *data, "--", word)
    run("list", *data, "--format", "csv", "--", word)
    run("report", *data, "--", word)
    run("queries", "--", word)


@FEW
@given(old=WORD, new=WORD)
def test_diff_dump_and_places_that_are_none(records: Path, old: str, new: str) -> None:
    run("diff", "--", old, new)
    run("query", "--dataset", f"{records}/{old}", "ASK {}")
    run("dump", "--data", f"{records}/{new}", "--output", str(records / "d"))
    run("build", "--data", f"{records}/{old}", "--output", str(records / "out"))


@SOME
@given(host=WORD, timeout=WORD, base=WORD, endpoint=WORD, setting=WORD)
def test_serve_refuses_before_it_serves(
    host: str, timeout: str, base: str, endpoint: str, setting: str
) -> None:
    """Two graphs exclude each other, so that none of these comes to serving."""
    exclusive = ("--data", str(SAMPLE), "--endpoint", endpoint or "x")
    run("serve", "--host", host, *exclusive)
    run("serve", "--timeout", timeout, *exclusive)
    run("serve", "--base-url", base, *exclusive)
    value = os.fsdecode(setting.encode("utf-8", "surrogatepass"))  # as a system hands over what is no text
    check(
        RUN.invoke(main, ["serve", *exclusive], env={"FMGRAPH_QUERY_KB": value, "FMGRAPH_ENTITY_BASE": value})
    )
    check(RUN.invoke(main, ["serve", "--endpoint", f"ftp:{endpoint}", "--port", "0"]))


@pytest.mark.parametrize("word", ["a\ud835b", "caf\udce9"])
def test_an_argument_that_is_no_text_is_one_line(word: str) -> None:
    for arguments in (["diff", word, "x"], ["lineage", "--data", str(SAMPLE), word], ["report", word]):
        ended = RUN.invoke(main, arguments)
        check(ended)
        assert ended.exit_code in (1, 2)
        assert word.encode("ascii", "backslashreplace").decode() in ended.output
