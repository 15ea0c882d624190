"""Several orders in one request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import VenueError
from simulator.core.rest.endpoints import ROUTES
from tests.simulator.core.conditional_orders import Bench

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000"}


def send(bench: Bench, orders: object, method: str = "POST") -> Any:
    text = orders if isinstance(orders, str) else json.dumps(orders)
    return bench.ask(f"{method} batchOrders", batchOrders=text)


def refusal_of(request: str, **params: object) -> int:
    with pytest.raises(VenueError) as refused:
        Bench().ask(request, **params)
    return refused.value.code


def test_each_order_is_answered_by_its_own_and_executed_in_its_turn() -> None:
    bench = Bench()

    answers = send(bench, [BUY | {"newClientOrderId": "a"}, BUY | {"price": "1"}, BUY | {"newClientOrderId": "b"}])

    assert [answer.get("clientOrderId") for answer in answers] == ["a", None, "b"]
    assert answers[1]["code"] == -4164
    assert set(answers[1]) == {"code", "msg"}
    assert bench.said() == ["order a NEW NEW", "order b NEW NEW"]


def test_an_order_sees_what_those_before_it_did() -> None:
    close = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.010", "reduceOnly": True}
    opening = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}

    assert [answer.get("code") for answer in send(Bench(), [close, opening, close])] == [-2022, None, None]


def test_values_may_be_texts_numbers_or_booleans_and_null_was_not_sent() -> None:
    order = '{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":0.010,"price":60000.10'
    answers = send(Bench(), f'[{order},"reduceOnly":false,"positionSide":null,"callbackRate":[1]}}]')

    assert (answers[0]["origQty"], answers[0]["price"], answers[0]["reduceOnly"]) == ("0.010", "60000.10", False)


def test_orders_are_amended_one_by_one() -> None:
    bench = Bench()
    send(bench, [BUY | {"newClientOrderId": "a"}])
    change = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.020", "price": 59000, "modifyId": 7}

    answers = send(bench, [change | {"origClientOrderId": name} for name in ("a", "nobody", "a")], "PUT")

    assert (answers[0]["origQty"], answers[0]["pair"], answers[0]["modifyId"]) == ("0.020", "BTCUSDT", 7)
    assert [answer["code"] for answer in answers[1:]] == [-2013, -5027]


def test_orders_are_cancelled_by_either_kind_of_id() -> None:
    bench = Bench()
    first, _, _ = send(bench, [BUY | {"newClientOrderId": name} for name in "abc"])

    by_name = bench.ask("DELETE batchOrders", symbol="BTCUSDT", origClientOrderIdList='["b","nobody"]')
    by_id = bench.ask("DELETE batchOrders", symbol="BTCUSDT", orderIdList=f'[{first["orderId"]}, "1"]')

    assert [answer.get("status", answer.get("code")) for answer in by_name] == ["CANCELED", -2011]
    assert [answer.get("status", answer.get("code")) for answer in by_id] == ["CANCELED", -2011]


def test_the_names_of_the_lists_may_be_in_lower_case() -> None:
    bench = Bench()
    first, _ = send(bench, [BUY | {"newClientOrderId": name} for name in "ab"])

    by_id = bench.ask("DELETE batchOrders", symbol="BTCUSDT", orderidlist=f"[{first['orderId']}]")
    by_name = bench.ask("DELETE batchOrders", symbol="BTCUSDT", origclientorderidlist='["b"]')

    assert [answer["status"] for answer in (*by_id, *by_name)] == ["CANCELED", "CANCELED"]


def test_a_batch_counts_as_five_orders_in_ten_seconds_and_as_one_a_minute() -> None:
    costs = {method: ROUTES[method, "/fapi/v1/batchOrders"] for method in ("POST", "PUT", "DELETE")}

    assert [(route.weigh({}), route.orders) for route in costs.values()] == [(5, (5, 1)), (5, (5, 1)), (1, (0, 0))]


@pytest.mark.parametrize(
    ("sent", "code"),
    [("", -1102), ("not json", -1130), ("{}", -1130), ("[]", -4082), ("[1]", -1130), (json.dumps([BUY] * 6), -4082)],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_batch_that_is_none_is_refused_as_a_whole(method: str, sent: str, code: int) -> None:
    assert refusal_of(f"{method} batchOrders", batchOrders=sent) == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -1102),
        ({"symbol": "BTCUSDT"}, -1102),
        ({"symbol": "NOPE", "orderIdList": "[1]"}, -1121),
        ({"symbol": "BTCUSDT", "orderIdList": "1,2"}, -1130),
        ({"symbol": "BTCUSDT", "orderIdList": "[]"}, -1130),
        ({"symbol": "BTCUSDT", "orderIdList": "[null]"}, -1130),
        ({"symbol": "BTCUSDT", "orderIdList": json.dumps(list(range(1, 12)))}, -4032),
    ],
)
def test_cancels_that_are_none_are_refused_as_a_whole(params: dict[str, str], code: int) -> None:
    assert refusal_of("DELETE batchOrders", **params) == code
