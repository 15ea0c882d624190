"""Conditional orders in their own book: forward only, never filled by themselves, linked to what they become."""

from __future__ import annotations

from typing import Any

import pytest

from tests.user_stream.core.algo_facts import ALGO, told_by_algo, told_by_algo_row
from tests.user_stream.core.order_facts import KEY, told_by_lite, told_by_stream
from user_stream.contracts import OrderIntent
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.ledger import Ledger, Told

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS
LAG_MS = 40_000


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def book(ledger: Ledger) -> ConditionalOrders:
    return ConditionalOrders(ledger, number=ledger.number)


def say(told: list[Told]) -> list[tuple[Any, ...]]:
    """Return what matters of some deliveries."""
    return [
        (
            told.update["order_status"],
            told.update["order_id"],
            told.update["algo_status"],
            told.update["last_filled_qty"],
        )
        for told in told
    ]


def fold_child(ledger: Ledger, *statuses: str) -> list[Told]:
    """Let the ledger hear of the child, order 7, as far as this."""
    epoch = ledger.begin_epoch()
    facts = {
        "NEW": told_by_stream("NEW"),
        "PARTIALLY_FILLED": told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"),
        "FILLED": told_by_stream("FILLED", trade=2, last="6", cumulative="10"),
        "CANCELED": told_by_stream("CANCELED"),
    }
    return [told for status in statuses for told in ledger.fold(facts[status], epoch)]


def test_new_order_is_delivered_under_its_algo_id_and_without_an_order_id(book: ConditionalOrders) -> None:
    ((kind, update),) = book.fold(told_by_algo("NEW"))

    assert kind == "delivery"
    assert (update["client_order_id"], update["order_id"], update["algo_id"]) == ("stop", "", ALGO)
    assert (update["order_type"], update["stop_price"], update["price"], update["orig_qty"]) == (
        "STOP", "90", "100", "10",
    )  # fmt: skip
    assert (update["last_filled_qty"], update["trade_id"], update["delivery_id"]) == ("0", 0, 1)


def test_deliveries_share_the_numbers_of_the_ledger(book: ConditionalOrders, ledger: Ledger) -> None:
    told = [*book.fold(told_by_algo("NEW")), *fold_child(ledger, "NEW"), *book.fold(told_by_algo("CANCELED"))]

    assert [each.update["delivery_id"] for each in told] == [1, 2, 3]


@pytest.mark.parametrize("end", ["CANCELED", "EXPIRED", "REJECTED"])
def test_end_before_a_child_is_delivered_as_it_is_and_stays(book: ConditionalOrders, end: str) -> None:
    book.fold(told_by_algo("NEW"))

    assert say(book.fold(told_by_algo(end))) == [(end, "", end, "0")]
    for later in ("NEW", "TRIGGERING", "FINISHED", "CANCELED", "EXPIRED"):
        assert book.fold(told_by_algo(later)) == []
    assert book.live == []


def test_status_only_moves_forward_whatever_the_order_of_the_news(book: ConditionalOrders) -> None:
    assert say(book.fold(told_by_algo("TRIGGERING"))) == [("NEW", "", "TRIGGERING", "0")]

    assert book.fold(told_by_algo("NEW")) == []
    assert book.fold(told_by_algo_row("NEW")) == []
    assert book.duplicates == 2


def test_trailing_stop_that_is_activated_is_new_once(book: ConditionalOrders) -> None:
    book.fold(told_by_algo("NEW", kind="TRAILING_STOP_MARKET"))

    assert book.fold(told_by_algo("NEW", kind="TRAILING_STOP_MARKET", at=2_000)) == []


def test_finished_delivers_nothing_of_its_own_and_with_nothing_executed_is_not_filled(book: ConditionalOrders) -> None:
    """Rule 12."""
    book.fold(told_by_algo("TRIGGERED", "7"))

    assert book.fold(told_by_algo("FINISHED", "7", executed="0")) == []
    assert book.live == []


def test_order_that_is_met_when_it_is_finished_is_told_and_its_end_left_to_its_child(book: ConditionalOrders) -> None:
    """Everything before was missed: without this, nobody would know whose the child is."""
    assert say(book.fold(told_by_algo_row("FINISHED", "7"))) == [("NEW", "7", "FINISHED", "0")]
    assert [order.algo_id for order in book.unsettled] == [ALGO]


