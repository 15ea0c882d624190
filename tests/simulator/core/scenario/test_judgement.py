"""An expectation is met, unmet or broken, and says in words what was seen instead."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.scenario.expectation import (
    AlgoOrderIs,
    BalanceIs,
    ConnectionsOpen,
    EventsSent,
    Expectation,
    OrderIs,
    PositionIs,
    RequestsSeen,
)
from simulator.core.scenario.judgement import Finding, OrderTruth, PositionTruth, Standing, Truth, Watch

FIRST = OrderTruth("default", "BTCUSDT", 1, "cli-1", "FILLED", Decimal("0.30"), Decimal(65000))
SECOND = OrderTruth("default", "ETHUSDT", 2, "cli-2", "NEW", Decimal(0), Decimal(0))
STOP = OrderTruth("default", "BTCUSDT", 10, "stop-1", "FINISHED", Decimal("0.3"), Decimal(64000), is_conditional=True)
TRUTH = Truth(
    default_account="default",
    orders=(FIRST, SECOND, STOP),
    positions=(PositionTruth("default", "BTCUSDT", "BOTH", Decimal("0.3"), Decimal(65000)),),
    balances={("default", "USDT"): Decimal("9990.00")},
    connections=1,
)


def judge(expectation: Expectation, *, counted: int = 0, truth: Truth = TRUTH) -> Finding:
    watch = Watch(expectation)
    watch.begin(0)
    watch.counted = counted
    return watch.judge(truth, truth.orders, 0)


@pytest.mark.parametrize(
    "expectation",
    [
        OrderIs(status="FILLED", executed_quantity="0.3", average_price="65000.0"),
        OrderIs(order="cli-2", status="NEW"),
        OrderIs(order="2", status="NEW"),
        OrderIs(order="cli-*", nth=2, status="NEW"),
        OrderIs(nth=2, executed_quantity="0"),
        OrderIs(symbol="ETHUSDT", status="NEW"),
        AlgoOrderIs(status="FINISHED", executed_quantity="0.3", average_price="64000"),
        AlgoOrderIs(order="stop-*", symbol="BTCUSDT", status="FINISHED"),
        PositionIs(symbol="BTCUSDT", amount="0.30", entry_price="65000"),
        PositionIs(symbol="ETHUSDT", amount="0"),
        BalanceIs(asset="USDT", wallet_balance="9990"),
        BalanceIs(asset="BTC", wallet_balance="0"),
        ConnectionsOpen(count=1),
        ConnectionsOpen(),
    ],
)
def test_what_is_so_is_met(expectation: Expectation) -> None:
    assert judge(expectation).standing is Standing.MET


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (
            OrderIs(status="CANCELED", executed_quantity="0.1"),
            "expected order number 1 to be CANCELED, executed 0.1, saw FILLED, executed 0.30 at 65000 (order cli-1)",
        ),
        (
            OrderIs(order="cli-1", average_price="64000"),
            "expected order cli-1 to be average price 64000, saw FILLED, executed 0.30 at 65000 (order cli-1)",
        ),
        (OrderIs(nth=3, status="NEW"), "expected order number 3 to be NEW, saw no such order; placed: cli-1, cli-2"),
        (
            OrderIs(account="other", status="NEW"),
            "expected order number 1 to be NEW, saw no such order; placed: cli-1, cli-2",
        ),
        (
            AlgoOrderIs(order="stop-1", status="NEW"),
            "expected conditional order stop-1 to be NEW, saw FINISHED, executed 0.3 at 64000 (order stop-1)",
        ),
        (
            AlgoOrderIs(nth=2, status="NEW"),
            "expected conditional order number 2 to be NEW, saw no such order; placed: stop-1",
        ),
        (PositionIs(symbol="BTCUSDT", amount="0.2"), "expected BTCUSDT position 0.2, saw 0.3 at 65000"),
        (
            PositionIs(symbol="BTCUSDT", amount="0.3", entry_price="1"),
            "expected BTCUSDT position 0.3 at 1, saw 0.3 at 65000",
        ),
        (
            PositionIs(symbol="BTCUSDT", amount="0.3", position_side="LONG"),
            "expected BTCUSDT position 0.3, saw 0 at 0",
        ),
        (BalanceIs(asset="USDT", wallet_balance="1"), "expected USDT wallet balance 1, saw 9990.00"),
        (ConnectionsOpen(count=0), "expected 0 connections open, saw 1"),
        (ConnectionsOpen(at_least=2, at_most=3), "expected at least 2 and at most 3 connections open, saw 1"),
    ],
)
def test_what_is_otherwise_is_unmet_and_says_what_was_seen(expectation: Expectation, words: str) -> None:
    assert judge(expectation) == Finding(Standing.UNMET, words)


def test_an_order_of_before_the_run_is_known_only_by_its_name() -> None:
    watch = Watch(OrderIs(status="FILLED"))
    watch.begin(0)

    assert watch.judge(TRUTH, (), 0).words.endswith("saw no such order; placed: none")


@pytest.mark.parametrize(
    ("expectation", "counted", "standing"),
    [
        (RequestsSeen("POST /x"), 0, Standing.UNMET),
        (RequestsSeen("POST /x"), 3, Standing.MET),
        (RequestsSeen("POST /x", count=2), 1, Standing.UNMET),
        (RequestsSeen("POST /x", count=2), 2, Standing.MET),
        (RequestsSeen("POST /x", count=2), 3, Standing.BROKEN),
        (RequestsSeen("POST /x", count=0), 0, Standing.MET),
        (EventsSent("TRADE_LITE", at_least=2), 1, Standing.UNMET),
        (EventsSent("TRADE_LITE", at_least=2), 2, Standing.MET),
        (EventsSent("TRADE_LITE", at_most=1), 0, Standing.MET),
        (EventsSent("TRADE_LITE", at_most=1), 2, Standing.BROKEN),
    ],
)
def test_a_count_can_be_exceeded_for_good(expectation: Expectation, counted: int, standing: Standing) -> None:
    assert judge(expectation, counted=counted).standing is standing


def test_a_count_says_what_was_counted() -> None:
    assert judge(RequestsSeen("POST /x", count=1), counted=2).words == "expected 1 requests POST /x, saw 2"
    assert judge(EventsSent("TRADE_LITE")).words == "expected at least 1 events TRADE_LITE, saw 0"


def test_connections_beyond_the_count_may_close_again() -> None:
    assert judge(ConnectionsOpen(at_most=0)).standing is Standing.UNMET


def test_what_first_holds_in_time_may_hold_again_later() -> None:
    watch = Watch(ConnectionsOpen(count=1, within="5s"))
    watch.begin(1_000)
    gone = Truth(default_account="default", orders=(), positions=(), balances={}, connections=0)

    assert watch.deadline_ms == 6_000
    assert watch.judge(TRUTH, (), 6_000).standing is Standing.MET
    assert watch.deadline_ms is None
    assert watch.judge(gone, (), 7_000).standing is Standing.UNMET
    assert watch.judge(TRUTH, (), 8_000).standing is Standing.MET


def test_what_holds_too_late_is_broken() -> None:
    watch = Watch(ConnectionsOpen(count=1, within="5s"))
    watch.begin(1_000)

    assert watch.judge(TRUTH, (), 6_001) == Finding(
        Standing.BROKEN, "not within 5s: expected 1 connections open, saw 1"
    )


def test_what_is_expected_since_a_step_is_unmet_before_it() -> None:
    watch = Watch(ConnectionsOpen(count=1, since="cut"))

    assert watch.deadline_ms is None
    assert watch.judge(TRUTH, (), 0) == Finding(Standing.UNMET, 'its step "cut" was not done')
