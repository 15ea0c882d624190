"""Verdicts are data; a rule gives its verdict to the requests that it matches, so many times."""

from __future__ import annotations

import pytest

from simulator import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from simulator.core.faults.fault import Plan, RequestRule, Verdict, plan

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
    ],
    ids=repr,
)
def test_a_verdict_is_a_wait_an_execution_and_an_answer(verdict: Verdict | None, steps: Plan) -> None:
    assert plan(verdict) == steps


def rule(times: int | None = 1, **match: object) -> RequestRule:
    return RequestRule("post", "/fapi/v1/order", UNKNOWN, times, match)


def test_a_rule_is_used_up() -> None:
    installed = rule(times=2)
    taken = [installed.take("POST", "/fapi/v1/order", {}) for _ in range(3)]

    assert taken == [UNKNOWN, UNKNOWN, None]
    assert installed.hits == 2


def test_a_rule_without_a_number_is_never_used_up_and_can_be_cancelled() -> None:
    installed = rule(times=None)
    assert all(installed.take("POST", "/fapi/v1/order", {}) for _ in range(5))

    installed.cancel()

    assert installed.take("POST", "/fapi/v1/order", {}) is None


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("DELETE", "/fapi/v1/order", {"side": "BUY"}),
        ("POST", "/fapi/v1/x", {"side": "BUY"}),
        ("POST", "/fapi/v1/order", {}),
    ],
)
def test_other_requests_pass(method: str, path: str, params: dict[str, str]) -> None:
    installed = rule(side="BUY")

    assert installed.take(method, path, params) is None
    assert installed.take("POST", "/fapi/v1/order", {"side": "BUY", "price": "1"}) == UNKNOWN
