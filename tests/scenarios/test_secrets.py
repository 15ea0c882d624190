"""No key, secret or listen key shows in what is said, raised or printed; one that cannot be sent is refused unsent."""

from __future__ import annotations

import pytest

from simulator import Simulator
from tests.scenarios.desk import Desk, live_desk
from tests.scenarios.test_fatal import Engine
from user_stream import ApiKeyFormatError, Environment, OrderManager, Settings, UserStreamService
from user_stream.core.events import ListenKeyExpired
from user_stream.core.lifecycle import GapOpened
from user_stream.errors import ConnectionLostError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.transport import open_websocket

SECRET = "ALISTENKEYTHATMUSTNOTBESEEN"


def everything_in(error: BaseException | None) -> str:
    """Return all texts of an error, of its attributes, and of what it was raised from or during."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


async def listen_key(desk: Desk) -> str:
    """Ask for the active key, as another process of the account would."""
    account = desk.sim.account
    rest = BinanceRest(account.api_key, account.api_secret, environment=desk.environment)
    try:
        return await rest.create_listen_key()
    finally:
        await rest.close()


async def test_close_frame_that_quotes_the_listen_key_does_not_leak_it() -> None:
    async with live_desk() as desk:
        key = await listen_key(desk)

        desk.sim.close_connections(1008, f"invalid listenKey {key}")
        await desk.until_live(after_epoch=1)

        (gap,) = desk.notices(GapOpened)
        assert "invalid listenKey" in gap.cause
        assert all(key not in repr(item) for item in desk.said)


async def test_refused_handshake_shows_the_address_nowhere() -> None:
    async with live_desk() as desk:
        desk.sim.refuse_connections(times=1, status=403)
        url = f"{desk.environment.stream_url}/private/ws?listenKey={SECRET}"

        with pytest.raises(ConnectionLostError, match="HTTP 403") as lost:
            async with open_websocket(url, Settings()):
                pytest.fail("it must be refused")

        assert SECRET not in everything_in(lost.value)


async def test_address_without_a_host_is_shown_nowhere() -> None:
    with pytest.raises(ConnectionLostError) as lost:
        async with open_websocket(f"wss:///private/ws?listenKey={SECRET}", Settings()):
            pytest.fail("there is nobody to connect to")

    assert SECRET not in everything_in(lost.value)


def test_event_of_an_expired_key_is_printed_without_it() -> None:
    event = ListenKeyExpired(event_time=1, listen_key=SECRET)

    assert SECRET not in repr(event)
    assert SECRET not in str(list(event.__rich_repr__()))


def test_password_of_a_proxy_is_not_printed_with_the_settings() -> None:
    assert "hunter2" not in repr(Settings(proxy="http://me:hunter2@proxy:8080"))


@pytest.mark.parametrize("broken", ["abc\ndef", "abc\r\n", "abc\x00", "\tabc"])
async def test_key_with_a_line_break_is_refused_before_anything_is_sent(broken: str) -> None:
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)

        with pytest.raises(ApiKeyFormatError, match="line breaks") as service:
            UserStreamService(broken, "secret", Engine(), environment=environment)
        with pytest.raises(ApiKeyFormatError) as manager:
            OrderManager(broken, "secret", environment=environment)

        assert "abc" not in everything_in(service.value) + everything_in(manager.value)
        assert len(sim.journal) == 0
