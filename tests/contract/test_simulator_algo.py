"""Every answer and frame about conditional orders has Binance's keys and types, and captured ones their digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile, perpetual
from simulator.core.rest.endpoints import ROUTES
from simulator.core.streams.stream_events import user_events
from simulator.core.venue import Call, Venue
from tests.contract.shape import fixture, shape, without
from tests.simulator.core.conditional_orders import Bench

ACTIVATION = "ia"
"""Since 2026-08; captures before it lack the key."""


def with_orders() -> Bench:
    """Return a venue with a take-profit that waits, and one that was cancelled."""
    bench = Bench()
    bench.position()
    for name in ("gone", "open"):
        bench.place("TAKE_PROFIT", "SELL", name, triggerPrice="67000", price="67000")
    bench.ask("DELETE algoOrder", clientAlgoId="gone")
    return bench


TAKE_PROFIT = {
    "algoType": "CONDITIONAL",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "TAKE_PROFIT",
    "quantity": "0.010",
    "triggerPrice": "67000",
    "price": "67000",
}


@pytest.mark.parametrize(
    ("request_line", "params", "sample"),
    [
        ("POST algoOrder", TAKE_PROFIT, "new_algo_order"),
        ("DELETE algoOrder", {"clientAlgoId": "open"}, "cancel_algo_order"),
        ("GET algoOrder", {"clientAlgoId": "gone"}, "query_algo_order"),
        ("GET openAlgoOrders", {}, "current_all_algo_open_orders"),
        ("GET allAlgoOrders", {"symbol": "BTCUSDT"}, "query_all_algo_orders"),
        ("DELETE algoOpenOrders", {"symbol": "BTCUSDT"}, "cancel_all_algo_open_orders"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_has_the_shape_of_its_sample(request_line: str, params: dict[str, str], sample: str) -> None:
    assert shape(with_orders().ask(request_line, **params)) == shape(fixture(f"rest/{sample}.json"))


@pytest.mark.parametrize(
    ("request_line", "sample"), [("POST algoOrder", "new_algo_order"), ("GET algoOrder", "query_algo_order")]
)
def test_an_answer_has_its_keys_whatever_the_type_and_the_status(request_line: str, sample: str) -> None:
    keys = fixture(f"rest/{sample}.json").keys()
    bench = with_orders()
    placed = [
        bench.place("TRAILING_STOP_MARKET", "SELL", "t", activatePrice="66000", callbackRate="1.5"),
        bench.place("STOP_MARKET", "SELL", "s", triggerPrice="64000", closePosition="true"),
    ]
    bench.move("63000")
    bench.wait()

    bodies = placed if request_line == "POST algoOrder" else [bench.ask(request_line, clientAlgoId="s")]

    assert all(body.keys() == keys for body in bodies)
    assert (placed[0]["activatePrice"], placed[0]["callbackRate"]) == ("66000.00", "1.5")


def test_cancelling_all_says_so_word_for_word() -> None:
    body = with_orders().ask("DELETE algoOpenOrders", symbol="BTCUSDT")

    assert body == fixture("rest/cancel_all_algo_open_orders.json")


def dogecoin() -> list[dict[str, Any]]:
    """Return what was captured live on 2025-12-11: a stop to buy 38 DOGE, triggered at 0.13855, filled at 0.13856."""
    now_ms = 1_765_431_097_019
    venue = Venue(
        accounts=(AccountSpec(),),
        symbols=(perpetual("DOGEUSDT", "0.13800", "0.00001", "1"),),
        profile=Profile(),
        listen_key_lifetime_ms=1,
        seed=0,
    )
    stop = {"algoType": "CONDITIONAL", "symbol": "DOGEUSDT", "side": "BUY", "type": "STOP_MARKET"}
    terms = {"quantity": "38", "triggerPrice": "0.13855", "clientAlgoId": "O-20251211-053131-TEST-000-1"}
    ROUTES["POST", "/fapi/v1/algoOrder"].endpoint(venue, Call(stop | terms, "default", now_ms))
    facts = venue.follow(venue.exchange.set_price("DOGEUSDT", Decimal("0.13856"), now_ms), now_ms)
    facts += venue.advance(now_ms + venue.profile.algo_trigger_ms)
    return [event.body for event in user_events(facts, venue.exchange.symbols, venue.profile)]


def test_the_captured_trigger_is_told_digit_by_digit() -> None:
    captured = fixture("events/sequence_algo_stop_market_trigger_live.json")
    mine = ("aid", "ai", ACTIVATION)

    told = [frame for frame in dogecoin() if frame["e"] == "ALGO_UPDATE"]

    assert [without(frame["o"], *mine) for frame in told] == [without(frame["o"], *mine) for frame in captured]
    assert [list(without(frame["o"], ACTIVATION)) for frame in told] == [list(frame["o"]) for frame in captured]
    assert [shape(without(frame, ACTIVATION)) for frame in told] == [shape(frame) for frame in captured]
    assert told[0]["T"] == captured[0]["T"]
    assert told[1]["T"] == captured[1]["T"]


def test_the_child_of_the_captured_trigger_comes_before_triggered() -> None:
    told = [(frame["e"], frame.get("o", {}).get("X", "")) for frame in dogecoin()]

    assert told == [
        ("ALGO_UPDATE", "TRIGGERING"),
        ("TRADE_LITE", ""),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ACCOUNT_UPDATE", ""),
        ("ORDER_TRADE_UPDATE", "FILLED"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ALGO_UPDATE", "FINISHED"),
    ]


def test_the_measured_order_that_closes_a_position_is_told_digit_by_digit() -> None:
    measured = fixture("events/algo_update_new_closeposition_testnet.json")
    bench = Bench()
    bench.move("76000")
    bench.position()
    terms = {"closePosition": "true", "priceProtect": "true", "workingType": "MARK_PRICE"}
    bench.place("STOP_MARKET", "SELL", "sl-0001", triggerPrice="74960.75", **terms)

    (sent,) = [event.body for event in bench.told]

    assert without(sent["o"], "aid") == without(measured["o"], "aid")
    assert list(sent["o"]) == list(measured["o"])
    assert shape(sent) == shape(measured)


def test_an_order_that_the_exchange_cancels_has_the_shape_of_the_documented_one() -> None:
    documented = fixture("events/algo_update_docs_canceled.json")
    bench = with_orders()
    (waiting,) = bench.venue.algos.waiting("default")
    bench.told.clear()

    bench.tell([bench.venue.algos.end(waiting, "CANCELED", documented["o"]["rm"], bench.now_ms)])

    (sent,) = [event.body for event in bench.told]
    assert shape(sent) == shape(documented)
    assert list(sent["o"]) == list(documented["o"])
    changed = ("caid", "aid", "s", "tp", "p")
    assert without(sent["o"], *changed) == without(documented["o"], *changed)


def test_only_what_the_exchange_ended_says_why() -> None:
    bench = with_orders()

    bench.ask("DELETE algoOrder", clientAlgoId="open")

    assert "rm" not in bench.fields("CANCELED")


def test_an_order_that_was_amended_has_the_shape_of_its_sample_with_and_without_an_id() -> None:
    sample = fixture("events/order_trade_update_amendment.json")
    bench = Bench()
    order = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010", "price": "64000"}
    bench.ask("POST order", type="LIMIT", timeInForce="GTC", newClientOrderId="mine", **order)
    for changes in ({"price": "64100", "modifyId": "44444"}, {"price": "64200"}):
        bench.told.clear()
        bench.ask("PUT order", origClientOrderId="mine", **(order | changes))
        (sent,) = [event.body for event in bench.told]

        assert shape(sent) == shape(sample if "modifyId" in changes else without(sample, "M"))
