"""Positions and balances: each update told once, in order, whichever connection dies; no snapshot over the stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.account_facts import (
    ETHER,
    LONG,
    SHORT,
    account_update,
    balance_row,
    holdings,
    position_row,
)
from user_stream.contracts import MappedAccountUpdate
from user_stream.core import account_feed
from user_stream.core.account_feed import AccountFeed
from user_stream.core.positions import PositionBook, PositionKey

# --- several connections: rule 21 ------------------------------------------------------------------------------


def history(times: Sequence[int]) -> list[MappedAccountUpdate]:
    """Return one update for each transaction time. Each moves the wallet; some bear the same times, E too."""
    updates = []
    for number, at in enumerate(times, start=1):
        moved = {ETHER: str(number)} if number % 2 else {LONG: str(-number)}
        updates.append(account_update(at, wallet=str(1000 - number), change="-1", positions=moved))
    return updates


def told_by(updates: Sequence[MappedAccountUpdate]) -> PositionBook:
    book = PositionBook()
    for update in updates:
        book.on_account_update(update)
    return book


def is_square(feed: AccountFeed, told: Sequence[MappedAccountUpdate], truth: Sequence[MappedAccountUpdate]) -> None:
    """Each update was told once and in order, so each `balance_change` was counted once; the book is the exchange's."""
    assert list(told) == list(truth)
    assert holdings(feed.book) == holdings(told_by(truth))


def failover(truth: list[MappedAccountUpdate], *, second_from: int, before: Sequence[int]) -> None:
    """Let the first connection die after the steps `before` (0 and 1 name who tells its next); the second goes on."""
    feed = AccountFeed()
    feed.join(0)
    feed.join(1)
    told: list[MappedAccountUpdate] = []
    position = [0, second_from]
    for epoch in before:
        told += feed.fold(epoch, truth[position[epoch]])
        position[epoch] += 1
    told += feed.leave(0)
    for update in truth[position[1] :]:
        told += feed.fold(1, update)
    is_square(feed, told, truth)


def groupings(size: int) -> Iterator[list[int]]:
    """Yield every way in which that many updates share transaction times."""
    for steps in product((0, 1), repeat=size - 1):
        times = [100]
        for step in steps:
            times.append(times[-1] + step)
        yield times


def merges(first: int, second: int) -> Iterator[list[int]]:
    """Yield every order in which one connection tells so many updates and another so many."""
    for places in combinations(range(first + second), first):
        yield [0 if place in places else 1 for place in range(first + second)]


def test_primary_may_die_at_any_moment_and_nothing_is_lost_or_told_twice_exhaustively() -> None:
    """Rule 21: equal T and E, a second one that began in the middle of a group, that lags or runs ahead."""
    size, cases = 4, 0
    for times in groupings(size):
        truth = history(times)
        for second_from, first_told in product(range(size + 1), repeat=2):
            if second_from > first_told:
                continue  # what lies between, nobody told: that is a gap
            for second_told in range(size - second_from + 1):
                for before in merges(first_told, second_told):
                    failover(truth, second_from=second_from, before=before)
                    cases += 1
    assert cases == 3440


@settings(max_examples=200)
@given(st.data())
def test_connections_may_come_lag_and_die_in_turn(data: st.DataObject) -> None:
    """Rules 21 and 27: four connections, each telling a part in its order; one always reaches back far enough."""
    steps = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=8))
    truth = history([100 + sum(steps[:index]) for index in range(len(steps))])
    feed = AccountFeed()
    feed.join(0)
    alive, position, told = [0], {0: 0}, list[MappedAccountUpdate]()
    for newest in range(1, 5):
        for _ in range(data.draw(st.integers(0, 10))):
            epoch = data.draw(st.sampled_from(alive))
            if position[epoch] < len(truth):
                told += feed.fold(epoch, truth[position[epoch]])
                position[epoch] += 1
        feed.join(newest)
        position[newest] = data.draw(st.integers(0, len(told)))
        alive.append(newest)
        if data.draw(st.booleans()):
            told += feed.leave(alive.pop(data.draw(st.integers(0, len(alive) - 2))))
    for epoch in alive:
        for update in truth[position[epoch] :]:
            told += feed.fold(epoch, update)
    is_square(feed, told, truth)


