"""At its liquidation price a position's margin is just used up; at its bankruptcy price, so is everything."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import AccountSpec
from simulator.core.accounts.account import Account
from simulator.core.accounts.brackets import maintenance
from simulator.core.accounts.position import Position
from simulator.core.domain import BUY, SELL
from simulator.core.risk.health import Health, bankruptcy_price, health_of, liquidation_price, shared_margins
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import OrderIntent
from tests.simulator.core.small_markets import BTC, an_exchange, market, place, the_account

NEAR = Decimal("0.0001")
_TERMS: dict[str, Any] = {"balance": "1000", "leverage": 20}


def health_at(exchange: Exchange, price: Decimal, side: str = "BOTH") -> Health:
    account = the_account(exchange)
    marks = {**exchange.prices, "BTCUSDT": price}
    return health_of(account, account.position("BTCUSDT", side), exchange.symbols, marks)


def price_of(exchange: Exchange, side: str = "BOTH", symbol: str = "BTCUSDT") -> Decimal:
    account = the_account(exchange)
    margin_of = shared_margins(account, exchange.symbols, exchange.prices)
    return liquidation_price(account, account.position(symbol, side), exchange.symbols, exchange.prices, margin_of)


def holding(*orders: OrderIntent, isolated: bool = False, **spec: Any) -> Exchange:
    exchange = an_exchange(AccountSpec(**_TERMS | spec))
    if isolated:
        the_account(exchange).isolated_symbols.add("BTCUSDT")
    for order in orders:
        place(exchange, order)
    return exchange


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("quantity", ["0.020", "0.200"])
def test_at_the_liquidation_price_the_margin_is_just_used_up(side: str, quantity: str, isolated: bool) -> None:
    exchange = holding(market(side, quantity), isolated=isolated)

    price = price_of(exchange)

    health = health_at(exchange, price)
    assert abs(health.balance - health.maintenance) < NEAR
    assert (price < BTC.price) == (side == BUY)


def test_a_position_that_the_wallet_carries_at_any_price_has_none() -> None:
    assert price_of(holding(market(BUY, "0.001"))) == 0


def test_an_empty_position_has_none() -> None:
    assert price_of(holding()) == 0


def test_cross_positions_of_other_symbols_are_carried_by_the_same_wallet() -> None:
    alone = price_of(holding(market(BUY, "0.100")))
    with_another = price_of(holding(market(BUY, "0.100"), market(BUY, "1", symbol="ETHUSDT")))

    assert with_another > alone


def test_in_hedge_mode_both_sides_have_the_same_price() -> None:
    exchange = holding(
        market(BUY, "0.200", position_side="LONG"),
        market(SELL, "0.050", position_side="SHORT"),
        dual_side_position=True,
    )

    assert price_of(exchange, "LONG") == price_of(exchange, "SHORT")
    health = health_at(exchange, price_of(exchange, "LONG"), "LONG")
    assert abs(health.balance - health.maintenance) < NEAR


def test_the_brackets_are_those_at_the_liquidation_price() -> None:
    exchange = holding(market(BUY, "30"), balance="1000000")

    price = price_of(exchange)

    assert maintenance(BTC, 30 * price) > maintenance(BTC, Decimal(100_000))
    health = health_at(exchange, price)
    assert abs(health.balance - health.maintenance) < NEAR


def test_in_multi_assets_mode_other_assets_carry_a_position_too() -> None:
    exchange = holding(market(BUY, "0.200"), balances={"USDC": "500"})
    single = price_of(exchange)

    the_account(exchange).multi_assets_margin = True

    assert price_of(exchange) < single


def test_at_the_bankruptcy_price_the_balance_is_used_up() -> None:
    exchange = holding(market(SELL, "0.200"))
    account = the_account(exchange)
    position = account.position("BTCUSDT", "BOTH")

    price = bankruptcy_price(position, BTC.price, health_at(exchange, BTC.price).balance)

    assert abs(health_at(exchange, price).balance) < NEAR
    assert price > price_of(exchange)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3000), st.sampled_from([BUY, SELL]), st.integers(3000, 100_000))
def test_no_price_on_this_side_of_the_liquidation_price_loses_the_position(
    thousandths: int, side: str, balance: int
) -> None:
    exchange = an_exchange(AccountSpec(balance=str(balance), leverage=125))
    account = the_account(exchange)
    amount = Decimal(thousandths) / 1000 * (1 if side == BUY else -1)
    _hold(account, amount, BTC.price)
    price = price_of(exchange)
    if health_at(exchange, BTC.price).is_lost or not price:
        return

    between = (BTC.price + price) / 2
    beyond = price + (price - BTC.price) / 100

    assert not health_at(exchange, between).is_lost
    assert health_at(exchange, beyond).is_lost


def _hold(account: Account, amount: Decimal, entry: Decimal) -> None:
    account.hold(Position("BTCUSDT", "BOTH", amount, entry, entry * amount))


def test_a_large_position_that_is_lost_only_when_it_has_become_small_has_a_price() -> None:
    exchange = an_exchange(AccountSpec(balance="1999562", leverage=5))
    the_account(exchange).hold(Position("BTCUSDT", "BOTH", Decimal(31), Decimal(65000)))

    price = price_of(exchange)

    health = health_at(exchange, price)
    assert 0 < price < 1000
    assert abs(health.balance - health.maintenance) < NEAR
