"""REST answers leave whole: head and body in one piece, for clients of either version of HTTP."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Respond, Simulator


async def asked(sim: Simulator, text: str) -> bytes:
    """Return what comes back for a request until the exchange ends the connection."""
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(text.replace("\n", "\r\n").encode())
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_an_answer_has_a_head_and_as_much_body_as_it_says(version: str) -> None:
    async with Simulator() as sim:
        answer = await asked(sim, f"GET /fapi/v1/time HTTP/{version}\nHost: x\nConnection: close\n\n")

    head, _, body = answer.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert status == f"HTTP/{version} 200 OK"
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(body))
    assert headers["date"].endswith(" GMT")
    assert headers["x-mbx-used-weight-1m"] == "1"
    assert ("connection" in headers) == (version == "1.1")


async def test_an_old_client_that_wants_to_go_on_is_told_that_it_may() -> None:
    async with Simulator() as sim:
        first = "GET /fapi/v1/ping HTTP/1.0\nHost: x\nConnection: keep-alive\n\n"
        answer = await asked(sim, f"{first}GET /fapi/v1/ping HTTP/1.0\nHost: x\n\n")

    one, two = answer.decode().split("HTTP/1.0 200 OK\r\n")[1:]
    assert "connection: keep-alive" in one
    assert "connection" not in two


@pytest.mark.parametrize("status", [299, 503])
async def test_a_status_may_have_no_name(status: int) -> None:
    async with Simulator() as sim:
        sim.on_request("GET", "/fapi/v1/ping", Respond(status))
        answer = await asked(sim, "GET /fapi/v1/ping HTTP/1.1\nHost: x\nConnection: close\n\n")

    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n" if status == 503 else b"HTTP/1.1 299 \r\n")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 404), ("GET", 204)])
async def test_where_no_body_may_be_none_is_sent(method: str, status: int) -> None:
    async with Simulator() as sim:
        sim.on_request("GET", "/fapi/v1/ping", Respond(204))
        answer = await asked(sim, f"{method} /fapi/v1/ping HTTP/1.1\nHost: x\nConnection: close\n\n")

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.endswith(b"\r\n\r\n")
