"""Positions and balances from several connections: each update told once, in order, whichever one dies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.account_facts import ETHER, LONG, account_update, holdings
from user_stream.contracts import MappedAccountUpdate
from user_stream.core import account_feed
from user_stream.core.account_feed import AccountFeed
from user_stream.core.positions import PositionBook


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


def test_update_told_again_after_a_newer_one_moves_nothing_back() -> None:
    """Rule 21, any duplication: what a connection tells twice is older than what it has told since."""
    feed = AccountFeed()
    feed.join(0)
    first, second = history([100, 101])
    newest = account_update(102, wallet="997", change="-1", positions={ETHER: "3"})
    told = [news for update in (first, second, newest, first) for news in feed.fold(0, update)]

    is_square(feed, told, [first, second, newest])


def test_update_that_comes_after_a_newer_one_still_says_what_that_did_not_list() -> None:
    """No correct exchange sends it so late; what nobody has spoken of since is better known than not."""
    feed = AccountFeed()
    feed.join(0)
    late = account_update(100, wallet="999", change="-1", positions={ETHER: "1", LONG: "-1"})
    newer = account_update(101, wallet="998", change="-1", positions={ETHER: "2"})
    feed.fold(0, newer)
    (told,) = feed.fold(0, late)

    assert told["balances"] == []
    assert [position["position_amount"] for position in told["positions"]] == ["-1"]
    assert feed.book.position_amount(*ETHER) == 2
    assert feed.book.position_amount(*LONG) == -1
