"""What no retry can cure stops the service, and says what to do; everything else does not."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Respond, Simulator
from tests.scenarios.desk import live_desk, open_desk
from user_stream import (
    ApiKeyFormatError,
    ApiKeyRefusedError,
    Environment,
    FatalError,
    PositionBook,
    Settings,
    SignatureRefusedError,
    UserStreamService,
)
from user_stream.core.lifecycle import Degraded, Live, Stopped

KEY = "/fapi/v1/listenKey"


class Engine:
    """An engine with the only thing that it must bring."""

    def on_order_update(self, data: object) -> None:
        """Not interested."""


@pytest.mark.parametrize(
    ("api_key", "api_secret", "error", "advice"),
    [
        ("short", "x", ApiKeyFormatError, "copied whole"),
        ("A" * 64, "x", ApiKeyRefusedError, "environment"),
        (None, "notTheSecret", SignatureRefusedError, "belongs to the API key"),
    ],
)
async def test_bad_credentials_stop_the_service_and_say_what_to_do(
    api_key: str | None, api_secret: str, error: type[FatalError], advice: str
) -> None:
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        service = UserStreamService(api_key or sim.account.api_key, api_secret, Engine(), environment=environment)
        running = asyncio.create_task(service.start())

        with pytest.raises(error, match=advice):
            await service.wait_until_ready(timeout=60)
        with pytest.raises(error):
            await running

        assert isinstance(service.state, Stopped)
        assert advice in service.state.cause


async def test_context_manager_raises_the_fatal_error_on_entry() -> None:
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        with pytest.raises(ApiKeyFormatError):
            async with UserStreamService("short", "x", Engine(), environment=environment):
                pytest.fail("the body must not run")


async def test_key_that_is_revoked_while_live_stops_the_service() -> None:
    async with open_desk() as desk:
        running = asyncio.create_task(desk.service.start())
        await desk.until_live()

        refused = Respond(401, -2015, "Invalid API-key, IP, or permissions for action")
        desk.sim.on_request("POST", KEY, refused, times=None)
        desk.sim.expire_listen_key()

        with pytest.raises(ApiKeyRefusedError):
            await running


async def test_ban_is_waited_out_and_no_more_is_asked_meanwhile() -> None:
    async with live_desk() as desk:
        until = desk.sim.time_ms + 600_000
        ban = Respond(418, -1003, f"Way too many requests; IP(1.2.3.4) banned until {until}.")
        desk.sim.on_request("POST", KEY, ban)
        asked = len(desk.sim.journal.entries(path=KEY, kind="request"))

        desk.sim.cut_connections()
        await desk.until(lambda: desk.epoch > 1, within_s=700)

        assert desk.sim.time_ms >= until
        assert len(desk.sim.journal.entries(path=KEY, kind="request")) == asked + 2


@pytest.mark.parametrize("path", ["v1/time", "v1/openOrders", "v1/allOrders", "v3/positionRisk", "v3/balance"])
@pytest.mark.parametrize("body", [{"unexpected": 1}, "<html>maintenance</html>", "5", None])
async def test_answer_in_another_shape_is_asked_for_again_and_kills_nothing(path: str, body: object) -> None:
    async with live_desk() as desk:
        desk.sim.on_request("GET", f"/fapi/{path}", Respond(200, body=body))
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=2)

        await desk.is_square()


async def test_unreachable_exchange_is_tried_for_ever() -> None:
    async with open_desk() as desk:
        await desk.sim.stop()
        running = asyncio.create_task(desk.service.start())
        await asyncio.sleep(3600)

        assert len(desk.notices(Degraded)) > 50
        await desk.service.stop()
        await running


async def test_ready_is_not_waited_for_beyond_the_timeout() -> None:
    async with open_desk() as desk:
        await desk.sim.stop()
        running = asyncio.create_task(desk.service.start())

        with pytest.raises(TimeoutError):
            await desk.service.wait_until_ready(timeout=10)

        await desk.service.stop()
        await running


async def test_service_stopped_before_it_was_ready_says_so() -> None:
    async with open_desk() as desk:
        await desk.sim.stop()
        running = asyncio.create_task(desk.service.start())
        await asyncio.sleep(5)
        waiting = asyncio.create_task(desk.service.wait_until_ready())
        await asyncio.sleep(0)

        await desk.service.stop()
        await running

        with pytest.raises(RuntimeError, match="before it was ready"):
            await waiting


async def test_clock_that_is_an_hour_off_is_measured_and_made_up_for() -> None:
    sim = Simulator(start_ms=1_700_000_000_000)
    async with live_desk(sim=sim) as desk:
        await desk.orders.place_market_order("BTCUSDT", "BUY", "0.010", client_order_id="skewed")
        await desk.until_state("skewed", "filled")


async def test_timestamp_that_is_refused_once_is_read_again_and_sent_again() -> None:
    async with live_desk() as desk:
        skew = Respond(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        desk.sim.on_request("POST", "/fapi/v1/order", skew)

        await desk.orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000", client_order_id="again")
        await desk.until_state("again", "active")

        assert desk.orders.states["again"] == ["placing", "active"]


async def test_engine_with_nothing_but_on_order_update_is_enough() -> None:
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        account = sim.account
        async with UserStreamService(account.api_key, account.api_secret, Engine(), environment=environment) as service:
            assert isinstance(service.state, Live)


async def test_service_lives_once() -> None:
    async with live_desk(settings=Settings()) as desk:
        with pytest.raises(RuntimeError, match="lives once"):
            await desk.service.start()
        await desk.service.stop()
        with pytest.raises(RuntimeError, match="lives once"):
            await desk.service.start()


async def test_nothing_runs_on_after_the_end() -> None:
    before = asyncio.all_tasks()
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.service.question_order("BTCUSDT", "nobody")
        assert isinstance(desk.book, PositionBook)

    assert asyncio.all_tasks() == before
