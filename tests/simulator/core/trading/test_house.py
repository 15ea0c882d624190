"""Money is neither made nor lost: what the accounts do not have, the house has."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import AccountSpec, perpetual
from simulator.core.domain import BUY, SELL
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.house import total_money
from simulator.core.trading.market_terms import Liquidity
from tests.simulator.core.market_history import Action, act, actions, an_exchange_of
from tests.simulator.core.small_markets import BTC, NOW, limit, market

BNB: Final = perpetual("BNBUSDT", "600", "0.010", "0.01")


def money_of(exchange: Exchange) -> dict[str, Decimal]:
    assets = {symbol: spec.quote_asset for symbol, spec in exchange.symbols.items()}
    return total_money(exchange.house, exchange.accounts.values(), assets, exchange.marks)


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
@given(history=st.lists(actions, max_size=30))
@settings(max_examples=60)
def test_all_the_money_there_is_changes_only_by_transfers(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    before = money_of(exchange)
    for action in history:
        act(exchange, action)
        assert money_of(exchange) == before


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
@given(history=st.lists(actions, max_size=30))
@settings(max_examples=20)
def test_what_accounts_hold_the_house_holds_the_other_way(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    for action in history:
        act(exchange, action)

    held = sum(p.amount for account in exchange.accounts.values() for p in account.positions.values())
    fills = [fill for account in exchange.accounts.values() for fill in account.fills.get("BTCUSDT", ())]
    assert held + exchange.house.positions.get("BTCUSDT", Decimal(0)) == 0
    assert exchange.house.fees.get("USDT", 0) == sum(fill.commission for fill in fills)


def test_the_house_keeps_nothing_of_a_trade_between_accounts_but_the_rounding() -> None:
    exchange = an_exchange_of("book")
    cross, isolated = exchange.accounts["cross"], exchange.accounts["isolated"]
    for quantity, price in (("0.003", "65000"), ("0.007", "65000.10"), ("0.004", "64999.90")):
        exchange.place(cross, limit(BUY, quantity, "65000"), NOW)
        exchange.place(isolated, limit(SELL, quantity, "65000"), NOW)
        exchange.set_mark("BTCUSDT", Decimal(price), Decimal(price), NOW)
    exchange.place(isolated, limit(BUY, "0.014", "65000"), NOW)
    exchange.place(cross, limit(SELL, "0.014", "65000"), NOW)

    assert not exchange.house.positions["BTCUSDT"]
    assert abs(exchange.house.wallets["USDT"]) < Decimal("0.0000001")


def test_a_commission_in_bnb_is_the_houses_in_bnb() -> None:
    spec = AccountSpec(balances={"BNB": "10"}, fee_burn=True)
    exchange = Exchange([spec], (BTC, BNB), 0)
    before = money_of(exchange)
    exchange.place(exchange.accounts["default"], market(BUY, "0.010"), NOW)

    assert exchange.house.fees["BNB"] == 10 - exchange.accounts["default"].wallets["BNB"] > 0
    assert money_of(exchange) == before
