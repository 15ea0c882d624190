"""The listen key, kept for all connections that share it: who asks, when, and who hears of its death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from tests.user_stream.runtime.standin import Standin, refusal, standin
from user_stream import Settings
from user_stream.errors import ListenKeyLostError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.lease import ListenKeyLease

PATH = "/fapi/v1/listenKey"
FIRST, SECOND = "a" * 64, "b" * 64
HALF_LIFE_S = 1800


@dataclass
class Bench:
    """A lease, and an exchange that answers POST and PUT with `key`, or as told."""

    exchange: Standin
    rest: BinanceRest
    lease: ListenKeyLease
    key: str = FIRST
    put: web.Response | None = None
    """What PUT is answered with instead."""

    def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer with the active key."""
        if request.method == "PUT" and self.put is not None:
            answer, self.put = self.put, None
            return answer
        return web.json_response({"listenKey": self.key})

    def times(self, method: str) -> list[float]:
        """Return when a key was asked for by this method, in seconds since noon."""
        return [second for second, asked, path, _ in self.exchange.seen if (asked, path) == (method, PATH)]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open an exchange on which nobody holds a key."""
    async with standin() as exchange:
        settings, rest = Settings(), exchange.rest()
        made = Bench(exchange, rest, ListenKeyLease(rest, settings=settings, clock=exchange.clock, draw=lambda: 0.5))
        exchange.answers[PATH] = made.answer
        yield made
        await rest.close()


def keepers(desk: Bench, number: int, count: int = 2) -> list[asyncio.Task[None]]:
    """Let so many connections keep a lease."""
    return [asyncio.create_task(desk.lease.keep(number)) for _ in range(count)]


async def lost(task: asyncio.Task[None]) -> str:
    """Return why a keeper gave up."""
    with pytest.raises(ListenKeyLostError) as caught:
        await task
    return str(caught.value)


# --- getting one -------------------------------------------------------------------------------------------------


async def test_connections_that_ask_while_the_key_lives_share_one_lease() -> None:
    """Rule 26: a POST gives the active key, with another lifetime."""
    async with bench() as desk:
        assert await desk.lease.acquire() == (FIRST, 1)
        await asyncio.sleep(600)
        assert await desk.lease.acquire() == (FIRST, 1)

        assert desk.lease.state is not None
        assert desk.lease.state.due_s == pytest.approx(desk.exchange.clock.monotonic() + HALF_LIFE_S, abs=1)


async def test_two_that_ask_at_the_same_time_share_one_lease() -> None:
    async with bench() as desk:
        first, second = await asyncio.gather(desk.lease.acquire(), desk.lease.acquire())
        assert first == second == (FIRST, 1)


async def test_post_that_returns_another_key_means_that_ours_is_dead() -> None:
    """Rule 26, row 1: another process deleted it and made a new one. Whoever keeps the old one hears of it at once."""
    async with bench() as desk:
        await desk.lease.acquire()
        keeping = keepers(desk, 1)
        await asyncio.sleep(100)
        desk.key = SECOND

        assert await desk.lease.acquire() == (SECOND, 2)
        assert ["another listen key" in await lost(task) for task in keeping] == [True, True]


async def test_new_key_may_be_the_same_string() -> None:
    """Rule 26: it is another lease all the same, and what dies with the old one is the old one's."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        desk.lease.expire(number, "the listen key expired")
        assert await desk.lease.acquire() == (FIRST, 2)
        keeping = keepers(desk, 2, count=1)
        desk.lease.expire(number, "the listen key expired")  # announced twice, a few ms apart
        await asyncio.sleep(1)

        assert not keeping[0].done()
        keeping[0].cancel()


# --- keeping it ----------------------------------------------------------------------------------------------------


async def test_one_of_those_that_share_it_extends_it_at_half_life() -> None:
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        for _ in range(3):
            await asyncio.gather(*keepers(desk, number))

        assert desk.times("PUT") == [HALF_LIFE_S, 2 * HALF_LIFE_S, 3 * HALF_LIFE_S]


