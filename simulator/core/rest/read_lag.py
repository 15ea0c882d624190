"""How far REST's answers are behind: Binance answers queries from databases that follow the matching engine late.

An order that was just accepted is then unknown (-2013), a fill is not listed yet, an order that has ended is still
listed as open. Orders with their trades, and positions with balances, lag apart; a path may have a lag of its own.
Commands never lag: the matching engine itself answers them. With replicas that take turns, the first, third, ... query
of a path is answered by the one that lags, the others by one that does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

__all__ = ["LagTerms", "ReadLag", "Reads", "Replicas"]

Reads: TypeAlias = Literal["present", "orders", "account"]
"""What an endpoint reads: the exchange as it is, the database of orders and trades, or that of the account."""

Replicas: TypeAlias = Literal["one", "alternating"]
"""One database that lags, or two that answer in turn, of which the first lags."""


class LagTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How late each kind of answer is, in ms. `paths` counts before the other two."""

    orders_ms: int = 0
    account_ms: int = 0
    paths: Mapping[str, int] = {}
    replicas: Replicas = "one"


class ReadLag:
    """Says as of when each query is answered."""

    def __init__(self, terms: LagTerms) -> None:
        self._terms = terms
        self._asked: Counter[str] = Counter()

    def as_of(self, path: str, reads: Reads, now_ms: int) -> int | None:
        """Return the moment that a query of this path sees, in ms; None means now. Counts the query."""
        lag_ms = self._terms.paths.get(path, self._lag_of(reads)) if reads != "present" else 0
        if not lag_ms:
            return None
        self._asked[path] += 1
        if self._terms.replicas == "alternating" and self._asked[path] % 2 == 0:
            return None
        return now_ms - lag_ms

    def _lag_of(self, reads: Reads) -> int:
        return self._terms.orders_ms if reads == "orders" else self._terms.account_ms
