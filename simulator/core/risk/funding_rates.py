"""The funding rates of a symbol: those that were paid, and before the simulator started those that would have been.

Before the start every rate is the interest rate, `INTEREST_RATE`, paid at 0, 8 and 16 hours UTC at the past's price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from simulator.core.domain import PERPETUAL, TRADIFI_PERPETUAL, SymbolSpec
from simulator.core.market.klines import HOUR_MS
from simulator.core.trading.exchange import Exchange

__all__ = [
    "FUNDING_INTERVAL_MS",
    "INTEREST_RATE",
    "FundingRate",
    "funding_rates",
    "is_perpetual",
    "last_rate",
    "next_funding_ms",
]

FUNDING_INTERVAL_MS: Final = 8 * HOUR_MS
INTEREST_RATE: Final = Decimal("0.0001")


class FundingRate(NamedTuple):
    """A rate as a share of the position's notional, when it was due in ms, and the mark price then."""

    time_ms: int
    rate: Decimal
    mark: Decimal


def is_perpetual(spec: SymbolSpec) -> bool:
    """Return whether the contract is never delivered, and pays funding instead."""
    return spec.contract_type in {PERPETUAL, TRADIFI_PERPETUAL}


def next_funding_ms(now_ms: int) -> int:
    """Return when funding is due next."""
    return (now_ms // FUNDING_INTERVAL_MS + 1) * FUNDING_INTERVAL_MS


def last_rate(exchange: Exchange, symbol: str) -> Decimal:
    """Return the rate that was paid last, or the interest rate when none was."""
    paid = exchange.funding_history.get(symbol)
    return paid[-1][1] if paid else INTEREST_RATE


def funding_rates(
    exchange: Exchange, symbol: str, first_ms: int | None, last_ms: int, *, limit: int, now_ms: int
) -> list[FundingRate]:
    """Return the first rates from a time on, or the latest up to `last_ms`; oldest first, at most `limit`."""
    paid = [FundingRate(*entry) for entry in exchange.funding_history.get(symbol, ())]
    begin_ms = exchange.tape.begin_ms(now_ms)
    span_ms = limit * FUNDING_INTERVAL_MS
    from_ms = max(min(last_ms, begin_ms) - span_ms if first_ms is None else first_ms, 0)
    invented = [
        FundingRate(time_ms, INTEREST_RATE, exchange.tape.past_price(symbol, time_ms, now_ms))
        for time_ms in range(
            -(-from_ms // FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS,
            min(last_ms + 1, begin_ms, from_ms + span_ms + FUNDING_INTERVAL_MS),
            FUNDING_INTERVAL_MS,
        )
    ]
    found = [rate for rate in (*invented, *paid) if from_ms <= rate.time_ms <= last_ms]
    return found[-limit:] if first_ms is None else found[:limit]
