"""Frames are encoded as RFC 6455 says, for each of its three lengths."""

from __future__ import annotations

import pytest

from simulator.core.streams.frame import BINARY, PING, TEXT, close_complaint, encode_frame


@pytest.mark.parametrize(
    ("opcode", "length", "head"),
    [
        (TEXT, 5, b"\x81\x05"),
        (PING, 0, b"\x89\x00"),
        (TEXT, 125, b"\x81\x7d"),
        (BINARY, 126, b"\x82\x7e\x00\x7e"),
        (TEXT, 65_535, b"\x81\x7e\xff\xff"),
        (TEXT, 65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_is_its_head_and_its_payload(opcode: int, length: int, head: bytes) -> None:
    assert encode_frame(opcode, b"x" * length) == head + b"x" * length


@pytest.mark.parametrize(
    ("code", "reason", "complaint"),
    [
        (1008, "x" * 123, ""),
        (0, "", ""),
        (65_536, "", "expected a close code, 0 to 65535, got 65536"),
        (-1, "", "expected a close code, 0 to 65535, got -1"),
        (1008, "é" * 62, "expected a reason for closing of at most 123 bytes, got 124"),
    ],
)
def test_a_close_frame_carries_two_bytes_of_code_and_a_short_reason(code: int, reason: str, complaint: str) -> None:
    assert close_complaint(code, reason) == complaint
