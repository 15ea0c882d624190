"""Over TLS everything is as without: REST, streams, the WebSocket API, and what a script does to connections."""

from __future__ import annotations

import asyncio
import builtins
import ssl
import stat
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import pytest
import requests
import websockets

from simulator import ConfigurationError, PortInUseError, Simulator
from simulator.runtime.tls import ThrowAwayAuthority
from tests.simulator.runtime.api_socket import LIMIT_ORDER, ApiSocket


def trusting(simulator: Simulator) -> ssl.SSLContext:
    assert simulator.ca_file is not None
    return ssl.create_default_context(cafile=str(simulator.ca_file))


async def user_stream(simulator: Simulator, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    url, key = f"{simulator.rest_url}/fapi/v1/listenKey", {"X-MBX-APIKEY": simulator.account.api_key}
    async with session.post(url, headers=key, ssl=trusting(simulator)) as response:
        listen_key = (await response.json())["listenKey"]
    target = f"{simulator.ws_url}/private/ws?listenKey={listen_key}"
    return await session.ws_connect(target, ssl=trusting(simulator), autoping=False)


async def test_the_urls_say_so() -> None:
    async with Simulator(tls=True) as simulator:
        assert simulator.rest_url.startswith("https://127.0.0.1:")
        assert simulator.ws_url.startswith("wss://127.0.0.1:")
        assert simulator.ws_api_url == f"{simulator.ws_url}/ws-fapi/v1"
    async with Simulator() as simulator:
        assert simulator.ca_file is None
        assert simulator.ws_api_url.startswith("ws://")


async def test_aiohttp_trades_over_rest_a_stream_and_the_websocket_api() -> None:
    async with Simulator(tls=True) as simulator, aiohttp.ClientSession() as session:
        stream = await user_stream(simulator, session)
        socket = await session.ws_connect(simulator.ws_api_url, ssl=trusting(simulator))
        response = await ApiSocket(simulator, socket).ask("order.place", **LIMIT_ORDER)
        event = await stream.receive_json(timeout=5.0)
        await socket.close()
        await stream.close()

    assert response["status"] == 200
    assert event["o"]["i"] == response["result"]["orderId"]


def test_websockets_connects_by_address_and_by_name() -> None:
    """A name is looked up in another thread, so on a real clock."""

    async def status(name: str) -> str:
        async with Simulator(tls=True) as simulator:
            url = f"wss://{name}:{simulator.port}/ws-fapi/v1"
            async with websockets.connect(url, ssl=trusting(simulator)) as socket:
                await socket.send('{"id":1,"method":"session.status"}')
                return str(await socket.recv())

    assert '"status":200' in asyncio.run(status("127.0.0.1"))
    assert '"status":200' in asyncio.run(status("localhost"))


def test_requests_asks_with_the_file_of_the_authority() -> None:
    """In another thread, so on a real clock."""

    async def ask() -> requests.Response:
        async with Simulator(tls=True) as simulator:
            url = f"https://localhost:{simulator.port}/fapi/v1/time"
            return await asyncio.to_thread(requests.get, url, verify=str(simulator.ca_file), timeout=10)

    assert asyncio.run(ask()).json().keys() == {"serverTime"}


async def test_who_does_not_trust_the_authority_gets_no_answer_and_harms_nobody() -> None:
    async with Simulator(tls=True) as simulator, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{simulator.rest_url}/fapi/v1/ping")
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{simulator.port}/fapi/v1/ping")
        async with session.get(f"{simulator.rest_url}/fapi/v1/ping", ssl=trusting(simulator)) as response:
            assert response.status == 200


async def test_the_file_is_private_and_gone_after_the_stop() -> None:
    async with Simulator(tls=True) as simulator:
        file = simulator.ca_file
        assert file is not None
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "PRIVATE KEY" not in file.read_text()

    assert not file.exists()


async def test_a_port_in_use_leaves_no_file_behind(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with Simulator() as first:
        with pytest.raises(PortInUseError):
            await Simulator(port=first.port, tls=True).start()

    assert list(tmp_path.iterdir()) == []


async def test_a_restart_has_another_authority() -> None:
    simulator = Simulator(tls=True)
    async with simulator:
        first = simulator.ca_file and simulator.ca_file.read_text()
    async with simulator:
        second = simulator.ca_file and simulator.ca_file.read_text()

    assert first != second


@pytest.mark.parametrize("host", ["my_host", "a b"])
def test_an_address_that_no_certificate_can_name_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no certificate"):
        ThrowAwayAuthority(host)


@pytest.mark.parametrize("host", ["", "localhost", "::1", "192.168.1.5", "simulator"])
def test_other_addresses_are_named(host: str) -> None:
    authority = ThrowAwayAuthority(host)

    assert authority.file.exists()
    authority.delete()
    authority.delete()
    assert not authority.file.exists()


async def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_trustme(
        name: str,
        names: Mapping[str, object] | None = None,
        local: Mapping[str, object] | None = None,
        wanted: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if name == "trustme":
            raise ImportError(name)
        return real(name, names, local, wanted, level)

    monkeypatch.setattr(builtins, "__import__", without_trustme)
    with pytest.raises(ConfigurationError, match=r"binance-user-stream\[tls\]"):
        await Simulator(tls=True).start()
