"""Whoever keeps a book from a snapshot and the changes, as Binance instructs, has the exchange's book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, MarketTerms
from simulator.core.domain import BUY, SELL
from simulator.core.rest.market_bodies import order_book
from simulator.core.streams.book_feeds import BestFeed, DepthChangesFeed, DepthFeed
from simulator.core.streams.market_feed import Moment
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.market_terms import Liquidity
from tests.simulator.core.small_markets import BTC, NOW, limit, market, the_account

SYMBOL = "BTCUSDT"


class LocalBook:
    """A client's book: the strictest reading of the instructions for one."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[Decimal, Decimal]] = {}
        self._id = 0
        self._last: int | None = None

    def start(self, snapshot: dict[str, Any]) -> None:
        self._id, self._last = snapshot["lastUpdateId"], None
        self.sides = {"b": _levels(snapshot["bids"]), "a": _levels(snapshot["asks"])}

    def apply(self, event: dict[str, Any]) -> None:
        if event["u"] < self._id:
            return
        if self._last is None:
            assert event["U"] <= self._id <= event["u"]
        else:
            assert event["pu"] == self._last
        self._last = event["u"]
        for side in self.sides:
            levels = self.sides[side] | _levels(event[side])
            self.sides[side] = {price: quantity for price, quantity in levels.items() if quantity}


def _levels(rows: list[list[str]]) -> dict[Decimal, Decimal]:
    return {Decimal(price): Decimal(quantity) for price, quantity in rows}


def an_exchange_of(liquidity: Liquidity) -> Exchange:
    account = AccountSpec(balance="1000000")
    return Exchange([account], [BTC], seed=3, terms=MarketTerms(liquidity=liquidity))


def stir(exchange: Exchange, number: int) -> None:
    """Let something happen that changes the book, or nothing."""
    account = the_account(exchange)
    match number % 5:
        case 0:
            exchange.place(account, limit(BUY, "0.050", f"{64900 - number}"), NOW)
        case 1:
            exchange.set_price(SYMBOL, Decimal(65000 + number % 7), NOW)
        case 2:
            exchange.place(account, market(SELL if number % 2 else BUY, "1.500"), NOW)
        case 3:
            for order in list(account.open_orders.get(SYMBOL, {}).values())[:1]:
                exchange.cancel(order, NOW)
        case _:
            pass


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
def test_levels_that_only_a_snapshot_has_shown_are_taken_back(liquidity: Liquidity) -> None:
    exchange = an_exchange_of(liquidity)
    feed, book = DepthChangesFeed(SYMBOL, 250), LocalBook()
    feed.greeting(Moment(exchange, NOW))
    exchange.set_price(SYMBOL, Decimal(65010), NOW)
    book.start(order_book(exchange, SYMBOL, 1000, NOW))
    exchange.set_price(SYMBOL, Decimal(65020), NOW)
    (event,) = feed.bodies(Moment(exchange, NOW))
    book.apply(event)
    assert book.sides == {
        key: {level.price: level.quantity for level in exchange.levels(SYMBOL, side)}
        for key, side in (("b", BUY), ("a", SELL))
    }


@pytest.mark.parametrize("liquidity", ["one_price", "book"])
@pytest.mark.parametrize("snapshot_after", range(0, 20, 6))
def test_snapshot_and_changes_make_the_book(liquidity: Liquidity, snapshot_after: int) -> None:
    exchange = an_exchange_of(liquidity)
    feed = DepthChangesFeed(SYMBOL, 250)
    heard = feed.greeting(Moment(exchange, NOW))
    book = LocalBook()
    started = False
    for number in range(60):
        stir(exchange, number)
        if number == snapshot_after:
            book.start(order_book(exchange, SYMBOL, 1000, NOW))
            started = True
        if number % 3 == 2:
            heard += feed.bodies(Moment(exchange, NOW, {SYMBOL}))
        if started:
            for event in heard:
                book.apply(event)
            heard = []
    for event in feed.bodies(Moment(exchange, NOW, {SYMBOL})):
        book.apply(event)

    now = order_book(exchange, SYMBOL, 1000, NOW)
    assert book.sides == {"b": _levels(now["bids"]), "a": _levels(now["asks"])}


def test_a_snapshot_of_a_market_at_rest_lies_before_the_next_change() -> None:
    exchange = an_exchange_of("one_price")
    feed = DepthChangesFeed(SYMBOL, 250)
    book = LocalBook()
    early = feed.greeting(Moment(exchange, NOW))
    book.start(order_book(exchange, SYMBOL, 1000, NOW))
    for event in early:
        book.apply(event)
    stir(exchange, 1)
    (change,) = feed.bodies(Moment(exchange, NOW, {SYMBOL}))
    book.apply(change)

    assert change["pu"] == early[-1]["u"]
    assert feed.bodies(Moment(exchange, NOW, {SYMBOL})) == []


def test_a_level_that_is_gone_is_told_with_nothing() -> None:
    exchange = an_exchange_of("book")
    order, _ = exchange.place(the_account(exchange), limit(BUY, "0.050", "1000"), NOW)
    feed = DepthChangesFeed(SYMBOL, 100)
    feed.greeting(Moment(exchange, NOW))
    exchange.cancel(order, NOW)
    (event,) = feed.bodies(Moment(exchange, NOW, {SYMBOL}))

    assert (event["b"], event["a"]) == ([["1000.00", "0.000"]], [])


def test_a_partial_book_goes_on_from_the_one_before() -> None:
    exchange = an_exchange_of("one_price")
    feed = DepthFeed(SYMBOL, 250, 10)
    events = feed.greeting(Moment(exchange, NOW))
    for number in range(1, 20, 5):
        stir(exchange, number)
        events += feed.bodies(Moment(exchange, NOW, {SYMBOL}))

    assert len(events) == 5
    assert [event["pu"] for event in events[1:]] == [event["u"] for event in events[:-1]]
    assert all((len(event["b"]), len(event["a"])) == (10, 10) for event in events)
    assert feed.bodies(Moment(exchange, NOW, {SYMBOL})) == []


def test_the_best_levels_are_told_when_they_are_others() -> None:
    exchange = an_exchange_of("book")
    feed = BestFeed(SYMBOL, 0)
    (first,) = feed.greeting(Moment(exchange, NOW))
    exchange.place(the_account(exchange), limit(BUY, "0.050", "64000"), NOW)
    assert feed.bodies(Moment(exchange, NOW, {SYMBOL})) == []
    exchange.set_price(SYMBOL, Decimal(65100), NOW)
    (second,) = feed.bodies(Moment(exchange, NOW, {SYMBOL}))

    assert second["u"] > first["u"]
    assert Decimal(first["a"]) < Decimal(second["b"]) < Decimal(second["a"])
