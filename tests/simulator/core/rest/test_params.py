"""Parameters are text until they are read, and unreadable ones have Binance's errors."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import VenueError
from simulator.core.rest.params import flag, integer, number, optional_integer, text


@pytest.mark.parametrize("params", [{}, {"quantity": ""}])
def test_a_mandatory_parameter_that_is_absent_or_empty_is_named(params: dict[str, str]) -> None:
    with pytest.raises(VenueError, match="Mandatory parameter 'quantity' was not sent") as refused:
        text(params, "quantity")

    assert refused.value.code == -1102


@pytest.mark.parametrize("value", ["abc", "1e3", "1.", ".5", "NaN", "１"])
def test_a_number_is_plain_digits(value: str) -> None:
    with pytest.raises(VenueError, match="Illegal characters found in parameter 'price'") as refused:
        number({"price": value}, "price")

    assert refused.value.code == -1100


def test_numbers_and_flags_are_read() -> None:
    assert number({"price": "77000.10"}, "price") == Decimal("77000.10")
    assert integer({"orderId": "12"}, "orderId") == 12
    assert optional_integer({}, "orderId") is None
    assert flag({"reduceOnly": "TRUE"}, "reduceOnly") is True
    assert flag({}, "reduceOnly") is False


@pytest.mark.parametrize(("read", "value"), [(integer, "1.5"), (flag, "yes")])
def test_other_text_is_malformed(read: object, value: str) -> None:
    assert callable(read)

    with pytest.raises(VenueError, match="malformed"):
        read({"x": value}, "x")
