"""What common headers of such lists usually mean: a first draft for the curator of a new list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fmgraph.text import match_key

#: What stands under ``columns:`` for one header.
Meaning = str | Mapping[str, str]

#: ``text`` is what an item has beside its title and links.
_PROSE = {
    "summary", "note", "notes", "description", "abstract", "comment", "comments", "tldr", "remarks", "text",
}  # fmt: skip
_FIELDS = {
    "year": "year",
    "date": "year",
    "modality": "modality",
    "title": "title",
    "papertitle": "title",
    "journal": "published_in",
    "venue": "published_in",
    "modelbackbone": "backbone",
    "backbone": "backbone",
    "architecture": "backbone",
    "inputresolution": "input_resolution",
    "resolution": "input_resolution",
    "datasetscale": "data_scale",
    "scale": "data_scale",
    "params": "parameter_count",
    "parameters": "parameter_count",
    "institute": "developed_by",
    "institution": "developed_by",
    "organization": "developed_by",
    "developer": "developed_by",
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
    "modelname": "name",
    "dataset": "name",
    "datasetname": "name",
    "authors": "author",
    "link": "links",
    "links": "links",
    "resources": "links",
    "paper": "url",
    "computinghardware": "hardware",
    "hardware": "hardware",
}


def draft(header: str) -> Meaning | None:
    """Return what a header of that name usually means; None where nothing is known.

    The second of two equal headers, which is numbered, means what the first does.

    >>> draft("Hugging Face"), draft("Note"), draft("Stars"), draft("Link (2)")
    ('weights', {'prose': 'true'}, None, 'links')
    """
    key = match_key(re.sub(r" \(\d+\)$", "", header))
    return {"prose": "true"} if key in _PROSE else _FIELDS.get(key)
