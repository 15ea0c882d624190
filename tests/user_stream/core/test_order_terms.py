"""The terms of an order: refused here if the exchange could not take them; ids that never repeat."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from user_stream.core.order_terms import ClientOrderIds, positive_amount, side_of
from user_stream.core.orders import is_client_order_id

NOW_MS = 1_795_348_800_000


def test_an_id_is_the_prefix_the_time_the_nonce_and_a_count() -> None:
    ids = ClientOrderIds("us-", "abc123")

    first, second = ids.make(0), ids.make(36)

    assert (first, second) == ("us-0abc1231", "us-10abc1232")


def test_ids_of_one_millisecond_differ() -> None:
    ids = ClientOrderIds("us-", "abc123")

    assert len({ids.make(NOW_MS) for _ in range(1000)}) == 1000


def test_ids_of_two_processes_that_started_together_differ() -> None:
    assert ClientOrderIds("us-", "abc123").make(NOW_MS) != ClientOrderIds("us-", "abc124").make(NOW_MS)


@pytest.mark.parametrize("prefix", ["", "x" * 12])
def test_the_exchange_takes_an_id_with_any_prefix_and_room_is_left_for_the_count(prefix: str) -> None:
    ids = ClientOrderIds(prefix, "abc123")

    made = [ids.make(NOW_MS) for _ in range(2_000)]

    assert all(is_client_order_id(each) for each in made)
    assert max(map(len, made)) <= 30


@pytest.mark.parametrize("prefix", ["x" * 13, "no spaces", "ä", "a\n"])
def test_a_prefix_that_the_exchange_would_refuse_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="at most 12 of the characters"):
        ClientOrderIds(prefix, "abc123")


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_buy_and_sell_are_the_sides(side: str) -> None:
    assert side_of(side) == side


@pytest.mark.parametrize("side", ["buy", "", "LONG"])
def test_anything_else_is_no_side(side: str) -> None:
    with pytest.raises(ValueError, match=f"side must be BUY or SELL, not '{side}'"):
        side_of(side)


@pytest.mark.parametrize(
    ("given", "amount"),
    [("0.010", Decimal("0.010")), (3, Decimal(3)), (Decimal("1E-8"), Decimal("1E-8")), ("1e3", Decimal("1E+3"))],
)
def test_an_amount_is_taken_exactly(given: Decimal | str | int, amount: Decimal) -> None:
    taken = positive_amount("quantity", given)

    assert (taken, taken.as_tuple()) == (amount, amount.as_tuple())


@pytest.mark.parametrize("given", ["0", "-1", "-0", "NaN", "sNaN", "Infinity", "", "1,5", 0, Decimal("NaN")])
def test_what_is_no_amount_above_zero_is_refused_by_its_name(given: Decimal | str | int) -> None:
    with pytest.raises(ValueError, match="price must be a number greater than 0, not "):
        positive_amount("price", given)


@pytest.mark.parametrize("given", [0.1, 1.0, True, float("nan")])
def test_floats_and_bools_are_refused_because_they_round_or_mean_something_else(given: Any) -> None:
    with pytest.raises(TypeError, match="a float rounds, and a bool is no number"):
        positive_amount("quantity", given)
