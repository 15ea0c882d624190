"""Rule 20: what is left of orders that were forgotten."""

from __future__ import annotations

import pytest

from tests.user_stream.core.order_facts import SYMBOL, told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.forgotten import Forgotten


@pytest.fixture
def forgotten() -> Forgotten:
    """Order 7 is forgotten, whose newest trade was 100, and everything before 50 s is known."""
    forgotten = Forgotten()
    forgotten.add(SYMBOL, "7", 100)
    forgotten.until = 50_000
    return forgotten


@pytest.mark.parametrize(
    ("told", "is_covered"),
    [
        (told_by_stream("NEW", at=1_000), True),
        (told_by_stream("CANCELED", order_id=6, at=49_999), True),
        (told_by_stream("CANCELED", order_id=6, at=50_000), False),
        (told_by_stream("NEW", order_id=8, at=1_000), False),
        (told_by_lite(100, "1", at=49_999), True),
        (told_by_lite(101, "1", at=49_999), False),
        (told_by_lite(100, "1", at=50_000), False),
        (told_by_stream("FILLED", order_id=8, trade=99, last="1", cumulative="1", at=1_000), True),
    ],
)
def test_what_is_below_the_watermark_in_id_and_time_was_known(
    forgotten: Forgotten, told: MappedOrderUpdate, is_covered: bool
) -> None:
    assert forgotten.covers(told) is is_covered


@pytest.mark.parametrize(
    ("trade", "at", "is_reset"), [(100, 50_000, True), (1, 90_000, True), (101, 90_000, False), (100, 49_999, False)]
)
def test_a_trade_with_a_lower_id_and_a_later_time_is_of_another_exchange(
    forgotten: Forgotten, trade: int, at: int, is_reset: bool
) -> None:
    assert forgotten.contradicts(SYMBOL, trade, at) is is_reset


def test_a_fill_without_a_trade_id_contradicts_nothing(forgotten: Forgotten) -> None:
    assert not forgotten.contradicts(SYMBOL, 0, 90_000)


def test_symbols_have_watermarks_of_their_own(forgotten: Forgotten) -> None:
    other: MappedOrderUpdate = {**told_by_stream("NEW", at=1_000), "symbol": "ETHUSDT"}

    assert not forgotten.covers(other)
    assert not forgotten.contradicts("ETHUSDT", 1, 90_000)
