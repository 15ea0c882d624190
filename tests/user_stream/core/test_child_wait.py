"""Facts of a possible child wait for its parent's name, in order, and never too long (rule 12)."""

from __future__ import annotations

import pytest

from tests.user_stream.core.algo_facts import told_by_algo
from tests.user_stream.core.order_facts import told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.child_wait import ChildWait
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.ledger import Ledger

NEW = told_by_stream("NEW", client_order_id="generated")
LITE = told_by_lite(1, "10", client_order_id="generated")
FILL = told_by_stream("FILLED", client_order_id="generated", trade=1, last="10", cumulative="10")


@pytest.fixture
def book() -> ConditionalOrders:
    ledger = Ledger()
    return ConditionalOrders(ledger, number=ledger.number)


@pytest.fixture
def wait(book: ConditionalOrders) -> ChildWait:
    return ChildWait(book, wait_s=1.0)


def park(wait: ChildWait, *updates: MappedOrderUpdate, now_s: float = 0.0) -> list[bool]:
    return [wait.take(update, epoch, now_s=now_s) for epoch, update in enumerate(updates, 1)]


def test_nothing_waits_while_nothing_is_being_triggered(book: ConditionalOrders, wait: ChildWait) -> None:
    book.fold(told_by_algo("NEW"))

    assert park(wait, NEW, FILL) == [False, False]
    assert not wait


def test_facts_of_the_child_go_on_in_their_order_once_its_parent_is_known(
    book: ConditionalOrders, wait: ChildWait
) -> None:
    book.fold(told_by_algo("TRIGGERING"))
    assert park(wait, NEW, LITE, FILL) == [True, True, True]
    assert wait.release(now_s=0.5) == []

    book.fold(told_by_algo("TRIGGERED", "7"))

    assert wait.release(now_s=0.5) == [(NEW, 1), (LITE, 2), (FILL, 3)]
    assert (bool(wait), wait.next_deadline()) == (False, None)


def test_order_that_turns_out_to_be_no_child_goes_on_at_once(book: ConditionalOrders, wait: ChildWait) -> None:
    book.fold(told_by_algo("TRIGGERING"))
    park(wait, NEW)

    book.fold(told_by_algo("TRIGGERED", "8"))

    assert wait.release(now_s=0.0) == [(NEW, 1)]


def test_wait_ends_a_second_after_the_first_fact(book: ConditionalOrders, wait: ChildWait) -> None:
    book.fold(told_by_algo("TRIGGERING"))
    park(wait, NEW, now_s=10.0)
    park(wait, FILL, now_s=10.9)

    assert wait.next_deadline() == 11.0
    assert wait.release(now_s=10.99) == []
    assert [fact.update for fact in wait.release(now_s=11.0)] == [NEW, FILL]


def test_two_orders_that_may_be_the_child_both_wait(book: ConditionalOrders, wait: ChildWait) -> None:
    other = told_by_stream("NEW", order_id=8, client_order_id="somebody's")
    book.fold(told_by_algo("TRIGGERING"))
    park(wait, other, now_s=0.0)
    park(wait, NEW, now_s=0.5)

    assert wait.release(now_s=1.0) == [(other, 1)]
    assert wait.release_all() == [(NEW, 1)]
