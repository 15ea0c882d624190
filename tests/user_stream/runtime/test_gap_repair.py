"""Closing gaps over REST, and confirming what was found: when, by what, and what does not count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.user_stream.core.account_facts import ETHER, account_update
from tests.user_stream.runtime.account_stand import BALANCES, OPEN_ORDERS, POSITIONS, Stand, account_stand
from tests.user_stream.runtime.standin import NOON_MS, refusal
from user_stream.core.decode import decode_event
from user_stream.core.events import AccountUpdate
from user_stream.core.lifecycle import AccountModeKnown, GapOpened, GapRepaired
from user_stream.errors import RateLimitedError, UnreachableError
from user_stream.runtime.gap_repair import GapRepair

LAG_S = 40.0
MODES = "/fapi/v1/accountConfig"
ACCOUNT_UPDATE = (
    b'{"e":"ACCOUNT_UPDATE","E":1700049600000,"T":1700049600000,"a":{"m":"DEPOSIT","B":'
    b'[{"a":"USDT","wb":"60","cw":"60","bc":"10"}],"P":[]}}'
)


@dataclass
class Bench(Stand):
    """A stand with its repairs; `standing` are the connections, `kept_back` the frames that wait."""

    standing: set[int] = field(default_factory=lambda: {1})
    kept_back: list[AccountUpdate] = field(default_factory=list)
    confirmed: int = 0
    gaps: GapRepair = field(init=False)

    def __post_init__(self) -> None:
        def confirm() -> None:
            self.confirmed += 1

        self.gaps = GapRepair(
            self.account, self.repairs, self.conditionals, kept_back=lambda: self.kept_back,
            carriers=lambda: set(self.standing), on_confirmed=confirm, on_reset=lambda: None,
        )  # fmt: skip

    async def cut_and_close(self, cause: str = "cut") -> None:
        """Open a gap, and read what was missed."""
        self.account.coverage.open(cause)
        await self.gaps.close_gap()

    def passes(self) -> list[float]:
        """Return when each pass began, in seconds since noon."""
        return self.exchange.times(MODES)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open an account whose repairs are confirmed by and by."""
    async with account_stand() as stand:
        made = Bench(**vars(stand))
        confirming = asyncio.create_task(made.gaps.keep_confirming())
        try:
            yield made
        finally:
            confirming.cancel()
            await asyncio.wait([confirming])


def decoded(frame: bytes) -> AccountUpdate:
    event = decode_event(frame)
    assert isinstance(event, AccountUpdate)
    return event


def wallet(amount: str) -> list[dict[str, str]]:
    return [{"asset": "USDT", "balance": amount, "crossWalletBalance": amount}]


# --- closing -----------------------------------------------------------------------------------------------------


async def test_gap_is_closed_by_a_connection_that_stood_all_the_time() -> None:
    async with bench() as desk:
        assert await desk.gaps.close_gap() == {1}
        await desk.cut_and_close()
        await desk.account.delivery.idle()

        assert [notice.provisional for notice in desk.notices(GapRepaired)] == [True]
        assert desk.account.coverage.gap is None


async def test_gap_stays_open_when_the_connection_ended_while_rest_was_read() -> None:
    """Rule 14: what happened since the answers would be nobody's. Another one that came meanwhile is no help."""
    async with bench() as desk:
        await desk.gaps.close_gap()

        def lose(_: web.BaseRequest) -> web.Response:
            desk.standing = {2}
            return web.json_response([])

        desk.exchange.answers[BALANCES] = lose
        desk.account.coverage.open("cut")

        assert await desk.gaps.close_gap() == set()
        assert desk.account.coverage.gap is not None
        assert desk.notices(GapRepaired) == []


