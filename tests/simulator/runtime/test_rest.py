"""REST answers as Binance does: bodies, statuses, headers, and the events that an order causes."""

from __future__ import annotations

import asyncio
import json
from typing import Literal
from urllib.parse import urlencode

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import (
    AccountSpec,
    Delay,
    ExecuteThen,
    ExecuteThenReset,
    Profile,
    Reset,
    Respond,
    Simulator,
)
from simulator.core.faults.fault import Verdict
from simulator.core.security.signatures import sign
from tests.contract.shape import fixture
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Wire

OTHER = AccountSpec(name="other", api_key="o" * 64, api_secret="s" * 64)


async def test_an_answer_carries_its_headers() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        first = await wire.send("GET", "/fapi/v1/ping")
        order = await wire.ask("POST", ORDER, **LIMIT_ORDER)
        everything = await wire.ask("GET", "/fapi/v1/openOrders")

    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert (order.headers["X-MBX-ORDER-COUNT-10S"], order.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    assert "X-MBX-ORDER-COUNT-1M" not in everything.headers
    assert everything.headers["X-MBX-USED-WEIGHT-1M"] == "41"


@pytest.mark.parametrize("split", [0, 3, len(LIMIT_ORDER)])
async def test_parameters_may_be_in_the_query_in_the_body_or_in_both(split: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        params = [*LIMIT_ORDER.items(), ("timestamp", str(simulator.time_ms))]
        query, body = urlencode(params[:split]), urlencode(params[split:])
        signature = sign(query + body, simulator.account.api_secret)

        answer = await wire.send("POST", f"{ORDER}?{query}", f"{body}&signature={signature}")

    assert answer.status == 200
    assert answer.body["origQty"] == "0.010"


async def test_a_wrong_signature_is_refused_and_the_journal_says_why() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        query = f"symbol=BTCUSDT&side=BUY&timestamp={simulator.time_ms}"
        in_order = "&".join(sorted(query.split("&")))
        target = f"/fapi/v1/openOrders?{query}&signature={sign(in_order, simulator.account.api_secret)}"

        answer = await wire.send("GET", target)

    expected = fixture("errors/examples.json")["-1022"]
    assert (answer.status, answer.body) == (expected["http"], expected["body"])
    (note,) = simulator.journal.entries(kind="note")
    assert "alphabetical order" in note.summary
    assert "symbol=BTCUSDT&side=BUY" in note.summary


@pytest.mark.parametrize(("api_key", "status", "code"), [("", 401, -2014), ("x" * 64, 401, -2015)])
async def test_a_key_that_is_nobodys_is_refused(api_key: str, status: int, code: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("POST", "/fapi/v1/listenKey", **{"X-MBX-APIKEY": api_key})

    assert (answer.status, answer.body["code"]) == (status, code)


async def test_a_request_from_another_time_is_refused() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        late = await wire.ask("GET", "/fapi/v1/openOrders", timestamp=simulator.time_ms - 6000)
        wide = await wire.ask("GET", "/fapi/v1/openOrders", timestamp=simulator.time_ms - 6000, recvWindow=10_000)
        early = await wire.ask("GET", "/fapi/v1/openOrders", timestamp=simulator.time_ms + 1000)

    assert (late.body, wide.body) == (fixture("errors/examples.json")["-1021"]["body"], [])
    assert early.body["code"] == -1021
    assert "1000ms ahead" in early.body["msg"]


async def test_a_listen_key_needs_no_signature_and_tolerates_parameters() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        extended = await wire.send("PUT", f"/fapi/v1/listenKey?listenKey={key}&signature=none")
        deleted = await wire.send("DELETE", "/fapi/v1/listenKey")
        gone = await wire.send("PUT", "/fapi/v1/listenKey")

    assert (extended.body, deleted.body) == ({"listenKey": key}, {})
    assert (gone.status, gone.body) == (400, fixture("errors/examples.json")["-1125"]["body"])


@pytest.mark.parametrize("request_line", ["GET /fapi/v1/balance", "POST /fapi/v1/ping", "GET /api/v3/order"])
async def test_an_unknown_path_is_an_html_404_and_the_journal_says_so(request_line: str) -> None:
    method, path = request_line.split()
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send(method, path)

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")
    assert [note.summary for note in simulator.journal.entries(kind="note")] == [f"unknown path {request_line}"]


async def test_accounts_are_kept_apart() -> None:
    accounts = (AccountSpec(), OTHER)
    async with Simulator(accounts=accounts) as simulator, Wire(simulator) as wire, Wire(simulator, OTHER) as other:
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        stream = await other.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert (await other.ask("GET", "/fapi/v1/openOrders")).body == []
        assert await stream.is_silent()


@pytest.mark.parametrize(
    ("profile", "order"),
    [
        (Profile(), ["event", "response"]),
        (Profile(rest_answer="before_events"), ["response", "event"]),
    ],
)
async def test_events_come_before_the_answer_or_after_it(profile: Profile, order: list[str]) -> None:
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        answer = await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert (answer.status, (await stream.read())["o"]["X"]) == (200, "NEW")

    kinds = [entry.kind for entry in simulator.journal if entry.path == ORDER or entry.kind == "event"]
    assert kinds == ["request", *order]


@pytest.mark.parametrize("when", ["after_events", "before_events"])
async def test_what_was_executed_is_told_although_its_sender_has_gone(
    when: Literal["after_events", "before_events"],
) -> None:
    async with Simulator(profile=Profile(rest_answer=when)) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_request("POST", ORDER, Delay(1.0))
        _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        key = f"X-MBX-APIKEY: {simulator.account.api_key}"
        writer.write(f"POST {ORDER}?{wire.signed(**MARKET_ORDER)} HTTP/1.1\r\nHost: x\r\n{key}\r\n\r\n".encode())
        await asyncio.sleep(0.5)
        writer.transport.abort()

        assert await stream.read_names(3) == ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
        assert simulator.journal.entries(kind="failure") == []


async def executed_orders(simulator: Simulator) -> int:
    return len(simulator.state()["accounts"]["default"]["orders"])


async def test_a_scripted_answer_replaces_execution() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        rule = simulator.on_request("POST", ORDER, Respond(400, -2019, "Margin is insufficient."), side="BUY")
        sell = await wire.ask("POST", ORDER, **LIMIT_ORDER | {"side": "SELL", "price": "66000"})
        refused = await wire.ask("POST", ORDER, **LIMIT_ORDER)
        again = await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert [sell.status, refused.status, again.status] == [200, 400, 200]
        assert refused.body == {"code": -2019, "msg": "Margin is insufficient."}
        assert await executed_orders(simulator) == 2
        assert rule.hits == 1


async def test_a_scripted_answer_may_be_html_with_headers() -> None:
    verdict = Respond(403, body="<html>blocked</html>", headers={"Retry-After": "7"})
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/ping", verdict)
        answer = await wire.send("GET", "/fapi/v1/ping")

    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (403, "<html>blocked</html>", "7")


async def test_an_order_may_be_executed_and_its_answer_lie() -> None:
    unknown = Respond(503, -1000, "Unknown error, please check your request or try again later.")
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_request("POST", ORDER, ExecuteThen(unknown))
        answer = await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert (answer.status, answer.body["code"]) == (503, -1000)
        assert (await stream.read())["o"]["X"] == "NEW"


@pytest.mark.parametrize(("verdict", "executed"), [(Reset(), 0), (ExecuteThenReset(), 1), (ExecuteThen(Reset()), 1)])
async def test_an_answer_may_be_lost_in_a_reset(verdict: Verdict, executed: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("POST", ORDER, verdict)
        with pytest.raises(aiohttp.ClientError):
            await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert await executed_orders(simulator) == executed
        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200


async def test_an_answer_may_be_delayed_before_or_after_execution() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        start_ms = simulator.time_ms
        simulator.on_request("POST", ORDER, Delay(3.0))
        simulator.on_request("POST", ORDER, ExecuteThen(Delay(10.0)))
        late = asyncio.ensure_future(wire.ask("POST", ORDER, **LIMIT_ORDER))
        await simulator.wait_for(lambda sim: bool(sim.journal.entries(kind="event")), 60)
        assert simulator.time_ms - start_ms == 3000
        await late

        held = asyncio.ensure_future(wire.ask("POST", ORDER, **LIMIT_ORDER))
        await simulator.wait_for(lambda sim: len(sim.journal.entries(kind="event")) == 2, 60)
        assert simulator.time_ms - start_ms == 3000
        assert (await held).status == 200
        assert simulator.time_ms - start_ms == 13_000


async def test_a_rule_that_was_installed_first_wins() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/time", Respond(500))
        simulator.on_request("GET", "/fapi/v1/time", Respond(502), times=None)

        assert [(await wire.send("GET", "/fapi/v1/time")).status for _ in range(3)] == [500, 502, 502]


async def test_the_journal_holds_requests_and_answers_without_secrets() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        await wire.send("PUT", f"/fapi/v1/listenKey?listenKey={key}")
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        await (await wire.connect(f"/private/ws/{key}")).close()

    text = json.dumps([[entry.path, entry.summary, entry.body] for entry in simulator.journal])
    for secret in (key, simulator.account.api_key, simulator.account.api_secret):
        assert secret not in text
    request, answer = simulator.journal.entries(path=ORDER)
    assert (request.body["signature"], request.body["price"], request.account) == ("…", "60000", "default")
    assert (answer.about, answer.status, answer.body["status"]) == (request.seq, 200, "NEW")


async def test_get_takes_its_parameters_from_the_query_alone() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("GET", "/fapi/v1/openOrders", wire.signed())

    assert answer.body["code"] == -1102


async def test_a_parameter_that_comes_twice_is_refused() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("POST", ORDER, f"symbol=BTCUSDT&{wire.signed(**LIMIT_ORDER)}")

    assert (answer.status, answer.body) == (400, {"code": -1101, "msg": "Duplicate values for parameter 'symbol'."})


async def test_large_answers_push_the_oldest_out_of_the_journal() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/ping", Respond(200, body="x" * 60_000), times=None)
        for _ in range(1300):
            await wire.send("GET", "/fapi/v1/ping")

        kept = simulator.journal.entries(kind="response")

    assert 1000 < len(kept) < 1300


async def test_every_answer_has_the_headers_of_the_front_and_their_names_are_lower_case() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answers = [
            await wire.send("GET", "/fapi/v1/ping"),
            await wire.ask("POST", ORDER, symbol="BTCUSDT"),
            await wire.send("POST", "/fapi/v1/listenKey", **{"X-MBX-APIKEY": "nobody"}),
        ]

    for answer in answers:
        assert {"x-mbx-used-weight-1m", "x-response-time"} <= {*answer.headers}
        assert answer.headers["Cache-Control"].startswith("no-cache")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answers[0].headers["x-response-time"] == "0ms"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/fapi/v1/none", 404),
        ("GET", "/fapi/v1/account", 404),
        ("GET", "/fapi/v1/balance", 404),
        ("GET", "/fapi/v1/positionRisk", 404),
        ("PATCH", "/fapi/v1/order", 403),
        ("GET", "/fapi/v1/x?q=%3Cscript%3E", 403),
    ],
)
async def test_what_never_reaches_the_exchange_is_answered_with_a_page(method: str, target: str, status: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send(method, target)

    assert (answer.status, answer.headers["content-type"]) == (status, "text/html")
    assert answer.text.startswith("<html>")
    assert "x-mbx-used-weight-1m" not in answer.headers


async def test_a_scripted_403_is_the_firewall_s_page() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/ping", Respond(403))
        answer = await wire.send("GET", "/fapi/v1/ping")

    assert (answer.status, "403 Forbidden" in answer.text) == (403, True)


async def test_a_body_of_json_has_no_parameters() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("POST", ORDER, json.dumps(LIMIT_ORDER), **{"Content-Type": "application/json"})

    assert answer.body["code"] == -1102


async def test_a_body_that_is_sent_with_delete_counts() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        order = await wire.ask("POST", ORDER, **LIMIT_ORDER)
        body = wire.signed(symbol="BTCUSDT", orderId=order.body["orderId"])
        answer = await wire.send("DELETE", ORDER, body)

    assert answer.body["status"] == "CANCELED"


@pytest.mark.parametrize("code", [-5028, -1021])
async def test_an_order_that_lingers_before_the_matching_engine_is_refused_there(code: int) -> None:
    profile = Profile(late_order=code)  # type: ignore[arg-type]  # one of its words
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        simulator.on_request("POST", ORDER, Delay(1.5))
        answer = await wire.ask("POST", ORDER, **LIMIT_ORDER, recvWindow=1000)

        assert answer.body["code"] == code
        assert "at the matching engine" in simulator.journal.entries(kind="note")[0].summary


async def test_ed25519_may_be_refused_on_rest() -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    profile = Profile(ed25519_rest="refused")
    async with Simulator(accounts=(AccountSpec(public_key=pem),), profile=profile) as simulator:
        async with Wire(simulator) as wire:
            answer = await wire.ask("GET", "/fapi/v1/openOrders")

        assert answer.body["code"] == -1022
        assert "WebSocket API only" in simulator.journal.entries(kind="note")[0].summary
