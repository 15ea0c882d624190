"""What was traded, and how the prices went, as anybody may ask for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.rest.kline_endpoints import ROUTES
from simulator.core.venue import Venue
from tests.simulator.core.small_markets import NOW, a_venue, call, market, the_account

MINUTE = 60_000
KLINES = ("klines", "continuousKlines", "indexPriceKlines", "markPriceKlines", "premiumIndexKlines")


def ask(venue: Venue, path: str, now_ms: int = NOW, **params: Any) -> Any:
    return ROUTES["GET", f"/fapi/v1/{path}"].endpoint(venue, call(now_ms, **params)).body


def about(path: str, **params: Any) -> dict[str, Any]:
    if path == "continuousKlines":
        return {"pair": "BTCUSDT", "contractType": "PERPETUAL", **params}
    return {"pair" if path == "indexPriceKlines" else "symbol": "BTCUSDT", **params}


def traded(*quantities: str) -> Venue:
    venue = a_venue()
    for second, quantity in enumerate(quantities):
        side = SELL if quantity.startswith("-") else BUY
        intent = market(side, quantity.removeprefix("-"))
        venue.exchange.place(the_account(venue.exchange), intent, NOW + 1000 * second)
    return venue


@pytest.mark.parametrize("path", KLINES)
def test_the_latest_candles_come_up_to_now(path: str) -> None:
    rows = ask(a_venue(), path, **about(path, interval="1m"))

    assert len(rows) == 500
    assert [row[0] for row in rows] == list(range(rows[0][0], NOW + 1, MINUTE))
    assert all(len(row) == 12 and row[6] == row[0] + MINUTE - 1 for row in rows)


@pytest.mark.parametrize("path", KLINES)
def test_from_a_time_on_the_first_candles_come(path: str) -> None:
    start = NOW - 100 * MINUTE
    rows = ask(a_venue(), path, **about(path, interval="5m", startTime=start, limit=3))
    until = ask(a_venue(), path, **about(path, interval="5m", endTime=NOW - 3_600_000, limit=2))

    first = -(-start // (5 * MINUTE)) * 5 * MINUTE
    assert [row[0] for row in rows] == [first, first + 5 * MINUTE, first + 10 * MINUTE]
    assert len(until) == 2
    assert until[-1][0] <= NOW - 3_600_000 < until[-1][0] + 5 * MINUTE


@pytest.mark.parametrize("path", KLINES)
@pytest.mark.parametrize("start", [NOW + 1, 10**15, 10**20 - 1])
def test_nothing_has_begun_after_now(path: str, start: int) -> None:
    assert ask(a_venue(), path, **about(path, interval="1M", startTime=start)) == []


@pytest.mark.parametrize("path", KLINES)
@pytest.mark.parametrize(
    ("limit", "weight"), [("99", 1), ("499", 2), ("1000", 5), ("1001", 10), ("9" * 5000, 5), ("x", 5)]
)
def test_many_candles_weigh_more(path: str, limit: str, weight: int) -> None:
    assert ROUTES["GET", f"/fapi/v1/{path}"].weigh({"limit": limit}) == weight


def test_a_candle_has_what_was_traded_in_it() -> None:
    venue = traded("0.1", "-0.3")
    row = ask(venue, "klines", NOW + 1000, symbol="BTCUSDT", interval="1m", limit=1)[0]

    assert (row[4], row[5], row[8], row[9]) == ("65000.00", "0.400", 2, "0.100")
    assert Decimal(row[7]) == Decimal("0.4") * 65000


def test_an_index_has_no_volume() -> None:
    rows = ask(a_venue(), "indexPriceKlines", pair="BTCUSDT", interval="1h")

    assert {(row[5], row[7], row[9], row[10]) for row in rows} == {("0", "0", "0", "0")}


def test_the_premium_is_the_distance_of_mark_from_index() -> None:
    venue = a_venue()
    venue.exchange.set_mark("BTCUSDT", Decimal(65650), Decimal(65000), NOW)

    assert ask(venue, "premiumIndexKlines", symbol="BTCUSDT", interval="1m", limit=1)[0][4] == "0.01000000"


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("klines", {"symbol": "BTCUSDT", "interval": "1s"}, -1120),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"symbol": "NONE", "interval": "1m"}, -1121),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": 1501}, -1130),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "startTime": 2, "endTime": 1}, -1023),
        ("continuousKlines", {"pair": "BTCUSDT", "interval": "1m", "contractType": "NEXT_MONTH"}, -4104),
        ("indexPriceKlines", {"pair": "NONE", "interval": "1m"}, -4144),
        ("trades", {"symbol": "BTCUSDT", "limit": 1001}, -1130),
        ("aggTrades", {"symbol": "BTCUSDT", "fromId": 1, "startTime": 1}, -1128),
    ],
)
def test_what_makes_no_sense_is_refused(path: str, params: dict[str, Any], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        ask(a_venue(), path, **params)

    assert refused.value.code == code


@pytest.mark.parametrize(("wanted", "weight"), [("99", 1), ("499", 2), ("1000", 5), ("1001", 10), ("", 5)])
def test_more_candles_weigh_more(wanted: str, weight: int) -> None:
    assert ROUTES["GET", "/fapi/v1/klines"].weigh({"symbol": "BTCUSDT", "limit": wanted}) == weight


def test_trades_are_told_to_everybody() -> None:
    venue = traded("0.1", "-0.3")
    rows = ask(venue, "trades", symbol="BTCUSDT")

    assert [(row["qty"], row["isBuyerMaker"]) for row in rows] == [("0.100", False), ("0.300", True)]
    assert rows[0]["quoteQty"] == "6500.00"
    assert ask(venue, "trades", symbol="BTCUSDT", limit=1) == rows[1:]
    assert ask(venue, "historicalTrades", symbol="BTCUSDT", fromId=rows[1]["id"]) == rows[1:]
    assert ask(venue, "trades", symbol="ETHUSDT") == []


def test_aggregates_are_found_by_id_and_by_time() -> None:
    venue = traded("0.1", "-0.3", "0.2")
    rows = ask(venue, "aggTrades", NOW + 5000, symbol="BTCUSDT")

    assert [row["q"] for row in rows] == ["0.100", "0.300", "0.200"]
    assert ask(venue, "aggTrades", NOW + 5000, symbol="BTCUSDT", fromId=rows[1]["a"], limit=1) == rows[1:2]
    assert ask(venue, "aggTrades", NOW + 5000, symbol="BTCUSDT", startTime=NOW + 1000) == rows[1:]
    assert ask(venue, "aggTrades", NOW + 5000, symbol="BTCUSDT", endTime=NOW) == rows[:1]
    assert ask(venue, "aggTrades", NOW + 49 * 3_600_000, symbol="BTCUSDT") == []