def test_successor_that_lags_does_not_turn_the_book_back() -> None:
    """Rule 21, row 21: it tells only later what the dead one had told, seconds of it."""
    truth = history([100, 200, 300, 400])
    feed = AccountFeed()
    feed.join(1)
    feed.join(2)
    for update in truth[:3]:
        feed.fold(1, update)
    feed.fold(2, truth[0])

    assert feed.leave(1) == []
    assert [feed.fold(2, update) for update in truth[1:]] == [[], [], [truth[3]]]


def test_update_that_repeats_within_its_group_is_told_as_often_as_it_came() -> None:
    """Rule 21: to and fro within one millisecond."""
    there, back = (account_update(100, wallet=wallet, change=change) for wallet, change in (("2", "1"), ("1", "-1")))
    truth = [there, back, there, back]
    for first_told, second_told in product(range(5), repeat=2):
        for before in merges(first_told, second_told):
            failover(truth, second_from=0, before=before)


def test_successor_in_the_middle_of_a_group_is_believed_where_it_overlaps_with_what_was_told() -> None:
    """Rule 21: what looks like a repetition at first turns out to be news."""
    a, b, c = (account_update(100, wallet=wallet) for wallet in "123")
    feed = AccountFeed()
    feed.join(1)
    for update in (a, b, a):
        feed.fold(1, update)
    feed.join(2)
    feed.leave(1)

    assert [feed.fold(2, update) for update in (a, b, c)] == [[], [], [b, c]]


def test_group_that_ends_shorter_than_expected_was_no_repetition() -> None:
    a, b, later = account_update(100, wallet="1"), account_update(100, wallet="2"), account_update(200, wallet="3")
    feed = AccountFeed()
    feed.join(1)
    for update in (a, b, a):
        feed.fold(1, update)
    feed.join(2)
    feed.leave(1)

    assert [feed.fold(2, update) for update in (a, b, later)] == [[], [], [b, later]]


def test_connection_that_joins_after_all_others_ended_repeats_nothing() -> None:
    """Its frames were kept back since it was opened, when the old one still told."""
    truth = history([100, 100, 200])
    feed = AccountFeed()
    feed.join(1)
    for update in truth[:2]:
        feed.fold(1, update)
    feed.leave(1)
    feed.join(2)

    assert [feed.fold(2, update) for update in truth] == [[], [], [truth[2]]]


def test_connection_that_ended_is_not_heard_any_more() -> None:
    feed = AccountFeed()
    feed.join(1)

    assert feed.leave(1) == []
    assert feed.leave(1) == []
    assert feed.fold(1, account_update(100, wallet="1")) == []
    assert holdings(feed.book) == ({}, {})


def test_what_is_kept_of_the_others_is_bounded_and_a_mute_primary_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 20: memory is bounded; nothing is thrown away for that."""
    monkeypatch.setattr(account_feed, "_MOST_KEPT", 3)
    truth = history([100, 200, 300, 400, 500])
    feed = AccountFeed()
    feed.join(1)
    feed.join(2)
    told = feed.fold(1, truth[0])
    for update in truth:
        told += feed.fold(2, update)
    for update in truth[1:]:
        told += feed.fold(1, update)
    told += feed.leave(2)

    is_square(feed, told, truth)


# --- snapshots: rule 22 -----------------------------------------------------------------------------------------


def feed_of(*updates: MappedAccountUpdate) -> AccountFeed:
    """Return a feed that a connection told these, and that a new connection's epoch begins for."""
    feed = AccountFeed()
    feed.join(1)
    for update in updates:
        feed.fold(1, update)
    feed.begin_epoch()
    return feed


HELD = account_update(100, wallet="50", positions={LONG: "1", SHORT: "-2", ETHER: "5"})
LATER = 10_000


def amounts(patch: MappedAccountUpdate | None) -> dict[PositionKey, str]:
    assert patch is not None
    return {(p["symbol"], p["position_side"]): p["position_amount"] for p in patch["positions"]}


def test_positions_that_we_hold_and_that_are_not_listed_are_named_by_side() -> None:
    """Rule 22: unless an event of this epoch told them."""
    feed = feed_of(HELD)
    assert feed.unlisted([position_row(LONG, "1")]) == [SHORT, ETHER]

    feed.fold(1, account_update(200, positions={ETHER: "6"}))
    assert feed.unlisted([position_row(LONG, "1")]) == [SHORT]


def test_snapshot_that_says_what_is_known_adds_nothing() -> None:
    rows = [position_row(ETHER, "5.000", entry="10.0"), position_row(("BNBUSDT", "BOTH"), "0.000")]

    assert feed_of(HELD).fold_snapshot([balance_row("50.0")], rows, gone=[], as_of=LATER) is None


