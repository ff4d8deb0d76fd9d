"""Addresses: http(s) IRIs as records, list cells and sources give them, checked and written one way.

:func:`parse_address` is the one way in; what it returns is an :class:`Address`. The text that somebody wrote
stays where it is (a cell, a record): an address is its reading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import unquote, urlsplit, urlunsplit

import pyoxigraph as ox

from fmgraph.records.identifiers import doi_address, normal_arxiv, normal_doi

#: Hosts that are one with another; all of them answer over https.
_HOSTS = {
    "www.github.com": "github.com",
    "github.com": "github.com",
    "hf.co": "huggingface.co",
    "www.huggingface.co": "huggingface.co",
    "huggingface.co": "huggingface.co",
    "dx.doi.org": "doi.org",
    "www.doi.org": "doi.org",
    "doi.org": "doi.org",
    "www.arxiv.org": "arxiv.org",
    "export.arxiv.org": "arxiv.org",
    "arxiv.org": "arxiv.org",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Parameters that say where a reader came from, not what is read.
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|igshid|usp|pes|getft_integrator|via", re.IGNORECASE)

#: Unreserved characters (RFC 3986, section 2.3), which are one whether or not they are percent-encoded.
_ESCAPE = re.compile(r"%(?P<code>[0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
#: Characters without width, which copying from a page leaves behind.
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\u2060\ufeff")
#: Hosts that give one file or page several addresses: by which part it is known.
_ONE_PAGE = (
    (
        re.compile(
            r"drive(?:\.usercontent)?\.google\.com/(?:drive/)?(?:u/\d+/)?(?:drive/)?(?:file/(?:u/\d+/)?d/|folders/"
            r"|(?:open|uc|download)\?(?:.*&)?id=)(?P<id>[\w-]+).*"
        ),
        r"drive.google.com/\g<id>",
    ),
    (re.compile(r"zenodo\.org/records?/(?P<id>\d+)"), r"zenodo.org/records/\g<id>"),
    (re.compile(r"doi\.org/10\.5281/zenodo\.(?P<id>\d+)"), r"zenodo.org/records/\g<id>"),
    (
        re.compile(r"data\.mendeley\.com/(?:preview|datasets)/(?P<id>\w+)(?:\?.*)?"),
        r"data.mendeley.com/datasets/\g<id>",
    ),
)

_BRANCHES = ("main", "master", "HEAD")
_GITHUB_PAGES = {"about", "features", "orgs", "topics", "sponsors", "collections", "marketplace", "search"}
_HUB_PAGES = {"docs", "blog", "papers", "collections", "learn", "tasks", "pricing", "join", "models", "api"}
_HUB_KINDS = {"datasets": "huggingface-dataset", "spaces": "huggingface-space"}


@dataclass(frozen=True)
class Address:
    """An http(s) IRI in its normal form (RFC 3986, section 6.2), repositories named as they were written."""

    iri: str

    @property
    def host(self) -> str:
        """The host, in lower case, without ``www.``."""
        return (urlsplit(self.iri).hostname or "").removeprefix("www.")

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(urlsplit(self.iri).path)

    @cached_property
    def repository(self) -> tuple[str, str] | None:
        """Scheme and ``owner/name`` where the address leads to or into a repository that ignores case."""
        bits = [bit for bit in urlsplit(self.iri).path.split("/") if bit]
        if self.host == "github.com" and len(bits) >= 2 and bits[0] not in _GITHUB_PAGES:
            return "github", "/".join(bits[:2])
        if self.host != "huggingface.co":
            return None
        scheme = "huggingface"
        if bits and bits[0] in _HUB_KINDS:
            scheme, bits = _HUB_KINDS[bits[0]], bits[1:]
        return (scheme, "/".join(bits[:2])) if len(bits) >= 2 and bits[0] not in _HUB_PAGES else None

    @property
    def root(self) -> Address | None:
        """The address of the repository itself; None where the address leads into none."""
        if self.repository is None:
            return None
        scheme, name = self.repository
        host = "github.com" if scheme == "github" else "huggingface.co"
        kind = {scheme: bit for bit, scheme in _HUB_KINDS.items()}.get(scheme)
        return Address(f"https://{host}/{f'{kind}/' if kind else ''}{name}")

    @cached_property
    def identifiers(self) -> frozenset[tuple[str, str]]:
        """What the address names, as (scheme, id): ``arxiv``, ``doi``, ``github``, ``huggingface``.

        Ids of one scheme are equal where and only where they name one thing.
        """
        identifiers = {(scheme, id_) for scheme, id_ in (("arxiv", self.arxiv), ("doi", self.doi)) if id_}
        if self.repository:
            scheme, name = self.repository
            identifiers.add((scheme, name.lower()))
        return frozenset(identifiers)

    @cached_property
    def arxiv(self) -> str | None:
        """The arXiv id that the address determines, without version."""
        try:
            return normal_arxiv(self.iri)
        except ValueError:
            return None

    @cached_property
    def doi(self) -> str | None:
        """The DOI that the address determines, None where it determines none; arXiv's own DOIs are arXiv ids.

        Only rules that the publishers' own addresses follow: doi.org, nature.com/articles, a DOI in the path
        (ai.nejm.org), bioRxiv and medRxiv content.
        """
        if self.arxiv:
            return None
        return _doi_in_path(self.host, self.path.rstrip("/"))

    @property
    def key(self) -> str:
        """What two addresses of one page have in common: the IRI without scheme, ``www.`` and last slash.

        Of hosts that give one file several addresses, that by which it is known there.
        """
        page = self.iri.split("://", 1)[1].removeprefix("www.").rstrip("/")
        for pattern, one in _ONE_PAGE:
            if match := pattern.fullmatch(page):
                return match.expand(one)
        return page

    @property
    def loose_key(self) -> str:
        """What two addresses that are most likely of one artifact have in common.

        Case, percent-encoding, the order of parameters, the place in a page, a page's own file name, and how
        a repository shows a file (blob, raw) are not in it.
        """
        path, _, query = unquote(self.key.partition("#")[0]).casefold().partition("?")
        path = re.sub(
            r"/(?:index\.html?|blob/[^/]+/readme\.md|tree/(?:main|master|head))$", "", path.rstrip("/")
        )
        if self.repository:
            path, query = re.sub(r"^((?:[^/]+/){3,4})(?:raw|resolve)/", r"\1blob/", path), ""
        parameters = sorted(
            part for part in query.split("&") if part and part not in ("dl=0", "dl=1", "download=1", "raw=1")
        )
        return "?".join([path.rstrip("/"), *(["&".join(parameters)] if parameters else [])])


@lru_cache(maxsize=100_000)
def parse_address(text: str) -> Address:
    """Return the address that the text is.

    Raises ValueError, saying what is wrong, where it is no http(s) IRI with a host's name (RFC 3987).
    """
    text = text.translate(_INVISIBLE).strip()
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no address: {error}") from None
    host = host.removesuffix(".")
    if scheme not in _DEFAULT_PORTS or "." not in host or "" in host.split("."):
        raise ValueError(f"{text!r} is no address: write an http(s) URL with a host")
    if parts.username or parts.password:
        raise ValueError(f"{text!r} is no address: leave out the user name and password")
    if host in _HOSTS:
        scheme, host = "https", _HOSTS[host]
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path, query, fragment = _normal_parts(host, parts.path, parts.query, parts.fragment)
    iri = _ESCAPE.sub(_normal_escape, urlunsplit((scheme, netloc, path, query, fragment)))
    check_iri(iri, text)
    return Address(iri)


def check_iri(iri: str, text: str | None = None) -> str:
    """Return the IRI as it is; raises ValueError, naming the character, where RFC 3987 does not allow it."""
    try:
        ox.NamedNode(iri)
    except ValueError as error:
        raise ValueError(f"{text or iri!r} is no IRI: {str(error)[:1].lower()}{str(error)[1:]}") from None
    return iri


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match["code"], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _normal_parts(host: str, path: str, query: str, fragment: str) -> tuple[str, str, str]:
    parameters = [
        part for part in query.split("&") if part and not _TRACKING.fullmatch(part.partition("=")[0])
    ]
    query = "&".join(parameters)
    bits = path.strip("/").split("/")
    if host == "github.com" and len(bits) >= 2:
        bits[1] = bits[1].removesuffix(".git")
        if len(bits) == 2 or (len(bits) == 4 and bits[2] == "tree" and bits[3] in _BRANCHES):
            bits, query, fragment = bits[:2], "", ""
        path = "/" + "/".join(bits)
    elif host == "huggingface.co" and len(bits) >= 2:
        if bits[-2] == "tree" and bits[-1] in _BRANCHES and len(bits) >= 4:
            bits = bits[:-2]
        if len(bits) == (3 if bits[0] == "datasets" else 2) and bits[0] not in _HUB_PAGES | {"spaces"}:
            query, fragment = "", ""
        path = "/" + "/".join(bits)
    elif host == "doi.org":
        name = path.lstrip("/").removeprefix("doi:")
        if name.startswith("10."):  # anything else is a short DOI or a page of the foundation
            return urlsplit(doi_address(normal_doi(name))).path, "", fragment
    elif host == "arxiv.org":
        path = path.rstrip("/")
    return path or "/", query, fragment


def _doi_in_path(host: str, path: str) -> str | None:
    nature = re.fullmatch(r"/articles/([\w.-]*\w)\.?", path) if host == "nature.com" else None
    early = re.search(r"/early/\d{4}/\d\d/\d\d/(\d{4}\.\d\d\.\d\d\.\d+|\d{6})", path)
    if nature:
        return f"10.1038/{nature[1]}".removesuffix(".pdf").lower()
    if host in ("biorxiv.org", "medrxiv.org") and early:
        return f"10.1101/{early[1]}"
    inside = re.search(r"10\.\d{4,9}/[^\s?#]+", path)
    if not inside:
        return None
    doi = inside[0].rstrip(".,;")
    if host in ("biorxiv.org", "medrxiv.org"):
        doi = re.sub(r"(v\d+)?(\.full)?(-text|\.abstract)?(\.pdf)?$", "", doi)
    elif host != "doi.org":
        doi = re.sub(r"(/(full|pdf|abstract|epdf|html|meta)|\.full|\.pdf)+$", "", doi)
    try:
        return normal_doi(doi)
    except ValueError:
        return None


class Spellings:
    """One spelling for each page: the one that is written most often, and first among equals.

    GitHub and Hugging Face take any case for owner and name, so that ``mahmoodlab/uni`` and
    ``MahmoodLab/UNI`` are one repository, which must be one node; other pages differ in ``www.``, in a last
    slash and in http or https.
    """

    def __init__(self) -> None:
        """Know no page."""
        self._repositories: dict[tuple[str, str], Counter[str]] = {}
        self._pages: dict[str, Counter[str]] = {}

    def count(self, address: Address) -> None:
        """Count the spelling of an address."""
        if address.repository:
            scheme, name = address.repository
            self._repositories.setdefault((scheme, name.lower()), Counter())[name] += 1
        else:
            self._pages.setdefault(address.key, Counter())[address.iri] += 1

    def canonical(self, address: Address) -> Address:
        """Return the address in its usual spelling; one that was never counted sets the spelling."""
        if address.repository is None:
            if address.key not in self._pages:
                self.count(address)
            return Address(self._pages[address.key].most_common(1)[0][0])
        scheme, name = address.repository
        if (scheme, name.lower()) not in self._repositories:
            self.count(address)
        usual = self._repositories[scheme, name.lower()].most_common(1)[0][0]
        return address if usual == name else Address(address.iri.replace(f"/{name}", f"/{usual}", 1))
