"""Source references: ``github:owner/repo@commit:path``, ``arxiv:ID``, ``doi:10.…``, ``paper/slug``, URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from fmgraph.rdf.prefixes import entity_iri
from fmgraph.records.addresses import Address, Spellings, parse_address
from fmgraph.records.identifiers import doi_address, normal_arxiv, normal_doi

_GITHUB = re.compile(r"github:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<commit>[^:\s]+))?(?::(?P<path>.+))?")
_FORMS = (
    "write github:owner/repo@commit:path, hf:owner/name, arxiv:ID, doi:10.…, paper/<slug> or an http(s) URL"
)


def source_iri(text: str, spellings: Spellings | None = None) -> str:
    """Return the IRI of a source reference, repositories in the usual one of their ``spellings``.

    Raises ValueError, saying what a reference looks like, for anything else.
    """
    text = text.strip()
    if text.startswith("paper/") and "/" not in text.removeprefix("paper/"):
        return entity_iri("paper", text.removeprefix("paper/"))
    address = source_address(text)
    return (spellings.canonical(address) if spellings else address).iri


def source_address(text: str) -> Address:
    """Return the address of a source reference that is no ``paper/<slug>``; raises ValueError as above."""
    try:
        return parse_address(_written_out(text.strip()))
    except ValueError as error:
        reason = f"{text!r} is not a source" if str(error).startswith(f"{text!r} is no address") else error
        raise ValueError(f"{reason}; {_FORMS}") from None


def _written_out(text: str) -> str:
    """Return the address that a short form stands for; raises ValueError where the form is malformed."""
    github = _GITHUB.fullmatch(text)
    if github:
        base = f"https://github.com/{github['repo']}"
        if not github["path"]:
            return f"{base}/tree/{github['commit']}" if github["commit"] else base
        return f"{base}/blob/{github['commit'] or 'HEAD'}/{quote(github['path'].strip())}"
    scheme, _, rest = text.partition(":")
    match scheme.lower():
        case "arxiv":
            return f"https://arxiv.org/abs/{normal_arxiv(rest, version=True)}"
        case "doi":
            return doi_address(normal_doi(rest))
        case "hf" if rest:
            return f"https://huggingface.co/{rest}"
    return text


def source_label(iri: str) -> str:
    """Return a short name for a source: repository and path, arXiv id, or host and path."""
    parts = urlsplit(iri)
    path = unquote(parts.path).strip("/")
    if parts.netloc == "github.com":
        bits = path.split("/", 4)
        if len(bits) == 5 and bits[2] in ("blob", "tree"):
            return f"{bits[0]}/{bits[1]}: {bits[4]} at {bits[3][:7]}"
        return path or parts.netloc
    if parts.netloc == "arxiv.org" and path.startswith("abs/"):
        return f"arXiv:{path.removeprefix('abs/')}"
    if parts.netloc == "doi.org":
        return f"doi:{path}"
    return f"{parts.netloc}/{path}".rstrip("/")
