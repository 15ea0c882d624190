"""What Binance does not document, or sources say both ways (U1 to U18): a day under each value of each switch.

The simulator has one switch for each such question, and this file has no list of them: it turns them all, one by one,
whichever there are. Whatever the truth is, engine and exchange end equal.
"""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import AccountSpec, Profile, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream import Settings
from user_stream.core.lifecycle import Live

OURS = "query_events"
"""The form of address that the default settings ask for; that it is silent is row 5's, not a switch to live with."""


def switches() -> Iterator[tuple[str, Any]]:
    """Return every switch of the profile with every value that it can have."""
    for name, kind in typing.get_type_hints(Profile).items():
        if typing.get_origin(kind) is typing.Literal:
            yield from ((name, value) for value in typing.get_args(kind))
        elif typing.get_origin(kind) is frozenset:
            (form,) = typing.get_args(kind)
            yield name, frozenset(value for value in typing.get_args(form) if value != OURS)
    yield from [("algo_trigger_ms", 0), ("algo_trigger_ms", 900), ("self_trade_prevention", "NONE")]


def label(part: Any) -> str:
    """Return what every process calls it: a set has another order in each."""
    return "+".join(sorted(part))[:24] if isinstance(part, frozenset) else str(part)


async def with_orders(desk: Desk) -> None:
    """Rest, fill in part, amend, fill, cancel, take what there is."""
    await desk.resting("order")
    desk.sim.fill("order", "0.004")
    await desk.orders.amend_order("order", price="60100")
    await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="market")
    await desk.orders.place_market_order("ETHUSDT", "SELL", "1", client_order_id="eth")
    desk.sim.fill("order", "0.006")
    await desk.until_state("order", "filled")
    await desk.until_state("market", "filled")


async def with_stops(desk: Desk) -> None:
    """One that triggers, one that closes what is left when the position is gone, one between two ticks."""
    await desk.orders.place_stop_order(SYMBOL, "SELL", "64000", quantity="0.010", client_order_id="stop")
    await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", close_position=True, client_order_id="closing")
    await desk.orders.place_stop_order(
        SYMBOL, "SELL", "49000.05", quantity="0.001", reduce_only=True, client_order_id="off-tick"
    )
    desk.sim.set_price(SYMBOL, "63990")
    await desk.until_state("stop", "filled")


async def with_force(desk: Desk) -> None:
    """Funding, deleverage, liquidation."""
    desk.sim.funding(SYMBOL, "0.0001")
    desk.sim.adl("ETHUSDT", quantity="0.5")
    desk.sim.liquidate("ETHUSDT")
    await asyncio.sleep(60)


async def with_a_cut(desk: Desk) -> None:
    """An order that fills while nobody listens."""
    await desk.resting("gap")
    epoch = desk.epoch
    desk.sim.cut_connections()
    desk.sim.fill("gap", "0.003")
    await desk.until_live(after_epoch=epoch)
    await desk.orders.cancel_all_orders()


async def with_keys(desk: Desk) -> None:
    """One that another process deletes, and one whose hour is over."""
    desk.sim.request_external("DELETE", "/fapi/v1/listenKey")
    await asyncio.sleep(2000)
    desk.sim.expire_listen_key()
    await asyncio.sleep(2000)
    await desk.resting("after")
    desk.sim.fill("after", "0.010")
    await desk.until_state("after", "filled")


@pytest.mark.parametrize(("switch", "value"), list(switches()), ids=label)
@pytest.mark.no_cover
async def test_day_ends_equal_however_an_open_question_is_answered(switch: str, value: Any) -> None:
    """U1 to U18."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(**{switch: value}))
    async with live_desk(sim=sim, settings=Settings(comparison_interval_s=300)) as desk:
        await with_orders(desk)
        await with_stops(desk)
        await with_force(desk)
        await with_a_cut(desk)
        await with_keys(desk)
        await asyncio.sleep(400)

        assert isinstance(desk.service.state, Live)
        await desk.is_square()
