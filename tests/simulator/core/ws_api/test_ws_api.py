"""Frames become requests, or the refusal that says what is wrong with them; each method has its REST twin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.core.rest.endpoints import ROUTES
from simulator.core.security.rate_limits import Limits
from simulator.core.ws_api.ws_api import SESSION_METHODS, TWINS, BadFrame, known_method, rate_limits, read_request
from tests.contract.shape import fixture


def frame(**members: object) -> str:
    return json.dumps({"id": 7, "method": "order.place", "params": {}} | members)


@pytest.mark.parametrize("request_id", [7, -1, 0, 10**18, "a-b", "", None])
def test_an_id_is_an_integer_a_text_or_null(request_id: object) -> None:
    assert read_request(frame(id=request_id)).id == request_id


def test_an_id_that_is_missing_is_null() -> None:
    assert read_request('{"method": "depth"}').id is None


@pytest.mark.parametrize("request_id", [1.5, True, [], {}])
def test_another_id_is_refused(request_id: object) -> None:
    with pytest.raises(BadFrame) as refused:
        read_request(frame(id=request_id))

    assert (refused.value.code, refused.value.id) == (-1135, None)
    assert "'id'" in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", '"order.place"', "null", '{"id": NaN}', "[" * 100_000, r'{"id": "\ud800", "method": "depth"}'],
)
def test_what_is_no_json_object_is_refused_without_an_id(text: str) -> None:
    with pytest.raises(BadFrame) as refused:
        read_request(text)

    assert (refused.value.code, refused.value.message, refused.value.id) == (-1135, "Invalid JSON request.", None)


def test_a_character_in_two_halves_is_whole() -> None:
    assert read_request(r'{"id": "\ud83d\ude00", "method": "depth"}').id == "\U0001f600"


@pytest.mark.parametrize("method", [None, 1, True, ["order.place"]])
def test_a_method_is_a_text(method: object) -> None:
    with pytest.raises(BadFrame, match="'method'") as refused:
        read_request(frame(method=method))

    assert (refused.value.code, refused.value.id) == (-1135, 7)


@pytest.mark.parametrize("params", [[], "a=b", 1, True])
def test_parameters_are_an_object(params: object) -> None:
    with pytest.raises(BadFrame) as refused:
        read_request(frame(params=params))

    assert refused.value.message == "Invalid 'params' in JSON request; expected an object."


@pytest.mark.parametrize("method", ["", "order.test", "userDataStream.subscribe", "ping", "v1/", "vv1/depth", "Depth"])
def test_an_unknown_method_is_refused_with_its_id(method: str) -> None:
    with pytest.raises(BadFrame) as refused:
        read_request(frame(method=method))

    assert (refused.value.code, refused.value.status, refused.value.id) == (-1020, 400, 7)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("order.place", "order.place"),
        ("v1/order.place", "order.place"),
        ("v99/order.place", "order.place"),
        ("v1/account.status", "account.status"),
        ("v2/account.status", "v2/account.status"),
        ("v3/session.logon", "session.logon"),
    ],
)
def test_a_method_may_be_asked_with_any_version(name: str, known: str) -> None:
    assert known_method(name) == known


def test_parameters_are_read_from_numbers_and_from_texts_and_keep_how_they_were_written() -> None:
    text = (
        '{"id":1,"method":"order.place","params":{"quantity":0.10,"price":"60000.0","timestamp":1702555534435,'
        '"big":1e3,"reduceOnly":true,"closePosition":false,"goodTillDate":null,"ids":[1,"2"]}}'
    )

    assert read_request(text).params == {
        "quantity": "0.10",
        "price": "60000.0",
        "timestamp": "1702555534435",
        "big": "1e3",
        "reduceOnly": "true",
        "closePosition": "false",
        "ids": '["1","2"]',
    }


@pytest.mark.parametrize(
    ("said", "wanted"), [({}, None), ({"returnRateLimits": True}, True), ({"returnRateLimits": "false"}, False)]
)
def test_a_request_may_say_whether_it_wants_rate_limits(said: dict[str, Any], wanted: bool | None) -> None:
    assert read_request(frame(params=said)).returns_rate_limits is wanted


def test_rate_limits_look_as_in_the_samples() -> None:
    shown = rate_limits(Limits(), 1, (1, 1))

    assert shown == fixture("ws_api/error.json")["rateLimits"]
    assert rate_limits(Limits(), 20, None) == fixture("ws_api/futures_account_balance.json")["rateLimits"]


def test_every_method_but_those_of_the_session_has_a_twin_and_its_documented_weight() -> None:
    """`depth` weighs what its depth weighs, and tickers more when they are of all symbols."""
    documented = {
        "order.place": 0,
        "order.modify": 0,
        "order.cancel": 1,
        "order.status": 1,
        "algoOrder.place": 0,
        "algoOrder.cancel": 1,
        "account.position": 5,
        "v2/account.position": 5,
        "account.balance": 5,
        "v2/account.balance": 5,
        "account.status": 5,
        "v2/account.status": 5,
        "userDataStream.start": 1,
        "userDataStream.ping": 1,
        "userDataStream.stop": 1,
        "ticker.price": 1,
        "ticker.book": 2,
        "depth": 2,
    }
    params = {"symbol": "BTCUSDT", "limit": "50"}
    served = {method: ROUTES[twin] for method, twin in TWINS.items() if twin in ROUTES}

    assert {method: route.weigh(params) for method, route in served.items()} == {
        method: weight for method, weight in documented.items() if method in served
    }
    assert set(TWINS) | SESSION_METHODS == set(documented) | {"session.logon", "session.status", "session.logout"}
    assert {method for method, route in served.items() if route.orders != (0, 0)} == {
        "order.place",
        "order.modify",
        "algoOrder.place",
    }
