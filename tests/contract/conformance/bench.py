"""A running simulator with a client at every door: REST, the user stream, market streams, the WebSocket API.

A case of conformance makes something happen here and takes what came over the wire, as it came.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from simulator import Simulator
from tests.simulator.runtime.wire import Socket, Wire

__all__ = ["Bench", "open_bench"]

EVENTS = (
    "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/TRADE_LITE/ALGO_UPDATE/ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/STRATEGY_UPDATE/"
    "GRID_UPDATE/CONDITIONAL_ORDER_TRIGGER_REJECT/listenKeyExpired"
)


class Bench:
    """A simulator, and its default account's client."""

    def __init__(self, simulator: Simulator, wire: Wire) -> None:
        self.simulator = simulator
        self.wire = wire
        self._stream: Socket | None = None
        self._methods: Socket | None = None

    async def ask(self, request: str, **params: Any) -> Any:
        """Send a signed request, `POST order` for /fapi/v1/order or with a whole path; return the body of success."""
        method, path = _target(request)
        answer = await self.wire.ask(method, path, **params)
        assert answer.status == 200, f"{request} was answered with {answer.status}: {answer.text[:200]}"
        return answer.body

    async def refused(self, request: str, **params: Any) -> Any:
        """Send a signed request; return the status and the body of its refusal."""
        method, path = _target(request)
        answer = await self.wire.ask(method, path, **params)
        return {"http": answer.status, "body": answer.body}

    async def order(self, side: str = "BUY", quantity: str = "0.010", price: str = "", **terms: object) -> Any:
        """Place an order on BTCUSDT, LIMIT GTC with a price and MARKET without; return the answer."""
        limit = {"type": "LIMIT", "timeInForce": "GTC", "price": price} if price else {"type": "MARKET"}
        order = {"symbol": "BTCUSDT", "side": side, "quantity": quantity} | limit | terms
        return await self.ask("POST order", **order)

    async def algo(self, kind: str, side: str = "SELL", **terms: object) -> Any:
        """Place a conditional order on BTCUSDT; return the answer."""
        order = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": side, "type": kind}
        return await self.ask("POST algoOrder", **(order | terms))

    async def listen(self) -> None:
        """Open the user stream; what happens from now on can be read by `event`."""
        target = f"/private/ws?listenKey={await self.wire.listen_key()}&events={EVENTS}"
        self._stream = await self.wire.connect(target)

    async def event(self, name: str = "", **content: object) -> Any:
        """Return the next event with this name and this content (of its `o`), passing over others."""
        assert self._stream is not None, "listen first"
        while True:
            frame = await self._stream.read()
            told = frame.get("o", frame)
            if (not name or frame["e"] == name) and all(told.get(key) == value for key, value in content.items()):
                return frame

    async def market(self, stream: str) -> Socket:
        """Open a market stream by its name, on the root that carries it, raw."""
        public = any(word in stream.lower() for word in ("bookticker", "depth"))
        return await self.wire.connect(f"/{'public' if public else 'market'}/ws/{stream}")

    async def method(self, name: str, **params: object) -> Any:
        """Ask for a method of the WebSocket API, signed; return the whole response."""
        if self._methods is None:
            self._methods = await self.wire.connect("/ws-fapi/v1")
        return await self._methods.ask(id="a-request", method=name, params=self._signed(params))

    def _signed(self, params: dict[str, object]) -> dict[str, object]:
        account = self.simulator.account
        sent: dict[str, object] = {"apiKey": account.api_key, "timestamp": self.simulator.time_ms} | params
        payload = "&".join(f"{key}={sent[key]}" for key in sorted(sent))
        signature = hmac.new(account.api_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        return sent | {"signature": signature}


@asynccontextmanager
async def open_bench(**terms: Any) -> AsyncIterator[Bench]:
    """Yield the bench of a simulator with these terms."""
    async with Simulator(**terms) as simulator, Wire(simulator) as wire:
        yield Bench(simulator, wire)


def _target(request: str) -> tuple[str, str]:
    method, _, path = request.partition(" ")
    return method, path if path.startswith("/") else f"/fapi/v1/{path}"
