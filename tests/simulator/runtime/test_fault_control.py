"""Faults are installed before and after the start, are counted, and go with a reset."""

from __future__ import annotations

import asyncio

import pytest

from simulator import BadFaultError, Drip, Drop, Hold, Respond, Rule, Simulator, Stall, Throttle
from tests.simulator.runtime.wire import LIMIT_ORDER, ORDER, Wire

PING = "/fapi/v1/ping"


async def test_a_rule_may_be_installed_before_the_start_and_its_window_begins_then() -> None:
    simulator = Simulator(start_ms=1_700_000_000_000)
    rule = Rule(on="request", path=PING, verdict=Respond(503), after_s=10.0, for_s=10.0)
    installed = simulator.faults.install(rule)
    async with simulator, Wire(simulator) as wire:
        statuses = []
        for _ in range(3):
            statuses.append((await wire.send("GET", PING)).status)
            await asyncio.sleep(11)

    assert statuses == [200, 503, 200]
    assert installed.hits == 1


async def test_the_old_ways_to_script_write_in_the_same_book() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", PING, Respond(501))
        simulator.faults.install(Rule(on="request", path=PING, verdict=Respond(502), times=1))
        simulator.on_request("GET", PING, Respond(503))
        simulator.on_frame(Drop())

        statuses = [(await wire.send("GET", PING)).status for _ in range(4)]
        assert statuses == [501, 502, 503, 200]
        assert [(found.rule.on, found.hits, found.left) for found in simulator.faults.installed] == [
            ("request", 1, 0),
            ("request", 1, 0),
            ("request", 1, 0),
            ("frame", 0, 1),
        ]


async def test_a_verdict_that_no_request_can_suffer_is_refused_at_once() -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadFaultError, match="verdict: a request cannot suffer hold"):
            simulator.on_request("GET", PING, Hold())
        assert list(simulator.faults.installed) == []


async def test_what_a_fault_holds_comes_when_its_block_ends() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        with simulator.faults.install(Rule(on="frame", verdict=Hold())) as held:
            await wire.ask("POST", ORDER, **LIMIT_ORDER)
            assert await stream.is_silent(10.0)
            assert held.hits == 1
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert held.left == 0


async def test_a_reset_takes_every_rule_back() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.named("firewall-403")
        simulator.reset()

        assert (await wire.send("GET", PING)).status == 200
        assert list(simulator.faults.installed) == []


async def test_the_same_seed_sees_the_same_faults() -> None:
    async def statuses(seed: int) -> list[int]:
        async with Simulator(seed=seed) as simulator, Wire(simulator) as wire:
            simulator.faults.install(Rule(on="request", path=PING, verdict=Respond(503), probability=0.5))
            return [(await wire.send("GET", PING)).status for _ in range(40)]

    first = await statuses(1)
    assert first == await statuses(1)
    assert first != await statuses(2)
    assert 8 < first.count(503) < 32


async def test_the_journal_has_what_was_brought_about() -> None:
    async with Simulator() as simulator:
        simulator.faults.named("unknown-1007")

        (entry,) = simulator.journal.entries(kind="action")
    assert entry.summary.startswith("fault unknown-1007: unknown-1007: request method=POST path=/fapi/v1/order times=1")


@pytest.mark.parametrize("verdict", [Throttle(100), Drip(100), Stall()])
async def test_a_connection_is_slow_no_longer_than_the_rule_holds(verdict: Throttle | Drip | Stall) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        fault = simulator.faults.install(Rule(on="request", path=PING, verdict=verdict, for_s=2.0))
        began_ms = simulator.time_ms
        await wire.send("GET", PING)
        await wire.send("GET", PING)
        slow_ms = simulator.time_ms - began_ms
        await wire.send("GET", PING)

        assert fault.hits in {1, 2}
        assert 1_900 < slow_ms < 2_100
        assert simulator.time_ms - began_ms - slow_ms < 100


async def test_a_stall_of_its_own_length_outlasts_the_rule() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", path=PING, verdict=Stall(5.0), for_s=2.0))
        began_ms = simulator.time_ms
        await wire.send("GET", PING)
        await wire.send("GET", PING)

        assert 4_900 < simulator.time_ms - began_ms < 5_100


async def test_frames_are_held_no_longer_than_the_rule_holds() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.faults.install(Rule(on="frame", event="ORDER_TRADE_UPDATE", verdict=Hold(), for_s=2.0))
        began_ms = simulator.time_ms
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        await stream.read()

        assert 1_900 < simulator.time_ms - began_ms < 2_100


async def test_a_rule_about_an_account_that_there_is_not_is_refused() -> None:
    async with Simulator() as simulator:
        simulator.faults.install(Rule(on="frame", account="d*", verdict=Drop()))
        with pytest.raises(BadFaultError, match="account: there is no nobody: there are default"):
            simulator.faults.install(Rule(on="frame", account="nobody", verdict=Drop()))
