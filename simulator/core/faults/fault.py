"""What a scripted REST request gets instead of its answer, and what becomes of an answer: verdicts as steps.

`plan` is the theory: every verdict on a request is a wait, then perhaps execution, then another wait, then an answer.
The answer, the exchange's own or a scripted one, is seen by the rules about responses then, and `plan_answer` says
what follows. Nothing here executes anything.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from simulator.core.faults.corruption import Corrupt
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
    "AnswerPlan",
    "Delay",
    "Ending",
    "ExecuteThen",
    "ExecuteThenReset",
    "OnLine",
    "Plan",
    "Reset",
    "Respond",
    "Verdict",
    "plan",
    "plan_answer",
]


Ending: TypeAlias = Respond | Reset | Drop | Close | HalfOpen
"""What a request gets instead of its true answer: another one, or none."""

OnLine: TypeAlias = Stall | Drip | Throttle
"""What slows a connection down."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict in the order of its doing. `answer` None: the true answer of an executed request."""

    wait_s: float = 0.0
    execute: bool = True
    hold_s: float = 0.0
    line: OnLine | None = None
    """What the connection suffers from before the answer on, until the rule `cause` is released."""
    cause: object = None
    answer: Ending | None = None


def plan(verdict: Verdict | None, cause: object = None) -> Plan:
    """Return the steps of a verdict on a request; of no verdict, plain execution."""
    match verdict:
        case Respond() | Reset() | Drop() | Close() | HalfOpen():
            return Plan(execute=False, answer=verdict)
        case Delay(seconds=seconds):
            return Plan(wait_s=seconds)
        case Stall() | Drip() | Throttle():
            return Plan(line=verdict, cause=cause)
        case ExecuteThenReset():
            return Plan(answer=Reset())
        case ExecuteThen(verdict=then):
            return Plan(hold_s=then.seconds) if isinstance(then, Delay) else Plan(answer=then)
        case _:  # `Pass`, or no verdict: a book holds no other on a request
            return Plan()


class AnswerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an answer that is known, in the order of its doing."""

    hold_s: float = 0.0
    line: OnLine | None = None
    cause: object = None
    answer: Ending | None = None
    """What is told, or done, instead; None: the answer itself."""
    corrupt: Corrupt | None = None


def plan_answer(verdict: Verdict, cause: object = None) -> AnswerPlan:
    """Return the steps of a verdict on a response."""
    match verdict:
        case Respond() | Reset() | Drop() | Close() | HalfOpen():
            return AnswerPlan(answer=verdict)
        case Delay(seconds=seconds):
            return AnswerPlan(hold_s=seconds)
        case Stall() | Drip() | Throttle():
            return AnswerPlan(line=verdict, cause=cause)
        case Corrupt():
            return AnswerPlan(corrupt=verdict)
        case _:  # `Pass`: a book holds no other on a response
            return AnswerPlan()
