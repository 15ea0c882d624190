"""A scenario can do to the WebSocket API and to API keys what Python can."""

from __future__ import annotations

import aiohttp

from simulator import AccountSpec, Simulator
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.runtime.action import perform
from simulator.scenario import (
    CloseApiConnections,
    CutApiConnections,
    HalfOpenApiConnections,
    RestoreApiKey,
    RevokeApiKey,
)
from tests.simulator.runtime.api_socket import LIMIT_ORDER, connect, open_api

OTHER = AccountSpec(name="other", api_key="k" * 64, api_secret="s" * 64)


async def test_each_of_two_connections_ends_in_its_own_way() -> None:
    async with open_api() as (simulator, first), connect(simulator) as second:
        perform(simulator, CloseApiConnections(code=1001, connection=1), NOTHING)
        perform(simulator, CutApiConnections(connection=2), NOTHING)

        closed, cut = await first.frame(), await second.frame()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert cut.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def test_what_is_asked_on_a_half_open_connection_is_never_answered() -> None:
    async with open_api() as (simulator, api):
        perform(simulator, HalfOpenApiConnections(), NOTHING)
        await api.start("order.place", 1, api.signed(**LIMIT_ORDER))

        assert await api.is_silent()


async def test_a_revoked_key_is_unknown_until_it_is_restored() -> None:
    async with open_api() as (simulator, api):
        perform(simulator, RevokeApiKey(), NOTHING)
        assert (await api.ask("account.balance"))["error"]["code"] == -2015

        perform(simulator, RestoreApiKey(), NOTHING)
        assert (await api.ask("account.balance"))["status"] == 200


async def test_the_key_is_that_of_the_account_that_the_step_is_about() -> None:
    async with Simulator(accounts=(AccountSpec(), OTHER)) as simulator, connect(simulator) as api:
        perform(simulator, RevokeApiKey(), Subject(None, "other"))

        assert (await api.ask("account.balance"))["status"] == 200
        assert [entry.account for entry in simulator.journal.entries(kind="action")] == ["other"]
