"""Which waiting conditional orders a price concerns, without asking each of them.

Stops and take-profits stand in order of their trigger prices, those that wait for a rise apart from those that wait for
a fall, so that a price finds the ones that it meets at the end of a list. Trailing stops follow every price: all of a
symbol's are always asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from simulator.core.conditional.algo_orders import MARK_PRICE, TRAILING_STOP_MARKET, AlgoOrder, waits_for_rise

__all__ = ["TriggerIndex"]

Waiting: TypeAlias = tuple[int, str]
"""Algo id and account."""


class TriggerIndex:
    """The waiting orders of every account by what they wait for."""

    def __init__(self) -> None:
        self._symbols: dict[str, _SymbolIndex] = {}
        self._present: set[int] = set()

    def add(self, algo: AlgoOrder) -> None:
        """Note an order that waits; again, nothing changes."""
        if algo.algo_id not in self._present:
            self._present.add(algo.algo_id)
            self._symbols.setdefault(algo.symbol, _SymbolIndex()).add(algo)

    def remove(self, algo: AlgoOrder) -> None:
        """Forget an order that waits no more."""
        if algo.algo_id in self._present:
            self._present.discard(algo.algo_id)
            self._symbols[algo.symbol].remove(algo)
            if not self._symbols[algo.symbol].count:
                del self._symbols[algo.symbol]

    def symbols(self) -> Iterator[str]:
        """Yield the symbols on which orders wait."""
        yield from self._symbols

    def concerned(self, symbol: str, last: Decimal, mark: Decimal) -> Iterator[Waiting]:
        """Yield the orders on a symbol that its last or its mark price meets, and all trailing stops."""
        if symbol in self._symbols:
            yield from self._symbols[symbol].concerned(last, mark)

    def waiting_on(self, symbol: str) -> list[Waiting]:
        """Return all orders that wait on a symbol."""
        return self._symbols[symbol].waiting() if symbol in self._symbols else []


class _SymbolIndex:
    def __init__(self) -> None:
        self.count = 0
        self._trailing: dict[int, str] = {}
        self._lists: dict[tuple[bool, bool], list[tuple[Decimal, int, str]]] = {}

    def add(self, algo: AlgoOrder) -> None:
        self.count += 1
        if algo.terms.type == TRAILING_STOP_MARKET:
            self._trailing[algo.algo_id] = algo.account
        else:
            insort(self._lists.setdefault(_list_of(algo), []), _entry(algo))

    def remove(self, algo: AlgoOrder) -> None:
        self.count -= 1
        if algo.terms.type == TRAILING_STOP_MARKET:
            del self._trailing[algo.algo_id]
        else:
            entries = self._lists[_list_of(algo)]
            del entries[bisect_left(entries, _entry(algo))]

    def waiting(self) -> list[Waiting]:
        stops = [(algo_id, account) for entries in self._lists.values() for _, algo_id, account in entries]
        return [*self._trailing.items(), *stops]

    def concerned(self, last: Decimal, mark: Decimal) -> Iterator[Waiting]:
        yield from self._trailing.items()
        for (by_mark, rising), entries in self._lists.items():
            price = mark if by_mark else last
            if rising:
                met = entries[: bisect_right(entries, price, key=_price)]
            else:
                met = entries[bisect_left(entries, price, key=_price) :]
            yield from ((algo_id, account) for _, algo_id, account in met)


def _list_of(algo: AlgoOrder) -> tuple[bool, bool]:
    return algo.terms.working_type == MARK_PRICE, waits_for_rise(algo.terms)


def _entry(algo: AlgoOrder) -> tuple[Decimal, int, str]:
    return algo.terms.trigger_price, algo.algo_id, algo.account


def _price(entry: tuple[Decimal, int, str]) -> Decimal:
    return entry[0]
