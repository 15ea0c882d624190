"""An account keeps its orders by both ids, and knows what it can still close."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec
from simulator.core.domain import BUY, LONG, SELL, SHORT
from tests.simulator.core.small_markets import NOW, an_exchange, decimals, limit, market, place, resting, the_account


def test_a_name_means_its_newest_order() -> None:
    exchange = an_exchange()
    first, _ = place(exchange, market(BUY, "0.010", client_order_id="a"))
    second, _ = place(exchange, market(BUY, "0.010", client_order_id="a"))
    account = the_account(exchange)

    assert first.order_id != second.order_id
    assert account.order_named("BTCUSDT", "a") == second
    assert account.order_named("ETHUSDT", "a") is None
    assert list(account.orders) == [first.order_id, second.order_id]


def test_ended_orders_leave_the_open_ones() -> None:
    exchange = an_exchange()
    order = resting(exchange)
    account = the_account(exchange)
    assert account.open_orders == {"BTCUSDT": {order.order_id: order}}

    exchange.cancel(order, NOW)

    assert account.open_orders == {}


def test_open_notional_counts_what_remains_by_side() -> None:
    exchange = an_exchange()
    order = resting(exchange, BUY, "0.010", "60000")
    place(exchange, limit(SELL, "0.010", "70000"))
    exchange.fill(order, Decimal("0.004"), order.price, NOW)

    notional = the_account(exchange).open_notional("BTCUSDT")

    assert (notional.bids, notional.asks) == decimals("360", "700")


def test_only_the_opposite_side_closes() -> None:
    exchange = an_exchange()
    place(exchange, market(SELL, "0.010"))
    account = the_account(exchange)

    assert account.closable("BTCUSDT", "BOTH", 1) == Decimal("0.010")
    assert account.closable("BTCUSDT", "BOTH", -1) == 0


def test_position_sides_follow_the_position_mode() -> None:
    one_way = the_account(an_exchange())
    hedge = the_account(an_exchange(AccountSpec(dual_side_position=True)))

    assert (one_way.position_sides(), hedge.position_sides()) == (("BOTH",), (LONG, SHORT))


def test_leverage_is_bounded_by_the_symbol() -> None:
    account = the_account(an_exchange(AccountSpec(leverage=100)))
    account.set_leverage("ETHUSDT", 5)

    assert [account.leverage("BTCUSDT", 125), account.leverage("BTCUSDT", 50), account.leverage("ETHUSDT", 75)] == [
        100,
        50,
        5,
    ]