def test_snapshot_tells_only_what_differs() -> None:
    rows = [position_row(LONG, "1"), position_row(ETHER, "5", entry="11")]
    patch = feed_of(HELD).fold_snapshot([balance_row("50", cross="40")], rows, gone=[], as_of=LATER)

    assert patch is not None
    assert patch["reason"] == "SNAPSHOT"
    assert [(each["cross_wallet_balance"], each["balance_change"]) for each in patch["balances"]] == [("40", "0")]
    assert [(each["symbol"], each["entry_price"]) for each in patch["positions"]] == [("ETHUSDT", "11")]


def test_snapshot_does_not_speak_over_the_stream() -> None:
    """Rule 22: REST may be older than what this connection told, whatever it says of its age."""
    feed = feed_of(HELD)
    feed.fold(1, account_update(200, wallet="60", positions={ETHER: "6"}))
    stale = [balance_row("50", at=999)], [position_row(ETHER, "5", at=999)]

    assert feed.fold_snapshot(*stale, gone=[], as_of=LATER) is None


def test_hedged_symbol_is_touched_one_side_at_a_time() -> None:
    """Rule 22: keys are symbol and position side."""
    feed = feed_of(HELD)
    feed.fold(1, account_update(200, positions={LONG: "3"}))
    patch = feed.fold_snapshot([], [position_row(LONG, "9"), position_row(SHORT, "-3")], gone=[], as_of=LATER)

    assert amounts(patch) == {SHORT: "-3"}


def test_balance_of_zero_that_we_never_heard_of_is_told() -> None:
    patch = feed_of().fold_snapshot([balance_row("0", asset="BNB")], [], gone=[], as_of=LATER)

    assert patch is not None
    assert [balance["asset"] for balance in patch["balances"]] == ["BNB"]


def test_vanished_position_is_listed_as_zero() -> None:
    """Rule 22: the other side of a hedged symbol stays."""
    feed = feed_of(HELD)
    patch = feed.fold_snapshot([], [position_row(LONG, "1")], gone=[SHORT], as_of=LATER)

    assert amounts(patch) == {SHORT: "0"}
    assert set(feed.book.positions) == {LONG, ETHER}


def test_position_that_is_only_missing_from_the_list_is_not_told_as_closed() -> None:
    """Rule 22: not until a question for its symbol agrees."""
    assert feed_of(HELD).fold_snapshot([], [], gone=[], as_of=LATER) is None


def test_vanished_position_that_the_stream_told_meanwhile_is_not_listed() -> None:
    feed = feed_of(HELD)
    feed.fold(1, account_update(200, positions={LONG: "2"}))

    assert feed.fold_snapshot([], [], gone=[LONG], as_of=LATER) is None


def test_position_that_was_told_as_gone_too_early_comes_back_with_the_second_look() -> None:
    """Rule 22: both answers were from before it was opened."""
    feed = feed_of(account_update(100, positions={LONG: "1"}))

    assert amounts(feed.fold_snapshot([], [], gone=[LONG], as_of=99)) == {LONG: "0"}
    assert amounts(feed.fold_snapshot([], [position_row(LONG, "1", at=100)], gone=[], as_of=500)) == {LONG: "1"}


def test_answer_that_calls_itself_older_is_not_believed_until_the_lag_has_passed() -> None:
    """Rule 22: confirmed after L."""
    feed = feed_of(HELD)
    stale = [balance_row("49", at=99)], [position_row(ETHER, "4", at=99)]

    assert feed.fold_snapshot(*stale, gone=[], as_of=99) is None
    assert amounts(feed.fold_snapshot(*stale, gone=[], as_of=100)) == {ETHER: "4"}


def test_answer_of_the_same_millisecond_may_be_of_what_came_after() -> None:
    """Rules 21 and 22: the gap began in the middle of a group."""
    patch = feed_of(HELD).fold_snapshot([], [position_row(ETHER, "4", at=100)], gone=[], as_of=99)

    assert amounts(patch) == {ETHER: "4"}


def test_what_we_know_is_as_young_as_the_answer_that_told_it() -> None:
    feed = feed_of(HELD)

    assert amounts(feed.fold_snapshot([], [position_row(ETHER, "7", at=101)], gone=[], as_of=99)) == {ETHER: "7"}
    assert feed.time_of(ETHER) == 101
    assert feed.fold_snapshot([], [position_row(ETHER, "5", at=100)], gone=[], as_of=99) is None, "an older replica"


