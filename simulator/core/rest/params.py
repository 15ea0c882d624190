"""How a request's parameters are read: text in, values out, or Binance's error for what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from simulator.core.rest.venue_error import VenueError, missing_parameter

__all__ = ["Params", "flag", "integer", "integer_or", "number", "optional_integer", "text"]

Params = Mapping[str, str]

_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")


def text(params: Params, name: str) -> str:
    """Return a mandatory parameter. Raises `VenueError` -1102."""
    value = params.get(name, "")
    if not value:
        raise missing_parameter(name)
    return value


def number(params: Params, name: str) -> Decimal:
    """Return a mandatory decimal. Raises `VenueError` -1102, or -1100 for what is not a plain decimal number."""
    value = text(params, name)
    if not _NUMBER.fullmatch(value):
        legal = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
        message = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
        raise VenueError(-1100, message)
    return Decimal(value)


def integer(params: Params, name: str) -> int:
    """Return a mandatory integer. Raises `VenueError` -1102."""
    value = text(params, name)
    if not _INTEGER.fullmatch(value):
        raise missing_parameter(name)
    return int(value)


def optional_integer(params: Params, name: str) -> int | None:
    """Return an integer, or None when it was not sent. Raises `VenueError` -1102 when it is unreadable."""
    return integer(params, name) if params.get(name) else None


def integer_or(params: Params, name: str, otherwise: int) -> int:
    """Return an integer, or `otherwise` when it was not sent or is unreadable."""
    value = params.get(name, "")
    return int(value) if _INTEGER.fullmatch(value) else otherwise


def flag(params: Params, name: str) -> bool:
    """Return whether an optional `true`/`false` is true. Raises `VenueError` -1102 for anything else."""
    value = params.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise missing_parameter(name)
    return value == "true"
