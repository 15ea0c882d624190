"""How numbers are written. The same value has different texts in different places of Binance's wire.

ORDER_TRADE_UPDATE trims zeros, TRADE_LITE and REST pad to the symbol's precision, money in a wallet has 8 decimals.
Amounts are `Decimal` everywhere else; this module alone decides digits.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final

from simulator.errors import BadAmountError

__all__ = ["average", "decimal_amount", "eight", "eight_or_zero", "money", "padded", "trimmed"]

ZERO: Final = Decimal(0)
_EIGHT: Final = Decimal("0.00000001")
_AVERAGE_PRICE_DECIMALS: Final = 10
_MOST_DIGITS: Final = 15
"""Before the point, or zeros behind it: 8 decimals more still fit the 28 digits that sums are exact in."""


@cache
def _exponent(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


@cache
def _nothing(decimals: int) -> str:
    return format(_exponent(decimals) * 0, "f")


def trimmed(amount: Decimal) -> str:
    """Return the shortest text: `0`, `0.1`, `77000`."""
    if not amount:
        return "0"
    text = str(amount)  # faster than `format`, and hardly ever with an exponent
    if "E" in text:
        text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def padded(amount: Decimal, decimals: int) -> str:
    """Return the text with exactly this many decimals: `0.10`, `77000.00`."""
    if not amount:
        return _nothing(decimals)
    exact = amount.quantize(_exponent(decimals))
    text = str(exact)
    return format(exact, "f") if "E" in text else text


def eight(amount: Decimal) -> str:
    """Return the text of money with its 8 decimals: `0.09240000`, `0.00000000`."""
    return padded(amount, 8)


def eight_or_zero(amount: Decimal) -> str:
    """Return the text of money with 8 decimals, but `0` for nothing."""
    return padded(amount, 8) if amount else "0"


def average(amount: Decimal) -> str:
    """Return the text of an averaged price: a quotient, cut to 10 decimals and trimmed."""
    return trimmed(amount.quantize(_exponent(_AVERAGE_PRICE_DECIMALS)))


def money(amount: Decimal) -> Decimal:
    """Return the amount rounded to the 8 decimals that a wallet keeps."""
    return amount.quantize(_EIGHT)


def decimal_amount(value: str | int | Decimal) -> Decimal:
    """Return the amount. Raises `BadAmountError` for a float, and for what is not a finite decimal of possible size."""
    if isinstance(value, float):
        raise BadAmountError(value)
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise BadAmountError(value) from error
    if not amount.is_finite():
        raise BadAmountError(value)
    if abs(amount.adjusted()) >= _MOST_DIGITS:
        raise BadAmountError(value, f"a number of at most {_MOST_DIGITS} digits before the point")
    return amount
