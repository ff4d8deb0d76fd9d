"""Which records each release had: ``data/releases/{version}.txt``, one ``kind/slug`` a line.

Its first line is ``# `` and the date of the release. By these files it is known what has been added since,
and a test holds every record ever released to lead somewhere. At a release ``python -m
fmgraph.publish.released_records`` writes the new file, and keeps the ontology as it is then as
``ontology/versions/{version}.ttl`` (docs/releases.md).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from fmgraph import resources
from fmgraph.errors import RecordError
from fmgraph.ontology import all_kinds, published_ontology
from fmgraph.records.record_files import mapping, parse_yaml, read_text, scalar


@dataclass(frozen=True)
class Release:
    """A release: its version, its ISO date, and the records (``kind/slug``) that it had."""

    version: str
    date: str
    records: frozenset[str]


def read_releases(data_dir: Path | None = None) -> list[Release]:
    """Return the releases, the oldest first; raises RecordError for a file without its date."""
    folder = (data_dir or resources.data_dir()) / "releases"
    releases = [_read(path) for path in folder.glob("*.txt")]
    return sorted(
        releases, key=lambda one: (one.date, [int(n) for n in one.version.split(".") if n.isdigit()])
    )


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


def current_release(data_dir: Path) -> tuple[str, str]:
    """Return version and date of the data, from ``release.yaml``; raises RecordError where it has none."""
    path = data_dir / "release.yaml"
    fields = mapping(parse_yaml(read_text(path), path), path, "release")
    missing = {"version", "date"} - fields.keys()
    if missing:
        raise RecordError(f"{' and '.join(sorted(missing))} missing", file=path, remedy="add it")
    return scalar(fields["version"], path, "version"), scalar(fields["date"], path, "date")


def previous_release(data_dir: Path) -> str | None:
    """Return the version released last before the one that ``release.yaml`` names; None for the first."""
    version, _ = current_release(data_dir)
    earlier = [one.version for one in read_releases(data_dir) if one.version != version]
    return earlier[-1] if earlier else None


def main() -> None:
    """Write what is kept of the release that ``data/release.yaml`` names, and say to which files."""
    data, ontology = resources.data_dir(), resources.ontology_dir()
    version, date = current_release(data)
    texts = {
        data / "releases" / f"{version}.txt": "\n".join([f"# {date}", *records()]) + "\n",
        ontology / "versions" / f"{version}.ttl": published_ontology(),
    }
    for path, text in texts.items():
        path.write_text(text, "utf-8")
        sys.stderr.write(f"{path}\n")


if __name__ == "__main__":
    main()
