"""The fill price cache, fed by the stream."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import AccountSpec, Simulator, synthetic_symbols
from tests.scenarios.desk import SYMBOL, live_desk
from user_stream import Settings


@pytest.mark.no_cover
async def test_fill_of_the_501st_symbol_evicts_the_oldest() -> None:
    accounts = (AccountSpec(balance="1000000"),)
    sim = Simulator(symbols=synthetic_symbols(501), accounts=accounts, rate_limits="counted")
    async with live_desk(sim=sim) as desk:
        symbols = sim.symbols
        for number, symbol in enumerate(symbols[:500]):
            await desk.orders.place_market_order(symbol, "BUY", "10", client_order_id=f"o-{number}")
            await desk.until_state(f"o-{number}", "filled")
        assert desk.service.last_fill(symbols[0]) is not None

        await desk.orders.place_market_order(symbols[500], "BUY", "10", client_order_id="o-500")
        await desk.until_state("o-500", "filled")

        assert desk.service.last_fill_of_any_age(symbols[0]) is None
        assert desk.service.last_fill_of_any_age(symbols[1]) is not None
        assert desk.service.last_fill_of_any_age(symbols[500]) is not None


async def test_fill_that_is_a_minute_old_is_no_answer_unless_asked_for() -> None:
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")
        await asyncio.sleep(58)
        fill = desk.service.last_fill(SYMBOL)
        assert fill is not None
        assert (fill.price, fill.side) == (Decimal(desk.sim.price(SYMBOL)), "BUY")

        await asyncio.sleep(2)

        assert desk.service.last_fill(SYMBOL) is None
        assert desk.service.last_fill_of_any_age(SYMBOL) == fill


async def test_both_bounds_can_be_chosen() -> None:
    async with live_desk(settings=Settings(fill_cache_symbols=1, fill_cache_max_age_s=5)) as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="a")
        await desk.orders.place_market_order("ETHUSDT", "BUY", "1", client_order_id="b")
        await desk.until_state("b", "filled")

        assert desk.service.last_fill_of_any_age(SYMBOL) is None
        assert desk.service.last_fill("ETHUSDT") is not None
        await asyncio.sleep(5)
        assert desk.service.last_fill("ETHUSDT") is None


async def test_fill_recovered_from_a_gap_has_its_true_age() -> None:
    async with live_desk() as desk:
        await desk.resting("gap")
        desk.sim.refuse_connections(times=6)
        desk.sim.cut_connections()
        desk.sim.fill("gap", "0.010")
        await desk.until_state("gap", "filled")

        assert desk.service.last_fill(SYMBOL) is None
        assert desk.service.last_fill_of_any_age(SYMBOL) is not None
