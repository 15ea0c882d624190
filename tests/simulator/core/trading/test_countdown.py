"""The dead man's switch."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, VenueError
from tests.simulator.core.conditional_orders import Bench

SELL = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}


def resting(bench: Bench, name: str, symbol: str = "BTCUSDT", price: str = "66000") -> None:
    bench.ask("POST order", **(SELL | {"symbol": symbol, "price": price, "newClientOrderId": name}))
    bench.told.clear()


def arm(bench: Bench, countdown_ms: object, symbol: str = "BTCUSDT") -> object:
    return bench.ask("POST countdownCancelAll", symbol=symbol, countdownTime=countdown_ms)


def test_orders_of_the_symbol_are_cancelled_when_the_countdown_has_run_down() -> None:
    bench = Bench()
    resting(bench, "a")
    resting(bench, "b", "ETHUSDT", "3600")
    assert arm(bench, 5000) == {"symbol": "BTCUSDT", "countdownTime": "5000"}
    assert bench.venue.next_deadline_ms() == bench.now_ms + 5000

    bench.wait(4999)
    assert bench.said() == []
    bench.wait(1)

    assert bench.said() == ["order a CANCELED CANCELED"]
    assert bench.venue.countdowns.next_deadline_ms() is None


def test_a_countdown_that_is_sent_again_begins_anew() -> None:
    bench = Bench()
    resting(bench, "a")
    arm(bench, 5000)
    bench.wait(4000)
    arm(bench, 5000)
    bench.wait(4000)

    assert bench.said() == []
    bench.wait(1000)
    assert bench.said() == ["order a CANCELED CANCELED"]


def test_zero_stops_it_and_it_does_not_start_again_by_itself() -> None:
    bench = Bench()
    arm(bench, 5000)
    arm(bench, 0)
    resting(bench, "a")
    bench.wait(10_000)
    arm(bench, 1000)
    bench.wait(1000)
    bench.said()
    resting(bench, "b")
    bench.wait(10_000)

    assert bench.said() == []


@pytest.mark.parametrize(("cancels", "left"), [("orders", "NEW"), ("orders_and_algo_orders", "CANCELED")])
def test_whether_it_takes_conditional_orders_with_it_is_a_switch(cancels: str, left: str) -> None:
    """U18 of the protocol's open questions."""
    bench = Bench(cancel_all=cancels)
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000")
    arm(bench, 1000)
    bench.wait(1000)

    assert bench.status() == left


def test_countdowns_of_accounts_are_their_own() -> None:
    bench = Bench(AccountSpec(), AccountSpec(name="other", api_key="o" * 64))
    resting(bench, "a")
    bench.venue.countdowns.start("other", "BTCUSDT", bench.now_ms + 10)
    bench.wait(10)

    assert bench.said() == []


@pytest.mark.parametrize(("sent", "code"), [("", -1102), ("soon", -1102), ("-1", -1130)])
def test_a_countdown_that_is_none_is_refused(sent: str, code: int) -> None:
    with pytest.raises(VenueError) as refused:
        arm(Bench(), sent)

    assert refused.value.code == code
