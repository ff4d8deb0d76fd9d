"""Identifiers of papers, written one way: DOIs and arXiv ids.

Two texts that name one thing give one identifier, whatever their case, percent-encoding, resolver or prefix.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

#: ISO 26324: a prefix of ``10.`` and a registrant, a slash, and a suffix of any characters.
_DOI = re.compile(r"10\.\d+(?:\.\d+)*/\S+")
_RESOLVER = re.compile(r"(?:doi:\s*|https?://(?:(?:dx|www)\.)?doi\.org/(?:doi:)?)", re.IGNORECASE)
#: https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?(?:\.pdf)?", re.IGNORECASE)
_ARXIV_DOI = "10.48550/arxiv."
_ARXIV_HOSTS = {"arxiv.org", "www.arxiv.org", "export.arxiv.org", "alphaxiv.org", "www.alphaxiv.org"}


def normal_doi(text: str) -> str:
    """Return the DOI in lower case, without resolver or percent-encoding (DOIs ignore case: ISO 26324, 4.2).

    Raises ValueError where it is none, or ends in a mark that is the sentence's and not the DOI's.

    >>> normal_doi("https://dx.doi.org/10.1002/%28SICI%29X")
    '10.1002/(sici)x'
    """
    text = text.strip()
    prefix = _RESOLVER.match(text)
    found = unquote(text[prefix.end() :] if prefix else text).lower()
    if not _DOI.fullmatch(found):
        raise ValueError(f"{text!r} is not a DOI such as 10.1038/s41586-023-06555-x")
    if found[-1] in ".,;":
        raise ValueError(f"{text!r} is not a DOI; drop the {found[-1]!r} at its end")
    return found


def doi_address(doi: str) -> str:
    """Return the https://doi.org IRI of a normal DOI (DOI Handbook, section 3.8)."""
    return "https://doi.org/" + quote(doi, safe="/:;()._-")


def normal_arxiv(text: str, *, version: bool = False) -> str:
    """Return the arXiv id in any of its spellings, with its version only where ``version`` is set.

    ``2401.00001v2``, ``arXiv:2401.00001``, ``10.48550/arXiv.2401.00001`` and arxiv.org addresses are known;
    raises ValueError for anything else.
    """
    found = text.strip()
    if found.lower().startswith(("http://", "https://")):
        parts = urlsplit(found)
        if parts.hostname in _ARXIV_HOSTS:
            found = _in_path(parts.path)
    prefix = _RESOLVER.match(found)
    found = found[prefix.end() :] if prefix else found
    if found.lower().startswith(_ARXIV_DOI):
        found = found[len(_ARXIV_DOI) :]
    elif found[:6].lower() == "arxiv:":
        found = found[6:].strip()
    match = _ARXIV.fullmatch(found)
    if not match:
        raise ValueError(f"{text!r} is not an arXiv id such as 2309.07778")
    return match[1] + (match[2] or "").lower() if version else match[1]


def _in_path(path: str) -> str:
    """Return the id at the end of a path: ``/abs/2309.07778``, ``/ftp/arxiv/papers/2303/2303.14070.pdf``."""
    for bits in (1, 2):
        tail = "/".join(path.rstrip("/").split("/")[-bits:])
        if _ARXIV.fullmatch(tail):
            return tail
    return path
