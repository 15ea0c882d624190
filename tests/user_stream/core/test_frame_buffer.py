"""Frames kept back: all of them in order, or none and a gap."""

from __future__ import annotations

import pytest

from user_stream.core.frame_buffer import FrameBuffer


def filled(*frames: bytes, limit: int = 2) -> FrameBuffer:
    buffer = FrameBuffer(limit)
    for frame in frames:
        buffer.keep(frame)
    return buffer


def test_frames_are_taken_in_the_order_in_which_they_came() -> None:
    buffer = filled(b"1", b"2")

    assert list(buffer) == [b"1", b"2"]
    assert [buffer.take(), buffer.take()] == [b"1", b"2"]
    with pytest.raises(IndexError):
        buffer.take()


def test_a_full_buffer_has_not_overflowed() -> None:
    assert not filled(b"1", b"2").overflowed


def test_one_frame_too_many_throws_all_away_and_says_so() -> None:
    buffer = filled(b"1", b"2", b"3")

    assert buffer.overflowed
    assert len(buffer) == 0


def test_after_an_overflow_nothing_is_kept_until_rest_is_asked() -> None:
    buffer = filled(b"1", b"2", b"3", b"4")
    assert len(buffer) == 0

    buffer.begin()
    buffer.keep(b"5")

    assert list(buffer) == [b"5"]
    assert not buffer.overflowed


def test_beginning_without_an_overflow_keeps_what_is_there() -> None:
    buffer = filled(b"1")

    buffer.begin()

    assert list(buffer) == [b"1"]
