"""How amounts, durations and patterns are written in a scenario, and what they mean.

The values of a scenario are text that carries its own unit, in a file and in Python alike: `"0.010"` is an amount that
never was a float, `"90m"` a duration, `"POST /fapi/v1/order"` a request. So both ways of writing a scenario are checked
by the same rules, and a wrong value is shown as its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Annotated, TypeAlias

from simulator.core.domain import STATUSES
from simulator.core.market.price_path import parse_path
from simulator.errors import BadPathError

__all__ = [
    "AccountName",
    "DecimalText",
    "Duration",
    "EventName",
    "Notation",
    "PathText",
    "RequestLine",
    "StatusName",
    "StepName",
    "Symbol",
    "complaint",
    "matches",
    "milliseconds",
    "snake_case",
    "split_request",
]

METHODS = ("GET", "POST", "PUT", "DELETE")

_DURATION = re.compile(r"(?P<amount>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


class Notation(Enum):
    """What a text in a scenario stands for; it decides how the text is checked."""

    DECIMAL = "decimal"
    DURATION = "duration"
    REQUEST = "request"
    EVENT = "event"
    SYMBOL = "symbol"
    ACCOUNT = "account"
    STEP = "step"
    PATH = "path"
    STATUS = "status"


DecimalText: TypeAlias = Annotated[str, Notation.DECIMAL]
"""An amount, quantity or price, as a decimal number in plain notation: `"0.010"`."""

Duration: TypeAlias = Annotated[str, Notation.DURATION]
"""A span of exchange time with its unit (ms, s, m, h): `"250ms"`, `"5s"`, `"90m"`, `"1h"`."""

EventName: TypeAlias = Annotated[str, Notation.EVENT]
"""The `e` of a frame on the user stream: `"ORDER_TRADE_UPDATE"`."""

RequestLine: TypeAlias = Annotated[str, Notation.REQUEST]
"""A method and a path, which may hold `*` for any text: `"POST /fapi/v1/order"`."""

Symbol: TypeAlias = Annotated[str, Notation.SYMBOL]
"""A symbol that the simulator lists: `"BTCUSDT"`."""

AccountName: TypeAlias = Annotated[str, Notation.ACCOUNT]
"""The name of an account of the simulator."""

PathText: TypeAlias = Annotated[str, Notation.PATH]
"""A price path in a line: `"walk:every=1s,by=0.05,seed=7"`."""

StatusName: TypeAlias = Annotated[str, Notation.STATUS]
"""What a contract may be: `"TRADING"`, `"TRADING_HALT"`, `"CLOSE"`, ..."""

StepName: TypeAlias = Annotated[str, Notation.STEP]
"""The name of another step of the same scenario."""


def milliseconds(duration: str) -> int:
    """Return a duration in ms. It has to be written correctly: see `complaint`."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        message = f"not a duration: {duration!r}"
        raise ValueError(message)
    return int(Decimal(found["amount"]) * _UNIT_MS[found["unit"]])


def split_request(line: str) -> tuple[str, str]:
    """Return method and path of a request line."""
    method, _, path = line.partition(" ")
    return method, path.strip()


def snake_case(class_name: str) -> str:
    """Return the name that a file uses for a class: `CutConnections` is `cut_connections`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


def complaint(notation: Notation, text: str) -> str:
    """Return what is wrong with a text, or "" when it is well written."""
    check = _CHECKS.get(notation)
    return "" if check is None else check(text)


def matches(wanted: str, actual: str) -> bool:
    """Say whether a text is the wanted one: the same, the same number, or what a pattern with `*` describes."""
    if wanted == actual:
        return True
    if "*" in wanted:
        pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(pattern, actual, re.DOTALL) is not None
    return _same_number(wanted, actual)


def _same_number(wanted: str, actual: str) -> bool:
    if not (_PLAIN_DECIMAL.fullmatch(wanted) and _PLAIN_DECIMAL.fullmatch(actual)):
        return False
    return Decimal(wanted) == Decimal(actual)


def _decimal(text: str) -> str:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if finite and _PLAIN_DECIMAL.fullmatch(text):
        return ""
    return f'expected a decimal string, got "{text}"'


def _duration(text: str) -> str:
    if _DURATION.fullmatch(text):
        return ""
    return f'expected a duration with its unit, such as 250ms, 5s, 90m or 1h, got "{text}"'


def _request(text: str) -> str:
    method, path = split_request(text)
    if method in METHODS and path.startswith("/"):
        return ""
    return f'expected a method and a path, such as "POST /fapi/v1/order", got "{text}"'


def _path(text: str) -> str:
    try:
        parse_path(text)
    except BadPathError as error:
        return str(error)
    return ""


def _status(text: str) -> str:
    return "" if text in STATUSES else f'expected one of {", ".join(sorted(STATUSES))}, got "{text}"'


_CHECKS: dict[Notation, Callable[[str], str]] = {
    Notation.DECIMAL: _decimal,
    Notation.DURATION: _duration,
    Notation.REQUEST: _request,
    Notation.PATH: _path,
    Notation.STATUS: _status,
}
