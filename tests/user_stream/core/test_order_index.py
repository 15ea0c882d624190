"""Orders found by what names them: a client order id names the newest, (symbol, order id) names one for ever."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.order_facts import SYMBOL, told_by_stream
from user_stream.core.order_index import Handle, OrderIndex
from user_stream.core.orders import Order, OrderState, apply_update, lost, refused, submitted


def order(client_order_id: str = "mine", *, symbol: str = SYMBOL) -> Order:
    """Return an order that was just sent."""
    return submitted(
        Order(client_order_id=client_order_id, symbol=symbol, side="BUY", order_type="LIMIT", quantity=Decimal(10))
    )


def tell(index: OrderIndex, status: str, *, client_order_id: str = "mine", order_id: int = 7) -> Handle:
    """Give an index an update, as an order manager does, and return whose it was."""
    update = told_by_stream(status, client_order_id=client_order_id, order_id=order_id)
    handle = index.find(update)
    held = index.get(handle)
    assert held is not None
    index.put(handle, apply_update(held, update))
    return handle


def names(index: OrderIndex) -> list[str]:
    return [each.client_order_id for each in index.orders]


@pytest.fixture
def index() -> OrderIndex:
    return OrderIndex(keep_ended=2)


def test_an_order_is_found_by_its_name_before_it_has_an_identity(index: OrderIndex) -> None:
    handle = index.add(order())

    assert index.named("mine") == handle
    assert index.get(handle) == order()
    assert tell(index, "NEW") == handle


def test_what_was_never_met_is_not_named(index: OrderIndex) -> None:
    assert index.named("nobody") is None
    assert (len(index), index.orders, index.working()) == (0, [], [])


def test_an_identified_order_is_found_whatever_its_updates_call_it(index: OrderIndex) -> None:
    handle = index.add(order())
    tell(index, "NEW", order_id=7)

    assert tell(index, "PARTIALLY_FILLED", client_order_id="renamed", order_id=7) == handle
    assert len(index) == 1


def test_an_update_of_an_unknown_order_makes_it_an_external_one(index: OrderIndex) -> None:
    handle = tell(index, "NEW", client_order_id="web", order_id=8)

    stranger = index.get(handle)
    assert stranger is not None
    assert (stranger.external, stranger.order_id, stranger.state) == (True, "8", OrderState.ACTIVE)
    assert index.named("web") == handle


def test_a_second_identity_under_one_name_is_another_order_and_the_name_goes_to_it(index: OrderIndex) -> None:
    first = index.add(order())
    tell(index, "CANCELED", order_id=7)

    second = tell(index, "NEW", order_id=8)

    assert second != first
    assert index.named("mine") == second
    assert tell(index, "CANCELED", order_id=7) == first


def test_an_update_in_another_symbol_is_not_about_the_order_of_that_name(index: OrderIndex) -> None:
    sent = index.add(order(symbol="ETHUSDT"))

    told = tell(index, "NEW")

    assert told != sent
    assert [each.symbol for each in index.orders] == ["ETHUSDT", SYMBOL]


def test_working_orders_are_those_not_over_and_can_be_asked_for_by_symbol(index: OrderIndex) -> None:
    btc, eth = index.add(order("btc")), index.add(order("eth", symbol="ETHUSDT"))
    index.add(order("gone"))
    tell(index, "CANCELED", client_order_id="gone", order_id=9)

    assert index.working() == [btc, eth]
    assert index.working("ETHUSDT") == [eth]


def test_orders_that_are_over_are_forgotten_oldest_first_by_all_their_names(index: OrderIndex) -> None:
    handles = [index.add(order(name)) for name in ("a", "b", "c")]
    for number, name in enumerate(("a", "b", "c")):
        tell(index, "CANCELED", client_order_id=name, order_id=number)

    assert names(index) == ["b", "c"]
    assert index.get(handles[0]) is None
    assert index.named("a") is None
    assert tell(index, "CANCELED", client_order_id="a", order_id=0) != handles[0]


def test_an_order_that_works_is_never_forgotten(index: OrderIndex) -> None:
    index.add(order("working"))
    for number in range(5):
        index.add(order(f"o{number}"))
        tell(index, "CANCELED", client_order_id=f"o{number}", order_id=number)

    assert names(index) == ["working", "o3", "o4"]


def test_lost_orders_count_as_over(index: OrderIndex) -> None:
    for number in range(4):
        index.put(index.add(order(f"o{number}")), lost(order(f"o{number}")))

    assert names(index) == ["o2", "o3"]


def test_a_lost_order_that_turned_up_is_not_forgotten_while_it_works(index: OrderIndex) -> None:
    handle = index.add(order())
    index.put(handle, lost(order()))
    tell(index, "NEW")

    for number in range(4):
        index.put(index.add(order(f"o{number}")), lost(order(f"o{number}")))

    held = index.get(handle)
    assert held is not None
    assert held.state is OrderState.ACTIVE


def test_a_name_that_went_to_a_newer_order_survives_the_older_ones_end(index: OrderIndex) -> None:
    index.add(order())
    tell(index, "CANCELED", order_id=7)
    newer = tell(index, "NEW", order_id=8)
    for number in (20, 21):
        tell(index, "CANCELED", client_order_id=f"o{number}", order_id=number)

    assert names(index) == ["mine", "o20", "o21"]
    assert index.named("mine") == newer


def test_what_is_put_after_an_order_was_forgotten_changes_nothing() -> None:
    index = OrderIndex(keep_ended=0)
    handle = index.add(order())
    tell(index, "CANCELED")

    index.put(handle, order())

    assert index.orders == []


def test_an_order_counts_once_however_often_it_is_put_after_its_end(index: OrderIndex) -> None:
    for number in (1, 2):
        index.add(order(f"o{number}"))
        for _ in range(3):
            tell(index, "CANCELED", client_order_id=f"o{number}", order_id=number)

    assert names(index) == ["o1", "o2"]


def test_lost_order_that_turns_up_is_no_ended_one_until_it_ends(index: OrderIndex) -> None:
    turned_up = index.add(order("turned up"))
    index.put(turned_up, lost(order("turned up")))
    tell(index, "NEW", client_order_id="turned up", order_id=1)
    for number in (2, 3):
        tell(index, "CANCELED", client_order_id=f"ended {number}", order_id=number)
    assert names(index) == ["turned up", "ended 2", "ended 3"]

    tell(index, "CANCELED", client_order_id="turned up", order_id=1)

    assert names(index) == ["turned up", "ended 3"]


def test_pinned_order_is_kept_until_it_is_let_go(index: OrderIndex) -> None:
    index = OrderIndex(keep_ended=0)
    handle = index.add(order())

    with index.pinned(handle), index.pinned(handle):
        tell(index, "CANCELED")
        assert index[handle].state == "cancelled"

    assert index.get(handle) is None
    assert len(index) == 0


def test_namesake_of_a_refused_order_is_another_order(index: OrderIndex) -> None:
    refused_one = index.add(order())
    index.put(refused_one, refused(order(), code=-4116, reason="ClientOrderId is duplicated."))

    namesake = tell(index, "NEW")

    assert namesake != refused_one
    assert index[namesake].external
    assert index.working() == [namesake]


@pytest.mark.parametrize("other", [{"side": "SELL"}, {"orig_qty": "20"}, {"order_type": "MARKET"}])
def test_news_of_a_strangers_order_under_our_name_is_not_ours(index: OrderIndex, other: dict[str, str]) -> None:
    ours = index.add(order())

    stranger = index.find({**told_by_stream("NEW", client_order_id="mine", order_id=9), **other})  # type: ignore[typeddict-item]  # one of its keys

    assert stranger != ours
    assert index[ours].state == "placing"
