"""A conditional order and its child are one order to the engine, in whatever order their news arrive (rule 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.algo_facts import ALGO, told_by_algo
from tests.user_stream.core.order_facts import told_by_lite, told_by_stream
from user_stream import Order, OrderManager
from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.child_wait import ChildWait
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.ledger import Ledger, Told
from user_stream.core.order_record import status_rank
from user_stream.core.protection import Protection

INTENT = OrderIntent(client_order_id="stop", symbol="BTCUSDT", side="BUY", order_type="STOP", quantity="10", algo=True)


class Fact(NamedTuple):
    """A fact, and the channel whose order it keeps."""

    channel: str
    update: MappedOrderUpdate


def algo_facts() -> list[Fact]:
    told = [told_by_algo(s, c) for s, c in (("NEW", ""), ("TRIGGERING", ""), ("TRIGGERED", "7"), ("FINISHED", "7"))]
    return [Fact("algo", update) for update in told]


def child_facts(name: str, end: str) -> list[Fact]:
    """The child's life; its TRADE_LITE comes before or after its ORDER_TRADE_UPDATE."""
    new = Fact("order", told_by_stream("NEW", client_order_id=name))
    if end == "CANCELED":
        return [new, Fact("order", told_by_stream("CANCELED", client_order_id=name))]
    fill = told_by_stream("FILLED", client_order_id=name, trade=1, last="10", cumulative="10")
    return [new, Fact("order", fill), Fact("lite", told_by_lite(1, "10", client_order_id=name))]


