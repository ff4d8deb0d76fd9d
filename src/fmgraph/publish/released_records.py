"""Which records each release had: ``data/releases/{version}.txt``, one ``kind/slug`` a line.

Its first line is ``# `` and the date of the release. By these files it is known what has been added since,
and a test holds every record ever released to lead somewhere. At a release the new file is written by
``python -m fmgraph.publish.released_records > data/releases/VERSION.txt`` (docs/releases.md).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from fmgraph import resources
from fmgraph.errors import RecordError
from fmgraph.ontology import all_kinds
from fmgraph.publish.make_dataset import release


@dataclass(frozen=True)
class Release:
    """A release: its version, its ISO date, and the records (``kind/slug``) that it had."""

    version: str
    date: str
    records: frozenset[str]


def read_releases(data_dir: Path | None = None) -> list[Release]:
    """Return the releases, the oldest first; raises RecordError for a file without its date."""
    folder = (data_dir or resources.data_dir()) / "releases"
    found = [_read(path) for path in folder.glob("*.txt")]
    return sorted(found, key=lambda one: (one.date, [int(n) for n in one.version.split(".") if n.isdigit()]))


def _read(path: Path) -> Release:
    first, *lines = path.read_text("utf-8").splitlines() or [""]
    if not first.startswith("# "):
        raise RecordError("the date of the release is missing", file=path, line=1, remedy="# 2026-11-22")
    return Release(path.stem, first[2:].strip(), frozenset(line for line in lines if line))


def records(data_dir: Path | None = None) -> list[str]:
    """Return all records that there are now, as ``kind/slug``, sorted."""
    folder = data_dir or resources.data_dir()
    kinds = [kind.name for kind in all_kinds().values() if kind.recorded]
    return sorted(f"{kind}/{path.stem}" for kind in kinds for path in (folder / kind).glob("*.yaml"))


def main() -> None:
    """Print the file of the release that ``data/release.yaml`` names."""
    _, date = release(resources.data_dir())
    sys.stdout.write("\n".join([f"# {date}", *records()]) + "\n")


if __name__ == "__main__":
    main()
