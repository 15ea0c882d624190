"""A connection gets what it subscribed to, and control messages are answered as Binance answers them."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from simulator.core.profile import UrlForm
from simulator.core.streams.stream_target import read_target
from simulator.core.streams.subscriptions import Subscriptions


def subscriptions(
    url: str, *silent_forms: UrlForm, control_errors: Literal["wrapped", "bare"] = "wrapped"
) -> Subscriptions:
    path, _, query = url.partition("?")
    target = read_target(path, query)
    assert target is not None
    return Subscriptions(target, silent_forms, control_errors)


def ask(connection: Subscriptions, method: str, *params: Any, request_id: Any = 1) -> Any:
    return connection.answer(json.dumps({"method": method, "params": params, "id": request_id}))


def test_a_key_alone_brings_every_event() -> None:
    connection = subscriptions("/private/ws/K")

    assert connection.wants("K", "TRADE_LITE")
    assert not connection.wants("L", "TRADE_LITE")


def test_events_filter() -> None:
    connection = subscriptions("/private/ws?listenKey=K&events=TRADE_LITE/NEVER_HEARD_OF")

    assert connection.wants("K", "TRADE_LITE")
    assert not connection.wants("K", "ACCOUNT_UPDATE")
    assert not connection.wants("K", "listenKeyExpired")


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("/ws/K", "unrouted"),
        ("/private/ws/K", "path"),
        ("/private/ws?listenKey=K", "query"),
        ("/private/ws?listenKey=K&events=A", "query_events"),
    ],
)
def test_a_form_that_the_profile_silences_brings_nothing(url: str, form: UrlForm) -> None:
    assert subscriptions(url).wants("K", "A")
    assert not subscriptions(url, form).wants("K", "A")


def test_subscribing_by_key_and_by_event() -> None:
    connection = subscriptions("/private/stream")

    assert ask(connection, "SUBSCRIBE", "K", "L@TRADE_LITE", request_id="a-uuid") == {"result": None, "id": "a-uuid"}
    assert connection.wants("K", "ACCOUNT_UPDATE")
    assert connection.wants("L", "TRADE_LITE")
    assert not connection.wants("L", "ACCOUNT_UPDATE")
    assert connection.listen_keys() == {"K", "L"}


@pytest.mark.parametrize("root", ["public", "market"])
def test_other_roots_carry_no_user_data(root: str) -> None:
    connection = subscriptions(f"/{root}/ws?listenKey=K")

    assert ask(connection, "SUBSCRIBE", "L") == {"result": None, "id": 1}
    assert not connection.wants("K", "ACCOUNT_UPDATE")
    assert not connection.wants("L", "ACCOUNT_UPDATE")


def test_unsubscribing_ends_delivery() -> None:
    connection = subscriptions("/private/ws/K")

    assert ask(connection, "UNSUBSCRIBE", "K") == {"result": None, "id": 1}
    assert not connection.wants("K", "TRADE_LITE")


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("/private/ws?listenKey=K&events=MARGIN_CALL/ACCOUNT_UPDATE", ["K@ACCOUNT_UPDATE", "K@MARGIN_CALL"]),
        ("/ws/K", ["K"]),
        ("/ws", []),
    ],
)
def test_the_list_of_subscriptions_is_alphabetical(url: str, listed: list[str]) -> None:
    assert ask(subscriptions(url), "LIST_SUBSCRIPTIONS", request_id=3) == {"result": listed, "id": 3}


def test_parameters_may_be_null_where_there_are_none() -> None:
    message = '{"method": "LIST_SUBSCRIPTIONS", "params": null, "id": 3}'

    assert subscriptions("/ws/K").answer(message) == {"result": ["K"], "id": 3}


def test_wrapping_is_a_property_that_can_be_changed() -> None:
    connection = subscriptions("/private/ws")

    assert ask(connection, "GET_PROPERTY", "combined") == {"result": False, "id": 1}
    assert ask(connection, "SET_PROPERTY", "combined", True) == {"result": None, "id": 1}
    assert connection.is_combined


@pytest.mark.parametrize(
    ("message", "code", "text", "request_id"),
    [
        ("{", 3, "Invalid JSON", None),
        ("[" * 100_000, 3, "Invalid JSON", None),
        ('{"method":"LIST_SUBSCRIPTIONS","id":"\\ud800"}', 3, "Invalid JSON", None),
        ('{"method":"LIST_SUBSCRIPTIONS","id":1e999}', 3, "Invalid JSON", None),
        ("[]", 2, "missing field `method`", None),
        ('{"id":7}', 2, "missing field `method` at line 1 column 8", 7),
        ('{"method":"LISTEN","id":7}', 2, "unknown variant `LISTEN`", 7),
        ('{"method":"SUBSCRIBE","params":"K","id":7}', 2, "expected a sequence", 7),
        ('{"method":"SUBSCRIBE","params":[1],"id":7}', 2, "expected a string", 7),
        ('{"method":"SUBSCRIBE","params":["K"],"id":-1}', 2, "unsigned integer", -1),
        ('{"method":"SUBSCRIBE","params":["K"],"id":true}', 2, "unsigned integer", True),
        ('{"method":"SET_PROPERTY","params":["combined","yes"],"id":7}', 1, "expected Boolean", 7),
        ('{"method":"SET_PROPERTY","params":["combined",true,1],"id":7}', 2, "too many parameters", 7),
        ('{"method":"GET_PROPERTY","params":["combined",1],"id":7}', 2, "too many parameters", 7),
        ('{"method":"GET_PROPERTY","params":["colour"],"id":7}', 0, "Unknown property", 7),
        ('{"method":"GET_PROPERTY","params":[5],"id":7}', 2, "property name must be a string", 7),
    ],
)
def test_control_errors_have_binances_codes(message: str, code: int, text: str, request_id: object) -> None:
    reply = subscriptions("/ws").answer(message)

    assert reply["id"] == request_id
    assert reply["error"]["code"] == code
    assert text in reply["error"]["msg"]


def test_control_errors_may_be_bare() -> None:
    reply = subscriptions("/ws", control_errors="bare").answer("{")

    assert reply["code"] == 3
    assert "error" not in reply
