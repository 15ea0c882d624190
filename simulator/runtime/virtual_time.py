"""An event loop on which waiting costs nothing.

The loop's clock stands still while anything is ready to run, and jumps to the next timer when nothing is. Sockets stay
real: a frame sent over loopback is readable before the loop looks for it, so client and exchange may talk over real
ports while a day passes in a second. Everything that takes part must live in this one loop: a thread or another process
is not waited for, and would see the clock run away from it.

A run in which nothing is ready, nothing is scheduled and no socket can wake anything is a deadlock. It is raised as
`DeadlockError`, with every task's position, instead of hanging until somebody's patience ends.
"""

from __future__ import annotations

import asyncio
import io
import selectors
from collections.abc import Mapping
from typing import Any

__all__ = ["DeadlockError", "VirtualTimeLoop"]

_GRACE_S = 0.05
"""Real seconds to wait for a loopback socket before a run without timers is called a deadlock."""


class DeadlockError(RuntimeError):
    """Nothing can ever run again in this loop. The message lists where every task stands."""


class _VirtualSelector(selectors.BaseSelector):
    """Delegates to a real selector, and turns the time that it would have slept into virtual time."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = self._real.select(_GRACE_S)
            if not ready:
                raise DeadlockError(_positions())
            return ready
        self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose `time()` starts at 0 s and advances only when every task waits."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._virtual.now


def _positions() -> str:
    text = io.StringIO()
    text.write("deadlock: no task can run, and no timer is set\n")
    for task in sorted(asyncio.all_tasks(asyncio.get_running_loop()), key=lambda task: task.get_name()):
        task.print_stack(file=text)
    return text.getvalue()
