"""Wrong names and amounts have one clear error each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import BadAmountError, OrderNotOpenError, UnknownAccountError, UnknownOrderError, UnknownSymbolError
from simulator.core.amounts import decimal_amount
from simulator.core.domain import BUY, SELL
from simulator.core.lookup import (
    find_account,
    find_open_order,
    find_symbol,
    possible_fill,
    possible_price,
)
from tests.simulator.core.small_markets import BTC, NOW, an_exchange, market, place, resting, the_account


def test_no_account_means_the_first() -> None:
    exchange = an_exchange()

    assert find_account(exchange, None) is find_account(exchange, "default")


def test_an_unknown_account_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UnknownAccountError, match="unknown account 'alice': there are default"):
        find_account(an_exchange(), "alice")


def test_an_unknown_symbol_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownSymbolError, match="unknown symbol 'BTCUSD': did you mean BTCUSDT"):
        find_symbol(an_exchange(), "BTCUSD")


def test_an_order_is_found_by_either_id() -> None:
    exchange = an_exchange()
    order = resting(exchange, client_order_id="mine")
    account = the_account(exchange)

    assert find_open_order(account, "mine") == order
    assert find_open_order(account, order.order_id) == order
    assert find_open_order(account, str(order.order_id)) == order


def test_the_open_order_is_meant_when_an_ended_one_had_the_same_name() -> None:
    exchange = an_exchange()
    order = resting(exchange, client_order_id="mine")
    place(exchange, market(BUY, "0.010", client_order_id="other"))
    exchange.cancel(order, NOW)
    again = resting(exchange, client_order_id="mine")

    assert find_open_order(the_account(exchange), "mine") == again


def test_orders_that_never_were_and_orders_that_ended_are_told_apart() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010", client_order_id="done"))

    with pytest.raises(UnknownOrderError, match="has no order 'never'"):
        find_open_order(the_account(exchange), "never")
    with pytest.raises(OrderNotOpenError, match="has ended: it is FILLED"):
        find_open_order(the_account(exchange), "done")


@pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", 0.1, ""])
def test_an_amount_is_a_finite_decimal_and_never_a_float(value: str) -> None:
    with pytest.raises(BadAmountError, match="expected a decimal number"):
        decimal_amount(value)


@pytest.mark.parametrize("value", ["1000000000000000", "-1e15", "1e999999", "1e-999999"])
def test_an_amount_beyond_exact_arithmetic_is_refused(value: str) -> None:
    assert decimal_amount("999999999999999.9") == Decimal("999999999999999.9")
    with pytest.raises(BadAmountError, match="at most 15 digits before the point"):
        decimal_amount(value)


@pytest.mark.parametrize("price", ["0", "-1", "65000.05"])
def test_a_price_is_a_positive_multiple_of_the_tick(price: str) -> None:
    with pytest.raises(BadAmountError, match=r"a price above 0 in steps of 0\.10 for BTCUSDT"):
        possible_price(BTC, price)


def test_a_fill_is_at_most_what_is_left() -> None:
    exchange = an_exchange()
    order = resting(exchange)
    account = the_account(exchange)

    assert possible_fill(account, order, BTC, "0.010") == Decimal("0.010")
    with pytest.raises(OrderNotOpenError, match=r"has only 0\.010 left, not 0\.011"):
        possible_fill(account, order, BTC, "0.011")
    with pytest.raises(BadAmountError, match="a quantity above 0"):
        possible_fill(account, order, BTC, "0.0001")


def test_a_reduce_only_order_fills_at_most_the_position() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010"))
    order = resting(exchange, SELL, "0.020", "66000", reduce_only=True)

    with pytest.raises(OrderNotOpenError, match=r"there is only 0\.010 to reduce"):
        possible_fill(the_account(exchange), order, BTC, "0.020")
