"""One order's arithmetic: what is booked, what is claimed, and what lies between."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.order_facts import KEY, told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.order_record import OrderRecord, status_rank


def fill(trade: int, last: str, cumulative: str, *, price: str = "100", average: str = "100") -> MappedOrderUpdate:
    return told_by_stream(
        "PARTIALLY_FILLED", trade=trade, last=last, cumulative=cumulative, price=price, average=average
    )


def record(*fills: MappedOrderUpdate) -> OrderRecord:
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    for update in fills:
        record.book(update)
    return record


def covered(quantity: int) -> OrderRecord:
    held = record()
    held.grow_baseline(Decimal(quantity), Decimal(quantity * 100))
    held.covered = Decimal(quantity)
    return held


def test_a_status_ranks_by_how_far_the_order_is() -> None:
    ended = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED")

    assert [status_rank(status) for status in ("", "NEW", "PARTIALLY_FILLED")] == [0, 1, 2]
    assert {status_rank(status) for status in ended} == {3}


def test_a_fill_is_known_by_its_trade_id_alone() -> None:
    """Rule 1: not by what it says of quantities."""
    held = record(fill(1, "4", "4"))

    assert held.knows(told_by_lite(1, "4"))
    assert held.knows(fill(1, "9", "9"))
    assert not held.knows(fill(2, "4", "4"))


def test_booked_and_claimed_are_kept_apart() -> None:
    """Rule 10: a fill proves its quantity, and claims what it reached."""
    held = record(fill(2, "3", "7"))

    assert (held.booked, held.claimed) == (Decimal(3), Decimal(7))


@pytest.mark.parametrize(
    ("held", "told", "missing"),
    [
        ([], fill(1, "4", "4"), 0),
        ([], fill(2, "3", "7"), 4),
        ([fill(1, "4", "4")], fill(2, "3", "7"), 0),
        ([fill(1, "4", "4")], fill(3, "3", "10"), 3),
        ([fill(1, "4", "4"), fill(3, "3", "10")], fill(2, "3", "7"), 0),
        ([fill(3, "3", "10")], fill(2, "3", "7"), 4),
        ([fill(0, "4", "4")], fill(2, "3", "7"), 0),
        ([fill(1, "4", "4")], fill(0, "3", "7"), 0),
        ([fill(0, "4", "4")], fill(0, "3", "10"), 3),
    ],
)
def test_what_is_missing_before_a_fill_is_counted_by_earlier_trades(
    held: list[MappedOrderUpdate], told: MappedOrderUpdate, missing: int
) -> None:
    """Rule 10: sum of known trades with a smaller id against z - l."""
    assert record(*held).missing_before(told) == missing


def test_nothing_is_missing_before_what_the_baseline_holds() -> None:
    """Rule 7."""
    held = covered(4)

    assert held.missing_before(fill(2, "3", "7")) == 0
    assert held.missing_before(fill(3, "3", "10")) == 3
    assert held.knows(fill(1, "4", "4"))
    assert not held.knows(fill(2, "3", "7"))


def test_the_average_price_is_that_of_all_fills() -> None:
    assert record(fill(1, "4", "4", price="100"), fill(2, "6", "10", price="110")).average_price() == "106"


@pytest.mark.parametrize(
    ("prices", "average"),
    [
        (("60000.10", "60000.00"), "60000.03333"),
        (("60000.1", "60000"), "60000.03333"),
        (("0.0001235", "0.0001234"), "0.0001234333"),
    ],
)
def test_the_average_price_has_the_exchanges_decimals_and_no_exponent(prices: tuple[str, str], average: str) -> None:
    first, second = prices

    assert record(fill(1, "1", "1", price=first), fill(2, "2", "3", price=second)).average_price() == average


def test_the_average_price_is_the_exchanges_own_where_it_said_one() -> None:
    """It may round as it likes."""
    held = record(fill(1, "1", "1", price="100.1"), fill(2, "2", "3", price="100"))
    held.claim(fill(2, "2", "3", average="100.03334"))
    held.claim(fill(1, "1", "1", average="100.1"))
    assert held.average_price() == "100.03334"

    held.book(fill(3, "3", "6", price="100"))
    assert held.average_price() == "100.01667"


def test_an_average_price_of_nothing_is_no_average_price() -> None:
    held = record(fill(1, "1", "1", price="100"))
    held.claim(fill(1, "1", "1", average="0.00000"))

    assert held.average_price() == "100"


def test_an_order_without_fills_has_no_average_price() -> None:
    assert record().average_price() == "0"


def test_the_average_price_includes_the_baseline() -> None:
    held = record()
    held.grow_baseline(Decimal(4), Decimal(400))
    held.book(fill(2, "6", "10", price="110"))

    assert held.average_price() == "106"


def test_the_time_of_the_first_fill_stays() -> None:
    held = record(told_by_lite(1, "4", at=2_000), told_by_lite(2, "6", at=3_000))

    assert held.first_fill_time == 2_000


def test_what_is_forgiven_is_never_more_than_what_is_missing() -> None:
    """Rule 10: a fill that turns up after all is no longer among what nothing waits for."""
    held = record(fill(2, "3", "7"))
    held.forgive()
    assert held.forgiven == 4

    held.book(fill(1, "3", "3"))

    assert held.forgiven == 1


# --- rule 8: which TRADE_LITE may go out at once ------------------------------------------------------------


def sent(*, epoch: int) -> OrderRecord:
    held = record()
    held.sent_epoch = epoch
    return held


def test_every_connection_that_began_before_the_order_was_sent_tells_all_its_fills() -> None:
    held = sent(epoch=2)

    assert [held.follows(told_by_lite(1, "4"), epoch) for epoch in (0, 1, 2, 3)] == [False, True, True, False]


def test_new_proves_the_connection_that_told_it_and_no_other() -> None:
    held = record()

    held.prove(told_by_stream("NEW"), 2)

    assert [held.follows(told_by_lite(1, "4"), epoch) for epoch in (1, 2, 3)] == [False, True, False]


def test_a_fill_with_nothing_missing_before_it_proves_its_connection() -> None:
    held = record(fill(1, "4", "4"))
    held.prove(fill(3, "1", "8"), 2)
    assert not held.follows(told_by_lite(4, "1"), 2)

    held.prove(fill(2, "3", "7"), 2)

    assert held.follows(told_by_lite(3, "1"), 2)


def test_neither_new_nor_a_fill_within_the_baseline_proves_a_connection() -> None:
    """The baseline's trades have no ids for us: a TRADE_LITE of one of them would look new."""
    held = covered(7)

    held.prove(told_by_stream("NEW"), 1)
    held.prove(fill(1, "4", "4"), 1)
    assert not held.follows(told_by_lite(2, "3"), 1)

    held.prove(fill(2, "3", "7"), 1)
    assert held.follows(told_by_lite(3, "3"), 1)


