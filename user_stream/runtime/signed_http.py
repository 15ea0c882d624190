"""Requests over HTTP: signed, timed by the exchange's clock, and every failure told apart.

Every request takes its turn under the rate limit before it is signed, because a timestamp that waited is too old.
Foreign exceptions end here, once, and are replaced rather than chained, because aiohttp's texts quote addresses and the
address of a signed request holds its signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import aiohttp
import msgspec
from yarl import URL

from user_stream.core.request_weight import weight_of
from user_stream.core.retry import Answer, classify_answer, classify_silence
from user_stream.core.signing import Signer, query_string
from user_stream.errors import ApiKeyFormatError, ClockSkewError, RateLimitedError, UnreachableError, UserStreamError
from user_stream.runtime.clock import Clock
from user_stream.runtime.rate_budget import RateLimit, Turn
from user_stream.settings import Environment, Settings

__all__ = ["Security", "SignedHttp"]

Security: TypeAlias = Literal["NONE", "USER_STREAM", "USER_DATA", "TRADE"]
"""Binance's endpoint security types: nothing, the key alone, or signed. Only TRADE changes orders."""

_TOO_MANY_ORDERS = -1015


class SignedHttp:
    """One account's way to the REST API. Neither key nor secret shows in `repr`."""

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        environment: Environment,
        settings: Settings,
        clock: Clock,
        rate_limit: RateLimit | None = None,
    ) -> None:
        if not api_key.isprintable():
            raise ApiKeyFormatError  # it could not even be sent
        self._headers = {"X-MBX-APIKEY": api_key}
        self._signer = Signer(api_secret)
        self._environment = environment
        self._settings = settings
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._offset_ms: int | None = None
        self.rate_limit = rate_limit or RateLimit(clock, recovery_weight_per_minute=settings.recovery_weight_per_minute)
        """What may still be asked; shared by all that were given the same one."""

    def __repr__(self) -> str:
        return f"SignedHttp({self._environment.rest_url})"

    async def close(self) -> None:
        """Close the connections. The next request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def exchange_time_ms(self) -> int:
        """Return the exchange's time, as far as we know it."""
        return self._clock.time_ms() + (self._offset_ms or 0)

    async def synchronize_clock(self) -> int:
        """Read the exchange's clock and return its offset from ours in ms."""
        sent = self._clock.time_ms()
        body = await self._ask("GET", "/fapi/v1/time", {}, "NONE")
        received = self._clock.time_ms()
        if not isinstance(body, dict) or not isinstance(body.get("serverTime"), int):
            reason = "the exchange did not say what time it is"
            raise UnreachableError(reason)
        self._offset_ms = body["serverTime"] - (sent + received) // 2
        return self._offset_ms

    async def ensure_clock(self) -> None:
        """Read the exchange's clock unless that was done before."""
        if self._offset_ms is None:
            await self.synchronize_clock()

    async def request(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None, *, security: Security
    ) -> Any:
        """Send a request and return its decoded body.

        Raises an error of `user_stream.errors`, by what can be done about it. A timestamp that is refused (-1021) was
        not looked at any further, so the clock is read again and the request sent once more.
        """
        if security in {"NONE", "USER_STREAM"}:
            return await self._ask(method, path, params or {}, security)
        await self.ensure_clock()
        try:
            return await self._ask(method, path, params or {}, security)
        except ClockSkewError:
            await self.synchronize_clock()
            return await self._ask(method, path, params or {}, security)

    async def _ask(self, method: str, path: str, params: Mapping[str, str | int], security: Security) -> Any:
        limit = self.rate_limit  # it may be exchanged for another one meanwhile
        if security == "TRADE" and method != "DELETE":
            limit.require_open_for_orders()
        limit.require_open()
        weight = weight_of(method, path, params)
        if security == "USER_DATA":
            turn = await limit.wait_for(weight, self.exchange_time_ms)
        else:
            turn = limit.take(weight, self.exchange_time_ms())
        try:
            return await self._send(method, path, self._query(params, security), security, turn)
        finally:
            limit.settle(turn, self.exchange_time_ms())

    def _query(self, params: Mapping[str, str | int], security: Security) -> str:
        if security in {"NONE", "USER_STREAM"}:
            return query_string(params)
        timed = {**params, "recvWindow": self._settings.recv_window_ms, "timestamp": self.exchange_time_ms()}
        return self._signer.sign(query_string(timed))

    async def _send(self, method: str, path: str, query: str, security: Security, turn: Turn) -> Any:
        url = URL(f"{self._environment.rest_url}{path}{'?' if query else ''}{query}", encoded=True)
        headers = {} if security == "NONE" else self._headers
        failure: UserStreamError
        try:
            async with self._open_session().request(
                method, url, headers=headers, proxy=self._settings.proxy, allow_redirects=False
            ) as response:
                body = await response.read()
        except aiohttp.ClientConnectorError:
            failure = UnreachableError("the exchange cannot be reached; nothing was sent")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            failure = classify_silence(type(error).__name__, changes_orders=security == "TRADE")
        else:
            return self._read(response, body, security, turn)
        raise failure from None

    def _read(self, response: aiohttp.ClientResponse, body: bytes, security: Security, turn: Turn) -> Any:
        turn.said = _used_weight(response)
        try:
            decoded: Any = msgspec.json.decode(body)
        except msgspec.DecodeError:
            decoded = None
        if response.status == 200 and decoded is not None:
            return decoded
        answer = _answer(response, decoded, security)
        error = classify_answer(answer, now_ms=self.exchange_time_ms())
        if isinstance(error, RateLimitedError):
            close = self.rate_limit.close_for_orders if answer.code == _TOO_MANY_ORDERS else self.rate_limit.close
            close(error.retry_after_s)
        raise error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._settings.request_timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
            # aiohttp sends a DELETE or PUT again by itself when a kept connection breaks; no public switch stops it
            self._session._retry_connection = False  # noqa: SLF001
        return self._session


def _answer(response: aiohttp.ClientResponse, body: Any, security: Security) -> Answer:
    said = body if isinstance(body, dict) else {}
    retry_after = response.headers.get("Retry-After", "")
    return Answer(
        # a success that cannot be read tells as little as a server error
        status=response.status if response.status != 200 else 502,
        code=_whole(said.get("code", 0)),
        reason=str(said.get("msg", "")),
        retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
        changes_orders=security == "TRADE",
    )


def _used_weight(response: aiohttp.ClientResponse) -> int | None:
    """Return the exchange's count; None where it does not say, which orders have shown as -1."""
    said = _whole(response.headers.get("X-MBX-USED-WEIGHT-1M", -1))
    return said if said >= 0 else None


def _whole(value: object) -> int:
    """Return a number that may have been sent as text; 0 for what is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0
