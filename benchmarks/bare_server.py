"""The least that a server on aiohttp can be: what the simulator's figures stand beside (see `benchmarks.scale`).

    python -m benchmarks.bare_server

It accepts any WebSocket and any request. A POST's signature is checked, its parameters are read, and it is answered
with an order of fixed content; four frames of a captured size go to every socket first. It knows nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from simulator import AccountSpec

FRAMES_OF_AN_ORDER: Final = 4
_FRAME: Final = json.dumps({"e": "ORDER_TRADE_UPDATE", "o": "x" * 560})
_SECRET: Final = AccountSpec().api_secret.encode()


class BareServer:
    """The sockets that are open, and the two handlers."""

    def __init__(self) -> None:
        self._sockets: set[web.WebSocketResponse] = set()

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        """Keep a socket until it ends."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
        self._sockets.discard(socket)
        return socket

    async def order(self, request: web.Request) -> web.Response:
        """Answer an order, after its frames."""
        body = (await request.read()).decode()
        params = dict(parse_qsl(body))
        signed = body.rpartition("&signature=")[0]
        expected = hmac.new(_SECRET, signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, params.get("signature", "")):
            return web.json_response({"code": -1022}, status=400)
        for socket in self._sockets:
            for _ in range(FRAMES_OF_AN_ORDER):
                await socket.send_str(_FRAME)
        return web.json_response({"orderId": 1, "symbol": params["symbol"], "status": "NEW", "filler": "x" * 400})

    async def listen_key(self, _request: web.Request) -> web.Response:
        """Answer with what looks like a listen key."""
        return web.json_response({"listenKey": "k" * 64})


async def serve() -> None:
    """Serve on a free port until killed; print the port."""
    server = BareServer()
    application = web.Application()
    application.router.add_post("/fapi/v1/order", server.order)
    application.router.add_post("/fapi/v1/listenKey", server.listen_key)
    application.router.add_get("/private/ws", server.stream)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201  how the benchmark finds it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