def test_only_an_earlier_trade_that_waits_keeps_a_trade_lite_back() -> None:
    held = sent(epoch=1)
    held.awaited = {2, 5}

    assert [held.follows(told_by_lite(trade, "1"), 1) for trade in (1, 2, 3)] == [True, True, False]


def test_a_trade_lite_does_not_overtake_a_fill_that_is_held() -> None:
    held = sent(epoch=1)
    held.held = [fill(3, "3", "10")]

    assert [held.follows(told_by_lite(trade, "1"), 1) for trade in (1, 2, 3, 4)] == [True, True, False, False]


def test_a_trade_lite_waits_while_an_unnamed_fill_is_held() -> None:
    """Nobody can say which of the two was first."""
    held = sent(epoch=1)
    held.held = [fill(0, "3", "10")]

    assert not held.follows(told_by_lite(1, "1"), 1)


def test_a_trade_lite_waits_when_a_fill_was_searched_for_in_vain() -> None:
    held = sent(epoch=1)
    held.claimed = Decimal(4)
    held.forgive()

    assert not held.follows(told_by_lite(2, "1"), 1)


@pytest.mark.parametrize("name", ["autoclose-17", "adl_autoclose", "settlement_autoclose-17"])
def test_trade_lite_is_not_trusted_to_tell_every_fill_of_an_order_that_the_exchange_made(name: str) -> None:
    held = record()
    held.prove(told_by_stream("NEW", client_order_id=name), 1)

    assert not held.follows(told_by_lite(1, "4", client_order_id=name), 1)


# --- rules 5 and 9: which status a fill carries -------------------------------------------------------------


def test_filled_is_inferred_from_all_quantities_that_anybody_told() -> None:
    held = record(fill(1, "10", "10"))
    assert held.status_with(told_by_lite(1, "10")) == "FILLED"

    held.held = [told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="12", quantity="20")]

    assert held.status_with(told_by_lite(1, "10")) == "PARTIALLY_FILLED"


def test_filled_is_not_inferred_while_an_amendment_is_outstanding() -> None:
    held = record(fill(1, "10", "10"))
    held.amending = 1

    assert held.status_with(told_by_lite(1, "10")) == "PARTIALLY_FILLED"


def test_a_fill_that_closes_an_order_whose_end_was_told_already_carries_it() -> None:
    held = record(fill(2, "6", "10"))
    held.held = [told_by_stream("FILLED", cumulative="10")]
    held.book(fill(1, "4", "4"))

    assert held.status_with(fill(1, "4", "4")) == "FILLED"


def test_an_end_above_what_is_booked_is_not_told_with_its_fill() -> None:
    held = record(told_by_stream("FILLED", trade=3, last="3", cumulative="10"))

    assert held.status_with(told_by_stream("FILLED", trade=3, last="3", cumulative="10")) == "PARTIALLY_FILLED"
