"""A client that shows what is on the wire: raw answers, raw frames, any URL."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from simulator import AccountSpec, Simulator

ORDER = "/fapi/v1/order"
LIMIT_ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "60000",
}
MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
"""A WebSocket handshake by hand: aiohttp's own leaves its connection behind when it is refused."""


class Answer(NamedTuple):
    """An HTTP answer as it came."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        """The answer as JSON."""
        return json.loads(self.text)


class Wire:
    """One client session of one account."""

    def __init__(self, simulator: Simulator, account: AccountSpec | None = None) -> None:
        self._simulator = simulator
        self._account = account or simulator.account

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self._sockets:  # one that was cut keeps its connection until it is closed
            await socket.close()
        await self._session.close()

    def signed(self, **params: object) -> str:
        """Return a query with its signature."""
        query = urlencode({"timestamp": self._simulator.time_ms} | params)
        secret = self._account.api_secret.encode()
        return f"{query}&signature={hmac.new(secret, query.encode(), hashlib.sha256).hexdigest()}"

    async def send(self, method: str, target: str, body: str = "", **headers: str) -> Answer:
        """Send a request as it is, not encoded anew, with the account's API key unless `headers` say otherwise."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        key = {"X-MBX-APIKEY": self._account.api_key}
        async with self._session.request(
            method,
            URL(f"{self._simulator.rest_url}{target}", encoded=True),
            data=io.BytesIO(body.encode()) if body else None,
            headers=key | form | headers,
        ) as response:
            return Answer(response.status, await response.text(), response.headers.copy())

    async def ask(self, method: str, path: str, **params: object) -> Answer:
        """Send a signed request."""
        return await self.send(method, f"{path}?{self.signed(**params)}")

    async def listen_key(self) -> str:
        """POST /fapi/v1/listenKey."""
        return str((await self.send("POST", "/fapi/v1/listenKey")).body["listenKey"])

    async def connect(self, target: str) -> Socket:
        """Open a stream at any path."""
        socket = await self._session.ws_connect(f"{self._simulator.ws_url}{target}", autoping=False)
        self._sockets.append(socket)
        return Socket(socket)

    async def refusal(self, target: str) -> int:
        """Try to open a stream, and return the HTTP status of the answer."""
        url = f"{self._simulator.rest_url}{target}"
        async with self._session.get(url, headers=HANDSHAKE) as response:
            return response.status

    async def stream(self) -> Socket:
        """Open the account's user stream."""
        return await self.connect(f"/private/ws?listenKey={await self.listen_key()}")


class Socket:
    """An open stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def frame(self, timeout_s: float = 5.0) -> aiohttp.WSMessage:
        """Return the next frame of any kind."""
        return await self._socket.receive(timeout_s)

    async def read(self) -> Any:
        """Return the next text frame as JSON."""
        return json.loads(await self._socket.receive_str(timeout=5.0))

    async def read_names(self, count: int) -> list[str]:
        """Return the names of the next events."""
        return [(await self.read())["e"] for _ in range(count)]

    async def is_silent(self, timeout_s: float = 60.0) -> bool:
        """Return whether nothing comes for a while."""
        try:
            await self._socket.receive(timeout_s)
        except TimeoutError:
            return True
        return False

    async def ask(self, **message: object) -> Any:
        """Send a control message and return the reply."""
        await self._socket.send_json(message)
        return await self.read()

    async def ping(self, payload: bytes) -> None:
        """Send a ping frame."""
        await self._socket.ping(payload)

    async def pong(self, payload: bytes) -> None:
        """Send a pong frame."""
        await self._socket.pong(payload)

    async def send_bytes(self, payload: bytes) -> None:
        """Send a binary frame."""
        await self._socket.send_bytes(payload)

    async def end(self) -> int | None:
        """Answer pings until the stream ends; return the close code (1006: none)."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.CLOSE:
                return int(message.data)
            elif message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.PONG}:
                return self._socket.close_code

    async def close(self) -> None:
        """Close the stream."""
        await self._socket.close()
