"""An engine that blocks the event loop, in a process of its own with a real clock; prints what it was told."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from simulator import Simulator
from user_stream import Environment, MappedOrderUpdate, Settings, UserStreamService
from user_stream.core.lifecycle import CallbackSlow

BLOCKS_FOR_S = 0.3
SLOW_S = 0.2


class Engine:
    """Takes its time, without letting anybody else have it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.has_all = asyncio.Event()

    def on_order_update(self, data: MappedOrderUpdate) -> None:
        """Block at the first update, and hear the others."""
        if not self.told:
            time.sleep(BLOCKS_FOR_S)  # what this process is for
        self.told.append(data["order_status"])
        if len(self.told) == 3:
            self.has_all.set()


async def main() -> None:
    """Let an order fill while the engine blocks, and print what the service said."""
    engine = Engine()
    async with Simulator() as sim:
        service = UserStreamService(
            sim.account.api_key,
            sim.account.api_secret,
            engine,
            environment=Environment.simulator(sim.rest_url, sim.ws_url),
            settings=Settings(callback_slow_s=SLOW_S),
        )
        slow: list[CallbackSlow] = []
        service.add_listener(lambda item: slow.append(item) if isinstance(item, CallbackSlow) else None)
        async with service, asyncio.timeout(20):
            order = sim.place_external(
                symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="a"
            )
            sim.fill(order, "0.004")
            sim.fill(order, "0.006")
            await engine.has_all.wait()
    named = [(notice.callback, notice.seconds) for notice in slow]
    json.dump({"told": engine.told, "slow": named, "state": str(service.state)}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
