"""Requests and answers suffer what a rule says: late, never, spoilt, cut, on a bad line, by a wrong clock."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from simulator import (
    Close,
    Corrupt,
    Delay,
    Drip,
    Drop,
    ExecuteThen,
    HalfOpen,
    Lag,
    Pass,
    Profile,
    RefuseThenAccept,
    Reset,
    Respond,
    Rule,
    Simulator,
    Skew,
    Stall,
)
from simulator.core.faults.verdict import Verdict
from tests.simulator.runtime.api_socket import open_api
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Wire

PING = "/fapi/v1/ping"
TIME = "/fapi/v1/time"
PATIENCE_S = 20.0


async def is_unanswered(wire: Wire, method: str = "GET", path: str = PING, **params: object) -> bool:
    """Say whether a request waits in vain."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await wire.ask(method, path, **params)
    except TimeoutError:
        return True
    return False


def orders(simulator: Simulator) -> int:
    (account,) = simulator.state()["accounts"].values()
    return len(account["orders"])


@pytest.mark.parametrize(("verdict", "executed"), [(Drop(), 0), (ExecuteThen(Drop()), 1)])
async def test_row_3_a_lost_request_or_answer_is_never_answered(verdict: Verdict, executed: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        rule = simulator.faults.install(Rule(on="request", path=ORDER, verdict=verdict, times=1))

        assert await is_unanswered(wire, "POST", ORDER, **LIMIT_ORDER)
        assert (orders(simulator), rule.hits) == (executed, 1)
        assert simulator.journal.entries(kind="response")[-1].summary == "never answered"
        assert (await wire.send("GET", PING)).status == 200


@pytest.mark.parametrize("verdict", [Close(), ExecuteThen(Close()), Reset(), ExecuteThen(Reset())])
async def test_row_3_a_connection_may_end_instead_of_an_answer(verdict: Verdict) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", path=ORDER, verdict=verdict, times=1))

        with pytest.raises(aiohttp.ClientConnectionError):
            await wire.ask("POST", ORDER, **LIMIT_ORDER)
        assert orders(simulator) == (1 if isinstance(verdict, ExecuteThen) else 0)


async def test_row_7_a_half_open_connection_says_nothing_and_others_go_on() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire, Wire(simulator) as other:
        simulator.faults.install(Rule(on="request", path=PING, verdict=HalfOpen(), times=1))

        assert await is_unanswered(wire)
        assert (await other.send("GET", PING)).status == 200


async def test_a_request_that_comes_through_the_http_server_may_be_lost_too() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        rule = simulator.faults.install(Rule(on="request", path=PING, verdict=Drop(), times=1))

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await wire.send("GET", PING, Connection="close")
        assert rule.hits == 1


async def test_the_first_so_many_are_refused_and_then_accepted() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", path=PING, verdict=RefuseThenAccept(503, 2, -1008, "busy")))

        answers = [await wire.send("GET", PING) for _ in range(3)]

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].body == {"code": -1008, "msg": "busy"}


async def test_a_rule_that_lets_pass_shields_from_those_after_it() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", path=PING, verdict=Pass(), times=1))
        simulator.on_request("GET", PING, Respond(500, -1001, "later"), times=None)

        assert [(await wire.send("GET", PING)).status for _ in range(2)] == [200, 500]


