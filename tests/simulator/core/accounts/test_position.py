"""A fill opens, closes or flips a position, and realizes what it closes."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from simulator.core.accounts.position import Position, apply_fill
from tests.simulator.core.small_markets import decimals

EMPTY = Position("BTCUSDT", "BOTH")
FREE = Decimal(0)


def filled(position: Position, quantity: str, price: str, commission: str = "0") -> tuple[Position, Decimal]:
    return apply_fill(position, Decimal(quantity), Decimal(price), Decimal(commission), 1)


def test_the_first_fill_sets_the_entry_price() -> None:
    position, realized = filled(EMPTY, "-0.5", "100")

    assert (position.amount, position.entry_price, realized) == decimals("-0.5", "100", "0")


def test_adding_averages_the_entry_price_by_quantity() -> None:
    position, _ = filled(EMPTY, "1", "100")
    position, realized = filled(position, "3", "120")

    assert (position.amount, position.entry_price, realized) == decimals("4", "115", "0")


def test_closing_a_part_realizes_and_keeps_the_entry_price() -> None:
    position, _ = filled(EMPTY, "2", "100")
    position, realized = filled(position, "-0.5", "110")

    assert realized == 5
    assert (position.amount, position.entry_price) == decimals("1.5", "100")


def test_a_short_wins_when_it_is_bought_back_lower() -> None:
    position, _ = filled(EMPTY, "-2", "100")
    position, realized = filled(position, "2", "90")

    assert realized == 20
    assert (position.amount, position.entry_price, position.break_even_price) == decimals("0", "0", "0")


def test_a_larger_opposite_fill_flips_and_opens_the_excess_at_its_own_price() -> None:
    position, _ = filled(EMPTY, "1", "100")
    position, realized = filled(position, "-3", "110")

    assert realized == 10
    assert (position.amount, position.entry_price) == decimals("-2", "110")


def test_break_even_is_the_entry_plus_the_commission_of_opening() -> None:
    position, _ = filled(EMPTY, "0.1", "80.19", "0.0040095")

    assert position.break_even_price == Decimal("80.230095")


def test_break_even_of_a_short_is_below_its_entry() -> None:
    position, _ = filled(EMPTY, "-1", "100", "0.04")

    assert position.break_even_price == Decimal("99.96")


def test_break_even_falls_when_a_part_was_sold_with_profit() -> None:
    position, _ = filled(EMPTY, "2", "100")
    position, _ = filled(position, "-1", "110")

    assert position.break_even_price == 90


def test_break_even_after_a_flip_counts_only_the_commission_of_the_excess() -> None:
    position, _ = filled(EMPTY, "1", "100", "0.04")
    position, _ = filled(position, "-3", "100", "0.12")

    assert position.break_even_price == Decimal("99.96")


def test_realized_profit_accumulates_over_the_life_of_the_key() -> None:
    position, _ = filled(EMPTY, "1", "100")
    position, _ = filled(position, "-1", "110")
    position, _ = filled(position, "1", "100")
    position, _ = filled(position, "-1", "95")

    assert position.accumulated_realized == 5


def test_unrealized_profit_is_what_closing_at_the_mark_would_realize() -> None:
    position, _ = filled(EMPTY, "-2", "100")

    assert position.unrealized(Decimal(97)) == 6


quantities = st.integers(-50, 50).filter(bool).map(lambda n: Decimal(n) / 1000)
prices = st.integers(1, 2000).map(lambda n: Decimal(n) / 10)


@given(st.lists(st.tuples(quantities, prices), min_size=1, max_size=30))
def test_profit_is_what_cash_and_the_open_rest_say(fills: list[tuple[Decimal, Decimal]]) -> None:
    position, realized = EMPTY, Decimal(0)
    for quantity, price in fills:
        position, profit = apply_fill(position, quantity, price, FREE, 1)
        realized += profit

    last = fills[-1][1]
    cash = -sum(quantity * price for quantity, price in fills)
    assert position.amount == sum(quantity for quantity, _ in fills)
    assert abs(realized + position.unrealized(last) - (cash + position.amount * last)) < Decimal("0.000001")
