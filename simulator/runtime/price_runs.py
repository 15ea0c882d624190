"""Price paths as they run: one timer per symbol that moves by itself.

A move is told like everything else that happens to the exchange, and not journaled: only that a path begins or ends is.
What rests in its way fills, and that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from simulator.core.market.price_path import PriceMove, PricePath, Recorded, moves, parse_path, parse_recorded
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.house_trades import note_house_trade
from simulator.errors import BadPathError
from simulator.runtime.clock import Timer
from simulator.runtime.floor import Floor

__all__ = ["PriceRuns", "read_path"]

_FILE: Final = "file:"


def read_path(path: PricePath | str) -> PricePath:
    """Return a path, read from its text or its file if need be. Raises `BadPathError`."""
    if not isinstance(path, str):
        return path
    if not path.startswith(_FILE):
        return parse_path(path)
    source = path.removeprefix(_FILE)
    try:
        return parse_recorded(Path(source).read_text(encoding="utf-8"), source)
    except (OSError, UnicodeDecodeError) as error:
        raise BadPathError(path, f"a readable file of lines time_ms,price ({error})") from error


class _Run:
    """A path on its way: the moves that are left, and the timer of the next one."""

    def __init__(self, begin_ms: int, left: Iterator[PriceMove]) -> None:
        self.begin_ms = begin_ms
        self.next = next(left, None)
        self.timer: Timer | None = None
        self._left = left

    def take(self) -> PriceMove:
        """Return the next move, of which there has to be one, and look for the one after it."""
        move, self.next = self.next, next(self._left, None)
        assert move is not None  # noqa: S101  whoever takes has looked
        return move


class PriceRuns:
    """The paths that run, by symbol."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._runs: dict[str, _Run] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that move by themselves."""
        return tuple(self._runs)

    def begin(self, symbol: str, path: PricePath) -> None:
        """Let a symbol follow a path from now on, instead of another. Its first move may be at once."""
        self._end(symbol)
        exchange = self._exchange
        now_ms = self._floor.clock.time_ms()
        self._floor.chronicle.record("market", summary=f"{symbol} follows {_told(path)}")
        left = moves(path, exchange.symbols[symbol], exchange.prices[symbol])
        self._runs[symbol] = _Run(now_ms, left)
        self._go_on(symbol)

    def begin_all(self, paths: Mapping[str, PricePath]) -> None:
        """Let every symbol follow its path."""
        for symbol, path in paths.items():
            self.begin(symbol, path)

    def stop(self) -> None:
        """Move nothing any more."""
        for symbol in list(self._runs):
            self._end(symbol)

    @property
    def _exchange(self) -> Exchange:
        return self._floor.venue.exchange

    def _go_on(self, symbol: str) -> None:
        """Do the moves that are due, and come back for the next one; forget a path that has ended."""
        run = self._runs[symbol]
        while run.next is not None:
            due_ms = run.begin_ms + run.next.after_ms
            if due_ms > self._floor.clock.time_ms():
                run.timer = self._floor.clock.call_at(due_ms, lambda: self._arrive(symbol, run))
                return
            self._move(symbol, run.take())
            if self._runs.get(symbol) is not run:
                return
        del self._runs[symbol]

    def _arrive(self, symbol: str, run: _Run) -> None:
        self._move(symbol, run.take())
        if self._runs.get(symbol) is run:
            self._go_on(symbol)

    def _move(self, symbol: str, move: PriceMove) -> None:
        exchange, now_ms = self._exchange, self._floor.clock.time_ms()
        before = exchange.prices[symbol]
        facts = exchange.set_price(symbol, move.price, now_ms)
        if exchange.terms.liquidity == "book":
            note_house_trade(exchange, symbol, before, now_ms)
        self._floor.tell(facts)
        self._floor.chronicle.look()

    def _end(self, symbol: str) -> None:
        run = self._runs.pop(symbol, None)
        if run is not None and run.timer is not None:
            run.timer.cancel()


def _told(path: PricePath) -> str:
    return f"a recorded path of {len(path.points)} moves" if isinstance(path, Recorded) else str(path)
