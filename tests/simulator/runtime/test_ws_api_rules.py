"""Scripted rules, lag and journal treat a request on the WebSocket API as they treat its REST twin."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from simulator import (
    Corrupt,
    Delay,
    ExecuteThen,
    ExecuteThenReset,
    Profile,
    Reset,
    Respond,
    Rule,
    Simulator,
)
from simulator.core.faults.fault import Verdict
from tests.simulator.runtime.api_socket import LIMIT_ORDER, connect, open_api
from tests.simulator.runtime.wire import Wire


async def test_a_rule_for_the_rest_path_takes_the_twin() -> None:
    async with open_api() as (simulator, api):
        rule = simulator.on_request("POST", "/fapi/v1/order", Respond(503, -1008, "busy"), symbol="BTCUSDT")
        refused = await api.ask("order.place", **LIMIT_ORDER)
        placed = await api.ask("order.place", **LIMIT_ORDER)

    assert (refused["status"], refused["error"]) == (503, {"code": -1008, "msg": "busy"})
    assert (placed["status"], rule.hits) == (200, 1)


async def test_a_rule_may_mean_this_socket_alone() -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        rule = simulator.on_request("WS", "order.place", Respond(400, -2019, "no"))
        over_rest = await wire.ask("POST", "/fapi/v1/order", **LIMIT_ORDER)
        here = await api.ask("order.place", **LIMIT_ORDER)

    assert (over_rest.status, here["status"], rule.hits) == (200, 400, 1)


@pytest.mark.parametrize(
    ("verdict", "content"),
    [
        (Respond(200, body={"a": 1}), {"status": 200, "result": {"a": 1}}),
        (Respond(503, body={"code": -1, "msg": "m"}), {"status": 503, "error": {"code": -1, "msg": "m"}}),
        (Respond(502, body="<html>"), {"status": 502, "error": {"code": 0, "msg": "<html>"}}),
        (ExecuteThen(Respond(408, -1007, "late")), {"status": 408, "error": {"code": -1007, "msg": "late"}}),
    ],
)
async def test_a_scripted_answer_becomes_a_result_or_an_error(verdict: Verdict, content: dict[str, Any]) -> None:
    async with open_api("?returnRateLimits=false") as (simulator, api):
        simulator.on_request("POST", "/fapi/v1/order", verdict)
        response = await api.ask("order.place", **LIMIT_ORDER)

    assert response == {"id": 1} | content


@pytest.mark.parametrize(("verdict", "orders"), [(Reset(), 0), (ExecuteThenReset(), 1)])
async def test_a_scripted_reset_cuts_the_connection(verdict: Verdict, orders: int) -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        simulator.on_request("POST", "/fapi/v1/order", verdict)
        await api.start("order.place", 1, api.signed(**LIMIT_ORDER))
        end = await api.frame()
        left = simulator.api_connections
        opened = (await wire.ask("GET", "/fapi/v1/openOrders")).body

    assert end.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert (left, len(opened)) == ([], orders)


async def test_a_response_that_waits_holds_up_no_other() -> None:
    async with open_api() as (simulator, api):
        simulator.on_request("POST", "/fapi/v1/order", ExecuteThen(Delay(5.0)))
        simulator.on_request("GET", "/fapi/v1/order", Delay(2.0))
        began = simulator.time_ms
        await api.start("order.place", "late", api.signed(**LIMIT_ORDER))
        await api.start("order.status", "later", api.signed(symbol="BTCUSDT", origClientOrderId="x", recvWindow=9000))
        await api.start("ticker.price", "now", {"symbol": "BTCUSDT"})
        responses = [(await api.read())["id"] for _ in range(3)]
        took = simulator.time_ms - began

    assert responses == ["now", "later", "late"]
    assert 5000 <= took < 5100


async def test_an_order_that_reaches_the_engine_too_late_is_refused() -> None:
    async with open_api() as (simulator, api):
        simulator.on_request("POST", "/fapi/v1/order", Delay(6.0))
        await api.start("order.place", 1, api.signed(**LIMIT_ORDER))
        message = await api.frame(10.0)

    assert "-5028" in message.data


async def test_a_query_lags_as_its_twin_does() -> None:
    async with open_api() as (simulator, api):
        simulator.rest_lag(paths={"/fapi/v1/order": 10.0})
        placed = (await api.ask("order.place", **LIMIT_ORDER))["result"]
        named = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        unknown = await api.ask("order.status", **named)
        await asyncio.sleep(10.0)
        known = await api.ask("order.status", **named)

    assert unknown["error"]["code"] == -2013
    assert known["status"] == 200


async def test_the_journal_has_a_request_under_the_path_of_its_twin() -> None:
    async with open_api() as (simulator, api):
        await api.ask("order.place", **LIMIT_ORDER)

        (request,) = simulator.journal.entries(kind="request", method="POST", path="/fapi/v1/order")
        (response,) = simulator.journal.entries(kind="response", about=request.seq)
        assert (request.event, request.connection, request.account) == ("order.place", 1, "default")
        assert (response.status, response.account, response.body["status"]) == (200, "default", "NEW")
        assert request.body["signature"] == "…"


@pytest.mark.parametrize("when", ["after_events", "before_events"])
async def test_the_answer_comes_before_or_after_its_events(when: Any) -> None:
    async with open_api(profile=Profile(rest_answer=when)) as (simulator, api), Wire(simulator) as wire:
        await wire.stream()
        await api.ask("order.place", **LIMIT_ORDER)

        kinds = [entry.kind for entry in simulator.journal if entry.kind in {"event", "response"} and entry.seq > 4]
        assert kinds == (["event", "response"] if when == "after_events" else ["response", "event"])


@pytest.mark.parametrize(
    "rule", [Rule(on="request", verdict=ExecuteThen(Delay(4.0))), Rule(on="response", verdict=Delay(4.0))]
)
async def test_events_never_wait_for_an_answer_that_is_held_back(rule: Rule) -> None:
    async with open_api(profile=Profile(rest_answer="before_events")) as (simulator, api), Wire(simulator) as wire:
        await wire.stream()
        simulator.faults.install(rule)
        await api.ask("order.place", **LIMIT_ORDER)

        (event,) = simulator.journal.entries(kind="event", event="ORDER_TRADE_UPDATE")
        (answer,) = simulator.journal.entries(kind="response", path="/fapi/v1/order")
        assert answer.time_ms - event.time_ms >= 4_000


async def test_a_client_that_leaves_without_its_response_harms_nobody() -> None:
    async with Simulator() as simulator:
        simulator.on_request("POST", "/fapi/v1/order", Delay(60.0))
        async with connect(simulator) as api:
            await api.start("order.place", 1, api.signed(**LIMIT_ORDER))
        await asyncio.sleep(120.0)

        assert simulator.api_connections == []
        assert not simulator.journal.entries(kind="failure")


async def test_a_defect_ends_the_connection_that_it_was_found_on() -> None:
    simulator = Simulator()
    await simulator.start()
    async with connect(simulator) as api, connect(simulator) as other:
        simulator.on_request("GET", "/fapi/v1/ticker/price", Respond(200, body=object()))
        await api.start("ticker.price", 1, {"symbol": "BTCUSDT"})
        message = await api.frame()

        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1011)
        assert (await other.send("ticker.book", 1, {"symbol": "BTCUSDT"}))["status"] == 200
    with pytest.raises(ExceptionGroup) as failed:
        await simulator.stop()
    assert failed.group_contains(TypeError)


async def test_a_binary_response_is_a_binary_frame() -> None:
    async with Simulator() as simulator, connect(simulator) as api:
        simulator.faults.install(Rule(on="response", event="order.place", verdict=Corrupt("binary"), times=1))
        await api.start("order.place", params=api.signed(**LIMIT_ORDER))
        message = await api.frame()

        assert message.type is aiohttp.WSMsgType.BINARY
        assert (await api.ask("order.place", **LIMIT_ORDER))["status"] == 200
