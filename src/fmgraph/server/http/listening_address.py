"""The address to listen on: its name is resolved, its port chosen; an unusable one is an error at once."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import replace

from fmgraph.errors import UsageError
from fmgraph.settings import Settings


def listening(settings: Settings) -> Settings:
    """Return the settings with the port that is listened on: where it is 0, one that is free.

    Raises UsageError, saying what to do, when the address cannot be listened on. Asked first, since the
    workers share the port (SO_REUSEPORT) and two services could do so unawares.
    """
    host, port = settings.host, settings.port
    try:
        with socket.socket(_resolve(host)[0], socket.SOCK_STREAM) as probe:
            if sys.platform != "win32":  # there it would let two services share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((numeric_address(host), port))
            return replace(settings, port=probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is in use: stop what listens there or use --port"
            ) from error
        raise UsageError(f"cannot listen on {host} port {port}: {error}") from error


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """Return family and numeric address of a host; of several the first of IPv4."""
    try:
        addresses = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {host!r}: no such address ({error})") from error
    family, _, _, _, address = min(addresses, key=lambda one: one[0] != socket.AF_INET)
    return family, str(address[0])


def numeric_address(host: str) -> str:
    """Return the address that granian listens on, which takes no names."""
    return _resolve(host)[1]
