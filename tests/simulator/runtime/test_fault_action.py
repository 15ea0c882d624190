"""A scenario brings faults about at its moments, and ends them by their names."""

from __future__ import annotations

import asyncio

from simulator import Simulator
from simulator.core.scenario.scenario_text import parse_actions, parse_scenario
from simulator.runtime.script import do_at_once
from tests.simulator.runtime.wire import LIMIT_ORDER, ORDER, Wire

PING = "/fapi/v1/ping"
SCENARIO = """
steps:
  - {at: 10s, do: {fault: {on: request, name: no pings, path: /fapi/v1/ping, verdict: {respond: {status: 503}}}}}
  - {at: 20s, do: {end_fault: no pings}}
  - {at: 30s, do: {fault: {named: firewall-403, for_s: 1000}}}
  - {at: 40s, do: end_fault}
"""


async def test_faults_come_and_go_with_the_steps() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.play(parse_scenario(SCENARIO, "here", "faults"))
        statuses = []
        for _ in range(5):
            await asyncio.sleep(5)
            statuses.append((await wire.send("GET", PING)).status)
            await asyncio.sleep(5)

    assert statuses == [200, 503, 200, 403, 200]


async def test_a_step_after_an_event_may_lose_the_next_answer() -> None:
    text = "steps: [{after: {event: ORDER_TRADE_UPDATE, status: NEW}, do: {fault: unknown-1007}}]"
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.play(parse_scenario(text, "here", "faults"))
        await wire.stream()
        first = await wire.ask("POST", ORDER, **LIMIT_ORDER)
        second = await wire.ask("POST", ORDER, **LIMIT_ORDER)

    assert (first.status, second.status, second.body["code"]) == (200, 408, -1007)


async def test_what_is_done_at_once_may_be_a_fault() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        do_at_once(simulator, parse_actions("{fault: banned-418}", "body"))

        assert (await wire.send("GET", PING)).status == 418


async def test_a_fault_that_cannot_be_is_a_shortfall_of_its_scenario() -> None:
    text = "{steps: [{at: 1s, do: {fault: position-mode-changed}}]}"
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        run = simulator.play(parse_scenario(text, "here", "faults"))
        outcome = await run.finished()

    assert not outcome.passed
    assert "-4067" in outcome.shortfalls[0]
