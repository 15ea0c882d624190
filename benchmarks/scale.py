"""How much one simulator carries: idle stream connections, signed orders whose events are pushed, and many listeners.

    python -m benchmarks.scale [--connections 5000] [--orders 8000] [--clients 16] [--listeners 1000]

Side by side with a bare aiohttp server (`benchmarks.bare_server`) in one run, each server in a process of its own, the
load from this one, everything on loopback. Memory is the growth of the server's resident set, divided by the
connections. Orders are MARKET orders with an HMAC signature, bought and sold in turn, each client waiting for its
answer before the next; the frames that they cause (four for each) are read by one user stream and counted. Then the
same with many user streams of the one account, each of which gets every frame. Exits 1 when a frame is missing.
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
PUSHED_ORDERS: Final = 150
"""How many orders are told to all listeners."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Trading(NamedTuple):
    """What came of some orders: when the last was answered and when the last frame was read, and what it cost."""

    orders: int
    answered_s: float
    pushed_s: float
    cpu_s: float
    waits_ms: list[float]
    frames: int


class Figures(NamedTuple):
    """What one server did."""

    kib_per_connection: float
    trading: Trading
    pushing: Trading


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


async def measure_orders(server: Server, count: int, clients: int, listeners: int = 1) -> Trading:
    """Send so many orders over so many connections, so many streams listening."""
    listen_key = await _listen_key(server)
    streams = [await _connect(server, listen_key) for _ in range(listeners)]
    for stream in streams:
        stream.complete.clear()
        stream.expected = count * FRAMES_OF_AN_ORDER
    requests = signed_orders(count)
    loop = asyncio.get_running_loop()
    cpu_s, began = server.cpu_s, time.perf_counter()
    workers = [
        (await loop.create_connection(lambda: Orders(requests), server.host, server.port))[1] for _ in range(clients)
    ]
    await asyncio.gather(*(worker.done for worker in workers))
    answered_s = time.perf_counter() - began
    async with asyncio.timeout(PATIENCE_S):
        for stream in streams:
            await stream.complete.wait()
    pushed_s = time.perf_counter() - began
    waits_ms = [wait_s * 1000 for worker in workers for wait_s in worker.waits_s]
    frames = sum(stream.count for stream in streams)
    return Trading(count, answered_s, pushed_s, server.cpu_s - cpu_s, waits_ms, frames)


def measure(command: list[str], wanted: argparse.Namespace) -> Figures:
    """Measure one server: orders, pushes and connections, each on a fresh process."""
    with running(command) as server:
        trading = asyncio.run(measure_orders(server, wanted.orders, wanted.clients))
    with running(command) as server:
        pushing = asyncio.run(measure_orders(server, PUSHED_ORDERS, 1, wanted.listeners))
    with running(command) as server:
        return Figures(asyncio.run(measure_connections(server, wanted.connections)), trading, pushing)


def main() -> None:
    """Measure both servers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--orders", type=int, default=8000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--listeners", type=int, default=1000)
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Console().print(_table({name: measure(command, wanted) for name, command in SERVERS.items()}, wanted))


def _table(found: dict[str, Figures], wanted: argparse.Namespace) -> Table:
    table = Table(f"{wanted.connections} connections; {wanted.orders} orders", *found, "ratio")
    ours, bare = map(_rows, found.values())
    for name, mine in ours.items():
        table.add_row(name, f"{mine:,.1f}", f"{bare[name]:,.1f}", f"{mine / bare[name]:.2f}")
    return table


def _rows(figures: Figures) -> dict[str, float]:
    trading, pushing = figures.trading, figures.pushing
    cuts = statistics.quantiles(trading.waits_ms, n=100)
    listeners = pushing.frames // (pushing.orders * FRAMES_OF_AN_ORDER)
    return {
        "KiB per idle stream connection": figures.kib_per_connection,
        "signed orders a second": trading.orders / trading.answered_s,
        "answer after, p50 ms": cuts[49],
        "answer after, p99 ms": cuts[98],
        "CPU of the server per order, us": trading.cpu_s * 1e6 / trading.orders,
        "frames pushed and read": trading.frames,
        f"frames a second, {listeners} listeners": pushing.frames / pushing.pushed_s,
        "CPU of the server per frame to them, us": pushing.cpu_s * 1e6 / pushing.frames,
    }


if __name__ == "__main__":
    main()
