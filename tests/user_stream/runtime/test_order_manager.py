"""The order manager's own part: what it refuses, how it names orders, what it forgets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from simulator import Simulator
from user_stream import Environment, Order, OrderIntent, OrderManager
from user_stream.core.orders import is_client_order_id


class Registry:
    """Keeps what an order manager registers, and how much the exchange had been asked by then."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self.intents: list[tuple[OrderIntent, int]] = []
        self.withdrawn: list[str] = []
        self.questions: list[tuple[str, str]] = []

    def register_intent(self, intent: OrderIntent) -> None:
        self.intents.append((intent, len(self._sim.journal.entries(path="/fapi/v1/order"))))

    def withdraw_intent(self, client_order_id: str) -> None:
        self.withdrawn.append(client_order_id)

    def question_order(self, symbol: str, client_order_id: str) -> None:
        self.questions.append((symbol, client_order_id))


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
async def orders(sim: Simulator) -> AsyncIterator[OrderManager]:
    async with manager(sim) as made:
        yield made


def manager(sim: Simulator, **kwargs: Any) -> OrderManager:
    environment = Environment.simulator(sim.rest_url, sim.ws_url)
    return OrderManager(sim.account.api_key, sim.account.api_secret, environment=environment, **kwargs)


def update(order: Order, **fields: Any) -> Any:
    """A delivery for an order, as the service makes them."""
    return {
        "symbol": order.symbol, "client_order_id": order.client_order_id, "order_id": "1", "side": order.side,
        "position_side": "BOTH", "order_type": "LIMIT", "time_in_force": "GTC", "order_status": "NEW",
        "execution_type": "NEW", "price": str(order.price), "stop_price": "0", "orig_qty": str(order.quantity),
        "last_filled_qty": "0", "last_filled_price": "0", "accumulated_filled_qty": "0", "avg_price": "0",
        "commission": "0", "commission_asset": "", "realized_profit": "0", "is_maker": False, "reduce_only": False,
        "trade_id": 0, "order_trade_time": 1, "event_time": 1, "source": "stream", "delivery_id": 1,
        "redelivered": False, **fields,
    }  # fmt: skip


async def test_order_is_registered_before_its_request_is_sent(sim: Simulator, orders: OrderManager) -> None:
    registry = Registry(sim)
    orders.use_registry(registry)

    order = await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000")

    ((intent, asked),) = registry.intents
    assert asked == 0
    assert (intent.client_order_id, intent.symbol, intent.side, intent.quantity, intent.price) == (
        order.client_order_id, "BTCUSDT", "BUY", "0.010", "60000",
    )  # fmt: skip
    assert abs(intent.sent_at_ms - sim.time_ms) < 1000


async def test_order_that_was_refused_is_withdrawn(sim: Simulator, orders: OrderManager) -> None:
    registry = Registry(sim)
    orders.use_registry(registry)

    order = await orders.place_limit_order("NOSUCHSYMBOL", "BUY", "1", "1")

    assert (order.state, order.reject_code) == ("rejected", -1121)
    assert registry.withdrawn == [order.client_order_id]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("BTCUSDT", "buy", "1", "1"), ValueError, "side must be BUY or SELL, not 'buy'"),
        (("BTCUSDT", "BUY", "0", "1"), ValueError, "quantity must be a number greater than 0"),
        (("BTCUSDT", "BUY", "much", "1"), ValueError, "quantity must be a number greater than 0, not 'much'"),
        (("BTCUSDT", "BUY", "1", "-5"), ValueError, "price must be a number greater than 0"),
        (("BTCUSDT", "BUY", "NaN", "1"), ValueError, "quantity must be a number"),
        (("BTCUSDT", "BUY", True, "1"), TypeError, "a bool is no number"),
        (("BTCUSDT", "BUY", 0.1, "1"), TypeError, "a float rounds"),
    ],
)
async def test_arguments_that_are_no_order_are_refused_before_anything_is_sent(
    sim: Simulator, orders: OrderManager, arguments: tuple[Any, ...], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        await orders.place_limit_order(*arguments)

    assert orders.orders == []
    assert sim.journal.entries(path="/fapi/v1/order") == []


@pytest.mark.parametrize("name", ["", "x" * 37, "no spaces", "umläut"])
async def test_client_order_id_that_the_exchange_would_refuse_is_refused_here(orders: OrderManager, name: str) -> None:
    with pytest.raises(ValueError, match="1 to 36"):
        await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id=name)


