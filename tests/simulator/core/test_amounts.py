"""The same value is written differently in different places of the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.amounts import average, eight, eight_or_zero, money, padded, trimmed


@pytest.mark.parametrize(
    ("amount", "text"), [("0.10", "0.1"), ("77000.00", "77000"), ("0.000", "0"), ("-1.50", "-1.5"), ("1E+3", "1000")]
)
def test_trimmed_is_the_shortest_text_without_an_exponent(amount: str, text: str) -> None:
    assert trimmed(Decimal(amount)) == text


@pytest.mark.parametrize(("amount", "decimals", "text"), [("0.1", 2, "0.10"), ("77000", 2, "77000.00"), ("5", 0, "5")])
def test_padded_has_exactly_the_decimals_of_the_symbol(amount: str, decimals: int, text: str) -> None:
    assert padded(Decimal(amount), decimals) == text


def test_money_has_eight_decimals() -> None:
    assert eight(Decimal("0.0924")) == "0.09240000"
    assert eight(Decimal(0)) == "0.00000000"
    assert money(Decimal("0.123456789")) == Decimal("0.12345679")


def test_no_commission_is_written_as_a_plain_zero() -> None:
    assert eight_or_zero(Decimal(0)) == "0"
    assert eight_or_zero(Decimal("-1.7734")) == "-1.77340000"


def test_an_average_is_cut_to_ten_decimals_and_trimmed() -> None:
    assert average(Decimal(1) / Decimal(3)) == "0.3333333333"
    assert average(Decimal("65000.0")) == "65000"
