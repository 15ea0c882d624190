"""Days on which everything happens at once, drawn from a seed; in the evening engine and exchange are equal."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

import pytest

from simulator import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond, SimulatorError
from tests.scenarios.desk import Desk, live_desk
from user_stream import UserStreamError

UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")
PRICES = {"BTCUSDT": ("62000", "0.010", ("0.001", "0.003", "0.010")), "ETHUSDT": ("3400", "1", ("0.1", "0.3", "1"))}
ORDER_FAULTS = (
    UNKNOWN, ExecuteThen(UNKNOWN), ExecuteThenReset(), Reset(), Delay(3), ExecuteThen(Delay(3)),
    Respond(400, -2019, "Margin is insufficient."),
)  # fmt: skip
READ_FAULTS = (Respond(500), Reset(), Delay(4), Respond(429, -1003, "Too many requests.", headers={"Retry-After": "3"}))
READS = ("v1/openOrders", "v1/allOrders", "v1/userTrades", "v1/order", "v3/balance", "v3/positionRisk")


class Day:
    """What may happen on a day, drawn from its seed."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.draw = random.Random(seed)  # noqa: S311  a day must be the same each time
        self.placed: list[tuple[str, str]] = []
        self.asked: list[asyncio.Task[object]] = []
        self.rules: list[Callable[[], None]] = []

    async def pass_by(self, happenings: int) -> None:
        """Let things happen, then let the faults stop and what is under way settle."""
        for _ in range(happenings):
            with contextlib.suppress(SimulatorError):  # the order ended already, or no listen key is left to expire
                self._happen()
            await asyncio.sleep(self.draw.choice([0, 0, 0.01, 0.2, 1, 5, self.draw.random() * 300]))
        answers = await asyncio.gather(*self.asked, return_exceptions=True)
        assert [answer for answer in answers if isinstance(answer, Exception | asyncio.CancelledError)
                and not isinstance(answer, UserStreamError)] == []  # fmt: skip
        for remove in self.rules:
            remove()
        await asyncio.sleep(400)
        await self.desk.until_live()

    def _happen(self) -> None:
        sim, draw = self.desk.sim, self.draw
        happenings: list[tuple[int, Callable[[], object]]] = [
            (35, self._place),
            (20, self._fill),
            (10, self._end),
            (8, lambda: sim.transfer("USDT", str(draw.randint(1, 50)))),
            (8, sim.cut_connections),
            (3, lambda: sim.close_connections(1008, "enough")),
            (3, lambda: sim.refuse_connections(times=draw.randint(1, 3))),
            (3, sim.expire_listen_key),
            (3, lambda: sim.push(draw.choice([b"{bad", b'{"e":"SOMETHING_OF_2027","E":1}', b"[]"]))),
            (10, lambda: self._spoil(draw.choice(["POST", "DELETE"]), "v1/order", draw.choice(ORDER_FAULTS))),
            (6, lambda: self._spoil("GET", draw.choice(READS), draw.choice(READ_FAULTS))),
        ]
        (happening,) = draw.choices([what for _, what in happenings], [often for often, _ in happenings])
        happening()

    def _place(self) -> None:
        symbol = self.draw.choice(sorted(PRICES))
        price, quantity, _ = PRICES[symbol]
        name = f"o-{len(self.placed)}"
        self.placed.append((name, symbol))
        orders, side = self.desk.orders, self.draw.choice(["BUY", "SELL"])
        kind = self.draw.random()
        if kind < 0.6:
            request = orders.place_limit_order(symbol, "BUY", quantity, price, client_order_id=name)
        elif kind < 0.85:
            request = orders.place_market_order(symbol, side, quantity, client_order_id=name)
        else:
            self.desk.sim.place_external(
                symbol=symbol, side=side, type="MARKET", quantity=quantity, client_order_id=f"web_{name}"
            )
            return
        self.asked.append(asyncio.create_task(request))

    def _fill(self) -> None:
        if self.placed:
            name, symbol = self.draw.choice(self.placed)
            self.desk.sim.fill(name, self.draw.choice(PRICES[symbol][2]))

    def _end(self) -> None:
        if not self.placed:
            return
        name, _ = self.draw.choice(self.placed)
        if self.draw.random() < 0.5:
            self.desk.sim.cancel(name)
        elif self.desk.orders.get_order(name) is not None:
            self.asked.append(asyncio.create_task(self.desk.orders.cancel_order(name)))

    def _spoil(self, method: str, path: str, fault: Respond | Reset | Delay | ExecuteThen | ExecuteThenReset) -> None:
        self.rules.append(self.desk.sim.on_request(method, f"/fapi/{path}", fault).cancel)


@pytest.mark.seeds(8)
async def test_engine_and_exchange_are_equal_after_an_eventful_day(seed: int) -> None:
    async with live_desk() as desk:
        await Day(desk, seed).pass_by(100)

        assert {str(order.state) for order in desk.orders.orders} <= {
            "active", "filled", "cancelled", "rejected", "lost",
        }  # fmt: skip
        await desk.is_square()
