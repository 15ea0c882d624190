"""What the service says of itself while connections come, tell and go: by connections that do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec

from tests.user_stream.runtime.account_stand import BALANCES, OPEN_ORDERS, Stand, account_stand
from tests.user_stream.runtime.standin import refusal
from user_stream import BinanceWebsocket, StreamHandlers
from user_stream.core.decode import decode_event
from user_stream.core.events import AccountUpdate
from user_stream.core.lifecycle import (
    Connecting,
    ConnectionLost,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    Live,
    ServiceState,
    Synchronizing,
)
from user_stream.errors import ApiKeyRefusedError, ConnectionLostError, ListenKeyLostError, RateLimitedError
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.supervisor import Supervisor

CUT = ConnectionLostError("cut")
WALLET = [{"asset": "USDT", "balance": "1", "crossWalletBalance": "1"}]
MODES = "/fapi/v1/accountConfig"


class Wire(BinanceWebsocket):
    """A connection that connects when it is made, and does then what a test calls."""

    def __init__(self, handlers: StreamHandlers, *, connects: bool) -> None:
        super().__init__("K" * 64, "S" * 64, handlers=handlers)
        self.does = handlers
        self._connects = connects
        self._ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._unread = asyncio.Event()
        self.closed = False

    async def start(self) -> NoReturn:
        """Initialise the state, again after each frame that is lost, until `end`."""
        initialising = asyncio.create_task(self._stay())
        try:
            both: list[asyncio.Future[Any]] = [initialising, self._ended]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            error = self._ended.result() if self._ended.done() else initialising.exception()
            assert error is not None
            assert self.does.on_lost is not None
            self.does.on_lost(error)
            raise error
        finally:
            initialising.cancel()
            self.closed = True

    async def _stay(self) -> None:
        if not self._connects:
            raise CUT
        while True:
            self._unread.clear()
            assert self.does.init_state is not None
            assert self.does.on_live is not None
            await self.does.init_state()
            self.does.on_live()
            await self._unread.wait()

    def end(self, error: BaseException = CUT) -> None:
        """End the connection."""
        self._ended.set_result(error)

    def lose_frame(self) -> None:
        """Meet a frame that cannot be read."""
        assert self.does.on_undecodable is not None
        self.does.on_undecodable("not JSON")
        self._unread.set()

    def tell(self, message: dict[str, Any]) -> None:
        """Tell an event."""
        event = decode_event(msgspec.json.encode(message))
        if isinstance(event, AccountUpdate):
            assert self.does.on_account_update is not None
            self.does.on_account_update(event)
        assert self.does.on_event is not None
        self.does.on_event(event)


@dataclass
class Bench(Stand):
    """A stand with its supervisor. `refused`: how many connections are refused from now on."""

    supervisor: Supervisor = field(init=False)
    running: asyncio.Task[None] = field(init=False)
    wires: list[Wire] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        def connect(handlers: StreamHandlers) -> Wire:
            self.wires.append(Wire(handlers, connects=not self.refused))
            self.refused = max(self.refused - 1, 0)
            return self.wires[-1]

        account = self.account
        lease = ListenKeyLease(account.rest, settings=account.settings, clock=account.clock, draw=account.draw)
        self.supervisor = Supervisor(account, self.repairs, self.conditionals, lease, connect)

    @property
    def states(self) -> list[ServiceState]:
        """Every state it was in."""
        return [item for item in self.said if isinstance(item, ServiceState)]

    def deposit(self, wallet: str) -> dict[str, Any]:
        """Return an account update of now."""
        change = {"m": "DEPOSIT", "B": [{"a": "USDT", "wb": wallet, "cw": wallet, "bc": "1"}], "P": []}
        return {"e": "ACCOUNT_UPDATE", "E": self.now, "T": self.now, "a": change}


@asynccontextmanager
async def bench(*, refused: int = 0, **settings: Any) -> AsyncIterator[Bench]:
    """Supervise, from the beginning on."""
    async with account_stand(**settings) as stand:
        desk = Bench(**vars(stand), refused=refused)

        async def run() -> None:
            async with asyncio.TaskGroup() as tasks:
                desk.supervisor.begin(tasks)

        desk.running = asyncio.create_task(run())
        try:
            yield desk
        finally:
            desk.supervisor.end()
            desk.running.cancel()
            await asyncio.wait([desk.running])
            assert all(wire.closed for wire in desk.wires)


# --- one connection --------------------------------------------------------------------------------------------------


async def test_first_connection_is_live_when_it_is_synchronized_and_proven_by_its_first_event() -> None:
    """Rule 25."""
    async with bench() as desk:
        await asyncio.sleep(1)
        assert desk.supervisor.settled.is_set()
        desk.wires[0].tell(desk.deposit("1"))

        assert desk.states == [Connecting(1, 1), Synchronizing(1), Live(1, proven=False), Live(1, proven=True)]
        assert desk.notices(GapOpened) == []


async def test_loss_is_a_gap_since_the_last_proof_and_its_repair_is_confirmed() -> None:
    """Rules 14 and 16."""
    async with bench() as desk:
        await asyncio.sleep(50)
        desk.wires[0].tell(desk.deposit("1"))
        told_at = desk.now
        desk.exchange.says(BALANCES, WALLET)
        await asyncio.sleep(10)
        desk.wires[0].end()
        await asyncio.sleep(5)
        assert desk.states[4:] == [
            Degraded(told_at, str(CUT), 1.0), Connecting(2, 2), Synchronizing(2), Live(2, proven=False),
        ]  # fmt: skip
        assert desk.notices(GapOpened) == [GapOpened(told_at, str(CUT))]
        await asyncio.sleep(50)

        assert [(gap.since, gap.provisional) for gap in desk.notices(GapRepaired)] == [
            (told_at, True),
            (told_at, False),
        ]


async def test_connection_that_was_never_live_leaves_no_gap_for_nothing_was_known() -> None:
    async with bench(refused=2) as desk:
        await asyncio.sleep(10)

        assert [type(state) for state in desk.states] == [
            Connecting, Degraded, Connecting, Degraded, Connecting, Synchronizing, Live,
        ]  # fmt: skip
        assert [state.attempt for state in desk.states if isinstance(state, Connecting)] == [1, 2, 3]
        assert desk.notices(GapOpened) == []


async def test_exchange_that_bans_is_left_alone_for_as_long_as_it_says() -> None:
    """Row 17."""
    async with bench() as desk:
        await asyncio.sleep(1)
        desk.wires[0].end(RateLimitedError(status=418, retry_after_s=300))
        await asyncio.sleep(299)
        assert len(desk.wires) == 1
        await asyncio.sleep(2)

        assert len(desk.wires) == 2


async def test_gap_that_cannot_be_read_ends_the_connection_and_the_next_one_reads_it() -> None:
    async with bench() as desk:
        await asyncio.sleep(1)
        desk.exchange.answers[OPEN_ORDERS] = lambda _: refusal(500, -1000, "Unknown.")
        desk.wires[0].end()
        await asyncio.sleep(3)
        assert desk.account.coverage.gap is not None
        desk.exchange.says(OPEN_ORDERS, [])
        await asyncio.sleep(20)

        assert isinstance(desk.supervisor.state, Live)
        assert len(desk.notices(GapOpened)) == 1
        assert len(desk.notices(GapRepaired)) == 1


async def test_frame_that_cannot_be_read_is_a_gap_on_a_connection_that_stands() -> None:
    """Row 12: what it said is looked up; the connection's stretch of stream begins anew."""
    async with bench() as desk:
        await asyncio.sleep(50)
        desk.wires[0].lose_frame()
        assert isinstance(desk.supervisor.state, Degraded)
        await asyncio.sleep(1)

        assert isinstance(desk.supervisor.state, Live)
        assert [type(item) for item in desk.said if isinstance(item, FrameRefused | GapOpened | GapRepaired)] == [
            FrameRefused, GapOpened, GapRepaired,
        ]  # fmt: skip
        assert len(desk.wires) == 1


