"""Why the tests on the real testnet cannot run, in one line; asked before anything is sent there that matters.

Blocking, and on `requests` (the extra `preflight`), because it is asked where no event loop runs. It asks the exchange
two things: what time it is, and whether the key may trade (USDⓈ-M Futures: Check Server Time, Futures Account
Configuration). It knows one exchange: whatever is not the testnet's own address is refused before a request is made.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from user_stream.core.signing import Signer, query_string
from user_stream.credentials import Credentials, CredentialsError, credentials_from_variables
from user_stream.errors import UserStreamError
from user_stream.settings import Environment

__all__ = ["NotTheTestnetError", "find_obstacle", "require_testnet"]

_TOLERANCE_MS: Final = 1000
"""The exchange refuses a timestamp that is further ahead (General Info, Timing Security)."""
_TIMEOUT_S: Final = 10.0
_REFUSALS: Final = {
    -2014: "it is not in Binance's form: was it copied whole?",
    -2015: "it is unknown there, may not trade futures, or not from this machine's address",
    -1022: "the secret, or the private key, does not belong to it",
    -1021: "the clocks differ too much",
}


class NotTheTestnetError(UserStreamError):
    """An address that is not the testnet's was about to be used as if it were."""


def require_testnet(environment: Environment) -> Environment:
    """Return the environment, if both its addresses are the testnet's. Raises `NotTheTestnetError`."""
    for url, expected in (
        (environment.rest_url, Environment.TESTNET.rest_url),
        (environment.stream_url, Environment.TESTNET.stream_url),
    ):
        if _origin(url) != _origin(expected):
            message = f"{_shown(url)} is not the testnet: only {expected} is"
            raise NotTheTestnetError(message)
    return environment


def _origin(url: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port, parts.username


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def find_obstacle(variables: Mapping[str, str], *, environment: Environment = Environment.TESTNET) -> str | None:
    """Return in one line why the testnet cannot be used with the keys in `variables` (`os.environ`); None if it can.

    Without keys nothing is sent. Raises `NotTheTestnetError` for any other exchange.
    """
    require_testnet(environment)
    try:
        credentials = credentials_from_variables("testnet", variables)
    except CredentialsError as error:
        return f"no keys: {error}"
    try:
        return _clock_obstacle(environment) or _key_obstacle(environment, credentials)
    except requests.RequestException as error:  # its text may quote the signed address
        return f"unreachable: {environment.rest_url} did not answer ({type(error).__name__})"


def _clock_obstacle(environment: Environment) -> str | None:
    sent = _now_ms()
    status, body = _get(environment, "/fapi/v1/time", {})
    if "serverTime" not in body:
        return _unusable(environment, status)
    offset = (sent + _now_ms()) // 2 - int(body["serverTime"])
    if abs(offset) <= _TOLERANCE_MS:
        return None
    return f"clock off: this machine's is {abs(offset)} ms {'ahead of' if offset > 0 else 'behind'} the testnet's"


def _key_obstacle(environment: Environment, credentials: Credentials) -> str | None:
    query = Signer(credentials.api_secret).sign(query_string({"timestamp": _now_ms()}))
    headers = {"X-MBX-APIKEY": credentials.api_key}
    status, body = _get(environment, f"/fapi/v1/accountConfig?{query}", headers)
    code = body.get("code", 0)
    if code in _REFUSALS:
        return f"key refused ({code}): {_REFUSALS[code]}"
    if "canTrade" not in body:
        return _unusable(environment, status)
    return None if body["canTrade"] else "key without futures permission: it may read, but not trade"


def _unusable(environment: Environment, status: int) -> str:
    return f"unusable: {environment.rest_url} answered HTTP {status}, and not what was asked"


def _get(environment: Environment, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    answer = requests.get(f"{environment.rest_url}{path}", headers=headers, timeout=_TIMEOUT_S, allow_redirects=False)
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    return answer.status_code, body if isinstance(body, dict) else {}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
