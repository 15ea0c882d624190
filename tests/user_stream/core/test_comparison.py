"""What REST shows and the stream has not told: never a false alarm for REST's lag, always one for a missing fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.account_facts import ETHER, LONG, SHORT, account_update, balance_row, position_row
from tests.user_stream.core.order_facts import KEY, order_row, told_by_stream
from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.account_feed import AccountFeed
from user_stream.core.comparison import Comparison, Shown
from user_stream.core.ledger import Ledger
from user_stream.core.positions import PositionKey
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow

ORDER_LAG_MS, ACCOUNT_LAG_MS = 40_000, 5_000
NOON = 1_700_000_000_000


class Told:
    """A ledger and a feed that one connection tells everything, and the comparison."""

    def __init__(self, *updates: MappedAccountUpdate | MappedOrderUpdate) -> None:
        self.ledger, self.feed = Ledger(), AccountFeed()
        self.epoch = self.ledger.begin_epoch()
        self.feed.join(1)
        self.comparison = Comparison(self.ledger, self.feed, order_lag_ms=ORDER_LAG_MS, account_lag_ms=ACCOUNT_LAG_MS)
        for update in updates:
            self.hear(update)

    def hear(self, update: MappedAccountUpdate | MappedOrderUpdate) -> None:
        if "balances" in update:
            self.feed.fold(1, update)  # type: ignore[arg-type]  # told apart by its keys
        else:
            self.ledger.fold(update, self.epoch)

    def suspicions(
        self, asked_at: int, *, positions: Sequence[PositionRow] = (), balances: Sequence[BalanceRow] = (),
        orders: Sequence[OrderRow] = (), queried: Sequence[OrderRow] = (),
    ) -> list[str]:  # fmt: skip
        return self.comparison.suspicions(
            Shown(asked_at=asked_at, orders=orders, queried=queried, positions=positions, balances=balances)
        )


HELD = account_update(NOON, wallet="50", positions={ETHER: "5"})


# --- one difference each -----------------------------------------------------------------------------------------


def test_order_that_ended_and_was_forgotten_is_no_news_when_it_is_asked_for_by_name() -> None:
    """Rule 20: an order of ours that others amended before we heard of it was taken for silence again and again."""
    told = Told(told_by_stream("NEW", at=NOON), told_by_stream("CANCELED", at=NOON + 1))
    told.ledger.evict(before=NOON + 1_000)
    asked_at = NOON + 600_000
    row = order_row("CANCELED", made_at=NOON, at=NOON + 1)

    assert told.suspicions(asked_at, queried=[row]) == []
    assert told.suspicions(asked_at, queried=[order_row("CANCELED", made_at=NOON, at=NOON + 2_000)]) != []
    assert told.suspicions(asked_at, queried=[order_row("NEW", order_id=8, made_at=NOON, at=NOON)]) != []


def test_answers_that_say_what_was_told_are_no_suspicion() -> None:
    told = Told(HELD, told_by_stream("NEW", at=NOON))

    assert told.suspicions(
        NOON + 60_000, positions=[position_row(ETHER, "5.0")], balances=[balance_row("50.00")],
        orders=[order_row("NEW", at=NOON)],
    ) == []  # fmt: skip
    assert not told.comparison.undecided


def test_difference_that_is_younger_by_rests_own_time_is_a_suspicion_at_once() -> None:
    """Rule 25, row 4: in words without amounts."""
    moved = [position_row(ETHER, "6", at=NOON + 1)]

    assert Told(HELD).suspicions(NOON + 100, positions=moved) == ["position of ETHUSDT BOTH"]
    assert Told(HELD).suspicions(
        NOON + 100, positions=[position_row(ETHER, "5")], balances=[balance_row("49", at=NOON + 1)]
    ) == ["balance of USDT"]


@pytest.mark.parametrize("said_at", [0, NOON])
def test_difference_without_a_younger_time_has_to_insist_for_longer_than_rest_lags(said_at: int) -> None:
    told, asked_at = Told(HELD), NOON + 60_000
    moved = [position_row(ETHER, "6", at=said_at)]

    assert told.suspicions(asked_at, positions=moved) == []
    assert told.comparison.undecided, "who is older, nobody knows yet"
    assert told.suspicions(asked_at + ACCOUNT_LAG_MS - 1, positions=moved) == []
    assert told.suspicions(asked_at + ACCOUNT_LAG_MS, positions=moved) == ["position of ETHUSDT BOTH"]


def test_difference_that_calls_itself_older_has_to_insist_for_longer_than_anything_lags() -> None:
    told, asked_at = Told(HELD), NOON + 60_000
    moved = [position_row(ETHER, "6", at=NOON - 1)]

    assert told.suspicions(asked_at, positions=moved) == []
    assert told.suspicions(asked_at + ORDER_LAG_MS - 1, positions=moved) == []
    assert told.suspicions(asked_at + ORDER_LAG_MS, positions=moved) == ["position of ETHUSDT BOTH"]


def test_position_that_is_not_listed_counts_when_two_comparisons_agree() -> None:
    told = Told(HELD)

    assert told.suspicions(NOON + 60_000) == []
    assert told.suspicions(NOON + 90_000) == ["position of ETHUSDT BOTH"]


def test_position_that_nobody_told_is_a_suspicion() -> None:
    told = Told()

    assert told.suspicions(NOON, positions=[position_row(SHORT, "-1")]) == []
    assert told.suspicions(NOON + 30_000, positions=[position_row(SHORT, "-1")]) == ["position of BTCUSDT SHORT"]


def test_insistence_begins_anew_with_another_answer_and_with_each_event() -> None:
    told = Told(HELD)
    assert told.suspicions(NOON + 10_000, positions=[position_row(ETHER, "6")]) == []
    assert told.suspicions(NOON + 20_000, positions=[position_row(ETHER, "7")]) == [], "another answer"
    told.hear(account_update(NOON + 25_000, positions={ETHER: "8"}))

    assert told.suspicions(NOON + 30_000, positions=[position_row(ETHER, "7")]) == [], "we know more since"
    assert told.suspicions(NOON + 35_000, positions=[position_row(ETHER, "7")]) == ["position of ETHUSDT BOTH"]


def test_difference_that_has_gone_is_no_riddle_any_more() -> None:
    told = Told()
    told.suspicions(NOON, positions=[position_row(LONG, "1")])
    assert told.comparison.undecided

    assert told.suspicions(NOON + 1_000) == []
    assert not told.comparison.undecided


def test_open_order_that_nobody_told_is_a_suspicion() -> None:
    assert Told().suspicions(NOON, orders=[order_row("NEW", at=NOON)]) == ["order 7 of BTCUSDT"]


def test_order_that_executed_more_than_was_told_is_a_suspicion() -> None:
    filled = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=NOON)
    told = Told(told_by_stream("NEW", at=NOON - 1), filled)

    assert told.suspicions(NOON, orders=[order_row("PARTIALLY_FILLED", executed="4")]) == []
    assert told.suspicions(NOON, orders=[order_row("NEW")]) == [], "REST lags"
    assert told.suspicions(NOON, orders=[order_row("PARTIALLY_FILLED", executed="5")]) == ["order 7 of BTCUSDT"]


def test_order_that_is_not_listed_is_asked_for_once_it_is_older_than_rest_lags() -> None:
    told = Told(told_by_stream("NEW", at=NOON))

    assert told.comparison.unlisted_orders(Shown(asked_at=NOON + ORDER_LAG_MS)) == []
    assert told.comparison.unlisted_orders(Shown(asked_at=NOON + ORDER_LAG_MS + 1)) == [KEY]
    listed = Shown(asked_at=NOON + ORDER_LAG_MS + 1, orders=[order_row("NEW")])
    assert told.comparison.unlisted_orders(listed) == []


def test_end_that_nobody_told_is_a_suspicion() -> None:
    told = Told(told_by_stream("NEW", at=NOON))

    assert told.suspicions(NOON + 99_000, queried=[order_row("NEW")]) == [], "one replica lags"
    assert told.suspicions(NOON + 99_000, queried=[order_row("CANCELED")]) == ["order 7 of BTCUSDT"]
    told.hear(told_by_stream("CANCELED", at=NOON + 99_500))
    assert told.suspicions(NOON + 99_000, queried=[order_row("CANCELED")]) == [], "told within the grace"


# --- any history, any lag -------------------------------------------------------------------------------------------


@dataclass
class Move:
    """One event of an account: the order `key` moves, and with it a position and the wallet."""

    at: int
    key: PositionKey
    amount: int
    wallet: int
    order_id: int
    ends: bool

    @property
    def account(self) -> MappedAccountUpdate:
        return account_update(self.at, wallet=str(self.wallet), positions={self.key: str(self.amount)})

    @property
    def order(self) -> MappedOrderUpdate:
        return told_by_stream("CANCELED" if self.ends else "NEW", order_id=self.order_id, at=self.at)


class Exchange:
    """What a history of moves was at any time."""

    def __init__(self, moves: Sequence[Move], *, dated: bool) -> None:
        self.moves, self._dated = moves, dated

    def positions(self, as_of: Callable[[], int]) -> list[PositionRow]:
        """List the open positions, each as of another time."""
        rows = []
        for key in (LONG, ETHER):
            moment = as_of()
            past = [move for move in self.moves if move.at <= moment and move.key == key]
            if past and past[-1].amount:
                rows.append(position_row(key, str(past[-1].amount), at=past[-1].at * self._dated))
        return rows

    def balances(self, as_of: int) -> list[BalanceRow]:
        """List the wallet."""
        past = [move for move in self.moves if move.at <= as_of]
        return [balance_row(str(past[-1].wallet), at=past[-1].at * self._dated)] if past else []

    def order(self, order_id: int, as_of: int) -> OrderRow | None:
        """Return an order, if it was made by then."""
        past = [move for move in self.moves if move.at <= as_of and move.order_id == order_id]
        if not past:
            return None
        return order_row("CANCELED" if past[-1].ends else "NEW", order_id=order_id, made_at=past[0].at, at=past[-1].at)

    def open_orders(self, as_of: Callable[[], int]) -> list[OrderRow]:
        """List the open orders, each as of another time."""
        rows = [self.order(order_id, as_of()) for order_id in (1, 2)]
        return [row for row in rows if row is not None and row.status == "NEW"]


@st.composite
def histories(draw: st.DrawFn) -> list[Move]:
    """Draw moves of two positions and two orders, seconds to minutes apart, each time of its own."""
    at, moves, ended, wallet = NOON, list[Move](), set[int](), Decimal(1000)
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.integers(1, 30_000))
        order_id = draw(st.integers(1, 2))
        wallet += draw(st.integers(-3, 3))
        ends = order_id in ended or (draw(st.booleans()) and any(move.order_id == order_id for move in moves))
        ended |= {order_id} if ends else set()
        key = draw(st.sampled_from([LONG, ETHER]))
        moves.append(Move(at, key, draw(st.integers(-2, 2)), int(wallet), order_id, ends))
    return moves


def compare(
    told: Told, exchange: Exchange, asked_at: int, order_lag: Callable[[], int], lag: Callable[[], int]
) -> list[str]:
    """Ask as the service does, with answers that lag by so many ms, and return the suspicions."""
    positions = exchange.positions(lambda: asked_at - lag())
    balances = exchange.balances(asked_at - lag())
    orders = exchange.open_orders(lambda: asked_at - order_lag())
    unlisted = told.comparison.unlisted_orders(Shown(asked_at=asked_at, orders=orders))
    rows = [exchange.order(int(order_id), asked_at - order_lag()) for _, order_id in unlisted]
    queried = [row for row in rows if row is not None]
    return told.suspicions(asked_at, positions=positions, balances=balances, orders=orders, queried=queried)


@settings(max_examples=100)
@given(data=st.data(), moves=histories(), dated=st.booleans())
def test_rest_that_lags_within_its_bounds_is_never_taken_for_a_silent_stream(
    data: st.DataObject, moves: list[Move], dated: bool
) -> None:
    """Rule 25, row 6: each answer as of any time within the lag, against a stream that told everything."""
    exchange, told, heard, now = Exchange(moves, dated=dated), Told(), 0, NOON
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.integers(0, 30_000))
        while heard < len(moves) and moves[heard].at <= now:
            told.hear(moves[heard].account)
            told.hear(moves[heard].order)
            heard += 1
        suspicions = compare(
            told, exchange, now,
            lambda: data.draw(st.integers(0, ORDER_LAG_MS)), lambda: data.draw(st.integers(0, ACCOUNT_LAG_MS)),
        )  # fmt: skip
        assert suspicions == []


@settings(max_examples=100)
@given(data=st.data(), moves=histories().filter(bool), dated=st.booleans())
def test_stream_that_stopped_telling_is_suspected_once_rest_shows_anything(
    data: st.DataObject, moves: list[Move], dated: bool
) -> None:
    """Rule 25: from any event on, nothing is told any more."""
    stops = data.draw(st.integers(0, len(moves) - 1))
    told = Told()
    for move in moves[:stops]:
        told.hear(move.account)
        told.hear(move.order)
    exchange, now = Exchange(moves, dated=dated), moves[-1].at
    shown = [now + wait for wait in (ACCOUNT_LAG_MS, 2 * ACCOUNT_LAG_MS, 3 * ORDER_LAG_MS)]
    suspicions = [compare(told, exchange, asked_at, lambda: 0, lambda: 0) for asked_at in shown]

    wallet_moved = moves[-1].wallet != (moves[stops - 1].wallet if stops else 0)
    position_moved = any(
        told.feed.book.position_amount(*key) != next((m.amount for m in reversed(moves) if m.key == key), 0)
        for key in (LONG, ETHER)
    )
    if wallet_moved or position_moved:
        assert any(suspicions)
    if not any(suspicions):
        assert not told.comparison.undecided


@settings(max_examples=100)
@given(moves=histories().filter(bool))
def test_dated_answer_that_shows_a_missing_event_is_a_suspicion_at_once(moves: list[Move]) -> None:
    """Rule 25: within interval and grace, without waiting for a second comparison."""
    *told_moves, last = moves
    told = Told()
    for move in told_moves:
        told.hear(move.account)
    before = told.feed.book.wallet_balance("USDT")
    exchange = Exchange(moves, dated=True)
    suspicions = told.suspicions(last.at, balances=exchange.balances(last.at))

    known = bool(told_moves)
    assert suspicions == (["balance of USDT"] if known and last.wallet != before else [])
