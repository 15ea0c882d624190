"""The book, the prices and the last day, as anybody may ask for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.rest.market_endpoints import ROUTES
from simulator.core.venue import Venue
from tests.simulator.core.small_markets import NOW, a_venue, call, limit, market, the_account


def ask(venue: Venue, path: str, **params: Any) -> Any:
    return ROUTES["GET", f"/fapi/v1/{path}"].endpoint(venue, call(**params)).body


def test_the_book_shows_resting_orders_among_the_quotes() -> None:
    venue = a_venue()
    venue.exchange.place(the_account(venue.exchange), limit(BUY, "0.100", "64999.9"), NOW)
    book = ask(venue, "depth", symbol="BTCUSDT", limit=5)

    assert (len(book["bids"]), len(book["asks"])) == (5, 5)
    prices = [Decimal(price) for price, _ in book["bids"]]
    assert prices == sorted(prices, reverse=True)
    assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
    assert "64999.90" in dict(book["bids"])
    assert all(len(quantity.partition(".")[2]) == 3 for _, quantity in book["bids"] + book["asks"])


def test_the_book_has_a_new_id_when_it_changed() -> None:
    venue = a_venue()
    before = ask(venue, "depth", symbol="BTCUSDT")["lastUpdateId"]
    assert ask(venue, "depth", symbol="BTCUSDT")["lastUpdateId"] == before
    venue.exchange.place(the_account(venue.exchange), limit(BUY, "0.100", "60000"), NOW)

    assert ask(venue, "depth", symbol="BTCUSDT")["lastUpdateId"] > before


@pytest.mark.parametrize(("depth", "weight"), [("5", 2), ("50", 2), ("100", 5), ("500", 10), ("1000", 20)])
def test_a_deeper_book_weighs_more(depth: str, weight: int) -> None:
    route = ROUTES["GET", "/fapi/v1/depth"]

    assert route.weigh({"symbol": "BTCUSDT", "limit": depth}) == weight
    assert route.weigh({"symbol": "BTCUSDT"}) == 10


def test_a_depth_that_there_is_not_is_refused() -> None:
    with pytest.raises(VenueError) as refused:
        ask(a_venue(), "depth", symbol="BTCUSDT", limit=7)

    assert refused.value.code == -4021


def test_best_bid_and_ask_are_the_tops_of_the_book() -> None:
    venue = a_venue()
    book = ask(venue, "depth", symbol="BTCUSDT", limit=5)
    ticker = ask(venue, "ticker/bookTicker", symbol="BTCUSDT")

    assert [ticker["bidPrice"], ticker["bidQty"]] == book["bids"][0]
    assert [ticker["askPrice"], ticker["askQty"]] == book["asks"][0]


@pytest.mark.parametrize("path", ["ticker/price", "ticker/bookTicker", "ticker/24hr", "premiumIndex"])
def test_without_a_symbol_all_are_told(path: str) -> None:
    venue = a_venue()

    assert [row["symbol"] for row in ask(venue, path)] == ["BTCUSDT", "ETHUSDT"]
    assert ask(venue, path, symbol="ETHUSDT")["symbol"] == "ETHUSDT"
    with pytest.raises(VenueError, match="-1121"):
        ask(venue, path, symbol="NONEUSDT")


def test_the_last_day_has_what_was_traded() -> None:
    venue = a_venue()
    before = ask(venue, "ticker/24hr", symbol="BTCUSDT")
    venue.exchange.place(the_account(venue.exchange), market(SELL, "0.250"), NOW)
    after = ask(venue, "ticker/24hr", symbol="BTCUSDT")

    assert Decimal(after["volume"]) - Decimal(before["volume"]) == Decimal("0.250")
    assert after["count"] == before["count"] + 1
    assert after["lastQty"] == "0.250"
    assert after["lastId"] - after["firstId"] + 1 == after["count"]
    assert Decimal(after["priceChange"]) == Decimal(after["lastPrice"]) - Decimal(after["openPrice"])


def test_mark_and_index_price_stand_apart_from_the_last() -> None:
    venue = a_venue()
    venue.exchange.set_mark("BTCUSDT", Decimal(65100), Decimal(65050), NOW)
    premium = ask(venue, "premiumIndex", symbol="BTCUSDT")

    assert (premium["markPrice"], premium["indexPrice"]) == ("65100.00000000", "65050.00000000")
    assert ask(venue, "ticker/price", symbol="BTCUSDT")["price"] == "65000.00"
    assert premium["nextFundingTime"] % 28_800_000 == 0
    assert 0 < premium["nextFundingTime"] - NOW <= 28_800_000
