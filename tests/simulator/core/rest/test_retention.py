"""History has windows and pages."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from simulator import VenueError
from simulator.core.rest.retention import DAY_MS, is_order_kept, read_page
from tests.simulator.core.small_markets import NOW, an_exchange, market, place, resting

ROWS = [(number, NOW - (10 - number) * DAY_MS) for number in range(1, 11)]


def selected(**params: object) -> list[int]:
    page = read_page({name: str(value) for name, value in params.items()}, "fromId", NOW)
    return [row[0] for row in page.select(ROWS, lambda row: row[0], lambda row: row[1])]


def test_without_times_the_last_seven_days_are_shown() -> None:
    assert selected() == [3, 4, 5, 6, 7, 8, 9, 10]


def test_without_a_start_the_newest_rows_are_kept() -> None:
    assert selected(limit=2) == [9, 10]
    assert selected(endTime=NOW - 5 * DAY_MS, limit=2) == [4, 5]


def test_from_a_start_the_oldest_rows_are_kept_for_seven_days() -> None:
    assert selected(startTime=NOW - 9 * DAY_MS) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert selected(startTime=NOW - 9 * DAY_MS, limit=2) == [1, 2]


def test_from_an_id_the_id_itself_comes_first() -> None:
    assert selected(fromId=2, limit=3) == [2, 3, 4]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fromId": 1, "startTime": NOW}, -1128),
        ({"startTime": NOW, "endTime": NOW - 1}, -1023),
        ({"startTime": NOW - 7 * DAY_MS - 1, "endTime": NOW}, -1127),
    ],
    ids=str,
)
def test_impossible_windows_are_refused(params: dict[str, int], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        selected(**params)

    assert refused.value.code == code


def test_orders_are_asked_for_in_less_than_seven_days_with_an_id_or_without() -> None:
    times = {"startTime": str(NOW - 7 * DAY_MS + 1), "endTime": str(NOW)}
    assert read_page(times | {"orderId": "5"}, "orderId", NOW).first_id == 5

    for params, code in (
        (times | {"startTime": str(NOW - 7 * DAY_MS)}, -1127),
        (times | {"startTime": str(NOW - 7 * DAY_MS), "orderId": "5"}, -1127),
        (times | {"startTime": str(NOW + 1), "orderId": "5"}, -1023),
    ):
        with pytest.raises(VenueError) as refused:
            read_page(params, "orderId", NOW)
        assert refused.value.code == code


def test_an_order_that_ended_unfilled_is_forgotten_after_three_days() -> None:
    exchange = an_exchange()
    ended = exchange.cancel(resting(exchange), NOW).order

    assert is_order_kept(ended, NOW + 3 * DAY_MS)
    assert not is_order_kept(ended, NOW + 3 * DAY_MS + 1)


def test_a_filled_order_is_kept_for_ninety_days_and_an_open_one_for_ever() -> None:
    exchange = an_exchange()
    filled, _ = place(exchange, market("BUY", "0.010"))

    assert is_order_kept(filled, NOW + 90 * DAY_MS)
    assert not is_order_kept(filled, NOW + 90 * DAY_MS + 1)
    assert is_order_kept(replace(resting(exchange), update_ms=0), NOW)
