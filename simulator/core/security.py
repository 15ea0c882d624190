"""Who sent a request, and whether the bytes are his: API key, timestamp, signature.

What is signed is the raw query followed by the raw body, nothing between them, without the `signature` parameter, which
has to be the last of the query or of the body. The bytes that arrived are verified, never a re-encoding of their
values. By what it is verified, an account's secret or its public key, `signatures` knows.

Checked in this order: no parameter twice (-1101), API key (-2014 malformed, -2015 unknown), timestamp and signature
present (-1102), timestamp inside its window (-1021: not a second or more ahead of the exchange, not older than
recvWindow, 5000 ms unless sent), signature (-1022). The client learns no more than the code;
`SignatureError.diagnosis` says for the journal which bytes should have been signed and which mistake would explain
what came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, unquote_plus

from simulator.core import venue_error
from simulator.core.params import Params, integer, text
from simulator.core.signatures import describe_mistake, sign, verifies
from simulator.core.venue_error import VenueError, refusal

__all__ = ["SignatureError", "check_repeats", "check_signature", "check_timestamp", "known_key", "read_params", "sign"]

DEFAULT_RECEIVE_WINDOW_MS: Final = 5000
MOST_RECEIVE_WINDOW_MS: Final = 60_000
_AHEAD_MS: Final = 1000
_KEY: Final = re.compile(r"[A-Za-z0-9]{64}")
_LAST_SIGNATURE: Final = re.compile(r"(?:^|&)signature=([^&]*)$")


class SignatureError(VenueError):
    """-1022, with what the journal may say about it."""

    def __init__(self, diagnosis: str) -> None:
        super().__init__(*venue_error.SIGNATURE_INVALID)
        self.diagnosis = diagnosis


def read_params(query: str, body: str) -> dict[str, str]:
    """Return the parameters of a raw query and a raw form body. What is in both counts as the query has it."""
    params = dict(parse_qsl(body, keep_blank_values=True)) if body else {}
    if query:
        params.update(parse_qsl(query, keep_blank_values=True))
    return params


def check_repeats(query: str, body: str) -> None:
    """Raise `VenueError` -1101 when a parameter stands twice in the query, or twice in the body."""
    for part in (query, body):
        names = [name for name, _ in parse_qsl(part, keep_blank_values=True)]
        for name in names if len(set(names)) < len(names) else ():
            if names.count(name) > 1:
                raise venue_error.repeated_parameter(name)


def known_key(api_key: str, accounts: Mapping[str, str], request_ip: str) -> str:
    """Return the account of an API key; `accounts` maps keys to names. Raises `VenueError` -2014 or -2015."""
    if not _KEY.fullmatch(api_key):
        raise venue_error.api_key_malformed()
    if api_key not in accounts:
        raise venue_error.api_key_unknown(request_ip)
    return accounts[api_key]


def check_timestamp(params: Params, now_ms: int) -> None:
    """Raise `VenueError` -1102 or -1021 unless the request was sent inside its window."""
    timestamp = integer(params, "timestamp")
    window = integer(params, "recvWindow") if params.get("recvWindow") else DEFAULT_RECEIVE_WINDOW_MS
    text(params, "signature")
    if timestamp >= now_ms + _AHEAD_MS:
        raise refusal(venue_error.AHEAD_OF_SERVER)
    if now_ms - timestamp > min(window, MOST_RECEIVE_WINDOW_MS):
        raise refusal(venue_error.OUTSIDE_RECEIVE_WINDOW)


def check_signature(query: str, body: str, key: str) -> None:
    """Raise `SignatureError` unless the signature is that of the raw query and body, by the secret or public key."""
    signed, given = _split(query, body)
    if given is None:
        raise SignatureError("signature is not the last parameter of the query or of the body")
    if not verifies(signed, given, key):
        raise SignatureError(_diagnose(query, body, signed, given, key))


def _split(query: str, body: str) -> tuple[str, str | None]:
    for part, rest in ((body, query), (query, body)):
        if found := _LAST_SIGNATURE.search(part):
            unsigned = part[: found.start()]
            return (rest + unsigned if part is body else unsigned + rest), found[1]
    return query + body, None


def _diagnose(query: str, body: str, signed: str, given: str, key: str) -> str:
    """Return what should have been signed, and the mistake that would explain the signature, if one is known."""
    shown = f"the exchange verified {re.sub(r'listenKey=[^&]*', 'listenKey=…', signed)!r}"
    if mistake := describe_mistake(signed, given, key):
        return f"the signature is none for this account: {mistake}; {shown}"
    for mistake, candidate in _near_misses(query, body):
        if verifies(candidate, given, key):
            return f"signed were not the bytes that were sent: {mistake}; {shown}"
    return f"wrong secret or private key, or other bytes were signed than sent; {shown}"


def _near_misses(query: str, body: str) -> Iterator[tuple[str, str]]:
    pairs = [pair for pair in f"{query}&{body}".split("&") if pair and not pair.startswith("signature=")]
    changes: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("", str),
        ("values before percent-encoding", unquote_plus),
        ("values percent-encoded again", lambda pair: quote(pair, safe="=")),
    )
    orders = (("", pairs), ("parameters in alphabetical order", sorted(pairs)))
    for order, ordered in orders:
        for change, changed in changes:
            mistake = ", ".join(filter(None, (order, change))) or "query and body joined with &"
            yield mistake, "&".join(map(changed, ordered))
    yield "the body before the query", _split(body, query)[0]
