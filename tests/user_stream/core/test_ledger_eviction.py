"""Rule 20: what is over is forgotten, and an exchange that begins anew is noticed."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import NEW, fold, listening, trades
from tests.user_stream.core.order_facts import KEY, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return listening()


FIRST = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000)
SECOND = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000)
THIRD = told_by_stream("FILLED", trade=3, last="3", cumulative="10", at=4_000)


def test_only_orders_that_ended_before_are_forgotten(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD, told_by_stream("NEW", order_id=8)):
        ledger.fold(update, 1)

    assert ledger.evict(before=4_000) == 0
    assert ledger.evict(before=4_001) == 1
    assert ledger.order(KEY) is None
    assert ledger.open_orders == [("BTCUSDT", "8")]


def test_an_order_that_lacks_fills_is_not_forgotten(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(told_by_stream("CANCELED", cumulative="7", at=4_000), 1)
    ledger.release(KEY)

    assert ledger.evict(before=90_000) == 0
    ledger.fold_order(order_row("CANCELED", executed="7"), [trade_row(1, "4"), trade_row(2, "3")], since=0)
    assert ledger.evict(before=90_000) == 1


def test_an_order_that_lacks_the_details_of_a_fill_is_not_forgotten_until_they_were_asked_for(ledger: Ledger) -> None:
    """Rule 8: commission and profit always reach whoever keeps them."""
    for update in (NEW, FIRST, SECOND, told_by_lite(3, "3", at=4_000)):
        ledger.fold(update, 1)
    assert ledger.evict(before=90_000) == 0
    assert (ledger.undetailed_orders(before=4_000), ledger.undetailed_orders(before=4_001)) == ([], [KEY])

    ledger.forgo_details(KEY, before=4_000)
    assert ledger.evict(before=90_000) == 0
    ledger.forgo_details(KEY, before=4_001)
    assert ledger.undetailed_orders() == []
    assert ledger.evict(before=90_000) == 1
    ledger.forgo_details(KEY, before=4_001)


def test_what_is_told_again_of_a_forgotten_order_is_a_duplicate(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    assert [ledger.fold(update, 1) for update in (NEW, THIRD)] == [[], []]
    assert ledger.fold_order(order_row("FILLED", executed="10", at=4_000), [], since=0) == []
    assert ledger.duplicates == 2


def test_an_order_that_rest_lists_as_open_is_never_taken_for_a_forgotten_one(ledger: Ledger) -> None:
    """It was made 50 ms before the connection, and REST lagged: no event ever told of it."""
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    assert trades(ledger.fold_order(order_row("NEW", order_id=8), [], since=0)) == [("NEW", 0, "0")]


def test_a_later_trade_of_an_unknown_order_is_no_duplicate_of_a_forgotten_one(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    late = told_by_stream("FILLED", order_id=8, trade=9, last="10", cumulative="10", at=91_000)

    assert trades(ledger.fold(late, 1)) == [("FILLED", 9, "10")]


@pytest.fixture
def forgetful(ledger: Ledger) -> Ledger:
    """Return a ledger that has forgotten order 7, and knows everything until 90 s."""
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)
    return ledger


def test_a_connection_that_lags_behind_tells_duplicates_of_what_is_forgotten(forgetful: Ledger) -> None:
    """Each of its fills is below the watermark, in id and time: no reset."""
    lagging = forgetful.begin_epoch()

    for update in (NEW, told_by_lite(1, "4", at=2_000), FIRST, SECOND, told_by_lite(3, "3", at=4_000), THIRD):
        assert forgetful.fold(update, lagging) == []
    assert forgetful.duplicates == 6
    assert forgetful.venue_reset is None


def test_a_lower_trade_id_with_a_later_time_means_that_the_exchange_began_anew(forgetful: Ledger) -> None:
    """A testnet was wiped: its ids begin at 1 again."""
    again = told_by_stream("FILLED", order_id=2, trade=1, last="10", cumulative="10", at=95_000)

    assert forgetful.fold(told_by_lite(1, "10", order_id=2, at=95_000), 1) == []
    assert forgetful.venue_reset == "BTCUSDT"
    assert forgetful.fold(again, 1) == []
    assert forgetful.open_orders == []


def test_rest_shows_that_the_exchange_began_anew(forgetful: Ledger) -> None:
    row = order_row("FILLED", order_id=2, executed="10", made_at=95_000)

    assert forgetful.fold_order(row, [trade_row(1, "10", order_id=2, at=95_000)], since=0) == []
    assert forgetful.venue_reset == "BTCUSDT"


def test_an_old_order_that_fills_late_is_no_reset(forgetful: Ledger) -> None:
    """Its order id is lower than a forgotten one, its trade id is not."""
    late = told_by_stream("FILLED", order_id=2, trade=9, last="10", cumulative="10", at=95_000)

    assert trades(forgetful.fold(late, 1)) == [("FILLED", 9, "10")]
    assert forgetful.venue_reset is None


def test_an_order_whose_newest_fill_is_recent_is_not_forgotten(ledger: Ledger) -> None:
    """It was canceled long ago, and filled late."""
    fold(ledger, NEW, FIRST, told_by_stream("CANCELED", cumulative="4", at=3_000))
    fold(ledger, told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=95_000))

    assert ledger.evict(before=90_000) == 0
    assert ledger.evict(before=95_001) == 1


def test_a_late_fill_of_a_forgotten_order_does_not_bring_back_the_earlier_ones(ledger: Ledger) -> None:
    """What was made before the watermark was told."""
    fold(ledger, NEW, FIRST, told_by_stream("CANCELED", cumulative="4", at=3_000))
    ledger.evict(before=90_000)
    fold(ledger, told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=95_000))

    row = order_row("CANCELED", executed="7", at=95_000)
    told = ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "3", at=95_000)], since=0)

    assert [update["trade_id"] for _, update in told if update["trade_id"]] == [2]


def test_what_a_forgotten_order_executed_before_we_met_it_is_below_the_watermark(ledger: Ledger) -> None:
    """Rules 7 and 20: its trades were never told, but known."""
    row = order_row("CANCELED", executed="7", at=3_000)
    ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "3", at=3_000)], since=5_000)
    assert ledger.evict(before=90_000) == 1

    assert fold(ledger, NEW, FIRST, SECOND, told_by_stream("CANCELED", cumulative="7", at=3_000)) == []


def test_memory_is_bounded_by_the_orders_of_the_last_moments(ledger: Ledger) -> None:
    """A thousand orders come and go, one each second; kept are those that the watermark has not passed."""
    kept = []
    for order in range(1_000):
        at = 1_000 * order
        name = f"o{order}"
        ledger.fold(told_by_stream("NEW", order_id=order, client_order_id=name, at=at), 1)
        filled = told_by_stream(
            "FILLED", order_id=order, client_order_id=name, trade=order + 1, last="10", cumulative="10", at=at
        )
        ledger.fold(filled, 1)
        if order % 60 == 0:
            ledger.evict(before=at - 80_000)
            kept.append(len([number for number in range(order + 1) if ledger.order(("BTCUSDT", str(number)))]))

    assert max(kept) <= 82
