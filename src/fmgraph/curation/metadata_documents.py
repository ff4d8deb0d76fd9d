"""Documents of the metadata services by name: from a folder, from the network, or from both.

A name is the path of a file in the folder, which holds the answer as it came (a DOI has its slashes):

=====================================  =================================================================
``arxiv/<id>.xml``                     https://export.arxiv.org/api/query?id_list=<id>
``crossref/<doi>.json``                https://api.crossref.org/works/<doi>
``datacite/<doi>.json``                https://api.datacite.org/dois/<doi>
``huggingface/models/<o>/<n>.json``    https://huggingface.co/api/models/<o>/<n>
``huggingface/datasets/<o>/<n>.json``  https://huggingface.co/api/datasets/<o>/<n>
``github/<o>/<n>/commit.json``         https://api.github.com/repos/<o>/<n>/commits/HEAD
``github/<o>/<n>/license.json``        https://api.github.com/repos/<o>/<n>/license
``github/<o>/<n>/CITATION.cff``        https://raw.githubusercontent.com/<o>/<n>/HEAD/CITATION.cff
``github/<o>/<n>/README.md``           https://raw.githubusercontent.com/<o>/<n>/HEAD/README.md
=====================================  =================================================================

An empty file says that the service has no such document (404): that was looked for and is not there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from fmgraph import __version__
from fmgraph.curation.arxiv_atom import split_feed
from fmgraph.errors import UsageError
from fmgraph.lists.replace_files import replace_files

#: Where each service is; the option ``--service`` sets another address, as tests and mirrors do.
BASES = {
    "arxiv": "https://export.arxiv.org",
    "crossref": "https://api.crossref.org",
    "datacite": "https://api.datacite.org",
    "huggingface": "https://huggingface.co",
    "github": "https://api.github.com",
    "github-files": "https://raw.githubusercontent.com",
}
#: arXiv asks for three seconds between requests, and takes many ids in one.
_ARXIV_PAUSE, _ARXIV_BATCH = 3.0, 50
_TIMEOUT = 30.0
#: Longest wait, in seconds, that a service may ask for (``Retry-After``) and get.
_LONGEST_WAIT = 60
#: What passes by itself is asked again; a service that is slow, or asks for a pause, is not (see ``_get``).
_RETRY = Retry(
    total=2,
    read=False,
    backoff_factor=1,
    status_forcelist=(502, 504),
    respect_retry_after_header=False,
    raise_on_status=False,
)


class Documents(Protocol):
    """Whatever has documents by name."""

    def prepare(self, names: Iterable[str]) -> None:
        """Get ready for these names, where many are had in one request."""
        ...

    def read(self, name: str) -> str | None:
        """Return the document; "" where the service has none, None where nobody knows."""
        ...

    def problems(self) -> list[str]:
        """Return what went wrong so far, for people."""
        ...


class Nothing:
    """No documents: what is drafted has only what the row says."""

    def prepare(self, names: Iterable[str]) -> None:
        """Do nothing."""

    def read(self, name: str) -> str | None:  # noqa: ARG002 - nothing is known of any
        """Return None."""
        return None

    def problems(self) -> list[str]:
        """Return none."""
        return []


class Folder:
    """Documents that lie in a folder."""

    def __init__(self, folder: Path) -> None:
        """Read from that folder; raises UsageError where there is none."""
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder of metadata")
        self._folder = folder.resolve()
        self._problems: list[str] = []

    def problems(self) -> list[str]:
        """Return which files could not be read."""
        return self._problems

    def prepare(self, names: Iterable[str]) -> None:
        """Do nothing: files are read one by one."""

    def path(self, name: str) -> Path | None:
        """Return the file of that name; None where the name leads out of the folder."""
        path = (self._folder / name).resolve()
        return path if path.is_relative_to(self._folder) else None

    def read(self, name: str) -> str | None:
        """Return the file's text; None where there is no such file."""
        path = self.path(name)
        if path is None or not path.is_file():
            return None
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self._problems.append(f"{path}: cannot be read: {error}")
            return None