async def test_key_that_died_is_renewed_while_the_old_connection_is_read_on() -> None:
    """Rows 1 and 2: what was under way still arrives; then the old one is closed."""
    async with bench() as desk:
        await asyncio.sleep(50)
        assert desk.wires[0].does.on_listen_key_lost is not None
        desk.wires[0].does.on_listen_key_lost(ListenKeyLostError("the listen key expired"))
        desk.wires[0].does.on_listen_key_lost(ListenKeyLostError("the listen key expired"))
        await asyncio.sleep(5)
        assert len(desk.wires) == 2
        assert not desk.wires[0].closed
        await asyncio.sleep(desk.account.settings.rotation_dwell_s)

        assert desk.wires[0].closed
        assert desk.supervisor.state == Live(2, proven=False)
        assert [gap.cause for gap in desk.notices(GapOpened)] == ["the listen key expired"]


async def test_what_no_retry_can_cure_ends_everything() -> None:
    async with bench() as desk:
        await asyncio.sleep(1)
        desk.wires[0].end(ApiKeyRefusedError())
        await asyncio.wait([desk.running], timeout=5)

        assert isinstance(desk.running.exception(), ExceptionGroup)


# --- silence: rule 25 ------------------------------------------------------------------------------------------------


async def test_connection_that_keeps_back_what_rest_shows_is_replaced_and_that_is_a_gap() -> None:
    async with bench() as desk:
        await asyncio.sleep(50)
        desk.exchange.says(BALANCES, WALLET)
        await asyncio.sleep(60)

        assert "silent" in desk.notices(GapOpened)[0].cause
        assert len(desk.wires) == 2
        assert desk.wires[0].closed
        assert desk.book.wallet_balance("USDT") == 1


