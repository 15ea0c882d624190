"""Amounts are decimal strings that can be calculated with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.amounts import require_numbers


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False)))
@pytest.mark.no_cover
def test_every_finite_decimal_passes(amounts: list[Decimal]) -> None:
    require_numbers(*map(str, amounts))


@given(st.text())
@pytest.mark.no_cover
def test_whatever_passes_can_be_calculated_with(amount: str) -> None:
    try:
        require_numbers(amount)
    except ValueError:
        return
    assert Decimal(amount).is_finite()


@pytest.mark.parametrize("amount", ["", " ", ".", "1 2", "1_000", "+1", "1.2.3", "nan", "-inf", "1\n"])
def test_what_python_might_read_but_binance_never_writes_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        require_numbers("1", amount, "2")
