"""A verdict on a request, or on its answer, is data: a few steps in one order."""

from __future__ import annotations

import pytest

from simulator import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from simulator.core.faults.fault import AnswerPlan, Plan, Verdict, plan, plan_answer
from simulator.core.faults.verdict import Corrupt, Drip, Drop, HalfOpen, Pass, Throttle

UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")


@pytest.mark.parametrize(
    ("verdict", "steps"),
    [
        (None, Plan()),
        (UNKNOWN, Plan(execute=False, answer=UNKNOWN)),
        (Reset(), Plan(execute=False, answer=Reset())),
        (Delay(2.0), Plan(wait_s=2.0)),
        (ExecuteThen(UNKNOWN), Plan(answer=UNKNOWN)),
        (ExecuteThen(Delay(2.0)), Plan(hold_s=2.0)),
        (ExecuteThen(Reset()), Plan(answer=Reset())),
        (ExecuteThenReset(), Plan(answer=Reset())),
        (ExecuteThen(Drop()), Plan(answer=Drop())),
        (Drop(), Plan(execute=False, answer=Drop())),
        (HalfOpen(), Plan(execute=False, answer=HalfOpen())),
        (Throttle(100), Plan(line=Throttle(100))),
        (Pass(), Plan()),
    ],
    ids=repr,
)
def test_a_verdict_is_a_wait_an_execution_and_an_answer(verdict: Verdict | None, steps: Plan) -> None:
    assert plan(verdict) == steps


@pytest.mark.parametrize(
    ("verdict", "steps"),
    [
        (Pass(), AnswerPlan()),
        (UNKNOWN, AnswerPlan(answer=UNKNOWN)),
        (Drop(), AnswerPlan(answer=Drop())),
        (Delay(2.0), AnswerPlan(hold_s=2.0)),
        (Corrupt("truncated"), AnswerPlan(corrupt=Corrupt("truncated"))),
        (Drip(10), AnswerPlan(line=Drip(10))),
    ],
    ids=repr,
)
def test_of_an_answer_it_is_a_wait_and_what_is_told_instead(verdict: Verdict, steps: AnswerPlan) -> None:
    assert plan_answer(verdict) == steps
