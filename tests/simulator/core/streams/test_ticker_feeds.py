"""Prices and statistics are told regularly, lists only with what changed."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.streams.market_feed import Feed, Moment
from simulator.core.streams.market_feeds import open_feed
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.small_markets import NOW, an_exchange


def the_feed(name: str, exchange: Exchange) -> Feed:
    feed = open_feed(name, exchange)
    assert feed is not None
    return feed


def test_a_mark_price_is_told_in_every_period() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@markPrice", exchange)
    assert (feed.is_regular, feed.period_ms) == (True, 3000)
    exchange.set_mark("BTCUSDT", Decimal(65001), Decimal(65002), NOW)
    (event,) = feed.bodies(Moment(exchange, NOW))

    assert (event["p"], event["i"], event["r"]) == ("65001.00000000", "65002.00000000", "0.00010000")
    assert event["T"] > NOW


def test_all_mark_prices_are_one_list() -> None:
    exchange = an_exchange()
    (events,) = the_feed("!markPrice@arr", exchange).bodies(Moment(exchange, NOW))

    assert [event["s"] for event in events] == ["BTCUSDT", "ETHUSDT"]


def test_a_list_of_tickers_has_those_that_changed_and_for_a_newcomer_all() -> None:
    exchange = an_exchange()
    feed = the_feed("!ticker@arr", exchange)
    assert [[event["s"] for event in events] for events in feed.greeting(Moment(exchange, NOW))] == [
        ["BTCUSDT", "ETHUSDT"]
    ]
    assert feed.bodies(Moment(exchange, NOW)) == []
    ((event,),) = feed.bodies(Moment(exchange, NOW, {"ETHUSDT"}))

    assert (event["s"], event["c"]) == ("ETHUSDT", "3500.00")


def test_the_index_of_one_asset_is_an_event_and_of_all_a_list() -> None:
    exchange = an_exchange()
    (event,) = the_feed("btcusd@assetIndex", exchange).bodies(Moment(exchange, NOW))
    (events,) = the_feed("!assetIndex@arr", exchange).bodies(Moment(exchange, NOW))

    assert (event["s"], event["i"]) == ("BTCUSD", "65000.00000000")
    assert event in events


def test_an_index_contract_tells_its_parts() -> None:
    exchange = Exchange([AccountSpec()], DEFAULT_SYMBOLS, seed=0)
    (event,) = the_feed("btcdomusdt@compositeIndex", exchange).bodies(Moment(exchange, NOW))

    assert (event["e"], event["s"], event["C"]) == ("compositeIndex", "BTCDOMUSDT", "baseAsset")
    assert event["c"][0].keys() == {"b", "q", "w", "W", "i"}
