"""Source references: ``github:owner/repo@commit:path``, ``arxiv:ID``, ``doi:10.…``, ``paper/slug``, URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

import idutils

from fmgraph.rdf.prefixes import entity_iri

_GITHUB = re.compile(r"github:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<commit>[^:\s]+))?(?::(?P<path>.+))?")
_ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def source_iri(text: str) -> str:
    """Return the IRI of a source reference.

    Raises ValueError, saying what a reference looks like, for anything else.
    """
    text = text.strip()
    github = _GITHUB.fullmatch(text)
    if github:
        base = f"https://github.com/{github['repo']}"
        if not github["path"]:
            return f"{base}/tree/{github['commit']}" if github["commit"] else base
        return f"{base}/blob/{github['commit'] or 'HEAD'}/{quote(github['path'].strip())}"
    scheme, _, rest = text.partition(":")
    if scheme == "arxiv" and _ARXIV_ID.fullmatch(rest):
        return f"https://arxiv.org/abs/{rest}"
    if scheme == "doi" and _DOI.fullmatch(rest):
        return doi_iri(rest)
    if scheme == "hf" and rest:
        return f"https://huggingface.co/{rest}"
    if text.startswith("paper/") and "/" not in text.removeprefix("paper/"):
        return entity_iri("paper", text.removeprefix("paper/"))
    return url_iri(text)


def source_label(iri: str) -> str:
    """Return a short name for a source: repository and path, arXiv id, or host and path."""
    parts = urlsplit(iri)
    path = unquote(parts.path).strip("/")
    if parts.netloc == "github.com":
        bits = path.split("/", 4)
        if len(bits) == 5 and bits[2] in ("blob", "tree"):
            return f"{bits[0]}/{bits[1]}: {bits[4]} at {bits[3][:7]}"
        return path
    if parts.netloc == "arxiv.org" and path.startswith("abs/"):
        return f"arXiv:{path.removeprefix('abs/')}"
    if parts.netloc == "doi.org":
        return f"doi:{path}"
    return f"{parts.netloc}/{path}".rstrip("/")


def url_iri(text: str) -> str:
    """Return an http(s) URL as it is; raises ValueError where it is not one."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if (
        not parts
        or parts.scheme not in ("http", "https")
        or "." not in parts.netloc
        or re.search(r"\s", text)
    ):
        raise ValueError(
            f"{text!r} is not a source: write github:owner/repo@commit:path, arxiv:ID, doi:10.…, "
            "paper/<slug> or an http(s) URL"
        )
    return text


def doi_iri(doi: str) -> str:
    """Return the https://doi.org IRI of a DOI (DOI Handbook, section 3.8: reserved characters encoded)."""
    return "https://doi.org/" + quote(doi, safe="/:;()._-")


def arxiv_id(url: str) -> str | None:
    """Return the arXiv id in an arXiv address, without version; None where there is none."""
    if urlsplit(url).netloc.removeprefix("www.") != "arxiv.org":
        return None
    match = _ARXIV_ID.search(urlsplit(url).path.removesuffix(".pdf"))
    return match[1] if match else None


def doi(url: str) -> str | None:
    """Return the DOI that a publisher's address determines; None where it determines none.

    Only rules that the publishers' own addresses follow: doi.org, nature.com/articles, a DOI in the path
    (ai.nejm.org), bioRxiv and medRxiv content, the AAAI journal system's article numbers are left out.
    """
    parts = urlsplit(url)
    host, path = parts.netloc.removeprefix("www."), unquote(parts.path).rstrip("/")
    if host in ("doi.org", "dx.doi.org"):
        return path.strip("/") or None
    nature = re.fullmatch(r"/articles/([\w.-]+)", path) if host == "nature.com" else None
    if nature:
        return f"10.1038/{nature[1]}"
    early = re.search(r"/early/\d{4}/\d\d/\d\d/(\d{4}\.\d\d\.\d\d\.\d+|\d{6})", path)
    if host in ("biorxiv.org", "medrxiv.org") and early:
        return f"10.1101/{early[1]}"
    inside = re.search(r"10\.\d{4,9}/[^\s?#]+", path)
    if not inside:
        return None
    found = inside[0]
    if host in ("biorxiv.org", "medrxiv.org"):
        found = re.sub(r"(v\d+)?(\.full)?(\.pdf)?$", "", found)
    return str(idutils.normalize_doi(found)) if idutils.is_doi(found) else None
