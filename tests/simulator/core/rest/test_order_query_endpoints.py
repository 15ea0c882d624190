"""What was changed of an order, and how many orders an account may send."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import VenueError
from simulator.core.rest.retention import DAY_MS
from tests.simulator.core.conditional_orders import Bench

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000"}
NAMED = {"symbol": "BTCUSDT", "origClientOrderId": "a"}


def amended(*changes: dict[str, Any]) -> Bench:
    bench = Bench()
    bench.ask("POST order", **BUY, newClientOrderId="a")
    for change in changes:
        bench.wait(1000)
        bench.ask("PUT order", **NAMED, side="BUY", **({"quantity": "0.010", "price": "60000"} | change))
    return bench


def test_amendments_are_listed_with_what_was_before_and_after() -> None:
    bench = amended({"price": "59000"}, {"quantity": "0.020", "price": "59000", "modifyId": 7})

    first, second = bench.ask("GET orderAmendment", **NAMED)

    assert first["amendment"] == {
        "price": {"before": "60000.00", "after": "59000.00"},
        "origQty": {"before": "0.010", "after": "0.010"},
        "count": 1,
    }
    assert (second["amendment"]["count"], second["amendment"]["modifyId"]) == (2, 7)
    assert second["amendment"]["origQty"] == {"before": "0.010", "after": "0.020"}
    assert second["time"] == first["time"] + 1000 == bench.now_ms
    assert second["amendmentId"] > first["amendmentId"]
    assert (first["symbol"], first["pair"], first["clientOrderId"]) == ("BTCUSDT", "BTCUSDT", "a")


def test_a_page_of_amendments_is_chosen_by_time_and_limit() -> None:
    bench = amended({"price": "59000"}, {"price": "59001"}, {"price": "59002"})
    second_ms = bench.now_ms - 1000

    newest = bench.ask("GET orderAmendment", **NAMED, limit=1)
    until_second = bench.ask("GET orderAmendment", **NAMED, endTime=second_ms)
    from_second = bench.ask("GET orderAmendment", **NAMED, startTime=second_ms, limit=1)

    assert [row["amendment"]["count"] for row in newest] == [3]
    assert [row["amendment"]["count"] for row in until_second] == [1, 2]
    assert [row["amendment"]["count"] for row in from_second] == [2]


def test_a_change_that_cancelled_the_order_is_no_amendment() -> None:
    bench = Bench()
    bench.ask("POST order", **(BUY | {"timeInForce": "GTX"}), newClientOrderId="a")
    bench.ask("PUT order", **NAMED, side="BUY", quantity="0.010", price="65000")

    assert bench.ask("GET orderAmendment", **NAMED) == []
    assert bench.ask("GET order", **NAMED)["status"] == "CANCELED"


def test_amendments_of_nobody_are_none_and_one_has_to_say_of_which_order() -> None:
    assert Bench().ask("GET orderAmendment", **NAMED) == []
    with pytest.raises(VenueError) as refused:
        Bench().ask("GET orderAmendment", symbol="BTCUSDT")
    assert refused.value.code == -1102


def test_amendments_are_forgotten_after_three_months() -> None:
    bench = amended({"price": "59000"})
    began_ms = bench.now_ms - 1
    bench.now_ms += 90 * DAY_MS

    assert len(bench.ask("GET orderAmendment", **NAMED, startTime=began_ms)) == 1
    bench.now_ms += 1
    assert bench.ask("GET orderAmendment", **NAMED, startTime=began_ms) == []


def test_the_limits_of_an_account_are_those_that_are_enforced() -> None:
    assert Bench().ask("GET rateLimit/order") == [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    ]
