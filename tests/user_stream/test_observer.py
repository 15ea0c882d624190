"""The observer: told what happens in the catalogue's words, and harmless when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

import pytest

from user_stream.core.decode import decode_event
from user_stream.core.events import RawEvent
from user_stream.core.lifecycle import (
    AccountModeKnown,
    CallbackFailed,
    CallbackSlow,
    Connecting,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    GapUnprovable,
    LeaseAging,
    ListenKeyKept,
    Live,
    OrderLost,
    Stopped,
)
from user_stream.core.mapping import map_order_update
from user_stream.core.metrics import Metric
from user_stream.core.repair_report import RecoveredBalance, RecoveredPosition, RepairReport
from user_stream.errors import ConnectionLostError
from user_stream.observer import Metrics

KEY = "k" * 64
UPDATE = (
    b'{"e":"ORDER_TRADE_UPDATE","E":1000,"T":999,"o":{"s":"BTCUSDT","c":"a","S":"BUY","o":"LIMIT","f":"GTC","q":"1",'
    b'"p":"9","x":"TRADE","X":"FILLED","i":1,"l":"1","z":"1","L":"9","t":5}}'
)


class Recording:
    """Keeps sums, last values and lists of values, by metric and labels."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[Any, ...]] = Counter()
        self.gauges: dict[tuple[Any, ...], float] = {}
        self.observed: list[tuple[Any, ...]] = []

    def count(self, metric: Metric, amount: int = 1, /, **labels: str) -> None:
        self.counted[self._series(metric, labels)] += amount

    def gauge(self, metric: Metric, value: float, /, **labels: str) -> None:
        self.gauges[self._series(metric, labels)] = value

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        self.observed.append((*self._series(metric, labels), value))

    def _series(self, metric: Metric, labels: dict[str, str]) -> tuple[Any, ...]:
        assert tuple(labels) == metric.labels
        return (metric, *labels.values())


@pytest.fixture
def seen() -> Recording:
    return Recording()


@pytest.fixture
def metrics(seen: Recording) -> Metrics:
    return Metrics(seen, exchange_time_ms=lambda: 1250)


def test_event_is_counted_by_type_and_its_lag_measured_on_the_exchanges_clock(
    metrics: Metrics, seen: Recording
) -> None:
    metrics.frame()
    metrics.event(decode_event(UPDATE))
    metrics.event(decode_event(UPDATE), received_ms=1100)

    assert seen.counted == {(Metric.FRAMES,): 1, (Metric.EVENTS, "ORDER_TRADE_UPDATE"): 2}
    assert seen.observed == [(Metric.EVENT_LAG, 0.25), (Metric.EVENT_LAG, 0.1)]


def test_lag_is_never_negative_though_our_estimate_of_the_exchanges_clock_may_be_behind(
    metrics: Metrics, seen: Recording
) -> None:
    metrics.event(decode_event(UPDATE), received_ms=990)

    assert seen.observed == [(Metric.EVENT_LAG, 0.0)]


def test_unknown_event_is_counted_and_has_no_lag(metrics: Metrics, seen: Recording) -> None:
    metrics.event(RawEvent(event_type=KEY, payload={"E": 1}))

    assert seen.counted == {(Metric.EVENTS, "other"): 1, (Metric.UNKNOWN_EVENTS,): 1}
    assert seen.observed == []


def test_fill_that_rest_told_is_counted_as_recovered(metrics: Metrics, seen: Recording) -> None:
    update = map_order_update(decode_event(UPDATE))  # type: ignore[arg-type]  # it is one
    metrics.delivered(update)
    metrics.delivered(update | {"source": "rest", "redelivered": True})
    metrics.delivered(update | {"last_filled_qty": "0"})

    assert seen.counted == {
        (Metric.DELIVERIES, "stream"): 2,
        (Metric.DELIVERIES, "rest"): 1,
        (Metric.FILLS, "stream"): 1,
        (Metric.FILLS, "rest"): 1,
        (Metric.REDELIVERED,): 1,
    }


def test_one_state_holds_at_a_time(metrics: Metrics, seen: Recording) -> None:
    for state in (Connecting(1, 1), Degraded(1, KEY, 0.0), Live(1, proven=False)):
        metrics.notice(state)

    assert [series for series, value in seen.gauges.items() if value] == [(Metric.STATE, "live")]
    assert len(seen.gauges) == 5


def test_after_the_end_nothing_is_connected_and_nothing_waits(metrics: Metrics, seen: Recording) -> None:
    metrics.connections(2)
    metrics.waiting_frames(3)
    metrics.notice(Stopped(""))

    assert seen.gauges[Metric.CONNECTIONS,] == seen.gauges[Metric.QUEUE_DEPTH, "frames"] == 0


