"""What a link is to a work, by its words and host: paper, code, weights, data, demo, container, page."""

from __future__ import annotations

import re

from fmgraph.lists.inline_markdown import Link
from fmgraph.records.addresses import Address
from fmgraph.text import match_key

#: Pictures about a page, and pages about stars: no address of a work.
_BADGE_HOSTS = re.compile(
    r"(?:.*\.)?(?:shields\.io|badge\.fury\.io|badgen\.net|star-history\.com|awesome\.re)"
)
_CODE_HOSTS = re.compile(
    r"(?:.*\.)?(?:github\.com|gitlab\.com|gitlab\..*|bitbucket\.org|codeberg\.org)|gist\..*"
)
_CONTAINER_HOSTS = {"hub.docker.com", "ghcr.io", "quay.io"}
_DATA_HOSTS = {
    "kaggle.com",
    "physionet.org",
    "synapse.org",
    "grand-challenge.org",
    "cancerimagingarchive.net",
}
_PAPER_HOSTS = re.compile(
    r"(?:.*\.)?(?:arxiv\.org|biorxiv\.org|medrxiv\.org|doi\.org|nature\.com|sciencedirect\.com|springer\.com"
    r"|ieeexplore\.ieee\.org|dl\.acm\.org|wiley\.com|academic\.oup\.com|cell\.com|science\.org|pnas\.org"
    r"|mdpi\.com|frontiersin\.org|openreview\.net|aclanthology\.org|mlr\.press|neurips\.cc|nips\.cc|iclr\.cc"
    r"|icml\.cc|thecvf\.com|ojs\.aaai\.org|ijcai\.org|jmir\.org|thelancet\.com|nejm\.org|jamanetwork\.com"
    r"|pubmed\.ncbi\.nlm\.nih\.gov|europepmc\.org|ssrn\.com|papers\.miccai\.org|plos\.org|tandfonline\.com"
    r"|spiedigitallibrary\.org|biomedcentral\.com|bmj\.com|isca-archive\.org|researchsquare\.com|osf\.io"
    r"|semanticscholar\.org|pubs\.acs\.org|pubs\.rsna\.org|hal\.science|ncbi\.nlm\.nih\.gov)"
)
_HUB_KINDS = {"huggingface": "weights", "huggingface-dataset": "dataset", "huggingface-space": "demo"}
#: What the words of a link say it is, by match key; the host still decides where it is certain.
_WORDS = (
    (re.compile(r".*(?:paper|pdf|preprint|arxiv|manuscript|publication|openreview|doi).*"), "url"),
    (re.compile(r".*(?:code|github|gitlab|repository|repo).*"), "code"),
    (
        re.compile(r".*(?:weight|checkpoint|ckpt|huggingface|hugging|modelzoo).*|hf|models?|pretrained"),
        "weights",
    ),
    (re.compile(r".*(?:dataset|benchmark|corpus).*|data"), "dataset"),
    (re.compile(r".*demo.*|playground|space|colab"), "demo"),
    (re.compile(r".*(?:docker|container).*"), "container"),
    (
        re.compile(r".*(?:website|homepage|project|blog|docs|documentation|leaderboard).*|page|web|site"),
        "homepage",
    ),
)
#: Keys that a paper or a data set has no property for: what such a link is to them instead. A link that a
#: list gives a data set is where it is found, often the page of the model that it came with; a home page is
#: a thing's own (foaf:homepage is inverse functional), which no list tells.
_OF_A_DATASET = dict.fromkeys(("code", "weights", "demo", "container", "dataset", "homepage"), "url")
_OF_A_PAPER = {"weights": "", "demo": "", "container": "", "homepage": "url"}


def is_badge(address: Address) -> bool:
    """Whether the address is a picture or counter about a page, and no value."""
    return _BADGE_HOSTS.fullmatch(address.host) is not None


def route(link: Link, address: Address, kind: str, default: str | None = None) -> str | None:
    """Return the YAML key of the property that the link is a value of, for a record of the kind.

    ``default`` is what its column stands for, and counts where neither words nor host tell. None: the link is
    a value of nothing (a badge, a data set that a model's row points to).
    """
    if is_badge(address):
        return None
    key = _by_host(address) or _by_words(link) or default or ("url" if _is_paper(address) else "homepage")
    if kind == "dataset":
        key = _OF_A_DATASET.get(key, key)
    elif kind == "paper":
        key = _OF_A_PAPER.get(key, key)
    return None if key in ("dataset", "") else key


def _by_host(address: Address) -> str | None:
    """Return what the host alone makes certain."""
    if address.arxiv or address.doi:
        return "url"
    if address.repository:
        scheme, _ = address.repository
        return _HUB_KINDS.get(scheme, "code")
    if address.host in _CONTAINER_HOSTS:
        return "container"
    if _CODE_HOSTS.fullmatch(address.host):
        return "code"
    if any(address.host == host or address.host.endswith(f".{host}") for host in _DATA_HOSTS):
        return "dataset"
    return None


def _by_words(link: Link) -> str | None:
    words = [match_key(link.label), match_key(link.badge.split(" ")[0])]
    for pattern, key in _WORDS:
        if any(len(word) <= 40 and pattern.fullmatch(word) for word in words if word):
            return key
    return None


def _is_paper(address: Address) -> bool:
    return _PAPER_HOSTS.fullmatch(address.host) is not None