def test_value_that_the_snapshot_does_not_carry_is_no_difference_and_overwrites_nothing() -> None:
    """Rule 22: "" never overwrites a value."""
    feed = feed_of(HELD)
    bare = [balance_row("50", cross="")], [position_row(ETHER, "5", entry="")]

    assert feed.fold_snapshot(*bare, gone=[], as_of=LATER) is None
    feed.fold_snapshot([balance_row("51", cross="")], [position_row(ETHER, "6", entry="")], gone=[], as_of=LATER)
    assert feed.book.positions[ETHER]["entry_price"] == "10"
    assert feed.book.positions[ETHER]["margin_type"] == "cross"
    assert feed.book.balances["USDT"]["cross_wallet_balance"] == "50"


# --- snapshots against a lagging exchange -----------------------------------------------------------------------

LAG_MS, LONG_LAG_MS = 50, 400
KEYS = (LONG, ETHER)


class Exchange:
    """What two positions and a wallet were at any time, and what a lagging replica says of them."""

    def __init__(self, moves: Sequence[tuple[int, int, int]]) -> None:
        """`moves`: (time, which key, amount)."""
        self.updates = [
            account_update(at, wallet=str(1000 + number), positions={KEYS[which]: str(amount)})
            for number, (at, which, amount) in enumerate(sorted(moves))
        ]

    def last(self, key: PositionKey, as_of: int) -> tuple[str, int]:
        """Return a position's amount at a time, and when it became that."""
        for update in reversed([each for each in self.updates if each["transaction_time"] <= as_of]):
            for each in update["positions"]:
                if (each["symbol"], each["position_side"]) == key:
                    return each["position_amount"], update["transaction_time"]
        return "0", 0

    def wallet(self, as_of: int) -> tuple[str, int]:
        """Return the wallet at a time, and when it became that."""
        past = [each for each in self.updates if each["transaction_time"] <= as_of]
        return (past[-1]["balances"][0]["wallet_balance"], past[-1]["transaction_time"]) if past else ("999", 0)


@settings(max_examples=200)
@given(data=st.data())
def test_book_is_the_exchanges_when_the_lag_has_passed_since_whatever_was_missed(data: st.DataObject) -> None:
    """Rule 22: a gap, then two looks; REST's answers lag by anything up to its bound, each by its own."""
    dated = data.draw(st.booleans())  # not every answer says since when
    move = st.tuples(st.integers(1, 1000), st.integers(0, 1), st.integers(-2, 2))
    moves = data.draw(st.lists(move, max_size=8, unique_by=lambda move: move[0]))
    gap_from = data.draw(st.integers(0, 500))
    gap_until = gap_from + data.draw(st.integers(0, 100))
    exchange = Exchange(moves)
    feed = AccountFeed()
    feed.join(1)
    rest_lag = st.integers(0, LAG_MS)
    looks = [gap_until + data.draw(st.integers(0, 20))]
    looks.append(looks[0] + LONG_LAG_MS)
    waiting = list(exchange.updates)

    def hear(until: int) -> None:
        while waiting and waiting[0]["transaction_time"] <= until:
            update = waiting.pop(0)
            if not gap_from < update["transaction_time"] <= gap_until:
                feed.fold(1, update)

    hear(gap_until)
    for number, asked_at in enumerate(looks):
        hear(asked_at)
        if number == 0:
            feed.begin_epoch()
        rows = []
        for key in KEYS:
            amount, at = exchange.last(key, asked_at - data.draw(rest_lag))
            if amount != "0":
                rows.append(position_row(key, amount, at=at * dated))
        asked = {key: exchange.last(key, asked_at - data.draw(rest_lag)) for key in feed.unlisted(rows)}
        rows += [position_row(key, amount, at=at * dated) for key, (amount, at) in asked.items() if amount != "0"]
        wallet, at = exchange.wallet(asked_at - data.draw(rest_lag))
        gone = feed.unlisted(rows)
        hear(asked_at + data.draw(st.integers(0, 20)))  # while the answers were under way
        feed.fold_snapshot([balance_row(wallet, at=at * dated)], rows, gone=gone, as_of=asked_at - LAG_MS)
    hear(2000)

    end = {key: exchange.last(key, 2000)[0] for key in KEYS}
    assert {key: str(feed.book.position_amount(*key)) for key in KEYS} == end
    assert str(feed.book.wallet_balance("USDT")) == exchange.wallet(2000)[0]
