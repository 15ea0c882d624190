"""A gate on the network: what the exchange sends to its clients waits there, message by message, until it is let out.

A message is what a program sends at a time: the answer to a request, a frame of a stream, the end of a connection. The
gate keeps those whose label somebody wants, and whatever comes behind them on the same connection. Messages of one
connection that leave in their order are what TCP allows; the gate lets them leave in any.

Labels: `answer GET /fapi/v1/openOrders`; `A TRADE_LITE`, `B ORDER_TRADE_UPDATE FILLED`, `A ALGO_UPDATE NEW`, where
A, B, ... are the streams in the order in which they were opened; `end of A`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar

import msgspec

from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.memory_transport import Address, MemoryTransport

__all__ = ["Gate", "GatedLoop", "Message"]

_REQUEST: Final = re.compile(rb"([A-Z]+) ([^ ?]+)\S* HTTP/1\.1\r\n")
_UPGRADE: Final = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_TEXT: Final = 1

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


@dataclass(eq=False)
class Message:
    """Something that waits at the gate. `behind`: how many messages of its connection came before it and wait, too."""

    label: str
    line: _Line
    parts: list[Any] = field(default_factory=list)

    @property
    def behind(self) -> int:
        """How many messages of its connection wait before it."""
        return self.line.waiting.index(self)

    def let_through(self) -> None:
        """Deliver it now."""
        self.line.waiting.remove(self)
        for part in self.parts:
            self.line.deliver(part)


@dataclass(eq=False)
class _Line:
    """One connection, seen from its client's end. `name` is "" but for streams."""

    deliver: Callable[[Any], None]
    request: str = ""
    name: str = ""
    waiting: list[Message] = field(default_factory=list)


class Gate:
    """Keeps nothing until it is closed."""

    def __init__(self) -> None:
        self._wanted: Sequence[str] = ()
        self._streams = 0
        self._lines: list[_Line] = []

    def close(self, wanted: Sequence[str]) -> None:
        """Keep messages of these labels from now on; `*` stands for any text."""
        self._wanted = wanted

    def open(self) -> None:
        """Keep nothing any more, and let through what waits, in its order on each connection."""
        self._wanted = ()
        for message in self.waiting:
            message.let_through()

    @property
    def waiting(self) -> list[Message]:
        """What waits: connection by connection, in the order in which it came."""
        return [message for line in self._lines for message in line.waiting]

    def watch(self, end: MemoryTransport) -> None:
        """Stand between an end of a new connection and the one who sends to it."""
        line = _Line(end.arrive)
        self._lines.append(line)
        take_request, server_end = end.peer.arrive, end.peer

        def asked(item: Any) -> None:
            self._note(line, item)
            take_request(item)

        server_end.arrive = asked  # type: ignore[method-assign]  # this is what stands between
        end.arrive = lambda item: self._take(line, item)  # type: ignore[method-assign]  # as above

    def _note(self, line: _Line, item: Any) -> None:
        if not line.name and isinstance(item, bytes) and (found := _REQUEST.match(item)):
            line.request = f"answer {found[1].decode()} {found[2].decode()}"
            if _UPGRADE.search(item):
                line.name = chr(ord("A") + self._streams)
                self._streams += 1

    def _take(self, line: _Line, item: Any) -> None:
        for label, part in _messages(line, item):
            if label and any(fnmatchcase(label, wanted) for wanted in self._wanted):
                line.waiting.append(Message(label, line, [part]))
            elif line.waiting:
                line.waiting[-1].parts.append(part)
            else:
                line.deliver(part)


class GatedLoop(MemoryLoop):
    """A loop whose network has a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()

    async def _connect(self, factory: Callable[[], _P], address: Address) -> tuple[asyncio.Transport, _P]:
        end, protocol = await super()._connect(factory, address)
        if isinstance(end, MemoryTransport):
            self.gate.watch(end)
        return end, protocol


def _messages(line: _Line, item: Any) -> Iterator[tuple[str, Any]]:
    """Cut what came into messages, each with its label; "" is the rest of an answer, or of the protocol."""
    if not isinstance(item, bytes):
        yield (f"end of {line.name}" if line.name else ""), item
    elif item.startswith(b"HTTP/1.1 "):
        yield ("" if line.name else line.request), item
    elif not line.name:
        yield "", item
    else:
        yield from ((_label(line.name, frame), frame) for frame in _frames(item))


def _frames(data: bytes) -> Iterator[bytes]:
    """Cut bytes into the frames of a server, which are not masked (RFC 6455, section 5.2)."""
    while data:
        length, start = data[1] & 0x7F, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start], "big")
        yield data[: start + length]
        data = data[start + length :]


def _label(name: str, frame: bytes) -> str:
    if frame[0] & 0x0F != _TEXT:
        return ""
    event = msgspec.json.decode(frame[frame.index(b"{") :])
    kind = event.get("e") if isinstance(event, dict) else None
    if kind is None:
        return ""
    details = event.get("o", {})
    status = details.get("X", "") if isinstance(details, dict) else ""
    return f"{name} {kind} {status}".rstrip()
