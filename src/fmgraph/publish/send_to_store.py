"""Sends a dataset to any store that speaks SPARQL: Graph Store Protocol, Update for the rest.

https://www.w3.org/TR/sparql11-http-rdf-update/. The dataset goes to a staging graph in chunks, is counted
there, and replaces the target graph by one ``MOVE``, so that readers see the old graph or the new one, as far
as the store's ``MOVE`` is atomic.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.util import Retry

from fmgraph.errors import PublishError, UsageError
from fmgraph.rdf.sorted_lines import Lines, lines_of
from fmgraph.rdf.store import Dataset

#: Paths of Graph Store endpoints → paths of update and query beside them.
_BESIDE: tuple[tuple[str, str, str], ...] = (
    (r"/sparql-graph-crud(-auth)?$", r"/sparql\1", r"/sparql\1"),  # Virtuoso
    (r"/rdf-graphs/service$", "/statements", ""),  # RDF4J, GraphDB
    (r"/store$", "/update", "/query"),  # Oxigraph
    (r"/(data|get)$", "/update", "/query"),  # Fuseki
)
#: What a temporary failure looks like. 500 is not among them: Virtuoso answers so to what it cannot parse.
_TEMPORARY = (429, 502, 503, 504)
_GRAPH = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+\Z")


@dataclass(frozen=True)
class Endpoints:
    """Where a store is reached. ``store`` is None for one that knows SPARQL Update only."""

    store: str | None
    update: str
    query: str
    bulk: tuple[str, ...] = ()  #: parameters for a graph that nobody reads yet


@dataclass(frozen=True)
class Publication:
    """What was published: the graph (None is the default graph), its triples as counted there, the effort."""

    graph: str | None
    triples: int
    requests: int
    seconds: float


def endpoints(url: str, update: str | None = None, query: str | None = None) -> Endpoints:
    """Return the endpoints that belong to the Graph Store URL of a known store.

    Oxigraph (``/store``), Virtuoso (``/sparql-graph-crud-auth``), Fuseki (``/data``) and RDF4J or GraphDB
    (``/rdf-graphs/service``) are known; else ``update`` and ``query`` must be given. A ``url`` equal to
    ``update`` means that the store has no Graph Store Protocol. Raises UsageError.
    """
    if not re.match(r"https?://[^/]", url):
        raise UsageError(f"{url!r} is not an http(s) URL")
    for pattern, to_update, to_query in _BESIDE:
        if re.search(pattern, url):
            update = update or re.sub(pattern, to_update, url)
            query = query or re.sub(pattern, to_query, url)
    if update is None or query is None:
        raise UsageError(f"{url} is not a store that is known: give its update and its query URL too")
    # Oxigraph's server takes triples into a graph of their own twice as fast without a transaction.
    bulk = ("no_transaction",) if re.search(r"/store$", url) else ()
    return Endpoints(None if url == update else url, update, query, bulk)


def publish(
    dataset: Dataset,
    url: str,
    graph: str | None = None,
    *,
    update: str | None = None,
    query: str | None = None,
    user: str | None = None,
    password: str | None = None,
    scheme: Literal["basic", "digest"] = "digest",
    swap: bool = True,
    chunk_mb: float = 4.0,
    timeout: float = 600.0,
    retries: int = 4,
    progress: Callable[[int], object] = int,
) -> Publication:
    """Replace a graph of another store with the dataset and return what is there then.

    ``url``, ``update`` and ``query`` as in :func:`endpoints`; ``graph`` None is the default graph, which
    Virtuoso does not have. ``swap`` False loads the target directly: less space, but readers see it grow.
    ``timeout`` is in seconds for one request; a temporary failure is tried ``retries`` times more, except
    for the swap. ``progress`` is called with the triples sent so far. Raises UsageError, or PublishError
    when the store refuses, cannot be reached or counts other than the dataset; the target is then untouched
    (with ``swap``) and the staging graph removed if the store still answers.
    """
    if graph is not None and not _GRAPH.match(graph):
        raise UsageError(f"{graph!r} is not an IRI")
    where = endpoints(url, update, query)
    if graph is None and "/sparql-graph-crud" in url:
        raise UsageError("Virtuoso has no default graph to write to: name a graph")
    started = time.monotonic()
    expected = dataset.meta.triples
    with _Client(where, _auth(user, password, scheme), timeout, retries) as client:
        target = f"urn:fmgraph:staging:{dataset.meta.digest[:12]}" if swap else graph
        try:
            triples_sent = 0
            with lines_of(dataset) as lines:
                for chunk in _chunks(lines, int(chunk_mb * 2**20)):
                    client.send(chunk, target, first=triples_sent == 0, bulk=swap)
                    triples_sent += chunk.count(b"\n")
                    progress(triples_sent)
            if not triples_sent:
                client.clear(target)
            if (count := client.count(target)) != expected:
                raise PublishError(f"{url} counts {count} triples where {expected} were sent")
        except PublishError:
            if swap:
                client.clear_quietly(target)
            raise
        if swap:
            client.move(target, graph, expected)
        return Publication(graph, client.count(graph), client.requests, time.monotonic() - started)


def _auth(user: str | None, password: str | None, scheme: str) -> AuthBase | None:
    if user is None:
        return None
    return (HTTPDigestAuth if scheme == "digest" else HTTPBasicAuth)(user, password or "")


def _chunks(lines: Lines, size: int) -> Iterator[bytes]:
    """Yield N-Triples of about ``size`` bytes; triples with blank nodes all come in the first.

    A label means one node only within one request.
    """
    plain: list[bytes] = []
    length = 0
    blank = [line.encode() for line in lines if " _:" in line or line.startswith("_:")]
    if blank:
        yield b"".join(blank)
    for line in lines:
        if " _:" in line or line.startswith("_:"):
            continue  # sent; a literal that holds " _:" went with them, which does no harm
        plain.append(line.encode())
        length += len(plain[-1])
        if length >= size:
            yield b"".join(plain)
            plain, length = [], 0
    if plain:
        yield b"".join(plain)


def _session(auth: AuthBase | None, policy: Retry) -> requests.Session:
    session = requests.Session()
    session.auth = auth
    session.trust_env = False  # no proxy and no .netrc: where data goes is said in the call
    session.mount("http://", HTTPAdapter(max_retries=policy))
    session.mount("https://", HTTPAdapter(max_retries=policy))
    return session


class _Client:
    """One session with a store."""

    def __init__(self, where: Endpoints, auth: AuthBase | None, timeout: float, retries: int) -> None:
        self.where, self.timeout, self.requests = where, timeout, 0
        again = Retry(retries, status_forcelist=_TEMPORARY, allowed_methods=None, backoff_factor=0.5)
        again.raise_on_status = False  # the last answer says more than that there were too many
        self.session = _session(auth, again)
        self.single = _session(auth, Retry(0, read=False))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
        self.single.close()

    def send(self, ntriples: bytes, graph: str | None, *, first: bool, bulk: bool) -> None:
        """Put triples into a graph, the first lot in place of what is there; ``bulk``: nobody reads it."""
        if self.where.store is None:
            if first:
                self.clear(graph)
            data = f"GRAPH <{graph}> {{\n{ntriples.decode()}}}" if graph else ntriples.decode()
            self.update(f"INSERT DATA {{\n{data}}}")
            return
        self._ask(
            self.session,
            "PUT" if first else "POST",
            self.where.store,
            params={
                **({"graph": graph} if graph else {"default": ""}),
                **dict.fromkeys(self.where.bulk if bulk else (), ""),
            },
            data=ntriples,
            headers={"Content-Type": "application/n-triples"},
        )

    def clear(self, graph: str | None) -> None:
        """Empty a graph, there or not."""
        self.update(f"CLEAR SILENT GRAPH <{graph}>" if graph else "CLEAR SILENT DEFAULT")

    def clear_quietly(self, graph: str | None) -> None:
        """Empty a graph after a failure; an error in this one is not reported, the first is."""
        try:
            self.clear(graph)
        except PublishError:
            return

    def move(self, source: str | None, target: str | None, expected: int) -> None:
        """Replace ``target`` by ``source``; sent once, since a second MOVE would find no source."""
        to = f"GRAPH <{target}>" if target else "DEFAULT"
        try:
            self.update(f"MOVE GRAPH <{source}> TO {to}", self.single)
        except PublishError as error:
            if self.count(target) == expected and self.count(source) == 0:
                return  # done; only the answer was lost
            raise PublishError(f"{error}; the dataset is complete in <{source}>") from error

    def update(self, text: str, session: requests.Session | None = None) -> None:
        """Run an update."""
        headers = {"Content-Type": "application/sparql-update"}
        self._ask(session or self.session, "POST", self.where.update, data=text.encode(), headers=headers)

    def count(self, graph: str | None) -> int:
        """Return how many triples a graph has."""
        pattern = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
        answer = self._ask(
            self.session,
            "POST",
            self.where.query,
            data={"query": f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}"},
            headers={"Accept": "application/sparql-results+json"},
        )
        try:
            return int(answer.json()["results"]["bindings"][0]["n"]["value"])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise PublishError(
                f"{self.where.query} does not answer a count: {answer.text[:200]!r}"
            ) from error

    def _ask(
        self,
        session: requests.Session,
        method: str,
        url: str,
        *,
        data: bytes | dict[str, str],
        headers: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> requests.Response:
        self.requests += 1
        try:
            answer = session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PublishError(f"{url} cannot be reached: {error}") from error
        if not answer.ok or answer.is_redirect:
            words = " ".join(answer.text.split())[:300]
            raise PublishError(f"{url} answers {answer.status_code} to {method}: {words}")
        return answer
