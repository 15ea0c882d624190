"""What users of unicorn-binance-websocket-api read from its buffer, which threads of its own fill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.strangers.clients import sync_ccxt, unicorn
from tests.strangers.venue import Venue, wait_until

BTC = "BTCUSDT"


@pytest.fixture
def manager(venue: Venue) -> Iterator[Any]:
    with unicorn(venue) as manager:
        yield manager


@pytest.fixture
def trader(venue: Venue) -> Iterator[Any]:
    client = sync_ccxt(venue)
    with closing(client.session):
        yield client


def heard(manager: Any, *events: str) -> list[dict[str, Any]]:
    """Take frames from the buffer until these events have come, in this order; return them."""
    told: list[dict[str, Any]] = []

    def take() -> bool:
        while frame := manager.pop_stream_data_from_stream_buffer():
            message = json.loads(frame)
            told.append(message.get("data", message))
        return [message.get("e") for message in told if message.get("e") in events][: len(events)] == list(events)

    wait_until(take)
    return [message for message in told if message.get("e") in events]


def test_user_data_comes_into_the_buffer(manager: Any, trader: Any, venue: Venue) -> None:
    manager.create_stream("arr", "!userData", api_key=venue.keys.api_key, api_secret=venue.keys.secret)
    wait_until(venue.streams)
    trader.fapiPrivatePostOrder({"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.010"})
    lite, new, account, filled = heard(
        manager, "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"
    )
    assert (new["o"]["X"], filled["o"]["X"], filled["o"]["t"]) == ("NEW", "FILLED", lite["t"])
    assert account["a"]["P"][0]["pa"] == "0.01"


def test_user_data_goes_on_after_a_cut(manager: Any, trader: Any, venue: Venue) -> None:
    manager.create_stream("arr", "!userData", api_key=venue.keys.api_key, api_secret=venue.keys.secret)
    wait_until(venue.streams)
    venue.act("cut_connections")
    wait_until(lambda: len(venue.journal(kind="connection", path="/private/ws")) >= 2)
    trader.fapiPrivatePostOrder({"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.010"})
    assert heard(manager, "TRADE_LITE")


def test_market_comes_into_the_buffer(manager: Any, trader: Any, venue: Venue) -> None:
    manager.create_stream(["aggTrade"], [BTC.lower()])
    wait_until(lambda: [frame for frame in venue.journal(kind="frame") if '"result":null' in frame["summary"]])
    trader.fapiPrivatePostOrder({"symbol": BTC, "side": "SELL", "type": "MARKET", "quantity": "0.123"})
    assert heard(manager, "aggTrade")[0]["s"] == BTC


def test_order_is_placed_over_the_websocket_api(manager: Any, venue: Venue) -> None:
    stream = manager.create_stream(api=True, api_key=venue.keys.api_key, api_secret=venue.keys.secret)
    assert manager.wait_till_stream_has_started(stream)
    number, answer = manager.api.futures.create_order(
        stream_id=stream,
        symbol=BTC,
        side="BUY",
        order_type="LIMIT",
        time_in_force="GTC",
        quantity=0.01,
        price=60000.0,
        new_client_order_id="mine-1",
        return_response=True,
    )
    told = json.loads(answer)
    assert (number, told["status"], told["result"]["status"]) == ("mine-1", 200, "NEW")
