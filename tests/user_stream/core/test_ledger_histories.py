"""Rules 1 to 11, 20 and 28 of the ledger, over histories that nobody thought of."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import accumulate

from hypothesis import HealthCheck, given, settings

from tests.user_stream.core.exchange_history import ANYTHING, HEALED, UNBROKEN, Exchange
from tests.user_stream.core.order_plans import History, histories
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.order_record import status_rank

searched = settings(
    max_examples=int(os.environ.get("LEDGER_HISTORIES", "40")),
    deadline=None,
    derandomize="LEDGER_HISTORIES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def told_of(exchange: Exchange, order: int) -> list[MappedOrderUpdate]:
    return [update for update in exchange.deliveries if update["order_id"] == exchange.key(order)[1]]


def last_quantities(told: list[MappedOrderUpdate]) -> list[Decimal]:
    return [Decimal(update["last_filled_qty"]) for update in told]


def cumulative_quantities(told: list[MappedOrderUpdate]) -> list[Decimal]:
    return [Decimal(update["accumulated_filled_qty"]) for update in told]


def assert_told_exactly_once(exchange: Exchange) -> None:
    """Whatever broke, and whoever gave up waiting: rules 4 to 6, and the exchange's state in the end."""
    assert [update["delivery_id"] for update in exchange.deliveries] == list(range(1, len(exchange.deliveries) + 1))
    assert exchange.ledger.holes == set()
    assert exchange.ledger.venue_reset is None
    for order, plan in enumerate(exchange.history.orders):
        told = told_of(exchange, order)
        assert told
        trades = [update["trade_id"] for update in told if update["trade_id"]]
        assert len(trades) == len(set(trades)), "a trade was delivered twice"
        ranks = [status_rank(update["order_status"]) for update in told]
        assert ranks == sorted(ranks), "the status went backwards"
        ends = {update["order_status"] for update in told if status_rank(update["order_status"]) == 3}
        assert ends == ({plan.end} if plan.end != "OPEN" else set()), "the end is another one"
        cumulative = cumulative_quantities(told)
        assert cumulative == sorted(cumulative), "the cumulative quantity went backwards"
        assert all(
            known <= reached for known, reached in zip(accumulate(last_quantities(told)), cumulative, strict=True)
        )
        assert cumulative[-1] == plan.executed
        assert_price(exchange, order, told[-1])
        record = exchange.ledger.order(exchange.key(order))
        if record is not None:
            assert record.baseline + sum(last_quantities(told)) == plan.executed, "the last quantities do not add up"
            assert record.booked == record.claimed == plan.executed
            assert record.status == told[-1]["order_status"]


def assert_price(exchange: Exchange, order: int, told: MappedOrderUpdate) -> None:
    average = exchange.average(order, Decimal(told["accumulated_filled_qty"]))
    # what a baseline cost is known from the exchange's average alone, which is rounded
    tolerance = Decimal("0.00001") if exchange.history.before else Decimal(0)
    assert abs(Decimal(told["avg_price"]) - average) <= tolerance


def assert_told_in_order(exchange: Exchange) -> None:
    """Nobody gave up waiting: rule 11, and rule 4 in every single delivery."""
    for order, plan in enumerate(exchange.history.orders):
        told = told_of(exchange, order)
        trades = [update["trade_id"] for update in told if update["trade_id"]]
        assert trades == sorted(trades), "a fill was delivered before an earlier one"
        sums = accumulate(last_quantities(told))
        before = [reached - known for known, reached in zip(sums, cumulative_quantities(told), strict=True)]
        assert before == sorted(before)
        assert told[-1]["orig_qty"] == exchange.quantity(order), "the terms are other ones"
        record = exchange.ledger.order(exchange.key(order))
        if record is not None:
            assert before[-1] == record.baseline
        if not exchange.history.before:
            assert not any(before), "a delivery says more than was delivered"
        for update in told:
            assert_price(exchange, order, update)
        filled = [update for update in told if update["order_status"] == "FILLED"]
        if plan.end == "FILLED" and not exchange.history.before:
            assert len(filled) == 1


@searched
@given(histories(actions=ANYTHING))
def test_whatever_breaks_each_fill_is_told_once_and_the_end_is_the_exchanges(history: History) -> None:
    """Rules 1, 4, 5, 10, 20 and 28: connections, frames, processes and patience come to an end anywhere."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)


@searched
@given(histories(actions=UNBROKEN))
def test_two_connections_of_which_one_never_breaks_tell_everything_in_order_without_rest(history: History) -> None:
    """Rules 8 and 11: a TRADE_LITE never overtakes an earlier fill of its order, whichever connection runs ahead."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)
    assert_told_in_order(exchange)


@searched
@given(histories(actions=HEALED))
def test_what_is_waited_for_long_enough_is_told_in_order(history: History) -> None:
    """Rules 4, 8, 10 and 11: every delivery is right, however often both connections broke."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)
    assert_told_in_order(exchange)


@searched
@given(histories(actions=ANYTHING, unnamed=True))
def test_fills_without_a_trade_id_are_told_once_although_rest_names_them(history: History) -> None:
    """Rule 1."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)


@searched
@given(histories(actions=ANYTHING, begins_late=True))
def test_what_was_executed_before_the_ledger_began_is_never_told_as_a_fill(history: History) -> None:
    """Rule 7: deliveries add up to what was executed since the baseline."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)


@searched
@given(histories(actions=HEALED, begins_late=True))
def test_orders_met_halfway_are_told_in_order_from_their_baseline_on(history: History) -> None:
    """Rules 7 and 11."""
    exchange = Exchange(history)

    exchange.play()

    assert_told_exactly_once(exchange)
    assert_told_in_order(exchange)
