"""The control plane does what it is told by this machine, and by nobody else."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
import pytest_asyncio

from simulator import Simulator
from tests.simulator.runtime.plain_client import Answer, PlainClient

PLACE = '{"place": {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010", "price": "60000"}}'


class Console:
    """Somebody at the control plane."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self._session = session

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self._send("GET", path, b"", headers)

    async def post(self, path: str, body: object = b"", headers: Mapping[str, str] | None = None) -> Answer:
        return await self._send("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)

    async def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str] | None) -> Answer:
        url = f"{self.simulator.rest_url}/sim/{path}"
        async with self._session.request(method, url, data=io.BytesIO(body), headers=headers) as response:
            return Answer(response.status, await response.json())


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    async with Simulator() as simulator, aiohttp.ClientSession() as session:
        yield Console(simulator, session)


async def test_the_state_is_the_exchanges_truth(console: Console) -> None:
    answer = await console.get("state")

    assert answer.status == 200
    assert answer.body == json.loads(json.dumps(answer.body))
    assert answer.body.keys() == console.simulator.state().keys()


async def test_the_journal_is_filtered(console: Console) -> None:
    async with PlainClient(console.simulator) as client:
        await client.listen_key()
        await client.buy()
        await client.request("GET", "/fapi/v1/openOrders", symbol="BTCUSDT")

    requests = (await console.get("journal?kind=request&path=/fapi/v1/order")).body["entries"]
    assert [entry["body"]["newClientOrderId"] for entry in requests] == ["cli-1"]
    events = (await console.get("journal?event=ORDER_TRADE_UPDATE")).body["entries"]
    assert [entry["body"]["o"]["X"] for entry in events] == ["NEW"]
    (last,) = (await console.get("journal?limit=1")).body["entries"]
    assert (await console.get(f"journal?since={last['seq']}&method=GET")).body == {"entries": [], "forgotten": 0}


async def test_the_journal_shows_no_secrets(console: Console) -> None:
    async with PlainClient(console.simulator) as client:
        listen_key = await client.listen_key()
        async with client.stream():
            pass

    text = json.dumps((await console.get("journal")).body)

    assert "/fapi/v1/listenKey" in text
    assert listen_key not in text
    assert console.simulator.account.api_key not in text
    assert console.simulator.account.api_secret not in text


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("knid=event", "unknown filter 'knid': did you mean kind?"),
        ("zzz=1", "unknown filter 'zzz': there are kind, path, event, method, account, since, limit"),
        ("limit=many", "limit: expected a whole number below 10^15, got 'many'"),
        ("since=-1", "since: expected a whole number below 10^15, got '-1'"),
        ("since=1000000000000000", "since: expected a whole number below 10^15, got '1000000000000000'"),
    ],
)
async def test_a_filter_that_is_none_is_named(console: Console, query: str, error: str) -> None:
    assert await console.get(f"journal?{query}") == (400, {"error": error})


async def test_a_path_lets_the_market_move_by_itself(console: Console) -> None:
    answer = await console.post("path", {"symbol": "BTCUSDT", "path": "steps:every=10ms,64000,63000"})

    assert answer == (200, {"symbol": "BTCUSDT", "path": "steps:every=10ms,64000,63000"})
    await console.simulator.wait_for(lambda simulator: simulator.price("BTCUSDT") == 63_000, timeout_s=1.0)


@pytest.mark.parametrize("path", ["jump", "file:/etc/hostname"])
async def test_a_path_that_is_none_is_refused(console: Console, path: str) -> None:
    status, body = await console.post("path", {"symbol": "BTCUSDT", "path": path})

    assert status == 400
    assert "expected a price path such as" in body["error"]


@pytest.mark.parametrize("price", ["64000.0", 64000])
async def test_the_price_moves_the_market(console: Console, price: object) -> None:
    answer = await console.post("price", {"symbol": "BTCUSDT", "price": price})

    assert answer == (200, {"symbol": "BTCUSDT", "price": str(price)})
    assert console.simulator.price("BTCUSDT") == 64_000


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"symbol": "BTCUSD", "price": "1"}, "unknown symbol 'BTCUSD': did you mean BTCUSDT"),
        ({"symbol": "BTCUSDT"}, "Object missing required field `price`"),
        ({"symbol": "BTCUSDT", "price": "abc"}, "Invalid decimal string"),
        ({"symbol": "BTCUSDT", "price": "-1"}, "price: expected a positive number, got -1"),
        ({"symbol": "BTCUSDT", "price": "NaN"}, "price: expected a positive number, got NaN"),
        ({"symbol": "BTCUSDT", "price": "1e30"}, "expected a number of at most 15 digits before the point"),
        ({"symbol": "BTCUSDT", "price": "1", "prise": "1"}, "Object contains unknown field `prise`"),
        (b"{", 'expected a body such as {"symbol": "BTCUSDT", "price": "65000.0"}'),
        (b"", 'expected a body such as {"symbol": "BTCUSDT", "price": "65000.0"}'),
    ],
)
async def test_a_price_that_is_none_is_refused_with_what_is_wrong(console: Console, body: object, error: str) -> None:
    answer = await console.post("price", body)

    assert answer.status == 400
    assert error in answer.body["error"]
    assert console.simulator.price("BTCUSDT") == 65_000


