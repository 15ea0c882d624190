"""A jump in time is lived through: everything that is due happens, in its order and at its own moment."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from simulator import RiskTerms, Simulator
from simulator.core.faults.fault import Delay
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.errors import BadClockError, NotRunningError
from tests.simulator.runtime.api_socket import connect
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

MIDNIGHT_MS = 1_790_035_200_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BY_ITSELF = RiskTerms(liquidation="automatic", funding="automatic")


def told(simulator: Simulator, event: str) -> list[int]:
    """Return how many ms after midnight the events of a name were told."""
    return [entry.time_ms - MIDNIGHT_MS for entry in simulator.journal.entries(event=event)]


async def test_what_is_due_happens_in_its_order_and_at_its_own_time() -> None:
    exchange = Simulator(start_ms=MIDNIGHT_MS, risk=BY_ITSELF, listen_key_lifetime_s=8 * 3600 - 60)
    async with exchange as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        stream = await wire.stream()
        reading = asyncio.create_task(stream.end())
        await simulator.clock.advance(hours=8, minutes=1)

        events = [
            e for e in simulator.journal.entries(kind="event") if e.event in {"listenKeyExpired", "ACCOUNT_UPDATE"}
        ]
        assert [(e.event, e.time_ms - MIDNIGHT_MS) for e in events[-2:]] == [
            ("listenKeyExpired", 8 * HOUR_MS - MINUTE_MS),
            ("ACCOUNT_UPDATE", 8 * HOUR_MS),
        ]
        assert simulator.time_ms == MIDNIGHT_MS + 8 * HOUR_MS + MINUTE_MS
        reading.cancel()


async def test_a_day_in_a_moment_funding_gtd_and_the_end_of_the_connection() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS + 1, risk=BY_ITSELF) as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        good_till = MIDNIGHT_MS + 10 * HOUR_MS
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"timeInForce": "GTD", "goodTillDate": good_till})
        ended = asyncio.create_task((await wire.stream()).end())
        began_s = asyncio.get_running_loop().time()
        await simulator.clock.advance(hours=24)

        assert await ended == 1001
        (expired,) = [e for e in simulator.journal.entries(event="ORDER_TRADE_UPDATE") if "EXPIRED" in e.summary]
        assert expired.time_ms == good_till
        income = (await wire.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")).body
        assert [row["time"] - MIDNIGHT_MS for row in income] == [8 * HOUR_MS, 16 * HOUR_MS, DAY_MS]
        assert asyncio.get_running_loop().time() - began_s < 10


async def test_who_answers_pings_lives_and_who_does_not_is_closed_at_the_deadline() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        healthy, mute = await wire.stream(), await wire.stream()
        answering = asyncio.create_task(healthy.end())
        began_s = asyncio.get_running_loop().time()
        await simulator.clock.advance(hours=1)

        assert [connection.number for connection in simulator.connections] == [1]
        closed = next(e for e in simulator.journal.entries(event="closed") if "Pong timeout" in e.summary)
        assert closed.time_ms - MIDNIGHT_MS == 780_000
        assert await code_of(mute) == 1008
        assert asyncio.get_running_loop().time() - began_s < 7, "who does not answer is waited for once"
        answering.cancel()


async def code_of(stream: Socket) -> int:
    while True:
        message = await stream.frame()
        if message.type is aiohttp.WSMsgType.CLOSE:
            return int(message.data)


async def test_the_websocket_api_is_pinged_and_waited_for_too() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, connect(simulator) as api:
        frames: list[Any] = []

        async def answer() -> None:
            while True:
                message = await api.frame(1000)
                frames.append(message.type)
                await api.pong(message.data)

        answering = asyncio.create_task(answer())
        await simulator.clock.advance(minutes=30)
        answering.cancel()
        await asyncio.sleep(0)

        assert frames == [aiohttp.WSMsgType.PING] * 10
        assert await api.ask("account.balance")


async def test_a_client_that_is_told_of_the_end_of_its_key_makes_another_at_that_moment() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:

        async def live() -> None:
            for _ in range(2):
                stream = await wire.stream()
                while (message := await stream.frame(9999)).type is not aiohttp.WSMsgType.TEXT:
                    await stream.pong(message.data)

        living = asyncio.create_task(live())
        await asyncio.sleep(0.1)
        await simulator.clock.advance(hours=5)
        await living

        made = [e.time_ms - MIDNIGHT_MS for e in simulator.journal.entries(method="POST", path="/fapi/v1/listenKey")]
        assert told(simulator, "listenKeyExpired") == [HOUR_MS, 2 * HOUR_MS]
        assert made[0] < 1000
        assert made[-1] == HOUR_MS


async def test_a_ban_ends_and_so_do_the_windows_of_rate_limits() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        used = int((await wire.ask("GET", "/fapi/v3/balance")).headers["x-mbx-used-weight-1m"])
        assert used >= 5
        await simulator.clock.advance(minutes=1)
        assert (await wire.send("GET", "/fapi/v1/ping")).headers["x-mbx-used-weight-1m"] == "1"
        while (await wire.ask("GET", "/fapi/v1/openOrders")).status != 418:
            pass
        assert (await wire.send("GET", "/fapi/v1/ping")).status == 418
        await simulator.clock.advance(minutes=3)

        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200


async def test_answers_that_wait_leave_at_their_moment() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/time", Delay(1800))
        simulator.clock.freeze()
        asking = asyncio.create_task(wire.send("GET", "/fapi/v1/time"))
        await asyncio.sleep(100)
        assert not asking.done()
        await simulator.clock.advance(hours=1)

        assert (await asking).body["serverTime"] == MIDNIGHT_MS + 30 * MINUTE_MS


async def test_prices_move_and_candles_are_there() -> None:
    walk = {"BTCUSDT": "walk:every=10s,by=0.05,seed=7"}
    async with Simulator(start_ms=MIDNIGHT_MS, paths=walk) as simulator, Wire(simulator) as wire:
        before = simulator.price("BTCUSDT")
        await simulator.clock.advance(hours=1)

        assert simulator.price("BTCUSDT") != before
        candles = (await wire.send("GET", "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=60")).body
        assert candles[-1][0] == MIDNIGHT_MS + HOUR_MS
        assert len({candle[4] for candle in candles}) > 30


async def test_frozen_time_serves_requests_and_brings_nothing() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.clock.freeze()
        now_ms = simulator.time_ms
        await asyncio.sleep(7200)

        assert (simulator.clock.mode, simulator.time_ms) == ("frozen", now_ms)
        assert (await wire.ask("POST", ORDER, **MARKET_ORDER)).status == 200
        assert "ORDER_TRADE_UPDATE" in await stream.read_names(3)
        await simulator.clock.advance(seconds=1.5)
        assert (simulator.clock.mode, simulator.time_ms) == ("frozen", now_ms + 1500)
        simulator.clock.run()
        await asyncio.sleep(60)
        assert simulator.time_ms == now_ms + 61_500


async def test_each_step_goes_to_the_next_thing_that_is_due() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        simulator.clock.change("stepped")
        ended = asyncio.create_task((await wire.stream()).end())
        assert simulator.clock.next_due_ms == MIDNIGHT_MS + 3 * MINUTE_MS
        times = [await simulator.clock.step() - MIDNIGHT_MS for _ in range(21)]

        assert times[:3] == [3 * MINUTE_MS, 6 * MINUTE_MS, 9 * MINUTE_MS]
        assert HOUR_MS in times
        assert told(simulator, "listenKeyExpired") == [HOUR_MS]
        ended.cancel()


async def test_a_step_where_nothing_is_due_is_none() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator:
        while simulator.clock.next_due_ms is not None:
            await simulator.clock.step()
        before_ms = simulator.time_ms

        assert await simulator.clock.step() == before_ms
        assert simulator.clock.mode == "stepped"


async def test_scaled_time_is_as_much_faster_pings_and_ends_of_keys_too() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        ended = asyncio.create_task((await wire.stream()).end())
        simulator.clock.run(scale=60)
        await asyncio.sleep(61)

        assert abs(simulator.time_ms - MIDNIGHT_MS - 61 * MINUTE_MS) < 1000
        assert len(told(simulator, "listenKeyExpired")) == 1
        assert [connection.number for connection in simulator.connections] == [1]
        ended.cancel()


async def test_a_jump_that_is_asked_for_during_another_waits_for_its_turn() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator:
        due: list[int] = []
        simulator.clock.call_at(MIDNIGHT_MS + HOUR_MS, lambda: simulator.clock.begin_advance(hours=1))
        simulator.clock.call_at(MIDNIGHT_MS + 3 * HOUR_MS, lambda: due.append(simulator.time_ms - MIDNIGHT_MS))
        after = await asyncio.gather(simulator.clock.advance(hours=1), simulator.clock.advance(hours=1))
        while not due:
            assert simulator.time_ms < MIDNIGHT_MS + 4 * HOUR_MS
            await asyncio.sleep(0.1)

        assert [round((ms - MIDNIGHT_MS) / HOUR_MS, 3) for ms in after] == [1, 2]
        assert due == [3 * HOUR_MS]


async def test_the_mode_that_is_chosen_during_a_jump_holds_after_it() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator:
        simulator.clock.call_at(MIDNIGHT_MS + MINUTE_MS, simulator.clock.freeze)
        now_ms = await simulator.clock.advance(hours=1)
        await asyncio.sleep(60)

        assert (simulator.time_ms, simulator.clock.mode) == (now_ms, "frozen")


async def test_the_stop_ends_a_jump_that_was_begun() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS, paths={"BTCUSDT": "walk:every=1s"}) as simulator:
        simulator.clock.begin_advance(hours=24 * 300)
        await asyncio.sleep(0)

    assert not [task for task in asyncio.all_tasks() if "advance" in str(task)]


async def test_the_time_of_a_scenario_is_the_exchanges() -> None:
    text = """
    timeout: 3h
    steps:
      - {at: 1s, do: {advance_clock: {by: 61m}}}
      - {name: late, at: 90m, do: {set_price: {symbol: BTCUSDT, price: 64000}}}
      - {at: 91m, do: {advance_clock: {by: 0s}}}
    expect: [{events: {event: listenKeyExpired, count: 1}}]
    """
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        ended = asyncio.create_task((await wire.stream()).end())
        run = simulator.play(parse_scenario(text, "time", "time"))
        outcome = await run.finished()

        assert len(outcome.shortfalls) == 1
        assert "1 ms to 366 days" in outcome.shortfalls[0]
        assert told(simulator, "listenKeyExpired") == [HOUR_MS]
        ended.cancel()


@pytest.mark.parametrize("late_ms", [4_900, 0, -900])
@pytest.mark.parametrize("clock", ["the client's", "the exchange's"])
async def test_a_jump_takes_nobodys_timestamps_away(late_ms: int, clock: str) -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(minutes=61)
        behind_ms = simulator.clock.ahead_ms if clock == "the client's" else 0
        signed = simulator.time_ms - behind_ms - late_ms

        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=signed)).status == 200
        assert (await wire.ask("POST", ORDER, **MARKET_ORDER, timestamp=signed)).status == 200
        async with connect(simulator) as api:
            assert (await api.ask("account.balance", timestamp=signed))["status"] == 200
            assert (await api.ask("order.place", **MARKET_ORDER, timestamp=signed))["status"] == 200


@pytest.mark.parametrize("client_ms", [-6_000, 30 * MINUTE_MS, 62 * MINUTE_MS])
async def test_a_clock_that_is_neither_the_clients_nor_the_exchanges_is_wrong(client_ms: int) -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(minutes=61)
        signed = simulator.time_ms - simulator.clock.ahead_ms + client_ms

        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=signed)).body["code"] == -1021
        async with connect(simulator) as api:
            assert (await api.ask("account.balance", timestamp=signed))["error"]["code"] == -1021


async def test_where_the_servers_time_is_shifted_a_client_has_to_ask_for_it() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(minutes=61, shift_server_time=True)
        own_ms = simulator.time_ms - 61 * MINUTE_MS

        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=own_ms)).body["code"] == -1021
        async with connect(simulator) as api:
            assert (await api.ask("account.balance", timestamp=own_ms))["error"]["code"] == -1021
        servers_ms = (await wire.send("GET", "/fapi/v1/time")).body["serverTime"]
        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=servers_ms)).status == 200


async def servers_clock(wire: Wire) -> float:
    """Return how far the exchange is ahead of the loop, in ms, as a client finds when it asks for the time."""
    server_ms = (await wire.send("GET", "/fapi/v1/time")).body["serverTime"]
    return float(server_ms - asyncio.get_running_loop().time() * 1000)


@pytest.mark.parametrize("scale", [0, 60])
async def test_who_has_asked_for_the_time_may_go_by_that_although_it_stands_or_runs_faster(scale: float) -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(minutes=61)
        if scale:
            simulator.clock.run(scale)
        else:
            simulator.clock.freeze()
        await asyncio.sleep(30)
        offset_ms = await servers_clock(wire)
        await asyncio.sleep(30)
        by_that = round(asyncio.get_running_loop().time() * 1000 + offset_ms)

        assert abs(by_that - simulator.time_ms) > 20_000
        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=by_that)).status == 200
        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=by_that + 10_000)).body["code"] == -1021
        await simulator.clock.advance(minutes=61, shift_server_time=True)
        by_that = round(asyncio.get_running_loop().time() * 1000 + offset_ms)
        assert (await wire.ask("GET", "/fapi/v3/balance", timestamp=by_that)).body["code"] == -1021


async def test_an_order_that_waits_too_long_is_late_by_the_exchanges_clock_whoever_signed_it() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(minutes=61)
        codes = []
        for behind_ms in (simulator.clock.ahead_ms, 0):
            signed_ms = simulator.time_ms - behind_ms
            simulator.on_request("POST", ORDER, Delay(6))
            asking = asyncio.create_task(wire.ask("POST", ORDER, **MARKET_ORDER, timestamp=signed_ms))
            await asyncio.sleep(0.1)
            await simulator.clock.advance(seconds=7)
            codes.append((await asking).body["code"])

        assert codes == [-5028, -5028]


async def test_answers_are_dated_by_the_exchange() -> None:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, Wire(simulator) as wire:
        await simulator.clock.advance(hours=26)

        assert (await wire.send("GET", "/fapi/v1/ping")).headers["date"] == "Wed, 23 Sep 2026 02:00:00 GMT"


@pytest.mark.parametrize("scale", [0, -1, float("inf"), float("nan"), 10_001, True, "60"])
async def test_time_does_not_run_at_a_pace_that_is_none(scale: Any) -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadClockError, match=r"^scale: expected a number above 0, at most 10000, got"):
            simulator.clock.run(scale)


@pytest.mark.parametrize("span", [{"minutes": -1}, {"hours": float("nan")}, {"ms": "5"}, {"seconds": True}])
async def test_time_does_not_pass_by_a_span_that_is_none(span: Any) -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadClockError, match=f"^{next(iter(span))}: expected a number, 0 or more, got"):
            await simulator.clock.advance(**span)


@pytest.mark.parametrize("span", [{}, {"ms": 0.1}, {"hours": 24 * 367}])
async def test_time_is_advanced_by_a_millisecond_to_a_year(span: Any) -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadClockError, match="by 1 ms to 366 days at once"):
            await simulator.clock.advance(**span)
        with pytest.raises(BadClockError):
            simulator.clock.begin_advance(**span)


async def test_a_mode_that_is_none_is_refused() -> None:
    mode: Any = "paused"
    async with Simulator() as simulator:
        with pytest.raises(BadClockError, match="mode: expected one of running, frozen, stepped, got 'paused'"):
            simulator.clock.change(mode)


async def test_there_is_no_clock_before_the_start_and_after_the_stop() -> None:
    simulator = Simulator()
    with pytest.raises(NotRunningError):
        _ = simulator.clock
    async with simulator:
        assert repr(simulator.clock) == f"<ClockControl running at {simulator.time_ms}>"
    with pytest.raises(NotRunningError):
        _ = simulator.clock
