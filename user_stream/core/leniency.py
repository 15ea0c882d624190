"""Typing what the exchange sent, whatever it did to numbers.

The documented shape is tried first. Where it does not fit, everything is read as text once more: amounts that came as
numbers, ids that came as strings, and nulls, which count as absent. No amount passes through a float on its way.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

__all__ = ["convert_leniently"]

T = TypeVar("T")


def convert_leniently(value: Any, shape: type[T]) -> T:
    """Return `value`, decoded JSON, as `shape`. Raises `msgspec.ValidationError` when it is something else."""
    try:
        return msgspec.convert(value, shape, strict=False)
    except msgspec.ValidationError:
        return msgspec.convert(_as_text(value), shape, strict=False)


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_as_text(item) for item in value if item is not None]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return value
