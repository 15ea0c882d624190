"""The exchange reserves for the worse of all bids filled and all asks filled."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec
from simulator.core.accounts.margin import asset_margin, exposure_of, joined
from simulator.core.domain import BUY, SELL
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import OrderIntent
from tests.simulator.core.small_markets import BTC, an_exchange, decimals, limit, market, place, resting, the_account


def added(exchange: Exchange, order: OrderIntent) -> Decimal:
    """Return the margin that an order adds when it joins the open ones."""
    before = exposure_of(the_account(exchange), BTC, "BOTH", Decimal(65000))
    return joined(before, order, Decimal(65000)).margin - before.margin


def test_an_open_order_binds_its_notional_over_the_leverage() -> None:
    exchange = an_exchange(AccountSpec(leverage=10))
    resting(exchange, BUY, "0.010", "60000")

    assert exposure_of(the_account(exchange), BTC, "BOTH", Decimal(65000)).margin == 60


def test_bids_and_asks_bind_only_the_larger_side() -> None:
    exchange = an_exchange(AccountSpec(leverage=10))
    resting(exchange, BUY, "0.010", "60000")
    resting(exchange, SELL, "0.010", "70000")

    assert exposure_of(the_account(exchange), BTC, "BOTH", Decimal(65000)).margin == 70


def test_an_order_that_closes_adds_nothing() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010"))

    assert added(exchange, limit(SELL, "0.010", "66000")) <= Decimal(10)
    assert added(exchange, market(SELL, "0.010")) == 0


def test_a_reduce_only_order_binds_nothing() -> None:
    exchange = an_exchange()

    assert added(exchange, limit(SELL, "1", "66000", reduce_only=True)) == 0


def test_available_counts_unrealized_profit() -> None:
    exchange = an_exchange(AccountSpec(leverage=10))
    place(exchange, market(BUY, "0.010"))
    exchange.set_price("BTCUSDT", Decimal(66000), 0)

    margin = asset_margin(the_account(exchange), "USDT", exchange.symbols, exchange.prices)

    assert margin.unrealized == 10
    assert margin.margin == margin.position_margin == 66
    assert margin.available == margin.wallet + 10 - 66


def test_another_asset_is_not_touched() -> None:
    exchange = an_exchange(AccountSpec(balances={"USDC": "500"}))
    resting(exchange)

    margin = asset_margin(the_account(exchange), "USDC", exchange.symbols, exchange.prices)

    assert (margin.wallet, margin.margin) == decimals("500", "0")
