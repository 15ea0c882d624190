"""What the endpoints of orders and trades answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import AccountSpec, VenueError
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.retention import DAY_MS
from simulator.core.venue import Answer, Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue, told

LIMIT_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "60000"}
MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}


def ask(venue: Venue, request: str, params: dict[str, Any], now_ms: int = NOW) -> Answer:
    method, path = request.split()
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, f"/fapi/v1/{path}"].endpoint(venue, Call(sent, "default", now_ms))


def rest(venue: Venue, client_order_id: str, **changes: Any) -> dict[str, Any]:
    params = LIMIT_ORDER | {"quantity": "0.010", "newClientOrderId": client_order_id} | changes
    return order_of(ask(venue, "POST order", params))


def take(venue: Venue, client_order_id: str, now_ms: int = NOW) -> dict[str, Any]:
    params = MARKET_ORDER | {"quantity": "0.010", "newClientOrderId": client_order_id}
    return order_of(ask(venue, "POST order", params, now_ms))


def order_of(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.body, dict)
    return answer.body


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    assert isinstance(answer.body, list)
    return answer.body


def refusal_of(venue: Venue, request: str, **params: Any) -> int:
    with pytest.raises(VenueError) as refused:
        ask(venue, request, params)
    return refused.value.code


def test_an_ack_shows_the_order_as_accepted_and_a_result_as_filled() -> None:
    venue = a_venue()
    params = MARKET_ORDER | {"quantity": "0.010"}

    ack = order_of(ask(venue, "POST order", params))
    result = order_of(ask(venue, "POST order", params | {"newOrderRespType": "RESULT"}))

    assert (ack["status"], ack["executedQty"]) == ("NEW", "0.000")
    assert (result["status"], result["executedQty"]) == ("FILLED", "0.010")


def test_orders_count_against_the_order_limits_and_cancels_do_not() -> None:
    venue = a_venue()

    assert ask(venue, "POST order", MARKET_ORDER | {"quantity": "0.010"}).is_order
    rest(venue, "a")
    assert not ask(venue, "DELETE order", {"symbol": "BTCUSDT", "origClientOrderId": "a"}).is_order


def test_an_order_is_found_by_either_id_and_the_order_id_wins() -> None:
    venue = a_venue()
    first, second = rest(venue, "a"), rest(venue, "b")

    by_name = ask(venue, "GET order", {"symbol": "BTCUSDT", "origClientOrderId": "b"})
    by_both = ask(venue, "GET order", {"symbol": "BTCUSDT", "orderId": first["orderId"], "origClientOrderId": "b"})

    assert order_of(by_name)["orderId"] == second["orderId"]
    assert order_of(by_both)["orderId"] == first["orderId"]


@pytest.mark.parametrize(
    ("request_line", "params", "code"),
    [
        ("GET order", {}, -1102),
        ("GET order", {"origClientOrderId": "never"}, -2013),
        ("GET order", {"orderId": "1"}, -2013),
        ("GET openOrder", {"origClientOrderId": "done"}, -2013),
        ("DELETE order", {"origClientOrderId": "done"}, -2011),
        ("DELETE order", {"origClientOrderId": "never"}, -2011),
        ("DELETE order", {}, -1102),
        ("PUT order", {"origClientOrderId": "done", "side": "BUY", "quantity": "1", "price": "60000"}, -2013),
        ("PUT order", {"origClientOrderId": "open", "side": "BUY", "quantity": "1"}, -1102),
        ("PUT order", {"origClientOrderId": "open", "quantity": "1", "price": "60000"}, -1102),
        ("PUT order", {"origClientOrderId": "open", "side": "HOLD", "quantity": "1", "price": "60000"}, -1117),
        ("PUT order", {"origClientOrderId": "open", "side": "BUY", "quantity": "1", "price": "1.05"}, -4014),
    ],
)
def test_orders_that_are_not_there_are_refused(request_line: str, params: dict[str, str], code: int) -> None:
    venue = a_venue()
    take(venue, "done")
    rest(venue, "open")

    assert refusal_of(venue, request_line, symbol="BTCUSDT", **params) == code


def test_another_symbols_order_is_not_found() -> None:
    venue = a_venue()
    order = rest(venue, "a")

    assert refusal_of(venue, "GET order", symbol="ETHUSDT", orderId=order["orderId"]) == -2013


def test_an_amendment_answers_with_the_pair_and_its_id_if_it_was_sent() -> None:
    venue = a_venue()
    rest(venue, "a")
    params = {"symbol": "BTCUSDT", "origClientOrderId": "a", "side": "BUY", "quantity": "0.020", "price": "60000"}

    plain = order_of(ask(venue, "PUT order", params))
    named = order_of(ask(venue, "PUT order", params | {"quantity": "0.030", "modifyId": "7"}))

    assert (plain["pair"], plain["origQty"], "modifyId" in plain) == ("BTCUSDT", "0.020", False)
    assert named["modifyId"] == 7


@pytest.mark.parametrize("modify_id", ["x", "1.5", "9" * 5000])
def test_an_amendment_takes_no_id_that_is_not_a_number(modify_id: str) -> None:
    venue = a_venue()
    rest(venue, "a")
    terms = {"side": "BUY", "quantity": "0.020", "price": "60000", "modifyId": modify_id}

    assert refusal_of(venue, "PUT order", symbol="BTCUSDT", origClientOrderId="a", **terms) == -1102


def test_an_amendment_keeps_the_smallest_notional() -> None:
    venue = a_venue()
    rest(venue, "a")
    terms = {"side": "BUY", "quantity": "0.001", "price": "49000"}

    assert refusal_of(venue, "PUT order", symbol="BTCUSDT", origClientOrderId="a", **terms) == -5029


def test_an_amendment_cannot_make_an_order_reduce_only() -> None:
    venue = a_venue()
    rest(venue, "a")
    terms = {"side": "BUY", "quantity": "0.020", "price": "60000", "reduceOnly": "true"}

    assert refusal_of(venue, "PUT order", symbol="BTCUSDT", origClientOrderId="a", **terms) == -5047


def test_cancelling_all_leaves_other_symbols_alone() -> None:
    venue = a_venue()
    rest(venue, "a")
    rest(venue, "b")
    rest(venue, "c", symbol="ETHUSDT", price="3400", quantity="1")

    answer = ask(venue, "DELETE allOpenOrders", {"symbol": "BTCUSDT"})

    assert told(answer.facts) == ["CANCELED 0", "CANCELED 0"]
    assert [row["clientOrderId"] for row in rows_of(ask(venue, "GET openOrders", {}))] == ["c"]
    assert rows_of(ask(venue, "GET openOrders", {"symbol": "BTCUSDT"})) == []


def test_all_orders_lists_every_symbol_oldest_first() -> None:
    venue = a_venue()
    take(venue, "a")
    rest(venue, "b", symbol="ETHUSDT", price="3400", quantity="1")
    rest(venue, "c")

    assert [row["clientOrderId"] for row in rows_of(ask(venue, "GET allOrders", {}))] == ["a", "b", "c"]
    bitcoin = rows_of(ask(venue, "GET allOrders", {"symbol": "BTCUSDT"}))
    assert [row["clientOrderId"] for row in bitcoin] == ["a", "c"]
    from_id = rows_of(ask(venue, "GET allOrders", {"orderId": bitcoin[1]["orderId"]}))
    assert [row["clientOrderId"] for row in from_id] == ["c"]


def test_an_unfilled_order_disappears_three_days_after_its_end() -> None:
    venue = a_venue()
    rest(venue, "a")
    named = {"symbol": "BTCUSDT", "origClientOrderId": "a"}
    ask(venue, "DELETE order", named)

    assert order_of(ask(venue, "GET order", named, NOW + 3 * DAY_MS))["status"] == "CANCELED"
    with pytest.raises(VenueError, match="Order does not exist"):
        ask(venue, "GET order", named, NOW + 3 * DAY_MS + 1)


def test_trades_are_found_by_order_and_from_an_id() -> None:
    venue = a_venue()
    orders = [take(venue, name) for name in ("a", "b", "c")]
    everything = rows_of(ask(venue, "GET userTrades", {"symbol": "BTCUSDT"}))

    of_order = rows_of(ask(venue, "GET userTrades", {"symbol": "BTCUSDT", "orderId": orders[1]["orderId"]}))
    from_id = rows_of(ask(venue, "GET userTrades", {"symbol": "BTCUSDT", "fromId": everything[1]["id"], "limit": 1}))

    assert [row["orderId"] for row in everything] == [order["orderId"] for order in orders]
    assert of_order == from_id == [everything[1]]


def test_trades_are_forgotten_after_ninety_days() -> None:
    venue = a_venue()
    take(venue, "a")
    first = {"symbol": "BTCUSDT", "fromId": 0}

    assert len(rows_of(ask(venue, "GET userTrades", first, NOW + 90 * DAY_MS))) == 1
    assert rows_of(ask(venue, "GET userTrades", first, NOW + 90 * DAY_MS + 1)) == []


def test_closing_in_hedge_mode_is_shown_as_reduce_only() -> None:
    venue = a_venue(AccountSpec(dual_side_position=True))
    ask(venue, "POST order", MARKET_ORDER | {"quantity": "0.010", "positionSide": "LONG"})

    close = order_of(
        ask(venue, "POST order", MARKET_ORDER | {"side": "SELL", "quantity": "0.010", "positionSide": "LONG"})
    )

    assert (close["reduceOnly"], close["positionSide"]) == (True, "LONG")


@pytest.mark.parametrize(
    ("mode", "side", "price"),
    [
        ("QUEUE", "BUY", "bid 1"),
        ("QUEUE_5", "BUY", "bid 5"),
        ("QUEUE_20", "SELL", "ask 20"),
        ("OPPONENT_5", "BUY", "ask 5"),
    ],
)
def test_an_order_may_take_its_price_from_the_book_and_says_so(mode: str, side: str, price: str) -> None:
    venue = a_venue()
    levels = {"bid": venue.exchange.levels("BTCUSDT", "BUY"), "ask": venue.exchange.levels("BTCUSDT", "SELL")}
    kind, number = price.split()
    params = LIMIT_ORDER | {"side": side, "quantity": "0.010", "priceMatch": mode}
    del params["price"]

    order = order_of(ask(venue, "POST order", params))

    assert (order["priceMatch"], order["price"]) == (mode, f"{levels[kind][int(number) - 1].price:.2f}")


def test_an_amendment_may_match_the_book_and_one_with_a_price_does_so_no_more() -> None:
    venue = a_venue()
    rest(venue, "a")
    named = {"symbol": "BTCUSDT", "origClientOrderId": "a", "side": "BUY", "quantity": "0.010"}
    best = f"{venue.exchange.best('BTCUSDT').bid:.2f}"

    matched = order_of(ask(venue, "PUT order", named | {"priceMatch": "QUEUE"}))
    priced = order_of(ask(venue, "PUT order", named | {"price": "59000"}))

    assert (matched["priceMatch"], matched["price"]) == ("QUEUE", best)
    assert (priced["priceMatch"], priced["price"]) == ("NONE", "59000.00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"priceMatch": "QUEUE", "price": "60000"}, -1106),
        ({"priceMatch": "OPPONENT_10"}, -5037),
        ({"priceMatch": ""}, -1105),
        ({"modifyId": "", "price": "60000"}, -1105),
        ({}, -1102),
    ],
)
def test_an_amendment_needs_a_price_or_a_match_and_not_both(change: dict[str, str], code: int) -> None:
    venue = a_venue()
    rest(venue, "a")

    terms = {"symbol": "BTCUSDT", "origClientOrderId": "a", "side": "BUY", "quantity": "0.020"} | change
    assert refusal_of(venue, "PUT order", **terms) == code


def test_parameters_that_nobody_knows_are_ignored() -> None:
    venue = a_venue()

    assert rest(venue, "a", strategyId="7", callbackRate="1", brokerId="")["status"] == "NEW"
    assert rows_of(ask(venue, "GET openOrders", {"colour": "red"}))
