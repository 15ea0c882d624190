"""Who sent a request, and whether the bytes are his: API key, timestamp, signature.

What is signed is the raw query followed by the raw body, nothing between them, without the `signature` parameter, which
has to be the last of the query or of the body. The bytes that arrived are verified, never a re-encoding of their
values. By what it is verified, an account's secret or its public key, `signatures` knows.

Checked in this order: no parameter twice (-1101), API key (-2014 malformed, -2015 unknown), timestamp and signature
present (-1102), timestamp inside its window (-1021: not a second or more ahead of the exchange, not older than
recvWindow, 5000 ms unless sent), signature (-1022). An order that arrived in time has to reach the matching engine
inside its window, too (-5028). Where the exchange's clock was moved, who goes by a clock of his own, or by what the
exchange once told him, is in time as well: `aheads_ms` is by how much the exchange's is ahead of each such clock. The
client learns no more than the code; the `diagnosis` of an error is for the journal, and says what was wrong, and which
mistake would explain it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from simulator.core.profile import Profile
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, integer, text
from simulator.core.rest.venue_error import VenueError, refusal
from simulator.core.security.signature_diagnosis import diagnose, diagnose_place
from simulator.core.security.signatures import kind_of_key, verifies

__all__ = [
    "DiagnosedError",
    "SignatureError",
    "check_engine_window",
    "check_repeats",
    "check_signature",
    "check_timestamp",
    "known_key",
    "read_params",
]

DEFAULT_RECEIVE_WINDOW_MS: Final = 5000
MOST_RECEIVE_WINDOW_MS: Final = 60_000
_AHEAD_MS: Final = 1000
_KEY: Final = re.compile(r"[A-Za-z0-9]{64}")
_LAST_SIGNATURE: Final = re.compile(r"(?:^|&)signature=([^&]*)$")
_DEFAULT_PROFILE: Final = Profile()
_NO_KEYS: Final[Mapping[str, str]] = {}


class DiagnosedError(VenueError):
    """A refusal, with what the journal may say about it."""

    def __init__(self, cause: tuple[int, str], diagnosis: str) -> None:
        super().__init__(*cause)
        self.diagnosis = diagnosis


class SignatureError(DiagnosedError):
    """-1022."""

    def __init__(self, diagnosis: str) -> None:
        super().__init__(venue_error.SIGNATURE_INVALID, diagnosis)


def read_params(query: str, body: str, content_type: str = "") -> dict[str, str]:
    """Return the parameters of a raw query and a raw form body. What is in both counts as the query has it.

    A body of JSON has none; it is signed all the same.
    """
    is_form = body and not content_type.startswith("application/json")
    params = dict(_pairs(body)) if is_form else {}
    if query:
        params.update(_pairs(query))
    return params


def check_repeats(query: str, body: str, params: Params) -> None:
    """Raise `VenueError` -1101 when a parameter stands twice in the query, or twice in the body.

    `params` is what `read_params` made of them: as many as there are pairs, unless one of them is repeated.
    """
    if len(params) == sum(part.count("&") + 1 for part in (query, body) if part):
        return
    for part in (query, body):
        names = [name for name, _ in _pairs(part)] if part else []
        for name in names if len(set(names)) < len(names) else ():
            if names.count(name) > 1:
                raise venue_error.repeated_parameter(name)


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values; in a text that has nothing to decode, as nearly all have, without decoding."""
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    split = [pair.partition("=") for pair in text.split("&") if pair]
    return [(name, value) for name, _, value in split]


def known_key(api_key: str, accounts: Mapping[str, str], request_ip: str) -> str:
    """Return the account of an API key; `accounts` maps keys to names. Raises `VenueError` -2014 or -2015."""
    if not _KEY.fullmatch(api_key):
        raise venue_error.api_key_malformed()
    if api_key not in accounts:
        raise venue_error.api_key_unknown(request_ip)
    return accounts[api_key]


