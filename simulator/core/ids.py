"""Identifiers that look random and are functions of a seed: the same run gets the same keys."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["identifier"]

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_LETTERS: Final = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
"""The letter of each byte: some come a little more often than others, which nobody minds."""


def identifier(length: int, *parts: object) -> str:
    """Return `length` letters and digits, at most 64, that depend on nothing but `parts`."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode()).digest()
    return digest[:length].translate(_LETTERS).decode()
