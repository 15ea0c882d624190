"""A feed: one market stream as it goes, whoever listens. What it said last, what it says next, and when it may speak.

A feed watches one symbol, or all. There are three ways of speaking:

- *at once*, whenever something changed (`period_ms` 0);
- *at most* every `period_ms`, when something changed since; the periods are aligned on the exchange's clock;
- *regularly*, every `period_ms`, whatever happened (`is_regular`).

Besides, a feed may have to speak at a certain time (`wake_ms`), as a candle does at its end.

On Binance the market never rests, and whoever subscribes hears something within a moment. Here it may rest for hours.
So a newcomer is told how things are (`greeting`) as soon as he subscribes; feeds that tell events, not states, have
nothing to tell him.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, NamedTuple

from simulator.core.facts import Fact
from simulator.core.market.klines import end_of, start_of
from simulator.core.trading.exchange import Exchange

__all__ = ["Feed", "HearingFeed", "Moment"]


class Moment(NamedTuple):
    """What a feed looks at: the exchange, the time, and the symbols that anything happened to since it spoke."""

    exchange: Exchange
    now_ms: int
    changed: Collection[str] = ()


class Feed(ABC):
    """A feed of one symbol; of all when `symbol` is "". With an `interval` it wakes at the end of every candle."""

    is_regular: ClassVar[bool] = False

    def __init__(self, symbol: str, period_ms: int, interval: str = "") -> None:
        self.symbol = symbol
        self.period_ms = period_ms
        self.interval = interval

    @abstractmethod
    def bodies(self, moment: Moment) -> list[Any]:
        """Return what is to be said now: the events, in order."""

    def greeting(self, moment: Moment) -> list[Any]:
        """Return how things are, for a newcomer."""
        return self.bodies(moment) if self.is_regular else []

    def wake_ms(self, now_ms: int) -> int | None:
        """Return when there is something to say although nothing happened, or None."""
        return end_of(self.interval, start_of(self.interval, now_ms)) if self.interval else None


class HearingFeed(Feed):
    """A feed of what is not to be seen afterwards: it has to be told what happens."""

    @abstractmethod
    def hear(self, facts: Sequence[Fact]) -> bool:
        """Take in what happened; return whether there is something to say of it."""
