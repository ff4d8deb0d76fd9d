"""From granian's request (RSGI) to a WSGI environ (PEP 3333)."""

from __future__ import annotations

import io
import sys
from ipaddress import ip_address
from typing import IO, Any

from werkzeug.wsgi import FileWrapper


def client_address(scope: Any, proxies: int = 0) -> str:
    """Return the client's IP address: behind so many proxies the one that the outermost of them saw.

    Each adds whom it saw to the end of X-Forwarded-For; what stands before that is anybody's word. Where the
    field is shorter than it should be, or that is no address, it is the address of who connected.
    """
    peer = str(scope.client.rpartition(":")[0].strip("[]"))
    if proxies < 1:
        return peer
    addresses = ",".join(scope.headers.get_all("x-forwarded-for")).split(",")
    try:
        return str(ip_address(addresses[-proxies].strip())) if len(addresses) >= proxies else peer
    except ValueError:
        return peer


def make_environ(scope: Any, body: bytes, client: str) -> dict[str, Any]:
    """Return the WSGI environ of a request by ``client`` (PEP 3333); strings are bytes decoded as Latin-1.

    A header whose name has an underscore is dropped: it could stand for another one with a hyphen.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode("utf-8", "surrogateescape").decode("latin-1"),
        "REMOTE_ADDR": client,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": _file_wrapper,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name or name in ("transfer-encoding", "content-length"):
            continue
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = f"{environ[key]}, {value}" if key in environ else value
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _file_wrapper(file: IO[bytes], _: int = 0) -> FileWrapper:
    """Return the file in pieces large enough that a download costs few switches between threads."""
    return FileWrapper(file, 256 * 1024)
