"""A market with a book, and its participants."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator import AccountSpec, MarketTerms
from simulator.core.facts import Fact, OrderFilled
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order, OrderIntent
from tests.simulator.core.small_markets import BTC, ETH, NOW

BOOK = MarketTerms(liquidity="book", levels=20, level_notional=Decimal(10_000_000))


def a_book(*names: str, terms: MarketTerms = BOOK) -> Exchange:
    """Return a market at 65000 with accounts of these names; the house bids 64999.90 and asks 65000.10."""
    accounts = [AccountSpec(name=name, api_key=f"{name:0>64}", balance="10000000") for name in names or ("a", "b")]
    return Exchange(accounts, (BTC, ETH), seed=0, terms=terms)


def said(*levels: tuple[str, str]) -> Exchange:
    """Return a book in which the house offers just these quantities at these prices."""
    exchange = a_book("a", "b", "c")
    exchange.set_depth("BTCUSDT", [Level(Decimal(quantity), Decimal(price)) for quantity, price in levels])
    return exchange


def place_as(exchange: Exchange, account: str, intent: OrderIntent) -> tuple[Order, list[Fact]]:
    return exchange.place(exchange.accounts[account], intent, NOW)


def amend(exchange: Exchange, order: Order, quantity: str, price: str) -> list[Fact]:
    return exchange.amend(order, quantity=Decimal(quantity), price=Decimal(price), modify_id="", now_ms=NOW)[1]


def fills(facts: Iterable[Fact]) -> list[tuple[str, str, bool]]:
    """Return account, quantity at price, and whether it was the maker, of each fill in its order."""
    return [
        (fact.account, f"{fact.fill.quantity} at {fact.fill.price}", fact.fill.is_maker)
        for fact in facts
        if isinstance(fact, OrderFilled)
    ]
