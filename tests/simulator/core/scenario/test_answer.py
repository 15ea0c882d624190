"""Every answer of a scenario becomes one verdict."""

from __future__ import annotations

import pytest

from simulator.core.faults import fault
from simulator.core.scenario import action
from simulator.core.scenario.action import AnswerAction
from simulator.core.scenario.answer import text_of, verdict


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (action.Reject(code=-2019), fault.Respond(400, -2019, "Margin is insufficient.")),
        (action.Reject(code=-2019, message="No.", status=401), fault.Respond(401, -2019, "No.")),
        (
            action.Respond(status=503, body="<html>", headers={"a": "b"}),
            fault.Respond(503, 0, "", "<html>", {"a": "b"}),
        ),
        (action.Respond(status=400, code=-2013), fault.Respond(400, -2013, "Order does not exist.")),
        (
            action.ExecuteThenRespond(status=503, code=-1000, message="Unknown error"),
            fault.ExecuteThen(fault.Respond(503, -1000, "Unknown error")),
        ),
        (action.ExecuteThenReset(), fault.ExecuteThenReset()),
        (action.Reset(), fault.Reset()),
        (action.Delay(by="1500ms"), fault.Delay(1.5)),
        (action.ExecuteThenDelay(by="2s"), fault.ExecuteThen(fault.Delay(2.0))),
    ],
)
def test_an_answer_becomes_its_verdict(answer: AnswerAction, expected: fault.Verdict) -> None:
    assert verdict(answer) == expected


def test_a_code_with_several_texts_has_the_first() -> None:
    assert text_of(-1021) == "Timestamp for this request is outside of the recvWindow."


def test_an_unknown_code_has_no_text() -> None:
    assert text_of(-9999) == ""
