"""Scenarios play on a running simulator, against a client that does right and one that does wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from simulator import Simulator
from simulator.scenario import (
    Cancel,
    Connection,
    ConnectionsOpen,
    CutConnections,
    Delay,
    Event,
    EventsSent,
    Expectation,
    ExpectationUnmetError,
    Fill,
    OrderIs,
    PositionIs,
    Reject,
    Request,
    RequestsSeen,
    Respond,
    Scenario,
    ScenarioError,
    SetPrice,
    Step,
    load_scenario,
)
from tests.simulator.runtime.plain_client import PlainClient

SCENARIOS = Path(__file__).parents[3] / "fixtures" / "scenarios"
NEW_ORDER = Event("ORDER_TRADE_UPDATE", status="NEW")
PLACED = Request("POST /fapi/v1/order")


def example(name: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{name}.yaml")


# --- the examples -------------------------------------------------------------------------------------------------


async def test_a_limit_order_is_filled_in_three_parts() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream() as stream:
        run = simulator.play(example("limit_order_filled_in_three_parts"))
        await client.buy()

        assert [await stream.next_status() for _ in range(4)] == [
            "NEW",
            "PARTIALLY_FILLED",
            "PARTIALLY_FILLED",
            "FILLED",
        ]
        assert (await run.finished()).passed
        run.check()


async def test_an_order_is_rejected_and_a_client_that_sends_it_again_fails() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        obedient = simulator.play(example("order_rejected_for_insufficient_margin"))
        answer = await client.buy()

        assert answer == (400, {"code": -2019, "msg": "Margin is insufficient."})
        await obedient.finished()
        obedient.check()

        stubborn = simulator.play(example("order_rejected_for_insufficient_margin"))
        await client.buy()
        await client.buy()
        await stubborn.finished()
        with pytest.raises(ExpectationUnmetError, match="expected 1 requests POST /fapi/v1/order, saw 2"):
            stubborn.check()


async def test_an_answer_is_lost_and_the_order_fills() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream() as stream:
        run = simulator.play(example("answer_lost_but_order_filled"))
        with pytest.raises(aiohttp.ClientError):
            await client.buy()

        assert [await stream.next_status() for _ in range(2)] == ["NEW", "FILLED"]
        await run.finished()
        run.check()


async def test_a_client_that_takes_a_lost_answer_for_a_refusal_fails() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(example("answer_lost_but_order_filled"))
        with pytest.raises(aiohttp.ClientError):
            await client.buy()
        await asyncio.sleep(1)
        await client.buy()

        assert not (await run.finished()).passed


async def test_a_connection_is_cut_and_the_fill_falls_in_the_gap() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        async with client.stream() as stream:
            run = simulator.play(example("connection_cut_with_a_fill_in_the_gap"))
            await client.buy()
            assert await stream.next_status() == "NEW"
            assert await stream.end() == 1006
        async with client.stream():
            answer = await client.request("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="cli-1")
            await run.finished()

        assert answer.body["status"] == "FILLED"
        run.check()


async def test_a_client_that_stays_away_after_a_cut_fails_when_its_time_is_over() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream():
        run = simulator.play(example("connection_cut_with_a_fill_in_the_gap"))
        await client.buy()
        outcome = await run.finished()

        assert [line.split(": ", 1)[1] for line in outcome.shortfalls] == [
            "expect[1].connections: not within 30s: expected at least 1 connections open, saw 0",
            "expect[2].requests: not within 30s: expected at least 1 requests GET /fapi/v1/*, saw 0",
        ]
        assert outcome.elapsed_ms == 30_501


async def test_a_listen_key_expires() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(example("listen_key_expires"))
        async with client.stream() as stream:
            await stream.next_event("listenKeyExpired")
        async with client.stream() as stream:
            assert [await stream.next_status() for _ in range(2)] == ["NEW", "FILLED"]
            await run.finished()
        run.check()


async def test_a_listen_key_dies_silently_and_only_the_keepalive_tells() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(example("listen_key_dies_silently"))
        async with client.stream():
            await asyncio.sleep(1800)
            keepalive = await client.request("PUT", "/fapi/v1/listenKey")
        async with client.stream():
            await run.finished()

        assert (keepalive.status, keepalive.body["code"]) == (400, -1125)
        run.check()


async def test_an_order_is_expired_by_the_exchange() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream() as stream:
        run = simulator.play(example("order_expired_by_the_exchange"))
        await client.buy()

        assert [await stream.next_status() for _ in range(3)] == ["NEW", "PARTIALLY_FILLED", "EXPIRED"]
        await run.finished()
        run.check()


async def test_a_stop_triggers_and_its_child_fills() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream() as stream:
        run = simulator.play(example("stop_loss_triggers_and_its_child_fills"))

        told = [await stream.next_event("ALGO_UPDATE") for _ in range(6)]
        assert [f"{event['o']['caid']} {event['o']['X']}" for event in told] == [
            "stop_loss NEW",
            "take_profit NEW",
            "stop_loss TRIGGERING",
            "take_profit CANCELED",
            "stop_loss TRIGGERED",
            "stop_loss FINISHED",
        ]
        await run.finished()
        run.check()


async def test_a_connection_is_refused_twice() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(example("connection_refused_twice"))
        await asyncio.sleep(0.1)
        assert [await client.refusal() for _ in range(2)] == [503, 503]
        async with client.stream():
            await run.finished()
        run.check()


def test_every_example_is_named_as_a_claim_and_tested_here() -> None:
    names = {path.stem for path in SCENARIOS.iterdir()}
    source = Path(__file__).read_text()

    assert names
    assert all(f'example("{name}")' in source for name in names)


# --- the rules ----------------------------------------------------------------------------------------------------


async def test_an_answer_goes_to_the_request_that_triggered_it() -> None:
    steps = [
        Step(on=Request("POST /fapi/v1/order", where={"symbol": "ETHUSDT"}, nth=2), do=Reject(code=-2019)),
        Step(on=Request("GET /fapi/v1/openOrders"), do=Respond(status=429, body={"code": -1003}, headers={"x-y": "z"})),
    ]
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(Scenario(name="x", steps=steps))
        eth = {"symbol": "ETHUSDT", "quantity": "0.1", "price": "3000"}

        assert (await client.buy(newClientOrderId="a")).status == 200
        assert (await client.buy(newClientOrderId="b", **eth)).status == 200
        assert (await client.buy(newClientOrderId="c", **eth)).status == 400
        assert (await client.buy(newClientOrderId="d", **eth)).status == 200
        assert await client.request("GET", "/fapi/v1/openOrders") == (429, {"code": -1003})
        assert len((await client.request("GET", "/fapi/v1/openOrders")).body) == 3
        assert (await run.finished()).passed


async def test_what_happens_on_a_request_happens_before_it_is_executed() -> None:
    step = Step(on=PLACED, do=SetPrice(symbol="BTCUSDT", price="59000"))
    async with Simulator() as simulator, PlainClient(simulator) as client:
        filled = OrderIs(status="FILLED", average_price="59000")
        run = simulator.play(Scenario(name="x", steps=[step], expect=[filled]))
        await client.buy()
        await run.finished()
        run.check()


async def test_what_happens_after_a_request_happens_once_it_was_answered() -> None:
    step = Step(after=PLACED, do=Cancel())
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(Scenario(name="x", steps=[step], expect=[OrderIs(status="CANCELED")]))

        assert (await client.buy()).status == 200
        await run.finished()
        run.check()


async def test_an_answer_is_delayed_in_the_exchanges_time() -> None:
    step = Step(on=PLACED, do=Delay(by="7s"))
    async with Simulator() as simulator, PlainClient(simulator) as client:
        simulator.play(Scenario(name="x", steps=[step]))
        before = simulator.time_ms
        await client.buy(recvWindow=10_000)

        assert simulator.time_ms - before >= 7_000


async def test_steps_have_their_times() -> None:
    steps = [Step(at="90m", do=CutConnections()), Step(at="30m", delay="1m", do=SetPrice(symbol="BTCUSDT", price="1"))]
    async with Simulator() as simulator:
        start = simulator.time_ms
        run = simulator.play(Scenario(name="x", steps=steps, timeout="2h", settle="0s"))
        await simulator.wait_for(lambda sim: sim.price("BTCUSDT") == 1, timeout_s=3_600)
        assert simulator.time_ms - start == 31 * 60_000

        assert (await run.finished()).elapsed_ms == 90 * 60_000


async def test_a_step_that_cannot_be_done_fails_the_run_with_its_place() -> None:
    steps = [Step(at="1s", do=[CutConnections(), Fill(order="nobody")])]
    async with Simulator() as simulator:
        run = simulator.play(Scenario(name="x", steps=steps))
        outcome = await run.finished()

        assert outcome.shortfalls[0].startswith("steps[0].do[1].fill: ")
        assert "nobody" in outcome.shortfalls[0]


async def test_what_follows_from_an_event_about_no_order_says_that_it_needs_one() -> None:
    steps = [Step(after=Request("GET /fapi/v1/openOrders"), do=Fill())]
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(Scenario(name="x", steps=steps))
        await client.request("GET", "/fapi/v1/openOrders")

        assert (await run.finished()).shortfalls == (
            "steps[0].do.fill: which order? what this step follows from was about none: name it with `order:`",
        )


async def test_connections_are_counted_as_they_open_and_close() -> None:
    steps = [
        Step(name="opened", after=Connection("opened"), delay="1s", do=CutConnections()),
        Step(after=Connection("closed", since="opened"), do=SetPrice(symbol="BTCUSDT", price="1")),
    ]
    async with Simulator() as simulator, PlainClient(simulator) as client:
        run = simulator.play(Scenario(name="x", steps=steps, expect=[ConnectionsOpen(count=0, since="opened")]))
        async with client.stream() as stream:
            await stream.end()
        await run.finished()
        run.check()


async def test_only_orders_of_this_run_are_numbered() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        await client.buy(newClientOrderId="before")
        expected: list[Expectation] = [
            OrderIs(status="NEW", order="before"),
            OrderIs(status="CANCELED"),
            PositionIs(symbol="BTCUSDT", amount="0"),
        ]
        run = simulator.play(Scenario(name="x", steps=[Step(after=NEW_ORDER, do=Cancel())], expect=expected))
        await client.buy(newClientOrderId="now")

        await run.finished()
        run.check()


async def test_a_run_may_be_stopped_and_is_then_judged_as_it_stands() -> None:
    async with Simulator() as simulator:
        run = simulator.play(Scenario(name="a name", expect=[RequestsSeen("POST /fapi/v1/order")]))
        assert run.outcome is None
        with pytest.raises(ExpectationUnmetError):
            run.check()

        outcome = run.stop()

        assert run.outcome is outcome is run.stop()
        with pytest.raises(ExpectationUnmetError) as caught:
            run.check()
        assert str(caught.value) == (
            "scenario 'a name' failed after 0 s:\n"
            "  expect[0].requests: expected at least 1 requests POST /fapi/v1/order, saw 0"
        )


async def test_an_ended_run_does_nothing_more() -> None:
    async with Simulator() as simulator:
        run = simulator.play(Scenario(name="x", steps=[Step(at="5s", do=SetPrice(symbol="BTCUSDT", price="1"))]))
        run.stop()
        await asyncio.sleep(10)

        assert simulator.price("BTCUSDT") == 65_000


async def test_two_runs_may_go_on_at_once() -> None:
    async with Simulator() as simulator, PlainClient(simulator) as client:
        half = Scenario(name="a", steps=[Step(after=NEW_ORDER, delay="1s", do=Fill(quantity="0.005"))])
        rest = Scenario(
            name="b", steps=[Step(after=NEW_ORDER, delay="2s", do=Fill())], expect=[EventsSent("TRADE_LITE", count=2)]
        )
        runs = [simulator.play(half), simulator.play(rest)]
        await client.buy()

        assert [(await run.finished()).passed for run in runs] == [True, True]


async def test_a_scenario_that_cannot_be_played_is_refused_at_once() -> None:
    async with Simulator() as simulator:
        with pytest.raises(ScenarioError, match='unknown symbol "BTCUSD": did you mean BTCUSDT'):
            simulator.play(Scenario(name="x", steps=[Step(at="1s", do=SetPrice(symbol="BTCUSD", price="1"))]))
        with pytest.raises(ScenarioError, match="expected a duration"):
            simulator.play(Scenario(name="x", steps=[Step(at="1", do=CutConnections())]))


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "none.yaml")

    assert str(caught.value) == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"


def test_a_file_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)

    assert str(caught.value) == f"{file}: is not UTF-8 text: invalid start byte"


def test_a_scenario_is_called_after_its_file() -> None:
    assert example("listen_key_expires").name == "listen_key_expires"
