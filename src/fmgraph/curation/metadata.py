"""What the adapters of metadata services have in common: one fact with its place."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class MetadataFact:
    """One fact that a document states.

    ``value`` is written as a record writes it, or is a name that still has to be resolved: of a venue, of a
    licence, of a model or data set on Hugging Face (``owner/name``).
    """

    key: str  #: YAML key of the property
    value: str
    source: str  #: source reference, as records write it
    at: str  #: where in the source, in our own words


def one_line(text: str) -> str:
    """Return a title or name on one line, without the tags and character references of services."""
    return " ".join(re.sub(r"</?[A-Za-z][^<>]*>", "", html.unescape(text)).split())


def person(given_name: str | None, family_name: str | None, name: str | None = None) -> str:
    """Return a person's name in the usual order; ``Family, Given`` is turned round."""
    if given_name or family_name:
        return one_line(" ".join(part for part in (given_name, family_name) if part))
    last, comma, first = (name or "").partition(",")
    return one_line(f"{first} {last}" if comma else last)
