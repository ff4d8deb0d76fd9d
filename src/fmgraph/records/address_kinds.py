"""What a page is, as far as its address tells: a data set is no weights, a model card no source code."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from fmgraph.records.addresses import Address

#: Paths are those of :attr:`Address.key`: host without ``www.``, then path and query.
_ORGANISATIONS = re.compile(
    r"(?:github\.com|huggingface\.co|gitlab\.com|bitbucket\.org|codeberg\.org|kaggle\.com)(?:/[^/]*)?"
    r"|github\.com/(?:orgs|sponsors)/.*|huggingface\.co/(?:organizations/.*|[^/]+/(?:models|datasets|spaces|collections))"
    r"|kaggle\.com/organizations/.*|modelscope\.cn/(?:organization|profile)/.*|zenodo\.org/communities/.*"
)
_DOCUMENTATION = re.compile(
    r"(?:developers\.google\.com|ai\.google\.dev|docs\.rs|docs\.(?!google\.com)[\w.-]+)(?:/.*)?"
    r"|[\w-]+\.(?:readthedocs\.io|rtfd\.io|gitbook\.io)(?:/.*)?"
    r"|huggingface\.co/(?:docs|blog|learn|tasks)/.*|github\.com/[^/]+/[^/]+/wiki(?:/.*)?"
)
_DATASETS = re.compile(
    r"huggingface\.co/datasets/[^/]+(?:/[^/]+)?|kaggle\.com/(?:datasets|competitions|c)/.*|modelscope\.cn/datasets/.*"
    r"|openneuro\.org/.*|ieee-dataport\.org/.*|(?:[\w-]+\.)?cancerimagingarchive\.net(?:/.*)?"
)
_PAPERS = re.compile(
    r"huggingface\.co/papers/.*|(?:arxiv|alphaxiv|biorxiv|medrxiv|openreview)\.(?:org|net)/.*"
    r"|(?:nature|cell|science|ieeexplore\.ieee|link\.springer|sciencedirect)\.(?:com|org)/(?:articles?|doi|document|chapter|science)/.*"
    r"|(?:pubmed|pmc)\.ncbi\.nlm\.nih\.gov/.*|openaccess\.thecvf\.com/.*|papers\.(?:nips|neurips|miccai)\.[\w.]+/.*"
    r"|doi\.org/10\.(?:1002|1007|1016|1038|1056|1073|1093|1101|1109|1126|1136|1145|1371|3389|3390|18653|48550)/.*"
    r"|aclanthology\.org/.*|proceedings\.mlr\.press/.*"
)
#: Hosts of forms, and paths that a form has where the host has other pages too.
_FORMS = re.compile(
    r"forms\.gle/.*|docs\.google\.com/forms/.*|forms\.(?:office|microsoft|cloud\.microsoft)\.com/.*"
    r"|(?:[\w-]+\.)?(?:typeform\.com|jotform\.com|wjx\.(?:cn|top))/.*|survey\.alchemer\.com/.*"
)
_KINDS = {
    "organisation": _ORGANISATIONS,
    "documentation": _DOCUMENTATION,
    "dataset": _DATASETS,
    "paper": _PAPERS,
    "request-form": _FORMS,
}
_SHORT = {"aka.ms", "bit.ly", "tinyurl.com", "goo.gl", "t.co", "shorturl.at"}
#: Whatever these are, they are no files and no source code.
_NEVER = {
    "organisation": "the page of an organisation or user, not one of its repositories",
    "documentation": "a page of documentation",
    "paper": "a paper",
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
    for kind, pattern in _KINDS.items():
        if pattern.fullmatch(address.key.partition("?")[0]):
            return kind
    parts = urlsplit(address.iri)
    if address.host in _SHORT:
        return "short-link"
    if parts.path.endswith("/onedrive.aspx") and not parts.query:
        return "truncated"
    return "model-page" if address.repository and address.repository[0] == "huggingface" else None


#: What a page's own kind is to whoever follows a link to it.
_LINK_KINDS = {
    "model-page": "weights",
    "dataset": "dataset",
    "organisation": "organisation",
    "documentation": "documentation",
    "paper": "paper",
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
    if kinds := {_BY_KEY[key] for key in keys if key in _BY_KEY}:
        return kinds
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
