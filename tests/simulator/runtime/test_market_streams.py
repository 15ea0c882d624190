"""Market data on real sockets, at its times, for those who listen and nobody else."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from simulator import MarketTerms, Profile, Simulator
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Socket, Wire

BTC = "BTCUSDT"


async def names_until(stream: Socket, within_s: float) -> list[str]:
    """Return the names of the events that come within a while."""
    names = []
    try:
        async with asyncio.timeout(within_s):
            while True:
                names.append((await stream.frame(within_s + 1)).json()["e"])
    except TimeoutError:
        return names


async def test_a_newcomer_is_told_how_things_are_after_the_reply() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws")
        assert await stream.ask(method="SUBSCRIBE", params=["btcusdt@bookTicker"], id=1) == {"result": None, "id": 1}

        event = await stream.read()
        assert (event["e"], event["s"]) == ("bookTicker", BTC)
        assert Decimal(event["b"]) <= 65000 <= Decimal(event["a"])


async def test_frames_are_raw_or_wrapped_with_the_name_of_their_stream() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/market/stream?streams=btcusdt@markPrice@1s/!markPrice@arr@1s")

        frames = [await stream.read() for _ in range(2)]
        assert {frame["stream"] for frame in frames} == {"btcusdt@markPrice@1s", "!markPrice@arr@1s"}
        assert all(frame.keys() == {"stream", "data"} for frame in frames)


async def test_a_change_of_the_best_price_is_told_at_once() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@bookTicker")
        await stream.read()
        simulator.set_price(BTC, "65100")

        assert Decimal((await stream.read())["b"]) > 65000


async def test_changes_of_the_book_come_together_at_the_end_of_their_period() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@depth@500ms")
        before = (await stream.read())["u"]
        for price in ("65100", "65200", "65300"):
            simulator.set_price(BTC, price)
        event = await stream.read()

        assert event["pu"] == before
        assert event["E"] % 500 == 0
        assert await stream.is_silent()


async def test_changes_of_the_book_are_told_although_the_loop_is_always_late() -> None:
    loop: Any = asyncio.get_running_loop()
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@depth@100ms")
        await stream.read()
        for number in range(20):
            loop.pass_time(0.15)  # as long as other work takes before any timer is looked at
            simulator.set_price(BTC, str(65001 + number))
            await asyncio.sleep(0)

        assert len(await names_until(stream, 0.05)) > 3


async def test_trades_reach_the_tape_of_whoever_listens() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/market/ws/btcusdt@aggTrade")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        event = await stream.read()
        assert (event["e"], event["q"], event["m"]) == ("aggTrade", MARKET_ORDER["quantity"], False)
        trades = await wire.send("GET", f"/fapi/v1/aggTrades?symbol={BTC}")
        assert trades.body == [{key: event[key] for key in ("a", "p", "q", "nq", "f", "l", "T", "m")}]


async def test_mark_prices_come_regularly_although_nothing_happens() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/market/ws/btcusdt@markPrice")
        times = [(await stream.read())["E"] for _ in range(4)]

        assert [time_ms % 3000 for time_ms in times[1:]] == [0, 0, 0]
        assert [later - earlier for earlier, later in pairwise(times[1:])] == [3000, 3000]


async def test_a_candle_ends_with_its_minute() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/market/ws/btcusdt@kline_1m")
        present = (await stream.read())["k"]
        final = (await asyncio.wait_for(stream.frame(61), 61)).json()

        assert (present["x"], final["k"]["x"], final["k"]["t"]) == (False, True, present["t"])
        assert final["E"] == present["T"] + 1


@pytest.mark.parametrize(
    ("profile", "path", "heard"),
    [
        (Profile(), "/ws", ["bookTicker", "markPriceUpdate"]),
        (Profile.production(), "/ws", ["bookTicker"]),
        (Profile(), "/public/ws", ["bookTicker"]),
        (Profile(), "/market/ws", ["markPriceUpdate"]),
        (Profile(), "/private/ws", []),
    ],
)
async def test_a_root_carries_its_class_of_streams(profile: Profile, path: str, heard: list[str]) -> None:
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.connect(f"{path}/btcusdt@bookTicker/btcusdt@markPrice")

        assert await names_until(stream, 0.5) == heard


async def test_user_events_and_market_data_share_an_unrouted_connection() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        stream = await wire.connect(f"/stream?streams={key}/btcusdt@trade")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        frames = [await stream.read() for _ in range(5)]
        assert [frame["stream"] for frame in frames] == [key] * 4 + ["btcusdt@trade"]


async def test_what_nobody_listens_to_costs_no_timer() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/market/ws")
        before = simulator.clock.waiting
        names = ["btcusdt@markPrice", "btcusdt@kline_1m", "!ticker@arr", "tradingSession"]
        await stream.ask(method="SUBSCRIBE", params=names, id=1)
        assert simulator.clock.waiting > before
        for _ in range(5):
            await stream.read()
        await stream.ask(method="UNSUBSCRIBE", params=names, id=2)

        assert simulator.clock.waiting <= before
        assert await stream.is_silent()


async def test_frames_of_the_market_are_counted_and_not_journaled() -> None:
    async with Simulator(paths={BTC: "walk"}) as simulator, Wire(simulator) as wire:
        await wire.connect("/public/ws/btcusdt@depth5@100ms/btcusdt@bookTicker")
        before = len(simulator.journal)
        await asyncio.sleep(30.0)

        assert len(simulator.journal) == before
        assert simulator.market_frames >= 60


async def test_a_reset_ends_the_feeds_with_their_connections() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.connect("/market/ws/btcusdt@markPrice")
        simulator.reset()
        frames = simulator.market_frames
        await asyncio.sleep(10.0)
        assert simulator.market_frames == frames
        stream = await wire.connect("/market/ws/btcusdt@markPrice")

        assert (await stream.read())["e"] == "markPriceUpdate"


async def test_a_wiped_venue_goes_on_telling_its_trades() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@trade")
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        await stream.read()
        simulator.wipe()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert (await stream.read())["e"] == "trade"


async def test_update_ids_of_a_book_go_on_when_the_venue_is_wiped() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@depth@100ms")
        for price in (65001, 65002, 65003):
            simulator.set_price(BTC, str(price))
        before = [await stream.read() for _ in range(2)][-1]
        simulator.wipe()
        simulator.set_price(BTC, "65010")
        after = await stream.read()

    assert before["u"] == after["pu"] < after["U"] <= after["u"]


async def test_a_book_kept_from_snapshot_and_changes_is_the_exchanges() -> None:
    market = MarketTerms(liquidity="book")
    async with Simulator(market=market, paths={BTC: "walk:every=70ms"}) as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/btcusdt@depth@100ms")
        await asyncio.sleep(1.0)
        snapshot = (await wire.send("GET", f"/fapi/v1/depth?symbol={BTC}&limit=1000")).body
        await asyncio.sleep(1.0)
        simulator.follow_path(BTC, "constant")
        await asyncio.sleep(0.2)
        await stream._socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})  # noqa: SLF001  its reply comes last
        sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        last = 0
        while "e" in (event := await stream.read()):
            if event["u"] < snapshot["lastUpdateId"]:
                continue
            assert event["pu"] == last if last else event["U"] <= snapshot["lastUpdateId"]
            last = event["u"]
            for side, levels in sides.items():
                levels.update(event[side])
        now = (await wire.send("GET", f"/fapi/v1/depth?symbol={BTC}&limit=1000")).body

        assert last
        kept = {s: {price: q for price, q in levels.items() if Decimal(q)} for s, levels in sides.items()}
        assert kept == {"b": dict(now["bids"]), "a": dict(now["asks"])}