async def test_gap_is_read_until_rest_answers() -> None:
    """Row 17: within the backoff, and not before a ban is over."""
    async with bench() as desk:
        await desk.gaps.close_gap()
        desk.account.coverage.open("cut")
        answers = iter([refusal(500, -1000, "Unknown."), refusal(429, -1003, "Too many.", Retry_After="30")])
        desk.exchange.answers[OPEN_ORDERS] = lambda _: next(answers, web.json_response([]))
        began = asyncio.get_running_loop().time()

        await desk.gaps.close_gap_in_the_end()

        assert desk.account.coverage.gap is None
        assert len(desk.exchange.times(OPEN_ORDERS)) == 4
        assert asyncio.get_running_loop().time() - began >= 30


async def test_nobody_reads_for_a_gap_when_no_connection_stands_any_more() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()
        desk.account.coverage.open("cut")
        desk.standing = set()
        asked = len(desk.exchange.seen)

        await desk.gaps.close_gap_in_the_end()

        assert desk.account.coverage.gap is not None
        assert len(desk.exchange.seen) == asked


async def test_gap_that_cannot_be_read_stays_open() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()
        desk.exchange.answers[POSITIONS] = lambda _: refusal(500, -1000, "Unknown.")

        with pytest.raises(UnreachableError):
            await desk.cut_and_close()
        assert desk.account.coverage.gap is not None


async def test_frames_that_are_kept_back_speak_before_the_snapshot() -> None:
    """Rule 22: it may be older than they are."""
    async with bench() as desk:
        desk.account.feed.join(1)
        desk.account.feed.fold(1, account_update(NOON_MS - 60_000, wallet="50"))
        desk.exchange.says(BALANCES, wallet("55"))
        desk.kept_back = [decoded(ACCOUNT_UPDATE)]
        await desk.gaps.close_gap()
        assert desk.account.feed.book.wallet_balance("USDT") == 50

        desk.kept_back = []
        await desk.gaps.close_gap()
        assert desk.account.feed.book.wallet_balance("USDT") == 55


async def test_position_that_is_not_listed_is_asked_for_by_its_symbol_before_it_is_gone() -> None:
    """Rule 22."""
    async with bench() as desk:
        desk.account.feed.join(1)
        desk.account.feed.fold(1, account_update(NOON_MS - 60_000, positions={ETHER: "5"}))
        listed = {"symbol": "ETHUSDT", "positionAmt": "5", "positionSide": "BOTH", "entryPrice": "10"}

        desk.exchange.answers[POSITIONS] = lambda request: web.json_response(
            [listed] if "symbol" in request.query else []
        )
        await desk.gaps.close_gap()
        assert desk.account.feed.book.position_amount("ETHUSDT") == 5

        desk.exchange.says(POSITIONS, [])
        await desk.gaps.close_gap()
        assert desk.account.feed.book.position_amount("ETHUSDT") == 0
        assert [asked.get("symbol") for asked in desk.exchange.asked(POSITIONS)][-2:] == [None, "ETHUSDT"]


# --- confirming ----------------------------------------------------------------------------------------------------


async def test_repair_is_confirmed_when_the_lag_has_passed_since_the_stream_is_live_again() -> None:
    """Rule 16: the second pass begins not earlier, and reads from the same watermark."""
    async with bench() as desk:
        await desk.gaps.close_gap()
        await asyncio.sleep(10)
        desk.gaps.confirm_later()
        await asyncio.sleep(LAG_S - 1)
        assert desk.confirmed == 0
        assert desk.account.coverage.watermark == NOON_MS
        await asyncio.sleep(2)

        assert desk.confirmed == 1
        assert desk.account.coverage.watermark == NOON_MS
        assert desk.passes() == [0, 10 + LAG_S]


async def test_pass_that_was_waiting_since_before_a_gap_does_not_confirm_its_repair() -> None:
    """Rule 16: it would begin before REST's lag has passed, though the gap is closed already."""
    async with bench() as desk:
        await desk.gaps.close_gap()
        desk.gaps.confirm_later()
        await asyncio.sleep(LAG_S - 1)
        await desk.cut_and_close()
        await asyncio.sleep(5)  # the frames that were kept back are slowly told; then the stream is live
        assert not desk.account.coverage.confirmed
        desk.gaps.confirm_later()
        await asyncio.sleep(LAG_S + 1)
        await desk.account.delivery.idle()

        assert desk.account.coverage.confirmed
        assert [notice.provisional for notice in desk.notices(GapRepaired)] == [True, False]
        assert desk.passes() == [0, LAG_S - 1, LAG_S + 4 + LAG_S]


