"""Live means that nothing is open: no gap, no missing fill, no connection that is already known to be dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from simulator import JournalEntry, Respond
from tests.scenarios.desk import Desk, live_desk, open_desk
from user_stream import Settings, UserStreamService
from user_stream.core.events import Event
from user_stream.core.lifecycle import Degraded, GapOpened, GapRepaired, Live, Notice, ShortfallDeclared
from user_stream.runtime.transport import Connection, open_websocket

KEY = "/fapi/v1/listenKey"
BAD_FRAME = b"{not json"


def spoil_synchronizations(desk: Desk, times: int) -> None:
    """Push a frame that cannot be read into each of the next so many synchronizations."""
    left = iter(range(times))

    def spoil(entry: JournalEntry) -> None:
        if (entry.kind, entry.path) == ("request", "/fapi/v1/openOrders") and next(left, None) is not None:
            desk.sim.push(BAD_FRAME)

    desk.sim.subscribe(spoil)


def lives_within_gaps(desk: Desk) -> list[Live]:
    """Return every `Live` that was said between the opening of a gap and its repair."""
    wrong: list[Live] = []
    is_open = False
    for item in desk.said:
        if isinstance(item, GapOpened | GapRepaired):
            is_open = isinstance(item, GapOpened)
        elif isinstance(item, Live) and is_open:
            wrong.append(item)
    return wrong


def fills_told(desk: Desk, client_order_id: str) -> Decimal:
    return sum((Decimal(quantity) for _, quantity, _ in desk.orders.told(client_order_id)), Decimal(0))


async def test_gap_among_the_frames_kept_back_is_never_called_live() -> None:
    async with open_desk() as desk:
        spoil_synchronizations(desk, times=3)
        async with desk.service:
            assert isinstance(desk.service.state, Live)
            assert [type(item) for item in desk.said[-2:]] == [GapRepaired, Live]
            await asyncio.sleep(60)

        provisional = [repaired.provisional for repaired in desk.notices(GapRepaired)]
        assert len(desk.notices(GapOpened)) == 3
        assert provisional == [True, True, True, False]
        assert lives_within_gaps(desk) == []


async def test_events_told_while_a_gap_is_open_do_not_shorten_what_is_read_again() -> None:
    async with live_desk() as desk:
        await asyncio.sleep(300)
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(300)
        desk.sim.push(BAD_FRAME)
        await desk.until(lambda: desk.notices(GapRepaired))
        desk.sim.push(BAD_FRAME)  # the second one in a row waits for a second before REST is asked
        await asyncio.sleep(0.5)
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(0.2)
        assert isinstance(desk.service.state, Degraded)
        await desk.until_live()

        gap = desk.notices(GapOpened)[-1]
        last_sweep = desk.sim.journal.entries(path="/fapi/v1/allOrders", kind="request")[-1]
        assert int(last_sweep.body["startTime"]) == gap.since - 60_000


async def test_state_is_not_live_once_the_listen_key_is_known_to_be_dead() -> None:
    async with live_desk() as desk:
        loop = asyncio.get_running_loop()
        degraded: list[float] = []
        asked: list[float] = []

        def listen(item: Event | Notice) -> None:
            if isinstance(item, Degraded):
                degraded.append(loop.time())

        def note(entry: JournalEntry) -> None:
            if (entry.kind, entry.method, entry.path) == ("request", "PUT", KEY):
                asked.append(loop.time())

        desk.service.add_listener(listen)
        desk.sim.subscribe(note)
        desk.sim.silence_connections()
        desk.sim.drop_listen_key()
        await desk.until(lambda: degraded, within_s=2000)

        assert degraded[0] - asked[-1] < 1


async def test_dead_connection_that_takes_its_time_to_close_delays_nothing() -> None:
    @asynccontextmanager
    async def slow_to_close(url: str, settings: Settings) -> AsyncIterator[Connection]:
        async with open_websocket(url, settings) as connection:
            try:
                yield connection
            finally:
                await asyncio.sleep(9.9)

    async with open_desk() as desk:
        account = desk.sim.account
        async with UserStreamService(
            account.api_key, account.api_secret, desk.orders, environment=desk.environment, connector=slow_to_close
        ) as service:
            await desk.resting("order")
            desk.sim.close_connections()
            await asyncio.sleep(1)
            desk.sim.fill("order", "0.010")
            await asyncio.sleep(5)

            order = desk.orders.get_order("order")
            assert order is not None
            assert order.state == "filled"
            assert service.state == Live(2, proven=True)


async def test_connection_that_was_proven_stays_proven_after_a_repair() -> None:
    async with live_desk() as desk:
        desk.sim.transfer("USDT", "1")
        await desk.until(lambda: desk.service.state == Live(1, proven=True))

        desk.sim.push(BAD_FRAME)
        await desk.until(lambda: desk.notices(GapRepaired))
        await asyncio.sleep(1)

        assert desk.service.state == Live(1, proven=True)


async def test_fill_that_rest_lists_late_reaches_the_engine() -> None:
    async with live_desk() as desk:
        await desk.resting("lag")
        await asyncio.sleep(300)
        lagging = desk.sim.on_request("GET", "/fapi/v1/userTrades", Respond(200, body=[]), times=None)
        desk.sim.cut_connections()
        desk.sim.fill("lag", "0.010")
        await asyncio.sleep(10)
        assert len(desk.notices(ShortfallDeclared)) == 1
        lagging.cancel()
        await asyncio.sleep(120)

        assert fills_told(desk, "lag") == Decimal("0.010")
        await desk.is_square()


async def test_gap_is_not_called_repaired_while_fills_are_missing() -> None:
    async with live_desk() as desk:
        await desk.resting("lag")
        told_by_then: list[Decimal] = []

        def listen(item: Event | Notice) -> None:
            if isinstance(item, GapRepaired):
                told_by_then.append(fills_told(desk, "lag"))

        desk.service.add_listener(listen)
        desk.sim.on_request("GET", "/fapi/v1/userTrades", Respond(200, body=[]))
        desk.sim.cut_connections()
        desk.sim.fill("lag", "0.010")
        await asyncio.sleep(60)

        assert told_by_then == [Decimal("0.010")] * 2, "provisionally, and confirmed"
        assert [len(notice.report.fills) for notice in desk.notices(GapRepaired)] == [1, 1]
        assert desk.notices(ShortfallDeclared) == []
