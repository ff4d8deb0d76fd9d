"""A client of :class:`RsgiApp` in the same process: requests as granian hands them over, answers whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from flask import Flask

from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.rsgi_app import RsgiApp


class _Headers:
    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields = [(name.lower(), value) for name, value in fields]

    def get_all(self, name: str) -> list[str]:
        return [value for known, value in self._fields if known == name]

    def get(self, name: str) -> str | None:
        return next(iter(self.get_all(name)), None)

    def items(self) -> list[tuple[str, str]]:
        return self._fields

    def keys(self) -> list[str]:
        return [name for name, _ in self._fields]

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))

    def __iter__(self) -> Any:
        return iter(self.keys())


@dataclass
class Response:
    """What was sent; names of headers are in lower case."""

    status: int = 0
    fields: list[tuple[str, str]] | None = None
    data: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        """The headers by name."""
        return dict(self.fields or [])


class _Protocol:
    def __init__(self, body: bytes) -> None:
        self.response = Response()
        self._body = body
        self.reader: threading.Thread | None = None

    async def __call__(self) -> bytes:
        return self._body

    def __aiter__(self) -> Any:
        async def parts() -> Any:
            if self._body:
                yield self._body

        return parts()

    async def client_disconnect(self) -> None:
        await asyncio.Event().wait()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response = Response(status, headers)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.response = Response(status, headers, body)

    def response_file(self, status: int, headers: list[tuple[str, str]], path: str) -> None:
        """Read the file as granian does: in a thread, while the application goes on."""
        self.response = response = Response(status, headers)
        file = Path(path).open("rb")  # noqa: SIM115 - before its other end is closed

        def read() -> None:
            with file:
                response.data = file.read()

        self.reader = threading.Thread(target=read)
        self.reader.start()

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Any:
        self.response = response = Response(status, headers)

        async def send(part: bytes) -> None:
            response.data += part

        return SimpleNamespace(send_bytes=send)


class RsgiClient:
    """Asks one application, over and over, so that its cache fills."""

    def __init__(self, app: Flask, counters: Path) -> None:
        self.rsgi = RsgiApp(app, Metrics(counters))

    def open(
        self, url: str, method: str = "GET", headers: dict[str, str] | None = None, data: bytes = b""
    ) -> Response:
        """Send a request and return the whole answer."""
        path, _, query = url.partition("?")
        fields = [("host", "localhost"), *(headers or {}).items()]
        if data:
            fields.append(("content-length", str(len(data))))
        scope = SimpleNamespace(
            method=method,
            path=unquote(path),
            query_string=query,
            headers=_Headers(fields),
            client="127.0.0.1:5",
            scheme="http",
            http_version="1.1",
        )
        protocol = _Protocol(data)
        asyncio.run(self.rsgi.__rsgi__(scope, protocol))
        if protocol.reader is not None:
            protocol.reader.join()
        return protocol.response