async def test_what_a_step_does_is_done_at_once(console: Console) -> None:
    placed = await console.post("do", PLACE.encode())
    order = console.simulator.state()["accounts"]["default"]["orders"][0]
    assert placed == (200, {"order": order["orderId"]})

    refused = await console.post("do", [{"fill": {"order": "web_1", "quantity": "0.004"}}, "cancel_nothing"])
    assert refused.status == 400
    assert refused.body["error"].startswith('body:1: steps[0].do[1]: "cancel_nothing" is not an action')

    done = await console.post("do", b"- fill: {order: web_1, quantity: 0.004}\n- cancel: {order: web_1}")
    assert done == (200, {"order": "web_1"})
    order = console.simulator.state()["accounts"]["default"]["orders"][0]
    assert (order["status"], order["executedQty"]) == ("CANCELED", "0.004")
    assert await console.post("do", {"set_status": {"symbol": "BTCUSDT", "status": "TRADING_HALT"}}) == (200, {})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "body: it is empty: say what to do, such as {cancel: {order: web_1}}"),
        (b"\xff", "expected YAML or JSON, as UTF-8 text"),
        (b"cancel: {order: nobody}", "nobody"),
        (b"cancel", "body:1: steps[0].do.cancel: which order? this step follows from none"),
        (b"reset", "body: steps[0].do: reset answers a request, and needs one"),
        (b"set_status: {symbol: BTCUSDT, status: TRADNIG}", "expected one of "),
        (b"set_mark: {symbol: BTCUSD, mark: 1}", 'unknown symbol "BTCUSD": did you mean BTCUSDT?'),
        (b"set_depth: {symbol: BTCUSDT, levels: {65000: much}}", "much"),
        (b"close_api_connections: {code: 70000}", "steps[0].do.close_api_connections: "),
    ],
)
async def test_what_cannot_be_done_is_refused_with_what_is_wrong(console: Console, body: bytes, error: str) -> None:
    answer = await console.post("do", body)

    assert answer.status == 400
    assert error in answer.body["error"]


async def test_a_scenario_is_played_and_its_outcome_told(console: Console) -> None:
    started = await console.post("scenario", f'{{"name": "a", "steps": [{{"at": "1s", "do": {PLACE}}}]}}'.encode())
    assert started == (200, {"run": 1, "name": "a", "status": "running"})

    failing = b"name: b\ntimeout: 2s\nexpect:\n  - position: {symbol: BTCUSDT, amount: 1}"
    assert (await console.post("scenario", failing)).body["run"] == 2
    await asyncio.sleep(5)

    passed = {"run": 1, "name": "a", "status": "passed", "shortfalls": [], "elapsed_ms": 2_000}
    shortfall = "body:4: expect[0].position: expected BTCUSDT position 1, saw 0 at 0"
    failed = {"run": 2, "name": "b", "status": "failed", "shortfalls": [shortfall], "elapsed_ms": 2_000}
    assert await console.get("scenario") == (200, {"runs": [passed, failed]})
    assert await console.get("scenario?run=2") == (200, failed)


async def test_a_run_that_is_none_is_refused(console: Console) -> None:
    error = "there is no run 7: the last 100 are kept, and 0 were started"

    assert await console.get("scenario?run=7") == (400, {"error": error})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"steps: [{at: 5, do: cancel}]", "body:1: steps[0].at: expected a duration"),
        (b"steps: [{at: 1s, do: {set_price: {symbol: X, price: 1}}}]", 'set_price.symbol: unknown symbol "X"'),
        (b"", "body: it is empty"),
        (b"\xff", "expected YAML or JSON, as UTF-8 text"),
    ],
)
async def test_a_scenario_that_cannot_be_played_is_refused_with_its_mistakes(
    console: Console, body: bytes, error: str
) -> None:
    answer = await console.post("scenario", body)

    assert answer.status == 400
    assert error in answer.body["error"]
    assert (await console.get("scenario")).body == {"runs": []}


async def test_a_body_without_end_is_refused(console: Console) -> None:
    answer = await console.post("scenario", b"#" * 2_000_000)

    assert answer == (413, {"error": "Maximum request body size 1048576 exceeded."})


async def test_a_reset_returns_to_the_start_and_ends_every_run(console: Console) -> None:
    start = console.simulator.state()
    async with PlainClient(console.simulator) as client, client.stream() as stream:
        await console.post("price", {"symbol": "BTCUSDT", "price": "64000"})
        await client.buy()
        await console.post("scenario", f"steps: [{{at: 50s, do: {PLACE}}}]".encode())

        assert await console.post("reset") == (200, {})
        await stream.end()

    state = console.simulator.state()
    assert (state["accounts"], state["prices"]) == (start["accounts"], start["prices"])
    assert not console.simulator.connections
    assert (await console.get("scenario?run=1")).body["status"] == "failed"


async def test_what_is_not_there_is_named_with_what_is(console: Console) -> None:
    status, body = await console.get("stat")
    assert status == 404
    assert body["error"].startswith("there is no /sim/stat: there are /sim/state, /sim/journal, /sim/price, ")
    assert await console.post("state") == (405, {"error": "/sim/state takes GET"})
    assert await console.get("price") == (405, {"error": "/sim/price takes POST"})


async def test_other_sites_are_refused_whatever_they_ask(console: Console) -> None:
    by_name = await console.post("reset", headers={"Host": "evil.example"})
    across_sites = await console.post("reset", headers={"Origin": "https://evil.example"})

    assert (by_name.status, across_sites.status) == (403, 403)
    assert by_name.body["error"].startswith("the control plane is not served under the name 'evil.example'")
    assert across_sites.body == {"error": "the control plane is not for pages of https://evil.example"}


async def test_the_last_hundred_runs_are_kept(console: Console) -> None:
    for _ in range(101):
        await console.post("scenario", b"steps: [{at: 50s, do: cut_connections}]")

    kept = (await console.get("scenario")).body["runs"]
    assert [kept[0]["run"], kept[-1]["run"], len(kept)] == [2, 101, 100]