def test_what_the_book_repeats_of_the_execution_is_no_fill(book: ConditionalOrders) -> None:
    """Rule 12: aq repeats the child's."""
    told = book.fold(told_by_algo("TRIGGERED", "7", executed="10"))

    assert told[0].update["accumulated_filled_qty"] == "0"
    assert say(told) == [("NEW", "7", "TRIGGERED", "0")]


def test_quantity_zero_closes_the_position(book: ConditionalOrders) -> None:
    """Rule 12."""
    (told,) = book.fold(told_by_algo("NEW", kind="STOP_MARKET", quantity="0"))

    assert (told.update["orig_qty"], told.update["reduce_only"]) == ("0", True)


def test_childs_deliveries_are_annotated_from_the_moment_it_is_known(book: ConditionalOrders, ledger: Ledger) -> None:
    (new,) = fold_child(ledger, "NEW")
    book.fold(told_by_algo("TRIGGERING"))
    assert "algo_id" not in book.annotate(new.update)

    book.fold(told_by_algo("TRIGGERED", "7"))

    assert book.annotate(new.update)["algo_id"] == ALGO
    assert book.annotate(new.update)["algo_status"] == "TRIGGERED"
    parent = book.parent_of(KEY)
    assert parent is not None
    assert parent.algo_id == ALGO


def test_link_that_comes_after_the_fills_repeats_where_the_child_stands(
    book: ConditionalOrders, ledger: Ledger
) -> None:
    """Rules 5 and 12: linked late, and nothing goes backwards."""
    fold_child(ledger, "NEW", "PARTIALLY_FILLED")
    (told,) = book.fold(told_by_algo("TRIGGERED", "7"))

    assert say([told]) == [("PARTIALLY_FILLED", "7", "TRIGGERED", "0")]
    assert (told.update["accumulated_filled_qty"], told.update["avg_price"]) == ("4", "100")


def test_link_that_comes_when_the_child_is_long_forgotten_takes_nothing_back(
    book: ConditionalOrders, ledger: Ledger
) -> None:
    """Rules 5 and 20: the ledger keeps no ended order for ever, and a parent may be named late."""
    book.fold(told_by_algo("NEW"))
    for told in fold_child(ledger, "NEW", "PARTIALLY_FILLED", "FILLED"):
        book.annotate(told.update)
    assert ledger.evict(9_000) == 1

    (told,) = book.fold(told_by_algo_row("FINISHED", "7"))

    assert say([told]) == [("FILLED", "7", "FINISHED", "0")]
    assert (told.update["accumulated_filled_qty"], told.update["avg_price"]) == ("10", "100")
    assert book.unsettled == []


def test_link_that_only_finished_brings_is_told(book: ConditionalOrders, ledger: Ledger) -> None:
    fold_child(ledger, "NEW", "CANCELED")

    assert say(book.fold(told_by_algo("FINISHED", "7"))) == [("CANCELED", "7", "FINISHED", "0")]


def test_triggered_without_the_childs_id_is_linked_by_a_query(book: ConditionalOrders) -> None:
    book.fold(told_by_algo("TRIGGERED", ""))

    assert say(book.fold(told_by_algo_row("TRIGGERED", "7"))) == [("NEW", "7", "TRIGGERED", "0")]
    assert book.fold(told_by_algo("TRIGGERED", "7")) == []


def test_child_that_is_over_says_so_although_its_parent_calls_itself_cancelled(
    book: ConditionalOrders, ledger: Ledger
) -> None:
    fold_child(ledger, "NEW", "PARTIALLY_FILLED", "FILLED")
    book.fold(told_by_algo("TRIGGERING"))

    assert say(book.fold(told_by_algo("CANCELED", "7"))) == [("FILLED", "7", "CANCELED", "0")]


def test_status_that_nobody_knows_ends_nothing_and_is_kept(book: ConditionalOrders) -> None:
    assert say(book.fold(told_by_algo("PONDERING"))) == [("NEW", "", "PONDERING", "0")]
    assert say(book.fold(told_by_algo("NEW"))) == [("NEW", "", "NEW", "0")]
    assert book.fold(told_by_algo("PONDERING")) == []
    assert book.unknown_statuses == 2


# --- who may be a child ---------------------------------------------------------------------------------------------


