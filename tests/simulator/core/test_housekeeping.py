"""What the exchange forgets, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import VenueError
from simulator.core.housekeeping import MOST_FACTS, Housekeeping, forget
from simulator.core.rest.retention import DAY_MS
from simulator.core.state import venue_state
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import HOUR, NOW

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000"}


def with_history() -> Bench:
    """Return a bench on which an order rests, one was amended and cancelled, one filled, and a stop was cancelled."""
    bench = Bench()
    bench.tell([])
    bench.ask("POST order", **BUY, newClientOrderId="rests")
    bench.ask("POST order", **BUY, newClientOrderId="cancelled")
    named = {"symbol": "BTCUSDT", "origClientOrderId": "cancelled"}
    bench.ask("PUT order", **named, side="BUY", quantity="0.020", price="60000")
    bench.ask("DELETE order", **named)
    bench.ask("POST order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", newClientOrderId="filled")
    bench.place("STOP_MARKET", "BUY", "stop", triggerPrice="70000")
    bench.ask("DELETE algoOrder", clientAlgoId="stop")
    bench.place("STOP_MARKET", "BUY", "waits", triggerPrice="70000")
    return bench


def kept(bench: Bench) -> dict[str, list[str]]:
    state: dict[str, Any] = venue_state(bench.venue, bench.now_ms)["accounts"]["default"]
    return {
        "orders": [row["clientOrderId"] for row in state["orders"]],
        "algo_orders": [row["clientAlgoId"] for row in state["algo_orders"]],
        "trades": [row["qty"] for row in state["trades"]],
    }


def test_everything_is_kept_while_rest_shows_it() -> None:
    bench = with_history()
    bench.wait(3 * DAY_MS)

    assert kept(bench)["orders"] == ["rests", "cancelled", "filled"]
    assert kept(bench)["algo_orders"] == ["stop", "waits"]


def test_what_ended_without_a_fill_is_forgotten_after_three_days() -> None:
    bench = with_history()
    bench.wait(3 * DAY_MS + 1)

    assert kept(bench) == {"orders": ["rests", "filled"], "algo_orders": ["waits"], "trades": ["0.010"]}
    with pytest.raises(VenueError, match="does not exist"):
        bench.ask("GET order", symbol="BTCUSDT", origClientOrderId="cancelled")
    with pytest.raises(VenueError, match="does not exist"):
        bench.ask("GET algoOrder", clientAlgoId="stop")
    assert bench.ask("GET orderAmendment", symbol="BTCUSDT", origClientOrderId="cancelled") == []


def test_what_filled_is_forgotten_after_ninety_days_and_what_is_open_never() -> None:
    bench = with_history()
    bench.wait(90 * DAY_MS + 1)

    assert kept(bench) == {"orders": ["rests"], "algo_orders": ["waits"], "trades": []}


def test_of_very_many_the_newest_are_left() -> None:
    bench = with_history()
    for number in range(4):
        bench.ask("POST order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity=f"0.00{number + 1}")

    forget(bench.venue.exchange, bench.venue.algos, bench.now_ms, most=2)

    assert (len(kept(bench)["orders"]), kept(bench)["orders"][0]) == (3, "rests")
    assert kept(bench)["trades"] == ["0.003", "0.004"]
    assert kept(bench)["algo_orders"] == ["stop", "waits"]


def test_a_name_may_be_used_again_when_its_order_is_forgotten() -> None:
    bench = with_history()
    bench.wait(3 * DAY_MS + 1)

    assert bench.ask("POST order", **BUY, newClientOrderId="cancelled")["clientOrderId"] == "cancelled"


def test_the_account_can_be_shown_as_it_was_although_orders_of_then_are_forgotten() -> None:
    bench = with_history()
    forget(bench.venue.exchange, bench.venue.algos, bench.now_ms, most=0)

    past = bench.venue.exchange.accounts["default"].as_of(bench.now_ms - 1)

    assert list(past.orders) == []
    assert [order.client_order_id for order in past.as_of(bench.now_ms).orders.values()] == []


def test_it_is_looked_for_every_hour_and_after_many_facts() -> None:
    keeping = Housekeeping()

    assert not keeping.is_due(1, NOW)
    assert not keeping.is_due(1, NOW + HOUR - 1)
    assert keeping.is_due(0, NOW + HOUR)
    assert not keeping.is_due(MOST_FACTS - 1, NOW + HOUR)
    assert keeping.is_due(1, NOW + HOUR)


def test_a_week_of_trading_leaves_no_more_behind_than_its_last_days() -> None:
    """An order every 10 minutes, cancelled again: after the third day the number of records stands still."""
    bench = Bench()
    sizes = []
    for _ in range(7):
        for _ in range(144):
            bench.ask("POST order", **BUY, newClientOrderId="a")
            bench.ask("DELETE order", symbol="BTCUSDT", origClientOrderId="a")
            bench.wait(600_000)
        account = bench.venue.exchange.accounts["default"]
        sizes.append(len(account.orders))
        bench.told.clear()

    assert max(sizes) < 4 * 144
    assert sizes[3:] == [sizes[3]] * 4
