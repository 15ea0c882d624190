"""What fills explain of a position, and what they leave over: rule 23."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.user_stream.core.account_facts import ETHER, LONG, SHORT, account_update
from tests.user_stream.core.order_facts import told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.explanation import Explanation
from user_stream.core.positions import PositionBook, PositionKey


def holding(**amounts: str) -> PositionBook:
    """Return a book of positions, named in short."""
    keys = {"long": LONG, "short": SHORT, "ether": ETHER}
    book = PositionBook()
    book.on_account_update(account_update(1, positions={keys[name]: amount for name, amount in amounts.items()}))
    return book


def fill(key: PositionKey, quantity: str, *, buys: bool = True) -> MappedOrderUpdate:
    update = told_by_stream("PARTIALLY_FILLED", trade=1, last=quantity, cumulative=quantity)
    return {**update, "symbol": key[0], "position_side": key[1], "side": "BUY" if buys else "SELL"}


def left_over(before: PositionBook, *fills: MappedOrderUpdate, after: PositionBook) -> dict[PositionKey, str]:
    """Return what the fills do not explain of the way from one book to the other."""
    explanation = Explanation()
    explanation.settle(before)
    for update in fills:
        explanation.add(update)
    return {(each.symbol, each.position_side): each.amount for each in explanation.unexplained(after)}


def test_nothing_is_unexplained_before_the_positions_were_known_once() -> None:
    explanation = Explanation()
    explanation.add(fill(ETHER, "3"))

    assert explanation.unexplained(holding(ether="1")) == []
    assert explanation.settle(holding(ether="1")) == []
    assert explanation.unexplained(holding(ether="1")) == [], "the fill before it is in it"


def test_fills_explain_opening_adding_reducing_and_closing() -> None:
    assert left_over(holding(), fill(ETHER, "1"), after=holding(ether="1")) == {}
    assert left_over(holding(ether="1"), fill(ETHER, "1"), after=holding(ether="2.0")) == {}
    assert left_over(holding(ether="3"), fill(ETHER, "1", buys=False), after=holding(ether="2")) == {}
    assert left_over(holding(ether="3"), fill(ETHER, "3", buys=False), after=holding()) == {}


def test_position_that_flips_is_explained_by_the_fill_that_flipped_it() -> None:
    assert left_over(holding(ether="1"), fill(ETHER, "3", buys=False), after=holding(ether="-2")) == {}


def test_legs_of_a_hedge_are_explained_one_by_one() -> None:
    opened, closed = fill(LONG, "1"), fill(SHORT, "2")

    assert left_over(holding(short="-2"), opened, closed, after=holding(long="1")) == {}
    assert left_over(holding(short="-2"), opened, closed, after=holding(short="-1")) == {LONG: "-1", SHORT: "-1"}


def test_liquidation_without_an_order_is_left_over_with_its_sign() -> None:
    """Row 11: booked, and reported as somebody else's."""
    assert left_over(holding(ether="5", long="1"), after=holding(long="1")) == {ETHER: "-5"}
    assert left_over(holding(short="-2"), after=holding(short="-0.5")) == {SHORT: "1.5"}


def test_fill_that_moved_nothing_is_left_over_against_its_sign() -> None:
    """Its account update is missing."""
    assert left_over(holding(ether="5"), fill(ETHER, "0.000001"), after=holding(ether="5")) == {ETHER: "-0.000001"}


def test_delivery_without_a_fill_explains_nothing() -> None:
    update = told_by_stream("CANCELED", cumulative="4")
    assert left_over(holding(), update, after=holding()) == {}


def test_positions_are_known_anew_once_they_were_settled() -> None:
    explanation = Explanation()
    explanation.settle(holding(ether="5"))

    assert len(explanation.settle(holding(ether="4"))) == 1
    assert explanation.settle(holding(ether="4")) == []


def test_fill_of_which_no_side_is_known_explains_the_leg_that_moved() -> None:
    """A TRADE_LITE names no position side: rule 8."""
    lite: MappedOrderUpdate = {**told_by_lite(1, "2"), "side": "BUY"}

    assert left_over(holding(short="-2"), lite, after=holding()) == {}
    assert left_over(holding(), lite, after=holding(long="2")) == {}
    assert left_over(holding(short="-1"), lite, after=holding(long="1")) == {}
    assert left_over(holding(), lite, after=holding(long="3")) == {LONG: "1"}
    assert left_over(holding(long="1"), lite, after=holding(long="1")) == {("BTCUSDT", "BOTH"): "-2"}


@given(
    st.lists(st.tuples(st.sampled_from([LONG, SHORT, ETHER]), st.integers(-5, 5), st.booleans()), max_size=10),
)
def test_what_was_not_told_is_what_is_left_over(trades: list[tuple[PositionKey, int, bool]]) -> None:
    """Rule 23: whatever mixture of told fills and other people's deeds moved the positions."""
    explanation = Explanation()
    amounts = {LONG: 10, SHORT: -10, ETHER: 0}
    untold = dict.fromkeys(amounts, 0)
    book = PositionBook()
    book.on_account_update(account_update(1, positions={key: str(amount) for key, amount in amounts.items()}))
    explanation.settle(book)
    for key, quantity, told in trades:
        amounts[key] += quantity
        if told and quantity:
            explanation.add(fill(key, str(abs(quantity)), buys=quantity > 0))
        else:
            untold[key] += quantity
    book.on_account_update(account_update(2, positions={key: str(amount) for key, amount in amounts.items()}))

    found = {(each.symbol, each.position_side): Decimal(each.amount) for each in explanation.settle(book)}
    assert found == {key: amount for key, amount in untold.items() if amount}
