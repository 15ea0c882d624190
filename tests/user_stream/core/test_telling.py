"""What is told of a fact beside the fact, and which attributes stay."""

from __future__ import annotations

from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.mapping import map_order_row
from user_stream.core.order_record import OrderRecord
from user_stream.core.telling import brings_terms, completed, intended, learn, terms_of, without_fill

NEW = told_by_stream("NEW", at=1_000)
FILL = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", commission="1", profit="2", at=2_000)
AMENDED = told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="4", quantity="20", limit="99", at=3_000)


def knowing(*updates: MappedOrderUpdate) -> OrderRecord:
    """Return a record that was told of all this."""
    record = OrderRecord(KEY, facts=updates[0])
    for update in updates:
        if update["trade_id"]:
            record.book(update)
        learn(record, update)
        record.status, record.told_terms = update["order_status"], terms_of(update)
        record.cumulative = record.booked
    return record


def test_what_is_not_the_fill_carries_nothing_of_it() -> None:
    """Rule 4."""
    bare = without_fill(FILL)

    assert (bare["last_filled_qty"], bare["trade_id"], bare["commission"], bare["realized_profit"]) == (
        "0",
        0,
        "0",
        "0",
    )
    assert bare["accumulated_filled_qty"] == "4"


def test_what_trade_lite_lacks_is_the_intents() -> None:
    """Rule 8."""
    told = intended(told_by_lite(1, "4"), intent())

    assert (told["position_side"], told["order_type"], told["time_in_force"]) == ("BOTH", "LIMIT", "GTC")


def test_trade_lite_is_completed_from_what_is_known() -> None:
    record = knowing(NEW, FILL)
    lite = told_by_lite(2, "3", price="130", at=2_500)
    record.book(lite)
    record.cumulative = record.booked

    told = completed(record, lite)

    assert (told["accumulated_filled_qty"], told["order_type"], told["order_status"]) == (
        "7",
        "LIMIT",
        "PARTIALLY_FILLED",
    )
    assert told["avg_price"].startswith("112.857")


def test_terms_that_are_no_longer_so_are_not_told() -> None:
    """Rule 5: the fill was made before the amendment, and is told after it."""
    record = knowing(NEW, AMENDED)

    assert [terms_of(completed(record, update)) for update in (FILL, told_by_lite(1, "4", at=2_000))] == [
        ("99", "20")
    ] * 2


def test_an_older_fact_teaches_nothing() -> None:
    record = knowing(AMENDED)

    learn(record, NEW)

    assert record.facts is AMENDED


def test_of_one_millisecond_the_fact_that_knows_more_teaches() -> None:
    fill = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=1_000)
    record = knowing(fill)

    learn(record, NEW)

    assert record.facts is fill


def test_an_attribute_that_is_told_empty_is_kept() -> None:
    record = knowing(NEW)

    learn(record, {**FILL, "client_order_id": "", "position_side": ""})

    assert (record.facts["client_order_id"], record.facts["position_side"]) == ("mine", "BOTH")
    assert record.facts["accumulated_filled_qty"] == "4"


def test_an_amendment_is_news_once() -> None:
    """Rule 5."""
    record = knowing(NEW, FILL)
    assert brings_terms(record, AMENDED)

    assert not brings_terms(knowing(NEW, FILL, AMENDED), AMENDED)


def test_an_amendment_of_the_same_millisecond_is_news_once() -> None:
    first = told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_000)
    second = told_by_stream("NEW", execution="AMENDMENT", quantity="15", at=1_000)
    record = knowing(NEW, first)
    assert brings_terms(record, second)

    assert not brings_terms(knowing(NEW, first, second), first)


def test_an_amendment_is_news_although_a_trade_lite_had_its_quantity() -> None:
    """TRADE_LITE is no telling of an amendment: it ran ahead of it."""
    lite = OrderRecord(KEY, facts=told_by_lite(1, "4", quantity="20"), status="PARTIALLY_FILLED")

    assert brings_terms(lite, AMENDED)
    assert not brings_terms(lite, map_order_row(order_row("PARTIALLY_FILLED", executed="4", quantity="20", at=2_000)))


def test_a_fill_is_no_amendment() -> None:
    """Rule 8: the ORDER_TRADE_UPDATE of a trade that was told is told again only if it moves the status."""
    record = knowing(NEW)

    assert not brings_terms(
        record, told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", quantity="20", at=2_000)
    )


def test_a_row_is_news_if_it_knows_more_than_we_do() -> None:
    amended = map_order_row(order_row("PARTIALLY_FILLED", executed="4", quantity="20", at=2_000))
    stale = map_order_row(order_row("NEW", quantity="20", at=2_000))

    assert brings_terms(knowing(NEW, FILL), amended)
    assert not brings_terms(knowing(NEW, FILL), stale)
    assert not brings_terms(knowing(NEW, FILL, AMENDED), amended)


def test_nothing_of_an_order_that_ended_is_news() -> None:
    assert not brings_terms(knowing(NEW, told_by_stream("CANCELED", at=2_000)), AMENDED)
