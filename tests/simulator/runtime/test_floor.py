"""What time brings by itself happens at its time: listen keys end, GTD orders expire."""

from __future__ import annotations

import asyncio

from simulator import RiskTerms, Simulator
from tests.simulator.runtime.wire import LIMIT_ORDER, ORDER, Wire


async def test_a_gtd_order_expires_at_its_date_without_anybody_asking() -> None:
    async with Simulator(start_ms=0) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"timeInForce": "GTD", "goodTillDate": 700_000})
        await asyncio.sleep(699)
        assert simulator.state()["accounts"]["default"]["orders"][0]["status"] == "NEW"

        await asyncio.sleep(1)

        (expired,) = [e for e in simulator.journal.entries(event="ORDER_TRADE_UPDATE") if e.body["o"]["X"] == "EXPIRED"]
        assert expired.time_ms == 700_000
        assert (await stream.read())["o"]["gtd"] == 700_000


async def test_an_earlier_deadline_moves_the_alarm_forward() -> None:
    async with Simulator(start_ms=0, listen_key_lifetime_s=3600) as simulator, Wire(simulator) as wire:
        await wire.listen_key()
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"timeInForce": "GTD", "goodTillDate": 700_000})
        await asyncio.sleep(3600)

        ends = [entry.time_ms for entry in simulator.journal.entries(kind="event") if "EXPIRED" in str(entry.body)]
        keys = [entry.time_ms for entry in simulator.journal.entries(kind="listen_key")]
        assert (ends, keys) == ([700_000], [3_600_000])


async def test_a_key_that_is_kept_alive_never_ends() -> None:
    async with Simulator(start_ms=0) as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        for _ in range(48):
            await asyncio.sleep(1800)
            assert (await wire.send("PUT", "/fapi/v1/listenKey")).body == {"listenKey": key}

        assert simulator.journal.entries(kind="listen_key") == []


async def test_events_without_a_stream_are_written_down_as_heard_by_nobody() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        (entry,) = simulator.journal.entries(kind="event")
        assert (entry.sockets, entry.account, entry.body["o"]["X"]) == (0, "default", "NEW")


async def test_the_announcement_of_an_expired_key_is_masked_in_the_journal() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        simulator.expire_listen_key()

        (entry,) = simulator.journal.entries(event="listenKeyExpired")
        assert entry.body["listenKey"] == f"{key[:4]}…"


async def test_after_a_reset_funding_comes_by_itself_as_before() -> None:
    async with Simulator(start_ms=0, risk=RiskTerms(funding="automatic")) as simulator:
        due_ms = simulator.clock.next_due_ms
        simulator.reset()

        assert simulator.clock.next_due_ms == due_ms is not None
