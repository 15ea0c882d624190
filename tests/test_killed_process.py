"""kill -9 of a process that trades on a real socket, at every kind of moment (rule 28, row 19).

One engine lives many lives on one exchange, each with the journal of all lives before it, and each is killed at another
moment. In the end the exchange says what was to be heard.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator import AccountSpec, ExecuteThen, JournalEntry, Simulator
from simulator.core.faults.fault import Delay, Reset, Verdict
from simulator.core.faults.verdict import Hold
from tests.killed_engine import GROUP

ROOT = Path(__file__).parents[1]
ORDER = "/fapi/v1/order"
PATIENCE_S = 30.0


@dataclass
class Engine:
    """One process, and everything that it said."""

    process: asyncio.subprocess.Process
    said: list[dict[str, Any]] = field(default_factory=list)

    def command(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")

    async def until(self, word: str) -> Any:
        """Return what it says next under this word; None when it ends before."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := await self.process.stdout.readline():
                self.said.append(json.loads(line))
                if word in self.said[-1]:
                    return self.said[-1][word]
        return None

    def kill(self) -> None:
        """Kill it. (`Process.kill` looks first whether it lives, and takes its return code from who waits for that.)"""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it, if it lives, and read all that it said."""
        self.kill()
        await self.until("nothing of this name")
        assert await self.process.wait() == -9, self.said[-3:]


class Exchange:
    """The exchange, and the engines that lived on it."""

    def __init__(self, sim: Simulator, journal: Path) -> None:
        self.sim = sim
        self.journal = journal
        self.engines: list[Engine] = []
        self.since = 0
        """When the first engine was killed: what is older is known, and never told (exchange ms)."""
        self.names = iter(f"order-{number}" for number in range(1, 1000))

    @asynccontextmanager
    async def engine(self, **environment: str) -> AsyncIterator[Engine]:
        """Let an engine live; it is killed when the block ends, if it was not before."""
        keys = {"API_KEY": self.sim.account.api_key, "API_SECRET": self.sim.account.api_secret}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.killed_engine", self.sim.rest_url, self.sim.ws_url, str(self.journal),
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
            env={"PATH": "", **keys, **environment},
        )  # fmt: skip
        engine = Engine(process)
        self.engines.append(engine)
        try:
            yield engine
        finally:
            await engine.end()

    def when(self, act: Callable[[], object], *, nth: int = 1, **wanted: object) -> None:
        """Act once, when the `nth` entry with these fields is written."""
        left = nth

        def look(entry: JournalEntry) -> None:
            nonlocal left
            if left and all(getattr(entry, name) == value for name, value in wanted.items()):
                left -= 1
                if not left:
                    act()

        self.sim.subscribe(look)

    def place_external(self, quantity: str = "0.001") -> None:
        self.sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=quantity)

    @property
    def next_delivery(self) -> int:
        return 1 + max((data["delivery_id"] for engine in self.engines for data in heard(engine)), default=0)


def heard(engine: Engine) -> list[dict[str, Any]]:
    return [line["heard"] for line in engine.said if "heard" in line]


# --- the moments --------------------------------------------------------------------------------------------------


async def between_sending_and_answer(exchange: Exchange, verdict: Verdict) -> None:
    name = next(exchange.names)
    async with exchange.engine() as engine:
        await engine.until("live")
        exchange.sim.on_request("POST", ORDER, verdict, newClientOrderId=name)
        exchange.when(engine.kill, kind="request", path=ORDER, method="POST")
        engine.command(f"place {name} 60000 0.010")
        await engine.until("sent")
    exchange.place_external()


async def in_flight_and_executed(exchange: Exchange, _: random.Random) -> None:
    await between_sending_and_answer(exchange, ExecuteThen(Delay(60)))


async def in_flight_and_never_executed(exchange: Exchange, _: random.Random) -> None:
    await between_sending_and_answer(exchange, Reset())


async def between_answer_and_event(exchange: Exchange, _: random.Random) -> None:
    name = next(exchange.names)
    async with exchange.engine() as engine:
        await engine.until("live")
        held = exchange.sim.on_frame(Hold(), times=None)
        engine.command(f"place {name} 66000 0.002")
        assert await engine.until("sent") == name
        engine.kill()
        held.cancel()


async def in_a_callback(exchange: Exchange, draw: random.Random, moment: str) -> None:
    name, number = next(exchange.names), exchange.next_delivery + draw.randrange(3)
    async with exchange.engine(**{moment: str(number)}) as engine:
        await engine.until("live")
        engine.command(f"place {name} 60000 0.010")
        if await engine.until("sent") is not None:
            for quantity in ("0.001", "0.002", "0.003"):
                exchange.sim.fill(name, quantity)
            await engine.until("nothing: it ends by itself")


async def between_commit_and_delivery(exchange: Exchange, draw: random.Random) -> None:
    await in_a_callback(exchange, draw, "DIE_BEFORE")


async def between_delivery_and_commit(exchange: Exchange, draw: random.Random) -> None:
    await in_a_callback(exchange, draw, "DIE_AT")


async def during_recovery(exchange: Exchange, draw: random.Random) -> None:
    for _ in range(5):
        exchange.place_external()
    async with exchange.engine() as engine:
        exchange.when(engine.kill, nth=draw.randrange(3, 14), kind="request")
        await engine.until("confirmed")


async def during_a_burst(exchange: Exchange, draw: random.Random) -> None:
    async with exchange.engine() as engine:
        await engine.until("live")
        for _ in range(60):
            exchange.place_external()
        for _ in range(draw.randrange(100)):
            await engine.until("heard")


MOMENTS = (
    in_flight_and_executed,
    in_flight_and_never_executed,
    between_answer_and_event,
    between_commit_and_delivery,
    between_delivery_and_commit,
    during_recovery,
    during_recovery,
    during_a_burst,
)

# --- what must hold -----------------------------------------------------------------------------------------------


def every_fill_was_heard_once(exchange: Exchange, account: dict[str, Any]) -> None:
    """But for one group per kill, which bears its ids again and is marked."""
    known: dict[int, dict[str, Any]] = {}
    for engine in exchange.engines:
        again = [data for data in heard(engine) if data["delivery_id"] in known]
        assert len(again) <= GROUP
        for data in again:
            assert data == {**known[data["delivery_id"]], "redelivered": True}
        fresh = [data["delivery_id"] for data in heard(engine) if data not in again]
        assert fresh == sorted(fresh)
        known |= {data["delivery_id"]: data for data in heard(engine) if data["delivery_id"] not in known}
    assert sorted(known) == list(range(1, len(known) + 1))
    fills = Counter((data["order_id"], data["trade_id"]) for data in known.values() if data["trade_id"])
    assert set(fills.values()) == {1}
    told = {
        (data["order_id"], data["trade_id"]): Decimal(data["last_filled_qty"])
        for data in known.values()
        if data["trade_id"]
    }
    assert told == {
        (str(trade["orderId"]), trade["id"]): Decimal(trade["qty"])
        for trade in account["trades"]
        if trade["time"] >= exchange.since
    }


def the_engine_is_where_the_exchange_is(report: dict[str, Any], account: dict[str, Any], since: int) -> None:
    states = {"NEW": "active", "PARTIALLY_FILLED": "active", "FILLED": "filled"}
    wanted = {
        order["clientOrderId"]: (
            states[order["status"]], Decimal(order["executedQty"]), not order["clientOrderId"].startswith("order-")
        )
        for order in account["orders"]
        if order["time"] >= since
    }  # fmt: skip
    known = {name: (state, Decimal(filled), external) for name, (state, filled, external) in report["orders"].items()}
    assert {name: order for name, order in known.items() if order[0] != "lost"} == wanted
    (position,) = account["positions"]
    assert Decimal(report["position"]) == Decimal(position["positionAmt"])


async def what_it_knows(engine: Engine) -> dict[str, Any]:
    """Return an engine's orders and position, when the order that never arrived is known to be lost."""
    while True:
        engine.command("report")
        report: dict[str, Any] = await engine.until("report")
        if not any(state == "placing" for state, _, _ in report["orders"].values()):
            return report
        await engine.until("lost")


async def lives_and_kills(journal: Path) -> None:
    draw = random.Random(9)  # noqa: S311  a case, not a secret
    async with Simulator(accounts=(AccountSpec(balance="100000"),)) as sim:
        exchange = Exchange(sim, journal)
        async with exchange.engine() as first:
            await first.until("live")
        exchange.since = sim.time_ms
        for moment in draw.sample(MOMENTS, len(MOMENTS)):
            await moment(exchange, draw)
        async with exchange.engine() as last:
            await last.until("confirmed")
            report = await what_it_knows(last)
        account = sim.state()["accounts"][sim.account.name]
        every_fill_was_heard_once(exchange, account)
        the_engine_is_where_the_exchange_is(report, account, exchange.since)


@pytest.mark.timeout(180)  # ten processes, in real time
def test_killed_at_every_kind_of_moment_an_engine_ends_where_the_exchange_is(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(lives_and_kills(tmp_path / "account.journal"))
