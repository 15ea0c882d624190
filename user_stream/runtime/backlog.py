"""How far the engine is behind the stream.

Frames are read as fast as they come, and wait in the connections' buffers while a callback is awaited. A stream whose
frames wait with us is not silent, so nothing is compared before they were looked at. But an engine that is behind for
longer than a grace knows less than the exchange, however well the connection does, and that has to be said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from user_stream.runtime.clock import Clock
from user_stream.runtime.links import Link

__all__ = ["catch_up"]

_LOOK_EVERY_S: Final = 0.5


async def catch_up(links: Iterable[Link], *, clock: Clock, grace_s: float, behind: Callable[[int], None]) -> None:
    """Wait until every frame that came on these links by now was looked at, or its link carries nothing any more.

    `behind` hears, again and again once `grace_s` is over, how many frames are waiting.
    """
    came = [(link, link.frames) for link in links]
    patient_until_s = clock.monotonic() + grace_s
    while any(link.carries and link.frames - link.frames_waiting < frames for link, frames in came):
        await clock.sleep(_LOOK_EVERY_S)
        if clock.monotonic() > patient_until_s:
            behind(sum(link.frames_waiting for link, _ in came))