async def test_repair_whose_connection_never_went_live_is_confirmed_by_another_that_stands() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()
        await asyncio.sleep(LAG_S + 1)

        assert desk.account.coverage.confirmed


async def test_second_pass_that_finds_something_is_followed_by_another() -> None:
    """Rule 16: the fill 50 ms before the reconnect, which the first answers hid."""
    async with bench() as desk:
        await desk.gaps.close_gap()
        await desk.cut_and_close()
        desk.exchange.says(BALANCES, wallet("7"))
        await asyncio.sleep(LAG_S + 1)
        assert not desk.account.coverage.confirmed
        await asyncio.sleep(LAG_S)
        await desk.account.delivery.idle()

        provisional, confirmed = desk.notices(GapRepaired)
        assert (provisional.provisional, str(provisional.report)) == (True, "nothing")
        assert (confirmed.provisional, str(confirmed.report)) == (False, "1 balance")
        assert desk.book.wallet_balance("USDT") == 7


async def test_gap_during_the_second_pass_leaves_the_first_one_unconfirmed() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()

        def cut(_: web.BaseRequest) -> web.Response:
            desk.account.coverage.open("cut")
            return web.json_response([])

        desk.exchange.answers[OPEN_ORDERS] = cut
        await asyncio.sleep(LAG_S + 10)

        assert desk.confirmed == 0
        assert desk.account.coverage.gap == GapOpened(NOON_MS, "cut")


async def test_pass_that_fails_is_repeated_until_it_confirms() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()
        answers = iter([refusal(429, -1003, "Too many.", Retry_After="20"), refusal(500, -1000, "Unknown.")])
        desk.exchange.answers[OPEN_ORDERS] = lambda _: next(answers, web.json_response([]))
        await asyncio.sleep(LAG_S + 120)

        assert desk.confirmed == 1
        assert desk.account.coverage.confirmed


async def test_doubt_does_not_put_off_a_confirmation_that_is_about_to_happen() -> None:
    async with bench() as desk:
        await desk.gaps.close_gap()
        for _ in range(3):
            await asyncio.sleep(10)
            desk.gaps.look_again()
        await asyncio.sleep(11)
        assert desk.passes() == [0, LAG_S]

        desk.gaps.look_again()
        await asyncio.sleep(LAG_S + 1)
        assert len(desk.passes()) == 3


# --- modes: rule 24 -------------------------------------------------------------------------------------------------


async def test_modes_are_read_at_every_pass_and_told_when_they_changed() -> None:
    """Rule 24."""
    async with bench() as desk:
        await desk.gaps.close_gap()
        await desk.gaps.close_gap()
        desk.exchange.says(MODES, {"dualSidePosition": True, "multiAssetsMargin": False})
        await desk.gaps.close_gap()
        await desk.account.delivery.idle()

        assert desk.notices(AccountModeKnown) == [AccountModeKnown(False, False), AccountModeKnown(True, False)]
        assert desk.gaps.mode == AccountModeKnown(True, False)


async def test_modes_that_are_refused_do_not_fail_the_pass() -> None:
    async with bench() as desk:
        desk.exchange.answers[MODES] = lambda _: refusal(400, -2017, "API Keys are locked.")

        assert await desk.gaps.close_gap() == {1}
        assert desk.gaps.mode is None


async def test_modes_that_cannot_be_read_are_left_to_the_next_pass() -> None:
    async with bench() as desk:
        desk.exchange.answers[MODES] = lambda _: refusal(429, -1003, "Too many.", Retry_After="1")
        await desk.gaps.read_modes_if_answered()

        with pytest.raises(RateLimitedError):
            await desk.gaps.read_modes()
