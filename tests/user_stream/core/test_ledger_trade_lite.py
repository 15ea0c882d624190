"""Rules 8 and 9: when TRADE_LITE goes out at once, and when it says FILLED."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import FIRST_FILL, LAST_FILL, NEW, details, fold, listening, steps
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_trade_lite_of_an_order_that_we_sent_goes_out_at_once(ledger: Ledger) -> None:
    """Rule 8: what it lacks is filled from the intent."""
    ledger.register(intent())

    (told,) = ledger.fold(told_by_lite(1, "10"), 1)

    assert steps([told]) == [("FILLED", "10", "10")]
    assert told.update["source"] == "trade_lite"
    assert (told.update["order_type"], told.update["time_in_force"], told.update["position_side"]) == (
        "LIMIT",
        "GTC",
        "BOTH",
    )


def test_trade_lite_of_a_part_filled_order_is_not_filled(ledger: Ledger) -> None:
    """Rule 9."""
    ledger.register(intent())

    told = fold(ledger, told_by_lite(1, "4"), told_by_lite(2, "6"))

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_trade_lite_of_an_order_amended_to_more_is_not_filled(ledger: Ledger) -> None:
    """Rule 9: the larger of both quantities counts."""
    amended = told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500)

    told = fold(ledger, NEW, amended, told_by_lite(1, "10", quantity="10", at=2_000))

    assert steps(told)[-1] == ("PARTIALLY_FILLED", "10", "10")


def test_new_after_trade_lite_is_not_told(ledger: Ledger) -> None:
    """Rule 5: the wire sends them so; it is no fault, and not counted as one."""
    ledger.register(intent())

    told = fold(ledger, told_by_lite(1, "4", at=1_000), NEW)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
    assert ledger.stale == 0


def test_trade_lite_of_an_order_met_halfway_waits_for_its_order_trade_update(ledger: Ledger) -> None:
    """Rule 8: nobody knows what was executed before it."""
    told = fold(ledger, told_by_lite(1, "4", at=2_000))
    assert told == []

    told = fold(ledger, FIRST_FILL)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
    assert ledger.waiting == 1


def test_trade_lite_does_not_overtake_one_that_waits(ledger: Ledger) -> None:
    """Rules 8 and 11: the first one waited for its ORDER_TRADE_UPDATE, so the second one must, too."""
    told = fold(ledger, told_by_lite(1, "4", at=2_000), NEW, told_by_lite(2, "6", at=3_000), FIRST_FILL, LAST_FILL)

    assert steps(told) == [("NEW", "0", "0"), ("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_trade_lite_waits_when_its_connection_began_after_the_order_was_heard_of(ledger: Ledger) -> None:
    """Rule 8: a fill may have been missed."""
    fold(ledger, NEW)

    assert fold(ledger, told_by_lite(2, "6"), epoch=ledger.begin_epoch()) == []


def test_order_trade_update_of_a_told_trade_is_told_only_as_details(ledger: Ledger) -> None:
    """Rule 8: commission and realized profit always reach who asks for them."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = fold(ledger, FIRST_FILL, FIRST_FILL)

    assert steps(told) == []
    assert [(update["commission"], update["trade_id"], update["last_filled_qty"]) for update in details(told)] == [
        ("0.2", 1, "0")
    ]


def test_order_trade_update_of_a_told_trade_is_told_when_it_moves_the_status(ledger: Ledger) -> None:
    """Rule 8: TRADE_LITE still had the quantity of before an amendment, so FILLED was not inferred."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "8", quantity="10"), 1)

    told = fold(ledger, told_by_stream("FILLED", trade=1, last="8", cumulative="8", quantity="8", at=2_000))

    assert steps(told) == [("FILLED", "0", "8")]


def test_enrichment_is_delivered_only_when_it_is_asked_for() -> None:
    """Rule 8: with `last_filled_qty` "0", so that sums stay right."""
    ledger = Ledger(deliver_enrichment=True)
    ledger.begin_epoch()
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = fold(ledger, FIRST_FILL)

    assert steps(told) == [("PARTIALLY_FILLED", "0", "4")]
    assert told[-1].update["commission"] == "0.2"
    assert told[-1].update["trade_id"] == 0
    assert told[-1].update["delivery_id"] == 2


def test_details_bring_the_exchanges_own_average_price(ledger: Ledger) -> None:
    """It may round otherwise than we do."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "1", price="100.1"), 1)
    told = ledger.fold(told_by_lite(2, "2", price="100"), 1)
    assert told[-1].update["avg_price"] == "100.03333"

    told = fold(ledger, told_by_stream("PARTIALLY_FILLED", trade=2, last="2", cumulative="3", average="100.03334"))
    told += fold(ledger, told_by_stream("CANCELED", cumulative="3", average="100.03334", at=3_000))

    assert [(kind, update["avg_price"]) for kind, update in told] == [
        ("details", "100.03334"), ("delivery", "100.03334"),
    ]  # fmt: skip


