"""How a run ended: what was different, what was done to the engine, and how long it took to heal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

__all__ = ["Divergence", "Rule", "RunResult"]

Rule: TypeAlias = Literal[
    "order", "fill", "fill order", "position", "balance", "algo order",
    "late", "resent", "rate limit", "leak", "hung", "raised", "delivery",
]  # fmt: skip
"""What was broken: something differs in the end; what was known late while live; a request that was sent twice; a limit
that was not kept; something that was left behind; a run that did not come to its end; the engine raised; what was told
twice, backwards or out of order.
"""


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in which engine and exchange differ."""

    rule: Rule
    what: str
    """In a line: `order BTCUSDT 8886774003 (c-7): the exchange has FILLED 0.010, the engine NEW 0`."""
    at_ms: int
    """When it was found: ms of the exchange's time; for what differs in the end, when it began to be so if known."""
    about: str = ""
    """The client order id or symbol that a timeline looks for."""


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run. It passed when nothing diverged."""

    seed: int
    virtual_s: float
    real_s: float
    cpu_s: float = 0.0
    """Processor time, where it was measured: what `real_s` would be with a core to itself."""
    divergences: tuple[Divergence, ...] = ()
    happened: Mapping[str, int] = {}
    """How often what was done to or by the engine: actions by their names, faults by what they did."""
    skipped: int = 0
    """Steps that could not be done: their order had ended already."""
    orders: int = 0
    fills: int = 0
    lives: int = 1
    heal_ms: tuple[int, ...] = ()
    """How long each disturbance lasted: from when the engine knew less than the exchange until it knew all again."""
    timeline: tuple[str, ...] = ()
    """What both sides did around the first divergence; of a run that did not come to its end, where it stood."""
    journal_digest: str = ""
    """SHA-256 of the exchange's journal: the same seed gives the same one on the same Python."""

    @property
    def passed(self) -> bool:
        """Whether nothing diverged."""
        return not self.divergences