def test_gap_is_measured_once_and_stays_open_until_its_repair_is_confirmed(metrics: Metrics, seen: Recording) -> None:
    metrics.notice(GapOpened(1000, KEY))
    metrics.notice(GapRepaired(1000, 4000, provisional=True))
    assert seen.gauges[Metric.GAP_OPEN,] == 1
    metrics.notice(GapRepaired(1000, 44_000))
    assert seen.gauges[Metric.GAP_OPEN,] == 0
    metrics.notice(GapOpened(50_000, KEY))
    metrics.notice(GapRepaired(50_000, 51_000))

    assert seen.counted == {(Metric.GAPS,): 2}
    assert seen.observed == [(Metric.GAP_LENGTH, 3.0), (Metric.GAP_LENGTH, 1.0)]


def test_repair_is_counted_by_the_answers_that_told_it_when_it_is_confirmed(metrics: Metrics, seen: Recording) -> None:
    position = RecoveredPosition("BTCUSDT", "BOTH", "1")
    report = RepairReport(positions=(position,), balances=(RecoveredBalance("USDT", "1"), RecoveredBalance("BNB", "2")))
    metrics.notice(GapRepaired(1000, 4000, RepairReport(positions=(position,)), provisional=True))
    metrics.notice(GapRepaired(1000, 44_000, report))

    assert seen.counted == {(Metric.REPAIRS, "positionRisk"): 1, (Metric.REPAIRS, "balance"): 2}


def test_lease_age_starts_anew_with_each_keepalive(metrics: Metrics, seen: Recording) -> None:
    metrics.notice(LeaseAging(2700.0, 3600.0))
    assert seen.gauges == {(Metric.LEASE_AGE,): 2700}
    metrics.notice(ListenKeyKept(1))
    assert seen.gauges == {(Metric.LEASE_AGE,): 0}
    assert seen.counted == {(Metric.KEEPALIVES,): 1}


def test_free_text_never_becomes_a_label(metrics: Metrics, seen: Recording) -> None:
    metrics.connection_ended(ConnectionLostError(KEY, code=1000))
    for notice in (
        FrameRefused(KEY),
        OrderLost(KEY),
        GapUnprovable(1, 2, KEY),
        GapOpened(1, KEY),
        Degraded(1, KEY, 1.0),
        Stopped(KEY),
        CallbackFailed("on_fill", RuntimeError(KEY)),
        CallbackSlow("on_fill", 2.0),
    ):
        metrics.notice(notice)

    assert KEY not in str([*seen.counted, *seen.gauges, *seen.observed])
    assert seen.counted[Metric.CALLBACKS_SLOW, "on_fill"] == 1
    assert seen.counted[Metric.GAPS_UNPROVABLE, "other"] == 1


def test_callbacks_without_end_share_one_name(metrics: Metrics, seen: Recording) -> None:
    for number in range(1000):
        metrics.callback(f"callback {number}", 0.0, waiting=0)
    metrics.callback("callback 0", 0.0, waiting=0)

    names = [series[1] for series in seen.observed]
    assert len(set(names)) == 65
    assert (names[999], names[-1]) == ("other", "callback 0")


def test_notice_without_a_metric_is_passed_over(metrics: Metrics, seen: Recording) -> None:
    metrics.notice(AccountModeKnown(hedge=False, multi_assets=False))
    metrics.notice(decode_event(UPDATE))

    assert (seen.counted, seen.gauges, seen.observed) == ({}, {}, [])


def test_nothing_is_counted_when_nothing_happened(metrics: Metrics, seen: Recording) -> None:
    metrics.duplicate(0)
    metrics.stale(0)
    metrics.repaired("userTrades", 0)

    assert seen.counted == {}


class Broken:
    """Raises whatever it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.asked = 0

    def _fail(self, *_: object, **__: str) -> None:
        self.asked += 1
        raise self.error

    count = gauge = observe = _fail


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError()])
def test_observer_that_raises_harms_nobody_and_is_reported_once(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Broken(error)
    metrics = Metrics(broken)
    with caplog.at_level(logging.ERROR, logger="user_stream"):
        metrics.frame()
        metrics.delivery_latency(0.1)

    assert broken.asked == 2
    assert [record.message for record in caplog.records] == ["the observer failed; it will not be reported again"]
    assert caplog.records[0].__dict__["event"] == "observer_failed"


def test_without_an_observer_everything_can_be_told_and_the_clock_is_not_asked() -> None:
    metrics = Metrics(exchange_time_ms=lambda: pytest.fail("nobody wants to know"))

    metrics.frame()
    metrics.waiting_frames(1)
    metrics.event(decode_event(UPDATE))
    metrics.delivered(map_order_update(decode_event(UPDATE)))  # type: ignore[arg-type]  # it is one
    metrics.delivery_latency(1.0)
    metrics.callback("on_fill", 1.0, waiting=1)
    metrics.connection_ended(ConnectionLostError("x"))
    metrics.notice(Live(1, proven=True))
    metrics.connections(1)
