"""Starting where things are missing: homes, names of hosts, free ports, parts of the operating system."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner

from fmgraph.cli import main
from fmgraph.errors import RdfFileError, UsageError
from fmgraph.publish.make_dataset import cache_dirs, shipped_dataset
from fmgraph.rdf import dataset_folders
from fmgraph.rdf.dataset_folders import building, check_whole
from fmgraph.rdf.read_files import load_files
from fmgraph.rdf.store import locate_dataset, open_dataset, prune_datasets, read_meta, write_dataset
from fmgraph.resources import data_dir

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
SOURCE = Path(__file__).parent.parent / "src"
LINES = [f"<http://e/{n}> <http://e/p> <http://e/o> .\n" for n in range(50)]


# --- files of --data -------------------------------------------------------------------------------------

TURTLE = "@prefix : <http://e/> . :a :b 'ü' .\n".encode()
XML = (
    b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    b'<rdf:Description rdf:about="http://e/a"><e:b>\xc3\xbc</e:b></rdf:Description></rdf:RDF>'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bom.ttl", b"\xef\xbb\xbf" + TURTLE),
        ("packed.ttl.gz", gzip.compress(TURTLE)),
        ("packed.TTL.ZST", zstandard.compress(TURTLE)),
        ("twice.ttl.gz", gzip.compress(TURTLE[:20]) + gzip.compress(TURTLE[20:])),
        ("frames.ttl.zst", zstandard.compress(TURTLE[:20]) + zstandard.compress(TURTLE[20:])),
        ("bom.ttl.gz", gzip.compress(b"\xef\xbb\xbf" + TURTLE)),
        ("of.this.year.owl", XML),
        ("bom.owl.zst", zstandard.compress(b"\xef\xbb\xbf" + XML)),
        ("a.jsonld.gz", gzip.compress('\ufeff{"@id": "http://e/a", "http://e/b": "ü"}'.encode())),
    ],
)
def test_rdf_files_packed_or_marked_are_read(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    (quad,) = load_files([file])
    assert quad.object.value == "ü"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cut.ttl.gz", gzip.compress(TURTLE * 1000)[:-9], "cannot be unpacked"),
        ("no.ttl.gz", TURTLE, "cannot be unpacked"),
        ("no.ttl.zst", TURTLE, "cannot be unpacked"),
        ("cut.ttl.zst", zstandard.compress(os.urandom(9000).hex().encode())[:-100], "cut.ttl.zst"),
        ("a.gz", gzip.compress(TURTLE), "not an RDF file"),
        ("a.zip", b"PK", "not an RDF file"),
        ("a.owl", TURTLE, "read as RDF/XML"),
    ],
)
def test_what_cannot_be_unpacked_is_named(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(RdfFileError, match=told):
        load_files([file])


def test_our_own_dumps_are_read_back(tmp_path: Path) -> None:
    run = CliRunner()
    arguments = [
        "dump",
        "--output",
        str(tmp_path / "d"),
        "--data",
        str(SAMPLE),
        "--format",
        "nt",
        "--format",
        "rdf",
    ]
    assert run.invoke(main, arguments).exit_code == 0
    for name in ("fmgraph.nt.gz", "fmgraph.nt.zst", "fmgraph.rdf.gz", "fmgraph.rdf"):
        answer = run.invoke(
            main, ["query", "--data", str(tmp_path / "d" / name), "SELECT (COUNT(*) AS ?n) {?s ?p ?o}"]
        )
        assert answer.exit_code == 0, answer.output
        assert str(len(load_files([SAMPLE]))) in answer.output


def test_a_marked_query_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "q.rq"
    file.write_bytes("\ufeffASK { ?s ?p ?o }".encode())
    run = CliRunner()
    assert "true" in run.invoke(main, ["query", "--data", str(SAMPLE), "--file", str(file)]).output
    told = run.invoke(main, ["query", "--data", str(SAMPLE), "--file", "-"], input="\ufeffASK { ?s ?p ?o }")
    assert "true" in told.output


# --- where the built graph is kept -----------------------------------------------------------------------


def fake_build(folder: Path) -> Path:
    return write_dataset(LINES, folder, "1")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A small graph in place of the shipped one, no XDG_CACHE_HOME, a folder for temporary files."""
    monkeypatch.setattr("fmgraph.publish.make_dataset.make_dataset", fake_build)
    monkeypatch.setattr("fmgraph.publish.make_dataset.fingerprint", lambda: "0" * 16)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("home", ["missing", "file", "unknown"])
