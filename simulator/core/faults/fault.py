"""What a scripted REST request gets instead of its answer: verdicts as data, and the rules that choose them.

A rule sees one request (method, path, parameters) and returns its verdict `times` times. Rules are asked in the order
in which they were installed; the first that matches wins. `plan` is the theory: every verdict is a wait, then perhaps
execution, then another wait, then an answer. Nothing here executes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from simulator.core.faults.verdict import (
    Close,
    Delay,
    Drip,
    Drop,
    ExecuteThen,
    ExecuteThenReset,
    HalfOpen,
    Reset,
    Respond,
    Stall,
    Throttle,
    Verdict,
)

__all__ = [
    "Delay",
    "Ending",
    "ExecuteThen",
    "ExecuteThenReset",
    "Plan",
    "RequestRule",
    "Reset",
    "Respond",
    "Verdict",
    "plan",
]


Ending: TypeAlias = Respond | Reset | Drop | Close | HalfOpen
"""What a request gets instead of its true answer: another one, or none."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict in the order of its doing. `answer` None: the true answer of an executed request."""

    wait_s: float = 0.0
    execute: bool = True
    hold_s: float = 0.0
    line: Stall | Drip | Throttle | None = None
    """What the connection suffers from before the answer on."""
    answer: Ending | None = None


def plan(verdict: Verdict | None) -> Plan:
    """Return the steps of a verdict on a request; of no verdict, plain execution."""
    match verdict:
        case Respond() | Reset() | Drop() | Close() | HalfOpen():
            return Plan(execute=False, answer=verdict)
        case Delay(seconds=seconds):
            return Plan(wait_s=seconds)
        case Stall() | Drip() | Throttle():
            return Plan(line=verdict)
        case ExecuteThenReset():
            return Plan(answer=Reset())
        case ExecuteThen(verdict=then):
            return Plan(hold_s=then.seconds) if isinstance(then, Delay) else Plan(answer=then)
        case _:  # `Pass`, or no verdict: a book holds no other on a request
            return Plan()


class RequestRule:
    """One installed rule: which requests it takes, and how often it still will."""

    def __init__(
        self, method: str, path: str, verdict: Verdict, times: int | None, match: Mapping[str, object]
    ) -> None:
        self.method = method.upper()
        self.path = path
        self.verdict = verdict
        self.remaining = times
        self.match = {name: str(value) for name, value in match.items()}
        self.hits = 0

    def take(self, method: str, path: str, params: Mapping[str, str]) -> Verdict | None:
        """Return the verdict and count it, if the rule has any left and the request is its own."""
        if self.remaining == 0 or method != self.method or path != self.path:
            return None
        if any(params.get(name) != value for name, value in self.match.items()):
            return None
        if self.remaining is not None:
            self.remaining -= 1
        self.hits += 1
        return self.verdict

    def cancel(self) -> None:
        """Take no request any more."""
        self.remaining = 0

    def __repr__(self) -> str:
        left = "always" if self.remaining is None else f"{self.remaining} left"
        return f"<RequestRule {self.method} {self.path} {self.match or ''} → {self.verdict!r}, {left}>"
