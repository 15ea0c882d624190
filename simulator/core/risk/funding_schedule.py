"""When funding is paid: at 0, 8 and 16 hours UTC, each symbol at its rate. And what was paid before.

A contract that is delivered has no funding. The exchange's `funding_history` has what was paid, also by hand, as far
back as GET fundingRate shows in one page.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.domain import TRADING
from simulator.core.facts import Fact
from simulator.core.risk.funding import fund
from simulator.core.risk.funding_rates import is_perpetual, next_funding_ms
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.trading.exchange import Exchange

__all__ = ["FundingSchedule"]

MOST_KEPT: Final = 1000


class FundingSchedule:
    """The calendar of an exchange's funding. What was paid is in the exchange's `funding_history`."""

    def __init__(self, exchange: Exchange, terms: RiskTerms) -> None:
        self._exchange = exchange
        self._is_automatic = terms.funding == "automatic"
        self._rate = terms.funding_rate
        self._rates: dict[str, Decimal] = {}
        self._next_ms: int | None = None

    def rate(self, symbol: str) -> Decimal:
        """Return the rate that the symbol's next funding is paid at."""
        return self._rates.get(symbol, self._rate)

    def set_rate(self, symbol: str, rate: Decimal) -> None:
        """Choose the rate of a symbol from its next funding on."""
        self._rates[symbol] = rate

    def pay(self, symbol: str, rate: Decimal, now_ms: int) -> list[Fact]:
        """Pay a symbol's funding now, at this rate."""
        paid = self._exchange.funding_history.setdefault(symbol, [])
        paid.append((now_ms, rate, self._exchange.marks[symbol]))
        del paid[:-MOST_KEPT]
        return fund(self._exchange, symbol, rate, now_ms)

    def begin(self, now_ms: int) -> None:
        """Look for the first time after now, unless it is known."""
        if self._is_automatic and self._next_ms is None:
            self._next_ms = next_funding_ms(now_ms)

    def advance(self, now_ms: int) -> list[Fact]:
        """Pay what has become due; a time that was slept through is paid once."""
        self.begin(now_ms)
        if self._next_ms is None or now_ms < self._next_ms:
            return []
        self._next_ms = next_funding_ms(now_ms)
        funded = [
            spec.symbol for spec in self._exchange.symbols.values() if is_perpetual(spec) and spec.status == TRADING
        ]
        return [fact for symbol in funded for fact in self.pay(symbol, self.rate(symbol), now_ms)]

    def next_deadline_ms(self) -> int | None:
        """Return when `advance` has something to do, or None."""
        return self._next_ms
