"""Releases that are kept: one folder of files for each version, with the changes since the one before.

``{version}/`` has the whole graph in each format, ``changes-from-{previous}.rdfp.gz`` (RDF Patch) and ``.md``
(in words), ``description.ttl`` (DCAT), ``meta.json`` and ``SHA256SUMS``. It is written once, by
:mod:`fmgraph.publish.write_release`, and stays as it is; the service gives it out below ``/release/``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmgraph.errors import BrokenDataError, UsageError
from fmgraph.publish.dataset_names import StoredFile
from fmgraph.publish.dump_files import stored_files
from fmgraph.publish.released_records import read_releases
from fmgraph.rdf import rdf_patch

META, DESCRIPTION = "meta.json", "description.ttl"
#: The graph of a release, against which the next one is compared.
GRAPH = "fmgraph.nt.gz"
#: What a version looks like.
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class ReleaseFolder:
    """A release: what its ``meta.json`` says, and its files; of one that is not kept the first three."""

    version: str
    modified: str  #: ISO 8601 date
    previous: str | None  #: the version from which the change files lead here
    digest: str = ""  #: SHA-256 of the sorted N-Triples
    triples: int | None = None
    path: Path | None = None  #: None for a release whose files are not kept
    files: tuple[StoredFile, ...] = ()

    @property
    def changes(self) -> tuple[str, str] | None:
        """The names of the change files (RDF Patch, words); None where there are none."""
        return change_files(self.previous) if self.previous and self.path else None


def change_files(previous: str) -> tuple[str, str]:
    """Return the names of the files with the changes from a version: RDF Patch, and words."""
    start = f"changes-from-{previous}"
    return f"{start}.{rdf_patch.SUFFIX}.gz", f"{start}.md"


def version_key(version: str) -> tuple[int, ...]:
    """Return what orders versions: their numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def all_releases(directory: Path | None) -> list[ReleaseFolder]:
    """Return the releases below a folder, and those that are known and not kept there, the newest first."""
    releases = {one.version: one for one in read_releases_of(directory)} if directory else {}
    before: str | None = None
    for release in read_releases():
        releases.setdefault(release.version, ReleaseFolder(release.version, release.date, before))
        before = release.version
    return sorted(releases.values(), key=lambda one: version_key(one.version), reverse=True)


def read_releases_of(directory: Path) -> list[ReleaseFolder]:
    """Return the releases below a folder, the newest first.

    Raises UsageError where there is no such folder, BrokenDataError for a release that is damaged.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder of releases (fmgraph release writes one)")
    releases = [read_release(path) for path in directory.iterdir() if VERSION.fullmatch(path.name)]
    return sorted(releases, key=lambda one: version_key(one.version), reverse=True)


def read_release(path: Path) -> ReleaseFolder:
    """Return the release in a folder; raises BrokenDataError where there is none, or it is damaged."""
    try:
        fields: dict[str, Any] = json.loads((path / META).read_text("utf-8"))
        return ReleaseFolder(**fields, path=path, files=tuple(stored_files(path)))
    except (OSError, ValueError, TypeError) as error:
        raise BrokenDataError(f"{path} is no release, or a damaged one ({error})") from error
