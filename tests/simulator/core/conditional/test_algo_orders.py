"""At which price a conditional order triggers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.conditional.algo_orders import AlgoOrder, AlgoTerms, activated, followed, is_met, would_trigger


def terms(algo_type: str, side: str, **more: str) -> AlgoTerms:
    amounts = {name: Decimal(value) for name, value in more.items()}
    return AlgoTerms(symbol="BTCUSDT", side=side, type=algo_type, **amounts)  # type: ignore[arg-type]  # Decimals alone


def an_order(wanted: AlgoTerms, best_price: str = "0") -> AlgoOrder:
    return AlgoOrder(
        account="default",
        algo_id=1,
        client_algo_id="a",
        terms=wanted,
        created_ms=0,
        update_ms=0,
        best_price=Decimal(best_price),
    )


@pytest.mark.parametrize(
    ("algo_type", "side", "meeting", "missing"),
    [
        ("STOP", "BUY", "100", "99"),
        ("STOP_MARKET", "BUY", "101", "99"),
        ("STOP_MARKET", "SELL", "100", "101"),
        ("TAKE_PROFIT", "SELL", "100", "99"),
        ("TAKE_PROFIT_MARKET", "SELL", "101", "99"),
        ("TAKE_PROFIT_MARKET", "BUY", "100", "101"),
    ],
)
def test_stops_follow_the_price_and_take_profits_meet_it(algo_type: str, side: str, meeting: str, missing: str) -> None:
    wanted = terms(algo_type, side, trigger_price="100")

    assert is_met(an_order(wanted), Decimal(meeting))
    assert would_trigger(wanted, Decimal(meeting))
    assert not is_met(an_order(wanted), Decimal(missing))
    assert not would_trigger(wanted, Decimal(missing))


@pytest.mark.parametrize(("side", "activating", "too_early"), [("SELL", "110", "109"), ("BUY", "110", "111")])
def test_a_trailing_stop_is_activated_by_its_activation_price(side: str, activating: str, too_early: str) -> None:
    wanted = terms("TRAILING_STOP_MARKET", side, activation_price="110", callback_rate="1")

    assert activated(an_order(wanted), Decimal(activating))
    assert would_trigger(wanted, Decimal(activating))
    assert not activated(an_order(wanted), Decimal(too_early))
    assert not would_trigger(wanted, Decimal(too_early))


def test_a_trailing_stop_without_activation_price_is_active_at_once() -> None:
    wanted = terms("TRAILING_STOP_MARKET", "SELL", callback_rate="1")

    assert activated(an_order(wanted), Decimal(1))
    assert not would_trigger(wanted, Decimal(1))
    assert not activated(an_order(wanted, "100"), Decimal(1))


@pytest.mark.parametrize(
    ("side", "better", "best", "meeting", "missing"),
    [("SELL", "120", "120", "118.8", "118.9"), ("BUY", "80", "80", "80.8", "80.7")],
)
def test_an_active_trailing_stop_is_met_when_the_price_comes_back_from_the_best(
    side: str, better: str, best: str, meeting: str, missing: str
) -> None:
    wanted = terms("TRAILING_STOP_MARKET", side, callback_rate="1")

    order = followed(followed(an_order(wanted, "100"), Decimal(better)), Decimal(100))

    assert order.best_price == Decimal(best)
    assert is_met(order, Decimal(meeting))
    assert not is_met(order, Decimal(missing))


def test_a_trailing_stop_that_is_not_active_follows_nothing_and_is_never_met() -> None:
    order = an_order(terms("TRAILING_STOP_MARKET", "SELL", activation_price="110", callback_rate="1"))

    assert followed(order, Decimal(105)) is order
    assert not is_met(order, Decimal(1))
