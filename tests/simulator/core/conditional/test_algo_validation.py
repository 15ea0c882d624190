"""Which conditional orders can exist at all."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import AccountSpec, VenueError
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import NOW

STOP_MARKET = {"type": "STOP_MARKET", "side": "BUY", "triggerPrice": "66000", "quantity": "0.010"}
STOP = STOP_MARKET | {"type": "STOP", "price": "66000"}
TRAILING = {"type": "TRAILING_STOP_MARKET", "side": "BUY", "callbackRate": "1", "quantity": "0.010"}
CLOSE = {"type": "STOP_MARKET", "side": "SELL", "triggerPrice": "64000", "closePosition": "true"}


def send(bench: Bench, order: dict[str, Any], **changes: object) -> Any:
    params = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT"} | order | changes
    return bench.ask("POST algoOrder", **{name: value for name, value in params.items() if value is not None})


def refusal_of(order: dict[str, Any], bench: Bench | None = None, **changes: object) -> int:
    with pytest.raises(VenueError) as refused:
        send(bench or Bench(), order, **changes)
    return refused.value.code


@pytest.mark.parametrize(
    ("order", "changes", "code"),
    [
        (STOP_MARKET, {"algoType": None}, -1102),
        (STOP_MARKET, {"algoType": "VP"}, -1130),
        (STOP_MARKET, {"symbol": "NOPEUSDT"}, -1121),
        (STOP_MARKET, {"side": "HOLD"}, -1117),
        (STOP_MARKET, {"type": "MARKET"}, -1116),
        (STOP_MARKET, {"workingType": "LAST"}, -4031),
        (STOP_MARKET, {"positionSide": "LONG"}, -4061),
        (STOP_MARKET, {"quantity": None}, -1102),
        (STOP_MARKET, {"quantity": "0"}, -4003),
        (STOP_MARKET, {"quantity": "126"}, -4005),
        (STOP_MARKET, {"triggerPrice": None}, -1102),
        (STOP_MARKET, {"triggerPrice": "0"}, -4006),
        (STOP_MARKET, {"triggerPrice": "999999999"}, -4007),
        (STOP_MARKET, {"triggerPrice": "66000.001"}, -1111),
        (STOP_MARKET, {"price": "66000"}, -1106),
        (STOP_MARKET, {"quantity": "0.000"}, -4003),
        (STOP_MARKET, {"side": "SELL", "triggerPrice": "1", "quantity": "0.001"}, -4164),
        (STOP_MARKET, {"clientAlgoId": "x" * 37}, -4015),
        (STOP_MARKET, {"newOrderRespType": "FULL"}, -1136),
        (STOP_MARKET, {"timeInForce": "DAY"}, -1115),
        (STOP_MARKET, {"selfTradePreventionMode": "ALWAYS"}, -5039),
        (STOP_MARKET, {"priceMatch": "QUEUE"}, -5038),
        (STOP, {"price": None}, -1102),
        (STOP, {"price": "66000.05"}, -4014),
        (STOP, {"price": "90000"}, -4183),
        (STOP, {"side": "SELL", "triggerPrice": "64000", "price": "30000"}, -4184),
        (STOP_MARKET, {"workingType": ""}, -1105),
        (STOP, {"timeInForce": "GTD"}, -1102),
        (STOP, {"timeInForce": "GTD", "goodTillDate": NOW}, -5040),
        (TRAILING, {"callbackRate": None}, -1102),
        (TRAILING, {"callbackRate": "0.05"}, -1130),
        (TRAILING, {"callbackRate": "20.1"}, -1130),
        (TRAILING, {"callbackRate": "1.25"}, -1130),
        (TRAILING, {"activatePrice": "0"}, -4135),
        (CLOSE, {"quantity": "0.010"}, -4137),
        (CLOSE, {"reduceOnly": "true"}, -1106),
        (CLOSE, {"reduceOnly": "false"}, -4138),
        (CLOSE, {"type": "STOP", "price": "64000"}, -4136),
        (TRAILING, {"quantity": None, "closePosition": "true"}, -4136),
    ],
)
def test_an_order_that_cannot_be_is_refused(order: dict[str, Any], changes: dict[str, Any], code: int) -> None:
    assert refusal_of(order, **changes) == code


@pytest.mark.parametrize("order", [STOP_MARKET, STOP, TRAILING, CLOSE, CLOSE | {"quantity": "0"}])
def test_an_order_that_can_be_is_accepted(order: dict[str, Any]) -> None:
    assert send(Bench(), order)["algoStatus"] == "NEW"


def test_closing_a_position_is_reduce_only_and_good_till_it_is_gone() -> None:
    body = send(Bench(), CLOSE)

    assert (body["reduceOnly"], body["timeInForce"], body["quantity"]) == (True, "GTE_GTC", "0.000")


def test_an_order_without_a_limit_is_good_till_cancelled() -> None:
    assert send(Bench(), STOP_MARKET)["timeInForce"] == "GTC"
    assert send(Bench(), STOP, timeInForce="IOC")["timeInForce"] == "IOC"


def test_a_trigger_price_between_two_ticks_is_accepted_or_refused() -> None:
    assert send(Bench(), STOP_MARKET, triggerPrice="66000.05")["triggerPrice"] == "66000.05"
    assert refusal_of(STOP_MARKET, Bench(algo_off_tick="refused"), triggerPrice="66000.05") == -4014


def test_reduce_only_is_accepted_or_refused() -> None:
    assert send(Bench(), STOP_MARKET, reduceOnly="true")["reduceOnly"]
    assert refusal_of(STOP_MARKET, Bench(algo_reduce_only="refused"), reduceOnly="true") == -1106


def test_a_small_order_that_only_reduces_is_accepted() -> None:
    assert send(Bench(), STOP_MARKET, side="SELL", triggerPrice="100", quantity="0.001", reduceOnly="true")


def test_in_hedge_mode_only_what_closes_a_side_may_close_it_all() -> None:
    bench = Bench(AccountSpec(dual_side_position=True))

    assert refusal_of(CLOSE, bench) == -4061
    assert refusal_of(CLOSE, bench, positionSide="SHORT") == -4138
    assert send(bench, CLOSE, positionSide="LONG")["closePosition"]
