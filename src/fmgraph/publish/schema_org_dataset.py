"""The dataset as schema.org JSON-LD, for the home page. https://schema.org/Dataset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from fmgraph.publish.dataset_names import (
    AUTHORS,
    DATA_LICENSE,
    DESCRIPTION,
    KEYWORDS,
    TITLE,
    DumpFile,
    StoredFile,
    describing,
    dump_files,
)
from fmgraph.rdf.prefixes import BASE, SCHEMA


class Release(Protocol):
    """What is said of a release: the parts of :class:`fmgraph.rdf.store.Meta` that are needed."""

    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def modified(self) -> str: ...  # noqa: D102
    @property
    def triples(self) -> int: ...  # noqa: D102


def dataset_jsonld(
    meta: Release,
    *,
    base: str = BASE,
    service: str | None = None,
    dumps: Iterable[DumpFile] = tuple(dump_files()),
    stored_files: Iterable[StoredFile] = (),
) -> dict[str, Any]:
    """Return ``schema:Dataset`` as a JSON-LD object, with a context that needs no fetching.

    It is what F-UJI and dataset search engines read from a landing page. ``service`` is the URL under which
    the dumps are (the base where None), ``dumps`` those there are, ``stored_files`` those of known size.
    """
    service = service or base
    sizes = {file.name: file for file in stored_files}
    people = {"@type": "Organization", "@id": describing("contributors", base), "name": AUTHORS}
    return {
        "@context": {"@vocab": SCHEMA},
        "@type": "Dataset",
        "@id": describing("dataset", base),
        "name": TITLE,
        "description": DESCRIPTION,
        "url": {"@id": base},
        "identifier": describing("dataset", base),
        "version": meta.version,
        "datePublished": meta.modified,
        "dateModified": meta.modified,
        "license": {"@id": DATA_LICENSE},
        "isAccessibleForFree": True,
        "inLanguage": "en",
        "keywords": list(KEYWORDS),
        "creator": people,
        "publisher": people,
        "size": f"{meta.triples} triples",
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "@id": describing("catalogue", base),
            "name": "fmgraph catalogue",
        },
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": file.syntax.media_type,
                "contentUrl": {"@id": f"{service}dump/{file.name}"},
                "name": file.name,
                **_measures(sizes.get(file.name)),
            }
            for file in dumps
            if not file.compression or file.syntax.suffix in ("ttl", "nt")
        ],
    }


def _measures(file: StoredFile | None) -> dict[str, str]:
    if file is None:
        return {}
    return {"contentSize": f"{file.size} B"} | ({"sha256": file.sha256} if file.sha256 else {})
