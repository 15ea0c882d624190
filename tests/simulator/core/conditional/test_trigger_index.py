"""Which waiting orders a price finds."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from simulator.core.conditional.algo_orders import AlgoOrder, AlgoTerms, is_met
from simulator.core.conditional.trigger_index import TriggerIndex

PRICES = st.integers(90, 110).map(Decimal)
TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(("BUY", "SELL")),
        st.sampled_from(TYPES),
        PRICES,
        st.sampled_from(("CONTRACT_PRICE", "MARK_PRICE")),
    ),
    max_size=30,
)


def an_order(number: int, side: str, kind: str, trigger: Decimal, working_type: str) -> AlgoOrder:
    terms = AlgoTerms(symbol="BTCUSDT", side=side, type=kind, trigger_price=trigger, working_type=working_type)
    return AlgoOrder(
        account=f"account{number % 3}",
        algo_id=number,
        client_algo_id=str(number),
        terms=terms,
        created_ms=0,
        update_ms=0,
    )


@given(ORDERS, st.sets(st.integers(0, 29)), PRICES, PRICES)
def test_a_price_finds_what_it_meets_and_every_trailing_stop_and_nothing_that_was_removed(
    terms: list[tuple[str, str, Decimal, str]], removed: set[int], last: Decimal, mark: Decimal
) -> None:
    orders = [an_order(number, *its) for number, its in enumerate(terms)]
    index = TriggerIndex()
    for order in orders:
        index.add(order)
        index.add(order)
    for order in orders:
        if order.algo_id in removed:
            index.remove(order)
            index.remove(order)

    found = list(index.concerned("BTCUSDT", last, mark))

    assert sorted(found) == [
        (order.algo_id, order.account)
        for order in orders
        if order.algo_id not in removed
        and (
            order.terms.type == "TRAILING_STOP_MARKET"
            or is_met(order, mark if order.terms.working_type == "MARK_PRICE" else last)
        )
    ]


def test_a_symbol_on_which_nothing_waits_is_not_named() -> None:
    index = TriggerIndex()
    order = an_order(1, "BUY", "STOP_MARKET", Decimal(100), "CONTRACT_PRICE")
    index.add(order)
    assert list(index.symbols()) == ["BTCUSDT"]

    index.remove(order)

    assert list(index.symbols()) == []
    assert list(index.concerned("BTCUSDT", Decimal(100), Decimal(100))) == []
