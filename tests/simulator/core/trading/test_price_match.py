"""An order may take its price from the book."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.trading import price_match
from tests.simulator.core.book_trading import a_book, place_as, said
from tests.simulator.core.small_markets import an_exchange, limit


@pytest.mark.parametrize(
    ("side", "mode", "price"),
    [
        (BUY, "OPPONENT", "65000.10"),
        (BUY, "OPPONENT_5", "65000.50"),
        (BUY, "QUEUE", "64999.90"),
        (BUY, "QUEUE_5", "64999.50"),
        (SELL, "OPPONENT", "64999.90"),
        (SELL, "QUEUE_10", "65001.00"),
        (SELL, "QUEUE_20", "65002.00"),
    ],
)
def test_the_price_is_that_of_a_level_of_the_visible_book(side: str, mode: str, price: str) -> None:
    assert price_match.resolve(a_book(), "BTCUSDT", side, mode) == Decimal(price)


def test_levels_count_orders_and_quotes_together() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    place_as(exchange, "b", limit(BUY, "0.010", "64999.90"))

    assert price_match.resolve(exchange, "BTCUSDT", BUY, "QUEUE") == 65000
    assert price_match.resolve(exchange, "BTCUSDT", SELL, "OPPONENT_5") == Decimal("64999.60")


def test_where_there_are_not_as_many_levels_there_is_no_price() -> None:
    exchange = said(("1", "65001"))
    assert price_match.resolve(exchange, "BTCUSDT", BUY, "OPPONENT") == 65001
    for side, mode in ((BUY, "OPPONENT_5"), (BUY, "QUEUE"), (SELL, "QUEUE_5")):
        with pytest.raises(VenueError, match="-5041"):
            price_match.resolve(exchange, "BTCUSDT", side, mode)


def test_modes_that_were_switched_off_are_unknown() -> None:
    for mode in ("OPPONENT_10", "OPPONENT_20", "NONE"):
        with pytest.raises(VenueError, match="-5037"):
            price_match.resolve(a_book(), "BTCUSDT", BUY, mode)


def test_the_market_of_one_price_has_a_visible_book_too() -> None:
    assert price_match.resolve(an_exchange(), "BTCUSDT", BUY, "QUEUE") == Decimal("64999.90")
