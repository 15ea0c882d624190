"""Placing, cancelling and amending against the exchange's REST: what is registered, asked, refused and believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from simulator import ExecuteThen, Reset, Respond, Simulator, perpetual
from tests.user_stream.core.algo_facts import ALGO, told_by_algo
from tests.user_stream.core.order_facts import told_by_stream
from user_stream import Environment, OrderIntent, OrderManager, RequestRejectedError, RetryableError
from user_stream.contracts import MappedOrderUpdate

ORDER, ALGO_ORDER = "/fapi/v1/order", "/fapi/v1/algoOrder"
SYMBOL = "BTCUSDT"
BUSY = Respond(503, -1008, "Request throttled by system-level protection.")
UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")


class Registry:
    """Keeps what it was told; hears of amendments and of the account's mode, too."""

    def __init__(self) -> None:
        self.intents: list[OrderIntent] = []
        self.said: list[tuple[str, ...]] = []

    def register_intent(self, intent: OrderIntent) -> None:
        self.intents.append(intent)

    def withdraw_intent(self, client_order_id: str) -> None:
        self.said.append(("withdrawn", client_order_id))

    def question_order(self, symbol: str, client_order_id: str) -> None:
        self.said.append(("question", symbol, client_order_id))

    def amendment_requested(self, symbol: str, order_id: str) -> None:
        self.said.append(("amending", symbol, order_id))

    def amendment_settled(self, symbol: str, order_id: str) -> None:
        self.said.append(("not amended", symbol, order_id))

    def question_account_mode(self) -> None:
        self.said.append(("mode?",))


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Have a BTCUSDT that may cost as little as the orders that `told_by_stream` tells of."""
    async with Simulator(symbols=(perpetual(SYMBOL, "65000", "0.10", "0.001"),)) as running:
        yield running


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def orders(sim: Simulator, registry: Registry) -> AsyncIterator[OrderManager]:
    environment = Environment.simulator(sim.rest_url, sim.ws_url)
    account = sim.account
    async with OrderManager(account.api_key, account.api_secret, environment=environment) as made:
        made.use_registry(registry)
        yield made


def asked(sim: Simulator, method: str, path: str) -> list[dict[str, Any]]:
    """Return the parameters of the requests that the exchange got, without those that every request has."""
    hidden = {"timestamp", "signature", "recvWindow"}
    return [
        {name: value for name, value in entry.body.items() if name not in hidden}
        for entry in sim.journal.entries(path=path, kind="request")
        if entry.method == method
    ]


async def stop(orders: OrderManager, name: str = "stop") -> None:
    """Place a stop that waits, and let the feed say that it does."""
    await orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id=name)
    orders.on_order_update(told("NEW", name=name))


def told(status: str, child: str = "", *, name: str = "stop", **fields: Any) -> MappedOrderUpdate:
    return told_by_algo(status, child, name=name, kind="STOP_MARKET", side="SELL", quantity="0.010", **fields)


async def rest(orders: OrderManager, name: str = "mine") -> None:
    """Place a LIMIT order that rests, and let the feed say that it does."""
    await orders.place_limit_order(SYMBOL, "BUY", "10", "100", client_order_id=name)
    orders.on_order_update(told_by_stream("NEW", client_order_id=name))


# --- placing --------------------------------------------------------------------------------------------------------


async def test_stop_is_announced_as_a_conditional_order_and_placed_in_its_own_book(
    sim: Simulator, orders: OrderManager, registry: Registry
) -> None:
    order = await orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010")

    (intent,) = registry.intents
    assert (intent.algo, intent.order_type) == (True, "STOP_MARKET")
    assert (intent.quantity, intent.stop_price) == ("0.010", "50000")
    assert (order.state, order.order_id, order.untriggered) == ("placing", "", True)
    (request,) = asked(sim, "POST", ALGO_ORDER)
    assert (request["clientAlgoId"], request["triggerPrice"]) == (order.client_order_id, "50000")
    assert asked(sim, "POST", ORDER) == []


async def test_every_type_of_conditional_order_is_taken_by_the_exchange(orders: OrderManager) -> None:
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("STOP", {"quantity": "0.010", "trigger_price": "50000", "price": "49999"}),
        ("STOP_MARKET", {"close_position": True, "trigger_price": "50000", "working_type": "MARK_PRICE"}),
        ("TAKE_PROFIT", {"quantity": "0.010", "trigger_price": "90000", "price": "90001", "time_in_force": "GTX"}),
        ("TAKE_PROFIT_MARKET", {"close_position": True, "trigger_price": "90000"}),
        ("TRAILING_STOP_MARKET", {"quantity": "0.010", "callback_rate": "1"}),
        ("TRAILING_STOP_MARKET", {"quantity": "0.010", "callback_rate": "1", "activate_price": "90000"}),
    ]
    placed = [await orders.place_conditional_order(SYMBOL, "SELL", kind, **terms) for kind, terms in kinds]

    assert [(order.state, order.reject_reason) for order in placed] == [("placing", "")] * 6


async def test_stop_that_would_trigger_at_once_is_rejected_and_withdrawn(
    orders: OrderManager, registry: Registry
) -> None:
    order = await orders.place_stop_order(SYMBOL, "SELL", "900000", quantity="0.010", client_order_id="stop")

    assert (order.state, order.reject_code) == ("rejected", -2021)
    assert registry.said == [("withdrawn", "stop")]


@pytest.mark.parametrize("fault", [UNKNOWN, ExecuteThen(UNKNOWN), Reset()], ids=["503", "503 after all", "reset"])
async def test_stop_without_an_answer_stays_placing_and_is_asked_for_never_sent_again(
    sim: Simulator, orders: OrderManager, registry: Registry, fault: Any
) -> None:
    """Row 3."""
    sim.on_request("POST", ALGO_ORDER, fault)

    order = await orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")

    assert order.state == "placing"
    assert registry.said == [("question", SYMBOL, "stop")]
    assert len(asked(sim, "POST", ALGO_ORDER)) == 1


async def test_order_for_a_position_side_that_does_not_fit_makes_the_mode_be_read_again(
    orders: OrderManager, registry: Registry
) -> None:
    """Rule 24, row 12."""
    order = await orders.place_limit_order(
        SYMBOL, "BUY", "0.010", "60000", position_side="LONG", client_order_id="hedged"
    )

    assert (order.state, order.reject_code) == ("rejected", -4061)
    assert registry.said == [("mode?",), ("withdrawn", "hedged")]


# --- cancelling -----------------------------------------------------------------------------------------------------


async def test_waiting_stop_is_cancelled_in_its_own_book_by_its_algo_id(sim: Simulator, orders: OrderManager) -> None:
    await orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
    (algo,) = sim.state()["accounts"][sim.account.name]["algo_orders"]
    orders.on_order_update(told("NEW", algo_id=algo["algoId"]))

    order = await orders.cancel_order("stop")

    assert order.state == "cancelling"
    assert asked(sim, "DELETE", ALGO_ORDER) == [{"algoId": str(algo["algoId"])}]


async def test_triggered_stop_is_cancelled_as_the_order_that_it_became(sim: Simulator, orders: OrderManager) -> None:
    await stop(orders)
    orders.on_order_update(told("TRIGGERED", "7"))

    await orders.cancel_order("stop")

    assert asked(sim, "DELETE", ORDER) == [{"symbol": SYMBOL, "orderId": "7"}]
    assert asked(sim, "DELETE", ALGO_ORDER) == []


async def test_cancel_of_a_stop_that_is_not_found_is_a_question(orders: OrderManager, registry: Registry) -> None:
    """Row 15."""
    await stop(orders)  # under an algo id that the exchange does not know

    order = await orders.cancel_order("stop")

    assert order.state == "cancelling"
    assert registry.said == [("question", SYMBOL, "stop")]
    orders.on_order_open("stop")
    assert orders.get_active_orders()[0].state == "active"


async def test_cancel_of_a_stop_that_is_refused_for_certain_leaves_it_active(
    sim: Simulator, orders: OrderManager, registry: Registry
) -> None:
    await stop(orders)
    sim.on_request("DELETE", ALGO_ORDER, BUSY)

    with pytest.raises(RetryableError):
        await orders.cancel_order("stop")

    assert (orders.get_active_orders()[0].state, registry.said) == ("active", [])


async def test_cancel_all_empties_both_books_and_begins_with_the_conditional_one(
    sim: Simulator, orders: OrderManager
) -> None:
    """Row 2."""
    await stop(orders)
    await rest(orders)

    ended = await orders.cancel_all_orders()

    assert sorted((order.client_order_id, order.state) for order in ended) == [
        ("mine", "cancelling"), ("stop", "cancelling"),
    ]  # fmt: skip
    cancels = [entry.path for entry in sim.journal.entries(kind="request") if entry.method == "DELETE"]
    assert cancels == ["/fapi/v1/algoOpenOrders", "/fapi/v1/allOpenOrders"]
    assert [
        order for order in sim.state()["accounts"][sim.account.name]["algo_orders"] if order["algoStatus"] == "NEW"
    ] == []


async def test_cancel_all_tries_the_other_book_when_one_refuses(sim: Simulator, orders: OrderManager) -> None:
    await stop(orders)
    await rest(orders)
    sim.on_request("DELETE", "/fapi/v1/algoOpenOrders", BUSY)

    with pytest.raises(RetryableError):
        await orders.cancel_all_orders(SYMBOL)

    states = {order.client_order_id: order.state for order in orders.orders}
    assert states == {"mine": "cancelling", "stop": "active"}


# --- amending -------------------------------------------------------------------------------------------------------


async def test_amendment_is_asked_for_and_told_by_the_feed(
    sim: Simulator, orders: OrderManager, registry: Registry
) -> None:
    """Rule 9: the answer sets nothing."""
    await rest(orders)
    sim.on_request("PUT", ORDER, Respond(200, body={}))

    order = await orders.amend_order("mine", quantity="12")

    assert (order.quantity, order.price, registry.said) == (Decimal(10), Decimal(100), [("amending", SYMBOL, "7")])
    assert asked(sim, "PUT", ORDER) == [
        {"symbol": SYMBOL, "side": "BUY", "orderId": "7", "quantity": "12", "price": "100"}
    ]
    orders.on_order_update(told_by_stream("NEW", execution="AMENDMENT", quantity="12", limit="99"))
    (order,) = orders.orders
    assert (order.quantity, order.price, order.state) == (Decimal(12), Decimal(99), "active")


async def test_fill_of_the_time_before_an_amendment_brings_no_old_terms_back(orders: OrderManager) -> None:
    """TRADE_LITE is on a channel of its own, and may come after the amendment that followed its fill."""
    await rest(orders)
    orders.on_order_update(told_by_stream("NEW", execution="AMENDMENT", quantity="12"))
    fill = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4")

    orders.on_order_update({**fill, "source": "trade_lite"})

    (order,) = orders.orders
    assert (order.quantity, order.filled_qty) == (Decimal(12), Decimal(4))


@pytest.mark.parametrize("fault", [UNKNOWN, Reset(), Respond(400, -2013, "Order does not exist.")])
async def test_amendment_with_an_unknown_outcome_is_a_question_and_stays_outstanding(
    sim: Simulator, orders: OrderManager, registry: Registry, fault: Any
) -> None:
    """Rows 3 and 15."""
    await rest(orders)
    sim.on_request("PUT", ORDER, fault)

    order = await orders.amend_order("mine", price="99")

    assert (order.state, order.price) == ("active", Decimal(100))
    assert registry.said == [("amending", SYMBOL, "7"), ("question", SYMBOL, "mine")]


async def test_amendment_to_what_is_already_so_is_no_error(
    sim: Simulator, orders: OrderManager, registry: Registry
) -> None:
    await rest(orders)
    sim.on_request("PUT", ORDER, Respond(400, -5027, "No need to modify the order."))

    order = await orders.amend_order("mine", price="100")

    assert order.state == "active"
    assert registry.said == [("amending", SYMBOL, "7"), ("not amended", SYMBOL, "7")]


@pytest.mark.parametrize(
    ("fault", "error"), [(Respond(400, -5043, "Pending modification."), RequestRejectedError), (BUSY, RetryableError)]
)
async def test_amendment_that_was_refused_says_so_and_is_settled(
    sim: Simulator, orders: OrderManager, registry: Registry, fault: Any, error: type[Exception]
) -> None:
    await rest(orders)
    sim.on_request("PUT", ORDER, fault)

    with pytest.raises(error):
        await orders.amend_order("mine", price="99")

    assert registry.said == [("amending", SYMBOL, "7"), ("not amended", SYMBOL, "7")]


async def test_amending_an_order_that_nobody_knows_is_a_key_error(orders: OrderManager) -> None:
    with pytest.raises(KeyError):
        await orders.amend_order("nobody", price="1")


# --- resuming -------------------------------------------------------------------------------------------------------


async def test_orders_are_known_again_after_a_restart_and_nobody_is_called_back(orders: OrderManager) -> None:
    """Rule 28, row 19."""
    calls: list[object] = []
    orders.on_change = calls.append
    sent = OrderIntent(client_order_id="sent", symbol=SYMBOL, side="BUY", order_type="LIMIT", quantity="10")
    waiting = OrderIntent(
        client_order_id="waiting", symbol=SYMBOL, side="SELL", order_type="STOP_MARKET", quantity="0", algo=True
    )

    orders.resume_orders(
        [sent, waiting],
        [
            told_by_stream("NEW", client_order_id="us-1", order_id=8),
            told_by_stream("PARTIALLY_FILLED", client_order_id="us-1", order_id=8, trade=1, last="4", cumulative="4"),
            told_by_stream("NEW", client_order_id="web_1", order_id=9),
            told("NEW", name="us-2"),
        ],
    )

    known = {order.client_order_id: order for order in orders.orders}
    assert {name: (order.state, order.external) for name, order in known.items()} == {
        "sent": ("placing", False),
        "waiting": ("placing", False),
        "us-1": ("active", False),
        "web_1": ("active", True),
        "us-2": ("active", False),
    }
    assert (known["us-1"].filled_qty, known["us-2"].algo_id, known["waiting"].close_position) == (
        Decimal(4),
        ALGO,
        True,
    )
    assert calls == []


async def test_order_that_was_in_flight_at_the_restart_is_cancelled_when_it_turns_up(
    sim: Simulator, orders: OrderManager
) -> None:
    sent = OrderIntent(client_order_id="sent", symbol=SYMBOL, side="BUY", order_type="LIMIT", quantity="10")
    orders.resume_orders([sent], [])

    await orders.cancel_order("sent")
    assert asked(sim, "DELETE", ORDER) == []
    orders.on_order_update(told_by_stream("NEW", client_order_id="sent"))
    await sim.wait_for(lambda sim: bool(asked(sim, "DELETE", ORDER)), 5)

    assert asked(sim, "DELETE", ORDER) == [{"symbol": SYMBOL, "orderId": "7"}]
