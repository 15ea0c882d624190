"""An order's records say where it stands."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.domain import CANCELED, SELL
from simulator.core.trading.orders import Order, accept, after_amendment, after_end, after_fill
from tests.simulator.core.small_markets import NOW, limit


def an_order() -> Order:
    intent = limit(SELL, "0.010", "66000")
    return accept(intent, account="default", order_id=1, client_order_id="a", time_ms=NOW)


def test_an_accepted_order_is_new_and_unfilled() -> None:
    order = an_order()

    assert (order.status, order.is_open, order.sign) == ("NEW", True, -1)
    assert order.executed == order.average_price == 0
    assert order.remaining == Decimal("0.010")


def test_fills_average_and_the_last_one_ends_it() -> None:
    order = after_fill(an_order(), Decimal("0.004"), Decimal(66000), NOW + 1)
    assert (order.status, order.is_open) == ("PARTIALLY_FILLED", True)

    order = after_fill(order, Decimal("0.006"), Decimal(66100), NOW + 2)

    assert (order.status, order.is_open, order.update_ms) == ("FILLED", False, NOW + 2)
    assert order.average_price == Decimal(66060)


def test_an_end_keeps_what_was_executed_and_says_why() -> None:
    order = after_end(after_fill(an_order(), Decimal("0.004"), Decimal(66000), NOW), CANCELED, "0", NOW + 1)

    assert (order.status, order.is_open, order.expiry_reason) == ("CANCELED", False, "0")
    assert order.executed == Decimal("0.004")


def test_an_amendment_counts_and_resets_self_trade_prevention() -> None:
    order = after_amendment(an_order(), Decimal("0.020"), Decimal(67000), NOW + 1)

    assert (order.amendments, order.self_trade_prevention, order.time_ms, order.update_ms) == (1, "NONE", NOW, NOW + 1)