async def test_an_answer_that_is_known_may_be_late_lost_or_another() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        late = simulator.faults.install(Rule(on="response", path=ORDER, verdict=Delay(4.0), times=1))
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        assert simulator.time_ms - began == pytest.approx(4_000, abs=20)

        simulator.faults.install(Rule(on="response", status="400", verdict=Respond(502, body="<html>"), times=1))
        assert (await wire.ask("POST", ORDER, **LIMIT_ORDER)).status == 200
        refused = await wire.ask("POST", ORDER, **LIMIT_ORDER | {"quantity": "-1"})
        assert (refused.status, refused.text) == (502, "<html>")

        simulator.faults.install(Rule(on="response", path=ORDER, verdict=Drop(), times=1))
        assert await is_unanswered(wire, "POST", ORDER, **LIMIT_ORDER)
        assert (orders(simulator), late.hits) == (3, 1)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(on="response", path=ORDER, verdict=Delay(4.0), times=1),
        Rule(on="request", path=ORDER, verdict=ExecuteThen(Delay(4.0)), times=1),
    ],
)
async def test_events_never_wait_for_an_answer_that_is_held_back(rule: Rule) -> None:
    profile = Profile(rest_answer="before_events")
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.faults.install(rule)
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert await stream.read_names(1) == ["ORDER_TRADE_UPDATE"]
        (event,) = simulator.journal.entries(kind="event", event="ORDER_TRADE_UPDATE")
        (answer,) = simulator.journal.entries(kind="response", path=ORDER)
        assert event.time_ms - began < 1_000
        assert answer.time_ms - began >= 4_000


async def test_row_10_answers_arrive_as_they_were_spoilt() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        for how in ("truncated", "bad_json", "unknown_fields", "wrong_types"):
            simulator.faults.install(Rule(on="response", path=TIME, verdict=Corrupt(how), times=1))

        texts = [(await wire.send("GET", TIME)).text for _ in range(4)]

    for text in texts[:2]:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
    assert json.loads(texts[2])["zz"] == {"new": [1, "2"]}
    assert json.loads(texts[3]) == {"serverTime": {"not": "expected"}}


async def test_row_3_a_connection_is_reset_in_the_middle_of_an_answer() -> None:
    async with Simulator() as simulator:
        simulator.faults.install(Rule(on="response", path="/fapi/v1/exchangeInfo", verdict=Reset(sent="half")))
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET /fapi/v1/exchangeInfo HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        with suppress(ConnectionResetError):
            while piece := await reader.read(65_536):
                received += piece
            pytest.fail("the answer came to its end")
        writer.close()

    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"}")


async def test_an_answer_may_drip_and_a_connection_may_stall() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        drip = simulator.faults.install(Rule(on="response", path=TIME, verdict=Drip(100), times=1))
        began = simulator.time_ms
        await wire.send("GET", TIME)
        assert simulator.time_ms - began > 2_000
        drip.release()

        simulator.faults.install(Rule(on="request", path=PING, verdict=Stall(5.0), times=1))
        await wire.send("GET", PING)
        began = simulator.time_ms
        await wire.send("GET", PING)
        assert simulator.time_ms - began == pytest.approx(5_000, abs=50)


async def test_row_6_queries_lag_while_a_rule_says_so_and_other_rules_hold_all_the_same() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"newClientOrderId": "old"})
        await asyncio.sleep(10)
        with simulator.faults.install(Rule(on="request", verdict=Lag(orders_s=5.0, account_s=5.0))) as lag:
            await wire.ask("POST", ORDER, **LIMIT_ORDER | {"newClientOrderId": "new"})
            unknown = await wire.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="new")
            known = await wire.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="old")
            simulator.on_request("GET", ORDER, Respond(503, -1000, "x"))
            other = await wire.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="old")
        after = await wire.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="new")

    assert (unknown.body["code"], known.status, other.status, after.status) == (-2013, 200, 503, 200)
    assert lag.hits == 4


async def test_row_6_replicas_alternate_path_by_path() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", verdict=Lag(orders_s=60.0, replicas="alternating")))
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        lists = [len((await wire.ask("GET", "/fapi/v1/openOrders")).body) for _ in range(4)]

    assert lists == [0, 1, 0, 1]


@pytest.mark.parametrize(("skew_s", "code"), [(-3.0, -1021), (8.0, -1021), (-0.5, None), (3.0, None)])
async def test_row_22_a_wrong_clock_is_told_everywhere_and_judges_timestamps(skew_s: float, code: int | None) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        honest = await wire.send("GET", TIME)
        simulator.faults.install(Rule(on="request", verdict=Skew(skew_s)))
        told = await wire.send("GET", TIME)
        judged = await wire.ask("GET", "/fapi/v1/openOrders")

    assert told.body["serverTime"] - honest.body["serverTime"] == pytest.approx(skew_s * 1000, abs=50)
    dates = [parsedate_to_datetime(answer.headers["date"]) for answer in (honest, told)]
    assert (dates[1] - dates[0]).total_seconds() == pytest.approx(skew_s, abs=1)
    assert (judged.body["code"] if judged.status == 400 else None) == code


