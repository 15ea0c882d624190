"""An account is told of grid strategies whatever a test says of them."""

from __future__ import annotations

import pytest

from simulator import BadAmountError, Profile, Simulator, UnknownSymbolError
from simulator.core.scenario.observation import NOTHING
from simulator.runtime.action import perform
from simulator.scenario import UpdateGrid, UpdateStrategy
from tests.simulator.runtime.wire import Wire


async def test_a_strategy_is_told_with_its_operation_code() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.update_strategy("BTCUSDT", strategy_id=7, status="EXPIRED", code=8005)
        event = await stream.read()

    assert event["e"] == "STRATEGY_UPDATE"
    assert event["su"] == {"si": 7, "st": "GRID", "ss": "EXPIRED", "s": "BTCUSDT", "ut": event["T"], "c": 8005}


async def test_a_grid_is_told_with_what_it_came_to() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.update_grid("BTCUSDT", realized="-0.5", unmatched_price="65000.0", unmatched_quantity="-0.001")
        grid = (await stream.read())["gu"]

    assert (grid["ss"], grid["r"], grid["up"], grid["uq"], grid["mp"]) == ("WORKING", "-0.5", "65000", "-0.001", "0.0")


async def test_a_scenario_tells_of_both() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        perform(simulator, UpdateStrategy(symbol="BTCUSDT", code=8009), NOTHING)
        perform(simulator, UpdateGrid(symbol="ETHUSDT", matched="1.5"), NOTHING)

        assert (await stream.read())["su"]["c"] == 8009
        assert (await stream.read())["gu"]["mp"] == "1.5"


async def test_what_is_none_is_refused() -> None:
    async with Simulator() as simulator:
        with pytest.raises(UnknownSymbolError):
            simulator.update_strategy("NONEUSDT")
        with pytest.raises(BadAmountError):
            simulator.update_grid("BTCUSDT", realized="much")


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        (Profile(), ["ALGO_UPDATE"]),
        (Profile(trigger_rejections="both"), ["CONDITIONAL_ORDER_TRIGGER_REJECT", "ALGO_UPDATE"]),
    ],
)
async def test_a_refused_child_may_be_told_in_the_old_way_too(profile: Profile, names: list[str]) -> None:
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        terms = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010"}
        algo_id = simulator.place_external_algo(trigger_price="64000", client_algo_id="sl", **terms)
        stream = await wire.stream()
        simulator.end_algo("sl", "REJECTED", reason="no margin")
        frames = [await stream.read() for _ in names]

    assert [frame["e"] for frame in frames] == names
    old = [frame["or"] for frame in frames if "or" in frame]
    assert old == [{"s": "BTCUSDT", "i": algo_id, "r": "no margin"}] * (len(names) - 1)
