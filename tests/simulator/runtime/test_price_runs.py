"""Markets move by themselves, on the exchange's clock, and what rests in their way fills."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from simulator import ConfigurationError, MarketTerms, Simulator, UnknownSymbolError
from simulator.core.market.price_path import Steps, Walk
from simulator.errors import BadPathError

BTC = "BTCUSDT"


def market_entries(sim: Simulator) -> list[str]:
    return [entry.summary for entry in sim.journal.entries(kind="market")]


async def test_steps_happen_at_their_times() -> None:
    async with Simulator(paths={BTC: "steps:every=5s,65100,65200,65300"}) as sim:
        seen = [sim.price(BTC)]
        for _ in range(3):
            await asyncio.sleep(5.0)
            seen.append(sim.price(BTC))

        assert seen == [Decimal(65100), Decimal(65200), Decimal(65300), Decimal(65300)]
        assert sim.moving_symbols == ()


async def test_a_walk_moves_each_second_and_the_journal_does_not_grow() -> None:
    async with Simulator(paths={BTC: Walk(seed=1), "ETHUSDT": Walk(seed=1)}) as sim:
        prices = set()
        for _ in range(20):
            await asyncio.sleep(1.0)
            prices.add(sim.price(BTC))

        assert len(prices) > 15
        assert sim.moving_symbols == (BTC, "ETHUSDT")
        assert len(market_entries(sim)) == 2


async def test_a_resting_order_in_the_way_fills() -> None:
    async with Simulator() as sim:
        sim.place_external(symbol=BTC, side="BUY", type="LIMIT", time_in_force="GTC", quantity="0.010", price="64950")
        sim.follow_path(BTC, "steps:every=1s,64980,64940")
        await asyncio.sleep(2.0)

        assert [e.event for e in sim.journal.entries(kind="event")][-1] == "ORDER_TRADE_UPDATE"
        assert sim.journal.entries(kind="event")[-1].body["o"]["X"] == "FILLED"


async def test_another_path_replaces_the_first() -> None:
    async with Simulator(paths={BTC: Walk()}) as sim:
        sim.follow_path(BTC, "constant:60000")
        await asyncio.sleep(10.0)

        assert sim.price(BTC) == Decimal(60000)
        assert sim.moving_symbols == ()


async def test_who_waits_for_a_price_wakes_when_a_path_reaches_it() -> None:
    async with Simulator() as sim:
        sim.follow_path(BTC, Steps(prices=(Decimal(65100), Decimal(65200)), every_ms=60_000))
        await sim.wait_for(lambda sim: sim.price(BTC) == Decimal(65200), timeout_s=61.0)


async def test_a_record_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time_ms,price\n1000,65010\n3000,65020\n")
    async with Simulator(paths={BTC: f"file:{file}"}) as sim:
        await asyncio.sleep(1.9)
        before = sim.price(BTC)
        await asyncio.sleep(0.2)

        assert (before, sim.price(BTC)) == (Decimal(65010), Decimal(65020))


async def test_a_path_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="NONEUSDT"):
        Simulator(paths={"NONEUSDT": "walk"})
    with pytest.raises(BadPathError, match="readable file"):
        Simulator(paths={BTC: f"file:{tmp_path / 'nothing.csv'}"})
    async with Simulator() as sim:
        with pytest.raises(UnknownSymbolError):
            sim.follow_path("NONEUSDT", "walk")
        with pytest.raises(BadPathError):
            sim.follow_path(BTC, "jump")


async def test_a_reset_begins_the_paths_of_the_start_anew() -> None:
    async with Simulator(paths={BTC: "steps:every=5s,65100,65200"}) as sim:
        sim.follow_path("ETHUSDT", "walk")
        await asyncio.sleep(6.0)
        sim.reset()
        assert (sim.price(BTC), sim.moving_symbols) == (Decimal(65100), (BTC,))
        await asyncio.sleep(5.0)

        assert sim.price(BTC) == Decimal(65200)


@pytest.mark.parametrize(("liquidity", "traded"), [("book", 10), ("one_price", 0)])
async def test_the_house_trades_a_little_as_a_book_moves(liquidity: str, traded: int) -> None:
    market = MarketTerms(liquidity="book") if liquidity == "book" else None
    async with Simulator(market=market, paths={BTC: Walk()}) as sim:
        await asyncio.sleep(10.0)
        trades = sim._floor.venue.exchange.tape.trades(BTC)  # noqa: SLF001  the tape has no deed

        assert len(trades) == traded
        assert all(0 < trade.quantity * trade.price <= 2100 for trade in trades)


async def test_days_of_walking_leave_only_candles() -> None:
    async with Simulator(paths={BTC: Walk(every_ms=60_000)}, market=MarketTerms(liquidity="book")) as sim:
        exchange = sim._floor.venue.exchange  # noqa: SLF001  what is remembered is not to be seen from outside
        await asyncio.sleep(1.5 * 86_400.0)
        now_ms = sim.time_ms
        candles = list(exchange.tape.chart(BTC, now_ms).candles("1m", now_ms - 86_400_000, now_ms, now_ms))

        assert len(exchange.tape.trades(BTC)) == len(exchange.tape.aggregates(BTC)) == 1000
        assert [candle.count for candle in candles[:-1]] == [1] * 1439
        assert len(sim.journal) < 100
