"""Every request finds what answers it; a defect is told to the client and to whoever runs the simulator."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.http_parser import HttpRequestParserPy

from simulator import Respond, Simulator
from tests.simulator.runtime.wire import Wire


async def test_a_defect_is_http_500_and_is_raised_by_the_stop() -> None:
    simulator = Simulator()
    await simulator.start()
    async with Wire(simulator) as wire:
        simulator.on_request("GET", "/fapi/v1/ping", Respond(200, body=object()))

        answer = await wire.send("GET", "/fapi/v1/ping")

        assert (answer.status, "internal error" in answer.text) == (500, True)
        assert "GET /fapi/v1/ping: TypeError" in simulator.journal.entries(kind="failure")[0].summary
    with pytest.raises(ExceptionGroup) as failed:
        await simulator.stop()
    assert failed.group_contains(TypeError)


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_defect() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsymbol=")
        await writer.drain()
        writer.close()
        await asyncio.sleep(1)

        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200
        assert simulator.journal.entries(kind="failure") == []


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "status"),
    [
        ("POST /fapi/v1/order", {}, "x" * 2_000_000, 413),
        ("GET /private/ws", {"Upgrade": "websocket", "Connection": "Upgrade"}, "", 400),
    ],
    ids=["a body that is too large", "half a handshake"],
)
async def test_what_http_itself_refuses_is_no_defect(
    request_line: str, headers: dict[str, str], body: str, status: int
) -> None:
    method, path = request_line.split()
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send(method, path, body, **headers)

        assert answer.status == status
        assert simulator.journal.entries(kind="failure") == []
        assert len(simulator.journal.entries(kind="note")) == 1


async def test_a_query_is_taken_as_it_was_sent() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.ask("GET", "/fapi/v1/openOrders", symbol="我踏马来了USDT")

        assert answer.body["code"] == -1121


async def test_a_client_may_ask_as_it_would_ask_a_proxy() -> None:
    async with Simulator() as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET http://fapi.binance.com/fapi/v1/ping?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        assert simulator.journal.entries(path="/fapi/v1/ping", kind="request")[0].body == {"a": "1"}
        writer.close()


async def test_what_is_not_http_is_noted_without_the_keys_in_it() -> None:
    async with Simulator() as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(f"GET /fapi/v1/ping?é&listenKey={'k' * 64} HTTP/1.1\r\n\r\n".encode())

        assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
        (note,) = simulator.journal.entries(kind="note")
        assert "listenKey=kkkk… HTTP" in note.summary
        writer.close()


@pytest.mark.parametrize("secret", ["signature=QUJD%2BREVG", f"listenKey={'k' * 30}", f"apiKey={'k' * 30}"])
async def test_not_even_part_of_a_secret_is_noted_of_what_is_not_http(secret: str) -> None:
    async with Simulator() as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(f"GET /fapi/v1/ping?é&{secret} HTTP/1.1\r\n\r\n".encode())

        assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
        (note,) = simulator.journal.entries(kind="note")
        assert secret not in note.summary
        assert secret[: secret.index("=") + 5] + "… HTTP" in note.summary
        writer.close()


async def test_a_body_that_is_not_encoded_as_it_says_is_refused_and_noted() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("POST", "/fapi/v1/order", "a=b", **{"Content-Encoding": "gzip"})

        assert answer.status == 400
        assert simulator.journal.entries(kind="failure") == []
        assert "cannot be read to its end: 400" in simulator.journal.entries(kind="connection")[0].summary


async def test_bytes_that_are_no_text_are_no_defect_where_the_parser_passes_them_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiohttp.web_protocol.HttpRequestParser", HttpRequestParserPy)
    async with Simulator() as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        query = b"symbol=\xff&timestamp=%d&signature=%b" % (simulator.time_ms, b"a" * 64)
        key = simulator.account.api_key.encode()
        writer.write(
            b"GET /fapi/v1/order?%b HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: %b\r\nConnection: close\r\n\r\n" % (query, key)
        )

        assert b'{"code":-1022,' in await reader.read()
        assert simulator.journal.entries(kind="failure") == []
        writer.close()


async def test_upgrades_go_to_the_streams_and_the_rest_to_rest() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        assert (await wire.send("GET", "/private/ws")).status == 404
        assert await (await wire.connect("/private/ws")).ask(method="LIST_SUBSCRIPTIONS", id=1) == {
            "result": [],
            "id": 1,
        }
