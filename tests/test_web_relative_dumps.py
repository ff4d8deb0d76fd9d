"""A dumps folder given by a relative path, as `make serve` does."""

from __future__ import annotations

from pathlib import Path

from fmgraph.site import create_app


def test_a_relative_folder_is_found(engine, settings, tmp_path, monkeypatch):
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "fmgraph.nt.gz").write_bytes(b"packed")
    monkeypatch.chdir(tmp_path)
    client = create_app(engine, settings, dumps=Path("dump")).test_client()
    with client.get("/dump/fmgraph.nt.gz") as answer:
        assert (answer.status_code, answer.data) == (200, b"packed")
