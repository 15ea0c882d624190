"""An order's life: every state against everything that can happen to it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from tests.user_stream.core.order_facts import told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.orders import (
    ENDED_STATES,
    Order,
    OrderState,
    apply_details,
    apply_update,
    cancel_refused,
    cancel_requested,
    external_order,
    fits_type,
    is_client_order_id,
    lost,
    refused,
    submitted,
)


def order(state: OrderState = OrderState.IDLE) -> Order:
    return Order(
        client_order_id="mine", symbol="BTCUSDT", side="BUY", order_type="LIMIT", quantity=Decimal(10), state=state
    )


def update(status: str) -> Callable[[Order], Order]:
    return lambda order: apply_update(order, told_by_stream(status))


INPUTS: dict[str, Callable[[Order], Order]] = {
    "refused": lambda order: refused(order, code=-2019, reason="no"),
    "lost": lost,
    "cancel_requested": cancel_requested,
    "cancel_refused": cancel_refused,
    "NEW": update("NEW"),
    "PARTIALLY_FILLED": update("PARTIALLY_FILLED"),
    "FILLED": update("FILLED"),
    "CANCELED": update("CANCELED"),
    "EXPIRED": update("EXPIRED"),
    "EXPIRED_IN_MATCH": update("EXPIRED_IN_MATCH"),
    "REJECTED": update("REJECTED"),
}
FEED = ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"]
TABLE = """
state       refused   lost     cancel_requested cancel_refused NEW        PARTIALLY_FILLED FILLED CANCELED  EXPIRED EXPIRED_IN_MATCH REJECTED
idle        .         .        .                .              active     active           filled cancelled expired expired          rejected
placing     rejected  lost     .                .              active     active           filled cancelled expired expired          rejected
active      .         .        cancelling       .              .          .                filled cancelled expired expired          rejected
cancelling  .         .        .                active         .          .                filled cancelled expired expired          rejected
lost        .         .        .                .              active     active           filled cancelled expired expired          rejected
filled      .         .        .                .              .          .                .      .         .       .                .
cancelled   .         .        .                .              .          .                .      .         .       .                .
expired     .         .        .                .              .          .                .      .         .       .                .
rejected    .         .        .                .              .          .                .      .         .       .                .
"""  # noqa: E501  a table is read by its columns
COLUMNS, *LINES = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [
    (line[0], name, line[0] if cell == "." else cell)
    for line in LINES
    for name, cell in zip(COLUMNS[1:], line[1:], strict=True)
]


@pytest.mark.parametrize(("state", "happens", "then"), CELLS, ids=[f"{state}-{name}" for state, name, _ in CELLS])
def test_each_state_answers_each_input_as_the_table_says(state: str, happens: str, then: str) -> None:
    assert INPUTS[happens](order(OrderState(state))).state is OrderState(then)


def test_the_table_is_complete() -> None:
    assert {state for state, _, _ in CELLS} == set(OrderState)
    assert {name for _, name, _ in CELLS} == set(INPUTS)


@pytest.mark.parametrize("state", OrderState)
def test_only_an_idle_order_is_sent(state: OrderState) -> None:
    if state is OrderState.IDLE:
        assert submitted(order()).state is OrderState.PLACING
        return
    with pytest.raises(ValueError, match="order mine was sent before: it is " + state):
        submitted(order(state))


def test_a_refusal_keeps_its_code_and_reason_unless_the_feed_was_faster() -> None:
    early = refused(order(OrderState.PLACING), code=-2019, reason="Margin is insufficient.")
    late = refused(order(OrderState.FILLED), code=-2019, reason="Margin is insufficient.")

    assert (early.reject_code, early.reject_reason) == (-2019, "Margin is insufficient.")
    assert (late.reject_code, late.reject_reason) == (0, "")


def fill(trade: int, last: str, cumulative: str, **told: str) -> MappedOrderUpdate:
    status = "FILLED" if cumulative == "10" else "PARTIALLY_FILLED"
    return told_by_stream(status, trade=trade, last=last, cumulative=cumulative, **told)  # type: ignore[arg-type]  # texts only


def test_a_partial_fill_leaves_the_state_and_raises_what_is_filled() -> None:
    filled = apply_update(order(OrderState.CANCELLING), fill(1, "4", "4", price="99", average="99"))

    assert filled.state is OrderState.CANCELLING
    assert (filled.filled_qty, filled.avg_price) == (Decimal(4), Decimal(99))
    assert (filled.last_filled_qty, filled.last_filled_price) == (Decimal(4), Decimal(99))
    assert (filled.remaining_qty, filled.order_id) == (Decimal(6), "7")


def test_a_fill_after_the_end_raises_what_is_filled_and_nothing_else() -> None:
    late = told_by_stream("CANCELED", trade=1, last="4", cumulative="4")

    ended = apply_update(order(OrderState.CANCELLED), late)

    assert (ended.state, ended.filled_qty, ended.remaining_qty) == (OrderState.CANCELLED, Decimal(4), Decimal(0))


def test_what_is_filled_never_falls() -> None:
    filled = apply_update(order(OrderState.ACTIVE), fill(2, "6", "10"))

    assert apply_update(filled, fill(1, "4", "4")).filled_qty == Decimal(10)


def test_an_amendment_changes_quantity_and_price() -> None:
    amended = apply_update(order(OrderState.ACTIVE), told_by_stream("NEW", quantity="20", limit="90"))

    assert (amended.quantity, amended.price) == (Decimal(20), Decimal(90))


def test_commission_and_profit_add_up_by_asset() -> None:
    first = fill(1, "4", "4", commission="0.2", profit="-1")
    second = {**fill(2, "6", "10", commission="-0.01", profit="3"), "commission_asset": "BNB"}
    third = fill(3, "0", "10", commission="9", profit="9")

    filled = order(OrderState.ACTIVE)
    for told in (first, second, third):
        filled = apply_update(filled, told)  # type: ignore[arg-type]  # a TypedDict with one value replaced

    assert filled.commission == {"USDT": Decimal("0.2"), "BNB": Decimal("-0.01")}
    assert filled.realized_profit == Decimal(2)


def test_details_add_the_costs_that_a_trade_lite_could_not_tell() -> None:
    told = {**fill(1, "4", "4", commission="0.2", profit="5"), "last_filled_qty": "0"}

    detailed = apply_details(order(OrderState.ACTIVE), told)  # type: ignore[arg-type]  # as above

    assert (detailed.commission, detailed.realized_profit) == ({"USDT": Decimal("0.2")}, Decimal(5))
    assert (detailed.state, detailed.filled_qty) == (OrderState.ACTIVE, Decimal(0))


@pytest.mark.parametrize(
    ("cumulative", "average", "known"),
    [("4", "100.03334", "100.03334"), ("3", "99", "100.03333"), ("4", "0", "100.03333")],
)
def test_details_bring_the_exchanges_average_price_unless_more_was_executed_since(
    cumulative: str, average: str, known: str
) -> None:
    held = apply_update(order(OrderState.ACTIVE), fill(1, "4", "4", average="100.03333"))

    assert apply_details(held, fill(1, "4", cumulative, average=average)).avg_price == Decimal(known)


@pytest.mark.parametrize(
    ("before", "cumulative", "price"),
    [(OrderState.FILLED, "10", "101"), (OrderState.FILLED, "4", "100"), (OrderState.ACTIVE, "10", "100")],
)
def test_details_of_the_fill_that_ended_an_order_bring_its_last_terms(
    before: OrderState, cumulative: str, price: str
) -> None:
    held = msgspec.structs.replace(order(before), filled_qty=Decimal(10), price=Decimal(100), quantity=Decimal(10))
    details = {**fill(1, "0", cumulative), "price": "101", "orig_qty": "11"}

    told = apply_details(held, details)  # type: ignore[arg-type]  # a TypedDict with values replaced

    assert told.price == Decimal(price)
    assert told.quantity == (Decimal(11) if price == "101" else Decimal(10))


def test_orders_do_not_share_their_commission() -> None:
    one = apply_update(order(OrderState.ACTIVE), fill(1, "4", "4", commission="0.2"))

    assert one.commission
    assert order().commission == {}


def test_an_external_order_is_what_its_first_update_shows_before_that_update() -> None:
    told = fill(1, "4", "4")

    stranger = external_order(told)

    assert (stranger.external, stranger.state, stranger.filled_qty) == (True, OrderState.PLACING, Decimal(0))
    assert (stranger.symbol, stranger.quantity, stranger.order_id) == ("BTCUSDT", Decimal(10), "7")
    assert apply_update(stranger, told).state is OrderState.ACTIVE


def test_an_intent_writes_numbers_without_exponents() -> None:
    intent = Order(
        client_order_id="mine",
        symbol="X",
        side="BUY",
        order_type="LIMIT",
        quantity=Decimal("1E+3"),
        price=Decimal("1E-8"),
    ).intent(sent_at_ms=5)

    assert (intent.quantity, intent.price, intent.sent_at_ms) == ("1000", "0.00000001", 5)


@pytest.mark.parametrize("state", OrderState)
def test_an_order_is_working_while_it_is_or_may_be_at_the_exchange(state: OrderState) -> None:
    assert order(state).working == (state in {OrderState.PLACING, OrderState.ACTIVE, OrderState.CANCELLING})
    assert order(state).ended == (state in ENDED_STATES)


@pytest.mark.parametrize("text", ["a", "x" * 36, "A.z:/9_-"])
def test_what_binance_takes_as_a_client_order_id_is_one(text: str) -> None:
    assert is_client_order_id(text)


@pytest.mark.parametrize("text", ["", "x" * 37, "a b", "ä", "a\n", "a#"])
def test_what_binance_refuses_as_a_client_order_id_is_none(text: str) -> None:
    assert not is_client_order_id(text)


@pytest.mark.parametrize(
    ("told", "fits"), [("LIMIT", True), ("", True), ("SOMETHING_NEW", True), ("MARKET", False), ("STOP_MARKET", False)]
)
def test_type_that_nobody_knows_yet_denies_no_order(told: str, *, fits: bool) -> None:
    """Row 10."""
    assert fits_type(told, "LIMIT") == fits
