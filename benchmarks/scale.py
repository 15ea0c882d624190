"""How much one simulator carries: idle stream connections, and signed orders whose events are pushed.

    python -m benchmarks.scale [--connections 5000] [--orders 8000] [--clients 16]

Side by side with a bare aiohttp server (`benchmarks.bare_server`) in one run, each server in a process of its own, the
load from this one, everything on loopback. Memory is the growth of the server's resident set, divided by the
connections. Orders are MARKET orders with an HMAC signature, bought and sold in turn, each client waiting for its
answer before the next; the frames that they cause (four for each) are read by one user stream and counted. Exits 1
when a frame is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.bare_server import FRAMES_OF_AN_ORDER
from simulator import AccountSpec

SERVERS: Final = {
    "simulator": [sys.executable, "-m", "simulator", "serve", "--port", "0", "--rate-limits", "counted"],
    "bare aiohttp": [sys.executable, "-m", "benchmarks.bare_server"],
}
AT_ONCE: Final = 100
"""Handshakes under way at the same time."""
PATIENCE_S: Final = 60.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Figures(NamedTuple):
    """What one server did."""

    kib_per_connection: float
    orders_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_order: float
    frames: int


class Server(NamedTuple):
    """A server process, and where it listens."""

    pid: int
    host: str
    port: int

    @property
    def resident(self) -> int:
        """Its resident set, in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE

    @property
    def cpu_s(self) -> float:
        """The processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def running(command: list[str]) -> Iterator[Server]:
    """Start a server, and end it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own commands
        try:
            yield _found(process)
        finally:
            process.terminate()
            process.wait()


def _found(process: subprocess.Popen[str]) -> Server:
    assert process.stdout is not None  # noqa: S101  it is a pipe
    for line in process.stdout:
        for word in line.split():
            if word.startswith("http://"):
                url = urlsplit(word.rstrip("/"))
                return Server(process.pid, url.hostname or "", url.port or 0)
    message = "the server did not say where it listens"
    raise RuntimeError(message)


class Frames(asyncio.Protocol):
    """One stream connection: counts the frames that arrive after its handshake."""

    def __init__(self, url_path: str, host: str) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.count = 0
        self.expected = 0
        self.complete = asyncio.Event()
        self._request = (
            f"GET {url_path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a socket's
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Wait for the upgrade, then count."""
        self._rest += data
        if not self.opened.done():
            head, end, self._rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self.opened.set_result(None)
        while (size := _frame_size(self._rest)) and len(self._rest) >= size:
            self.count += self._rest[0] & 0x0F == 1
            self._rest = self._rest[size:]
        if self.count >= self.expected:
            self.complete.set()


def _frame_size(data: bytes) -> int:
    """Return the size of the frame that begins here, or 0 when its head is not there yet."""
    if len(data) < 2:
        return 0
    length = data[1] & 0x7F
    if length < 126:
        return 2 + length
    return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0


class Orders(asyncio.Protocol):
    """One client: sends an order when the one before is answered."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waits_s: list[float] = []
        self._requests = requests
        self._sent = 0.0
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a socket's
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """Take the answer."""
        self._rest += data
        head, end, body = self._rest.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if not end or len(body) < int(lengths[0].split(b":")[1]):
            return
        if b" 200 " not in head[:16]:
            self.done.set_exception(RuntimeError(body.decode()))
            return
        self.waits_s.append(time.perf_counter() - self._sent)
        self._rest = b""
        self._next()

    def _next(self) -> None:
        assert self._transport is not None  # noqa: S101  connection_made was called
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def signed_orders(count: int) -> Iterator[bytes]:
    """Yield MARKET orders, bought and sold in turn, signed when they are taken."""
    for number in range(count):
        side = "SELL" if number % 2 else "BUY"
        params = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": "0.001"}
        text = urlencode(params | {"timestamp": int(time.time() * 1000)})
        signature = hmac.new(AccountSpec().api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        yield _request("/fapi/v1/order", f"{text}&signature={signature}")


def _request(path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-MBX-APIKEY: {AccountSpec().api_key}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def _listen_key(server: Server) -> str:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(_request("/fapi/v1/listenKey", "").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    answer = await reader.read()
    writer.close()
    return answer.decode().partition('"listenKey":')[2].strip(' "}\r\n')


async def _connect(server: Server, listen_key: str) -> Frames:
    loop = asyncio.get_running_loop()
    path = f"/private/ws?listenKey={listen_key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/TRADE_LITE"
    _, frames = await loop.create_connection(lambda: Frames(path, server.host), server.host, server.port)
    await frames.opened
    return frames


async def measure_connections(server: Server, count: int) -> float:
    """Open so many idle user streams; return KiB of the server's memory for each."""
    listen_key = await _listen_key(server)
    warm = [await _connect(server, listen_key) for _ in range(AT_ONCE)]
    before = server.resident
    for _ in range(count // AT_ONCE):
        warm += await asyncio.gather(*(_connect(server, listen_key) for _ in range(AT_ONCE)))
    return (server.resident - before) / 1024 / (len(warm) - AT_ONCE)


async def measure_orders(server: Server, count: int, clients: int) -> Figures:
    """Send so many orders over so many connections, one stream listening."""
    stream = await _connect(server, await _listen_key(server))
    stream.complete.clear()
    stream.expected = count * FRAMES_OF_AN_ORDER
    requests = signed_orders(count)
    loop = asyncio.get_running_loop()
    cpu_s, began = server.cpu_s, time.perf_counter()
    workers = [
        (await loop.create_connection(lambda: Orders(requests), server.host, server.port))[1] for _ in range(clients)
    ]
    await asyncio.gather(*(worker.done for worker in workers))
    took_s = time.perf_counter() - began
    async with asyncio.timeout(PATIENCE_S):
        await stream.complete.wait()
    used_us = (server.cpu_s - cpu_s) * 1e6 / count
    cuts = statistics.quantiles((wait_s * 1000 for worker in workers for wait_s in worker.waits_s), n=100)
    return Figures(0.0, count / took_s, cuts[49], cuts[98], used_us, stream.count)


def measure(command: list[str], connections: int, orders: int, clients: int) -> Figures:
    """Measure one server: orders on a fresh process, connections on another."""
    with running(command) as server:
        figures = asyncio.run(measure_orders(server, orders, clients))
    with running(command) as server:
        return figures._replace(kib_per_connection=asyncio.run(measure_connections(server, connections)))


def main() -> None:
    """Measure both servers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--orders", type=int, default=8000)
    parser.add_argument("--clients", type=int, default=16)
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found = {
        name: measure(command, wanted.connections, wanted.orders, wanted.clients) for name, command in SERVERS.items()
    }
    Console().print(_table(wanted.connections, found))


def _table(connections: int, found: dict[str, Figures]) -> Table:
    table = Table(f"{connections} connections, then orders", *found, "ratio")
    ours, bare = found.values()
    rows = {
        "KiB per idle stream connection": (ours.kib_per_connection, bare.kib_per_connection),
        "signed orders a second": (ours.orders_per_second, bare.orders_per_second),
        "answer after, p50 ms": (ours.p50_ms, bare.p50_ms),
        "answer after, p99 ms": (ours.p99_ms, bare.p99_ms),
        "CPU of the server per order, us": (ours.cpu_us_per_order, bare.cpu_us_per_order),
        "frames pushed and read": (ours.frames, bare.frames),
    }
    for name, (mine, theirs) in rows.items():
        table.add_row(name, f"{mine:,.1f}", f"{theirs:,.1f}", f"{mine / theirs:.2f}")
    return table


if __name__ == "__main__":
    main()
