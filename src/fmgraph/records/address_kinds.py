"""What a page is, as far as its address tells: a data set is no weights, a model card no source code."""

from __future__ import annotations

from urllib.parse import urlsplit

from fmgraph.records.addresses import Address

_DOCUMENTATION = ("developers.google.com", "readthedocs.io", "docs.rs", "gitbook.io")
_SHORT = {"aka.ms", "bit.ly", "tinyurl.com", "goo.gl", "t.co", "shorturl.at"}
#: Whatever these are, they are no files and no source code.
_NEVER = {
    "organisation": "the page of an organisation or user, not one of its repositories",
    "documentation": "a page of documentation",
    "truncated": "an address that has lost its parameters",
}
#: Why a page of a kind is no value of a key; what is not here may be one.
UNFIT: dict[str, dict[str, str]] = {
    "weights": _NEVER | {"dataset": "the page of a data set, not of weights"},
    "code": _NEVER
    | {
        "dataset": "the page of a data set, not source code",
        "model-page": "a model page, which has weights and a card but no source code",
        "short-link": "a short link, which does not say where it leads and may lead elsewhere tomorrow",
    },
}


def page_kind(address: Address) -> str | None:
    """Return what the page is: ``model-page``, ``dataset``, ``organisation`` …; None where nothing tells.

    A file or folder inside a data set's repository is none: weights may lie there.
    """
    parts = urlsplit(address.iri)
    bits = [bit for bit in parts.path.split("/") if bit]
    if address.host in ("github.com", "huggingface.co") and len(bits) == 1:
        return "organisation"
    if address.host in _SHORT:
        return "short-link"
    if any(address.host == host or address.host.endswith(f".{host}") for host in _DOCUMENTATION):
        return "documentation"
    if parts.path.endswith("/onedrive.aspx") and not parts.query:
        return "truncated"
    scheme = address.repository[0] if address.repository else None
    if scheme == "huggingface":
        return "model-page"
    return "dataset" if scheme == "huggingface-dataset" and len(bits) == 3 else None


def unfit(address: Address, key: str) -> str | None:
    """Return why the address is no value of the key; None where it may be one.

    >>> from fmgraph.records.addresses import parse_address
    >>> unfit(parse_address("https://huggingface.co/project-lighter"), "weights")
    'the page of an organisation or user, not one of its repositories'
    """
    return UNFIT.get(key, {}).get(page_kind(address) or "")
