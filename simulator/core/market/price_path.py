"""Price paths: how the market of a symbol moves by itself, from the moment that a path begins.

| path | as text | moves |
|---|---|---|
| `Constant` | `constant`, `constant:65000` | to this price, if one is given, and then no more |
| `Steps` | `steps:every=5s,65000,65100,64900` | to each of the prices, the first at once, then one every 5 s |
| `Walk` | `walk`, `walk:every=1s,by=0.05,seed=7` | every second, by at most 0.05 % either way |
| `Recorded` | `file:prices.csv` | as recorded: lines of `time_ms,price`; the first line's time is the beginning |

A path moves last, mark and index price together, the house's quotes with them, and whatever rests in the way fills;
what is told of the mark price alone (`set_mark`) is over with the next move. Prices are rounded to the symbol's tick.
The same walk with the same seed goes the same way. A path is a few numbers, not a list: it costs nothing to be long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count
from typing import Final, NamedTuple, TypeAlias

import msgspec

from simulator.core.domain import SymbolSpec
from simulator.core.market.draw import drawn
from simulator.errors import BadPathError

__all__ = ["Constant", "PriceMove", "PricePath", "Recorded", "Steps", "Walk", "moves", "parse_path", "parse_recorded"]

MOST_PERCENT: Final = 50

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,18}", re.ASCII)
_BLANK_OR_COMMENT: Final = re.compile(r"\s*(#.*)?")


class Constant(msgspec.Struct, frozen=True):
    """The price stays; it moves to `price` at the beginning, if that is not None."""

    price: Decimal | None = None


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """The price goes to each of these in turn, and stays at the last."""

    prices: tuple[Decimal, ...]
    every_ms: int = 1_000

    def __post_init__(self) -> None:
        if not self.prices or min(self.prices) <= 0 or self.every_ms < 1:
            raise BadPathError(self)


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """The price moves every `every_ms`, by at most `percent` per cent (of which 50 are most) or one tick."""

    every_ms: int = 1_000
    percent: Decimal = Decimal("0.05")
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every_ms < 1 or not 0 <= self.percent <= MOST_PERCENT:
            raise BadPathError(self)


class Recorded(msgspec.Struct, frozen=True):
    """The price moves as it once did: pairs of a time in ms and a price, in the order of time."""

    points: tuple[tuple[int, Decimal], ...]


PricePath: TypeAlias = Constant | Steps | Walk | Recorded


class PriceMove(NamedTuple):
    """The market is at a price, so many ms after the beginning of the path."""

    after_ms: int
    price: Decimal


def moves(path: PricePath, spec: SymbolSpec, price: Decimal) -> Iterator[PriceMove]:
    """Give the moves of a path for a symbol that is at this price, in the order of time, for ever if it has no end."""
    if isinstance(path, Walk):
        return _walk(path, spec, price)
    return (PriceMove(after_ms, _on_tick(point, spec)) for after_ms, point in _points(path))


def parse_path(text: str) -> PricePath:
    """Return the path that a text describes; of a file, see `parse_recorded`. Raises `BadPathError`."""
    kind, _, terms = text.partition(":")
    items = [item.strip() for item in terms.split(",")] if terms else []
    named = dict(item.split("=", 1) for item in items if "=" in item)
    prices = tuple(_price(item, text) for item in items if "=" not in item)
    known = {"constant": set[str](), "steps": {"every"}, "walk": {"every", "by", "seed"}}
    if kind not in known or named.keys() - known[kind]:
        raise BadPathError(text)
    if kind == "constant" and len(prices) <= 1:
        return Constant(*prices)
    if kind == "steps" and prices:
        return Steps(prices=prices, every_ms=_milliseconds(named.get("every", "1s"), text))
    if kind == "walk" and not prices:
        seed = named.get("seed", "0")
        if not _WHOLE.fullmatch(seed):
            raise BadPathError(text)
        every_ms = _milliseconds(named.get("every", "1s"), text)
        return Walk(every_ms=every_ms, percent=_price(named.get("by", "0.05"), text), seed=int(seed))
    raise BadPathError(text)


def parse_recorded(text: str, source: str) -> Recorded:
    """Return the path that lines of `time_ms,price` describe; a heading, empty lines and `#` comments are skipped.

    Raises `BadPathError`, which names the line, when one is neither, when time goes back, or when there is none.
    """
    points: list[tuple[int, Decimal]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if _BLANK_OR_COMMENT.fullmatch(line) or (number == 1 and line[:1].isalpha()):
            continue
        where = f"{source}, line {number}: {line.strip()}"
        time_ms, _, price = (part.strip() for part in line.partition(","))
        if not _WHOLE.fullmatch(time_ms) or (points and int(time_ms) < points[-1][0]):
            raise BadPathError(where, "time_ms,price, in the order of time")
        points.append((int(time_ms), _price(price, where)))
    if not points:
        raise BadPathError(source, "lines of time_ms,price")
    return Recorded(tuple(points))


def _walk(path: Walk, spec: SymbolSpec, price: Decimal) -> Iterator[PriceMove]:
    for number in count(1):
        reach = max(int(price * path.percent / 100 / spec.tick_size), 1)
        ticks = drawn(path.seed, number, *spec.symbol.encode()) % (2 * reach + 1) - reach
        price = min(max(price + ticks * spec.tick_size, spec.min_price), spec.max_price)
        yield PriceMove(number * path.every_ms, price)


def _points(path: Constant | Steps | Recorded) -> list[tuple[int, Decimal]]:
    match path:
        case Constant():
            return [] if path.price is None else [(0, path.price)]
        case Steps():
            return [(number * path.every_ms, price) for number, price in enumerate(path.prices)]
        case Recorded():
            return [(time_ms - path.points[0][0], price) for time_ms, price in path.points]


def _on_tick(price: Decimal, spec: SymbolSpec) -> Decimal:
    ticks = (price / spec.tick_size).quantize(Decimal(1), ROUND_HALF_EVEN)
    return max(ticks, Decimal(1)) * spec.tick_size


def _price(text: str, where: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise BadPathError(where)
    return Decimal(text)


def _milliseconds(text: str, where: str) -> int:
    found = _DURATION.fullmatch(text)
    duration = int(Decimal(found[1]) * _UNITS_MS[found[2]]) if found else 0
    if not duration:
        raise BadPathError(where)
    return duration
