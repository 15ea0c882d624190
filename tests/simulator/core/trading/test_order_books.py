"""What everybody sees of the market: levels, best, and an update id that grows with every change."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.domain import BUY, SELL
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.book_trading import a_book, amend, place_as, said
from tests.simulator.core.small_markets import NOW, an_exchange, limit, market, place, told


@pytest.mark.parametrize("exchange", [an_exchange(), a_book()], ids=["one_price", "book"])
def test_both_markets_show_depth_a_tick_off_the_price_on_either_side(exchange: Exchange) -> None:
    best = exchange.best("BTCUSDT")

    assert (best.bid, best.ask) == (Decimal("64999.90"), Decimal("65000.10"))
    for side, price, quantity in ((BUY, best.bid, best.bid_quantity), (SELL, best.ask, best.ask_quantity)):
        levels = exchange.levels("BTCUSDT", side)
        assert levels[0] == Level(quantity, price)
        assert len(levels) >= 20
        assert exchange.levels("BTCUSDT", side, 5) == levels[:5]


def test_a_resting_order_is_seen_in_its_level() -> None:
    exchange = a_book()
    first = exchange.best("BTCUSDT")
    place_as(exchange, "a", limit(BUY, "0.010", "64999.90"))
    place_as(exchange, "b", limit(SELL, "0.020", "65000"))

    best = exchange.best("BTCUSDT")
    assert best.bid_quantity == first.bid_quantity + Decimal("0.010")
    assert (best.ask, best.ask_quantity) == (Decimal(65000), Decimal("0.020"))


def test_every_change_that_can_be_seen_makes_the_update_id_grow() -> None:
    exchange = a_book()
    ids = [exchange.update_id("BTCUSDT")]

    def note() -> None:
        ids.append(exchange.update_id("BTCUSDT"))

    order, _ = place_as(exchange, "a", limit(BUY, "0.010", "64000"))
    note()
    amend(exchange, order, "0.020", "64100")
    note()
    place_as(exchange, "b", market(BUY, "0.010"))
    note()
    exchange.set_price("BTCUSDT", Decimal(64100), NOW)
    note()
    exchange.set_depth("BTCUSDT", [])
    note()
    assert ids == sorted(set(ids))
    exchange.set_mark("BTCUSDT", Decimal(64000), Decimal(64000), NOW)
    assert exchange.update_id("BTCUSDT") == ids[-1]
    assert exchange.update_id("ETHUSDT") == a_book().update_id("ETHUSDT")


def test_taking_in_the_market_of_one_price_wears_nothing_down() -> None:
    exchange = an_exchange()
    before = exchange.best("BTCUSDT")
    place(exchange, market(BUY, "0.100"))

    assert exchange.best("BTCUSDT") == before


def test_levels_that_were_said_are_the_book_and_what_is_taken_of_them_is_gone() -> None:
    exchange = said(("1", "64990"), ("2", "65010"), ("3", "65020"))
    place_as(exchange, "a", market(BUY, "2.500"))

    assert exchange.levels("BTCUSDT", BUY) == [Level(Decimal(1), Decimal(64990))]
    assert exchange.levels("BTCUSDT", SELL) == [Level(Decimal("2.500"), Decimal(65020))]


def test_levels_that_were_said_twice_for_a_price_are_one_level_and_two_trades() -> None:
    exchange = said(("1", "65010"), ("2", "65010"))

    assert exchange.levels("BTCUSDT", SELL) == [Level(Decimal(3), Decimal(65010))]
    assert told(place_as(exchange, "a", market(BUY, "1.500"))[1])[1:] == ["filled 1 at 65010", "filled 0.500 at 65010"]
    assert exchange.levels("BTCUSDT", SELL) == [Level(Decimal("1.500"), Decimal(65010))]


def test_levels_that_were_said_do_not_stand_across_a_resting_order() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.010", "64990"))
    exchange.set_price("BTCUSDT", Decimal(64995), NOW)
    exchange.set_depth("BTCUSDT", [Level(Decimal(1), Decimal(64980)), Level(Decimal(2), Decimal(64996))])
    place_as(exchange, "b", limit(BUY, "2.500", "64996"))

    assert exchange.levels("BTCUSDT", SELL) == []
    exchange.set_depth("BTCUSDT", [Level(Decimal(3), Decimal(64996)), Level(Decimal(4), Decimal(64997))])
    assert exchange.levels("BTCUSDT", SELL) == [Level(Decimal(4), Decimal(64997))]


def test_an_empty_side_is_told_as_nothing() -> None:
    best = said(("1", "65010")).best("BTCUSDT")

    assert (best.bid, best.bid_quantity) == (Decimal(0), Decimal(0))


def test_the_ladder_comes_back_when_no_levels_are_said_any_more() -> None:
    exchange = said()
    exchange.set_depth("BTCUSDT", None)

    assert exchange.best("BTCUSDT") == a_book().best("BTCUSDT")
