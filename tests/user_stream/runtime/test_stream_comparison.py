"""Asking REST whether the stream keeps something back: when, at what price, and what follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.user_stream.core.account_facts import account_update
from tests.user_stream.core.order_facts import told_by_stream
from tests.user_stream.runtime.account_stand import BALANCES, OPEN_ORDERS, POSITIONS, Stand, account_stand
from tests.user_stream.runtime.standin import NOON_MS, refusal
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.runtime.stream_comparison import StreamComparison

ORDER = "/fapi/v1/order"
LAG_MS = 40_000
OPEN = {
    "symbol": "BTCUSDT", "orderId": 7, "status": "NEW", "clientOrderId": "mine", "side": "BUY", "type": "LIMIT",
    "price": "100", "origQty": "10", "executedQty": "0", "avgPrice": "0", "time": NOON_MS, "updateTime": NOON_MS,
}  # fmt: skip


@dataclass
class Bench(Stand):
    """A stand with its comparison, while `live`."""

    comparison: StreamComparison = field(init=False)
    live: bool = True
    in_doubt: Callable[[], None] = lambda: None
    catching_up_s: float = 0.0
    """How long our own buffers take to be looked at."""
    equal: list[int] = field(default_factory=list)
    """Until when everything was told, in ms since noon."""
    silences: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.comparison = StreamComparison(
            self.account,
            ConditionalOrders(self.account.ledger, number=self.account.ledger.number),
            is_live=lambda: self.live,
            on_turn=lambda: None,
            caught_up=self._caught_up,
            on_doubt=self._doubt,
            on_equal=lambda until: self.equal.append(until - NOON_MS),
            on_silence=self.silences.append,
        )

    async def _caught_up(self) -> None:
        await asyncio.sleep(self.catching_up_s)

    def _doubt(self) -> None:
        self.in_doubt()


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open an account that is compared for ever."""
    async with account_stand() as stand:
        made = Bench(**vars(stand))
        comparing = asyncio.create_task(made.comparison.keep_comparing())
        try:
            yield made
        finally:
            comparing.cancel()
            await asyncio.wait([comparing])


def wallet(amount: str, at: int = 0) -> list[dict[str, str | int]]:
    return [{"asset": "USDT", "balance": amount, "crossWalletBalance": amount, "updateTime": at}]


async def test_comparison_asks_five_questions_in_each_interval() -> None:
    """Its price is part of the stated budget."""
    async with bench() as desk:
        await asyncio.sleep(91)

        for path in (OPEN_ORDERS, POSITIONS, BALANCES):
            assert desk.exchange.times(path) == [30, 60, 90]
        assert len(desk.exchange.seen) == 15


async def test_what_is_equal_is_proven_until_what_rest_must_have_shown() -> None:
    """Rule 14: REST may lag by so much."""
    async with bench() as desk:
        await asyncio.sleep(61)

        assert [round(until / 1000) for until in desk.equal] == [30 - 40, 60 - 40]
        assert desk.silences == []


async def test_nothing_is_compared_while_the_service_is_not_live() -> None:
    async with bench() as desk:
        desk.live = False
        await asyncio.sleep(300)

        assert desk.exchange.seen == []


async def test_comparison_that_somebody_wishes_is_made_at_once() -> None:
    """Rule 27: losing one of two runs a cheap pass."""
    async with bench() as desk:
        desk.comparison.soon()
        desk.comparison.soon()
        await asyncio.sleep(1)

        assert desk.exchange.times(OPEN_ORDERS) == [0]


async def test_what_rest_shows_and_nobody_told_within_the_grace_is_silence() -> None:
    """Rule 25, row 4: noticed within interval and grace."""
    async with bench() as desk:
        desk.exchange.says(OPEN_ORDERS, [OPEN])
        await asyncio.sleep(34)
        assert desk.silences == []
        await asyncio.sleep(2)

        assert desk.silences == [["order 7 of BTCUSDT"]]
        assert desk.equal == []


