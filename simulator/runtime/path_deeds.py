"""How symbols move by themselves: price paths that begin while the exchange runs."""

from __future__ import annotations

from abc import abstractmethod

from simulator.core.lookup import find_symbol
from simulator.core.market.price_path import PricePath
from simulator.runtime.deeds import Deeds
from simulator.runtime.price_runs import PriceRuns, read_path

__all__ = ["PathDeeds"]


class PathDeeds(Deeds):
    """Begins and ends price paths."""

    @property
    @abstractmethod
    def _runs(self) -> PriceRuns: ...

    @property
    def moving_symbols(self) -> tuple[str, ...]:
        """The symbols that follow a path now."""
        return self._runs.symbols

    def follow_path(self, symbol: str, path: PricePath | str) -> None:
        """Let a symbol follow a price path from now on, instead of the one that it follows, if any.

        As text: `constant`, `constant:65000`, `steps:every=5s,65000,65100`, `walk:every=1s,by=0.05,seed=7`, or
        `file:prices.csv` with lines of `time_ms,price`. `constant` ends a movement. In a market with a book the house
        trades a little with itself at each move, so that tape, candles and statistics live.

        Raises `UnknownSymbolError` or `BadPathError`.
        """
        known = find_symbol(self._floor.venue.exchange, symbol).symbol
        self._runs.begin(known, read_path(path))
