"""What proves a connection, until when, and what it is not a proof of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.user_stream.core.order_facts import KEY, told_by_stream
from tests.user_stream.runtime.account_stand import Stand, account_stand
from tests.user_stream.runtime.standin import NOON_MS
from user_stream.core.lifecycle import LeaseAging, ListenKeyKept
from user_stream.core.repair_report import RepairReport
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.links import Link
from user_stream.runtime.proofs import Proofs

LISTEN_KEY = "/fapi/v1/listenKey"
UNNOTICED_MS = 40_000
"""For how long a dead socket may go unnoticed: the interval of the pings, and how long they wait."""


@dataclass
class Bench(Stand):
    """A stand with its proofs; the account was read at noon, and nothing is in doubt."""

    lease: ListenKeyLease = field(init=False)
    proofs: Proofs = field(init=False)
    proven: int = 0

    def __post_init__(self) -> None:
        def count() -> None:
            self.proven += 1

        account = self.account
        self.lease = ListenKeyLease(account.rest, settings=account.settings, clock=account.clock, draw=account.draw)
        self.proofs = Proofs(account, self.lease, on_proven=count)
        account.coverage.begin(NOON_MS)
        account.coverage.close(NOON_MS, RepairReport())
        account.coverage.confirm()

    @property
    def watermark(self) -> int:
        """Until when everything is known, in ms since noon."""
        return self.account.coverage.watermark - NOON_MS


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open an account that holds a listen key since noon."""
    async with account_stand() as stand:
        stand.exchange.says(LISTEN_KEY, {"listenKey": "k" * 64})
        made = Bench(**vars(stand))
        await made.lease.acquire()
        yield made


def live_link() -> Link:
    link = Link(1, 1)
    link.live.set()
    return link


async def test_first_event_proves_a_connection_and_each_later_one_moves_the_watermark() -> None:
    """Rules 13 and 25."""
    async with bench() as desk:
        link = live_link()
        desk.proofs.told(link, NOON_MS + 500)
        desk.proofs.told(link, NOON_MS + 700)

        assert (desk.proven, link.proven_at, desk.watermark) == (1, NOON_MS + 500, 700)
        assert link.proven.is_set()


async def test_listing_its_subscription_proves_the_binding_and_not_that_anything_is_delivered() -> None:
    """Rule 25."""
    async with bench() as desk:
        link = live_link()
        await asyncio.sleep(3)
        desk.proofs.bound(link)

        assert link.proven_at == desk.now
        assert desk.watermark == 0


async def test_event_without_a_time_proves_the_connection_and_moves_nothing() -> None:
    async with bench() as desk:
        link = live_link()
        desk.proofs.told(link, 0)

        assert link.proven_at == desk.now
        assert desk.watermark == 0


async def test_connection_that_carries_nothing_yet_or_any_more_moves_nothing() -> None:
    """Rule 13: its frames are kept back, or it is known to be silent."""
    async with bench() as desk:
        kept_back, over = Link(1, 1), live_link()
        over.over.set()
        for link in (kept_back, over):
            desk.proofs.told(link, NOON_MS + 500)
            desk.proofs.kept(link)
            desk.proofs.compared([link], NOON_MS + 500)

        assert desk.watermark == 0


async def test_keepalive_proves_until_when_it_was_asked_for() -> None:
    """Rule 14: never until local time. Another connection may have extended the key, and long ago."""
    async with bench() as desk:
        link = live_link()
        desk.proofs.told(link, NOON_MS)
        await asyncio.sleep(600)
        await desk.lease.acquire()  # a rotation gets the same key, and extends it by that
        await asyncio.sleep(1200)
        desk.proofs.kept(link)
        await desk.account.delivery.idle()

        assert abs(desk.watermark - (600_000 - UNNOTICED_MS)) <= 5
        assert desk.notices(ListenKeyKept) == []


async def test_keepalive_is_said_once_and_proves_every_connection_that_hears_of_it() -> None:
    async with bench() as desk:
        links = [live_link(), live_link()]
        for link in links:
            desk.proofs.told(link, NOON_MS)
        for _ in range(2):
            await asyncio.sleep(1800)
            await desk.lease.extend()
            for link in links:
                desk.proofs.kept(link)
        await desk.account.delivery.idle()

        assert desk.lease.keepalives == len(desk.notices(ListenKeyKept)) == 2
        assert abs(desk.watermark - (3_600_000 - UNNOTICED_MS)) <= 5


async def test_keepalive_of_an_unproven_connection_proves_nothing() -> None:
    """Rule 13: the key lives, but is this connection bound to it?"""
    async with bench() as desk:
        await asyncio.sleep(10)
        await desk.lease.extend()
        desk.proofs.kept(live_link())

        assert desk.watermark == 0


async def test_comparison_proves_until_what_rest_must_have_shown() -> None:
    """Rule 14."""
    async with bench() as desk:
        desk.proofs.compared([live_link()], NOON_MS + 900)

        assert desk.watermark == 900


async def test_key_that_should_have_been_extended_long_ago_raises_an_alarm_every_minute() -> None:
    """Row 16: keepalives hang. Nobody has to be asked for that."""
    async with bench() as desk:
        watching = asyncio.create_task(desk.proofs.watch_lease())
        lifetime_s, interval_s = 3600.0, desk.account.settings.keepalive_interval_s
        await asyncio.sleep(interval_s + (lifetime_s - interval_s) / 2)
        assert desk.notices(LeaseAging) == []
        await asyncio.sleep(121)

        assert [alarm.lifetime_s for alarm in desk.notices(LeaseAging)] == [lifetime_s] * 2
        watching.cancel()


async def test_what_ended_long_before_the_watermark_is_forgotten() -> None:
    """Rule 20: older than overlap and lag."""
    async with bench() as desk:
        ledger, link = desk.account.ledger, live_link()
        ledger.fold(told_by_stream("NEW", at=NOON_MS), ledger.begin_epoch())
        ledger.fold(told_by_stream("CANCELED", at=NOON_MS + 1), 1)
        desk.proofs.told(link, NOON_MS + 99_000)
        assert ledger.order(KEY) is not None
        desk.proofs.compared([link], NOON_MS + 161_000)

        assert ledger.order(KEY) is None


async def test_what_only_the_stream_vouched_for_is_kept_for_an_hour() -> None:
    """A comparison may still show that the stream kept something quiet."""
    async with bench() as desk:
        ledger, link = desk.account.ledger, live_link()
        ledger.fold(told_by_stream("NEW", at=NOON_MS), ledger.begin_epoch())
        ledger.fold(told_by_stream("CANCELED", at=NOON_MS + 1), 1)
        desk.proofs.told(link, NOON_MS + 3_600_000 + 100_000)
        assert ledger.order(KEY) is not None
        desk.proofs.told(link, NOON_MS + 3_600_000 + 161_000)

        assert ledger.order(KEY) is None
