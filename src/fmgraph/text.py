"""Small text helpers: match keys, slugs, nearest names."""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

_NOT_KEY = re.compile(r"[^a-z0-9+]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

#: A slug, as in file names and IRIs.
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


#: Halves of UTF-16 pairs and bytes that were no UTF-8: no encoding can write them, so that no name has one.
_SURROGATE = re.compile("[\ud800-\udfff]")

#: What XML 1.0 cannot carry, even escaped (https://www.w3.org/TR/xml/#charsets): no result format could.
_UNFIT_FOR_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def unfit_for_xml(text: str) -> str | None:
    """Return the first character that XML 1.0 cannot carry, as ``U+0001``; None where there is none."""
    match = _UNFIT_FOR_XML.search(text)
    return f"U+{ord(match[0]):04X}" if match else None


def without_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which SQLite and rapidfuzz cannot take."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def fold(text: str) -> str:
    """Return the text in lower case without diacritics (Unicode NFKD, marks removed)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", without_surrogates(text))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


@lru_cache(maxsize=100_000)
def match_key(text: str) -> str:
    """Return the key under which names are compared: spelling, case and punctuation do not count.

    >>> match_key("ViT-Base/16") == match_key("vit_base 16")
    True
    """
    return _NOT_KEY.sub("", fold(text))


def slugify(text: str) -> str:
    """Return a slug made from the text; empty when nothing of it can stand in one.

    >>> slugify("Nhat-Tu Le")
    'nhat-tu-le'
    """
    return _NOT_SLUG.sub("-", fold(text)).strip("-")


def nearest(text: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return up to ``count`` of the names that look most like the text, the best first.

    Of equals the last by name comes first: of a list's editions, the newest.
    """
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(match_key(name), name)
    alike = process.extract(match_key(text), by_key.keys(), scorer=fuzz.ratio, limit=None, score_cutoff=50)
    best = heapq.nlargest(count, ((score, key) for key, score, _ in alike))
    return [by_key[key] for _, key in best]