async def test_key_that_was_extended_by_a_new_connection_is_due_later() -> None:
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        keeping = keepers(desk, number)
        await asyncio.sleep(1000)
        await desk.lease.acquire()
        await asyncio.gather(*keeping)
        assert desk.times("PUT") == [], "the wait ends at the old time, with nothing to do"

        await asyncio.gather(*keepers(desk, number))
        assert desk.times("PUT") == [1000 + HALF_LIFE_S]


async def test_put_that_returns_another_key_ends_it_for_everybody() -> None:
    """Rule 26."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        keeping = keepers(desk, number)
        await asyncio.sleep(100)
        desk.key = SECOND

        assert ["another listen key" in await lost(task) for task in keeping] == [True, True]
        assert desk.times("PUT") == [HALF_LIFE_S]


async def test_key_that_the_exchange_does_not_know_ends_it_for_everybody() -> None:
    """Row 1: -1125."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        keeping = keepers(desk, number)
        desk.put = refusal(400, -1125, "This listenKey does not exist.")

        assert ["-1125" in await lost(task) for task in keeping] == [True, True]
        assert len(desk.times("PUT")) == 1
        assert "-1125" in await lost(keepers(desk, number, count=1)[0]), "whoever comes later hears it, too"


async def test_expiry_that_is_announced_wakes_all_keepers_at_once() -> None:
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        keeping = keepers(desk, number)
        await asyncio.sleep(7)
        desk.lease.expire(number, "the listen key expired")
        desk.lease.expire(number, "said once more")

        assert [await lost(task) for task in keeping] == ["the listen key expired"] * 2
        assert desk.exchange.clock.monotonic() < HALF_LIFE_S


async def test_keepalive_that_fails_is_tried_again_inside_the_margin() -> None:
    """Row 16."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        desk.put = refusal(503, -1016, "This service is no longer available.")
        await desk.lease.keep(number)

        assert len(desk.times("PUT")) == 2
        assert desk.lease.state is not None
        assert not desk.lease.state.dead


async def test_key_that_cannot_be_extended_is_given_up_before_its_end() -> None:
    """Row 16: the connection that it opened still looks healthy then."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        desk.exchange.answers[PATH] = lambda _: refusal(500, -1000, "Unknown.")
        keeping = keepers(desk, number)

        assert ["could not be kept alive" in await lost(task) for task in keeping] == [True, True]
        settings = Settings()
        assert desk.times("PUT")[-1] <= settings.listen_key_lifetime_s - settings.keepalive_margin_s
        assert len(desk.times("PUT")) > 10


async def test_ban_that_ends_too_late_gives_the_key_up_at_once() -> None:
    """Row 17: nothing is asked before a ban is over."""
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        desk.put = refusal(418, -1003, "Banned.", Retry_After="3000")

        assert "could not be kept alive" in await lost(keepers(desk, number, count=1)[0])
        assert desk.times("PUT") == [HALF_LIFE_S]


async def test_late_answer_about_an_old_key_does_not_end_the_new_one() -> None:
    async with bench() as desk:
        _, number = await desk.lease.acquire()
        late = asyncio.Event()

        async def hang() -> str:
            await late.wait()
            raise ListenKeyLostError("the exchange does not know the listen key (-1125)")

        desk.rest.extend_listen_key = hang  # type: ignore[method-assign]  # an answer that is held back
        extending = asyncio.create_task(desk.lease.extend())
        await asyncio.sleep(1)
        desk.lease.expire(number, "the listen key expired")
        await desk.lease.acquire()
        late.set()

        assert "-1125" in await lost(extending)
        assert desk.lease.state is not None
        assert (desk.lease.state.number, desk.lease.state.dead) == (2, False)


async def test_lease_shows_no_key() -> None:
    async with bench() as desk:
        await desk.lease.acquire()
        desk.key = SECOND
        with pytest.raises(ListenKeyLostError) as caught:
            await desk.lease.extend()

        for shown in (repr(desk.lease), repr(desk.lease.state), str(caught.value)):
            assert FIRST not in shown
            assert SECOND not in shown