async def test_client_order_id_is_used_once(orders: OrderManager) -> None:
    await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="once")

    with pytest.raises(ValueError, match="used before"):
        await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="once")


async def test_ids_made_here_carry_the_engines_prefix_and_never_repeat(sim: Simulator) -> None:
    made: set[str] = set()
    for _ in range(20):
        async with manager(sim, prefix="desk-7.") as orders:
            for _ in range(5):
                made.add((await orders.place_market_order("BTCUSDT", "BUY", "0.001")).client_order_id)

    assert len(made) == 100
    assert all(name.startswith("desk-7.") and is_client_order_id(name) for name in made)


async def test_prefix_that_leaves_no_room_is_refused(sim: Simulator) -> None:
    with pytest.raises(ValueError, match="at most 12"):
        manager(sim, prefix="a-very-long-prefix")


async def test_cancelling_an_order_that_nobody_knows_is_a_key_error(orders: OrderManager) -> None:
    with pytest.raises(KeyError):
        await orders.cancel_order("nobody")


async def test_cancelling_an_order_that_ended_asks_nothing(sim: Simulator, orders: OrderManager) -> None:
    order = await orders.place_limit_order("NOSUCHSYMBOL", "BUY", "1", "1", client_order_id="gone")

    assert await orders.cancel_order("gone") == order
    assert [entry for entry in sim.journal.entries(path="/fapi/v1/order") if entry.method == "DELETE"] == []


async def test_ended_orders_are_forgotten_oldest_first(sim: Simulator) -> None:
    async with manager(sim, keep_ended=2) as orders:
        for number in range(4):
            order = await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id=f"o-{number}")
            orders.on_order_update(update(order, order_id=str(number), order_status="CANCELED"))

        assert [order.client_order_id for order in orders.orders] == ["o-2", "o-3"]


async def test_second_order_under_a_reused_id_is_another_order(orders: OrderManager) -> None:
    order = await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="adl_autoclose")
    orders.on_order_update(update(order, order_status="CANCELED"))

    orders.on_order_update(update(order, order_id="2", order_status="NEW"))

    assert [(each.order_id, each.state, each.external) for each in orders.orders] == [
        ("1", "cancelled", False),
        ("2", "active", True),
    ]


async def test_active_orders_can_be_asked_for_by_symbol(orders: OrderManager) -> None:
    await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="a")
    await orders.place_limit_order("ETHUSDT", "BUY", "1", "3000", client_order_id="b")

    assert [order.client_order_id for order in orders.get_active_orders()] == ["a", "b"]
    assert [order.client_order_id for order in orders.get_active_orders("ETHUSDT")] == ["b"]
    assert orders.get_order("nobody") is None


async def test_remaining_quantity_falls_with_each_fill(orders: OrderManager) -> None:
    order = await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="r")
    part = {"order_status": "PARTIALLY_FILLED", "last_filled_qty": "0.004", "accumulated_filled_qty": "0.004"}
    orders.on_order_update(update(order, trade_id=1, last_filled_price="60000", **part))

    part_filled = orders.get_order("r")
    assert part_filled is not None
    assert part_filled.remaining_qty == Decimal("0.006")


async def test_manager_that_keeps_no_ended_orders_still_returns_the_one_that_was_refused(sim: Simulator) -> None:
    async with manager(sim, keep_ended=0) as orders:
        order = await orders.place_limit_order("NOSUCHSYMBOL", "BUY", "1", "1")

        assert order.state == "rejected"
        assert orders.orders == []
