"""An exchange of a few lines, for answers that the simulator has no reason to give."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from user_stream import Environment, Settings
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.rate_budget import RateLimit

NOON_MS = 1_700_049_600_000
"""12:00:00 UTC, the beginning of a minute: where the stand-in's clock starts."""

Handler = Callable[[web.BaseRequest], web.Response]


def refusal(status: int, code: int, reason: str, **headers: str) -> web.Response:
    """Return a refusal as Binance words it; `Retry_After` stands for `Retry-After`."""
    return web.json_response(
        {"code": code, "msg": reason}, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


class Standin:
    """Answers by path; whatever has no answer is an unknown path. `seen`: (seconds since noon, method, path, query)."""

    def __init__(self) -> None:
        self.clock = LoopClock(start_ms=NOON_MS)
        self.answers: dict[str, Handler] = {}
        self.seen: list[tuple[float, str, str, dict[str, str]]] = []
        self.environment = Environment("standin", "http://127.0.0.1:1", "ws://127.0.0.1:1")

    def says(self, path: str, body: Any, **headers: str) -> None:
        """Answer this path always with the same."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _: web.json_response(body, headers=said)

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of every request for a path."""
        return [query for _, _, asked, query in self.seen if asked == path]

    def times(self, path: str) -> list[float]:
        """Return when a path was asked for, in whole seconds since noon."""
        return [second for second, _, asked, _ in self.seen if asked == path]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Note the request and answer it."""
        now_ms = self.clock.time_ms()
        if request.path == "/fapi/v1/time":
            return web.json_response({"serverTime": now_ms})
        second = (now_ms - NOON_MS) // 1000
        self.seen.append((second, request.method, request.path, dict(request.query)))
        handle = self.answers.get(request.path)
        if handle is None:
            return web.Response(status=404, text="<html>", content_type="text/html")
        return handle(request)

    def rest(self, *, settings: Settings | None = None, rate_limit: RateLimit | None = None) -> BinanceRest:
        """Return a client of this exchange."""
        return BinanceRest(
            "K" * 64, "S" * 64, environment=self.environment, settings=settings, clock=self.clock, rate_limit=rate_limit
        )


@asynccontextmanager
async def standin() -> AsyncIterator[Standin]:
    """Open an exchange that tells the time and knows nothing else yet."""
    exchange = Standin()
    runner = web.ServerRunner(web.Server(exchange.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    exchange.environment = Environment("standin", f"http://{host}:{port}", f"ws://{host}:{port}")
    try:
        yield exchange
    finally:
        await runner.cleanup()