def test_unknown_order_may_be_the_child_of_one_that_is_being_triggered(book: ConditionalOrders) -> None:
    """Rule 12."""
    book.fold(told_by_algo("NEW"))
    assert not book.may_be_child(told_by_stream("NEW", client_order_id="generated"))

    book.fold(told_by_algo("TRIGGERING"))

    assert book.may_be_child(told_by_stream("NEW", client_order_id="generated"))
    assert book.may_be_child(told_by_lite(1, "10", client_order_id="generated"))


def test_child_that_bears_its_parents_name_may_be_faster_than_triggering(book: ConditionalOrders) -> None:
    book.fold(told_by_algo("NEW"))

    assert book.may_be_child(told_by_stream("NEW", client_order_id="stop"))


@pytest.mark.parametrize(
    "other",
    [{"side": "SELL"}, {"position_side": "LONG"}, {"kind": "STOP_MARKET"}],
    ids=["another side", "another position side", "a market order's parent"],
)
def test_order_that_does_not_fit_is_nobodys_child(book: ConditionalOrders, other: dict[str, str]) -> None:
    book.fold(told_by_algo("TRIGGERING", **other))  # type: ignore[arg-type]  # each is a keyword of its own

    assert not book.may_be_child(told_by_stream("NEW", client_order_id="generated"))


def test_order_that_is_known_or_announced_is_nobodys_child(book: ConditionalOrders, ledger: Ledger) -> None:
    book.fold(told_by_algo("TRIGGERING"))
    ledger.register(
        OrderIntent(client_order_id="ours", symbol="BTCUSDT", side="BUY", order_type="LIMIT", quantity="10")
    )
    assert not book.may_be_child(told_by_stream("NEW", client_order_id="ours", order_id=8))

    fold_child(ledger, "NEW")

    assert not book.may_be_child(told_by_stream("FILLED", trade=1, last="10", cumulative="10"))


def test_nothing_waits_for_a_parent_whose_child_is_known_or_that_has_ended(book: ConditionalOrders) -> None:
    book.fold(told_by_algo("TRIGGERED", "99"))
    book.fold(told_by_algo("TRIGGERING", algo_id=ALGO + 1, name="other"))
    book.fold(told_by_algo("REJECTED", algo_id=ALGO + 1, name="other"))

    assert not book.may_be_child(told_by_stream("NEW", client_order_id="generated"))


# --- absence --------------------------------------------------------------------------------------------------------


def test_absence_ends_nothing_inside_retention(book: ConditionalOrders) -> None:
    """Rule 17."""
    book.fold(told_by_algo("NEW", at=1_000))

    (missing,) = book.unlisted([], at=2_000)
    assert missing.algo_id == ALGO
    book.unlisted([], at=DAY_MS)
    assert book.fold_not_found(ALGO, at=DAY_MS, lag_ms=LAG_MS) == []


def test_order_that_two_answers_and_its_query_miss_past_retention_has_expired(book: ConditionalOrders) -> None:
    """Rule 17."""
    book.fold(told_by_algo("NEW", at=1_000))
    book.unlisted([], at=4 * DAY_MS)
    assert book.fold_not_found(ALGO, at=4 * DAY_MS, lag_ms=LAG_MS) == []
    book.unlisted([], at=4 * DAY_MS + LAG_MS)

    told = book.fold_not_found(ALGO, at=4 * DAY_MS + LAG_MS, lag_ms=LAG_MS)

    assert say(told) == [("EXPIRED", "", "EXPIRED", "0")]
    assert told[0].update["source"] == "rest"


def test_order_that_is_listed_again_was_never_missing(book: ConditionalOrders) -> None:
    book.fold(told_by_algo("NEW", at=1_000))
    book.unlisted([], at=4 * DAY_MS)
    assert book.unlisted([ALGO], at=4 * DAY_MS + LAG_MS) == []
    book.unlisted([], at=4 * DAY_MS + LAG_MS + 1)

    assert book.fold_not_found(ALGO, at=4 * DAY_MS + LAG_MS + 1, lag_ms=LAG_MS) == []


# --- names, restarts, memory ----------------------------------------------------------------------------------------


