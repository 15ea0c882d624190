"""A client of the WebSocket API that shows what is on the wire: raw responses, raw frames."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import AccountSpec, Simulator

ED25519 = Ed25519PrivateKey.from_private_bytes(b"ws-api-test-key-of-32-bytes-ever")
PUBLIC_KEY = ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ED25519_ACCOUNT = AccountSpec(public_key=PUBLIC_KEY)
LIMIT_ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "60000",
}
MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}


def signed_text(params: Mapping[str, object]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(params.items()))


def by_hmac(params: Mapping[str, object], secret: str) -> str:
    return hmac.new(secret.encode(), signed_text(params).encode(), hashlib.sha256).hexdigest()


def by_ed25519(params: Mapping[str, object]) -> str:
    return base64.b64encode(ED25519.sign(signed_text(params).encode())).decode()


class ApiSocket:
    """An open connection of one account."""

    def __init__(self, simulator: Simulator, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._simulator = simulator
        self._socket = socket

    async def ask(self, method: str, request_id: object = 1, **params: object) -> Any:
        """Send a signed request and return the response."""
        return await self.send(method, request_id, self.signed(**params))

    async def send(self, method: str, request_id: object = 1, params: Mapping[str, object] | None = None) -> Any:
        """Send a request as it is and return the next message."""
        await self.start(method, request_id, params)
        return await self.read()

    async def start(self, method: str, request_id: object = 1, params: Mapping[str, object] | None = None) -> None:
        """Send a request as it is, and wait for nothing."""
        request = {"id": request_id, "method": method} | ({} if params is None else {"params": params})
        await self._socket.send_json(request)

    async def send_text(self, text: str) -> Any:
        """Send any text and return the next message."""
        await self._socket.send_str(text)
        return await self.read()

    def signed(self, **params: object) -> dict[str, object]:
        """Return parameters with API key, timestamp and signature."""
        account = self._simulator.account
        sent = {"apiKey": account.api_key, "timestamp": self._simulator.time_ms} | params
        signature = by_ed25519(sent) if account.public_key else by_hmac(sent, account.api_secret)
        return sent | {"signature": signature}

    async def log_on(self) -> Any:
        """Log on, and return the response."""
        return await self.ask("session.logon", "logon")

    async def read(self) -> Any:
        """Return the next text frame as JSON."""
        return json.loads(await self._socket.receive_str(timeout=5.0))

    async def frame(self, timeout_s: float = 5.0) -> aiohttp.WSMessage:
        """Return the next frame of any kind."""
        return await self._socket.receive(timeout_s)

    async def ping(self, payload: bytes = b"") -> None:
        """Send a ping frame."""
        await self._socket.ping(payload)

    async def pong(self, payload: bytes = b"") -> None:
        """Send a pong frame."""
        await self._socket.pong(payload)

    async def send_bytes(self, payload: bytes) -> None:
        """Send a binary frame."""
        await self._socket.send_bytes(payload)

    async def is_silent(self, timeout_s: float = 60.0) -> bool:
        """Return whether nothing comes for a while."""
        try:
            await self._socket.receive(timeout_s)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def open_api(query: str = "", **options: Any) -> AsyncIterator[tuple[Simulator, ApiSocket]]:
    """Start a simulator and connect to its WebSocket API."""
    async with Simulator(**options) as simulator, connect(simulator, query) as api:
        yield simulator, api


@asynccontextmanager
async def connect(simulator: Simulator, query: str = "", *, ssl: Any = True) -> AsyncIterator[ApiSocket]:
    """Connect to the WebSocket API."""
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{simulator.ws_api_url}{query}", autoping=False, ssl=ssl)
        try:
            yield ApiSocket(simulator, socket)
        finally:
            await socket.close()
