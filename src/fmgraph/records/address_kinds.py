"""What a page is, as far as its address tells: a data set is no weights, a model card no source code."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from fmgraph.records.addresses import Address

_DOCUMENTATION = ("developers.google.com", "readthedocs.io", "docs.rs", "gitbook.io")
#: Hosts of forms, and paths that a form has where the host has other pages too.
_FORMS = re.compile(
    r"forms\.gle/.*|docs\.google\.com/forms/.*|forms\.(?:office|microsoft|cloud\.microsoft)\.com/.*"
    r"|(?:[\w-]+\.)?(?:typeform\.com|jotform\.com|wjx\.(?:cn|top))/.*|survey\.alchemer\.com/.*"
)
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
    """Return what the page is: ``model-page``, ``organisation``, ``request-form`` …; None if unknown.

    A file or folder inside a data set's repository is none: weights may lie there.
    """
    parts = urlsplit(address.iri)
    bits = [bit for bit in parts.path.split("/") if bit]
    if address.host in ("github.com", "huggingface.co") and len(bits) == 1:
        return "organisation"
    if address.host in _SHORT:
        return "short-link"
    if _FORMS.fullmatch(address.key):
        return "request-form"
    if any(address.host == host or address.host.endswith(f".{host}") for host in _DOCUMENTATION):
        return "documentation"
    if parts.path.endswith("/onedrive.aspx") and not parts.query:
        return "truncated"
    scheme = address.repository[0] if address.repository else None
    if scheme == "huggingface":
        return "model-page"
    return "dataset" if scheme == "huggingface-dataset" and len(bits) == 3 else None


#: What a page's own kind is to whoever follows a link to it.
_LINK_KINDS = {
    "model-page": "weights",
    "dataset": "dataset",
    "organisation": "organisation",
    "documentation": "documentation",
    "request-form": "request-form",
}
#: What a link of a key leads to, where its address does not tell.
_BY_KEY = {"code": "code", "weights": "weights", "demo": "demo", "container": "container"}


def link_kinds(address: Address, keys: Collection[str]) -> set[str]:
    """Return what a page is that links with these YAML keys lead to; ``page`` where nothing tells.

    The address goes before the keys: a data set linked as weights is a data set all the same.

    >>> from fmgraph.records.addresses import parse_address
    >>> link_kinds(parse_address("https://huggingface.co/datasets/owner/name"), ["homepage"])
    {'dataset'}
    """
    known = _LINK_KINDS.get(page_kind(address) or "")
    if known:
        return {known}
    if found := {_BY_KEY[key] for key in keys if key in _BY_KEY}:
        return found
    if address.doi or address.arxiv:
        return {"paper"}
    return {"code" if address.repository and address.repository[0] == "github" else "page"}


def unfit(address: Address, key: str) -> str | None:
    """Return why the address is no value of the key; None where it may be one.

    >>> from fmgraph.records.addresses import parse_address
    >>> unfit(parse_address("https://huggingface.co/project-lighter"), "weights")
    'the page of an organisation or user, not one of its repositories'
    """
    return UNFIT.get(key, {}).get(page_kind(address) or "")