def merges(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Yield every order of some facts that keeps the order of each channel."""
    if not facts:
        yield []
    for channel in dict.fromkeys(fact.channel for fact in facts):
        first = next(index for index, fact in enumerate(facts) if fact.channel == channel)
        for rest in merges([*facts[:first], *facts[first + 1 :]]):
            yield [facts[first], *rest]


class Desk:
    """The pure parts of the service and an order manager, which is given what they tell."""

    def __init__(self, *, wait_s: float, intent: OrderIntent = INTENT) -> None:
        self.ledger = Ledger()
        self.book = ConditionalOrders(self.ledger, number=self.ledger.number)
        self.book.intents.register(intent, epoch=0)
        self.wait = ChildWait(self.book, wait_s=wait_s)
        self.protection = Protection()
        self.manager = OrderManager("key", "secret")
        self.manager.resume_orders([intent], [])
        self.epoch = self.ledger.begin_epoch()
        self.deliveries: list[MappedOrderUpdate] = []

    def take(self, update: MappedOrderUpdate) -> None:
        if "algo_id" in update:
            self.tell(self.book.fold(update))
        elif not self.wait.take(update, self.epoch, now_s=0.0):
            self.tell(self.ledger.fold(update, self.epoch))
        self.release()

    def release(self, now_s: float = 0.0) -> None:
        for fact in self.wait.release(now_s=now_s):
            self.tell(self.ledger.fold(fact.update, fact.epoch))

    def tell(self, told: list[Told]) -> None:
        for kind, update in told:
            completed = self.book.annotate(update)
            self.protection.watch(completed)
            if kind == "delivery":
                self.deliveries.append(completed)
                self.manager.on_order_update(completed)
            else:
                self.manager.on_fill_details(completed)

    @property
    def order(self) -> Order:
        """The one order that the engine knows."""
        (order,) = self.manager.orders
        return order

    def deliveries_are_lawful(self) -> None:
        """Rules 4 to 6."""
        assert [update["delivery_id"] for update in self.deliveries] == list(range(1, len(self.deliveries) + 1))
        reached: dict[str, tuple[int, Decimal]] = {}
        for update in self.deliveries:
            rank, cumulative = status_rank(update["order_status"]), Decimal(update["accumulated_filled_qty"])
            before = reached.get(update["order_id"], (0, Decimal(0)))
            assert rank >= before[0]
            assert cumulative >= before[1]
            reached[update["order_id"]] = (rank, cumulative)


def play(facts: Sequence[Fact], *, wait_s: float) -> Desk:
    desk = Desk(wait_s=wait_s)
    for fact in facts:
        desk.take(fact.update)
    desk.release(now_s=1e9)
    return desk


@pytest.mark.parametrize("wait_s", [1.0, 0.0], ids=["patient", "impatient"])
@pytest.mark.parametrize("name", ["stop", "generated"])
@pytest.mark.parametrize(("end", "state", "filled"), [("FILLED", "filled", 10), ("CANCELED", "cancelled", 0)])
def test_every_interleaving_ends_in_the_same_single_order(
    end: Literal["FILLED", "CANCELED"], state: str, filled: int, name: str, wait_s: float
) -> None:
    """Rule 12: a child that is faster than the news of its parent, under either kind of name, linked early or late."""
    count = 0
    for facts in merges([*algo_facts(), *child_facts(name, end)]):
        count += 1
        desk = play(facts, wait_s=wait_s)
        order = desk.order
        assert (order.client_order_id, order.external, order.order_type) == ("stop", False, "STOP")
        assert (order.state, order.filled_qty, order.order_id, order.algo_id) == (state, Decimal(filled), "7", ALGO)
        fills = [update["trade_id"] for update in desk.deliveries if update["last_filled_qty"] != "0"]
        assert fills == [1] * (filled > 0)
        desk.deliveries_are_lawful()
        assert desk.protection.in_doubt == (end == "CANCELED")

    assert count == {"FILLED": 105, "CANCELED": 15}[end]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_two_connections_say_no_more_than_one(data: st.DataObject) -> None:
    """The invariant, with every fact told twice, in each connection's own order."""
    name = data.draw(st.sampled_from(["stop", "generated"]))
    end = data.draw(st.sampled_from(["FILLED", "CANCELED"]))
    once = [*algo_facts(), *child_facts(name, end)]
    waiting = [Fact(f"{connection} {fact.channel}", fact.update) for connection in "AB" for fact in once]
    facts = []
    while waiting:
        channel = data.draw(st.sampled_from(sorted({fact.channel for fact in waiting})))
        facts.append(next(fact for fact in waiting if fact.channel == channel))
        waiting.remove(facts[-1])
    wait_s = data.draw(st.sampled_from([0.0, 1.0]))

    desk = play(facts, wait_s=wait_s)

    assert desk.order.state == {"FILLED": "filled", "CANCELED": "cancelled"}[end]
    assert desk.order.filled_qty == {"FILLED": 10, "CANCELED": 0}[end]
    desk.deliveries_are_lawful()


def test_child_that_fills_before_anything_names_its_parent_waits_and_is_never_a_second_order() -> None:
    """The captured sequence: the fills come between TRIGGERING and TRIGGERED."""
    algo, child = algo_facts(), child_facts("generated", "FILLED")
    desk = Desk(wait_s=1.0)
    for fact in [*algo[:2], *child]:
        desk.take(fact.update)
    assert (desk.order.state, desk.order.filled_qty) == ("active", Decimal(0))

    desk.take(algo[2].update)

    assert (desk.order.state, desk.order.filled_qty) == ("filled", Decimal(10))
    assert [update.get("algo_status") for update in desk.deliveries] == ["NEW", "TRIGGERING", *["TRIGGERED"] * 3]


def heard(manager: OrderManager) -> list[tuple[str, str]]:
    """Note in a list each callback of an order manager."""
    calls: list[tuple[str, str]] = []

    def note(callback: str) -> Any:
        return lambda order: calls.append((callback, order.client_order_id))

    manager.on_fill, manager.on_partial, manager.on_cancel = note("fill"), note("partial"), note("cancel")
    return calls


def test_late_link_tells_the_engine_that_its_own_order_was_filled() -> None:
    algo, child = algo_facts(), child_facts("generated", "FILLED")
    desk = Desk(wait_s=0.0)
    calls = heard(desk.manager)
    for fact in [*algo[:2], *child, algo[2]]:
        desk.take(fact.update)

    assert calls == [("fill", "generated"), ("fill", "stop")]
    assert desk.manager.get_order("generated") is None


def test_fill_in_part_leaves_the_order_active_and_its_remainder_can_be_cancelled() -> None:
    desk = Desk(wait_s=1.0)
    calls = heard(desk.manager)
    for update in (
        told_by_algo("TRIGGERED", "7"),
        told_by_stream("NEW", client_order_id="generated"),
        told_by_stream("PARTIALLY_FILLED", client_order_id="generated", trade=1, last="4", cumulative="4"),
    ):
        desk.take(update)
    assert (desk.order.state, desk.order.filled_qty, desk.order.remaining_qty) == ("active", Decimal(4), Decimal(6))

    desk.take(told_by_stream("CANCELED", client_order_id="generated", cumulative="4", at=2_000))

    assert (desk.order.state, desk.order.filled_qty) == ("cancelled", Decimal(4))
    assert calls == [("partial", "stop"), ("cancel", "stop")]


@pytest.mark.parametrize("quantity", ["10", "0"], ids=["a quantity", "all there is"])
def test_order_that_is_met_when_it_is_finished_takes_over_the_child_that_was_told_before(quantity: str) -> None:
    """Row 4: placed, triggered and filled inside a gap; REST tells of the child first."""
    desk = Desk(wait_s=1.0, intent=replace(INTENT, quantity=quantity))
    for fact in child_facts("generated", "FILLED"):
        desk.take(fact.update)
    assert [order.external for order in desk.manager.orders] == [False, True]

    desk.take(told_by_algo("FINISHED", "7", quantity=quantity))

    assert (desk.order.client_order_id, desk.order.state, desk.order.filled_qty) == ("stop", "filled", Decimal(10))
    desk.deliveries_are_lawful()


def test_foreign_order_that_is_met_when_it_is_finished_takes_over_its_child_too() -> None:
    desk = Desk(wait_s=1.0)
    for fact in child_facts("generated", "FILLED"):
        desk.take(fact.update)
    desk.take(told_by_algo("FINISHED", "7", name="web_1"))

    assert [(order.client_order_id, order.order_type) for order in desk.manager.orders] == [
        ("stop", "STOP"), ("web_1", "STOP"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("end", "state"), [("CANCELED", "cancelled"), ("EXPIRED", "expired"), ("REJECTED", "rejected")]
)
def test_order_that_was_never_triggered_ends_as_its_own_book_says(end: str, state: str) -> None:
    desk = Desk(wait_s=1.0)
    desk.take(told_by_algo("NEW"))
    desk.take(told_by_algo(end))

    assert (desk.order.state, desk.order.algo_status, desk.order.order_id) == (state, end, "")


def test_conditional_order_of_somebody_else_is_external() -> None:
    desk = Desk(wait_s=1.0)
    desk.take(told_by_algo("NEW", algo_id=5, name="web_1", side="SELL"))

    order = desk.manager.get_order("web_1")
    assert order is not None
    assert (order.external, order.state, order.algo_id, order.conditional) == (True, "active", 5, True)


def test_ordinary_order_with_the_name_of_a_conditional_one_is_another_order() -> None:
    """Rule 2: the two books have names of their own."""
    desk = Desk(wait_s=1.0)
    desk.take(told_by_stream("NEW", client_order_id="stop"))

    assert [order.external for order in desk.manager.orders] == [False, True]
    desk.take(told_by_algo("NEW"))
    assert [(order.external, order.algo_id) for order in desk.manager.orders] == [(False, ALGO), (True, 0)]


def test_orders_of_two_legs_are_told_apart_by_their_position_side() -> None:
    """Row 12: hedge mode."""
    desk = Desk(wait_s=1.0)
    for number, side in enumerate(("LONG", "SHORT"), 1):
        desk.take(told_by_algo("NEW", algo_id=number, name=side, position_side=side))
    desk.take(told_by_algo("TRIGGERING", algo_id=1, name="LONG", position_side="LONG"))
    short_child: MappedOrderUpdate = {**told_by_stream("NEW", client_order_id="generated"), "position_side": "SHORT"}

    assert not desk.book.may_be_child(short_child)
    assert desk.book.may_be_child({**short_child, "position_side": "LONG"})
