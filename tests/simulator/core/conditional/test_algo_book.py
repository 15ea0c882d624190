"""What conditional orders wait for, what they send, and how they end."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, VenueError
from tests.simulator.core.conditional_orders import TRIGGER_MS, Bench

CLOSES = {"closePosition": "true"}
FILL = ["TRADE_LITE", "order a NEW NEW", "ACCOUNT_UPDATE", "order a TRADE FILLED"]


def with_stop(**profile: object) -> Bench:
    bench = Bench(**profile)
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000")
    bench.said()
    return bench


def refusal_of(bench: Bench, algo_type: str, side: str, name: str, **terms: object) -> int:
    with pytest.raises(VenueError) as refused:
        bench.place(algo_type, side, name, **terms)
    return refused.value.code


def test_a_stop_triggers_in_the_captured_sequence() -> None:
    bench = with_stop()

    bench.move("66000")
    assert bench.said() == ["a TRIGGERING", *FILL]
    bench.wait(TRIGGER_MS - 1)
    assert bench.said() == []
    bench.wait(1)
    assert bench.said() == ["a TRIGGERED", "a FINISHED"]


def test_the_venue_knows_when_it_has_to_say_triggered() -> None:
    bench = with_stop()
    assert bench.venue.next_deadline_ms() is None

    bench.move("66000")

    assert bench.venue.next_deadline_ms() == bench.now_ms + TRIGGER_MS
    bench.wait()
    assert bench.venue.next_deadline_ms() is None


def test_the_child_may_fill_after_triggered() -> None:
    bench = with_stop(algo_child="after_triggered")

    bench.move("66000")
    bench.wait()

    assert bench.said() == ["a TRIGGERING", "a TRIGGERED", *FILL, "a FINISHED"]


def test_all_may_be_told_at_once() -> None:
    bench = with_stop(algo_trigger_ms=0)

    bench.move("66000")

    assert bench.said() == ["a TRIGGERING", *FILL, "a TRIGGERED", "a FINISHED"]


def test_nothing_follows_twice() -> None:
    bench = with_stop()
    bench.move("66000")
    bench.said()

    bench.tell([])
    bench.wait()
    bench.tell([])
    bench.wait(1)

    assert bench.said() == ["a TRIGGERED", "a FINISHED"]


def test_triggered_has_zeros_and_finished_what_the_child_came_to() -> None:
    bench = with_stop()
    bench.move("66010")
    triggering = bench.fields("TRIGGERING")
    bench.wait()
    triggered, finished = bench.fields("TRIGGERED"), bench.fields("FINISHED")
    child = bench.ask("GET order", symbol="BTCUSDT", origClientOrderId="a")

    assert triggering["ai"] == ""
    assert (triggered["ai"], triggered["ap"], triggered["aq"]) == (str(child["orderId"]), "0", "0")
    assert (finished["ai"], finished["ap"], finished["aq"]) == (str(child["orderId"]), "66010", "0.01")
    assert triggering["tt"] == triggered["tt"] == finished["tt"] == bench.now_ms - TRIGGER_MS


def test_triggered_may_name_no_child() -> None:
    bench = with_stop(algo_triggered="without_child_id")
    bench.move("66000")
    bench.wait()

    assert (bench.fields("TRIGGERED")["ai"], bench.fields("FINISHED")["ai"] != "") == ("", True)


@pytest.mark.parametrize(("profile", "same"), [("same", True), ("generated", False)])
def test_the_childs_client_order_id_is_its_parents_or_the_exchanges(profile: str, *, same: bool) -> None:
    bench = with_stop(algo_child_id=profile)
    bench.move("66000")

    (child,) = bench.ask("GET allOrders", symbol="BTCUSDT")

    assert (child["clientOrderId"] == "a") == same


@pytest.mark.parametrize(("profile", "original"), [("child", "MARKET"), ("algo", "STOP_MARKET")])
def test_the_childs_original_type_is_its_own_or_its_parents(profile: str, original: str) -> None:
    bench = with_stop(algo_child_original_type=profile)
    bench.move("66000")

    (child,) = bench.ask("GET allOrders", symbol="BTCUSDT")
    frame = next(event.body["o"] for event in bench.told if event.name == "ORDER_TRADE_UPDATE")

    assert (child["type"], child["origType"], frame["ot"]) == ("MARKET", original, original)


def test_an_order_with_a_limit_is_finished_when_its_child_is() -> None:
    bench = Bench()
    bench.place("STOP", "BUY", triggerPrice="66000", price="65900")
    bench.said()

    bench.move("66000")
    bench.wait()
    assert bench.said() == ["a TRIGGERING", "order a NEW NEW", "a TRIGGERED"]
    bench.move("65900")
    assert bench.said()[-2:] == ["order a TRADE FILLED", "a FINISHED"]


def test_a_child_that_is_cancelled_finishes_its_parent_with_nothing_executed() -> None:
    bench = Bench()
    bench.place("STOP", "BUY", triggerPrice="66000", price="65900")
    bench.move("66000")
    bench.wait()

    bench.ask("DELETE order", symbol="BTCUSDT", origClientOrderId="a")

    finished = bench.fields("FINISHED")
    assert (finished["aq"], finished["ap"], finished["act"]) == ("0", "0", "LIMIT")


def test_a_child_that_is_refused_rejects_its_parent_and_says_why() -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", reduceOnly="true")
    bench.said()

    bench.move("64000")

    assert bench.fields("REJECTED")["rm"] == "ReduceOnly Order is rejected."
    assert bench.said() == ["a TRIGGERING", "a REJECTED"]
    bench.wait()
    assert bench.said() == []


def test_a_child_that_is_refused_after_the_delay_is_never_triggered() -> None:
    bench = Bench(algo_child="after_triggered")
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", reduceOnly="true")
    bench.said()

    bench.move("64000")
    bench.wait()

    assert bench.said() == ["a TRIGGERING", "a REJECTED"]


def test_margin_is_asked_for_at_the_trigger_and_not_before() -> None:
    bench = Bench(AccountSpec(balance="10"))
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000", quantity="1")

    bench.move("66000")

    assert bench.fields("REJECTED")["rm"] == "Margin is insufficient."


def test_a_trailing_stop_says_new_again_when_it_is_activated() -> None:
    bench = Bench()
    bench.position()
    bench.place("TRAILING_STOP_MARKET", "SELL", activatePrice="66000", callbackRate="1", reduceOnly="true")
    bench.move("65990")
    bench.move("64000")
    assert [event.body["o"]["ia"] for event in bench.told] == [False]

    bench.move("66000")
    bench.move("67000")
    assert [event.body["o"]["ia"] for event in bench.told] == [False, True]

    bench.said()
    bench.move("66330")
    bench.wait()
    assert bench.said() == ["a TRIGGERING", *FILL, "a TRIGGERED", "a FINISHED"]


def test_a_trailing_stop_without_activation_price_is_new_once() -> None:
    bench = Bench()
    bench.position()
    bench.place("TRAILING_STOP_MARKET", "SELL", callbackRate="1", reduceOnly="true")

    assert [event.body["o"]["ia"] for event in bench.told] == [True]


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED"])
def test_what_closes_a_position_ends_with_it(status: str) -> None:
    bench = Bench(algo_position_closed=status)
    bench.position()
    bench.place("STOP_MARKET", "SELL", "sl", triggerPrice="64000", **CLOSES)
    bench.place("TAKE_PROFIT_MARKET", "SELL", "tp", triggerPrice="66000", **CLOSES)
    bench.said()

    bench.move("64000")
    assert bench.said()[-2:] == ["order sl TRADE FILLED", f"tp {status}"]
    bench.wait()
    assert bench.said() == ["sl TRIGGERED", "sl FINISHED"]


def test_a_close_takes_the_whole_position_as_it_is_at_the_trigger() -> None:
    bench = Bench()
    bench.position("0.010")
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", **CLOSES)
    bench.position("0.020")

    bench.move("64000")
    bench.wait()

    assert bench.fields("FINISHED")["aq"] == "0.03"
    assert bench.venue.exchange.accounts["default"].position("BTCUSDT", "BOTH").amount == 0


def test_a_close_ends_when_its_position_is_closed_by_hand_or_flipped() -> None:
    for quantity in ("0.010", "0.030"):
        bench = Bench()
        bench.position("0.010")
        bench.place("STOP_MARKET", "SELL", triggerPrice="64000", **CLOSES)

        bench.ask("POST order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity=quantity)

        assert bench.said()[-1] == "a CANCELED"


def test_a_close_that_came_before_its_position_waits_for_it() -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", **CLOSES)
    assert bench.status() == "NEW"

    bench.position()
    assert bench.status() == "NEW"
    bench.ask("POST order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.010")

    assert bench.status() == "CANCELED"


def test_an_order_of_a_fixed_quantity_outlives_the_position() -> None:
    bench = Bench()
    bench.position()
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", reduceOnly="true")

    bench.ask("POST order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.010")

    assert bench.status() == "NEW"


def test_hedge_mode_closes_the_side_that_was_named() -> None:
    bench = Bench(AccountSpec(dual_side_position=True))
    bench.position(positionSide="LONG")
    bench.position(side="SELL", positionSide="SHORT")
    bench.place("STOP_MARKET", "SELL", triggerPrice="64000", positionSide="LONG", **CLOSES)

    bench.move("64000")

    account = bench.venue.exchange.accounts["default"]
    assert account.position("BTCUSDT", "LONG").amount == 0
    assert account.position("BTCUSDT", "SHORT").amount != 0


def test_a_date_ends_an_order_that_still_waits() -> None:
    bench = Bench()
    date = bench.now_ms + 3_600_000
    bench.place("STOP", "BUY", triggerPrice="66000", price="66000", timeInForce="GTD", goodTillDate=date)
    assert bench.venue.next_deadline_ms() == date

    bench.wait(3_599_999)
    assert bench.status() == "NEW"
    bench.wait(1)
    assert bench.status() == "EXPIRED"


def test_the_next_order_sees_what_the_one_before_it_did() -> None:
    bench = Bench()
    bench.position()
    for name in ("a", "b"):
        bench.place("STOP_MARKET", "SELL", name, triggerPrice="64000", reduceOnly="true")
    bench.said()

    bench.move("63000")

    assert bench.said() == ["a TRIGGERING", *FILL, "b TRIGGERING", "b REJECTED"]


def test_a_second_order_of_the_same_kind_may_not_close_the_same_position() -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "SELL", "sl", triggerPrice="64000", **CLOSES)

    assert refusal_of(bench, "STOP_MARKET", "SELL", "b", triggerPrice="63000", **CLOSES) == -4130
    bench.place("TAKE_PROFIT_MARKET", "SELL", "tp", triggerPrice="66000", **CLOSES)
    bench.place("STOP_MARKET", "BUY", "c", triggerPrice="66000", **CLOSES)
    bench.ask("DELETE algoOrder", clientAlgoId="sl")
    bench.place("STOP_MARKET", "SELL", "sl", triggerPrice="63000", **CLOSES)


def test_an_id_is_free_again_when_its_order_waits_no_more() -> None:
    bench = with_stop()

    assert refusal_of(bench, "STOP_MARKET", "BUY", "a", triggerPrice="67000") == -4116
    bench.ask("DELETE algoOrder", clientAlgoId="a")
    bench.place("STOP_MARKET", "BUY", "a", triggerPrice="67000")


def test_an_account_has_at_most_200_that_wait() -> None:
    bench = Bench()
    for number in range(200):
        bench.place("STOP_MARKET", "BUY", f"n{number}", triggerPrice="66000")

    assert refusal_of(bench, "STOP_MARKET", "BUY", "more", triggerPrice="66000") == -4045


@pytest.mark.parametrize(("profile", "code"), [({}, -2021), ({"algo_immediate_trigger": -4142}, -4142)])
def test_what_would_trigger_at_once_is_refused(profile: dict[str, object], code: int) -> None:
    bench = Bench(**profile)

    assert refusal_of(bench, "STOP_MARKET", "BUY", "a", triggerPrice="65000") == code
    assert refusal_of(bench, "TAKE_PROFIT_MARKET", "BUY", "a", triggerPrice="65000") == code
    assert refusal_of(bench, "TRAILING_STOP_MARKET", "SELL", "a", activatePrice="65000", callbackRate="1") == code
    assert bench.venue.algos.orders("default") == []


def test_an_order_is_remembered_as_it_was() -> None:
    bench = with_stop()
    bench.wait(100)
    bench.move("66000")
    bench.wait()
    then = bench.now_ms - TRIGGER_MS

    assert [algo.status for algo in bench.venue.algos.orders("default", then - 1)] == ["NEW"]
    assert [algo.status for algo in bench.venue.algos.orders("default", then)] == ["TRIGGERING"]
    assert bench.venue.algos.orders("default", bench.now_ms - 1000) == []
    assert [algo.status for algo in bench.venue.algos.orders("default")] == ["FINISHED"]
