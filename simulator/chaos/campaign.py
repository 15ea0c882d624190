"""Many seeds on several workers: each is handed out when a worker is free, and told of when it has ended.

The order in which seeds end is nobody's; how each ends is a function of it alone. A campaign can be left at any moment:
closing the generator (a first failure, Ctrl-C) kills the workers, and what was told of by then stands.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import NamedTuple, Protocol

from simulator.chaos.result import RunResult

__all__ = ["Seed", "Worker", "outcomes"]


class Seed(NamedTuple):
    """A run that is drawn."""

    number: int
    hours: float


class Worker(Protocol):
    """Whoever runs seeds, one after the other, in a thread."""

    def run_seed(self, seed: int, hours: float) -> RunResult:
        """Run a seed."""

    def end(self) -> None:
        """End what is running, from another thread."""

    def close(self) -> None:
        """Leave nothing behind."""


def outcomes(seeds: Iterable[Seed], employ: Callable[[], Worker], workers: int) -> Generator[RunResult, None, None]:
    """Yield how each seed ended, as they end. Close it to end early. What a worker raises is raised here."""
    crew = _Crew(seeds, [employ() for _ in range(workers)])
    with closing(crew):
        yield from crew.results()


class _Crew:
    """A thread for each worker, and what they share."""

    def __init__(self, seeds: Iterable[Seed], workers: list[Worker]) -> None:
        self._seeds = iter(seeds)
        self._workers = workers
        self._drawing = threading.Lock()
        self._told: queue.SimpleQueue[RunResult | BaseException | None] = queue.SimpleQueue()
        """None: a worker has nothing to do any more."""
        self._ended = False
        self._threads = [threading.Thread(target=self._work, args=(worker,), daemon=True) for worker in workers]

    def results(self) -> Iterator[RunResult]:
        for thread in self._threads:
            thread.start()
        working = len(self._threads)
        while working:
            told = self._told.get()
            if isinstance(told, BaseException):
                raise told
            if told is None:
                working -= 1
            else:
                yield told

    def close(self) -> None:
        self._ended = True
        for worker in self._workers:
            worker.end()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _work(self, worker: Worker) -> None:
        try:
            with closing(worker):
                while (seed := self._next()) is not None:
                    self._told.put(worker.run_seed(*seed))
            self._told.put(None)
        except BaseException as error:  # noqa: BLE001  it belongs to whoever listens
            self._told.put(error)

    def _next(self) -> Seed | None:
        with self._drawing:
            return None if self._ended else next(self._seeds, None)