def check_timestamp(
    params: Params, now_ms: int, profile: Profile = _DEFAULT_PROFILE, aheads_ms: Sequence[int] = ()
) -> None:
    """Raise `VenueError` -1102, -1131 or -1021 unless the request was sent inside its window."""
    timestamp = integer(params, "timestamp")
    window_ms = _window_ms(params, profile)
    text(params, "signature")
    age_ms = _age_ms(now_ms - timestamp, window_ms, aheads_ms)
    if -age_ms >= _AHEAD_MS:
        raise DiagnosedError(venue_error.AHEAD_OF_SERVER, f"its timestamp is {-age_ms} ms ahead of the exchange")
    if age_ms > window_ms:
        raise DiagnosedError(venue_error.OUTSIDE_RECEIVE_WINDOW, _too_old(age_ms, window_ms))


def check_engine_window(
    params: Params, now_ms: int, profile: Profile = _DEFAULT_PROFILE, aheads_ms: Sequence[int] = ()
) -> None:
    """Raise `VenueError` -5028, or -1021 by the profile, when an order reaches the matching engine too late."""
    window_ms = _window_ms(params, profile)
    age_ms = _age_ms(now_ms - integer(params, "timestamp"), window_ms, aheads_ms)
    if age_ms > window_ms:
        in_time = venue_error.OUTSIDE_RECEIVE_WINDOW
        cause = (
            venue_error.OUTSIDE_ENGINE_WINDOW if profile.late_order == venue_error.OUTSIDE_ENGINE_WINDOW[0] else in_time
        )
        raise DiagnosedError(cause, f"it arrived in time, but at the matching engine {_too_old(age_ms, window_ms)}")


def check_signature(
    query: str,
    body: str,
    key: str,
    *,
    profile: Profile = _DEFAULT_PROFILE,
    keys: Mapping[str, str] = _NO_KEYS,
    api_key: str = "",
) -> None:
    """Raise `SignatureError` unless the signature is that of the raw query and body, by the secret or public key.

    `keys`, the accounts' secrets and public keys by name, and the request's `api_key` serve the diagnosis only.
    """
    signed, given = _split(query, body)
    if given is None:
        raise SignatureError(diagnose_place(query, body))
    if profile.ed25519_rest == "refused" and kind_of_key(key) == "Ed25519":
        raise SignatureError("the account signs with Ed25519, which this profile takes on the WebSocket API only")
    if verifies(signed, given, key):
        return
    if profile.unencoded_signature == "accepted" and verifies(unquote_plus(signed), given, key):
        return
    raise SignatureError(diagnose(query, body, signed, given, key, keys=keys, api_key=api_key))


def _age_ms(age_ms: int, window_ms: int, aheads_ms: Sequence[int]) -> int:
    """Return how old a request is by the exchange's clock; by another that its sender may go by, if in time by that."""
    by_others = (age_ms - ahead_ms for ahead_ms in aheads_ms)
    return next((other_ms for other_ms in by_others if -_AHEAD_MS < other_ms <= window_ms), age_ms)


def _window_ms(params: Params, profile: Profile) -> int:
    window_ms = integer(params, "recvWindow") if params.get("recvWindow") else DEFAULT_RECEIVE_WINDOW_MS
    if window_ms > MOST_RECEIVE_WINDOW_MS and profile.large_receive_window == "refused":
        raise refusal(venue_error.LARGE_RECEIVE_WINDOW)
    return min(window_ms, MOST_RECEIVE_WINDOW_MS)


def _too_old(age_ms: int, window_ms: int) -> str:
    return f"its timestamp is {age_ms} ms behind the exchange, and its recvWindow is {window_ms} ms"


def _split(query: str, body: str) -> tuple[str, str | None]:
    for part, rest in ((body, query), (query, body)):
        if found := _LAST_SIGNATURE.search(part):
            unsigned = part[: found.start()]
            return (rest + unsigned if part is body else unsigned + rest), found[1]
    return query + body, None
