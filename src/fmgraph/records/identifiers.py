"""Identifiers: DOIs and arXiv ids written one way, and the check digits of ROR, ORCID and ISSN.

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

#: Digits of Crockford's base 32, in lower case. https://www.crockford.com/base32.html
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_ORCID = re.compile(r"(?:https?://orcid\.org/)?([0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3})([0-9X])")
_ISSN = re.compile(r"([0-9]{4})-([0-9]{3})([0-9X])")


def normal_doi(text: str) -> str:
    """Return the DOI in lower case, without resolver or percent-encoding (DOIs ignore case: ISO 26324, 4.2).

    Raises ValueError where it is none, or ends in a mark that is the sentence's and not the DOI's.

    >>> normal_doi("https://dx.doi.org/10.1002/%28SICI%29X")
    '10.1002/(sici)x'
    """
    text = text.strip()
    prefix = _RESOLVER.match(text)
    doi = unquote(text[prefix.end() :] if prefix else text).lower()
    if not _DOI.fullmatch(doi):
        raise ValueError(f"{text!r} is not a DOI such as 10.1038/s41586-023-06555-x")
    if doi[-1] in ".,;":
        raise ValueError(f"{text!r} is not a DOI; drop the {doi[-1]!r} at its end")
    return doi


def doi_address(doi: str) -> str:
    """Return the https://doi.org IRI of a normal DOI (DOI Handbook, section 3.8)."""
    return "https://doi.org/" + quote(doi, safe="/:;()._-")


def normal_arxiv(text: str, *, version: bool = False) -> str:
    """Return the arXiv id in any of its spellings, with its version only where ``version`` is set.

    ``2401.00001v2``, ``arXiv:2401.00001``, ``10.48550/arXiv.2401.00001`` and arxiv.org addresses are known;
    raises ValueError for anything else.
    """
    id_text = text.strip()
    if id_text.lower().startswith(("http://", "https://")):
        parts = urlsplit(id_text)
        if parts.hostname in _ARXIV_HOSTS:
            id_text = _in_path(parts.path)
    prefix = _RESOLVER.match(id_text)
    id_text = id_text[prefix.end() :] if prefix else id_text
    if id_text.lower().startswith(_ARXIV_DOI):
        id_text = id_text[len(_ARXIV_DOI) :]
    elif id_text[:6].lower() == "arxiv:":
        id_text = id_text[6:].strip()
    match = _ARXIV.fullmatch(id_text)
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


def is_ror(text: str) -> bool:
    """Tell whether the last two digits of a ROR are its check digits (ISO 7064, mod 97-10).

    >>> is_ror("https://ror.org/02jx3x895"), is_ror("https://ror.org/02jx3x896")
    (True, False)
    """
    body, digits = text.rpartition("/")[2][:-2], text[-2:]
    if len(body) != 7 or not set(body) <= set(_BASE32):
        return False
    number = 0
    for char in body:
        number = number * 32 + _BASE32.index(char)
    return digits == f"{98 - number * 100 % 97:02d}"


def is_orcid(text: str) -> bool:
    """Tell whether the last character of an ORCID iD is its check digit (ISO 7064, mod 11-2).

    >>> is_orcid("https://orcid.org/0000-0002-1825-0097"), is_orcid("0000-0002-1825-0098")
    (True, False)
    """
    match = _ORCID.fullmatch(text)
    if match is None:
        return False
    total = 0
    for digit in match[1].replace("-", ""):
        total = (total + int(digit)) * 2
    return match[2] == "0123456789X"[(12 - total % 11) % 11]


def is_issn(text: str) -> bool:
    """Tell whether the last character of an ISSN is its check digit (ISO 3297, mod 11).

    >>> is_issn("2049-3630"), is_issn("2049-3631")
    (True, False)
    """
    match = _ISSN.fullmatch(text)
    if match is None:
        return False
    total = sum(int(digit) * (8 - place) for place, digit in enumerate(match[1] + match[2]))
    return match[3] == "0123456789X"[-total % 11]


def is_arxiv(text: str) -> bool:
    """Tell whether arXiv can have given the id out: its form depends on the month that it names.

    https://info.arxiv.org/help/arxiv_identifier.html

    >>> is_arxiv("2309.07778"), is_arxiv("2309.0777"), is_arxiv("hep-th/9901001"), is_arxiv("0703.0001")
    (True, False, True, False)
    """
    old = re.fullmatch(r"[a-z-]+(?:\.[A-Z]{2})?/(\d\d)(0[1-9]|1[0-2])\d{3}", text)
    if old:
        return old[1] >= "91" or old[1] + old[2] <= "0703"
    new = re.fullmatch(r"(\d\d(?:0[1-9]|1[0-2]))\.(\d{4,5})", text)
    return new is not None and new[1] >= "0704" and len(new[2]) == (4 if new[1] < "1501" else 5)
