"""Every market stream has a name, a feed, and the shape of its sample."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.core.domain import BUY, SELL
from simulator.core.market.listing import set_status
from simulator.core.profile import Profile
from simulator.core.risk.forced import Closing, close_position
from simulator.core.streams.market_feed import Feed, HearingFeed, Moment
from simulator.core.streams.market_feeds import open_feed
from simulator.core.streams.stream_target import class_of
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.small_markets import NOW, an_exchange, limit, market, the_account

FIXTURES = Path(__file__).parents[4] / "fixtures" / "market"
LATER = NOW + 3_000


def the_feed(name: str, exchange: Exchange) -> Feed:
    feed = open_feed(name, exchange)
    assert feed is not None
    return feed


def said(feed: Feed, exchange: Exchange, now_ms: int = LATER) -> list[Any]:
    """Return what a feed says, to a newcomer and then, after trades and a liquidation."""
    greeting = feed.greeting(Moment(exchange, NOW))
    account = the_account(exchange)
    exchange.place(account, market(BUY, "0.100"), NOW)
    position = account.position("BTCUSDT", "BOTH")
    closing = Closing(kind="LIQUIDATION", quantity=Decimal("0.1"), price=Decimal(64000))
    _, facts = close_position(exchange, account, position, closing, profile=Profile(), now_ms=NOW)
    exchange.set_price("BTCUSDT", Decimal(64990), NOW)
    facts += set_status(exchange, "ETHUSDT", "SETTLING", NOW)
    if isinstance(feed, HearingFeed):
        assert feed.hear(facts)
    return greeting + feed.bodies(Moment(exchange, now_ms, {"BTCUSDT"}))


def shape(value: Any) -> Any:
    """Return a payload with kinds in place of its values; of a list, the kinds of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("btcusdt@aggTrade", "aggregate_trade_streams"),
        ("!bookTicker", "all_book_tickers_stream"),
        ("!forceOrder@arr", "all_market_liquidation_order_streams"),
        ("!miniTicker@arr", "all_market_mini_tickers_stream"),
        ("!ticker@arr", "all_market_tickers_streams"),
        ("!assetIndex@arr", "asset_index"),
        ("btcusdt_perpetual@continuousKline_1m", "continuous_contract_kline_candlestick_streams"),
        ("btcusdt@depth", "diff_book_depth_streams"),
        ("btcusdt@bookTicker", "individual_symbol_book_ticker_streams"),
        ("btcusdt@miniTicker", "individual_symbol_mini_ticker_stream"),
        ("btcusdt@ticker", "individual_symbol_ticker_streams"),
        ("btcusdt@kline_1m", "kline_candlestick_streams"),
        ("btcusdt@forceOrder", "liquidation_order_streams"),
        ("btcusdt@markPrice", "mark_price_stream"),
        ("!markPrice@arr@1s", "mark_price_stream_for_all_market"),
        ("btcusdt@rpiDepth@500ms", "rpi_diff_book_depth_streams"),
        ("tradingSession", "trading_session_stream"),
    ],
)
def test_an_event_has_the_shape_of_its_sample(name: str, sample: str) -> None:
    expected = json.loads((FIXTURES / f"{sample}.json").read_text())
    exchange = an_exchange()
    events = said(the_feed(name, exchange), exchange)

    assert events
    for event in events:
        assert shape(event) == shape(expected)


def test_a_partial_book_has_pairs_of_price_and_quantity() -> None:
    exchange = an_exchange()
    event = said(the_feed("btcusdt@depth5@100ms", exchange), exchange)[0]

    assert event.keys() == json.loads((FIXTURES / "partial_book_depth_streams.json").read_text()).keys()
    assert [len(pair) for side in ("b", "a") for pair in event[side]] == [2] * 10


def test_a_contract_that_changed_is_told_with_its_brackets() -> None:
    expected = json.loads((FIXTURES / "contract_info_stream.json").read_text())
    exchange = an_exchange()
    (event,) = said(the_feed("!contractInfo", exchange), exchange)

    assert (event["s"], event["cs"]) == ("ETHUSDT", "SETTLING")
    assert event.keys() == expected.keys()
    assert event["bks"][0].keys() == expected["bks"][0].keys()
    assert [bracket["ma"] for bracket in event["bks"]][1:] == [bracket["mi"] - 1 for bracket in event["bks"]][:-1]
    assert event["bks"][-1]["mi"] == 1


def test_a_liquidation_is_told_with_what_was_filled() -> None:
    exchange = an_exchange()
    (event,) = said(the_feed("btcusdt@forceOrder", exchange), exchange)

    order = event["o"]
    assert (order["S"], order["X"], order["l"], order["z"]) == ("SELL", "FILLED", "0.100", "0.100")
    assert the_feed("ethusdt@forceOrder", exchange).greeting(Moment(exchange, NOW)) == []


def test_a_liquidation_in_several_trades_is_told_with_their_average_price() -> None:
    exchange = an_exchange()
    feed = the_feed("btcusdt@forceOrder", exchange)
    assert isinstance(feed, HearingFeed)
    exchange.depth.set("BTCUSDT", [Level(Decimal("0.1"), Decimal(64000)), Level(Decimal("0.3"), Decimal(63000))])
    liquidation = limit(SELL, "0.400", "60000", time_in_force="IOC", client_order_id="autoclose-1")
    feed.hear(exchange.place(the_account(exchange), liquidation, NOW)[1])
    (event,) = feed.bodies(Moment(exchange, LATER))

    assert (event["o"]["z"], event["o"]["l"], event["o"]["ap"]) == ("0.400", "0.300", "63250.00")


def test_only_the_largest_liquidation_of_a_second_is_told() -> None:
    exchange = an_exchange()
    feed = the_feed("!forceOrder@arr", exchange)
    assert isinstance(feed, HearingFeed)
    account = the_account(exchange)
    for quantity in ("0.1", "0.3", "0.2"):
        exchange.place(account, market(SELL, quantity), NOW)
        position = account.position("BTCUSDT", "BOTH")
        closing = Closing(kind="LIQUIDATION", quantity=Decimal(quantity), price=Decimal(65000))
        feed.hear(close_position(exchange, account, position, closing, profile=Profile(), now_ms=NOW)[1])

    assert [event["o"]["q"] for event in feed.bodies(Moment(exchange, LATER))] == ["0.300"]
    assert feed.bodies(Moment(exchange, LATER)) == []


@pytest.mark.parametrize(
    "name",
    [
        "BTCUSDT@depth", "btcusdt@depth7", "btcusdt@depth@50ms", "btcusdt@kline_1s", "noneusdt@trade", "btcusdt",
        "a" * 64, f"{'a' * 64}@ORDER_TRADE_UPDATE", "btcusdt@compositeIndex", "btcusdt_next_month@continuousKline_1m",
        "!nothing@arr", "noneusd@assetIndex", "",
    ],
)  # fmt: skip
def test_a_name_of_no_stream_has_no_feed(name: str) -> None:
    assert open_feed(name, an_exchange()) is None


def test_the_book_and_single_trades_are_public_and_the_rest_is_market() -> None:
    exchange = an_exchange()
    public = {"btcusdt@bookTicker", "!bookTicker", "btcusdt@depth20", "btcusdt@depth@500ms", "btcusdt@trade"}
    rest = {"btcusdt@aggTrade", "btcusdt@kline_1M", "!markPrice@arr", "tradingSession", "btcusd@assetIndex"}

    assert all(open_feed(name, exchange) for name in public | rest)
    assert {class_of(name) for name in public} == {"public"}
    assert {class_of(name) for name in rest} == {"market"}
