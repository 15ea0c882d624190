"""The time at which a frame was read stays with it, whatever becomes of the others."""

from __future__ import annotations

from user_stream.core.frame_buffer import FrameBuffer
from user_stream.core.receptions import Receptions


class Reader:
    """Reads frames into a buffer of four, as a connection does; each frame says when it was read."""

    def __init__(self) -> None:
        self.buffer = FrameBuffer(4)
        self.receptions = Receptions()

    def read(self, *times: int) -> None:
        for at in times:
            self.receptions.read(at, waiting=len(self.buffer))
            self.buffer.keep(str(at).encode())

    def look(self) -> tuple[int, int | None]:
        """Return the time that a frame says, and the one that was noted."""
        return int(self.buffer.take()), self.receptions.of_frame_in_hand(waiting=len(self.buffer))


def test_frame_that_waited_was_read_when_it_came() -> None:
    reader = Reader()
    reader.read(1, 2, 3)
    first = reader.look()
    reader.read(4)

    assert [first, *(reader.look() for _ in range(3))] == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_frame_that_is_no_event_takes_its_time_with_it() -> None:
    reader = Reader()
    reader.read(1, 2)
    reader.buffer.take()

    assert reader.look() == (2, 2)


def test_frames_after_an_overflow_have_their_own_times_and_the_lost_ones_are_not_remembered() -> None:
    reader = Reader()
    reader.read(*range(100))
    assert len(reader.receptions) == 1
    reader.buffer.begin()
    reader.read(200, 201)

    assert [reader.look(), reader.look()] == [(200, 200), (201, 201)]


def test_frame_whose_reading_was_not_noted_has_no_time() -> None:
    assert Receptions().of_frame_in_hand(waiting=0) is None
