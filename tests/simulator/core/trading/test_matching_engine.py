"""Whatever happens in the market, its orders, trades and books agree with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.domain import BUY, SELL
from simulator.core.facts import Fact, OrderFilled
from simulator.core.risk.forced import adjust_position
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.market_terms import Liquidity
from simulator.core.trading.orders import Fill, Order
from tests.simulator.core.book_trading import a_book, amend, fills, place_as
from tests.simulator.core.market_history import Action, act, actions, an_exchange_of
from tests.simulator.core.small_markets import NOW, limit, market, told

MARKETS = pytest.mark.parametrize("liquidity", ["one_price", "book"])
histories = st.lists(actions, max_size=30)


def open_orders(exchange: Exchange) -> list[Order]:
    return [
        order for account in exchange.accounts.values() for order in account.open_orders.get("BTCUSDT", {}).values()
    ]


def by_trade(facts: Iterable[Fact]) -> dict[int, list[Fill]]:
    trades: dict[int, list[Fill]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, OrderFilled):
            trades[fact.fill.trade_id].append(fact.fill)
    return trades


@MARKETS
@given(history=histories)
@settings(max_examples=40)
def test_the_book_shows_what_is_left_of_the_open_orders(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    exchange.set_depth("BTCUSDT", [])
    for action in history:
        act(exchange, action)
        for side in (BUY, SELL):
            expected: dict[Decimal, Decimal] = defaultdict(Decimal)
            for order in open_orders(exchange):
                if order.side == side:
                    expected[order.price] += order.remaining
            assert exchange.levels("BTCUSDT", side) == [
                Level(expected[price], price) for price in sorted(expected, reverse=side == BUY)
            ]


@given(history=histories)
@settings(max_examples=40)
def test_a_book_is_never_crossed(history: list[Action]) -> None:
    exchange = an_exchange_of("book")
    for action in history:
        act(exchange, action)
        best = exchange.best("BTCUSDT")
        assert best.bid < best.ask


@MARKETS
@given(history=histories)
@settings(max_examples=40)
def test_the_sides_of_a_trade_agree(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    for action in history:
        for sides in by_trade(act(exchange, action)).values():
            assert len(sides) in {1, 2}
            assert all(fill.quantity > 0 for fill in sides)
            assert len({(fill.price, fill.quantity) for fill in sides}) == 1
            if len(sides) == 2:
                assert {fill.side for fill in sides} == {BUY, SELL}
                assert {fill.is_maker for fill in sides} == {True, False}


@MARKETS
@given(history=histories)
@settings(max_examples=40)
def test_an_orders_fills_add_up_to_what_it_executed(liquidity: Liquidity, history: list[Action]) -> None:
    exchange = an_exchange_of(liquidity)
    for action in history:
        act(exchange, action)
    for account in exchange.accounts.values():
        filled: dict[int, Decimal] = defaultdict(Decimal)
        for fill in account.fills.get("BTCUSDT", ()):
            filled[fill.order_id] += fill.quantity
        assert all(order.executed == filled[order.order_id] <= order.quantity for order in account.orders.values())


@given(history=histories)
@settings(max_examples=20)
def test_the_same_history_gives_the_same_market(history: list[Action]) -> None:
    first, second = an_exchange_of("book"), an_exchange_of("book")

    assert [act(first, action) for action in history] == [act(second, action) for action in history]
    assert first.levels("BTCUSDT", BUY) == second.levels("BTCUSDT", BUY)


@pytest.mark.parametrize("moment", ["taker", "price"])
def test_a_reduce_only_order_whose_position_was_taken_away_expires_when_it_is_met(moment: str) -> None:
    exchange = a_book()
    account = exchange.accounts["a"]
    place_as(exchange, "a", market(BUY, "0.010"))
    place_as(exchange, "a", limit(SELL, "0.010", "65000", reduce_only=True))
    held = account.position("BTCUSDT", "BOTH")
    adjust_position(exchange, account, held, Decimal(0), entry_price=Decimal(65000), now_ms=NOW)
    if moment == "price":
        facts = exchange.set_price("BTCUSDT", Decimal(65001), NOW)
    else:
        facts = place_as(exchange, "b", market(BUY, "0.010"))[1]

    assert "EXPIRED 4" in told(facts)
    assert all(account == "b" for account, _, _ in fills(facts))


def test_an_amended_reduce_only_order_without_a_position_expires_when_it_would_take() -> None:
    exchange = a_book()
    account = exchange.accounts["a"]
    place_as(exchange, "a", market(BUY, "0.010"))
    order, _ = place_as(exchange, "a", limit(SELL, "0.010", "66000", reduce_only=True))
    held = account.position("BTCUSDT", "BOTH")
    adjust_position(exchange, account, held, Decimal(0), entry_price=Decimal(65000), now_ms=NOW)

    assert told(amend(exchange, order, "0.010", "64000")) == ["amended", "EXPIRED 4"]