async def test_event_that_comes_within_the_grace_is_no_silence() -> None:
    async with bench() as desk:
        desk.exchange.says(OPEN_ORDERS, [OPEN])
        await asyncio.sleep(32)
        desk.account.ledger.fold(told_by_stream("NEW", at=NOON_MS), desk.account.ledger.begin_epoch())
        await asyncio.sleep(4)

        assert desk.silences == []
        assert len(desk.equal) == 1


async def test_event_that_waits_in_our_own_buffer_for_longer_than_the_grace_is_no_silence() -> None:
    """Row 18: a slow engine does not make a stream silent."""
    async with bench() as desk:
        desk.catching_up_s = 60
        desk.exchange.says(OPEN_ORDERS, [OPEN])
        await asyncio.sleep(80)
        desk.account.ledger.fold(told_by_stream("NEW", at=NOON_MS), desk.account.ledger.begin_epoch())
        await asyncio.sleep(20)

        assert desk.silences == []
        assert len(desk.equal) == 1


async def test_what_another_connection_turns_out_to_have_told_is_no_silence() -> None:
    """Rule 27: only the one that kept it back is let go."""
    async with bench() as desk:
        ledger = desk.account.ledger
        desk.exchange.says(OPEN_ORDERS, [OPEN])

        def tell() -> None:
            ledger.fold(told_by_stream("NEW", at=NOON_MS), ledger.begin_epoch())

        desk.in_doubt = tell
        await asyncio.sleep(36)

        assert desk.silences == []
        assert len(desk.equal) == 1


async def test_silence_is_not_declared_when_a_recovery_began_meanwhile() -> None:
    async with bench() as desk:
        desk.exchange.says(OPEN_ORDERS, [OPEN])
        await asyncio.sleep(32)
        desk.live = False
        await asyncio.sleep(10)

        assert (desk.silences, desk.equal) == ([], [])


async def test_order_that_is_not_listed_is_asked_for_by_its_id() -> None:
    """Rule 17: absence alone says nothing."""
    async with bench() as desk:
        ledger = desk.account.ledger
        ledger.fold(told_by_stream("NEW", at=NOON_MS - LAG_MS), ledger.begin_epoch())
        desk.exchange.says(ORDER, {**OPEN, "status": "CANCELED"})
        await asyncio.sleep(36)

        assert [query["orderId"] for query in desk.exchange.asked(ORDER)] == ["7"]
        assert desk.silences == [["order 7 of BTCUSDT"]]


async def test_order_that_is_not_found_is_no_silence() -> None:
    async with bench() as desk:
        ledger = desk.account.ledger
        ledger.fold(told_by_stream("NEW", at=NOON_MS - LAG_MS), ledger.begin_epoch())
        await asyncio.sleep(36)

        assert desk.silences == []
        assert len(desk.equal) == 1


async def test_difference_that_nobody_can_judge_yet_proves_nothing() -> None:
    """Rule 14: it may be what a dead stream kept back, older than what equal answers would prove."""
    async with bench() as desk:
        desk.account.feed.join(1)
        desk.account.feed.fold(1, account_update(NOON_MS - 1000, wallet="50"))
        desk.exchange.says(BALANCES, wallet("49"))
        await asyncio.sleep(50)
        assert (desk.silences, desk.equal) == ([], [])
        await asyncio.sleep(16)

        assert desk.silences == [["balance of USDT"]]


async def test_answer_that_fails_proves_nothing_and_the_next_comparison_comes() -> None:
    """Row 17: not before a ban is over."""
    async with bench() as desk:
        answers = iter([refusal(500, -1000, "Unknown."), refusal(418, -1003, "Banned.", Retry_After="100")])
        desk.exchange.answers[OPEN_ORDERS] = lambda _: next(answers, web.json_response([]))
        await asyncio.sleep(200)

        assert desk.exchange.times(OPEN_ORDERS) == [30, 60, 190]
        assert len(desk.equal) == 1
