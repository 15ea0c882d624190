"""WebSocket frames as a server sends them: whole, unmasked, uncompressed (RFC 6455, section 5.2).

A frame is encoded once and written to any number of sockets.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BINARY", "CLOSE", "PING", "PONG", "TEXT", "close_complaint", "close_frame", "encode_frame"]

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_FINAL: Final = 0x80
_LARGEST_CODE: Final = 0xFFFF
_LONGEST_REASON: Final = 123


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """Return the bytes of a frame."""
    length = len(payload)
    if length < 126:
        return bytes((_FINAL | opcode, length)) + payload
    if length < 65_536:
        return bytes((_FINAL | opcode, 126)) + length.to_bytes(2) + payload
    return bytes((_FINAL | opcode, 127)) + length.to_bytes(8) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return the bytes of a close frame. The code need not be a legal one."""
    return encode_frame(CLOSE, code.to_bytes(2) + reason.encode(errors="replace"))


def close_complaint(code: int, reason: str) -> str:
    """Return why no close frame can carry this code and reason, or "". The code need not be a legal one."""
    if not 0 <= code <= _LARGEST_CODE:
        return f"expected a close code, 0 to {_LARGEST_CODE}, got {code}"
    size = len(reason.encode(errors="replace"))
    if size > _LONGEST_REASON:
        return f"expected a reason for closing of at most {_LONGEST_REASON} bytes, got {size}"
    return ""
