"""Seeds are handed out once each, told of as they end, and left at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from simulator.chaos.campaign import Seed, outcomes
from simulator.chaos.result import RunResult

SEEDS = [Seed(number, 1.0) for number in range(50)]


class Hand:
    """A worker in this process."""

    def __init__(self, run: Callable[[int], object] = lambda _: None) -> None:
        self.ran: list[int] = []
        self.closed = False
        self._run = run
        self._ended = threading.Event()

    def run_seed(self, seed: int, hours: float) -> RunResult:
        if self._run(seed) == "hangs":
            self._ended.wait()
        self.ran.append(seed)
        return RunResult(seed=seed, virtual_s=hours * 3600, real_s=0.1)

    def end(self) -> None:
        self._ended.set()

    def close(self) -> None:
        self.closed = True


def test_every_seed_is_run_once_by_some_worker() -> None:
    hands = [Hand() for _ in range(3)]
    waiting = list(hands)

    results = list(outcomes(SEEDS, waiting.pop, 3))

    assert sorted(result.seed for result in results) == [seed.number for seed in SEEDS]
    assert sum(len(hand.ran) for hand in hands) == len(SEEDS)
    assert all(hand.closed for hand in hands)


def test_each_seed_has_its_own_length() -> None:
    results = list(outcomes([Seed(1, 24), Seed(2, 0.5)], Hand, 1))

    assert [result.virtual_s for result in results] == [86_400, 1_800]


def test_leaving_early_ends_what_hangs() -> None:
    hands = [Hand(lambda seed: "hangs" if seed == 3 else "ends") for _ in range(2)]
    waiting = list(hands)
    ended = outcomes(SEEDS, waiting.pop, 2)
    next(ended)

    ended.close()

    assert all(hand.closed for hand in hands)
    assert sum(len(hand.ran) for hand in hands) <= len(SEEDS)


def test_what_a_worker_raises_is_raised_to_who_listens() -> None:
    def breaks(seed: int) -> None:
        if seed == 4:
            message = "no more processes"
            raise OSError(message)

    with pytest.raises(OSError, match="no more processes"):
        list(outcomes(SEEDS, lambda: Hand(breaks), 2))
