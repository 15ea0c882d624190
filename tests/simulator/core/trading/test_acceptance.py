"""An account's own state may forbid an order, checked in a fixed order."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, VenueError
from simulator.core.domain import BUY, LONG, SELL
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import OrderIntent
from tests.simulator.core.small_markets import NOW, an_exchange, limit, market, place, resting, the_account


def refusal_of(exchange: Exchange, intent: OrderIntent) -> int:
    with pytest.raises(VenueError) as refused:
        place(exchange, intent)
    return refused.value.code


def test_a_client_order_id_is_taken_while_its_order_is_open() -> None:
    exchange = an_exchange()
    resting(exchange, client_order_id="mine")

    assert refusal_of(exchange, limit(BUY, "0.010", "60000", client_order_id="mine")) == -4116


def test_a_client_order_id_is_free_again_when_its_order_ended() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010", client_order_id="mine"))

    order, _ = place(exchange, market(BUY, "0.010", client_order_id="mine"))

    assert the_account(exchange).order_named("BTCUSDT", "mine") == order


@pytest.mark.parametrize("held", [None, market(SELL, "0.010")])
def test_reduce_only_needs_a_position_to_reduce(held: OrderIntent | None) -> None:
    exchange = an_exchange()
    if held is not None:
        place(exchange, held)

    assert refusal_of(exchange, market(SELL, "0.010", reduce_only=True)) == -2022


def test_closing_in_hedge_mode_needs_a_position_of_that_side() -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))

    assert refusal_of(exchange, market(SELL, "0.010", position_side=LONG, reduce_only=True)) == -2022


def test_a_symbol_takes_two_hundred_open_orders() -> None:
    exchange = an_exchange(AccountSpec(balance="10000000"))
    for _ in range(200):
        resting(exchange)

    assert refusal_of(exchange, limit(BUY, "0.010", "60000")) == -2025


def test_margin_beyond_what_is_available_is_refused() -> None:
    exchange = an_exchange(AccountSpec(balance="100", leverage=10))

    assert refusal_of(exchange, market(BUY, "0.016")) == -2019
    place(exchange, market(BUY, "0.015"))


def test_open_orders_bind_margin_too() -> None:
    exchange = an_exchange(AccountSpec(balance="100", leverage=10))
    resting(exchange, BUY, "0.010", "60000")

    assert refusal_of(exchange, limit(BUY, "0.010", "60000")) == -2019


def test_a_position_can_be_closed_without_any_margin_left() -> None:
    exchange = an_exchange(AccountSpec(balance="100", leverage=10))
    place(exchange, market(BUY, "0.015"))
    exchange.transfer(the_account(exchange), "USDT", -the_account(exchange).wallets["USDT"], "WITHDRAW", NOW)

    order, _ = place(exchange, market(SELL, "0.015"))

    assert order.status == "FILLED"
