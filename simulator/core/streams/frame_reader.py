"""WebSocket frames as a server reads them: masked, in pieces as the network cuts them (RFC 6455, section 5).

A reader keeps no more than the bytes of a frame that is not complete, and the fragments of a message that is not. What
breaks the protocol raises `FrameError`, whose code is the one to close with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.core.streams.frame import BINARY, CLOSE, PING, PONG, TEXT

__all__ = ["MOST_MESSAGE_BYTES", "FrameError", "FrameReader"]

MOST_MESSAGE_BYTES: Final = 4 * 1024 * 1024

_CONTINUATION: Final = 0x0
_CONTROL: Final = frozenset({CLOSE, PING, PONG})
_KNOWN: Final = frozenset({_CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_LONGEST_CONTROL: Final = 125
_CLOSE_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015)})
"""What a client may close with (RFC 6455, section 7.4, and what was registered since), besides 3000 to 4999."""

PROTOCOL_ERROR: Final = 1002
NOT_TEXT: Final = 1007
TOO_LARGE: Final = 1009


class FrameError(Exception):
    """The client broke the protocol. `code` is a close code, `reason` its text."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}")


class FrameReader:
    """Turns the bytes of one connection into messages."""

    __slots__ = ("_fragments", "_opcode", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._opcode = 0
        self._fragments = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take bytes; return the messages that are complete with them, each with its opcode. Raises `FrameError`."""
        self._rest = self._rest + data if self._rest else data
        while (end := _frame_end(self._rest)) is not None:
            frame, self._rest = self._rest[:end], self._rest[end:]
            message = self._message(frame[0], _unmasked(frame))
            if message is not None:
                yield message

    def _message(self, first: int, payload: bytes) -> tuple[int, bytes] | None:
        opcode, is_final = first & 0x0F, first & 0x80
        if opcode in _CONTROL:
            return opcode, _checked_close(payload) if opcode == CLOSE else payload
        if (opcode == _CONTINUATION) != bool(self._opcode):
            raise FrameError(PROTOCOL_ERROR, "a fragment out of place")
        if is_final and not self._opcode:
            return opcode, _checked(opcode, payload)
        self._opcode = self._opcode or opcode
        self._fragments += payload
        if len(self._fragments) > MOST_MESSAGE_BYTES:
            raise FrameError(TOO_LARGE, "a message that is too large")
        if not is_final:
            return None
        whole = self._opcode, _checked(self._opcode, self._fragments)
        self._opcode, self._fragments = 0, b""
        return whole


def _checked(opcode: int, payload: bytes) -> bytes:
    if opcode == TEXT and not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError:
            raise FrameError(NOT_TEXT, "a text that is not UTF-8") from None
    return payload


def _checked_close(payload: bytes) -> bytes:
    """Return the content of a close frame: nothing, or a code that may be sent and a reason."""
    if payload:
        code = int.from_bytes(payload[:2])
        if len(payload) == 1 or not (code in _CLOSE_CODES or 3000 <= code < 5000):
            raise FrameError(PROTOCOL_ERROR, "a close frame with a code that is none")
        _checked(TEXT, payload[2:])
    return payload


def _frame_end(data: bytes) -> int | None:
    """Return where the first frame ends, None while it is incomplete."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    length, opcode = second & 0x7F, first & 0x0F
    if first & 0x70 or opcode not in _KNOWN:
        raise FrameError(PROTOCOL_ERROR, "an unknown kind of frame")
    if not second & 0x80:
        raise FrameError(PROTOCOL_ERROR, "a frame without a mask")
    if opcode in _CONTROL and (length > _LONGEST_CONTROL or not first & 0x80):
        raise FrameError(PROTOCOL_ERROR, "a control frame that is long or in fragments")
    head = _head_bytes(length)
    if len(data) < head:
        return None
    length = length if head == 6 else int.from_bytes(data[2 : head - 4])
    if length > MOST_MESSAGE_BYTES:
        raise FrameError(TOO_LARGE, "a message that is too large")
    return head + length if len(data) >= head + length else None


def _head_bytes(length: int) -> int:
    """Return how many bytes stand before the payload, by the length in the second byte, with the mask's four."""
    return 6 if length < 126 else 8 if length == 126 else 14


def _unmasked(frame: bytes) -> bytes:
    head = _head_bytes(frame[1] & 0x7F)
    size = len(frame) - head
    if not size:
        return b""
    mask = (frame[head - 4 : head] * (size // 4 + 1))[:size]
    return (int.from_bytes(frame[head:]) ^ int.from_bytes(mask)).to_bytes(size)
