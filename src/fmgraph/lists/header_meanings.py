"""What common headers of such lists usually mean: a first draft for the curator of a new list."""

from __future__ import annotations

from collections.abc import Mapping

from fmgraph.text import match_key

#: What stands under ``columns:`` for one header.
Meaning = str | Mapping[str, str]

_PROSE = ("summary", "note", "notes", "description", "abstract", "comment", "comments", "tldr", "remarks")
_FIELDS = {
    "year": "year",
    "modality": "modality",
    "title": "title",
    "journal": "published_in",
    "venue": "published_in",
    "modelbackbone": "backbone",
    "backbone": "backbone",
    "architecture": "backbone",
    "inputresolution": "input_resolution",
    "datasetscale": "data_scale",
    "code": "code",
    "github": "code",
    "weights": "weights",
    "modelweight": "weights",
    "modelweights": "weights",
    "huggingface": "weights",
    "keyfeature": "pretraining_method",
    "method": "contribution",
    "name": "name",
    "model": "name",
    "authors": "author",
    "link": "url",
    "paper": "url",
    "computinghardware": "hardware",
    "hardware": "hardware",
}


def draft(header: str) -> Meaning | None:
    """Return what a header of that name usually means; None where nothing is known.

    >>> draft("Hugging Face"), draft("Note"), draft("Stars")
    ('weights', {'prose': 'true'}, None)
    """
    key = match_key(header)
    return {"prose": "true"} if key in _PROSE else _FIELDS.get(key)
