"""What a taker finds in the market, and what becomes of what it does not find."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.profile import Profile
from simulator.core.streams.stream_events import user_events
from simulator.core.trading.depth import Depth, Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import OrderIntent
from tests.simulator.core.small_markets import an_exchange, limit, market, place, told


def level(quantity: str, price: str) -> Level:
    return Level(Decimal(quantity), Decimal(price))


def with_depth(*levels: Level) -> Exchange:
    exchange = an_exchange()
    exchange.depth.set("BTCUSDT", levels)
    return exchange


def said(exchange: Exchange, intent: OrderIntent) -> list[str]:
    return told(place(exchange, intent)[1])


def test_any_quantity_is_there_unless_it_is_said_how_much() -> None:
    depth = Depth()
    wanted = level("5", "65000")

    assert depth.available("BTCUSDT", BUY, Decimal(65000)) is None
    assert depth.take("BTCUSDT", BUY, Decimal(65000), wanted) == [wanted]


def test_what_is_taken_is_gone() -> None:
    depth = Depth()
    depth.set("BTCUSDT", [level("1", "65000"), level("2", "65010")])

    assert depth.take("BTCUSDT", BUY, Decimal(0), level("2", "65000")) == [level("1", "65000"), level("1", "65010")]
    assert depth.available("BTCUSDT", BUY, Decimal(0)) == 1
    assert depth.take("BTCUSDT", BUY, Decimal(0), level("2", "65000")) == [level("1", "65010")]
    assert depth.take("BTCUSDT", BUY, Decimal(0), level("2", "65000")) == []


def test_no_level_beyond_the_limit_is_taken() -> None:
    depth = Depth()
    depth.set("BTCUSDT", [level("1", "65000"), level("1", "64990")])

    assert depth.available("BTCUSDT", SELL, Decimal(65000)) == 1
    assert depth.take("BTCUSDT", SELL, Decimal(65000), level("2", "65000")) == [level("1", "65000")]


def test_a_taker_trades_with_each_level_at_its_price() -> None:
    exchange = with_depth(level("0.004", "65000"), level("0.006", "65010"))

    assert said(exchange, market(BUY, "0.010")) == ["accepted", "filled 0.004 at 65000", "filled 0.006 at 65010"]


def test_every_trade_of_one_match_is_told_after_all_their_trade_lites() -> None:
    exchange = with_depth(level("0.004", "65000"), level("0.006", "65010"))
    _, facts = place(exchange, market(BUY, "0.010"))

    events = user_events(facts, exchange.symbols, Profile())

    fill = ["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    assert [event.name for event in events] == ["TRADE_LITE", "TRADE_LITE", "ORDER_TRADE_UPDATE", *fill, *fill]
    assert [event.body["o"]["X"] for event in events if "o" in event.body] == ["NEW", "PARTIALLY_FILLED", "FILLED"]


@pytest.mark.parametrize(
    ("intent", "end"),
    [
        (market(BUY, "0.010"), "EXPIRED 9"),
        (limit(BUY, "0.010", "65000", time_in_force="IOC"), "EXPIRED 2"),
    ],
    ids=["market", "ioc"],
)
def test_what_an_immediate_order_does_not_find_expires(intent: OrderIntent, end: str) -> None:
    exchange = with_depth(level("0.004", "65000"))

    assert said(exchange, intent) == ["accepted", "filled 0.004 at 65000", end]


def test_what_a_limit_order_does_not_find_rests() -> None:
    exchange = with_depth(level("0.004", "65000"), level("0.006", "65010"))

    order, facts = place(exchange, limit(BUY, "0.010", "65000"))

    assert told(facts) == ["accepted", "filled 0.004 at 65000"]
    assert (order.status, order.remaining) == ("PARTIALLY_FILLED", Decimal("0.006"))
    assert told(exchange.set_price("BTCUSDT", Decimal(64999), 0)) == ["filled 0.006 at 65000"]


def test_a_fill_or_kill_order_that_does_not_find_all_is_refused() -> None:
    exchange = with_depth(level("0.004", "65000"))

    with pytest.raises(VenueError) as refused:
        place(exchange, limit(BUY, "0.010", "65000", time_in_force="FOK"))

    assert refused.value.code == -5021
    assert exchange.depth.available("BTCUSDT", BUY, Decimal(0)) == Decimal("0.004")


def test_a_reduce_only_taker_takes_no_more_than_the_position() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.005"))
    exchange.depth.set("BTCUSDT", [level("0.003", "65000"), level("0.010", "64990")])

    assert said(exchange, market(SELL, "0.010", reduce_only=True)) == [
        "accepted",
        "filled 0.003 at 65000",
        "filled 0.002 at 64990",
        "EXPIRED 4",
    ]


def test_levels_behind_one_beyond_the_limit_are_not_there_for_a_fill_or_kill_order() -> None:
    exchange = with_depth(level("0.001", "65010"), level("0.010", "65000"))

    with pytest.raises(VenueError) as refused:
        place(exchange, limit(BUY, "0.005", "65000", time_in_force="FOK"))

    assert refused.value.code == -5021
