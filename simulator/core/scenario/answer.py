"""How the answers of a scenario become verdicts on a request."""

from __future__ import annotations

from typing import Final, assert_never

from simulator.core.faults import fault
from simulator.core.rest import venue_error
from simulator.core.rest.error_texts import SCRIPTED_TEXTS
from simulator.core.scenario import action
from simulator.core.scenario.action import AnswerAction
from simulator.core.scenario.notation import milliseconds

__all__ = ["text_of", "verdict"]

_TEXTS: Final[dict[int, str]] = {
    cause[0]: cause[1] for cause in reversed(vars(venue_error).values()) if isinstance(cause, tuple)
}
"""Binance's texts by code, the first one of a code that has several."""


def text_of(code: int) -> str:
    """Return Binance's text for an error code, or "" when this simulator knows none."""
    return _TEXTS.get(code, "") or SCRIPTED_TEXTS.get(code, "")


def verdict(answer: AnswerAction) -> fault.Verdict:
    """Return what is to be done with a request that is answered so."""
    match answer:
        case action.Reject() | action.Respond():
            return _refusal_or_response(answer)
        case action.ExecuteThenReset():
            return fault.ExecuteThenReset()
        case action.Reset():
            return fault.Reset()
        case action.Delay():
            return fault.Delay(_seconds(answer.by))
        case action.ExecuteThenDelay():
            return fault.ExecuteThen(fault.Delay(_seconds(answer.by)))
        case _:
            assert_never(answer)


def _refusal_or_response(answer: action.Reject | action.Respond) -> fault.Verdict:
    if isinstance(answer, action.Reject):
        return fault.Respond(answer.status, answer.code, answer.message or text_of(answer.code))
    response = _response(answer)
    return fault.ExecuteThen(response) if isinstance(answer, action.ExecuteThenRespond) else response


def _response(answer: action.Respond) -> fault.Respond:
    return fault.Respond(
        status=answer.status,
        code=answer.code or 0,
        message=answer.message or text_of(answer.code or 0),
        body=answer.body,
        headers=dict(answer.headers),
    )


def _seconds(duration: str) -> float:
    return milliseconds(duration) / 1000
