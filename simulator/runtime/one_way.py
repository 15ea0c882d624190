"""One direction of a connection that suffers: what waits in it, in its order, and how fast that leaves."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from simulator.runtime.clock import Clock, Timer

__all__ = ["OneWay"]


class OneWay:
    """Delivers bytes by and by. `emptied` is told when the last of them have left."""

    def __init__(self, clock: Clock, deliver: Callable[[bytes], None], emptied: Callable[[], None]) -> None:
        self.size = 0
        self.is_held = False
        self._clock = clock
        self._deliver = deliver
        self._emptied = emptied
        self._bytes_per_ms = 0.0
        self._piece = 0
        self._waiting: deque[tuple[int, bytes]] = deque()
        """Each piece, after the time at which it came."""
        self._begun = 0
        """How many bytes of the first piece have left."""
        self._free_ms = 0.0
        """When the last byte left."""
        self._timer: Timer | None = None

    @property
    def is_free(self) -> bool:
        """Whether what comes may pass at once."""
        return not (self.size or self.is_held or self._bytes_per_ms)

    def take(self, data: bytes) -> None:
        """Let bytes wait for their turn, which may be now."""
        if self.is_free:
            self._deliver(data)
            return
        now_ms = self._clock.time_ms()
        if not self.size:
            self._free_ms = now_ms
        self._waiting.append((now_ms, data))
        self.size += len(data)
        self.move()

    def pace(self, bytes_per_s: float, piece: int) -> None:
        """Deliver no faster from now on, and no more than `piece` bytes at once; 0 means at any pace."""
        self._bytes_per_ms, self._piece = bytes_per_s / 1000, piece
        self._free_ms = self._clock.time_ms()
        self.move()

    def hold(self, is_held: bool) -> None:  # noqa: FBT001  the state that it is to have
        """Deliver nothing, or go on."""
        if self.is_held and not is_held:
            self._free_ms = max(self._free_ms, self._clock.time_ms())
        self.is_held = is_held
        self.move()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self.size = self._begun = 0
        self._sleep()

    def move(self) -> None:
        """Deliver what may leave now, and come back for the rest."""
        self._sleep()
        had_any = self.size > 0
        now_ms = self._clock.time_ms()
        while self._waiting and not self.is_held:
            came_ms, data = self._waiting[0]
            count = len(data) - self._begun
            leaves_ms = max(self._free_ms, came_ms)
            if self._bytes_per_ms:
                count = min(count, self._piece)
                leaves_ms += count / self._bytes_per_ms
            if leaves_ms > now_ms:
                self._timer = self._clock.call_at(math.ceil(leaves_ms), self.move)
                return
            self._free_ms = leaves_ms
            self._deliver(self._shift(count))
        if had_any and not self.size:
            self._emptied()

    def _shift(self, count: int) -> bytes:
        """Take bytes off the first piece."""
        data, begin = self._waiting[0][1], self._begun
        self._begun += count
        self.size -= count
        if self._begun == len(data):
            self._waiting.popleft()
            self._begun = 0
        return data[begin : begin + count]

    def _sleep(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
