"""Identifiers that look random and are functions of a seed: the same run gets the same keys."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["identifier"]

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_PAIRS: Final = tuple(first + second for second in _ALPHABET for first in _ALPHABET)
"""Two letters at a time, the lower one first: an order's id is made with each order."""


def identifier(length: int, *parts: object) -> str:
    """Return `length` letters and digits that depend on nothing but `parts`."""
    number = int.from_bytes(hashlib.sha512("\0".join(map(str, parts)).encode()).digest())
    number %= len(_ALPHABET) ** length
    pairs = []
    for _ in range((length + 1) // 2):
        number, rest = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[rest])
    return "".join(pairs)[:length]
