"""The alarm of a position whose only live stop ended without a fill, decided when everything was heard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.user_stream.core.algo_facts import ALGO, told_by_algo
from tests.user_stream.core.order_facts import told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.lifecycle import PositionUnprotected
from user_stream.core.positions import PositionKey
from user_stream.core.protection import Protection

LONG = {("BTCUSDT", "BOTH"): Decimal(1)}
SHORT = {("BTCUSDT", "BOTH"): Decimal(-1)}
FLAT: dict[PositionKey, Decimal] = {}


def stop(status: str, **fields: Any) -> MappedOrderUpdate:
    """A delivery of a stop that sells."""
    return told_by_algo(status, **{"kind": "STOP_MARKET", "side": "SELL", **fields})


def child(status: str, **fields: Any) -> MappedOrderUpdate:
    """A delivery of the order that the stop became."""
    return {**told_by_stream(status, **fields), "side": "SELL", "algo_id": ALGO, "algo_status": "TRIGGERED"}


def watching(*updates: MappedOrderUpdate) -> Protection:
    protection = Protection()
    for update in updates:
        protection.watch(update)
    return protection


@pytest.mark.parametrize("end", ["CANCELED", "EXPIRED", "REJECTED"])
@pytest.mark.parametrize("kind", ["STOP", "STOP_MARKET", "TRAILING_STOP_MARKET"])
def test_only_live_stop_that_ends_leaves_the_position_unprotected(kind: str, end: str) -> None:
    protection = watching(stop("NEW", kind=kind), stop(end, kind=kind))

    assert protection.in_doubt
    assert protection.alarms(LONG) == [PositionUnprotected("BTCUSDT", "BOTH", ALGO, end)]
    assert (protection.in_doubt, protection.alarms(LONG)) == (False, [])


def test_position_that_was_closed_meanwhile_needs_no_stop() -> None:
    assert watching(stop("NEW"), stop("EXPIRED")).alarms(FLAT) == []


def test_position_that_turned_round_was_not_protected_by_it() -> None:
    assert watching(stop("NEW"), stop("CANCELED")).alarms(SHORT) == []
    assert len(watching(stop("NEW", side="BUY"), stop("CANCELED", side="BUY")).alarms(SHORT)) == 1


def test_another_live_stop_or_a_replacement_protects_as_well() -> None:
    other = stop("NEW", algo_id=ALGO + 1, name="other", quantity="0")
    assert watching(stop("NEW"), other, stop("CANCELED")).alarms(LONG) == []
    assert watching(stop("NEW"), stop("CANCELED"), other).alarms(LONG) == []


@pytest.mark.parametrize(
    "other",
    [{"side": "BUY"}, {"kind": "TAKE_PROFIT_MARKET"}, {"position_side": "LONG"}],
    ids=["the wrong side", "a profit to take", "another leg"],
)
def test_what_is_no_stop_of_this_position_protects_nothing(other: dict[str, Any]) -> None:
    protection = watching(stop("NEW"), stop("NEW", algo_id=ALGO + 1, **other), stop("CANCELED"))

    assert len(protection.alarms(LONG)) == 1


def test_stop_that_is_being_triggered_is_live_and_one_that_filled_did_its_work() -> None:
    protection = watching(stop("NEW"), stop("TRIGGERING"), stop("TRIGGERED", child="7"), child("NEW"))
    assert not protection.in_doubt

    protection.watch(child("FILLED", trade=1, last="10", cumulative="10"))

    assert (protection.in_doubt, protection.alarms(LONG)) == (False, [])


@pytest.mark.parametrize("end", ["CANCELED", "EXPIRED"])
def test_triggered_child_that_ends_without_a_fill_leaves_the_position_unprotected(end: str) -> None:
    protection = watching(stop("NEW"), stop("TRIGGERED", child="7"), child("NEW"), child(end))

    assert protection.alarms(LONG) == [PositionUnprotected("BTCUSDT", "BOTH", ALGO, end)]


def test_rest_of_a_position_whose_stop_filled_in_part_and_then_ended_is_unprotected() -> None:
    protection = watching(
        stop("NEW"), child("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"), child("EXPIRED", cumulative="4")
    )

    assert len(protection.alarms(LONG)) == 1


def test_legs_of_a_hedge_are_protected_each_by_its_own_stop() -> None:
    both = {("BTCUSDT", "LONG"): Decimal(1), ("BTCUSDT", "SHORT"): Decimal(-1)}
    protection = watching(
        stop("NEW", position_side="LONG"),
        stop("NEW", algo_id=ALGO + 1, position_side="SHORT", side="BUY"),
        stop("CANCELED", position_side="LONG"),
    )

    assert protection.alarms(both) == [PositionUnprotected("BTCUSDT", "LONG", ALGO, "CANCELED")]


def test_two_stops_that_end_together_raise_one_alarm() -> None:
    protection = watching(
        stop("NEW"), stop("NEW", algo_id=ALGO + 1), stop("CANCELED"), stop("CANCELED", algo_id=ALGO + 1)
    )

    assert len(protection.alarms(LONG)) == 1


def test_stop_that_ended_before_anybody_knew_it_is_no_news() -> None:
    assert not watching(stop("CANCELED")).in_doubt


def test_stops_that_were_live_before_a_restart_are_known_after_it() -> None:
    """Rule 28."""
    protection = Protection()
    protection.restore([stop("NEW", algo_id=1), stop("CANCELED", algo_id=1), stop("NEW")])
    assert not protection.in_doubt

    protection.watch(stop("EXPIRED"))

    assert [alarm.algo_id for alarm in protection.alarms(LONG)] == [ALGO]
