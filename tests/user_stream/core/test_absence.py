"""Rule 17: absence ends nothing that the exchange would still remember."""

from __future__ import annotations

import pytest

from tests.user_stream.core.order_facts import KEY, told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.absence import Absences, inferred_end
from user_stream.core.ledger import Ledger
from user_stream.core.order_record import OrderRecord

DAY = 86_400_000
LAG = 40_000
LAST_SIGN = 1_000
LATE = LAST_SIGN + 3 * DAY + 1


def an_order(*facts: MappedOrderUpdate) -> tuple[Ledger, OrderRecord]:
    ledger = Ledger()
    for fact in facts or (told_by_stream("NEW", at=LAST_SIGN),):
        ledger.fold(fact, ledger.begin_epoch())
    record = ledger.order(KEY)
    assert record is not None
    return ledger, record


def missing(*answers: tuple[int, bool]) -> Absences:
    """Return what answers at these times say of the order, which they list or not."""
    absences = Absences()
    for at, listed in answers:
        absences.observe([KEY], [KEY] if listed else [], at=at)
    return absences


def test_an_order_that_is_missing_twice_and_older_than_all_memory_is_over() -> None:
    _, record = an_order()

    assert missing((LATE - LAG, False), (LATE, False)).is_over(record, now=LATE, lag_ms=LAG)


@pytest.mark.parametrize(
    ("answers", "now"),
    [
        ([(LATE, False)], LATE),
        ([(LATE - LAG + 1, False), (LATE, False)], LATE),
        ([(LATE - 2 * LAG, False), (LATE - LAG, True), (LATE, False)], LATE),
        ([(LATE - 2 * LAG, False), (LATE - LAG, False), (LATE, True)], LATE),
        ([(LATE - LAG - 1, False), (LATE - 1, False)], LATE - 1),
        ([], LATE),
    ],
    ids=["once", "too soon", "one database lists it", "listed again", "young enough to be remembered", "never asked"],
)
def test_less_than_that_ends_nothing(answers: list[tuple[int, bool]], now: int) -> None:
    """Row 6: two databases that disagree, answers that lag."""
    _, record = an_order()

    assert not missing(*answers).is_over(record, now=now, lag_ms=LAG)


def test_an_order_whose_fills_are_not_all_known_is_not_over() -> None:
    ledger, record = an_order(
        told_by_stream("NEW"), told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="4")
    )
    assert not ledger.is_complete(KEY)

    assert not missing((0, False), (200 * DAY, False)).is_over(record, now=200 * DAY, lag_ms=LAG)


def test_an_order_with_a_fill_would_be_remembered_for_90_days() -> None:
    _, record = an_order(told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=LAST_SIGN))
    absences = missing((LATE - LAG, False), (LATE, False))

    assert not absences.is_over(record, now=LATE, lag_ms=LAG)
    assert absences.is_over(record, now=LAST_SIGN + 90 * DAY + 1, lag_ms=LAG)


def test_an_order_that_only_a_trade_lite_spoke_of_was_never_acknowledged() -> None:
    _, record = an_order(told_by_lite(1, "4"))

    assert not missing((LATE, False), (200 * DAY, False)).is_over(record, now=200 * DAY, lag_ms=LAG)


def test_orders_that_are_held_no_longer_are_forgotten() -> None:
    absences = missing((LATE - LAG, False))
    absences.observe([], [], at=LATE - 1)
    absences.observe([KEY], [], at=LATE)

    assert not absences.is_over(an_order()[1], now=LATE, lag_ms=LAG)


def test_an_inferred_end_is_told_as_expired_by_rest_with_what_was_filled() -> None:
    ledger, record = an_order(
        told_by_stream("NEW"),
        told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", price="90", average="90"),
    )

    (told,) = ledger.fold_order(inferred_end(record), [], since=0)

    assert (told.update["order_status"], told.update["source"], told.update["last_filled_qty"]) == (
        "EXPIRED", "rest", "0",
    )  # fmt: skip
    assert (told.update["accumulated_filled_qty"], told.update["avg_price"]) == ("4", "90")
    assert (told.update["client_order_id"], told.update["side"]) == ("mine", "BUY")
    assert ledger.open_orders == []


def test_an_order_that_turns_up_after_its_inferred_end_still_books_its_fill() -> None:
    ledger, record = an_order()
    ledger.fold_order(inferred_end(record), [], since=0)

    told = ledger.fold(
        told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=LATE), ledger.begin_epoch()
    )

    assert [(item.update["order_status"], item.update["last_filled_qty"]) for item in told] == [("EXPIRED", "4")]
