"""Positions and balances from REST: no snapshot speaks over the stream, and in the end the book is the exchange's."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.account_facts import ETHER, LONG, SHORT, account_update, balance_row, position_row
from user_stream.contracts import MappedAccountUpdate
from user_stream.core.account_feed import AccountFeed
from user_stream.core.positions import PositionKey


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
