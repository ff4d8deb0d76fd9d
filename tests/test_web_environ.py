"""Who asks, as the service sees it: by the socket, or by what proxies that are known to be there say."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fmgraph.server.http.rsgi_to_wsgi import client_address, make_environ


@dataclass
class Headers:
    fields: list[tuple[str, str]]

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def items(self) -> list[tuple[str, str]]:
        return self.fields


@dataclass
class Scope:
    client: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"

    @property
    def headers(self) -> Headers:
        return Headers(self.fields)


@pytest.mark.parametrize(
    ("proxies", "said", "expected"),
    [
        (0, ["203.0.113.7"], "127.0.0.1"),
        (1, [], "127.0.0.1"),
        (1, ["203.0.113.7"], "203.0.113.7"),
        (1, ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # the first is what the client wrote
        (1, ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),  # in two fields
        (2, ["198.51.100.1, 203.0.113.7,10.0.0.1"], "203.0.113.7"),
        (2, ["203.0.113.7"], "127.0.0.1"),
        (1, ["2001:DB8::7"], "2001:db8::7"),
        (1, ["unknown"], "127.0.0.1"),
        (1, [""], "127.0.0.1"),
    ],
)
def test_the_client_is_who_the_outermost_proxy_saw(proxies: int, said: list[str], expected: str) -> None:
    scope = Scope("127.0.0.1:4711", [("x-forwarded-for", value) for value in said])
    assert client_address(scope, proxies) == expected
    assert make_environ(scope, b"", client_address(scope, proxies))["REMOTE_ADDR"] == expected


def test_an_address_of_ipv6_loses_its_brackets() -> None:
    assert client_address(Scope("[::1]:80")) == "::1"
