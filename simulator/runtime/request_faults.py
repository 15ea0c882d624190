"""What fault rules do to requests and to their answers: which steps they mean, and what happens to the connection.

A request without an answer leaves its connection open, and deaf: were the next request on it answered, its client
would take that for the missing answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from simulator.core.faults.fault import AnswerPlan, Ending, Plan, plan, plan_answer
from simulator.core.faults.rule import Conditions, Installed, RuleBook, Sight
from simulator.core.faults.rule_check import name_of
from simulator.core.faults.verdict import Close, Drip, HalfOpen, Reset, Respond, Stall, Throttle
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.line import Line, Lines, reset_transport
from simulator.runtime.whole_answer import Asker, WholeAnswer

__all__ = ["NO_ANSWER", "PLAIN", "Farewell", "RequestFaults", "skewed", "what_was_done"]

PLAIN: Final = plan(None)
NO_ANSWER: Final = AnswerPlan()


class RequestFaults:
    """Asks the rules of a book about requests and answers, and does to connections what they say."""

    def __init__(self, book: RuleBook, lines: Lines, clock: Clock, chronicle: Chronicle) -> None:
        self.lines = lines
        self._book = book
        self._clock = clock
        self._chronicle = chronicle

    @property
    def sees_requests(self) -> bool:
        """Whether any rule is about requests."""
        return self._book.watches("request")

    @property
    def sees_answers(self) -> bool:
        """Whether any rule is about responses."""
        return self._book.watches("response")

    def conditions(self, sight: Sight) -> Conditions:
        """Return what holds for a request."""
        return self._book.conditions(sight, self._clock.time_ms())

    def steps(self, sight: Sight, about: int) -> Plan:
        """Return what becomes of a request. `about` is the journal's `seq` of it."""
        decided = self._book.decide(sight, self._clock.time_ms())
        if decided is None:
            return PLAIN
        self._note(sight, about, decided[0])
        return plan(decided[1], decided[0])

    def steps_of_answer(self, sight: Sight, about: int) -> AnswerPlan:
        """Return what becomes of an answer."""
        decided = self._book.decide(sight, self._clock.time_ms())
        if decided is None:
            return NO_ANSWER
        self._note(sight, about, decided[0])
        return plan_answer(decided[1], decided[0])

    def slow_down(self, transport: asyncio.Transport | None, steps: Plan | AnswerPlan) -> None:
        """Let a connection suffer from now on."""
        if steps.line is None or transport is None or transport.is_closing():
            return
        line = self.line(transport)
        match steps.line:
            case Stall(seconds=seconds):
                line.stall(seconds, steps.cause)
            case Drip(bytes_per_s=rate):
                line.drip(rate, steps.cause)
            case Throttle(bytes_per_s=rate):
                line.throttle(rate, steps.cause)

    def line(self, transport: asyncio.Transport) -> Line:
        """Return the line of a connection."""
        return transport if isinstance(transport, Line) else self.lines.on(transport)

    def farewell(self, ending: Ending) -> Callable[[asyncio.Transport], None]:
        """Return what is done to a connection instead of an answer."""
        match ending:
            case Reset():
                return reset_transport
            case Close():
                return lambda transport: transport.close()
            case HalfOpen():
                return lambda transport: self.line(transport).freeze()
            case _:
                return self._leave_deaf

    def _leave_deaf(self, transport: asyncio.Transport) -> None:
        protocol = transport.get_protocol()
        self.lines.leave_unanswered(transport)
        if isinstance(protocol, asyncio.Protocol):
            protocol.connection_lost(None)

    def _note(self, sight: Sight, about: int, installed: Installed) -> None:
        self._chronicle.record(
            "fault",
            account=sight.account,
            connection=sight.connection,
            about=about,
            method=sight.method,
            event=sight.event,
            summary=f"scripted: {name_of(type(installed.verdict))}, by {installed.title}",
        )


class Farewell(WholeAnswer):
    """What is done to the connection where an answer would be sent; perhaps half of the answer goes out before."""

    def __init__(self, act: Callable[[asyncio.Transport], None], cut_short: WholeAnswer | None = None) -> None:
        super().__init__(500)
        self._act = act
        self._cut_short = cut_short

    def _leave(self, asker: Asker, transport: asyncio.Transport) -> None:
        if self._cut_short is not None:
            whole = self._cut_short.whole(asker)
            transport.write(whole[: len(whole) // 2])
        self._act(transport)


def what_was_done(ending: Ending) -> str:
    """Return what the journal says where no answer was given."""
    match ending:
        case Respond():
            return ""
        case Reset():
            return "the connection was reset instead of an answer"
        case Close():
            return "the connection was closed instead of an answer"
        case HalfOpen():
            return "the connection was left half-open instead of an answer"
        case _:
            return "never answered"


def skewed(body: Any, skew_ms: int) -> Any:
    """Return an answer that tells the time as the skewed clock has it."""
    if not skew_ms or not isinstance(body, dict) or "serverTime" not in body:
        return body
    return body | {"serverTime": body["serverTime"] + skew_ms}