async def test_row_22_the_true_time_answers_again_when_the_skew_is_over() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", verdict=Skew(-3.0), for_s=10.0))
        skewed = await wire.ask("GET", "/fapi/v1/openOrders")
        await asyncio.sleep(11)
        after = await wire.ask("GET", "/fapi/v1/openOrders")

    assert (skewed.status, after.status) == (400, 200)


async def test_a_rule_about_an_order_finds_it_in_a_request_and_in_its_answer() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        asked = simulator.faults.install(Rule(on="request", order="mine_*", verdict=Pass()))
        told = simulator.faults.install(Rule(on="response", order="mine_*", symbol="BTCUSDT", verdict=Pass()))
        await wire.ask("POST", ORDER, **MARKET_ORDER | {"newClientOrderId": "mine_1"})
        await wire.ask("POST", ORDER, **MARKET_ORDER | {"newClientOrderId": "other"})

    assert (asked.hits, told.hits) == (1, 1)


async def test_the_journal_says_which_fault_took_a_request() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.faults.install(Rule(on="request", path=PING, verdict=Delay(1.0), name="slow"))
        await wire.send("GET", PING)

        (entry,) = simulator.journal.entries(kind="fault")
        assert entry.summary == "scripted: delay, by fault 1 slow"
        assert entry.about == simulator.journal.entries(kind="request")[0].seq


# --- the WebSocket API ----------------------------------------------------------------------------------------------


async def test_a_socket_goes_on_when_one_of_its_requests_is_lost() -> None:
    async with open_api() as (simulator, api):
        simulator.faults.install(Rule(on="request", event="order.place", verdict=ExecuteThen(Drop()), times=1))
        await api.start("order.place", 1, api.signed(**LIMIT_ORDER))
        status = await api.ask("session.status", 2)

        assert (status["id"], orders(simulator)) == (2, 1)


async def test_responses_on_a_socket_are_late_spoilt_or_others() -> None:
    async with open_api("?returnRateLimits=false") as (simulator, api):
        simulator.faults.install(Rule(on="response", event="ticker.price", verdict=Delay(3.0), times=1))
        simulator.faults.install(Rule(on="response", event="ticker.price", verdict=Corrupt("unknown_fields"), times=1))
        simulator.faults.install(Rule(on="response", event="ticker.price", verdict=Respond(503, -1000, "x"), times=1))
        await api.start("ticker.price", 1)
        spoilt = await api.send("ticker.price", 2)
        other = await api.send("ticker.price", 3)
        late = await api.read()

    assert (spoilt["id"], spoilt["result"][0]["z9"]) == (2, None)
    assert (other["id"], other["status"], other["error"]["code"]) == (3, 503, -1000)
    assert (late["id"], late["status"]) == (1, 200)


async def test_a_socket_is_closed_or_cut_instead_of_a_response() -> None:
    async with open_api() as (simulator, api):
        simulator.faults.install(Rule(on="response", event="ticker.price", verdict=Close(1008, "no"), times=1))
        await api.start("ticker.price", 1)

        closed = await api.frame()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1008)


async def test_row_22_a_wrong_clock_is_wrong_on_sockets_too() -> None:
    async with open_api() as (simulator, api):
        simulator.faults.install(Rule(on="request", verdict=Skew(-3.0)))
        now_ms = simulator.time_ms
        told = await api.send("session.status", 1)
        judged = await api.ask("order.place", 2, **LIMIT_ORDER)

    assert told["result"]["serverTime"] == pytest.approx(now_ms - 3_000, abs=50)
    assert judged["error"]["code"] == -1021
