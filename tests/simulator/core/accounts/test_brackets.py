"""Brackets: less leverage and more maintenance for larger positions, without a jump."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import perpetual
from simulator.core.accounts.brackets import bracket_of, brackets_of, maintenance, max_notional
from tests.simulator.core.small_markets import BTC, ETH


def test_brackets_lie_on_one_another_up_to_the_largest_notional() -> None:
    brackets = brackets_of(BTC)

    assert len(brackets) > 5
    assert [bracket.number for bracket in brackets] == list(range(1, len(brackets) + 1))
    assert all(below.cap == above.floor for below, above in pairwise(brackets))
    assert (brackets[0].floor, brackets[-1].cap) == (Decimal(0), BTC.max_notional)


def test_the_first_bracket_has_the_symbols_leverage_and_the_last_has_none() -> None:
    assert [brackets_of(spec)[0].leverage for spec in (BTC, ETH)] == [125, 75]
    assert brackets_of(BTC)[-1].leverage == 1


def test_larger_positions_have_less_leverage_and_keep_a_larger_part() -> None:
    for below, above in pairwise(brackets_of(ETH)):
        assert below.leverage > above.leverage
        assert below.ratio < above.ratio


def test_what_is_kept_is_less_than_what_is_put_in() -> None:
    assert all(bracket.ratio < Decimal(1) / bracket.leverage for bracket in brackets_of(BTC))


@pytest.mark.parametrize("leverage", [1, 5, 20, 21, 125])
def test_the_largest_notional_at_a_leverage_is_in_a_bracket_that_allows_it(leverage: int) -> None:
    most = max_notional(BTC, leverage)

    assert bracket_of(BTC, most).leverage >= leverage
    assert most == BTC.max_notional or bracket_of(BTC, most + 1).leverage < leverage


def test_a_symbol_of_an_odd_leverage_has_brackets_too() -> None:
    spec = perpetual("XUSDT", "1", "0.1", "1", max_leverage=7)

    assert [bracket.leverage for bracket in brackets_of(spec)][:2] == [7, 4]


def test_maintenance_does_not_jump_at_a_cap() -> None:
    for bracket in brackets_of(BTC)[:-1]:
        step = maintenance(BTC, bracket.cap + 1) - maintenance(BTC, bracket.cap)
        assert 0 < step < 1


@given(st.integers(0, 10**9))
def test_each_slice_is_charged_at_the_rate_of_its_bracket(notional: int) -> None:
    slices = [
        (min(Decimal(notional), bracket.cap if bracket.cap < BTC.max_notional else Decimal(notional)), bracket)
        for bracket in brackets_of(BTC)
        if notional > bracket.floor
    ]

    expected = sum(((top - bracket.floor) * bracket.ratio for top, bracket in slices), Decimal(0))

    assert maintenance(BTC, Decimal(notional)) == maintenance(BTC, Decimal(-notional)) == expected
