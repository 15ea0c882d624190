"""Rule 1: what a REST trade takes the place of, when the stream told fills with trade id 0."""

from __future__ import annotations

from decimal import Decimal

from user_stream.core.unnamed_fills import UnnamedFills

PRICE = Decimal(100)


def told(*spans: tuple[int, int]) -> UnnamedFills:
    """Return fills as (reached, quantity), told a second apart."""
    fills = UnnamedFills()
    for reached, quantity in spans:
        fills.add(Decimal(reached), Decimal(quantity), price=PRICE, time=reached * 1000)
    return fills


def name(fills: UnnamedFills, quantity: int, *, end: int, price: Decimal = PRICE, time: int = 0) -> Decimal:
    return fills.name(Decimal(quantity), price=price, time=time, end=Decimal(end))


def test_a_trade_takes_the_place_of_the_fill_that_it_covers() -> None:
    fills = told((4, 4), (10, 6))

    assert name(fills, 6, end=10) == 6
    assert fills.within(Decimal(10)) == 4


def test_a_trade_takes_the_place_of_several_fills() -> None:
    fills = told((4, 4), (10, 6))

    assert name(fills, 10, end=10) == 10
    assert fills.within(Decimal(10)) == 0


def test_several_trades_share_the_place_of_one_fill() -> None:
    fills = told(
        (4, 4),
    )

    assert [name(fills, 1, end=1), name(fills, 3, end=4), name(fills, 2, end=6)] == [1, 3, 0]


def test_a_trade_takes_no_place_beside_its_own() -> None:
    assert (
        name(
            told(
                (10, 6),
            ),
            4,
            end=4,
        )
        == 0
    )


def test_an_equal_in_time_price_and_quantity_is_taken_wherever_it_stands() -> None:
    """Earlier trades may be missing in the list."""
    fills = told(
        (10, 6),
    )

    assert name(fills, 6, end=6, time=10_000) == 6
    assert name(fills, 6, end=6, time=10_000) == 0


def test_another_price_is_another_fill() -> None:
    assert (
        name(
            told(
                (10, 6),
            ),
            6,
            end=4,
            time=10_000,
            price=Decimal(101),
        )
        == 0
    )


def knows(fills: UnnamedFills, reached: int, quantity: int = 4, *, time: int = 4_000) -> bool:
    return fills.knows(Decimal(reached), Decimal(quantity), price=PRICE, time=time)


def test_a_fill_that_got_its_name_is_still_known_without_it() -> None:
    fills = told((4, 4))

    name(fills, 4, end=4)

    assert knows(fills, 4)
    assert not knows(fills, 5)


def test_a_fill_is_known_as_the_equal_of_a_trade_that_came_alone() -> None:
    """Rule 18: the trade was told before the stream told of it."""
    fills = UnnamedFills()
    fills.add_trade(Decimal(4), price=PRICE, time=4_000)

    assert knows(fills, 7)
    assert not knows(fills, 7, time=4_001)
    assert fills.within(Decimal(10)) == 0
