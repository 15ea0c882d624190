"""Lives of an engine that end in order: a crash here is a cancellation, until `lives` has real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from simulator.chaos.engine import Engine, EngineFactory, Exchange
from simulator.runtime.server import Simulator

__all__ = ["SingleLives"]


class SingleLives:
    """One life after the other."""

    def __init__(self, factory: EngineFactory, exchange_of: Callable[[int], Exchange], simulator: Simulator) -> None:
        self.lives = 0
        self.trading: Engine | None = None
        self.raised: list[tuple[str, BaseException]] = []
        self._factory = factory
        self._exchange_of = exchange_of
        self._simulator = simulator
        self._current: Engine | None = None
        self._change: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin the next life."""
        self._change = asyncio.create_task(self._live(0))

    def perform(self, deed: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        """Let the present life do something."""
        return asyncio.create_task(deed)

    def crash(self, after_steps: int, down_s: float) -> None:  # noqa: ARG002  see the head of the module
        """End the present life."""
        self.restart(down_s)

    def restart(self, down_s: float) -> None:
        """End the present life, and begin the next one later."""
        if self.trading is not None:
            self._change = asyncio.create_task(self._live(down_s))

    async def stop(self) -> None:
        """End the last life."""
        if self._change is not None:
            self._change.cancel()
        if self._current is not None:
            await self._current.stop()

    async def _live(self, down_s: float) -> None:
        self.trading = None
        try:
            if self._current is not None:
                await self._current.stop()
            await asyncio.sleep(down_s)
            self.lives += 1
            self._current = self._factory(self._exchange_of(self.lives))
            await self._current.start()
            self.trading = self._current
        except Exception as error:  # noqa: BLE001  whatever it raises is told
            self.raised.append((f"life {self.lives}", error))