class Online:
    """Documents from the services; a service that refuses or fails is not asked again."""

    def __init__(
        self,
        bases: Mapping[str, str] | None = None,
        github_token: str | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Ask the services at their addresses, or at those in ``bases``; ``timeout`` is in seconds.

        Raises UsageError for a service that is not known.
        """
        for name in bases or {}:
            if name not in BASES:
                raise UsageError(f"there is no service {name!r}; known: {', '.join(BASES)}")
        self._bases = {**BASES, **(bases or {})}
        self._pause = _ARXIV_PAUSE if self._bases["arxiv"] == BASES["arxiv"] else 0.0
        self._token, self._timeout = github_token, timeout
        self._failed: set[str] = set()
        self._entries: dict[str, str] = {}
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"fmgraph/{__version__} (https://w3id.org/fmgraph)"
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
        self._problems: list[str] = []

    def problems(self) -> list[str]:
        """Return which services refused."""
        return self._problems

    def prepare(self, names: Iterable[str]) -> None:
        """Ask arXiv for all its names in a few requests."""
        ids = [name[len("arxiv/") : -len(".xml")] for name in names if name.startswith("arxiv/")]
        ids = [one for one in dict.fromkeys(ids) if one not in self._entries]
        for start in range(0, len(ids), _ARXIV_BATCH):
            batch = ids[start : start + _ARXIV_BATCH]
            time.sleep(self._pause if start else 0)
            query = urlencode({"id_list": ",".join(batch), "max_results": len(batch)})
            answer = self._get("arxiv", f"/api/query?{query}")
            if answer is None:
                return
            try:
                entries = split_feed(answer)
            except ValueError as error:
                self._refused("arxiv", str(error))
                return
            self._entries |= {one: entries.get(one, "") for one in batch}

    def read(self, name: str) -> str | None:
        """Return the document, "" where the service answers 404; None where it fails, which is a problem."""
        service, _, rest = name.partition("/")
        if service == "arxiv":
            self.prepare([name])
            return self._entries.get(rest.removesuffix(".xml"))
        base, path = _place(service, rest)
        return self._get(base, path)

    def _get(self, service: str, path: str) -> str | None:
        if service in self._failed:
            return None
        headers = {}
        if service == "github":
            headers["Accept"] = "application/vnd.github+json"
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
        address = self._bases[service] + path
        try:
            answer = self._session.get(address, headers=headers, timeout=self._timeout)
            wait = _retry_after(answer)
            if wait is not None and wait <= _LONGEST_WAIT:
                time.sleep(wait)
                answer = self._session.get(address, headers=headers, timeout=self._timeout)
                wait = _retry_after(answer)
        except requests.Timeout:
            self._refused(service, f"no answer within {self._timeout:g} seconds")
            return None
        except requests.ConnectionError:
            self._refused(service, "it cannot be reached")
            return None
        except requests.RequestException as error:
            self._refused(service, f"its answer cannot be read ({type(error).__name__})")
            return None
        # The Hub hides repositories that are private behind 401, as it does those that do not exist.
        if answer.status_code in (404, 410) or (service == "huggingface" and answer.status_code == 401):
            return ""
        if answer.status_code != 200:
            later = "" if wait is None else f"; it asks to come back in {wait} seconds"
            why = "too many requests" if answer.status_code == 429 else f"status {answer.status_code}"
            self._refused(service, why + later)
            return None
        answer.encoding = "utf-8"
        return answer.text

    def _refused(self, service: str, why: str) -> None:
        self._failed.add(service)
        hint = "; without --github-token it answers 60 requests an hour" if service == "github" else ""
        self._problems.append(f"{self._bases[service]} is not asked any more: {why}{hint}")


def _retry_after(answer: requests.Response) -> int | None:
    """Return how many seconds a busy service asks to wait; None where it does not, or is not busy.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date.
    """
    header = answer.headers.get("Retry-After", "").strip()
    if answer.status_code not in (429, 503) or not header:
        return None
    if header.isdecimal():
        return int(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0, math.ceil(moment.timestamp() - time.time()))


def _place(service: str, rest: str) -> tuple[str, str]:
    """Return base and path for a document's name."""
    if service == "crossref":
        return service, f"/works/{quote(rest.removesuffix('.json'), safe='')}"
    if service == "datacite":
        return service, f"/dois/{quote(rest.removesuffix('.json'), safe='')}"
    if service == "huggingface":
        return service, f"/api/{quote(rest.removesuffix('.json'))}"
    repository, _, file = rest.rpartition("/")
    if file == "commit.json":
        return "github", f"/repos/{quote(repository)}/commits/HEAD"
    if file == "license.json":
        return "github", f"/repos/{quote(repository)}/license"
    return "github-files", f"/{quote(repository)}/HEAD/{quote(file)}"


class Recorded:
    """Documents from a folder; what is not there yet comes from the network and is put there."""

    def __init__(self, folder: Folder, online: Online) -> None:
        """Read from the one first, then from the other."""
        self._folder, self._online = folder, online

    def problems(self) -> list[str]:
        """Return what went wrong on both ways."""
        return [*self._folder.problems(), *self._online.problems()]

    def prepare(self, names: Iterable[str]) -> None:
        """Ask the network for what the folder has not."""
        self._online.prepare([name for name in names if self._folder.read(name) is None])

    def read(self, name: str) -> str | None:
        """Return the document from the folder or the network; what comes from the network is kept."""
        text = self._folder.read(name)
        if text is None:
            text = self._online.read(name)
            path = self._folder.path(name)
            if text is not None and path is not None:
                replace_files({path: text})
        return text
