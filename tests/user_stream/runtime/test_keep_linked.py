"""Keeping connections up: what is opened when, what is closed when, and that nobody is left running."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from user_stream.errors import ApiKeyRefusedError, ConnectionLostError
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.links import Link, keep_linked

AGE_S, DWELL_S = 1000.0, 10.0


@dataclass
class Life:
    """What a connection does, in seconds since it was opened; None is never."""

    live: float | None = 1.0
    proven: float | None = 2.0
    over: float | None = None
    """It tells nothing any more, and stands until `ends`, or until somebody closes it."""
    ends: float | None = None
    error: BaseException = field(default_factory=lambda: ConnectionLostError("cut"))
    retry_in_s: float = 5.0
    deed: tuple[float, Callable[[Link], None]] | None = None


@dataclass
class Links:
    """Opens connections that live as scripted, the last script for all that follow, and writes down what happens."""

    lives: list[Life]
    opened: list[Link] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    story: list[tuple[float, str]] = field(default_factory=list)
    keeping: asyncio.Task[NoReturn] = field(init=False)

    def note(self, what: str) -> None:
        """Write down what happens now."""
        self.story.append((round(asyncio.get_running_loop().time() - self.began, 3), what))

    def begin(self) -> None:
        """Keep linked."""
        self.began = asyncio.get_running_loop().time()
        self.keeping = asyncio.create_task(
            keep_linked(self.open, self.closed, rotate_after_s=AGE_S, dwell_s=DWELL_S, clock=LoopClock())
        )

    def open(self, attempt: int) -> Link:
        """Open the next connection."""
        link = Link(len(self.opened) + 1, attempt)
        life = self.lives[min(len(self.opened), len(self.lives) - 1)]
        self.opened.append(link)
        self.attempts.append(attempt)
        self.note(f"open {link.epoch}")
        link.start(lambda: self.live(link, life))
        return link

    async def live(self, link: Link, life: Life) -> NoReturn:
        """Live as scripted."""
        loop = asyncio.get_running_loop()

        def lose() -> None:
            link.retry_in_s = life.retry_in_s
            link.over.set()

        timers = [
            loop.call_later(at, deed)
            for at, deed in ((life.live, link.live.set), (life.proven, link.proven.set), (life.over, lose))
            if at is not None
        ]
        if life.deed is not None:
            timers.append(loop.call_later(life.deed[0], life.deed[1], link))
        try:
            await asyncio.sleep(1e9 if life.ends is None else life.ends)
            if isinstance(life.error, ConnectionLostError):
                lose()
            raise life.error
        finally:
            for timer in timers:
                timer.cancel()
            self.note(f"end {link.epoch}")

    def closed(self, link: Link) -> None:
        """Hear that a connection is closed on purpose."""
        self.note(f"close {link.epoch}")

    @property
    def standing(self) -> list[int]:
        """The connections that stand."""
        return [link.epoch for link in self.opened if link.stands]


@asynccontextmanager
async def linked(*lives: Life) -> AsyncIterator[Links]:
    """Keep linked, and see that nobody is left running."""
    before = asyncio.all_tasks()
    links = Links(list(lives))
    links.begin()
    try:
        yield links
    finally:
        links.keeping.cancel()
        await asyncio.wait([links.keeping])
        await asyncio.sleep(0)
        assert links.standing == []
        assert asyncio.all_tasks() <= before


# --- one after another ---------------------------------------------------------------------------------------------


async def test_connection_that_is_lost_is_followed_by_another_after_its_backoff() -> None:
    async with linked(Life(ends=100), Life()) as links:
        await asyncio.sleep(200)

        assert links.story == [(0, "open 1"), (100, "end 1"), (105, "open 2")]


async def test_attempts_are_counted_on_until_somebody_calls_a_connection_stable() -> None:
    async with linked(Life(live=None, proven=None, ends=1)) as links:
        await asyncio.sleep(18.5)
        links.opened[-1].attempt = 1
        await asyncio.sleep(7)

        assert links.attempts == [1, 2, 3, 4, 2]


@pytest.mark.parametrize("error", [ApiKeyRefusedError(), TypeError("a defect")])
async def test_what_no_retry_can_cure_ends_the_keeping(error: BaseException) -> None:
    async with linked(Life(ends=50, error=error), Life()) as links:
        with pytest.raises(type(error)):
            await links.keeping
        assert links.story == [(0, "open 1"), (50, "end 1")]


# --- rotation: row 7, rule 27 --------------------------------------------------------------------------------------


async def test_old_one_is_closed_when_the_new_one_is_proven_and_the_dwell_has_passed() -> None:
    """Rule 27: at age from when it went live."""
    async with linked(Life(), Life(live=3, proven=20)) as links:
        await asyncio.sleep(1100)

        assert links.story == [(0, "open 1"), (1001, "open 2"), (1031, "close 1"), (1031, "end 1")]
        assert links.attempts == [1, 1]


async def test_old_one_stays_while_the_new_one_is_not_proven() -> None:
    async with linked(Life(), Life(proven=None)) as links:
        await asyncio.sleep(5000)

        assert links.standing == [1, 2]


async def test_old_one_stays_while_the_new_one_is_proven_but_does_not_carry_the_stream_yet() -> None:
    """It listed its subscription, and its frames are kept back while REST is read."""
    async with linked(Life(), Life(live=60, proven=2)) as links:
        await asyncio.sleep(1001 + 59)
        assert links.standing == [1, 2]
        await asyncio.sleep(1 + DWELL_S + 1)

        assert links.standing == [2]


async def test_old_one_stays_when_the_new_one_loses_a_frame_during_the_dwell() -> None:
    """It is not live again before REST was read once more; then the dwell begins anew."""

    def lose_frame(link: Link) -> None:
        link.live.clear()
        asyncio.get_running_loop().call_later(30, link.live.set)

    async with linked(Life(), Life(deed=(5, lose_frame))) as links:
        await asyncio.sleep(1001 + 34)
        assert links.standing == [1, 2]
        await asyncio.sleep(1 + DWELL_S + 1)

        assert links.story[-2:] == [(1001 + 35 + DWELL_S, "close 1"), (1001 + 35 + DWELL_S, "end 1")]


async def test_successor_that_dies_before_it_is_live_leaves_the_old_one_alone() -> None:
    async with linked(Life(), Life(live=None, proven=None, ends=1), Life()) as links:
        await asyncio.sleep(1030)

        assert links.story[1:] == [
            (1001, "open 2"), (1002, "end 2"), (1007, "open 3"), (1019, "close 1"), (1019, "end 1"),
        ]  # fmt: skip
        assert links.attempts == [1, 1, 2]


async def test_successor_that_dies_during_the_dwell_leaves_the_old_one_alone() -> None:
    async with linked(Life(), Life(ends=2 + DWELL_S - 1), Life()) as links:
        await asyncio.sleep(1001 + 15)
        assert links.standing == [1]
        await asyncio.sleep(100)

        assert links.standing == [3]
        assert [what for _, what in links.story if what.startswith("close")] == ["close 1"]


async def test_old_one_that_dies_by_itself_during_the_rotation_was_not_closed() -> None:
    async with linked(Life(ends=1006), Life()) as links:
        await asyncio.sleep(1100)

        assert links.story == [(0, "open 1"), (1001, "open 2"), (1006, "end 1")]
        assert links.standing == [2]


async def test_age_counts_from_when_a_connection_went_live_however_long_its_proof_took() -> None:
    """Row 7: the exchange counts, too."""
    async with linked(Life(), Life(proven=900), Life()) as links:
        await asyncio.sleep(2003)

        assert links.story[-3:] == [(1911, "close 1"), (1911, "end 1"), (2002, "open 3")]


async def test_each_connection_is_replaced_when_it_comes_of_age_and_never_two_at_once() -> None:
    """Row 7: a day is one connection after another."""
    async with linked(Life()) as links:
        await asyncio.sleep(10 * (AGE_S + 1) + 50)

        assert len(links.opened) == 11
        assert links.standing == [11]


# --- a connection of which nothing is expected any more --------------------------------------------------------------


async def test_one_that_is_over_is_read_on_until_its_successor_is_live_and_the_dwell_has_passed() -> None:
    """Row 1: its key died. The new one need not be proven, for the old one tells nothing."""
    async with linked(Life(over=100), Life(live=7, proven=None)) as links:
        await asyncio.sleep(200)

        assert links.story == [(0, "open 1"), (105, "open 2"), (122, "close 1"), (122, "end 1")]


async def test_one_that_is_over_during_its_rotation_needs_no_proof_any_more() -> None:
    async with linked(Life(over=1050), Life(proven=None)) as links:
        await asyncio.sleep(1100)

        assert links.story[-2:] == [(1060, "close 1"), (1060, "end 1")]


async def test_old_one_that_dies_before_its_successor_is_proven_is_no_complaint_of_the_loop() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with linked(Life(ends=1005), Life(proven=None, over=10), Life()):
        await asyncio.sleep(1100)
    gc.collect()

    assert complaints == []


async def test_connections_that_were_superseded_twice_are_all_closed_by_the_one_that_lives() -> None:
    async with linked(Life(over=100), Life(live=None, proven=None, over=3), Life()) as links:
        await asyncio.sleep(112)
        assert links.standing == [1, 2]
        await asyncio.sleep(100)

        assert [what for _, what in links.story if what.startswith("close")] == ["close 1", "close 2"]
        assert links.standing == [3]


async def test_defect_that_ends_one_that_is_over_is_not_hidden_by_its_successor() -> None:
    """Its end is of no interest, its defect is."""
    async with linked(Life(over=100, ends=103, error=TypeError("a defect")), Life()) as links:
        with pytest.raises(TypeError):
            await asyncio.wait_for(links.keeping, 120)


async def test_defect_that_ends_the_old_one_while_a_new_one_is_waited_for_is_raised() -> None:
    broken = Life(ends=1004, error=TypeError("a defect"))
    async with linked(broken, Life(live=None, proven=None, ends=1, retry_in_s=60), Life()) as links:
        with pytest.raises(TypeError):
            await asyncio.wait_for(links.keeping, 1100)


# --- cancellation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 0.5, 50, 102, 104, 107, 109, 114, 120])
async def test_nobody_is_left_running_whenever_the_keeping_is_cancelled(after_s: float) -> None:
    """`linked` looks for who is."""
    async with linked(Life(over=100), Life(live=None, proven=None, over=3, retry_in_s=1), Life()):
        await asyncio.sleep(after_s)


async def test_keeping_that_is_cancelled_twice_has_let_go_of_every_connection() -> None:
    async with linked(Life(), Life(proven=None)) as links:
        await asyncio.sleep(1010)
        links.keeping.cancel()
        await asyncio.sleep(0)
        links.keeping.cancel()
        await asyncio.wait([links.keeping])
        await asyncio.sleep(0)

        assert links.standing == []
