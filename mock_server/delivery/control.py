"""Orders to the delivery from other processes: one line of JSON each way over a loopback socket.

The HTTP workers send what the admin API is asked; a token that only they know keeps everybody else out.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
LONGEST = 1 << 20
ANSWERED_WITHIN_S = 60
Orders = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where orders go."""

    port: int
    token: str = field(repr=False)


async def listen(token: str, orders: Orders) -> asyncio.Server:
    """Take orders on a free loopback port; what `orders` returns is the answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            asked = json.loads(line)
            if not isinstance(asked, dict) or not hmac.compare_digest(
                str(asked.pop("token", "")).encode(), token.encode()
            ):
                return
            answer = await orders(asked)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ValueError, ConnectionError):
            # Not a line of ours, or the asker has gone: nobody to answer.
            return
        finally:
            writer.close()

    return await asyncio.start_server(serve, HOST, 0, limit=LONGEST)


def send(address: Address, order: Mapping[str, Any]) -> dict[str, Any]:
    """Send one order and return its answer.

    Raises ConnectionError when the delivery does not answer.
    """
    try:
        with socket.create_connection((HOST, address.port), timeout=ANSWERED_WITHIN_S) as line:
            line.sendall(json.dumps({**order, "token": address.token}).encode() + b"\n")
            with line.makefile("rb") as stream:
                answer = stream.readline(LONGEST)
    except TimeoutError as error:
        raise ConnectionError("the delivery does not answer") from error
    if not answer:
        raise ConnectionError("the delivery refused to answer")
    found: dict[str, Any] = json.loads(answer)
    return found
