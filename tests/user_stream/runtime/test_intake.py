"""Facts on their way in: folded from every connection, the account's from one, events published once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from tests.user_stream.runtime.account_stand import Stand, account_stand
from tests.user_stream.runtime.standin import NOON_MS
from user_stream.core.decode import decode_event
from user_stream.core.events import AccountUpdate, Event, ListenKeyExpired, OrderTradeUpdate, RawEvent, TradeLite
from user_stream.runtime.intake import Intake
from user_stream.runtime.links import Link


@dataclass
class Bench(Stand):
    """A stand with two links that carry the stream."""

    links: list[Link] = field(default_factory=list)
    intake: Intake = field(init=False)
    proofs: list[tuple[int, int]] = field(default_factory=list)
    """(epoch, ms since noon, or 0) of each event that proved a link."""
    resets: int = 0

    def __post_init__(self) -> None:
        def reset() -> None:
            self.resets += 1

        self.intake = Intake(
            self.account, self.repairs, self.conditionals,
            proved=lambda link, at: self.proofs.append((link.epoch, at and at - NOON_MS)),
            on_reset=reset, carriers=lambda: self.links, is_alone=lambda: len(self.links) < 2,
        )  # fmt: skip
        for epoch in (1, 2):
            link = Link(epoch, 1, ledger_epoch=self.account.ledger.begin_epoch())
            link.live.set()
            self.links.append(link)
            self.account.feed.join(epoch)
            self.intake.begin(link)

    def take(self, epoch: int, event: Event) -> None:
        """Let a connection tell an event, as it hands them over: to its own handler, and then to everybody."""
        link = next(link for link in self.links if link.epoch == epoch)
        self.intake.take_frame(link, b"{}")
        if isinstance(event, OrderTradeUpdate):
            self.intake.take_order_update(link, event)
        elif isinstance(event, TradeLite):
            self.intake.take_trade_lite(link, event)
        elif isinstance(event, AccountUpdate):
            self.intake.take_account_update(link, event)
        self.intake.take_event(link, event)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Return (status, last quantity) of every delivery."""
        return [(data["order_status"], data["last_filled_qty"]) for data in self.engine.deliveries]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open an account that two connections tell of."""
    async with account_stand() as stand:
        yield Bench(**vars(stand))


def order(status: str, *, last: str = "0", cumulative: str = "0", trade: int = 0, at: int = 100) -> Event:
    report = {
        "s": "BTCUSDT", "i": 7, "c": "web", "S": "BUY", "ps": "BOTH", "o": "LIMIT", "f": "GTC", "q": "10", "p": "100",
        "ap": "100", "x": "TRADE" if trade else status, "X": status, "l": last, "L": "100", "z": cumulative, "t": trade,
        "T": NOON_MS + at,
    }  # fmt: skip
    return event({"e": "ORDER_TRADE_UPDATE", "E": NOON_MS + at, "T": NOON_MS + at, "o": report})


def wallet(amount: str, *, at: int = 100) -> Event:
    change = {"m": "DEPOSIT", "B": [{"a": "USDT", "wb": amount, "cw": amount, "bc": "1"}], "P": []}
    return event({"e": "ACCOUNT_UPDATE", "E": NOON_MS + at, "T": NOON_MS + at, "a": change})


def event(message: dict[str, object]) -> Event:
    return decode_event(msgspec.json.encode(message))


async def test_order_that_two_connections_tell_is_delivered_and_published_once() -> None:
    """Rule 27."""
    async with bench() as desk:
        events = [order("NEW"), order("FILLED", last="10", cumulative="10", trade=1, at=200)]
        for epoch in (1, 2):
            for each in events:
                desk.take(epoch, each)
        await desk.account.delivery.idle()

        assert desk.told == [("NEW", "0"), ("FILLED", "10")]
        assert desk.said == events


async def test_fill_that_only_one_of_them_tells_is_delivered() -> None:
    """Rule 21: fills are merged from all connections."""
    async with bench() as desk:
        desk.take(1, order("NEW"))
        desk.take(2, order("NEW"))
        desk.take(2, order("PARTIALLY_FILLED", last="4", cumulative="4", trade=1, at=200))
        await desk.account.delivery.idle()

        assert desk.told == [("NEW", "0"), ("PARTIALLY_FILLED", "4")]


async def test_account_is_taken_from_one_connection_until_it_ends() -> None:
    """Rule 21."""
    async with bench() as desk:
        desk.take(1, wallet("1"))
        desk.take(2, wallet("1"))
        desk.take(2, wallet("2", at=200))
        await desk.account.delivery.idle()
        assert desk.book.wallet_balance("USDT") == 1

        desk.intake.leave(desk.links[0])
        await desk.account.delivery.idle()
        assert desk.book.wallet_balance("USDT") == 2


async def test_event_that_comes_twice_on_the_only_connection_is_published_twice() -> None:
    async with bench() as desk:
        del desk.links[1]
        desk.take(1, wallet("1"))
        desk.take(1, wallet("1"))
        await desk.account.delivery.idle()

        assert len(desk.said) == 2


async def test_each_event_proves_its_connection_until_its_own_time() -> None:
    """Rule 14: never until local time; whoever repeats it is proven, too."""
    async with bench() as desk:
        desk.take(1, wallet("1", at=150))
        desk.take(2, wallet("1", at=150))
        desk.take(1, event({"e": "SOMETHING_NEW", "E": NOON_MS + 900, "T": NOON_MS + 800}))
        desk.take(1, event({"e": "SOMETHING_NEW", "E": NOON_MS + 900}))
        await desk.account.delivery.idle()

        assert desk.proofs == [(1, 150), (2, 150), (1, 800), (1, 0)]
        assert isinstance(desk.said[-1], RawEvent)


async def test_expiry_of_the_key_proves_nothing() -> None:
    async with bench() as desk:
        expired = event({"e": "listenKeyExpired", "E": NOON_MS, "listenKey": "k" * 64})
        desk.take(1, expired)

        assert isinstance(expired, ListenKeyExpired)
        assert desk.proofs == []


async def test_connection_that_keeps_back_what_another_one_told_is_named() -> None:
    """Rule 25: without asking anybody."""
    async with bench() as desk:
        desk.take(1, wallet("1"))
        await asyncio.sleep(6)
        assert desk.intake.behind(5) == {2}
        desk.take(2, wallet("1"))

        assert desk.intake.behind(0) == set()


async def test_quiet_is_when_no_event_came_for_so_long() -> None:
    async with bench() as desk:
        await asyncio.sleep(10)
        desk.take(1, wallet("1"))
        await asyncio.sleep(4)
        assert not desk.intake.is_quiet(5)
        await asyncio.sleep(1)

        assert desk.intake.is_quiet(5)


async def test_frames_are_counted_for_their_connection() -> None:
    async with bench() as desk:
        desk.take(2, wallet("1"))

        assert [link.frames for link in desk.links] == [0, 1]