def test_details_from_rest_bring_the_exchanges_own_average_price_unless_more_was_executed_since(ledger: Ledger) -> None:
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "1", price="100.1"), 1)
    ledger.fold(told_by_lite(2, "2", price="100"), 1)
    row = order_row("PARTIALLY_FILLED", executed="3", average="100.03334", at=2_000)

    (first,) = ledger.fold_order(row, [trade_row(1, "1", price="100.1")], since=0)
    ledger.fold(told_by_lite(3, "3", price="100"), 1)
    (second,) = ledger.fold_order(row, [trade_row(2, "2", price="100")], since=0)

    assert [(kind, update["avg_price"], update["accumulated_filled_qty"]) for kind, update in (first, second)] == [
        ("details", "100.03334", "3"), ("details", "100.01667", "6"),
    ]  # fmt: skip


def test_rest_trade_of_a_told_trade_lite_brings_its_details(ledger: Ledger) -> None:
    """Rule 8: whoever tells them first."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)
    told += ledger.fold(FIRST_FILL, 1)

    assert steps(told) == []
    assert [update["realized_profit"] for update in details(told)] == ["1"]


# --- several connections ------------------------------------------------------------------------------------


def test_trade_lite_of_a_connection_that_began_after_the_order_was_sent_waits_for_the_older_one(ledger: Ledger) -> None:
    """Rule 8: the younger one runs ahead, and may have missed a fill; the older one cannot."""
    ledger.register(intent())
    younger = ledger.begin_epoch()

    assert fold(ledger, told_by_lite(1, "4"), told_by_lite(2, "6"), epoch=younger) == []

    assert steps(fold(ledger, told_by_lite(1, "4"))) == [("PARTIALLY_FILLED", "4", "4")]
    assert steps(fold(ledger, told_by_lite(2, "6"))) == [("FILLED", "6", "10")]


def test_trade_lite_of_a_connection_that_lags_is_a_duplicate(ledger: Ledger) -> None:
    younger = ledger.begin_epoch()
    ledger.register(intent())
    fold(ledger, told_by_lite(1, "4"), told_by_lite(2, "6"), epoch=younger)

    assert fold(ledger, told_by_lite(1, "4"), told_by_lite(2, "6")) == []
    assert ledger.duplicates == 2


def test_new_on_one_connection_proves_nothing_for_another_one(ledger: Ledger) -> None:
    """Rule 8: whichever began first by our count, its handshake may have been answered after the first fill."""
    other = ledger.begin_epoch()
    fold(ledger, NEW, epoch=other)

    assert fold(ledger, told_by_lite(2, "6")) == []
    assert steps(fold(ledger, told_by_lite(1, "4"), epoch=other)) == [("PARTIALLY_FILLED", "4", "4")]


def test_new_of_a_connection_that_lags_proves_nothing_for_one_that_began_after_the_first_fill(ledger: Ledger) -> None:
    """Rule 8: heard after the younger one began, NEW is still older than that."""
    younger = ledger.begin_epoch()
    fold(ledger, NEW)

    assert fold(ledger, told_by_lite(2, "6"), epoch=younger) == []


def test_a_fill_that_another_connection_told_first_proves_the_one_that_repeats_it(ledger: Ledger) -> None:
    """Rule 8: its fills were seen complete, after it began."""
    younger = ledger.begin_epoch()
    fold(ledger, NEW, FIRST_FILL)
    fold(ledger, FIRST_FILL, epoch=younger)

    assert steps(fold(ledger, told_by_lite(2, "6"), epoch=younger)) == [("FILLED", "6", "10")]


def test_what_follows_a_lost_frame_proves_nothing(ledger: Ledger) -> None:
    """Rule 8: the frame was the TRADE_LITE of the first fill, which runs ahead of NEW."""
    fold(ledger, NEW, epoch=ledger.cut_epoch())

    assert fold(ledger, told_by_lite(2, "6"), epoch=2) == []


def test_an_order_sent_after_a_lost_frame_is_whole(ledger: Ledger) -> None:
    left = ledger.cut_epoch()
    ledger.register(intent())

    assert steps(fold(ledger, told_by_lite(1, "4"), epoch=left)) == [("PARTIALLY_FILLED", "4", "4")]


def test_frames_that_were_kept_back_tell_nothing_of_the_baseline(ledger: Ledger) -> None:
    """Rules 7 and 8: the order was made while the ledger began, and its trades were not asked for."""
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=2_500)

    told = fold(ledger, NEW, told_by_lite(1, "4", at=2_000), FIRST_FILL, LAST_FILL)

    assert steps(told) == [("FILLED", "6", "10")]


def test_trade_lite_of_an_order_that_the_exchange_made_waits(ledger: Ledger) -> None:
    """Rule 8: of its fills that are liquidations no TRADE_LITE may tell."""
    name = "autoclose-1787734851782"
    fold(ledger, told_by_stream("NEW", client_order_id=name))

    assert fold(ledger, told_by_lite(2, "6", client_order_id=name)) == []


def test_trade_lite_without_a_trade_id_waits(ledger: Ledger) -> None:
    """Rule 1: it has neither of the two identities that a fill can have."""
    ledger.register(intent())

    assert fold(ledger, told_by_lite(0, "4"), told_by_lite(0, "4")) == []
    assert steps(fold(ledger, told_by_lite(1, "4"))) == [("PARTIALLY_FILLED", "4", "4")]


# --- rule 9 -------------------------------------------------------------------------------------------------


def test_filled_is_not_inferred_while_an_amendment_is_outstanding(ledger: Ledger) -> None:
    """Rule 9: the request may have reached the exchange before the fill did."""
    fold(ledger, NEW)
    ledger.amendment_requested(KEY)

    assert steps(fold(ledger, told_by_lite(1, "10"))) == [("PARTIALLY_FILLED", "10", "10")]
    filled = told_by_stream("FILLED", trade=1, last="10", cumulative="10")
    assert steps(fold(ledger, filled)) == [("FILLED", "0", "10")]


@pytest.mark.parametrize("settled", ["refused", "told"])
def test_filled_is_inferred_again_once_the_amendment_is_settled(ledger: Ledger, settled: str) -> None:
    """Rule 9: what refuses it for certain, or the stream's AMENDMENT; told by two connections, it counts once."""
    amended = told_by_stream("NEW", execution="AMENDMENT", limit="101", at=1_500)
    fold(ledger, NEW)
    ledger.amendment_requested(KEY)
    if settled == "refused":
        ledger.amendment_settled(KEY)
    else:
        ledger.amendment_requested(KEY)
        fold(ledger, amended, amended)
        assert steps(fold(ledger, told_by_lite(1, "4"))) == [("PARTIALLY_FILLED", "4", "4")]
        fold(ledger, told_by_stream("NEW", execution="AMENDMENT", limit="102", at=1_600))

    assert steps(fold(ledger, told_by_lite(2, "6" if settled == "told" else "10")))[-1][0] == "FILLED"


def test_an_amendment_of_an_order_that_nobody_knows_is_none(ledger: Ledger) -> None:
    ledger.amendment_requested(KEY)
    ledger.amendment_settled(KEY)

    assert ledger.order(KEY) is None


def test_a_rest_trade_infers_no_end_that_its_row_does_not_tell(ledger: Ledger) -> None:
    """Rule 9: the row is older than an amendment to more, its trades are younger."""
    row = order_row("PARTIALLY_FILLED", executed="4", quantity="10", at=2_000)

    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "6")], since=0)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("PARTIALLY_FILLED", "6", "10")]


def test_an_amendment_that_waits_behind_a_hole_keeps_the_order_from_being_called_filled(ledger: Ledger) -> None:
    """Rules 9 and 10: the younger connection told of it, the older one only now of the fill before it."""
    ledger.register(intent())
    younger = ledger.begin_epoch()
    amended = told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="10", quantity="20", at=2_500)
    fold(ledger, amended, epoch=younger)

    told = fold(ledger, told_by_lite(1, "10", quantity="10"))

    assert steps(told) == [("PARTIALLY_FILLED", "10", "10"), ("PARTIALLY_FILLED", "0", "10")]
    assert [update["orig_qty"] for _, update in told] == ["20", "20"]
