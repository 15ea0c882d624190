"""A scenario can do to positions and to the venue what Python can."""

from __future__ import annotations

import pytest

from simulator import Simulator
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_text import parse_scenario
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

POSITIONS = """
steps:
  - name: lever
    at: 1s
    do: {request_external: {request: POST /fapi/v1/leverage, parameters: {symbol: BTCUSDT, leverage: 7}}}
  - after: lever
    delay: 1s
    do:
      - {funding: {symbol: BTCUSDT, rate: 0.0001}}
      - {margin_call: {symbol: BTCUSDT}}
      - {adl: {symbol: BTCUSDT, quantity: 0.004, told: account_update}}
      - {liquidate: {symbol: BTCUSDT, quantity: 0.002, trade_id: zero}}
      - {settle: {symbol: BTCUSDT, price: 64000}}
      - {adjust_position: {symbol: BTCUSDT, amount: -0.5, entry_price: 64000}}
expect:
  - events: {event: ACCOUNT_CONFIG_UPDATE, count: 1}
  - events: {event: ACCOUNT_UPDATE, reason: FUNDING_FEE, count: 1}
  - events: {event: MARGIN_CALL, count: 1}
  - events: {event: ORDER_TRADE_UPDATE, execution_type: CALCULATED, count: 2, since: lever}
  - events: {event: ORDER_TRADE_UPDATE, client_order_id: adl_autoclose, count: 0}
  - order: {order: "autoclose-*", status: FILLED, executed_quantity: 0.002}
  - position: {symbol: BTCUSDT, amount: -0.5, entry_price: 64000}
"""


async def test_a_symbol_follows_a_path() -> None:
    text = "steps: [{at: 1s, do: {follow_path: {symbol: BTCUSDT, path: 'steps:every=1s,64000,63000'}}}]"
    async with Simulator() as simulator:
        simulator.play(parse_scenario(text, "path", "path"))
        await simulator.wait_for(lambda sim: sim.price("BTCUSDT") == 63_000, timeout_s=3.0)


def test_a_path_that_is_none_is_a_problem_of_its_scenario() -> None:
    with pytest.raises(ScenarioError, match="expected a price path such as"):
        parse_scenario("steps: [{at: 1s, do: {follow_path: {symbol: BTCUSDT, path: jump}}}]", "path", "path")


async def test_positions_are_closed_funded_and_adjusted() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        run = simulator.play(parse_scenario(POSITIONS, "positions", "positions"))
        await run.finished()

        run.check()


async def test_the_venue_is_wiped_under_a_running_scenario() -> None:
    wipe = "steps: [{at: 1s, do: {wipe: {connections: cut}}}]\nexpect: [{connections: {count: 0}}]"
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        stream = await wire.stream()
        run = simulator.play(parse_scenario(wipe, "wipe", "wipe"))
        await run.finished()

        run.check()
        assert await stream.end() == 1006
        assert (await wire.ask("GET", "/fapi/v3/positionRisk")).body == []


async def test_a_symbol_is_delisted_with_everything_on_it() -> None:
    delisted = """
    steps: [{at: 1s, do: {delist: {symbol: BTCUSDT, price: 64000}}}]
    expect:
      - order: {order: "settlement_autoclose-*", status: FILLED}
      - position: {symbol: BTCUSDT, amount: 0}
    """
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        run = simulator.play(parse_scenario(delisted, "delisted", "delisted"))
        await run.finished()

        run.check()
        assert (await wire.ask("POST", ORDER, **MARKET_ORDER)).body["code"] in {-4140, -4141}
