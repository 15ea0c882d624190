"""Watches what the engine is told and believes, at every moment, for the timeline of a run that failed.

It looks whenever time is about to pass: all that a moment brings has been done then, and nothing of it is disturbed. So
the run that is witnessed is the run that failed, byte for byte, played again: looking costs too much to do it always.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Hashable, Iterator
from typing import Protocol

from simulator.chaos.engine import Engine, OrderSeen, TellsLiveness
from simulator.chaos.lives import Lives, LivingEngine
from simulator.chaos.timeline import Moment
from simulator.runtime.memory_network import MemoryLoop

__all__ = ["Witness", "WitnessedLoop"]


class Stage(Protocol):
    """The exchange, as far as a witness needs it."""

    @property
    def time_ms(self) -> int:
        """The exchange's time."""


class WitnessedLoop(MemoryLoop):
    """A loop that is looked at whenever time is about to pass."""

    look: Callable[[], None] | None = None

    def _jump(self, when: float) -> None:
        if self.look is not None and when > self.time():
            self.look()
        super()._jump(when)


class Witness:
    """What was seen of one run's engine, in `moments`."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self._seen: dict[Hashable, object] = {}
        self._fills: dict[int, int] = {}
        """How many fills of each life were seen."""

    def follow(self, loop: AbstractEventLoop, exchange: Stage, lives: Lives) -> None:
        """Look from now on, until `leave`. Does nothing on a loop that cannot be looked at."""
        if isinstance(loop, WitnessedLoop):
            loop.look = lambda: self._look(exchange, lives)

    def leave(self, loop: AbstractEventLoop) -> None:
        """Look no more."""
        if isinstance(loop, WitnessedLoop):
            loop.look = None

    def _look(self, exchange: Stage, lives: Lives) -> None:
        now_ms = exchange.time_ms
        for living in lives.all:
            for text in self._changes_of_life(living):
                self.moments.append(Moment(time_ms=now_ms, text=text))
        present = lives.present
        if present is not None and present.engine is not None:
            try:
                self.moments += self._told(now_ms, present.life.number, present.engine)
            except Exception as error:  # noqa: BLE001  whatever it raises, the run goes on as it did without a witness
                text = f"cannot say what it knows: {error!r}"
                if self._is_new((present.life.number, "raised"), text):
                    self.moments.append(Moment(time_ms=now_ms, text=text))

    def _changes_of_life(self, living: LivingEngine) -> Iterator[str]:
        number = living.life.number
        for what, is_so in (
            (f"life {number} begins", True),
            (f"life {number} is ready", bool(living.ready_ms)),
            (f"life {number} is told to stop", living.leaving),
            (f"life {number} is over: {living.end}", living.life.over),
        ):
            if is_so and self._is_new((number, what), is_so):
                yield what

    def _told(self, now_ms: int, life: int, engine: Engine) -> Iterator[Moment]:
        if isinstance(engine, TellsLiveness):
            promise = engine.liveness()
            sure = "is sure of nothing" if promise is None else f"promises to know after {promise.bound_s:g} s"
            if self._is_new((life, "promise"), sure):
                yield Moment(time_ms=now_ms, text=sure)
        orders = {(order.symbol, order.order_id): order for order in engine.orders()}
        yield from self._fills_told(now_ms, life, engine, orders)
        for order in orders.values():
            stands = f"{order.status or 'unknown'} {order.executed_quantity}"
            text = f"has order {order.symbol} {order.client_order_id}: {stands}"
            if self._is_new((life, order.symbol, order.client_order_id, order.order_id), text):
                yield Moment(time_ms=now_ms, text=text, about=(order.client_order_id, order.order_id, order.symbol))
        yield from self._positions_told(now_ms, life, engine)

    def _fills_told(
        self, now_ms: int, life: int, engine: Engine, orders: dict[tuple[str, str], OrderSeen]
    ) -> Iterator[Moment]:
        fills = list(engine.fills())
        for fill in fills[self._fills.get(life, 0) :]:
            order = orders.get((fill.symbol, fill.order_id))
            client_order_id = order.client_order_id if order is not None else ""
            again = ", perhaps for the second time" if fill.redelivered else ""
            text = f"is told fill {fill.trade_id} of {fill.symbol} {client_order_id or fill.order_id}: "
            text += f"{fill.quantity} at {fill.price}{again}"
            yield Moment(time_ms=now_ms, text=text, about=(client_order_id, fill.order_id, fill.symbol))
        self._fills[life] = len(fills)

    def _positions_told(self, now_ms: int, life: int, engine: Engine) -> Iterator[Moment]:
        held = {(seen.symbol, seen.position_side): seen for seen in engine.positions()}
        gone = {key[2:] for key in self._seen if isinstance(key, tuple) and key[:2] == (life, "position")} - held.keys()
        for symbol, side in [*held, *sorted(gone)]:
            amount = str(held[symbol, side].amount) if (symbol, side) in held else "0"
            if self._is_new((life, "position", symbol, side), amount):
                yield Moment(time_ms=now_ms, text=f"has position {symbol} {side}: {amount}", about=(symbol,))

    def _is_new(self, what: Hashable, value: object) -> bool:
        if self._seen.get(what) == value:
            return False
        self._seen[what] = value
        return True
