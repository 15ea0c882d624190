"""Resting orders by price, then time: the book against a list that is sorted each time."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from simulator.core.domain import BUY, SELL
from simulator.core.trading.book import Book
from simulator.core.trading.depth import Level
from simulator.core.trading.orders import Order, accept, after_end, after_fill
from tests.simulator.core.small_markets import NOW, limit


def an_order(number: int, side: str = BUY, price: str = "100", quantity: str = "5") -> Order:
    return accept(limit(side, quantity, price), account="a", order_id=number, client_order_id=str(number), time_ms=NOW)


def a_book(*orders: Order) -> Book:
    book = Book()
    for order in orders:
        book.put(order)
    return book


def test_the_best_price_is_first_and_at_a_price_the_oldest() -> None:
    bids = [an_order(1, price="100"), an_order(2, price="101"), an_order(3, price="101")]
    asks = [an_order(4, SELL, "103"), an_order(5, SELL, "102")]
    book = a_book(*bids, *asks)

    assert (book.best_price(BUY), book.first(BUY)) == (Decimal(101), ("a", 2))
    assert (book.best_price(SELL), book.first(SELL)) == (Decimal(102), ("a", 5))


def test_levels_add_up_what_is_left_of_their_orders() -> None:
    first, second = an_order(1), an_order(2)
    book = a_book(first, second, an_order(3, price="99"))
    book.follow(after_fill(first, Decimal(2), Decimal(100), NOW))

    assert list(book.levels(BUY)) == [Level(Decimal(8), Decimal(100)), Level(Decimal(5), Decimal(99))]


def test_an_order_that_ended_leaves_and_its_level_with_it() -> None:
    order = an_order(1)
    book = a_book(order)
    book.follow(after_end(order, "CANCELED", "0", NOW))

    assert book.best_price(BUY) is None
    assert list(book.levels(BUY)) == []


def test_what_does_not_rest_is_not_followed() -> None:
    book = a_book()
    book.follow(an_order(1))
    book.pull(1)

    assert book.best_price(BUY) is None


def test_equal_prices_with_other_zeros_are_one_level() -> None:
    book = a_book(an_order(1, price="100"), an_order(2, price="100.00"))

    assert list(book.levels(BUY)) == [Level(Decimal(10), Decimal(100))]


def test_met_orders_are_bids_then_asks_each_in_their_order() -> None:
    book = a_book(an_order(1, price="100"), an_order(2, price="101"), an_order(3, SELL, "90"), an_order(4, SELL, "110"))

    assert [order_id for _, order_id in book.met_by(Decimal(100))] == [2, 1, 3]


@given(
    st.lists(
        st.tuples(
            st.sampled_from((BUY, SELL)),
            st.integers(95, 105),
            st.integers(1, 9),
            st.sampled_from(["keep", "fill", "end"]),
        ),
        max_size=40,
    )
)
def test_it_is_always_what_sorting_would_give(history: list[tuple[str, int, int, str]]) -> None:
    book = Book()
    resting: list[Order] = []
    for number, (side, price, quantity, fate) in enumerate(history):
        order = an_order(number, side, str(price), "10")
        book.put(order)
        if fate == "fill":
            order = after_fill(order, Decimal(quantity), order.price, NOW)
        elif fate == "end":
            order = after_end(order, "CANCELED", "0", NOW)
        book.follow(order)
        resting += [order] if order.is_open else []

    for side, sign in ((BUY, -1), (SELL, 1)):
        expected = sorted((o for o in resting if o.side == side), key=lambda o, s=sign: (s * o.price, o.order_id))  # type: ignore[misc]  # a loop's variable
        taken: list[int] = []
        while book.best_price(side) is not None:
            taken.append(book.first(side)[1])
            book.pull(taken[-1])
        assert taken == [order.order_id for order in expected]
