"""A test in another language installs faults over HTTP, sees what they did, and takes them back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from simulator import Simulator
from simulator.core.faults.catalogue import CATALOGUE
from tests.simulator.runtime.plain_client import Answer

PING = "/fapi/v1/ping"


class Laboratory:
    """Somebody who installs faults, and asks the exchange how it is."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self._url = simulator.rest_url
        self._session = session

    async def send(self, method: str, path: str = "/sim/faults", body: str = "") -> Answer:
        async with self._session.request(method, f"{self._url}{path}", data=body.encode() or None) as response:
            return Answer(response.status, await response.json(content_type=None))

    async def ping(self) -> int:
        async with self._session.get(f"{self._url}{PING}") as response:
            return response.status


@pytest_asyncio.fixture
async def laboratory() -> AsyncIterator[Laboratory]:
    async with Simulator() as simulator, aiohttp.ClientSession() as session:
        yield Laboratory(simulator, session)


@pytest.mark.parametrize(
    "body",
    [
        '{"on": "request", "path": "/fapi/v1/ping", "times": 1, "verdict": {"respond": {"status": 503}}}',
        "on: request\npath: /fapi/v1/ping\ntimes: 1\nverdict: {respond: {status: 503}}\n",
    ],
)
async def test_a_rule_is_installed_and_counted(laboratory: Laboratory, body: str) -> None:
    installed = await laboratory.send("POST", body=body)
    statuses = [await laboratory.ping() for _ in range(2)]
    shown = await laboratory.send("GET")

    assert installed == (200, {"id": 1, "ids": [1], "deeds": 0})
    assert statuses == [503, 200]
    rule = {"on": "request", "verdict": {"respond": {"status": 503}}, "path": PING, "times": 1}
    assert shown.body == {"faults": [{"id": 1, "hits": 1, "left": 0, "is_over": True, "rule": rule}]}


async def test_a_named_fault_is_installed_and_ended_by_its_id_or_name(laboratory: Laboratory) -> None:
    first = (await laboratory.send("POST", body='{"named": "firewall-403"}')).body["id"]
    assert await laboratory.ping() == 403
    assert (await laboratory.send("DELETE", f"/sim/faults?id={first}")).body == {"ended": 1}
    assert await laboratory.ping() == 200

    await laboratory.send("POST", body='{"named": "firewall-403", "path": "/fapi/v1/pi*"}')
    assert await laboratory.ping() == 403
    assert (await laboratory.send("DELETE", "/sim/faults?name=firewall-403")).body == {"ended": 1}
    assert await laboratory.ping() == 200

    await laboratory.send("POST", body="{named: firewall-403}")
    await laboratory.send("POST", body="{named: late-snapshot}")
    assert (await laboratory.send("DELETE")).body == {"ended": 4}
    assert (await laboratory.send("GET")).body == {"faults": []}


async def test_a_deed_is_done_at_once(laboratory: Laboratory) -> None:
    done = await laboratory.send("POST", body="{named: 24h-cut}")
    undone = await laboratory.send("POST", body="{named: listen-key-expires}")

    assert done == (200, {"id": None, "ids": [], "deeds": 1})
    assert undone.status == 400
    assert "no living listen key" in undone.body["error"]


@pytest.mark.parametrize(
    ("body", "mistakes"),
    [
        ("", ["body: it is empty: say what fails"]),
        ("{}", ["what fails? say `named`, or `on` and `verdict`"]),
        ("{named: half-opn}", ["there is no fault 'half-opn': did you mean half-open"]),
        ("{named: late-frames, on: frame}", ["on: late-frames has no such field"]),
        ("{on: frame, verdikt: drop}", ["body:1: verdikt: unknown field: did you mean verdict?"]),
        ("{on: frme, verdict: drop}", ["expected one of request, response", "did you mean frame?"]),
        (
            "{on: frame, path: /x, nth: 0, verdict: {dely: {seconds: 1}}}",
            ["nth: expected 1 or more, got 0"],
        ),
        ("{on: frame, path: /x, verdict: {delay: {seconds: -1}}}", ["path: a frame has none", "verdict.seconds: exp"]),
        ("{on: frame, verdict: {delay: {secs: 1}}}", ["delay.secs: unknown field", '"seconds" is missing']),
        ("{on: frame, account: nobody, verdict: drop}", ['unknown account "nobody"']),
        ("[", ["not readable as YAML"]),
    ],
)
async def test_a_bad_rule_is_refused_with_all_that_is_wrong(
    laboratory: Laboratory, body: str, mistakes: list[str]
) -> None:
    answer = await laboratory.send("POST", body=body)

    assert answer.status == 400
    assert [mistake for mistake in mistakes if mistake not in answer.body["error"]] == []
    assert (await laboratory.send("GET")).body == {"faults": []}


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("id=7", "there is no rule 7; installed: 1"),
        ("name=nosuch", "name: there is no rule named 'nosuch'; installed: late-frames"),
        ("name=half-open", "name: half-open is a deed: once done, it cannot be ended"),
        ("id=x", "no rule x"),
        ("nr=1", "nr: a rule is ended by its id"),
        ("id=1&name=x", "by its id or by its name, not by both"),
    ],
)
async def test_what_is_not_there_is_not_ended(laboratory: Laboratory, query: str, mistake: str) -> None:
    await laboratory.send("POST", body="{named: late-frames}")

    answer = await laboratory.send("DELETE", f"/sim/faults?{query}")

    assert answer.status == 400
    assert mistake in answer.body["error"]
    assert len((await laboratory.send("GET")).body["faults"]) == 1


async def test_a_rule_whose_time_has_passed_is_over_though_nobody_has_asked_it_since(laboratory: Laboratory) -> None:
    await laboratory.send("POST", body="{on: request, path: /fapi/v1/time, for_s: 2s, verdict: drop}")
    before = (await laboratory.send("GET")).body["faults"]
    await asyncio.sleep(2)
    after = (await laboratory.send("GET")).body["faults"]

    assert [row["is_over"] for row in before + after] == [False, True]


async def test_the_catalogue_is_there(laboratory: Laboratory) -> None:
    told: list[dict[str, Any]] = (await laboratory.send("GET", "/sim/faults/catalogue")).body["faults"]

    assert [row["name"] for row in told] == list(CATALOGUE)
