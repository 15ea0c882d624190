"""The service that everyone writes first, and what it loses: the other end of the scale.

It has one listen key, asked for at the start and kept alive by a loop that carries on whatever goes wrong. When the
stream ends it sleeps for 5 s and connects again. It takes TRADE_LITE for the fill that closes its order, the answer to
POST for the order's state, and a request without an answer for a refused one. It knows a fill that is told twice, reads
its open orders and positions at the start, and the rest is left to the stream. Nothing of this is made up: each habit
is a row of what others have reported, and most days it works.

    python -m benchmarks.naive --seeds 100        it and ours, on the same seeds of the laboratory
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp
import websockets

from simulator.chaos.engine import Exchange, FillSeen, OrderSeen, PositionSeen
from simulator.core.scenario.engine_action import EnginePlace

__all__ = ["NaiveEngine"]

_EVENTS = "ORDER_TRADE_UPDATE/TRADE_LITE/ACCOUNT_UPDATE/listenKeyExpired"


class NaiveEngine:
    """One life of it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._keepalive_s = float(exchange.settings.get("listen_key_lifetime_s", "3600")) / 2
        self._orders: dict[str, OrderSeen] = {}
        self._fills: dict[tuple[str, int], FillSeen] = {}
        self._positions: dict[tuple[str, str], PositionSeen] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._connected = asyncio.Event()

    async def start(self) -> None:
        """Get a listen key, read what there is, and listen."""
        headers = {"X-MBX-APIKEY": self._exchange.api_key}
        self._session = aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=10))
        while True:
            try:
                self._listen_key = (await self._request("POST", "/fapi/v1/listenKey"))["listenKey"]
                for row in await self._request("GET", "/fapi/v1/openOrders", {}):
                    self._take_row(row)
                for row in await self._request("GET", "/fapi/v3/positionRisk", {}):
                    self._take_position(row["symbol"], row["positionSide"], row["positionAmt"])
                break
            except (aiohttp.ClientError, TimeoutError, ValueError):
                await asyncio.sleep(5)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_alive())]
        await self._connected.wait()

    async def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    # --- the stream -----------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        url = f"{self._exchange.ws_url}/private/ws?listenKey={self._listen_key}&events={_EVENTS}"
        while True:
            with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
                async with websockets.connect(url) as stream:
                    self._connected.set()
                    async for frame in stream:
                        with contextlib.suppress(ValueError, KeyError, TypeError, ArithmeticError):
                            self._hear(json.loads(frame))
            await asyncio.sleep(5)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._keepalive_s)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
                await self._request("PUT", "/fapi/v1/listenKey")

    def _hear(self, event: dict[str, Any]) -> None:
        match event.get("e"):
            case "TRADE_LITE":
                self._take_fill(event["s"], event)
                self._take(event["s"], event["i"], event["c"], "FILLED", event["q"])
            case "ORDER_TRADE_UPDATE":
                order = event["o"]
                if order["x"] == "TRADE":
                    self._take_fill(order["s"], order)
                self._take(order["s"], order["i"], order["c"], order["X"], order["z"])
            case "ACCOUNT_UPDATE":
                for position in event["a"]["P"]:
                    self._take_position(position["s"], position["ps"], position["pa"])
            case _:
                pass

    def _take_fill(self, symbol: str, told: dict[str, Any]) -> None:
        fill = FillSeen(symbol, str(told["i"]), told["t"], Decimal(told["l"]), Decimal(told["L"]))
        self._fills.setdefault((fill.order_id, fill.trade_id), fill)

    def _take(self, symbol: str, order_id: int | str, name: str, status: str, executed: str) -> None:
        self._orders[name] = OrderSeen(symbol, str(order_id), name, status, Decimal(executed))

    def _take_row(self, row: dict[str, Any]) -> None:
        self._take(row["symbol"], row["orderId"], row["clientOrderId"], row["status"], row["executedQty"])

    def _take_position(self, symbol: str, side: str, amount: str) -> None:
        self._positions[symbol, side] = PositionSeen(symbol, side, Decimal(amount))

    # --- requests -------------------------------------------------------------------------------------------------

    async def place(self, order: EnginePlace) -> None:
        """Place an order."""
        terms = {"symbol": order.symbol, "side": order.side, "type": order.type, "quantity": order.quantity}
        if order.type == "LIMIT":
            terms |= {"price": order.price or "", "timeInForce": order.time_in_force or "GTC"}
        if order.position_side != "BOTH":
            terms["positionSide"] = order.position_side
        if order.reduce_only == "true":
            terms["reduceOnly"] = "true"
        name = order.client_order_id
        try:
            self._take_row(await self._request("POST", "/fapi/v1/order", {**terms, "newClientOrderId": name}))
        except (aiohttp.ClientError, TimeoutError, ValueError):
            self._take(order.symbol, "", name, "REJECTED", "0")

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        """Cancel an order."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            name = {"symbol": symbol, "origClientOrderId": client_order_id}
            self._take_row(await self._request("DELETE", "/fapi/v1/order", name))

    async def _request(self, method: str, path: str, params: dict[str, str] | None = None) -> Any:
        """Ask; signed, if there are parameters. Raises `ValueError` for what is no success."""
        query = ""
        if params is not None:
            query = urlencode({**params, "timestamp": str(int(time.time() * 1000))})
            secret = self._exchange.api_secret.encode()
            query = f"?{query}&signature={hmac.new(secret, query.encode(), hashlib.sha256).hexdigest()}"
        async with self._session.request(method, f"{self._exchange.rest_url}{path}{query}") as answer:
            if answer.status != 200:
                message = f"HTTP {answer.status}"
                raise ValueError(message)
            return await answer.json(content_type=None)

    # --- what it believes -----------------------------------------------------------------------------------------

    def orders(self) -> Iterable[OrderSeen]:
        """Return every order that it heard of."""
        return self._orders.values()

    def fills(self) -> Iterable[FillSeen]:
        """Return every fill that it heard of."""
        return self._fills.values()

    def positions(self) -> Iterable[PositionSeen]:
        """Return what it holds."""
        return [position for position in self._positions.values() if position.amount]


if __name__ == "__main__":
    from benchmarks.losses import main

    main()
