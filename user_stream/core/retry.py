"""What an answer, or its absence, means for the one who asked; and how long to wait before asking again.

The table is USDⓈ-M Futures, General Info (HTTP Return Codes) and Error Codes. Two questions decide: did the exchange
certainly not execute the request, and would the same request do better later? A request that changes nothing (every
GET, and the listen key calls) can always be repeated, so for it an unknown outcome is only an unreachable exchange.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from user_stream.errors import (
    ApiKeyFormatError,
    ApiKeyRefusedError,
    ClockSkewError,
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
    SettingsError,
    SignatureRefusedError,
    UnreachableError,
    UserStreamError,
)

__all__ = ["Answer", "BackoffPolicy", "backoff_delay", "classify_answer", "classify_silence"]

_BANNED_UNTIL = re.compile(r"banned until (\d{13})")
_FAILED_FOR_CERTAIN = "service unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that is not a success. `code` and `reason` are Binance's, 0 and "" when the body has none."""

    status: int
    code: int
    reason: str
    retry_after_s: float | None = None
    changes_orders: bool
    """True for a request that places, amends or cancels."""


def classify_answer(answer: Answer, *, now_ms: int) -> UserStreamError:
    """Return the error that this answer is. `now_ms` is the exchange's time, for "banned until"."""
    meaning = _BY_CODE.get(answer.code)
    return meaning(answer) if meaning else _classify_status(answer, now_ms=now_ms)


def _classify_status(answer: Answer, *, now_ms: int) -> UserStreamError:
    if answer.status in {418, 429}:
        return RateLimitedError(status=answer.status, retry_after_s=_wait_s(answer, now_ms=now_ms))
    if answer.status == 503 and _FAILED_FOR_CERTAIN in answer.reason.lower():
        return ServiceUnavailableError("the exchange is unavailable and did nothing (HTTP 503)")
    if answer.status >= 500 or answer.status == 408:
        return _unknown(answer)
    return RequestRejectedError(status=answer.status, code=answer.code, reason=answer.reason or "no reason given")


def _unknown(answer: Answer) -> UserStreamError:
    said = f"HTTP {answer.status}" + (f", {answer.code}" if answer.code else "")
    if answer.changes_orders:
        return OutcomeUnknownError(f"the exchange does not know whether it executed the request ({said})")
    return UnreachableError(f"the exchange could not answer ({said})")


_BY_CODE: dict[int, Callable[[Answer], UserStreamError]] = {
    -2014: lambda _: ApiKeyFormatError(),
    -2015: lambda _: ApiKeyRefusedError(),
    -1022: lambda _: SignatureRefusedError(),
    -1125: lambda _: ListenKeyLostError("the exchange does not know the listen key (-1125)"),
    -1021: lambda _: ClockSkewError("the exchange refused the timestamp (-1021): the clocks differ too much"),
    -1001: lambda _: ServiceUnavailableError("the exchange failed and did nothing (-1001)"),
    -1008: lambda _: ServiceUnavailableError("the exchange is overloaded and did nothing (-1008)"),
    -1006: _unknown,
    -1007: _unknown,
}


def classify_silence(cause: str, *, changes_orders: bool) -> UserStreamError:
    """Return the error of a request that got no answer. `cause` is a short phrase without secrets."""
    if changes_orders:
        return OutcomeUnknownError(f"sent, but not answered: {cause}")
    return UnreachableError(f"no answer: {cause}")


def _wait_s(answer: Answer, *, now_ms: int) -> float:
    """Retry-After if it was sent, else the end of the ban in the text, else the rest of the minute's window."""
    if answer.retry_after_s is not None:
        return answer.retry_after_s
    if banned := _BANNED_UNTIL.search(answer.reason):
        return max((int(banned[1]) - now_ms) / 1000, 0.0) + 1.0
    return 60.0 - now_ms % 60_000 / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPolicy:
    """Exponential waiting: `initial_s`, times `multiplier` per attempt, capped, spread by ± `jitter` of itself."""

    initial_s: float = 1.0
    maximum_s: float = 60.0
    multiplier: float = 2.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not (0 < self.initial_s <= self.maximum_s and self.multiplier >= 1 and 0 <= self.jitter < 1):
            message = f"{self}: initial_s must be above 0, maximum_s not below it, multiplier at least 1, jitter 0 to 1"
            raise SettingsError(message)


def backoff_delay(policy: BackoffPolicy, attempt: int, draw: float) -> float:
    """Return seconds to wait before attempt 1, 2, ...; `draw` is a random number in [0, 1)."""
    exponent = min(attempt - 1, 64)
    delay = min(policy.initial_s * policy.multiplier**exponent, policy.maximum_s)
    return min(delay * (1 + policy.jitter * (2 * draw - 1)), policy.maximum_s)
