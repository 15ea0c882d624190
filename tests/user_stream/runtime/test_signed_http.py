"""Signed requests: the bytes that are signed are the bytes that are sent, and every failure has its own error."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from simulator import Respond, Simulator
from user_stream import Environment, RequestRejectedError, Settings
from user_stream.errors import OutcomeUnknownError, RateLimitedError, ServiceUnavailableError, UnreachableError
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.signed_http import SignedHttp

KEY, SECRET = "K" * 64, "theSecretThatMustNotBeSeen"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def exchange(handle: Handler) -> AsyncIterator[SignedHttp]:
    """An HTTP server that tells the time and leaves everything else to `handle`."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/fapi/v1/time":
            return web.json_response({"serverTime": 1_700_000_000_000})
        return await handle(request)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    http = SignedHttp(
        KEY,
        SECRET,
        environment=Environment("test", f"http://{host}:{port}", f"ws://{host}:{port}"),
        settings=Settings(),
        clock=LoopClock(start_ms=1_600_000_000_000),
    )
    try:
        yield http
    finally:
        await http.close()
        await runner.cleanup()


async def test_signature_covers_exactly_the_bytes_that_were_sent() -> None:
    seen: list[str] = []

    async def keep(request: web.BaseRequest) -> web.Response:
        seen.append(request.raw_path.partition("?")[2])
        assert request.headers["X-MBX-APIKEY"] == KEY
        return web.json_response({})

    async with exchange(keep) as http:
        await http.request("POST", "/fapi/v1/order", {"symbol": "币安USDT", "note": "a b&c=d/é"}, security="TRADE")

    signed, _, signature = seen[0].rpartition("&signature=")
    assert hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest() == signature
    assert signed.startswith("symbol=%E5%B8%81%E5%AE%89USDT&note=a+b%26c%3Dd%2F%C3%A9&recvWindow=5000&timestamp=")


async def test_timestamps_follow_the_exchanges_clock() -> None:
    seen: list[int] = []

    async def keep(request: web.BaseRequest) -> web.Response:
        seen.append(int(request.query["timestamp"]))
        return web.json_response({})

    async with exchange(keep) as http:
        await http.request("GET", "/x", security="USER_DATA")
        await asyncio.sleep(100)
        await http.request("GET", "/x", security="USER_DATA")

    assert seen == [1_700_000_000_000, 1_700_000_100_000]


@pytest.mark.parametrize("security", ["TRADE", "USER_DATA"])
async def test_silence_after_sending_is_unknown_only_where_it_could_have_changed_something(security: str) -> None:
    async def reset(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    expected = OutcomeUnknownError if security == "TRADE" else UnreachableError
    async with exchange(reset) as http:
        with pytest.raises(expected) as failure:
            await http.request("POST", "/fapi/v1/order", {"symbol": "X"}, security=security)  # type: ignore[arg-type]  # one of the two above

    assert failure.value.__suppress_context__
    assert "signature" not in str(failure.value)


async def test_request_that_is_not_answered_in_time_has_an_unknown_outcome() -> None:
    async def never(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    async with exchange(never) as http:
        with pytest.raises(OutcomeUnknownError, match="TimeoutError"):
            await http.request("POST", "/fapi/v1/order", security="TRADE")


async def test_exchange_that_cannot_be_reached_was_not_sent_anything() -> None:
    http = SignedHttp(
        KEY,
        SECRET,
        environment=Environment("test", "http://127.0.0.1:1", "ws://127.0.0.1:1"),
        settings=Settings(),
        clock=LoopClock(),
    )
    with pytest.raises(UnreachableError, match="nothing was sent"):
        await http.request("GET", "/fapi/v1/time", security="NONE")
    await http.close()


async def test_success_that_cannot_be_read_is_an_unknown_outcome() -> None:
    async def half(_: web.BaseRequest) -> web.Response:
        return web.Response(text='{"orderId": 1', content_type="application/json")

    async with exchange(half) as http:
        with pytest.raises(OutcomeUnknownError):
            await http.request("POST", "/fapi/v1/order", security="TRADE")


async def test_html_refusal_is_a_rejection_without_a_code() -> None:
    async def firewall(_: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text="<html>no</html>", content_type="text/html")

    async with exchange(firewall) as http:
        with pytest.raises(RequestRejectedError) as refusal:
            await http.request("GET", "/x", security="USER_DATA")

    assert (refusal.value.status, refusal.value.code) == (403, 0)


async def test_limit_is_obeyed_without_asking_again() -> None:
    asked = 0

    async def limit(_: web.BaseRequest) -> web.Response:
        nonlocal asked
        asked += 1
        if asked > 1:
            return web.json_response({})
        return web.json_response({"code": -1003, "msg": "Too many requests"}, status=429, headers={"Retry-After": "30"})

    async with exchange(limit) as http:
        await http.synchronize_clock()
        with pytest.raises(RateLimitedError) as limited:
            await http.request("GET", "/x", security="USER_DATA")
        assert limited.value.retry_after_s == 30
        await asyncio.sleep(29)
        with pytest.raises(RateLimitedError):
            await http.request("GET", "/x", security="USER_DATA")
        assert asked == 1
        await asyncio.sleep(1)
        await http.request("GET", "/x", security="USER_DATA")

    assert asked == 2


async def test_used_weight_is_what_the_exchange_said_last() -> None:
    async with Simulator() as sim:
        http = SignedHttp(
            sim.account.api_key,
            sim.account.api_secret,
            environment=Environment.simulator(sim.rest_url, sim.ws_url),
            settings=Settings(),
            clock=LoopClock(),
        )
        await http.request("GET", "/fapi/v3/balance", security="USER_DATA")
        assert http.rate_limit.used_weight >= 5

        sim.on_request("GET", "/fapi/v3/balance", Respond(503, -1016, "Service Unavailable."))
        with pytest.raises(ServiceUnavailableError):
            await http.request("GET", "/fapi/v3/balance", security="USER_DATA")
        await http.close()


def test_repr_shows_neither_key_nor_secret() -> None:
    http = SignedHttp(KEY, SECRET, environment=Environment.TESTNET, settings=Settings(), clock=LoopClock())

    assert KEY not in repr(http)
    assert SECRET not in repr(http)
