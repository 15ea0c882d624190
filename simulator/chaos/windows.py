"""The dangerous windows: moments in which every engine has gone wrong, each of at most six messages and moves.

There is one order of the engine, and what befalls it at nearly the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from simulator.chaos.engine import Amends, PlacesAlgo
from simulator.chaos.interleavings import Bench, Window
from simulator.core.scenario.engine_action import EngineAmend, EnginePlace, EnginePlaceAlgo
from simulator.core.scenario.laboratory import Laboratory

__all__ = ["WINDOWS"]

_SYMBOL: Final = "BTCUSDT"
_ONE: Final = Laboratory(engine={"connections": "1", "journal": "off"})
_TWO: Final = Laboratory(engine={"connections": "2", "journal": "off"})
_LIMIT: Final = EnginePlace(symbol=_SYMBOL, side="BUY", quantity="0.010", price="60000", client_order_id="order")
_MARKET: Final = EnginePlace(symbol=_SYMBOL, side="BUY", type="MARKET", quantity="0.010", client_order_id="order")
_AMENDED: Final = EngineAmend(symbol=_SYMBOL, side="BUY", order="order", quantity="0.006", price="60000")
_STOP: Final = EnginePlaceAlgo(
    symbol=_SYMBOL, side="SELL", quantity="0.010", trigger_price="64000", client_order_id="order"
)
_ORDERS: Final = ("* TRADE_LITE", "* ORDER_TRADE_UPDATE *")
_ALL: Final = (*_ORDERS, "* ACCOUNT_UPDATE")


# --- what is there before -----------------------------------------------------------------------------------------


async def _resting(bench: Bench) -> None:
    await bench.engine.place(_LIMIT)


async def _waiting(bench: Bench) -> None:
    if isinstance(bench.engine, PlacesAlgo):
        await bench.engine.place_algo(_STOP)
    else:
        bench.sim.place_external_algo(
            symbol=_SYMBOL, side="SELL", type="STOP_MARKET", quantity="0.010", trigger_price="64000"
        )


# --- what happens -------------------------------------------------------------------------------------------------


def _placed(bench: Bench) -> None:
    bench.engine_does(bench.engine.place(_MARKET))


def _placed_and_filled_twice(bench: Bench) -> None:
    bench.engine_does(bench.engine.place(_LIMIT))
    _soon(bench.sim.fill, "order", "0.004")
    _soon(bench.sim.fill, "order", "0.006")


def _cancelled(bench: Bench) -> None:
    bench.engine_does(bench.engine.cancel(_SYMBOL, "order"))


def _filled_and_cancelled(bench: Bench) -> None:
    bench.sim.fill("order", "0.004")
    _cancelled(bench)


def _filled_away(bench: Bench) -> None:
    bench.sim.fill("order", "0.010")
    _cancelled(bench)


def _filled_and_amended(bench: Bench) -> None:
    bench.sim.fill("order", "0.004")
    if isinstance(bench.engine, Amends):
        bench.engine_does(bench.engine.amend(_AMENDED))
    else:
        bench.sim.amend("order", quantity="0.006")


def _cut(bench: Bench) -> None:
    bench.sim.cut_connections()


def _cut_the_first(bench: Bench) -> None:
    bench.sim.cut_connections(connection=1)


def _triggered(bench: Bench) -> None:
    bench.sim.set_price(_SYMBOL, "63000")


def _fill(quantity: str) -> Callable[[Bench], None]:
    return lambda bench: bench.sim.fill("order", quantity)


def _soon(deed: Callable[..., object], *args: Any) -> None:
    """Do it when the request that was just made has arrived, and within the pause."""
    asyncio.get_running_loop().call_later(0.002, deed, *args)


WINDOWS: Final = (
    Window(
        name="place, acknowledge, fill",
        about="A MARKET order: the answer to its request among its events.",
        messages=("answer POST /fapi/v1/order", *_ALL),
        begin=_placed,
        laboratory=_ONE,
    ),
    Window(
        name="place, acknowledge, two fills",
        about="A LIMIT order that is filled by two trades before its request is answered.",
        messages=("answer POST /fapi/v1/order", *_ORDERS),
        begin=_placed_and_filled_twice,
        laboratory=_ONE,
    ),
    Window(
        name="cancel, fill",
        about="An order is filled in part as it is cancelled.",
        messages=("answer DELETE /fapi/v1/order", *_ALL),
        before=_resting,
        begin=_filled_and_cancelled,
        laboratory=_ONE,
    ),
    Window(
        name="cancel, filled",
        about="An order is filled as it is cancelled: the cancel is refused.",
        messages=("answer DELETE /fapi/v1/order", *_ALL),
        before=_resting,
        begin=_filled_away,
        laboratory=_ONE,
    ),
    Window(
        name="amend, fill",
        about="An order is filled in part as it is amended.",
        messages=("answer PUT /fapi/v1/order", *_ALL),
        before=_resting,
        begin=_filled_and_amended,
        laboratory=_ONE,
    ),
    Window(
        name="snapshot, fill",
        about="The stream is lost, and an order is filled at some moment of the recovery.",
        messages=(
            "answer GET /fapi/v1/openOrders", "answer GET /fapi/v1/userTrades", "answer GET /fapi/v3/positionRisk",
            *_ORDERS,
        ),
        before=_resting,
        begin=_cut,
        moves={"the order is filled": _fill("0.010")},
        laboratory=_ONE,
    ),
    Window(
        name="open orders, fill",
        about="The stream is lost, and an order is filled around the answer of what is open.",
        messages=("answer GET /fapi/v1/openOrders", *_ORDERS),
        before=_resting,
        begin=_cut,
        moves={"the order is filled": _fill("0.010")},
        laboratory=_ONE,
    ),
    Window(
        name="two connections",
        about="Two streams tell the same fill.",
        messages=_ALL,
        before=_resting,
        begin=_fill("0.004"),
        laboratory=_TWO,
    ),
    Window(
        name="two connections, one ends",
        about="Two streams tell the same fill, and one of them ends.",
        messages=(*_ORDERS, "end of *"),
        before=_resting,
        begin=_fill("0.010"),
        moves={"the first stream is cut": _cut_the_first},
        laboratory=_TWO,
    ),
    Window(
        name="trigger, child, fill",
        about="A conditional order becomes an ordinary one, which is filled.",
        messages=("* ALGO_UPDATE *", *_ORDERS),
        before=_waiting,
        begin=_triggered,
        laboratory=_ONE,
    ),
)  # fmt: skip
"""All of them."""
