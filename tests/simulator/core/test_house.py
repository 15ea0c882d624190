"""Money is neither made nor lost: what the accounts do not have, the house has."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import AccountSpec, MarketTerms, Profile, VenueError, perpetual
from simulator.core.account import Account
from simulator.core.domain import BUY, IOC, MARKET, SELL
from simulator.core.exchange import Exchange
from simulator.core.forced import Closing, adjust_position, close_position
from simulator.core.funding import fund
from simulator.core.house import total_money
from simulator.core.market_terms import Liquidity
from simulator.core.orders import Order
from simulator.core.position import Position
from tests.simulator.core.trading import BTC, ETH, NOW, limit, market

BNB: Final = perpetual("BNBUSDT", "600", "0.010", "0.01")
BTC_PRICES: Final = ("63000.00", "64999.90", "65000.00", "65000.10", "65000.70", "67000.30")
ACCOUNTS: Final = ("cross", "hedge", "isolated", "burner")
SIDES: Final = {"cross": ("BOTH",), "hedge": ("LONG", "SHORT"), "isolated": ("BOTH",), "burner": ("BOTH",)}

amounts = st.integers(1, 2_000).map(lambda steps: Decimal(steps) / 1000)
prices = st.sampled_from(BTC_PRICES).map(Decimal)
names = st.sampled_from(ACCOUNTS)
sides = st.sampled_from((BUY, SELL))
kinds = st.sampled_from(
    ["limit", "market", "ioc", "price", "mark", "fund", "cancel", "amend", "fill", "close", "adjust", "transfer"]
)
actions = st.tuples(kinds, names, sides, amounts, prices)
TERMS: Final[dict[str, dict[str, object]]] = {"limit": {}, "market": {"type": MARKET}, "ioc": {"time_in_force": IOC}}
Action = tuple[str, str, str, Decimal, Decimal]


def an_exchange_of(liquidity: Liquidity) -> Exchange:
    accounts = [
        AccountSpec(name=name, api_key=f"{name:0>64}", balance="1000000", dual_side_position=name == "hedge")
        for name in ACCOUNTS
    ]
    exchange = Exchange(accounts, (BTC, ETH), 0, MarketTerms(liquidity=liquidity, levels=20))
    exchange.accounts["isolated"].isolated_symbols.add("BTCUSDT")
    return exchange


def money_of(exchange: Exchange) -> dict[str, Decimal]:
    assets = {symbol: spec.quote_asset for symbol, spec in exchange.symbols.items()}
    return total_money(exchange.house, exchange.accounts.values(), assets, exchange.marks)


def act(exchange: Exchange, action: Action) -> None:
    """Do it, if there is what it needs."""
    kind, name, side, quantity, price = action
    account = exchange.accounts[name]
    position_side = SIDES[name][0 if side == BUY else -1]
    if kind in TERMS:
        intent = limit(
            side, str(quantity), "0" if kind == "market" else str(price), position_side=position_side, **TERMS[kind]
        )
        exchange.place(account, intent, NOW)
    elif kind in {"cancel", "amend", "fill"}:
        order = next(iter(account.open_orders.get("BTCUSDT", {}).values()), None)
        if order is not None:
            change_order(exchange, kind, order, quantity, price)
    elif kind in {"close", "adjust"}:
        change_position(exchange, kind, account, account.position("BTCUSDT", position_side), quantity, price)
    else:
        change_market(exchange, kind, account, quantity, price)


def change_order(exchange: Exchange, kind: str, order: Order, quantity: Decimal, price: Decimal) -> None:
    match kind:
        case "cancel":
            exchange.cancel(order, NOW)
        case "amend":
            exchange.amend(order, quantity=quantity, price=price, modify_id="", now_ms=NOW)
        case _:
            exchange.fill(order, min(quantity, order.remaining), price, NOW)


def change_position(  # noqa: PLR0917  a drawn action
    exchange: Exchange, kind: str, account: Account, position: Position, quantity: Decimal, price: Decimal
) -> None:
    if kind == "adjust":
        adjust_position(exchange, account, position, quantity, entry_price=price, now_ms=NOW)
    elif position.amount:
        closing = Closing(kind="LIQUIDATION", quantity=min(quantity, abs(position.amount)), price=price)
        close_position(exchange, account, position, closing, profile=Profile(), now_ms=NOW)


def change_market(exchange: Exchange, kind: str, account: Account, quantity: Decimal, price: Decimal) -> None:
    match kind:
        case "price":
            exchange.set_price("BTCUSDT", price, NOW)
        case "mark":
            exchange.set_mark("BTCUSDT", price + Decimal("0.12345678"), price, NOW)
        case "fund":
            fund(exchange, "BTCUSDT", quantity / 1000, NOW)
        case _:
            exchange.transfer(account, "USDT", quantity, "DEPOSIT", NOW)


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
@given(history=st.lists(actions, max_size=30))
@settings(max_examples=60)
def test_all_the_money_there_is_changes_only_by_transfers(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    before = money_of(exchange)
    for action in history:
        with suppress(VenueError):
            act(exchange, action)
        assert money_of(exchange) == before


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
@given(history=st.lists(actions, max_size=30))
@settings(max_examples=20)
def test_what_accounts_hold_the_house_holds_the_other_way(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    for action in history:
        with suppress(VenueError):
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
