"""What the endpoints of conditional orders answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import VenueError
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.retention import DAY_MS
from simulator.core.venue import Call
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import NOW


def refusal_of(bench: Bench, request: str, **params: object) -> int:
    with pytest.raises(VenueError) as refused:
        bench.ask(request, **params)
    return refused.value.code


def stop(bench: Bench, name: str, **terms: object) -> Any:
    return bench.place("STOP_MARKET", "BUY", name, **({"triggerPrice": "66000"} | terms))


def names(rows: Any) -> list[str]:
    return [row["clientAlgoId"] for row in rows]


def test_a_new_order_counts_against_the_order_limits_and_costs_no_weight() -> None:
    bench = Bench()
    route = ROUTES["POST", "/fapi/v1/algoOrder"]
    terms = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "BUY", "type": "STOP_MARKET"}
    call = Call(terms | {"quantity": "0.010", "triggerPrice": "66000"}, "default", NOW)

    assert route.weigh({}) == 0
    assert route.endpoint(bench.venue, call).is_order


def test_an_order_gets_an_id_of_the_exchange_when_it_brings_none() -> None:
    assert len(stop(Bench(), "")["clientAlgoId"]) == 22


def test_an_order_is_found_by_either_id_and_the_algo_id_wins() -> None:
    bench = Bench()
    first, second = stop(bench, "a"), stop(bench, "b")

    assert bench.ask("GET algoOrder", clientAlgoId="b")["algoId"] == second["algoId"]
    assert bench.ask("GET algoOrder", algoId=first["algoId"], clientAlgoId="b")["algoId"] == first["algoId"]


@pytest.mark.parametrize("name", ["algoid", "clientalgoid"])
def test_ids_may_be_spelled_as_binances_page_on_cancelling_spells_them(name: str) -> None:
    bench = Bench()
    order = stop(bench, "a")

    bench.ask("DELETE algoOrder", **{name: order["algoId"] if name == "algoid" else "a"})

    assert names(bench.ask("GET openAlgoOrders")) == []


def test_of_a_repeated_client_id_the_newest_is_found() -> None:
    bench = Bench()
    stop(bench, "a")
    bench.ask("DELETE algoOrder", clientAlgoId="a")
    again = stop(bench, "a")

    assert bench.ask("GET algoOrder", clientAlgoId="a")["algoId"] == again["algoId"]


@pytest.mark.parametrize(
    ("request_line", "params", "code"),
    [
        ("GET algoOrder", {}, -1102),
        ("GET algoOrder", {"clientAlgoId": "never"}, -2013),
        ("GET algoOrder", {"algoId": "1"}, -2013),
        ("DELETE algoOrder", {}, -1102),
        ("DELETE algoOrder", {"clientAlgoId": "never"}, -2011),
        ("DELETE algoOrder", {"clientAlgoId": "triggered"}, -2011),
        ("DELETE algoOrder", {"clientAlgoId": "triggering"}, -4117),
        ("DELETE algoOrder", {"clientAlgoId": "gone"}, -2011),
        ("DELETE algoOpenOrders", {}, -1102),
        ("GET allAlgoOrders", {}, -1102),
        ("GET openAlgoOrders", {"algoType": "VP"}, -1130),
        ("GET openAlgoOrders", {"symbol": "NOPEUSDT"}, -1121),
    ],
)
def test_orders_that_are_not_there_are_refused(request_line: str, params: dict[str, str], code: int) -> None:
    bench = Bench()
    stop(bench, "triggered")
    bench.move("66000")
    bench.wait()
    stop(bench, "triggering", triggerPrice="66010")
    bench.move("66010")
    bench.move("65000")
    stop(bench, "gone")
    bench.ask("DELETE algoOrder", clientAlgoId="gone")

    assert refusal_of(bench, request_line, **params) == code


def test_an_order_that_has_triggered_is_open_no_more_and_its_child_is() -> None:
    bench = Bench()
    bench.place("STOP", "BUY", triggerPrice="66000", price="65900")
    assert names(bench.ask("GET openAlgoOrders")) == ["a"]

    bench.move("66000")

    assert bench.ask("GET openAlgoOrders") == []
    (child,) = bench.ask("GET openOrders", symbol="BTCUSDT")
    assert bench.ask("GET algoOrder", clientAlgoId="a")["actualOrderId"] == str(child["orderId"])


def test_open_orders_are_asked_for_by_symbol_and_by_id() -> None:
    bench = Bench()
    first, _ = stop(bench, "a"), stop(bench, "b")
    stop(bench, "e", symbol="ETHUSDT", triggerPrice="3600", quantity="1")

    assert names(bench.ask("GET openAlgoOrders")) == ["a", "b", "e"]
    assert names(bench.ask("GET openAlgoOrders", symbol="BTCUSDT")) == ["a", "b"]
    assert names(bench.ask("GET openAlgoOrders", algoId=first["algoId"])) == ["a"]


def test_all_orders_come_from_an_id_on_and_of_a_time() -> None:
    bench = Bench()
    stop(bench, "a")
    bench.wait(1000)
    second = stop(bench, "b")
    bench.ask("DELETE algoOrder", clientAlgoId="b")
    stop(bench, "e", symbol="ETHUSDT", triggerPrice="3600", quantity="1")

    assert names(bench.ask("GET allAlgoOrders", symbol="BTCUSDT")) == ["a", "b"]
    assert names(bench.ask("GET allAlgoOrders", symbol="BTCUSDT", algoId=second["algoId"])) == ["b"]
    assert names(bench.ask("GET allAlgoOrders", symbol="BTCUSDT", endTime=NOW)) == ["a"]
    assert names(bench.ask("GET allAlgoOrders", symbol="BTCUSDT", limit=1)) == ["b"]
    assert refusal_of(bench, "GET allAlgoOrders", symbol="BTCUSDT", startTime=0, endTime=NOW) == -1127


def test_what_ended_without_a_fill_is_forgotten_after_3_days_and_what_filled_is_not() -> None:
    bench = Bench()
    stop(bench, "filled")
    bench.move("66000")
    bench.wait()
    bench.move("65000")
    stop(bench, "gone")
    bench.ask("DELETE algoOrder", clientAlgoId="gone")
    stop(bench, "open")

    bench.wait(3 * DAY_MS + 1)

    assert names(bench.ask("GET allAlgoOrders", symbol="BTCUSDT")) == ["filled", "open"]
    assert refusal_of(bench, "GET algoOrder", clientAlgoId="gone") == -2013
    bench.wait(87 * DAY_MS)
    assert refusal_of(bench, "GET algoOrder", clientAlgoId="filled") == -2013
    assert bench.status("open") == "NEW"


@pytest.mark.parametrize(("profile", "spared"), [("orders", ["a"]), ("orders_and_algo_orders", [])])
def test_cancelling_all_orders_spares_conditional_ones_or_not(profile: str, spared: list[str]) -> None:
    bench = Bench(cancel_all=profile)
    stop(bench, "a")

    bench.ask("DELETE allOpenOrders", symbol="BTCUSDT")

    assert names(bench.ask("GET openAlgoOrders")) == spared


def test_cancelling_all_conditional_orders_of_a_symbol_spares_others() -> None:
    bench = Bench()
    stop(bench, "a")
    stop(bench, "e", symbol="ETHUSDT", triggerPrice="3600", quantity="1")
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    bench.ask("POST order", quantity="0.010", price="64000", **order)
    bench.said()

    bench.ask("DELETE algoOpenOrders", symbol="BTCUSDT")

    assert bench.said() == ["a CANCELED"]
    assert names(bench.ask("GET openAlgoOrders")) == ["e"]
    assert len(bench.ask("GET openOrders")) == 1


def test_queries_answer_as_of_the_moment_that_they_see() -> None:
    bench = Bench()
    stop(bench, "a")
    bench.wait(100)
    bench.move("66000")
    path = ("GET", "/fapi/v1/openAlgoOrders")

    late = ROUTES[path].endpoint(bench.venue, Call({}, "default", bench.now_ms, bench.now_ms - 1))

    assert names(late.body) == ["a"]
    assert bench.ask("GET openAlgoOrders") == []
    assert all(ROUTES["GET", f"/fapi/v1/{name}"].reads == "orders" for name in ("algoOrder", "allAlgoOrders"))
