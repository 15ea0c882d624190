"""What an answer means: did the exchange certainly not execute, and would the same request do better later?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stream.core.retry import Answer, BackoffPolicy, backoff_delay, classify_answer, classify_silence
from user_stream.errors import (
    ApiKeyFormatError,
    ApiKeyRefusedError,
    ClockSkewError,
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    RetryableError,
    ServiceUnavailableError,
    SettingsError,
    SignatureRefusedError,
    UnreachableError,
    UserStreamError,
)

EXAMPLES = json.loads((Path(__file__).parents[3] / "fixtures" / "errors" / "examples.json").read_text())
NOW_MS = 1_789_999_970_000  # half past a minute, 30 s before the ban of the example ends
Kind = type[UserStreamError]

MEANINGS: dict[str, tuple[Kind, Kind]] = {
    # example: (meaning for a request that changes orders, meaning for any other)
    "-1021": (ClockSkewError, ClockSkewError),
    "-1022": (SignatureRefusedError, SignatureRefusedError),
    "-1102": (RequestRejectedError, RequestRejectedError),
    "-1121": (RequestRejectedError, RequestRejectedError),
    "-1125": (ListenKeyLostError, ListenKeyLostError),
    "-2011": (RequestRejectedError, RequestRejectedError),
    "-2013": (RequestRejectedError, RequestRejectedError),
    "-2014": (ApiKeyFormatError, ApiKeyFormatError),
    "-2015": (ApiKeyRefusedError, ApiKeyRefusedError),
    "-4120": (RequestRejectedError, RequestRejectedError),
    "-5022": (RequestRejectedError, RequestRejectedError),
    "-1003-429": (RateLimitedError, RateLimitedError),
    "-1003-418": (RateLimitedError, RateLimitedError),
    "-1015": (RateLimitedError, RateLimitedError),
    "-1008": (ServiceUnavailableError, ServiceUnavailableError),
    "503-unknown": (OutcomeUnknownError, UnreachableError),
    "503-unavailable": (ServiceUnavailableError, ServiceUnavailableError),
    "-1007": (OutcomeUnknownError, UnreachableError),
}
STATUSES: list[tuple[int, int, str, Kind, Kind]] = [
    # HTTP status, code, text, and the same two meanings
    (503, -1001, "Internal error; unable to process your request. Please try again.",
     ServiceUnavailableError, ServiceUnavailableError),
    (400, -1006, "An unexpected response was received.", OutcomeUnknownError, UnreachableError),
    (503, -1007, "Timeout waiting for response from backend server.", OutcomeUnknownError, UnreachableError),
    (500, 0, "", OutcomeUnknownError, UnreachableError),
    (502, 0, "", OutcomeUnknownError, UnreachableError),
    (504, 0, "", OutcomeUnknownError, UnreachableError),
    (408, 0, "", OutcomeUnknownError, UnreachableError),
    (503, 0, "", OutcomeUnknownError, UnreachableError),
    (403, 0, "", RequestRejectedError, RequestRejectedError),
    (404, 0, "", RequestRejectedError, RequestRejectedError),
    (400, -2019, "Margin is insufficient.", RequestRejectedError, RequestRejectedError),
    (400, -2022, "ReduceOnly Order is rejected.", RequestRejectedError, RequestRejectedError),
    (400, -4061, "Order's position side does not match user's setting.", RequestRejectedError, RequestRejectedError),
    (400, -4116, "ClientOrderId is duplicated.", RequestRejectedError, RequestRejectedError),
    (400, -9999, "A code of 2031.", RequestRejectedError, RequestRejectedError),
]  # fmt: skip


def meaning(status: int, code: int, reason: str, *, changes_orders: bool) -> UserStreamError:
    answer = Answer(status=status, code=code, reason=reason, changes_orders=changes_orders)
    return classify_answer(answer, now_ms=NOW_MS)


def test_every_example_has_a_meaning() -> None:
    assert set(MEANINGS) == set(EXAMPLES)


@pytest.mark.parametrize("name", MEANINGS)
def test_each_example_means_what_the_documentation_says(name: str) -> None:
    status, body = EXAMPLES[name]["http"], EXAMPLES[name]["body"]

    for kind, changes_orders in zip(MEANINGS[name], (True, False), strict=True):
        assert type(meaning(status, body["code"], body["msg"], changes_orders=changes_orders)) is kind


@pytest.mark.parametrize(("status", "code", "reason", "changing", "asking"), STATUSES)
def test_each_status_and_code_means_what_the_documentation_says(
    status: int, code: int, reason: str, changing: Kind, asking: Kind
) -> None:
    assert type(meaning(status, code, reason, changes_orders=True)) is changing
    assert type(meaning(status, code, reason, changes_orders=False)) is asking


def test_an_unknown_outcome_is_never_retryable_nor_a_rejection() -> None:
    unknown = meaning(503, -1000, "Unknown error, please check your request or try again later.", changes_orders=True)

    assert not isinstance(unknown, RetryableError | RequestRejectedError)


def test_a_rejection_keeps_status_code_and_reason() -> None:
    error = meaning(400, -2019, "Margin is insufficient.", changes_orders=True)

    assert isinstance(error, RequestRejectedError)
    assert (error.status, error.code, error.reason) == (400, -2019, "Margin is insufficient.")
    assert str(error) == "the exchange refused: Margin is insufficient. (-2019)"


@pytest.mark.parametrize(
    ("status", "reason", "retry_after_s", "wait_s"),
    [
        (429, "Too many requests", 7.0, 7.0),
        (418, "banned until 1790000000000.", 7.0, 7.0),
        (418, "IP(1.2.3.4) banned until 1790000000000. Please", None, 31.0),
        (418, "IP(1.2.3.4) banned until 1780000000000.", None, 1.0),
        (429, "Too many requests", None, 10.0),
    ],
)
def test_a_limit_is_waited_out_as_the_exchange_says_or_to_the_end_of_the_minute(
    status: int, reason: str, retry_after_s: float | None, wait_s: float
) -> None:
    answer = Answer(status=status, code=-1003, reason=reason, retry_after_s=retry_after_s, changes_orders=False)

    error = classify_answer(answer, now_ms=NOW_MS)

    assert isinstance(error, RateLimitedError)
    assert (error.status, error.retry_after_s) == (status, wait_s)


def test_silence_is_an_unknown_outcome_only_where_something_may_have_changed() -> None:
    assert type(classify_silence("TimeoutError", changes_orders=True)) is OutcomeUnknownError
    assert type(classify_silence("TimeoutError", changes_orders=False)) is UnreachableError


@pytest.mark.parametrize(
    ("attempt", "draw", "delay"),
    [(1, 0.5, 1.0), (2, 0.5, 2.0), (4, 0.5, 8.0), (1, 0.0, 0.8), (1, 0.9999, 1.2), (7, 0.9999, 60.0), (7, 0.0, 48.0),
     (10_000, 0.5, 60.0)],
)  # fmt: skip
def test_waiting_doubles_to_its_bound_and_is_spread(attempt: int, draw: float, delay: float) -> None:
    policy = BackoffPolicy(initial_s=1.0, maximum_s=60.0, multiplier=2.0, jitter=0.2)

    assert backoff_delay(policy, attempt, draw) == pytest.approx(delay, abs=1e-3)


@pytest.mark.parametrize(
    "broken",
    [{"initial_s": 0}, {"initial_s": -1}, {"initial_s": 61}, {"maximum_s": -1}, {"multiplier": 0.5}, {"jitter": 5},
     {"jitter": -0.1}, {"initial_s": float("nan")}],
)  # fmt: skip
def test_waiting_that_cannot_work_is_refused_when_it_is_made(broken: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="initial_s must be above 0"):
        BackoffPolicy(**broken)


def test_waiting_may_be_constant_and_without_chance() -> None:
    policy = BackoffPolicy(initial_s=5, maximum_s=5, multiplier=1, jitter=0)

    assert {backoff_delay(policy, attempt, 0.9) for attempt in (1, 2, 100)} == {5}
