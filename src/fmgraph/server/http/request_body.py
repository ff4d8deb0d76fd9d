"""Reading a request's body in the event loop, so that a slow client holds a socket and no thread."""

from __future__ import annotations

import asyncio
from typing import Any

from fmgraph.errors import ProtocolError

#: Seconds a client may take to send a body.
BODY_SECONDS = 20.0


async def read_body(protocol: Any, headers: Any, longest: int) -> bytes:
    """Return the body of a granian request; ``headers`` are its header fields.

    Raises ProtocolError 413 for one longer than ``longest`` bytes and 408 for one that does not come in time,
    ConnectionError when the client leaves in the middle.
    """
    length = headers.get("content-length")
    too_long = ProtocolError("the body is longer than this service reads", 413, {"Connection": "close"})
    if length is not None and (not length.isdigit() or int(length) > longest):
        raise too_long
    try:
        async with asyncio.timeout(BODY_SECONDS):
            if length is not None:  # bounded by what it says
                body: bytes = await protocol()
                if len(body) != int(length):
                    raise ConnectionError("the client left in the middle of its body")
                return body
            parts, size = [], 0
            async for part in protocol:
                parts.append(part)
                size += len(part)
                if size > longest:
                    raise too_long
            return b"".join(parts)
    except TimeoutError:
        raise ProtocolError("the body did not come in time", 408, {"Connection": "close"}) from None