# --- two connections: rule 27 ----------------------------------------------------------------------------------------


async def test_one_of_two_may_die_without_a_gap_when_the_other_was_proven_before() -> None:
    async with bench(connections=2) as desk:
        await asyncio.sleep(50)
        for _ in range(2):
            for wire in desk.wires:
                wire.tell(desk.deposit("1"))
            await asyncio.sleep(1)
        desk.wires[0].end()
        await asyncio.sleep(0.1)

        assert desk.supervisor.state == Live(2, proven=True)
        assert desk.notices(ConnectionLost) == [ConnectionLost(1, str(CUT))]
        assert desk.notices(GapOpened) == []
        await asyncio.sleep(5)
        assert len(desk.wires) == 3
        assert not any(isinstance(state, Degraded | Synchronizing) for state in desk.states[3:])


async def test_one_of_two_that_dies_leaves_a_gap_when_the_other_was_never_proven() -> None:
    """It stands, and may be as dead: what it carried since is read over REST, and it goes on."""
    async with bench(connections=2) as desk:
        await asyncio.sleep(50)
        desk.wires[0].tell(desk.deposit("1"))
        desk.exchange.says(BALANCES, WALLET)
        desk.wires[0].end()
        await asyncio.sleep(0.9)

        assert desk.supervisor.state == Live(2, proven=False)
        assert len(desk.notices(GapOpened)) == len(desk.notices(GapRepaired)) == 1


async def test_death_of_both_is_one_gap() -> None:
    async with bench(connections=2) as desk:
        await asyncio.sleep(50)
        for wire in desk.wires[:2]:
            wire.tell(desk.deposit("1"))
        desk.exchange.says(BALANCES, WALLET)
        for wire in desk.wires[:2]:
            wire.end()
        await asyncio.sleep(10)

        assert desk.supervisor.state == Live(3, proven=False)
        assert len(desk.notices(GapOpened)) == len(desk.notices(GapRepaired)) == 1
        assert desk.exchange.times(MODES)[-1] == 51, "one pass serves both"


async def test_one_pass_serves_both_at_the_start() -> None:
    async with bench(connections=2) as desk:
        await asyncio.sleep(5)

        assert len(desk.exchange.times(MODES)) == 1
        assert desk.states == [Connecting(1, 1), Connecting(2, 1), Synchronizing(1), Live(1, proven=False)]
