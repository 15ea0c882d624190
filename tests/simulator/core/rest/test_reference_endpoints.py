"""What the exchange publishes about its contracts comes from what happens on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from simulator import AccountSpec, VenueError
from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.market.symbols import DEFAULT_SYMBOLS, deliveries, market_at
from simulator.core.market.trading_sessions import session_at
from simulator.core.rest.reference_endpoints import ROUTES
from simulator.core.venue import Venue
from tests.simulator.core.small_markets import NOW, a_venue, call, market, the_account

EIGHT_HOURS = 28_800_000
MONDAY_NOON = 1_761_566_400_000


def ask(venue: Venue, path: str, now_ms: int = NOW, **params: Any) -> Any:
    return (
        ROUTES["GET", path if path.startswith("/") else f"/fapi/v1/{path}"].endpoint(venue, call(now_ms, **params)).body
    )


def a_venue_of(symbols: Iterable[SymbolSpec]) -> Venue:
    return Venue(
        accounts=(AccountSpec(),), symbols=symbols, profile=a_venue().profile, listen_key_lifetime_ms=1, seed=0
    )


def test_funding_before_the_start_was_the_interest_rate_every_eight_hours() -> None:
    rows = ask(a_venue(), "fundingRate", symbol="BTCUSDT", limit=3)

    last = NOW // EIGHT_HOURS * EIGHT_HOURS
    assert [row["fundingTime"] for row in rows] == [last - 2 * EIGHT_HOURS, last - EIGHT_HOURS, last]
    assert {row["fundingRate"] for row in rows} == {"0.00010000"}
    assert all(50_000 < Decimal(row["markPrice"]) < 80_000 for row in rows)


def test_what_was_paid_is_in_the_history_of_funding() -> None:
    venue = a_venue()
    ask(venue, "fundingRate")
    paid = NOW + 1000
    venue.exchange.funding_history["BTCUSDT"] = [(paid, Decimal("-0.002"), Decimal(64000))]

    newest = ask(venue, "fundingRate", paid + 1, symbol="BTCUSDT")[-1]
    assert (newest["fundingTime"], newest["fundingRate"]) == (paid, "-0.00200000")
    assert ask(venue, "fundingRate", paid + 1, symbol="BTCUSDT", startTime=paid) == [newest]
    assert ask(venue, "fundingRate", paid + 1, endTime=paid)[-1] == newest


def test_funding_requests_have_a_bucket_of_their_own() -> None:
    for path in ("fundingRate", "fundingInfo"):
        assert ROUTES["GET", f"/fapi/v1/{path}"].bucket == "funding"
    assert [row["symbol"] for row in ask(a_venue(), "fundingInfo")] == ["BTCUSDT", "ETHUSDT"]


def test_open_interest_is_what_is_held_long() -> None:
    venue = a_venue(AccountSpec(), AccountSpec(name="other", api_key="o" * 64))
    one, other = venue.exchange.accounts.values()
    venue.exchange.place(one, market(BUY, "0.030"), NOW)
    assert ask(venue, "openInterest", symbol="BTCUSDT")["openInterest"] == "0.030"
    venue.exchange.place(other, market(SELL, "0.010"), NOW)

    assert ask(venue, "openInterest", symbol="BTCUSDT")["openInterest"] == "0.030"
    assert ask(venue, "openInterest", symbol="ETHUSDT")["openInterest"] == "0.000"


def test_past_open_interest_is_what_was_held_when_a_period_began() -> None:
    venue, hour = a_venue(), 3_600_000
    account = the_account(venue.exchange)
    start = NOW // hour * hour
    venue.exchange.tape.begin(start, venue.exchange.prices)
    for after_ms, side, quantity in ((1000, BUY, "0.030"), (2000, BUY, "0.010"), (hour + 1000, SELL, "0.050")):
        venue.exchange.place(account, market(side, quantity), start + after_ms)
    params = {"symbol": "BTCUSDT", "period": "1h", "limit": 3}
    rows = ask(venue, "/futures/data/openInterestHist", start + 3 * hour, **params)

    assert [row["timestamp"] for row in rows] == [start, start + hour, start + 2 * hour]
    assert [row["sumOpenInterest"] for row in rows] == ["0.00000000", "0.04000000", "0.01000000"]
    assert rows[1]["sumOpenInterestValue"] == "2600.00000000"


def test_assets_are_worth_their_mark_price_less_a_buffer() -> None:
    venue = a_venue()
    row = ask(venue, "assetIndex", symbol="BTCUSD")

    assert row["index"] == "65000.00000000"
    assert Decimal(row["bidRate"]) < Decimal(row["autoExchangeBidRate"]) < 65000 < Decimal(row["askRate"])
    assert [found["symbol"] for found in ask(venue, "assetIndex")] == ["USDTUSD", "BTCUSD", "ETHUSD"]
    with pytest.raises(VenueError, match="-1121"):
        ask(venue, "assetIndex", symbol="NONEUSD")


def test_the_risk_of_deleveraging_is_high_when_the_fund_is_used_up() -> None:
    venue = a_venue()
    assert ask(venue, "symbolAdlRisk", symbol="BTCUSDT")["adlRisk"] == "low"
    venue.exchange.house.insure("USDT", Decimal(-1_000_005))

    assert {row["adlRisk"] for row in ask(venue, "symbolAdlRisk")} == {"high"}
    fund = ask(venue, "insuranceBalance", symbol="BTCUSDT")
    assert fund["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert fund["assets"][0]["marginBalance"] == "-5"


def test_takers_are_counted_by_period() -> None:
    venue = a_venue()
    hour = NOW // 3_600_000 * 3_600_000
    (account,) = venue.exchange.accounts.values()
    venue.exchange.place(account, market(BUY, "0.300"), hour + 3_600_000)
    venue.exchange.place(account, market(SELL, "0.200"), hour + 3_600_001)
    later = hour + 2 * 3_600_000
    row = ask(venue, "/futures/data/takerlongshortRatio", later, symbol="BTCUSDT", period="1h")[-1]

    assert row == {"buySellRatio": "1.5000", "buyVol": "0.3000", "sellVol": "0.2000", "timestamp": hour + 3_600_000}


def test_the_basis_is_the_distance_from_the_index() -> None:
    venue = a_venue()
    venue.exchange.set_mark("BTCUSDT", Decimal(65000), Decimal(64000), NOW)
    later = NOW + 7_200_000
    params = {"pair": "BTCUSDT", "contractType": "PERPETUAL", "period": "1h"}
    rows = ask(venue, "/futures/data/basis", later, **params)

    assert len(rows) == 30
    assert (rows[-1]["basis"], rows[-1]["basisRate"]) == ("1000.00000000", "0.0156")
    with pytest.raises(VenueError, match="-1130"):
        ask(venue, "/futures/data/basis", later, **{**params, "period": "1m"})


def test_contracts_were_delivered_at_the_index_on_the_last_fridays_of_the_quarters() -> None:
    venue = a_venue_of(market_at(NOW))
    rows = ask(venue, "/futures/data/delivery-price", NOW, pair="BTCUSDT")
    days = [datetime.fromtimestamp(row["deliveryTime"] / 1000, UTC) for row in rows]

    assert [(day.weekday(), day.hour, day.month % 3) for day in days] == [(4, 8, 0)] * 4
    assert days == sorted(days, reverse=True)
    assert all(row["deliveryPrice"] > 0 for row in rows)
    assert ask(venue, "/futures/data/delivery-price", NOW, pair="SOLUSDT") == []
    with pytest.raises(VenueError, match="-4144"):
        ask(venue, "/futures/data/delivery-price", NOW, pair="NONEUSDT")


def test_a_delivery_of_today_is_at_the_index_of_its_hour() -> None:
    venue = a_venue_of(market_at(NOW))
    (delivery_ms, *_) = deliveries(NOW, NOW + 100 * 86_400_000)
    venue.exchange.set_mark("BTCUSDT", Decimal(65000), Decimal("64000.5"), delivery_ms - 1000)
    row = ask(venue, "/futures/data/delivery-price", delivery_ms + 1000, pair="BTCUSDT")[0]

    assert row == {"deliveryTime": delivery_ms, "deliveryPrice": 64000.5}


def test_stocks_have_sessions_and_a_weekend() -> None:
    found = [session_at("EQUITY", MONDAY_NOON + hours * 3_600_000).type for hours in (-12, 0, 2, 9, 5 * 24)]

    assert found == ["OVERNIGHT", "PRE_MARKET", "REGULAR", "AFTER_MARKET", "NO_TRADING"]
    schedule = ask(a_venue(), "tradingSchedule", MONDAY_NOON)["marketSchedules"]
    for market_name in ("EQUITY", "COMMODITY"):
        sessions = schedule[market_name]["sessions"]
        assert all(a["endTime"] == b["startTime"] for a, b in pairwise(sessions))


def test_an_index_contract_has_its_parts() -> None:
    venue = a_venue_of(DEFAULT_SYMBOLS)
    names = [row["symbol"] for row in ask(venue, "indexInfo")]
    assert names == [spec.symbol for spec in DEFAULT_SYMBOLS if spec.underlying_type == "INDEX"]
    with pytest.raises(VenueError, match="-1121"):
        ask(venue, "indexInfo", symbol="BTCUSDT")
    assert ask(venue, "constituents", symbol="BTCUSDT")["constituents"][0]["symbol"] == "BTCUSDT"
