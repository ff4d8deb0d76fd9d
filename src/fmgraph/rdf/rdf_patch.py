"""What changed from one graph to another as an RDF Patch, and applying one.

https://afs.github.io/rdf-delta/rdf-patch.html: a line is ``D`` or ``A`` (deleted, added) and a triple as in
N-Triples. The changes stand in the order of the sorted triples. The headers ``from`` and ``to`` hold the
digests of the two graphs: SHA-256 of their sorted N-Triples, as in a dataset's ``meta.json``.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Literal

from fmgraph.errors import RdfFileError
from fmgraph.rdf.sorted_lines import Lines

#: Jena's media type of the format; it is not registered.
MEDIA_TYPE = "application/rdf-patch"
SUFFIX = "rdfp"
Operation = Literal["A", "D"]
_HEADER = re.compile(r'H (from|to) "([0-9a-f]{64})" \.\n')


def changes(old: Iterable[str], new: Iterable[str]) -> Iterator[tuple[Operation, str]]:
    """Yield the lines that are in one graph only, in their order: of ``old`` as D, of ``new`` as A."""
    left, right = iter(old), iter(new)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if a == b:
            a, b = next(left, None), next(right, None)
        elif b is None or (a is not None and a.encode() < b.encode()):
            yield "D", a or ""
            a = next(left, None)
        else:
            yield "A", b
            b = next(right, None)


def digest_of(lines: Iterable[str]) -> str:
    """Return the SHA-256 of lines in hex."""
    hasher = hashlib.sha256()
    for line in lines:
        hasher.update(line.encode())
    return hasher.hexdigest()


def patch(old: Lines, new: Lines) -> Iterator[str]:
    """Yield the lines of the patch that makes ``new`` of ``old``."""
    yield f'H from "{digest_of(old)}" .\n'
    yield f'H to "{digest_of(new)}" .\n'
    yield "TX .\n"
    yield from (f"{operation} {line}" for operation, line in changes(old, new))
    yield "TC .\n"


def apply_patch(old: Lines, lines: Iterable[str], target: IO[bytes], name: Path | str = "patch") -> str:
    """Write the sorted N-Triples that a patch makes of ``old``; return their digest.

    ``lines`` are those of a patch as :func:`patch` writes it. Raises RdfFileError, naming ``name``, where the
    patch is for another graph, is not understood, or does not make the graph that its header names.
    """
    digests: dict[str, str] = {}
    removed_triples: set[str] = set()
    added_triples: list[str] = []
    is_complete = False
    for number, line in enumerate(lines, 1):
        operation, _, triple = line.partition(" ")
        if header := _HEADER.fullmatch(line):
            digests[header[1]] = header[2]
        elif operation == "D":
            removed_triples.add(triple)
        elif operation == "A":
            added_triples.append(triple)
        elif operation == "TC":
            is_complete = True
        elif operation not in ("H", "TX"):
            raise RdfFileError(f"{line[:40]!r} is no line of such a patch", file=name, line=number)
    if not is_complete or digests.keys() != {"from", "to"}:
        raise RdfFileError(
            "the patch is not whole: it has a beginning (H from, H to) and an end (TC)", file=name
        )
    if (is_ := digest_of(old)) != digests["from"]:
        remedy = f"apply it to the graph {digests['from'][:12]}"
        raise RdfFileError(f"the patch is not for the graph {is_[:12]}", file=name, remedy=remedy)
    hasher = hashlib.sha256()
    remaining = (line for line in old if line not in removed_triples)
    for line in heapq.merge(remaining, added_triples, key=str.encode):
        data = line.encode()
        hasher.update(data)
        target.write(data)
    if (digest := hasher.hexdigest()) != digests["to"]:
        raise RdfFileError(f"the patch makes {digest[:12]}, not {digests['to'][:12]} as it says", file=name)
    return digest
