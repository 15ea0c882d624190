"""Trades are told once, aggregates when they are complete, candles when they change and when they end."""

from __future__ import annotations

from simulator.core.domain import BUY
from simulator.core.market.klines import MINUTE_MS
from simulator.core.streams.market_feed import Feed, Moment
from simulator.core.streams.market_feeds import open_feed
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.small_markets import NOW, an_exchange, market, the_account

SYMBOL = "BTCUSDT"
MINUTE = NOW // MINUTE_MS * MINUTE_MS


def trade(exchange: Exchange, quantity: str = "0.100", time_ms: int = NOW) -> None:
    exchange.place(the_account(exchange), market(BUY, quantity), time_ms)


def the_feed(name: str, exchange: Exchange) -> Feed:
    feed = open_feed(name, exchange)
    assert feed is not None
    return feed


def test_a_newcomer_hears_the_next_trade_once() -> None:
    exchange = an_exchange()
    trade(exchange)
    feed = the_feed("btcusdt@trade", exchange)
    assert feed.greeting(Moment(exchange, NOW)) == []
    trade(exchange, "0.200")
    trade(exchange, "0.300")

    assert [event["q"] for event in feed.bodies(Moment(exchange, NOW))] == ["0.200", "0.300"]
    assert feed.bodies(Moment(exchange, NOW)) == []


def test_an_aggregate_is_told_when_its_window_is_over() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@aggTrade", exchange)
    feed.greeting(Moment(exchange, NOW))
    trade(exchange)
    trade(exchange)
    assert feed.bodies(Moment(exchange, NOW)) == []

    (event,) = feed.bodies(Moment(exchange, NOW + 100))
    assert (event["q"], event["l"] - event["f"]) == ("0.200", 1)
    assert feed.bodies(Moment(exchange, NOW + 200)) == []


def test_an_aggregate_that_was_not_complete_when_others_were_told_is_told_next() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@aggTrade", exchange)
    feed.greeting(Moment(exchange, NOW))
    assert feed.wake_ms(NOW) is None
    trade(exchange)
    trade(exchange, "0.300", NOW + 101)

    assert [event["q"] for event in feed.bodies(Moment(exchange, NOW + 105))] == ["0.100"]
    assert feed.wake_ms(NOW + 105) == NOW + 200
    assert [event["q"] for event in feed.bodies(Moment(exchange, NOW + 200))] == ["0.300"]
    assert feed.wake_ms(NOW + 200) is None


def test_a_candle_is_told_when_it_changed() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@kline_1m", exchange)
    (first,) = feed.greeting(Moment(exchange, NOW))
    trade(exchange)
    (second,) = feed.bodies(Moment(exchange, NOW, {SYMBOL}))

    assert (first["k"]["n"], first["k"]["f"], first["k"]["x"]) == (0, -1, False)
    assert (second["k"]["n"], second["k"]["v"], second["k"]["t"]) == (1, "0.100", MINUTE)
    assert feed.bodies(Moment(exchange, NOW, {SYMBOL})) == []


def test_a_candle_is_told_once_more_when_it_is_final() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@kline_1m", exchange)
    feed.greeting(Moment(exchange, NOW))
    trade(exchange)
    end = feed.wake_ms(NOW)
    assert end == MINUTE + MINUTE_MS
    trade(exchange, "0.300", end)
    final, present = feed.bodies(Moment(exchange, end, {SYMBOL}))

    assert (final["k"]["t"], final["k"]["x"], final["k"]["v"]) == (MINUTE, True, "0.100")
    assert (present["k"]["t"], present["k"]["x"], present["k"]["v"]) == (end, False, "0.300")


def test_a_candle_ends_although_nothing_happens() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@kline_1m", exchange)
    feed.greeting(Moment(exchange, NOW))
    (final,) = feed.bodies(Moment(exchange, MINUTE + MINUTE_MS))

    assert (final["k"]["x"], final["k"]["v"], final["k"]["c"]) == (True, "0.000", "65000.00")
