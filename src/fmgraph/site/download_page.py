"""``/dump/`` for people: the dataset's files in groups, with what each holds, its size and its checksum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fmgraph.ontology import all_kinds
from fmgraph.rdf.formats import GRAPHS
from fmgraph.site.page_context import Site

_PACKED = {"gz": "gzip", "zst": "Zstandard"}
_FORMATS = {form.suffix: form.label for form in GRAPHS}


@dataclass(frozen=True)
class File:
    """A file: its name, what it holds, its format, its size in words ("" where unknown) and its SHA-256."""

    name: str
    holds: str
    form: str
    size: str
    sha256: str


def index(site: Site, files: Iterable[tuple[str, int | None, str]]) -> str:
    """Return the page; ``files`` as :class:`fmgraph.server.http.service_state.Hooks` gives them."""
    groups: dict[str, list[File]] = {"The whole graph": [], "By kind": [], "By list": [], "Further files": []}
    for name, size, sha256 in files:
        stem, _, suffixes = name.partition(".")
        kind = stem.removeprefix("fmgraph-")
        form, _, packed = suffixes.partition(".")
        words = " ".join(part for part in (_FORMATS.get(form, ""), _PACKED.get(packed, "")) if part)
        if stem == "fmgraph":
            group, holds = "The whole graph", "everything"
        elif stem.startswith("fmgraph-") and kind in all_kinds():
            group, holds = "By kind", all_kinds()[kind].plural
        elif stem.startswith("list-"):
            group, holds = "By list", stem.removeprefix("list-")
        else:
            group, holds = "Further files", "checksums" if name == "SHA256SUMS" else ""
        groups[group].append(File(name, holds, words, size_words(size), sha256))
    return site.render("downloads.html", groups={title: some for title, some in groups.items() if some})


def size_words(size: int | None) -> str:
    """Return a number of bytes as people write it: decimal units, as downloads are measured."""
    if size is None:
        return ""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"
