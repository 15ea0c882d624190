"""Why a signature does not verify: what was to be signed, and the one mistake that would explain what came.

The client learns only -1022. The journal says which bytes the exchange verified, how the right signature begins, and
which of the usual mistakes gives exactly the signature that was sent: another order, another encoding, query and body
joined otherwise, another account's secret, a secret with blanks or quotes around it. Every mistake is tried, none is
guessed. Keys never show, nor listen keys; of a right signature no more than its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote_plus

from simulator.core.security.signatures import describe_mistake, is_pem, sign, verifies

__all__ = ["diagnose", "diagnose_place", "wrong_key"]

_SHOWN_CHARACTERS: Final = 8
_HEX_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")

_NO_KEYS: Final[Mapping[str, str]] = {}


def diagnose(
    query: str, body: str, signed: str, given: str, key: str, *, keys: Mapping[str, str] = _NO_KEYS, api_key: str = ""
) -> str:
    """Return what should have been signed, and the mistake that would explain the signature, if one is known.

    `signed` is what the exchange verified by `key`; `keys` are the secrets and public keys of all accounts, by name.
    """
    shown = f"the exchange verified {_shown(signed)!r}{_expected(signed, given, key)}"
    if other := wrong_key(signed, given, key, keys=keys, api_key=api_key):
        return f"the right bytes were signed by the wrong key: {other}; {shown}"
    if mistake := describe_mistake(signed, given, key):
        return f"the signature is none for this account: {mistake}; {shown}"
    for mistake, candidate in _other_texts(query, body):
        if verifies(candidate, given, key):
            return f"signed were not the bytes that were sent: {mistake}; {shown}"
    return f"wrong secret or private key, or other bytes were signed than sent; {shown}"


def wrong_key(signed: str, given: str, key: str, *, keys: Mapping[str, str] = _NO_KEYS, api_key: str = "") -> str:
    """Return by which other key than the account's the text was signed, or "" when that is not known."""
    return next((what for what, other in _other_keys(key, keys, api_key) if verifies(signed, given, other)), "")


def diagnose_place(query: str, body: str) -> str:
    """Return why no signature was found, although there is a parameter of this name."""
    after = re.findall("(?:^|&)signature=[^&]*&([^=&]*)", f"{query}&{body}" if query and body else query or body)
    found = f": after it came {', '.join(name or 'a bare &' for name in after)}" if after else ""
    return f"signature is not the last parameter of the query or of the body{found}"


def _shown(signed: str) -> str:
    return re.sub("listenKey=[^&]*", "listenKey=…", signed)


def _expected(signed: str, given: str, key: str) -> str:
    """Return how the right signature begins; a public key cannot say."""
    if is_pem(key):
        return ""
    right = sign(signed, key)
    sent = f"; sent was one that begins with {given[:_SHOWN_CHARACTERS]}…" if len(given) == len(right) else ""
    return f", whose signature begins with {right[:_SHOWN_CHARACTERS]}…{sent}"


def _other_keys(key: str, keys: Mapping[str, str], api_key: str) -> Iterator[tuple[str, str]]:
    for name, other in keys.items():
        if other != key:
            yield f"that of account {name!r}", other
    if is_pem(key):
        return
    yield "the API key in place of the secret", api_key
    for what, changed in (
        ("the secret with a line break after it", f"{key}\n"),
        ("the secret with a carriage return and a line break after it", f"{key}\r\n"),
        ("the secret with a blank after it", f"{key} "),
        ("the secret with a blank before it", f" {key}"),
        ("the secret in double quotes", f'"{key}"'),
        ("the secret in single quotes", f"'{key}'"),
        ("the secret in lower case", key.lower()),
        ("the secret in upper case", key.upper()),
        ("an empty secret", ""),
    ):
        if changed != key:
            yield what, changed


def _other_texts(query: str, body: str) -> Iterator[tuple[str, str]]:
    pairs = [pair for pair in f"{query}&{body}".split("&") if pair and not pair.startswith("signature=")]
    orders = (
        ("", pairs),
        ("parameters in alphabetical order", sorted(pairs)),
        ("timestamp first", sorted(pairs, key=lambda pair: not pair.startswith("timestamp="))),
        ("timestamp last", sorted(pairs, key=lambda pair: pair.startswith("timestamp="))),
    )
    for order, ordered in orders:
        for change, changed in _CHANGES:
            mistake = ", ".join(filter(None, (order, change))) or "query and body joined with &"
            yield mistake, "&".join(map(changed, ordered))
    for name in ("timestamp", "recvWindow"):
        yield f"without {name}", "&".join(pair for pair in pairs if not pair.startswith(f"{name}="))
    yield "a ? before the query", f"?{'&'.join(pairs)}"
    for what, first, second in (("the body before the query", body, query), ("the query alone", query, "")):
        yield what, re.sub("(?:^|&)signature=[^&]*$", "", first) + re.sub("(?:^|&)signature=[^&]*$", "", second)
    yield "the body alone", re.sub("(?:^|&)signature=[^&]*$", "", body)


_CHANGES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("", str),
    ("values before percent-encoding", unquote_plus),
    ("values percent-encoded again", lambda pair: quote(pair, safe="=")),
    ("blanks as +, not %20", lambda pair: pair.replace("%20", "+")),
    ("blanks as %20, not +", lambda pair: pair.replace("+", "%20")),
    ("escapes in lower case", lambda pair: _HEX_ESCAPE.sub(lambda found: found[0].lower(), pair)),
    ("escapes in upper case", lambda pair: _HEX_ESCAPE.sub(lambda found: found[0].upper(), pair)),
    ("everything in lower case", str.lower),
    ("without parameters that are empty", lambda pair: "" if pair.endswith("=") else pair),
)
