"""A pattern finds exactly the entries that it describes, and an entry knows its order."""

from __future__ import annotations

import pytest

from simulator.core.journal import JournalEntry
from simulator.core.scenario.observation import Subject, fits_connection, fits_event, fits_request, subject
from simulator.core.scenario.trigger import Connection, EventPattern, RequestPattern
from tests.simulator.core.journal_entries import connection, event, request, response

ACCOUNT_UPDATE = JournalEntry(
    seq=1, time_ms=0, kind="event", event="ACCOUNT_UPDATE", account="default", body={"a": {"m": "DEPOSIT"}}
)
TRADE_LITE = JournalEntry(
    seq=1, time_ms=0, kind="event", event="TRADE_LITE", account="default", body={"s": "BTCUSDT", "c": "cli-1", "i": 7}
)


ALGO_UPDATE = JournalEntry(
    seq=1,
    time_ms=0,
    kind="event",
    event="ALGO_UPDATE",
    account="default",
    body={"o": {"caid": "stop-1", "aid": 7, "s": "BTCUSDT", "X": "TRIGGERED"}},
)


@pytest.mark.parametrize(
    "pattern",
    [
        EventPattern("ORDER_TRADE_UPDATE"),
        EventPattern("ORDER_*", status="NEW", execution_type="NEW", symbol="BTCUSDT", client_order_id="cli-*"),
        EventPattern("ORDER_TRADE_UPDATE", account="default"),
    ],
)
def test_an_event_fits_what_describes_it(pattern: EventPattern) -> None:
    assert fits_event(pattern, event(X="NEW", x="NEW"))


@pytest.mark.parametrize(
    "pattern",
    [
        EventPattern("TRADE_LITE"),
        EventPattern("ORDER_TRADE_UPDATE", status="FILLED"),
        EventPattern("ORDER_TRADE_UPDATE", execution_type="TRADE"),
        EventPattern("ORDER_TRADE_UPDATE", symbol="ETHUSDT"),
        EventPattern("ORDER_TRADE_UPDATE", client_order_id="web_*"),
        EventPattern("ORDER_TRADE_UPDATE", account="other"),
    ],
)
def test_an_event_fits_nothing_else(pattern: EventPattern) -> None:
    assert not fits_event(pattern, event(X="NEW", x="NEW"))


def test_flat_and_account_events_are_matched_by_their_own_fields() -> None:
    assert fits_event(EventPattern("TRADE_LITE", symbol="BTCUSDT", client_order_id="cli-1"), TRADE_LITE)
    assert fits_event(EventPattern("ACCOUNT_UPDATE", reason="DEPOSIT"), ACCOUNT_UPDATE)
    assert fits_event(EventPattern("ALGO_UPDATE", status="TRIGGERED", client_order_id="stop-*"), ALGO_UPDATE)
    assert not fits_event(EventPattern("ALGO_UPDATE", client_order_id="cli-*"), ALGO_UPDATE)
    assert not fits_event(EventPattern("ACCOUNT_UPDATE", reason="ORDER"), ACCOUNT_UPDATE)


def test_a_request_is_no_event() -> None:
    assert not fits_event(EventPattern("*"), request())


@pytest.mark.parametrize(
    "pattern",
    [
        RequestPattern("POST /fapi/v1/order"),
        RequestPattern("POST /fapi/*"),
        RequestPattern("POST /fapi/v1/order", where={"symbol": "BTCUSDT", "quantity": "0.1"}),
        RequestPattern("POST /fapi/v1/order", where={"newClientOrderId": "*"}),
    ],
)
def test_a_request_fits_what_describes_it(pattern: RequestPattern) -> None:
    assert fits_request(pattern, request(symbol="BTCUSDT", quantity="0.100", newClientOrderId="cli-1"))


@pytest.mark.parametrize(
    "pattern",
    [
        RequestPattern("GET /fapi/v1/order"),
        RequestPattern("POST /fapi/v1/orders"),
        RequestPattern("POST /fapi/v1/order", where={"symbol": "ETHUSDT"}),
        RequestPattern("POST /fapi/v1/order", where={"side": "BUY"}),
    ],
)
def test_a_request_fits_nothing_else(pattern: RequestPattern) -> None:
    assert not fits_request(pattern, request(symbol="BTCUSDT"))


def test_an_answer_is_no_request() -> None:
    assert not fits_request(RequestPattern("POST /fapi/v1/order"), response())


def test_a_connection_fits_its_own_end_of_life() -> None:
    assert fits_connection(Connection("opened"), connection("opened"))
    assert not fits_connection(Connection("opened"), connection("closed"))


@pytest.mark.parametrize(
    ("entry", "order"),
    [
        (event(), 7),
        (TRADE_LITE, 7),
        (ALGO_UPDATE, "stop-1"),
        (ACCOUNT_UPDATE, None),
        (request(newClientOrderId="cli-1"), "cli-1"),
        (request("DELETE", origClientOrderId="cli-1"), "cli-1"),
        (request("DELETE", orderId="7"), "7"),
        (response(orderId=7, clientOrderId="cli-1"), 7),
        (request("POST", clientAlgoId="stop-1"), "stop-1"),
        (response(code=-2019), None),
    ],
)
def test_an_entry_knows_its_order(entry: JournalEntry, order: str | int | None) -> None:
    assert subject(entry) == Subject(order, "default")
