"""Identifiers that look random and are functions of a seed: the same run gets the same keys."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["identifier"]

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def identifier(length: int, *parts: object) -> str:
    """Return `length` letters and digits that depend on nothing but `parts`."""
    number = int.from_bytes(hashlib.sha512("\0".join(map(str, parts)).encode()).digest())
    number %= len(_ALPHABET) ** length
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)