def test_intent_is_claimed_by_the_order_that_was_meant(book: ConditionalOrders) -> None:
    """Rule 2."""
    intent = OrderIntent(
        client_order_id="stop", symbol="BTCUSDT", side="BUY", order_type="STOP", quantity="10", algo=True
    )
    book.intents.register(intent, epoch=1)
    book.fold(told_by_algo("NEW", quantity="3", algo_id=ALGO - 1))
    assert "stop" in book.intents

    book.fold(told_by_algo("NEW"))

    assert "stop" not in book.intents
    named = book.named("stop")
    assert named is not None
    assert named.algo_id == ALGO


def test_what_was_delivered_before_a_restart_is_not_delivered_again(ledger: Ledger, book: ConditionalOrders) -> None:
    """Rule 28."""
    told = [*book.fold(told_by_algo("NEW")), *book.fold(told_by_algo("TRIGGERED", "7"))]
    fold_child(ledger, "NEW")
    again = ConditionalOrders(ledger, number=ledger.number)

    again.restore([book.annotate(each.update) for each in told])

    for status, child in (("NEW", ""), ("TRIGGERING", ""), ("TRIGGERED", "7")):
        assert again.fold(told_by_algo(status, child)) == []
    assert again.annotate(told_by_stream("FILLED"))["algo_id"] == ALGO


def test_order_restored_by_its_childs_deliveries_alone_keeps_its_link(ledger: Ledger, book: ConditionalOrders) -> None:
    (new,) = book.fold(told_by_algo("NEW"))
    fold_child(ledger, "NEW")
    book.fold(told_by_algo("TRIGGERED", "7"))
    child = book.annotate(told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"))
    again = ConditionalOrders(ledger, number=ledger.number)

    again.restore([new.update, child, told_by_stream("NEW", order_id=8)])

    (order,) = again.live
    assert (order.status, order.child) == ("TRIGGERED", KEY)


def test_conditional_order_says_nothing_of_its_child_that_the_child_did_not_say() -> None:
    """Rules 12 and 28: what closes a position has the quantity 0, and its child has its own."""
    ledger = Ledger()
    ledger.restore([Told("delivery", told_by_algo("TRIGGERED", "7", quantity="0"))], next_delivery_id=2)

    assert ledger.order(KEY) is None
    assert [told.update["order_status"] for told in fold_child(ledger, "NEW")] == ["NEW"]


def test_ended_order_is_forgotten_and_not_met_anew(book: ConditionalOrders) -> None:
    """Rule 20."""
    book.fold(told_by_algo("NEW", at=1_000))
    book.fold(told_by_algo("CANCELED", at=2_000))
    book.fold(told_by_algo("NEW", algo_id=ALGO + 1, at=1_000))

    assert (book.evict(2_000), book.evict(2_001), book.evict(9_000)) == (0, 1, 0)
    assert book.get(ALGO) is None
    assert book.fold(told_by_algo("NEW", at=1_000)) == []
    assert book.fold(told_by_algo("CANCELED", at=2_000)) == []


def test_order_whose_child_is_known_is_kept_as_long_as_the_child(book: ConditionalOrders, ledger: Ledger) -> None:
    fold_child(ledger, "NEW")
    book.fold(told_by_algo("FINISHED", "7", at=1_000))

    assert book.evict(9_000) == 0


def test_memory_of_forgotten_orders_is_bounded(book: ConditionalOrders) -> None:
    """Rule 20."""
    for algo_id in range(1, 12_001):
        book.fold(told_by_algo("CANCELED", algo_id=algo_id))
        book.evict(2_000)

    assert book.fold(told_by_algo("CANCELED", algo_id=12_000)) == []
    assert len(book.fold(told_by_algo("CANCELED", algo_id=1))) == 1


def test_exchange_that_began_anew_is_believed_about_what_is_open(book: ConditionalOrders) -> None:
    """Rule 20: the old exchange's orders end when two answers and their query do not show them."""
    book.fold(told_by_algo("NEW", algo_id=1, at=NOW_MS - 1_000))
    book.fold(told_by_algo("CANCELED", algo_id=2, at=NOW_MS - 1_000))
    book.start_over()

    assert len(book.fold(told_by_algo("NEW", algo_id=2, at=NOW_MS - 1_000))) == 1
    book.unlisted([2], at=NOW_MS)
    book.unlisted([2], at=NOW_MS + LAG_MS)
    assert say(book.fold_not_found(1, at=NOW_MS + LAG_MS, lag_ms=LAG_MS)) == [("EXPIRED", "", "EXPIRED", "0")]
