"""Amounts stay the exchange's decimal strings until somebody calculates; here it is made sure that he can."""

from __future__ import annotations

import re

__all__ = ["require_numbers"]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def require_numbers(*amounts: str) -> None:
    """Raise `ValueError` unless every amount is a finite decimal number."""
    for amount in amounts:
        # nearly every amount is digits with a point, and a regular expression costs twice as much
        if not amount.replace(".", "", 1).isdecimal() and _NUMBER.fullmatch(amount) is None:
            message = "an amount is no number"
            raise ValueError(message)
