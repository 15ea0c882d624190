"""What clients send is read whatever way it is cut, and what breaks the protocol is named."""

from __future__ import annotations

import pytest

from simulator.core.streams.frame import BINARY, CLOSE, PING, TEXT
from simulator.core.streams.frame_reader import MOST_MESSAGE_BYTES, FrameError, FrameReader

MASK = b"\x01\x02\x03\x04"


def masked(opcode: int, payload: bytes, *, first: int = 0x80) -> bytes:
    """Return a frame as a client sends it; `first` holds the bits beside the opcode."""
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    else:
        length = bytes((0xFE,)) + size.to_bytes(2) if size < 65_536 else bytes((0xFF,)) + size.to_bytes(8)
    key = (MASK * (size // 4 + 1))[:size]
    hidden = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
    return bytes((first | opcode,)) + length + MASK + hidden


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_payload_of_any_size_is_unmasked(size: int) -> None:
    payload = bytes(index % 251 for index in range(size))

    assert list(FrameReader().feed(masked(BINARY, payload))) == [(BINARY, payload)]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_frames_are_whole_however_the_network_cuts_them(step: int) -> None:
    data = masked(TEXT, b"a" * 200) + masked(PING, b"") + masked(TEXT, "é".encode())
    reader = FrameReader()
    read: list[tuple[int, bytes]] = []
    for start in range(0, len(data), step):
        read += reader.feed(data[start : start + step])

    assert read == [(TEXT, b"a" * 200), (PING, b""), (TEXT, "é".encode())]


def test_fragments_are_joined_and_control_frames_may_stand_between_them() -> None:
    data = masked(TEXT, b"one ", first=0) + masked(PING, b"x") + masked(0, b"two", first=0) + masked(0, b"")

    assert list(FrameReader().feed(data)) == [(PING, b"x"), (TEXT, b"one two")]


@pytest.mark.parametrize("payload", [b"", (1000).to_bytes(2), (1001).to_bytes(2) + b"bye", (4999).to_bytes(2)])
def test_a_client_may_close_without_a_code_or_with_one_that_exists(payload: bytes) -> None:
    assert list(FrameReader().feed(masked(CLOSE, payload))) == [(CLOSE, payload)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x01a", 1002),
        (masked(TEXT, b"", first=0xC0), 1002),
        (masked(3, b""), 1002),
        (masked(PING, b"", first=0), 1002),
        (masked(CLOSE, b"x" * 126), 1002),
        (masked(0, b"x"), 1002),
        (masked(TEXT, b"x", first=0) + masked(TEXT, b"y"), 1002),
        (masked(TEXT, b"\xff"), 1007),
        (masked(CLOSE, b"\x03"), 1002),
        (masked(CLOSE, (999).to_bytes(2)), 1002),
        (masked(CLOSE, (1005).to_bytes(2)), 1002),
        (masked(CLOSE, (5000).to_bytes(2)), 1002),
        (masked(CLOSE, (1000).to_bytes(2) + b"\xff"), 1007),
        (bytes((0x82, 0xFF)) + (MOST_MESSAGE_BYTES + 1).to_bytes(8) + MASK, 1009),
    ],
)
def test_what_breaks_the_protocol_is_named_with_its_close_code(data: bytes, code: int) -> None:
    with pytest.raises(FrameError) as broken:
        list(FrameReader().feed(data))

    assert broken.value.code == code


def test_fragments_that_never_end_are_not_kept_for_ever() -> None:
    reader = FrameReader()
    list(reader.feed(masked(TEXT, b"x" * MOST_MESSAGE_BYTES, first=0)))

    with pytest.raises(FrameError, match="1009"):
        list(reader.feed(masked(0, b"x", first=0)))
