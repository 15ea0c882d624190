"""Days on which conditional orders wait, are triggered, cancelled and amended while everything else happens, too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Delay, Duplicate, Profile, Respond, Simulator
from simulator.core.rest.venue_error import VenueError
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.test_eventful_days import ORDER_FAULTS, READ_FAULTS, Day
from user_stream import Settings

MARKET = Decimal(76_500)
KINDS = ("STOP_MARKET", "STOP", "TAKE_PROFIT_MARKET", "TAKE_PROFIT", "TRAILING_STOP_MARKET")
EVENTS = ("ALGO_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE")
READS = ("v1/algoOrder", "v1/openAlgoOrders")
FAULTS = tuple(fault for fault in ORDER_FAULTS if not (isinstance(fault, Respond) and fault.status == 400))


class ConditionalDay(Day):
    """A day like any other, with conditional orders in it."""

    def _happen(self) -> None:
        if self.draw.random() < 0.4:
            super()._happen()
            return
        sim, draw = self.desk.sim, self.draw
        happenings: list[tuple[int, Callable[[], object]]] = [
            (30, self._place_conditional),
            (30, lambda: sim.set_price(SYMBOL, self._near())),
            (8, self._cancel_one),
            (3, lambda: self._ask(self.desk.orders.cancel_all_orders(SYMBOL))),
            (6, self._amend_one),
            (6, lambda: sim.end_algo(self._any(), draw.choice(["CANCELED", "EXPIRED", "REJECTED"]))),
            (6, lambda: self._spoil(draw.choice(["POST", "DELETE"]), "v1/algoOrder", draw.choice(FAULTS))),
            (3, lambda: self._spoil("DELETE", "v1/algoOpenOrders", draw.choice(FAULTS))),
            (3, lambda: self._spoil("GET", "v1/algoOrder", Respond(400, -2013, "Order does not exist."))),
            (3, lambda: self._spoil("GET", draw.choice(READS), draw.choice(READ_FAULTS))),
            (6, lambda: sim.on_frame(Delay(draw.random() * 3), event=draw.choice(EVENTS))),
            (3, lambda: sim.on_frame(Duplicate(draw.random()), event=draw.choice(EVENTS))),
        ]  # fmt: skip
        (happening,) = draw.choices([what for _, what in happenings], [often for often, _ in happenings])
        happening()

    def _near(self) -> str:
        return str((MARKET * Decimal(self.draw.randint(960, 1040)) / 1000).quantize(Decimal("0.1")))

    def _any(self) -> str:
        return self.draw.choice([name for name, _ in self.placed] or ["nobody"])

    def _ask(self, request: Coroutine[Any, Any, object]) -> None:
        self.asked.append(asyncio.create_task(request))

    def _place_conditional(self) -> None:
        draw, name = self.draw, f"c-{len(self.placed)}"
        self.placed.append((name, SYMBOL))
        kind = draw.choice(KINDS)
        terms: dict[str, Any] = {"quantity": draw.choice(["0.002", "0.010"])}
        if kind == "TRAILING_STOP_MARKET":
            terms |= {"callback_rate": "1"}
        else:
            terms |= {"trigger_price": self._near()}
        if kind in {"STOP", "TAKE_PROFIT"}:
            terms |= {"price": str(Decimal(terms["trigger_price"]) + draw.choice([-300, 0, 300]))}
        elif kind in {"STOP_MARKET", "TAKE_PROFIT_MARKET"} and draw.random() < 0.3:
            terms = {"trigger_price": self._near(), "close_position": True}
        if draw.random() < 0.15:
            with contextlib.suppress(VenueError):  # it would trigger at once, or nothing is there to close
                self.desk.sim.place_external_algo(
                    symbol=SYMBOL, side=draw.choice(["BUY", "SELL"]), type=kind, client_algo_id=f"web_{name}", **terms
                )
            return
        self._ask(
            self.desk.orders.place_conditional_order(
                SYMBOL, draw.choice(["BUY", "SELL"]), kind, client_order_id=name, **terms
            )
        )  # fmt: skip

    def _cancel_one(self) -> None:
        name = self._any()
        if self.desk.orders.get_order(name) is not None:
            self._ask(self.desk.orders.cancel_order(name))

    def _amend_one(self) -> None:
        active = [order for order in self.desk.orders.get_active_orders() if order.state == "active" and order.price]
        order = self.draw.choice([order for order in active if order.order_id] or [None])
        if order is not None:
            terms = self.draw.choice([{"quantity": "0.012"}, {"quantity": "0.001"}, {"price": str(order.price - 10)}])
            self._ask(self.desk.orders.amend_order(order.client_order_id, **terms))


def conditional_orders_are_the_same(desk: Desk) -> None:
    """Each of the exchange's is one order of the engine, with the fills and the end of its child.

    One of somebody else that came and went while no connection stood is in no answer: only its child is known.
    """
    known = {order.algo_id: order for order in desk.orders.orders if order.algo_id}
    truth = desk.sim.state()["accounts"][desk.sim.account.name]
    children = {str(order["orderId"]): order for order in truth["orders"]}
    assert set(known) <= {algo["algoId"] for algo in truth["algo_orders"]}
    for algo in truth["algo_orders"]:
        if algo["algoId"] not in known:
            assert algo["clientAlgoId"].startswith("web_")
            assert algo["algoStatus"] in {"FINISHED", "CANCELED", "EXPIRED", "REJECTED"}
            continue
        order = known[algo["algoId"]]
        assert (order.client_order_id, order.order_id) == (algo["clientAlgoId"], algo["actualOrderId"])
        child = children.get(algo["actualOrderId"])
        status = algo["algoStatus"] if child is None else child["status"]
        ends = {"CANCELED": "cancelled", "EXPIRED": "expired", "REJECTED": "rejected", "FILLED": "filled"}
        assert order.state == ends.get(status, "active")
        assert order.filled_qty == Decimal(child["executedQty"] if child else 0)
    parents = {order.order_id for order in known.values() if order.order_id}
    assert parents.isdisjoint(order.order_id for order in desk.orders.orders if not order.algo_id)


def exchange(seed: int) -> Simulator:
    """Return an exchange that leaves open what sources leave open, one way or the other."""
    profile = Profile(
        algo_child="before_triggered" if seed % 2 else "after_triggered",
        algo_triggered="with_child_id" if seed % 3 else "without_child_id",
        algo_child_id="same" if seed % 5 < 2 else "generated",
        algo_trigger_ms=(11, 400, 2_000)[seed % 7 % 3],
        algo_position_closed="CANCELED" if seed % 4 else "EXPIRED",
        trade_lite=("first", "last", "absent")[seed % 3],
    )
    return Simulator(accounts=(AccountSpec(balance="1000000"),), profile=profile)


@pytest.mark.seeds(6)
async def test_both_books_are_equal_after_an_eventful_day(seed: int) -> None:
    async with live_desk(sim=exchange(seed), settings=Settings(connections=1 + seed % 2)) as desk:
        await ConditionalDay(desk, seed).pass_by(100)

        await desk.is_square()
        conditional_orders_are_the_same(desk)
