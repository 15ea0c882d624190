"""What can go wrong, split by what the caller must do about it.

    UserStreamError
    ├── FatalError               stop: no retry can cure it, a person must act
    │   ├── ApiKeyFormatError        -2014: the API key is not in Binance's form
    │   ├── ApiKeyRefusedError       -2015: unknown key, address not allowed, or no futures permission
    │   ├── SignatureRefusedError    -1022: the secret does not belong to the key
    │   └── JournalError             the journal is another account's, in use, or cannot be written
    ├── ListenKeyLostError       make a new listen key and a new connection
    ├── RetryableError           nothing happened: the same again, later
    │   ├── ConnectionLostError      the stream ended, or could not be opened
    │   ├── UnreachableError         the request was not answered, and asking again is harmless
    │   ├── RateLimitedError         429 or 418: not before `retry_after_s`
    │   ├── ServiceUnavailableError  -1001, -1008, 503 "Service Unavailable": failed for certain
    │   └── ClockSkewError           -1021: refused unseen, because our clock is off
    ├── RequestRejectedError     the exchange refused: a definite answer, with its code
    ├── OutcomeUnknownError      sent, and nobody said what came of it: ask, never send again
    └── SettingsError            a setting that cannot work; says which and why

An unknown outcome is never a rejection (USDⓈ-M Futures, General Info, HTTP Return Codes). No message, attribute or
cause of these ever holds a key, a secret, a signature or a listen key.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = [
    "ApiKeyFormatError",
    "ApiKeyRefusedError",
    "ClockSkewError",
    "ConnectionLostError",
    "FatalError",
    "JournalError",
    "ListenKeyLostError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "RequestRejectedError",
    "RetryableError",
    "ServiceUnavailableError",
    "SettingsError",
    "SignatureRefusedError",
    "UnreachableError",
    "UserStreamError",
]


LossKind: TypeAlias = Literal["cut", "closed", "no_pong", "silent", "refused", "unreachable"]
"""How a connection was lost: without a word, by a close frame, without answering a ping, alive but saying nothing; or
it was never made, because the handshake was refused or nobody answered.
"""


class UserStreamError(Exception):
    """The root of every error that this library raises on purpose."""


class FatalError(UserStreamError):
    """No retry can cure this. The message says what to do."""


class ApiKeyFormatError(FatalError):
    """-2014: the API key is not in Binance's form."""

    def __init__(self) -> None:
        super().__init__(
            "The API key is malformed (-2014). Check that it was copied whole, "
            "without spaces or line breaks: it has 64 letters and digits."
        )


class ApiKeyRefusedError(FatalError):
    """-2015: the key is unknown, used from an address not on its list, or lacks futures permission."""

    def __init__(self) -> None:
        super().__init__(
            "Binance refuses the API key (-2015). Check that it belongs to this environment (mainnet and testnet keys "
            "differ), that it may trade futures, and that this machine's address is on its list."
        )


class SignatureRefusedError(FatalError):
    """-1022: the secret does not belong to the API key."""

    def __init__(self) -> None:
        super().__init__(
            "Binance refuses the signature (-1022). Check that the API secret, or the private key, "
            "belongs to the API key."
        )


class JournalError(FatalError):
    """The journal cannot be used: it is another account's, in use by another process, or cannot be written."""


class ListenKeyLostError(UserStreamError):
    """The listen key is dead, or may be: make a new one, and a new connection with it."""


class RetryableError(UserStreamError):
    """Nothing was done. The same may be tried again later."""


class ConnectionLostError(RetryableError):
    """The stream's connection ended or could not be opened. `kind`: how, in one of few words; `cause` says the rest."""

    def __init__(self, cause: str, *, code: int | None = None, kind: LossKind = "cut") -> None:
        self.cause = cause
        self.code = code
        self.kind: LossKind = "closed" if code is not None else kind
        super().__init__(f"connection lost: {cause}" if code is None else f"connection lost ({code}): {cause}")


class UnreachableError(RetryableError):
    """No answer came, and repeating the request is harmless."""


class RateLimitedError(RetryableError):
    """429 or 418. `retry_after_s`: seconds until the exchange listens again."""

    def __init__(self, *, status: int, retry_after_s: float) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        banned = "banned" if status == 418 else "rate limited"
        super().__init__(f"{banned} by the exchange (HTTP {status}), again in {retry_after_s:.0f} s")


class ServiceUnavailableError(RetryableError):
    """The exchange failed for certain; the request was not executed."""


class ClockSkewError(RetryableError):
    """-1021: refused because the timestamp is outside the exchange's window."""


class RequestRejectedError(UserStreamError):
    """A definite refusal: HTTP `status`, Binance's error `code` and its `reason`."""

    def __init__(self, *, status: int, code: int, reason: str) -> None:
        self.status = status
        self.code = code
        self.reason = reason
        super().__init__(f"the exchange refused: {reason} ({code})")


class OutcomeUnknownError(UserStreamError):
    """The request may or may not have been executed. Wait for the stream or ask; never send it again under a new id."""


RECOVERABLE = (RetryableError, ListenKeyLostError, RequestRejectedError, OutcomeUnknownError)
"""What may go better next time; whatever else is raised is fatal, or a defect."""


class SettingsError(UserStreamError, ValueError):
    """A setting that cannot work. The message names it."""
