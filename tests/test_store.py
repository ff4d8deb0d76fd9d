"""Datasets on disk: canonical, atomic, opened as they were written; RDF files with their places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from fmgraph.errors import RdfFileError, UsageError
from fmgraph.rdf.dataset_folders import digest
from fmgraph.rdf.read_files import load_files
from fmgraph.rdf.store import (
    dataset_of_files,
    locate_dataset,
    open_dataset,
    prune_datasets,
    read_meta,
    write_dataset,
)

LINES = [
    "<http://e/b> <http://e/p> <http://e/a> .",
    '<http://e/a> <http://e/n> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    "<http://e/b> <http://e/p> <http://e/a> .\n",
    "_:x <http://e/p> <http://e/a> .",
]


def test_a_dataset_is_sorted_canonical_and_opened_as_written(tmp_path: Path) -> None:
    folder = write_dataset(LINES, tmp_path, "1.2.3", modified="2026-01-02")
    lines = (folder / "graph.nt").read_bytes().splitlines()
    assert lines == sorted(set(lines))
    assert len(lines) == 3
    assert b'"1"^^' in lines[0]
    dataset = open_dataset(tmp_path)
    assert dataset.path == folder == locate_dataset(folder)
    assert dataset.meta == read_meta(tmp_path)
    assert (dataset.meta.version, dataset.meta.triples, dataset.meta.storage) == ("1.2.3", 3, "memory")
    assert dataset.meta.modified == "2026-01-02"
    assert dataset.meta.digest == digest(folder / "graph.nt")
    assert folder.name == dataset.meta.digest[:12]
    assert len(dataset.store) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["current", folder.name])


def test_the_order_of_lines_does_not_matter_and_a_store_gives_the_same(tmp_path: Path) -> None:
    first = write_dataset(LINES, tmp_path / "a", "1")
    second = write_dataset(reversed(LINES), tmp_path / "b", "2")
    store = Store()
    ground = [line for line in LINES if not line.startswith("_")]
    store.bulk_load("\n".join(line.strip() for line in ground), format=RdfFormat.N_TRIPLES)
    third = write_dataset(store, tmp_path / "c", "1")
    fourth = write_dataset(ground, tmp_path / "d", "1")
    assert first.name == second.name != third.name == fourth.name


def test_a_large_one_is_on_disk_and_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmgraph.rdf.ntriples._RUN", 2)  # so that runs are merged
    folder = write_dataset(LINES, tmp_path, "1", disk_from=3)
    assert (folder / "graph.nt").read_bytes() == (
        write_dataset(LINES, tmp_path / "m", "1") / "graph.nt"
    ).read_bytes()
    one, two = open_dataset(tmp_path), open_dataset(tmp_path)
    assert one.meta.storage == "disk"
    assert len(one.store) == len(two.store) == 3
    with pytest.raises(RuntimeError, match="read-write"):
        one.store.remove(next(iter(one.store)))


def test_rewriting_replaces_and_current_moves(tmp_path: Path) -> None:
    old = write_dataset(LINES, tmp_path, "1")
    again = write_dataset(LINES, tmp_path, "2")
    assert old == again
    assert read_meta(tmp_path).version == "2"
    new = write_dataset(LINES[:1], tmp_path, "3")
    assert (tmp_path / "current").resolve() == new
    assert prune_datasets(tmp_path, keep=1) == [old]
    assert open_dataset(tmp_path).meta.version == "3"


def test_a_bad_line_is_named_whatever_run_it_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmgraph.rdf.ntriples._RUN", 2)
    file = tmp_path / "in.nt"
    file.write_text(
        "".join(f"<http://e/{n}> <http://e/p> <http://e/o> .\n" for n in range(5)) + "<http://e/x> bad .\n"
    )
    with pytest.raises(RdfFileError, match=r"in\.nt:6: .*line 6"):
        write_dataset(file, tmp_path / "data", "1")
    file.write_bytes(b'<http://e/x> <http://e/p> "a\rb" .\n')
    with pytest.raises(RdfFileError, match=r"in\.nt:1"):
        write_dataset(file, tmp_path / "data", "1")


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    good = write_dataset(LINES, tmp_path, "1")
    with pytest.raises(RdfFileError, match=r"graph\.nt:2"):
        write_dataset([LINES[0], "<http://e/b> <http://e/p> ."], tmp_path, "2")

    def fail(_: Path) -> None:
        raise UsageError("no search index")

    with pytest.raises(UsageError):
        write_dataset(LINES[:1], tmp_path, "2", finish=fail)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["current", good.name])
    assert read_meta(tmp_path).version == "1"


def test_finish_adds_files_before_the_folder_appears(tmp_path: Path) -> None:
    folder = write_dataset(LINES, tmp_path, "1", finish=lambda f: (f / "search.sqlite").touch())
    assert (folder / "search.sqlite").is_file()
    assert not (folder / "raw.nt").exists()
    assert folder.stat().st_mode & 0o777 == 0o755


def test_what_is_not_a_dataset_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a dataset"):
        open_dataset(tmp_path)
    folder = write_dataset(LINES, tmp_path, "1")
    (folder / "meta.json").write_text(json.dumps({"digest": "x"}))
    with pytest.raises(UsageError, match="damaged"):
        open_dataset(tmp_path)
    folder = write_dataset(LINES, tmp_path, "1")
    (folder / "graph.nt").write_text("<a")
    with pytest.raises(UsageError, match="damaged"):
        open_dataset(tmp_path)


FILES = {
    "a.nt": "<http://e/a> <http://e/p> _:b .",
    "b.ttl": "<http://e/a> <http://e/p> _:b, <rel> .",
    "c.nq": "<http://e/a> <http://e/p> <http://e/c> <http://e/g> .",
    "d.trig": "<http://e/g> { <http://e/a> <http://e/p> 1 }",
    "e.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    '<rdf:Description rdf:about="http://e/a"><e:p>x</e:p></rdf:Description></rdf:RDF>',
    "f.jsonld": '{"@id": "http://e/a", "http://e/p": 2}',
}


def test_files_of_every_format_are_read(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    paths = [tmp_path / name for name in FILES]
    store = load_files(paths)
    assert len(store) == 7  # the two _:b are different nodes
    assert list(store.named_graphs()) == [NamedNode("http://e/g")]
    assert any(str(q.object).endswith("/rel>") for q in store)
    dataset = dataset_of_files(paths)
    assert (dataset.path, dataset.meta.triples) == (None, 7)
    assert dataset.meta.digest == dataset_of_files(paths).meta.digest
    (tmp_path / "a.nt").write_text("")
    assert dataset.meta.digest != dataset_of_files(paths).meta.digest


@pytest.mark.parametrize(
    ("name", "text", "line", "part"),
    [
        ("a.nt", "<http://e/a> <http://e/p> 1 .", 1, "N-Triples"),
        ("a.ttl", "\n\n<http://e/a> e:p 1 .", 3, "Turtle"),
        ("a.jsonld", '{"@context": "http://e/c"}', None, "not fetched"),
        ("a.csv", "a,b", None, "one of .nt"),
        ("a.n3", "", None, "one of .nt"),
        ("missing.nt", None, None, "check the path"),
        ("latin.nt", b'<http://e/a> <http://e/p> "\xe9" .', 1, "UTF-8"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_a_remedy(
    tmp_path: Path, name: str, text: str | bytes | None, line: int | None, part: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RdfFileError) as caught:
        load_files([file])
    assert caught.value.file == str(file)
    assert caught.value.line == line
    assert caught.value.remedy
    assert part in str(caught.value)


def test_a_build_tells_what_it_is_at(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "fmgraph.data"):
        write_dataset(["<a:a> <a:a> <a:a> ."], tmp_path, "1")
    assert [record.message.split()[0] for record in caplog.records] == [
        "sorting", "loading", "optimising", "counting",
    ]  # fmt: skip