def test_without_a_home_the_graph_is_kept_in_a_folder_of_ours(
    quick: Path, home: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (quick / "file").write_text("no folder")
    if home == "unknown":
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    else:
        place = quick / "file" / "home" if home == "file" else Path("/proc/nobody")
        monkeypatch.setenv("HOME", str(place))
    folder = shipped_dataset()
    assert folder.parent == cache_dirs()[-1]
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert ("XDG_CACHE_HOME" in caplog.text) == (home != "unknown")
    caplog.clear()
    assert shipped_dataset() == folder
    assert caplog.text == ""


def test_a_folder_that_is_told_and_cannot_be_written_is_one_line(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (quick / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(quick / "file"))
    with pytest.raises(UsageError, match="set XDG_CACHE_HOME"):
        shipped_dataset()


def test_another_users_folder_is_not_trusted(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc/nobody")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(UsageError, match="another user's"):
        shipped_dataset()


# --- damage, leftovers, locks ----------------------------------------------------------------------------


def damage(folder: Path, how: str) -> None:
    graph = folder / "graph.nt"
    if how == "emptied":
        graph.write_bytes(b"")
    elif how == "edited":
        graph.write_bytes(graph.read_bytes().replace(b"http://e/1>", b"http://e/X>"))
    elif how == "gone":
        graph.unlink()
    elif how == "meta":
        (folder / "meta.json").write_text('{"digest": "')
    elif how == "manifest":
        (folder / "manifest.json").write_text('{"graph.nt": ')
    else:
        (folder / "search.sqlite").write_bytes(b"SQLite format 3\0" + bytes(50))


DAMAGES = ("emptied", "edited", "gone", "meta", "manifest", "index")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("disk_from", [10**9, 3])
def test_damaged_data_are_not_opened(tmp_path: Path, how: str, disk_from: int) -> None:
    folder = write_dataset(
        LINES,
        tmp_path,
        "1",
        finish=lambda made: (made / "search.sqlite").write_bytes(b"x"),
        disk_from=disk_from,
    )
    damage(folder, how)
    with pytest.raises(UsageError, match="damaged"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("how", ["emptied", "edited", "gone", "meta", "manifest"])
def test_a_damaged_cache_is_built_again(quick: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(quick / "cache"))
    folder = shipped_dataset()
    damage(locate_dataset(folder), how)
    assert len(open_dataset(shipped_dataset()).store) == len(LINES)


def test_a_cache_that_leads_nowhere_is_built_again(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(quick / "cache"))
    folder = shipped_dataset()
    locate_dataset(folder).rename(quick / "elsewhere")
    assert len(open_dataset(shipped_dataset()).store) == len(LINES)


def test_everything_is_flushed_before_the_folder_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(dataset_folders, "flush", lambda path: flushed.append(path))
    folder = write_dataset(LINES, tmp_path, "1")
    before, built = flushed[:-2], flushed[-2]
    assert built.name.startswith(".building-")  # the folder itself, under the name it had then
    assert flushed[-1] == tmp_path
    names = {path.relative_to(built).as_posix() for path in before}
    assert names == {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"graph.nt", "meta.json", "manifest.json", "degrees.json", "store"} < names
    assert any(name.startswith("store/") for name in names)
    check_whole(folder)


def test_what_killed_builds_leave_is_removed_and_what_others_build_is_not(tmp_path: Path) -> None:
    killed = tmp_path / ".building-killed"
    killed.mkdir()
    (killed / "graph.nt").write_text("half")
    link = tmp_path / ".current-999999"
    link.symlink_to("nowhere")
    os.utime(link, (0, 0), follow_symlinks=False)
    old = write_dataset(LINES, tmp_path, "1")
    aside = tmp_path / ".replaced-x"
    aside.mkdir()
    old.rename(aside / old.name)  # killed between its two renames
    with building(tmp_path) as under_way:
        write_dataset(LINES[:5], tmp_path, "2")
        assert under_way.is_dir()
    assert not killed.exists()
    assert not link.is_symlink()
    assert not aside.exists()
    assert read_meta(old).version == "1"


def test_current_never_leads_nowhere_while_a_dataset_is_replaced(tmp_path: Path) -> None:
    write_dataset(LINES, tmp_path, "0")
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from fmgraph.rdf.store import write_dataset\n"
        f"while True: write_dataset({LINES!r}, sys.argv[1], '1')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(SOURCE)])
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert (tmp_path / "current" / "meta.json").is_file()
    finally:
        process.kill()
        process.wait()
    assert len(open_dataset(tmp_path).store) == len(LINES)


# --- systems that lack something -------------------------------------------------------------------------


def test_without_symbolic_links_current_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: object, target_is_directory: bool = False) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    monkeypatch.setattr(dataset_folders, "_exchanged", lambda one, other: False)
    first = write_dataset(LINES, tmp_path, "1")
    assert (tmp_path / "current").read_text().strip() == first.name
    assert open_dataset(tmp_path).path == first == locate_dataset(tmp_path / "current")
    second = write_dataset(LINES[:3], tmp_path, "2")
    assert read_meta(tmp_path).version == "2"
    assert write_dataset(LINES[:3], tmp_path, "3") == second
    assert read_meta(tmp_path).version == "3"
    assert prune_datasets(tmp_path, 1) == [first]


#: Put before the program: what macOS and Windows do not have is not here either.
WITHOUT = """
import multiprocessing, os, pathlib, socket, sys
multiprocessing.set_start_method("spawn")
del socket.SOCK_SEQPACKET, os.fork
for name in ("uvloop", "resource", "fcntl"): sys.modules[name] = None
def refuse(self, *rest, **named): raise OSError(1314, "no symbolic links")
pathlib.Path.symlink_to = refuse
"""


@contextmanager
def serving(tmp_path: Path, *arguments: str, before: str = "") -> Iterator[tuple[str, Path]]:
    """Run ``fmgraph serve`` and give the address that it prints, and its log."""
    (tmp_path / "sitecustomize.py").write_text(before)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fmgraph", "serve", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE}", "PYTHONUNBUFFERED": "1"},
        )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            told = [line for line in log.read_text().splitlines() if line.startswith("fmgraph: http")]
            if told:
                address = told[0].split()[1]
                try:
                    urllib.request.urlopen(f"{address}readyz", timeout=5).read()
                except OSError:
                    time.sleep(0.1)
                    continue
                yield address, log
                break
            time.sleep(0.05)
        else:
            pytest.fail(log.read_text())
    finally:
        process.terminate()
        process.wait(30)


def ask(address: str, query: str) -> str:
    from urllib.parse import quote

    with urllib.request.urlopen(f"{address}sparql?query={quote(query)}", timeout=20) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("host", ["localhost", "::1", "127.0.0.1"])
def test_the_address_that_is_printed_works(tmp_path: Path, host: str) -> None:
    with serving(tmp_path, "--host", host, "--port", "0", "--data", str(SAMPLE)) as (address, _):
        assert not address.endswith(":0/")
        assert "true" in ask(address, "ASK { ?s ?p ?o }")


def test_a_system_without_fork_serves_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--data", str(SAMPLE), before=WITHOUT) as (address, log):
        assert "true" in ask(address, "ASK { ?s ?p ?o }")
        said = [line for line in log.read_text().splitlines() if "this system has no" in line]
        assert len(said) == 1
        assert "SOCK_SEQPACKET" in said[0]
        assert urllib.request.urlopen(f"{address}model/examplenet", timeout=20).status == 200


def test_the_commands_work_without_what_only_linux_has(tmp_path: Path, shipped_dir: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    shutil.copy(data_dir() / "release.yaml", records)
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    data = tmp_path / "data"
    write_dataset(LINES, data, "1")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE}"}
    for arguments in (
        ["query", "--dataset", str(data), "SELECT (COUNT(*) AS ?n) {?s ?p ?o}"],
        ["dump", "--data", str(SAMPLE), "--output", str(tmp_path / "d"), "--format", "nt"],
        ["query", "ASK {}"],
        ["check", "--data", str(records), "--format", "json"],
        ["build", "--data", str(records), "--output", str(tmp_path / "build")],
        ["query", "--dataset", str(tmp_path / "build"), "ASK {}"],
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "fmgraph", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=180,
        )
        assert ended.returncode == 0, (arguments, ended.stderr)
    assert (tmp_path / "build" / "current").is_file()


def test_an_environment_failure_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr("fmgraph.cli.publish_commands.write_dumps", full)
    ended = CliRunner().invoke(main, ["dump", "--data", str(SAMPLE), "--output", str(tmp_path / "d")])
    assert ended.exit_code == 1
    assert ended.output == f"fmgraph: {tmp_path / 'x'}: No space left on device\n"
