"""Rules 1 to 9 and 11 of the ledger, over histories that nobody thought of."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.user_stream.core.exchange_history import Exchange, History, histories
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.order_record import status_rank

searched = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
UNINTERRUPTED = ("happen", "happen", "hear a lite", "hear a order", "hear b lite", "hear b order")


def assert_told_exactly_once_and_in_order(exchange: Exchange, deliveries: list[MappedOrderUpdate]) -> None:
    assert [update["delivery_id"] for update in deliveries] == list(range(1, len(deliveries) + 1))
    for index in range(len(exchange.history.orders)):
        assert_order_told(exchange, index, [u for u in deliveries if u["order_id"] == exchange.key(index)[1]])


def assert_order_told(exchange: Exchange, index: int, told: list[MappedOrderUpdate]) -> None:
    plan, record = exchange.history.orders[index], exchange.ledger.order(exchange.key(index))
    assert record is not None
    assert told

    trades = [update["trade_id"] for update in told if update["trade_id"]]
    assert len(trades) == len(set(trades)), "a trade was delivered twice"
    last = [Decimal(update["last_filled_qty"]) for update in told]
    assert record.baseline + sum(last) == plan.executed, "the last quantities do not add up to what was executed"

    ranks = [status_rank(update["order_status"]) for update in told]
    assert ranks == sorted(ranks), "the status went backwards"
    ends = {update["order_status"] for update in told if status_rank(update["order_status"]) == 3}
    assert ends == ({plan.end} if plan.end != "OPEN" else set()), "the end is another one"

    cumulative = [Decimal(update["accumulated_filled_qty"]) for update in told]
    assert cumulative == sorted(cumulative), "the cumulative quantity went backwards"
    for count, claimed in enumerate(cumulative, start=1):
        assert record.baseline * bool(record.status) + sum(last[:count]) <= claimed <= plan.executed
    assert cumulative[-1] == plan.executed
    if plan.executed:
        average = exchange.average(index, until=10**9)
        assert abs(Decimal(told[-1]["avg_price"]) - average) <= Decimal("0.00000002")


def trades_of(told: list[MappedOrderUpdate], order_id: str) -> list[int]:
    return [update["trade_id"] for update in told if update["order_id"] == order_id and update["trade_id"]]


@searched
@given(histories(own=st.booleans(), unnamed=st.just(False)))
def test_whatever_breaks_each_fill_is_told_once_and_nothing_goes_backwards(history: History) -> None:
    exchange = Exchange(history)

    deliveries = exchange.play()

    assert_told_exactly_once_and_in_order(exchange, deliveries)


@searched
@given(histories(own=st.booleans(), unnamed=st.just(False), actions=UNINTERRUPTED))
def test_two_unbroken_connections_tell_fills_in_the_order_of_their_trades(history: History) -> None:
    """Rules 8 and 11: a TRADE_LITE never overtakes an earlier fill of its order."""
    exchange = Exchange(history)

    deliveries = exchange.play()

    assert_told_exactly_once_and_in_order(exchange, deliveries)
    for index in range(len(history.orders)):
        trades = trades_of(deliveries, exchange.key(index)[1])
        assert trades == sorted(trades)


@searched
@given(histories(own=st.booleans(), unnamed=st.just(True)))
def test_fills_without_a_trade_id_are_told_once_although_rest_names_them(history: History) -> None:
    exchange = Exchange(history)

    deliveries = exchange.play()

    assert_told_exactly_once_and_in_order(exchange, deliveries)


@searched
@given(histories(own=st.booleans(), unnamed=st.booleans(), begins_late=True))
def test_what_was_executed_before_the_ledger_began_is_never_told_as_a_fill(history: History) -> None:
    """Rule 7: deliveries add up to what was executed since the baseline."""
    exchange = Exchange(history)

    deliveries = exchange.play()

    assert_told_exactly_once_and_in_order(exchange, deliveries)
