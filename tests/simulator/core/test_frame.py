"""Frames are encoded as RFC 6455 says, for each of its three lengths."""

from __future__ import annotations

import pytest

from simulator.core.frame import BINARY, PING, TEXT, encode_frame


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
