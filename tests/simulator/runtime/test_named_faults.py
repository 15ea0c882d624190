"""Every fault of the catalogue takes what it is about when a client goes about its business, and every deed is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import aiohttp
import pytest

from simulator import BadFaultError, NoListenKeyError, Respond, Simulator
from simulator.core.faults.catalogue import CATALOGUE
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

PATIENCE_S = 4.0
STOP = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "algoType": "CONDITIONAL",
    "quantity": "0.002",
    "triggerPrice": "50000",
}
OF_A_FLAT_ACCOUNT = {"position-mode-changed"}
MINE = {"symbol": "BTCUSDT", "origClientOrderId": "mine_1"}


class Business:
    """A client that does what clients do, whatever comes of it."""

    def __init__(self, simulator: Simulator, wire: Wire) -> None:
        self._simulator = simulator
        self._wire = wire
        self._sockets: list[Socket] = []

    async def open(self) -> None:
        """Have a stream, a position, an order and a stop."""
        self._sockets.append(await self._wire.stream())
        await self._wire.ask("POST", ORDER, **MARKET_ORDER)
        await self._wire.ask("POST", ORDER, **LIMIT_ORDER | {"newClientOrderId": "mine_1"})
        assert (await self._wire.ask("POST", "/fapi/v1/algoOrder", **STOP | {"clientAlgoId": "stop_1"})).status == 200

    async def go_on(self) -> None:
        """Read, trade, connect anew, and wait for a ping."""
        for path in ("/fapi/v1/openOrders", "/fapi/v3/positionRisk", "/fapi/v3/account", "/fapi/v1/userTrades"):
            await self._try(self._wire.ask("GET", path, symbol="BTCUSDT"))
        await self._try(self._wire.ask("GET", ORDER, **MINE))
        await self._try(self._wire.ask("GET", "/fapi/v1/algoOrder", clientAlgoId="stop_1"))
        await self._try(self._wire.send("PUT", "/fapi/v1/listenKey"))
        await self._connect()
        await self._trade()
        for socket in self._sockets:
            with suppress(TimeoutError, ConnectionError, aiohttp.WSMessageTypeError):
                await asyncio.wait_for(socket.ask(method="LIST_SUBSCRIPTIONS", id=1), PATIENCE_S)
            await self._try(socket.ping(b"hello"))
        await asyncio.sleep(400)

    async def _trade(self) -> None:
        await self._try(self._wire.ask("POST", ORDER, **LIMIT_ORDER | {"newClientOrderId": "mine_2"}))
        await self._try(self._wire.ask("POST", ORDER, **MARKET_ORDER))
        await self._try(self._wire.ask("POST", ORDER, **MARKET_ORDER | {"type": "STOP_MARKET", "stopPrice": "50000"}))
        terms = {"side": "BUY", "quantity": "0.010", "price": "59000"}
        await self._try(self._wire.ask("PUT", ORDER, **MINE | terms))
        await self._try(self._wire.ask("DELETE", ORDER, **MINE))
        self._simulator.set_price("BTCUSDT", "49000")

    async def _connect(self) -> None:
        with suppress(TimeoutError, aiohttp.ClientError, KeyError, ValueError):
            self._sockets.append(await asyncio.wait_for(self._wire.stream(), PATIENCE_S))

    async def _try(self, deed: Awaitable[object]) -> None:
        with suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
            await asyncio.wait_for(deed, PATIENCE_S)


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_named_fault_takes_what_it_is_about(name: str) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        business = Business(simulator, wire)
        if name not in OF_A_FLAT_ACCOUNT:
            await business.open()
        fault = simulator.faults.named(name)
        await business.go_on()

        assert fault.deeds == len(CATALOGUE[name].deeds)
        assert [installed.hits for installed in fault.rules if not installed.hits] == []
        assert len(fault.rules) == len(CATALOGUE[name].rules)
        assert fault.hits > 0


async def test_no_fault_takes_anything_when_it_is_over() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        business = Business(simulator, wire)
        await business.open()
        faults = [simulator.faults.named(name) for name in CATALOGUE if not CATALOGUE[name].deeds]
        simulator.faults.clear()
        await business.go_on()

        assert [fault for fault in faults if fault.hits] == []
        assert list(simulator.faults.installed) == []


async def test_a_fault_whose_deed_cannot_be_done_installs_nothing() -> None:
    async with Simulator() as simulator:
        with pytest.raises(NoListenKeyError):
            simulator.faults.named("listen-key-expires-as-text")

        assert list(simulator.faults.installed) == []


async def test_a_fault_has_other_fields_where_they_are_given() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        fault = simulator.faults.named("rate-limited-429", path="/fapi/v1/ping", times=1)

        statuses = [(await wire.send("GET", f"/fapi/v1/{name}")).status for name in ("time", "ping", "ping")]
        assert (statuses, fault.hits) == ([200, 429, 200], 1)
        with pytest.raises(BadFaultError, match="tims: rate-limited-429 has no such field"):
            simulator.faults.named("rate-limited-429", tims=1)


async def test_a_fault_ends_with_its_block_or_by_its_name() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        with simulator.faults.named("firewall-403") as fault:
            assert (await wire.send("GET", "/fapi/v1/ping")).status == 403
        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200

        simulator.faults.named("firewall-403")
        simulator.on_request("GET", "/fapi/v1/time", Respond(500), times=None)
        assert simulator.faults.end("firewall-403") == 1
        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200
        assert (await wire.send("GET", "/fapi/v1/time")).status == 500
        assert fault.hits == 1
