"""One connection's session on the WebSocket API, and who asks: the key in the request, or the one that has logged on.

`session.logon` takes Ed25519 keys only (-4056 for others: the code is documented, its use here is not). Afterwards
`apiKey` and `signature` may be left out; a request that names a key of its own is verified by that one. What is signed
is every parameter but `signature`, sorted by name, `name=value` joined with `&`: HMAC in hex, or RSA or Ed25519 in
base64, which in JSON is not percent-encoded.

A request is checked as over REST: key (-1102 when there is none, -2014, -2015), timestamp (-1102, -1021), signature
(-1102, -1022). When the key of the session is revoked, the next request is the session's last: whatever it asked, the
client is told so with the id null, and the session is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote_plus

import msgspec

from simulator.core.profile import Profile
from simulator.core.rest import venue_error
from simulator.core.rest.params import text
from simulator.core.rest.venue_error import refusal
from simulator.core.security import security
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.security import SignatureError
from simulator.core.security.signature_diagnosis import wrong_key
from simulator.core.security.signatures import describe_mistake, kind_of_key, verifies
from simulator.core.venue import Security

__all__ = ["Session", "endpoint_params", "signed_text"]

_NOT_PARAMETERS: Final = frozenset({"apiKey", "signature", "returnRateLimits"})


class Session(msgspec.Struct, kw_only=True):
    """Who has logged on to a connection ("" when nobody has), and what its responses carry. Times are in ms."""

    connected_ms: int
    returns_rate_limits: bool = True
    api_key: str = ""
    authorized_ms: int = 0

    def body(self, now_ms: int) -> dict[str, Any]:
        """Return the result of session.logon, session.status and session.logout."""
        return {
            "apiKey": self.api_key or None,
            "authorizedSince": self.authorized_ms if self.api_key else None,
            "connectedSince": self.connected_ms,
            "returnRateLimits": self.returns_rate_limits,
            "serverTime": now_ms,
        }

    def log_on(
        self, params: Mapping[str, str], keys: ApiKeys, profile: Profile, now_ms: int, aheads_ms: Sequence[int] = ()
    ) -> None:
        """Let the key of these parameters be the connection's. Raises `VenueError`.

        `aheads_ms` is as `security` has it.
        """
        api_key = text(params, "apiKey")
        security.known_key(api_key, keys.names, profile.request_ip)
        if kind_of_key(keys.signers[api_key]) != "Ed25519":
            raise refusal(venue_error.INVALID_KEY_TYPE)
        security.check_timestamp(params, now_ms, profile, aheads_ms)
        _check_signature(params, api_key, keys)
        self.api_key, self.authorized_ms = api_key, int(params["timestamp"])

    def log_out(self) -> None:
        """Forget the key."""
        self.api_key, self.authorized_ms = "", 0

    def is_revoked(self, keys: ApiKeys) -> bool:
        """Say whether the key that has logged on is valid no more."""
        return bool(self.api_key) and self.api_key not in keys.names

    def who_asks(
        self,
        params: Mapping[str, str],
        needed: Security,
        keys: ApiKeys,
        profile: Profile,
        now_ms: int,
        *,
        aheads_ms: Sequence[int] = (),
    ) -> str:
        """Return the account that sent a request, "" when nobody has to have. Raises `VenueError`.

        `aheads_ms` is as `security` has it.
        """
        if needed == "none":
            return ""
        api_key = params.get("apiKey") or self.api_key or text(params, "apiKey")
        account = security.known_key(api_key, keys.names, profile.request_ip)
        if needed != "signed":
            return account
        is_vouched_for = api_key == self.api_key and not params.get("signature")
        timed = {**params, "signature": "the session's"} if is_vouched_for else params
        security.check_timestamp(timed, now_ms, profile, aheads_ms)
        if not is_vouched_for:
            _check_signature(params, api_key, keys)
        return account


def signed_text(params: Mapping[str, str]) -> str:
    """Return what has to be signed of these parameters."""
    return "&".join(_pairs(sorted(params.items())))


def endpoint_params(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are meant for the REST twin."""
    return {name: value for name, value in params.items() if name not in _NOT_PARAMETERS}


def _check_signature(params: Mapping[str, str], api_key: str, keys: ApiKeys) -> None:
    signed, given, signer = signed_text(params), text(params, "signature"), keys.signers[api_key]
    quoted = quote(given, safe="")  # `verifies` takes it as it stands in a query
    if not verifies(signed, quoted, signer):
        cause = wrong_key(signed, quoted, signer, keys=keys.signers_by_name, api_key=api_key)
        raise SignatureError(_diagnose(params, signed, given, signer, cause))


def _pairs(items: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> list[str]:
    return [f"{name}={value}" for name, value in items if name != "signature"]


def _diagnose(params: Mapping[str, str], signed: str, given: str, signer: str, other_key: str) -> str:
    """Return what should have been signed, and the mistake that would explain the signature, if one is known."""
    shown = f"the exchange verified {_masked(params)!r}"
    if other_key:
        return f"the right text was signed by the wrong key: {other_key}; {shown}"
    if "%" in given:
        return f"the signature is percent-encoded, which JSON does not want; {shown}"
    if mistake := describe_mistake(signed, quote(given, safe=""), signer):
        return f"the signature is none for this account: {mistake}; {shown}"
    for mistake, candidate in _near_misses(params):
        if verifies(candidate, quote(given, safe=""), signer):
            return f"signed was not the sorted text of all parameters: {mistake}; {shown}"
    return f"wrong secret or private key, or other values were signed than sent; {shown}"


def _near_misses(params: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    orders: tuple[tuple[str, list[tuple[str, str]]], ...] = (
        ("", sorted(params.items())),
        ("parameters in the order of sending", list(params.items())),
        ("parameters sorted without regard to case", sorted(params.items(), key=lambda item: item[0].lower())),
    )
    leavings: tuple[tuple[str, frozenset[str]], ...] = (
        ("", frozenset()),
        ("without apiKey", frozenset({"apiKey"})),
        ("without returnRateLimits", frozenset({"returnRateLimits"})),
    )
    changes: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("", str),
        ("values percent-encoded", lambda pair: quote(pair, safe="=")),
        ("values percent-decoded", unquote_plus),
    )
    for order, items in orders:
        for leaving, left_out in leavings:
            for change, changed in changes:
                pairs = _pairs([item for item in items if item[0] not in left_out])
                yield ", ".join(filter(None, (order, leaving, change))), "&".join(map(changed, pairs))


def _masked(params: Mapping[str, str]) -> str:
    secret = {"apiKey", "listenKey"}
    return "&".join(_pairs([(name, "…" if name in secret else value) for name, value in sorted(params.items())]))
