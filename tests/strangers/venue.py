"""The exchange as a stranger meets it: a process of its own, known by its URLs and keys, and moved over HTTP.

`simulator serve` is started the way its user would start it, on a free port, and nothing of the simulator is imported:
what a client can be told about it stands in the lines that it prints. The control plane (`/sim/`) does what only the
exchange could do: it moves prices, cuts connections, lets listen keys expire.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

PATIENCE_S = 8.0
"""How long anything may take that takes milliseconds on an idle machine."""


@dataclass(frozen=True)
class Keys:
    """What an account signs with."""

    api_key: str
    secret: str


class Venue:
    """A running simulator. `rest` and `ws` are its base URLs, `ws_api` the one of its WebSocket API.

    `ca_file` holds the certificate authority that its TLS is trusted by, "" without TLS.
    """

    def __init__(self, lines: list[str]) -> None:
        said = {words[0]: words[1] for line in lines if len(words := line.split()) > 1}
        self.rest, self.ws, self.ws_api = said["REST"], said["streams"], said["ws-api"]
        self.ca_file = said.get("trust", "").rstrip(",")
        self.accounts = dict(_accounts(lines))
        self._since = 0

    @property
    def keys(self) -> Keys:
        """The keys of the account that the tests trade with."""
        return self.accounts["default"]

    @property
    def maker(self) -> Keys:
        """The keys of somebody else, who trades against it."""
        return self.accounts["maker"]

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the control plane; return what it answers. Raises `AssertionError` when it refuses."""
        host, port = self.rest.removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port), timeout=PATIENCE_S)
        try:
            connection.request(method, f"/sim/{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, text.decode()
        return json.loads(text)

    def reset(self) -> None:
        """Begin anew: no orders, trades, positions, connections or listen keys, prices as at the start."""
        self.control("POST", "reset")
        self._since = max(entry["seq"] for entry in self.control("GET", "journal?limit=1")["entries"])

    def set_price(self, symbol: str, price: object) -> None:
        """Move the symbol's market to this price."""
        self.control("POST", "price", {"symbol": symbol, "price": str(price)})

    def act(self, *actions: object) -> None:
        """Let these things happen, in the words of scenarios, and wait until they have."""
        script = {"settle": "0s", "steps": [{"at": "0s", "do": list(actions)}]}
        run = self.control("POST", "scenario", script)["run"]
        wait_until(lambda: self.control("GET", f"scenario?run={run}")["status"] != "running")
        outcome = self.control("GET", f"scenario?run={run}")
        assert outcome["status"] == "passed", outcome

    def fill(self, client_order_id: str, quantity: object = None) -> None:
        """Fill a resting order, all that is left of it or so much, at its own price."""
        amount = {} if quantity is None else {"quantity": str(quantity)}
        self.act({"fill": {"order": client_order_id, **amount}})

    def state(self, account: str = "default") -> Mapping[str, Any]:
        """What the exchange itself knows of an account."""
        truth: dict[str, Any] = self.control("GET", "state")["accounts"][account]
        return truth

    def journal(self, **filters: str) -> list[Mapping[str, Any]]:
        """What went in and out since the last reset, as the exchange wrote it down."""
        query = "&".join(f"{name}={value}" for name, value in {"since": self._since, **filters}.items())
        entries: list[Mapping[str, Any]] = self.control("GET", f"journal?{query}")["entries"]
        return entries

    def streams(self) -> int:
        """How many user data connections are open."""
        return len(self.control("GET", "state")["connections"])


@contextmanager
def served(*options: str) -> Iterator[Venue]:
    """Run `simulator serve` with these options, on a free port, until the end of the block."""
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603  ours
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not (lines and "Ctrl-C" in lines[-1]):
            line = process.stdout.readline()
            assert line, f"the simulator ended: {''.join(lines)}"
            lines.append(line.rstrip("\n"))
        threading.Thread(target=process.stdout.read, daemon=True).start()  # it must never wait for us to read
        yield Venue(lines)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        process.stdout.close()


def wait_until(holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait, in a thread that has nothing else to do, until `holds()`."""
    until = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < until, f"waited {patience_s} s in vain"
        time.sleep(0.002)


async def eventually(holds: Callable[[], object]) -> None:
    """Wait, in a coroutine, until `holds()`."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  what is asked is another process
            await asyncio.sleep(0.002)


async def provoked(waiting: Coroutine[Any, Any, Any], deed: Callable[[], Awaitable[object]]) -> Any:
    """Return what is waited for, doing the deed that brings it about again and again: nobody tells when to begin."""
    task = asyncio.ensure_future(waiting)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not task.done():
                await deed()
                await asyncio.wait([task], timeout=0.05)
            return await task
    finally:
        task.cancel()


def _accounts(lines: list[str]) -> Iterator[tuple[str, Keys]]:
    for number, line in enumerate(lines):
        if line.startswith("account"):
            name = line.removeprefix("account").split(":")[0].strip()
            key, secret = (lines[number + more].split(maxsplit=1)[1] for more in (1, 2))
            yield name, Keys(key, secret)
