"""The least that talks to the exchange as a client does: signed REST, a listen key, a stream. It repairs nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import aiohttp

from simulator import Simulator
from tests.simulator.runtime.wire import HANDSHAKE


class Answer(NamedTuple):
    """An HTTP answer: its status, and its JSON body."""

    status: int
    body: Any


class PlainClient:
    """A client of the simulator's default account."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._account = simulator.account

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, **params: object) -> Answer:
        """Send a signed request."""
        query = urlencode(params | {"timestamp": self._simulator.time_ms})
        signature = hmac.new(self._account.api_secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"{self._simulator.rest_url}{path}?{query}&signature={signature}"
        headers = {"X-MBX-APIKEY": self._account.api_key}
        async with self._session.request(method, url, headers=headers) as response:
            return Answer(response.status, await response.json(content_type=None))

    async def buy(self, quantity: str = "0.010", price: str = "60000", **params: object) -> Answer:
        """Send a LIMIT order that rests: the market is at 65000."""
        limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        order = {"quantity": quantity, "price": price, "newClientOrderId": "cli-1"}
        return await self.request("POST", "/fapi/v1/order", **(limit | order | params))

    async def listen_key(self) -> str:
        """Create the account's listen key, or extend it."""
        return str((await self.request("POST", "/fapi/v1/listenKey")).body["listenKey"])

    async def refusal(self) -> int:
        """Try to open a user stream, and return the HTTP status of the answer."""
        url = f"{self._simulator.rest_url}/private/ws?listenKey={await self.listen_key()}"
        async with self._session.get(url, headers=HANDSHAKE) as response:
            return response.status

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Stream]:
        """Open a user stream."""
        url = f"{self._simulator.ws_url}/private/ws?listenKey={await self.listen_key()}"
        async with self._session.ws_connect(url, autoping=True) as socket:
            yield Stream(socket)


class Stream:
    """A user stream: what it brings, until it ends."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next_event(self, name: str) -> dict[str, Any]:
        """Return the next event of this name, passing over others."""
        while True:
            event: dict[str, Any] = json.loads(await self._socket.receive_str())
            if event["e"] == name:
                return event

    async def next_status(self) -> str:
        """Return the order status of the next ORDER_TRADE_UPDATE."""
        return str((await self.next_event("ORDER_TRADE_UPDATE"))["o"]["X"])

    async def end(self) -> int | None:
        """Read until the connection ends; return its close code (1006: without a close frame)."""
        while not self._socket.closed:
            await self._socket.receive()
        return self._socket.close_code
