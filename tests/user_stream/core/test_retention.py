"""What lies beyond the exchange's memory is said to be unprovable, and not asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from user_stream.core.lifecycle import GapUnprovable
from user_stream.core.retention import earliest_order, earliest_trade, kept_for_ms, unprovable

DAY = 86_400_000
NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("days", "lost"), [(0, []), (3, []), (3.1, ["orders"]), (89, ["orders"]), (89.1, ["orders", "trades"])]
)
def test_a_gap_is_provable_only_as_far_back_as_the_exchange_remembers(days: float, lost: list[str]) -> None:
    """Rule 15: 3 days for orders that ended without a fill, 3 months for trades."""
    assert [notice.what for notice in unprovable(NOW - int(days * DAY), NOW)] == lost


def test_the_unprovable_part_ends_where_memory_begins() -> None:
    since = NOW - 100 * DAY

    assert unprovable(since, NOW) == [
        GapUnprovable(since, NOW - 3 * DAY, "orders"),
        GapUnprovable(since, NOW - 89 * DAY, "trades"),
    ]


def test_questions_are_clamped_to_what_is_kept_with_a_minute_to_spare() -> None:
    assert earliest_trade(NOW - 5 * DAY, NOW) == earliest_order(NOW - 5 * DAY, NOW) == NOW - 5 * DAY
    assert earliest_trade(0, NOW) == NOW - 89 * DAY + 60_000
    assert earliest_order(0, NOW) == NOW - 90 * DAY + 60_000


def test_an_order_with_a_fill_is_remembered_for_longer() -> None:
    assert kept_for_ms(Decimal(0)) == 3 * DAY
    assert kept_for_ms(Decimal(1)) == 90 * DAY
