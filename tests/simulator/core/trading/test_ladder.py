"""The house's quotes: realistic depth that is the same for the same seed, and never runs dry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import ConfigurationError, MarketTerms, SymbolSpec, perpetual
from simulator.core.domain import BUY, SELL
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.trading.depth import Level
from simulator.core.trading.ladder import Ladder
from tests.simulator.core.book_trading import a_book, place_as
from tests.simulator.core.small_markets import BTC, limit


def a_ladder(spec: SymbolSpec = BTC, seed: int = 0, **terms: object) -> Ladder:
    return Ladder(spec, MarketTerms(**terms), seed)  # type: ignore[arg-type]  # the terms of a test are whatever it needs


def taken(ladder: Ladder, side: str, quantity: Decimal) -> list[Level]:
    """Let a taker have so much, and return what it was."""
    trades = []
    while quantity and (best := ladder.best(side)):
        trades.append(Level(min(quantity, best.quantity), best.price))
        ladder.take(side, trades[-1].quantity)
        quantity -= trades[-1].quantity
    return trades


@pytest.mark.parametrize("spec", DEFAULT_SYMBOLS, ids=lambda spec: spec.symbol)
def test_every_symbol_has_depth_within_its_filters(spec: SymbolSpec) -> None:
    ladder = a_ladder(spec)
    bids, asks = ladder.levels(BUY), ladder.levels(SELL)

    assert len(asks) == 100
    assert len(bids) >= 20
    assert bids[0].price < spec.price < asks[0].price
    for level in (*bids, *asks):
        assert not level.price % spec.tick_size
        assert not level.quantity % spec.step_size
        assert level.quantity >= spec.min_quantity


def test_prices_go_outward_from_the_spread() -> None:
    ladder = a_ladder(spread_ticks=3, gap_ticks=2)

    assert [level.price for level in ladder.levels(BUY)[:2]] == [Decimal("64999.90"), Decimal("64999.70")]
    assert [level.price for level in ladder.levels(SELL)[:2]] == [Decimal("65000.20"), Decimal("65000.40")]


def test_sizes_vary_with_the_seed_and_with_nothing_else() -> None:
    assert a_ladder(seed=1).levels(BUY) == a_ladder(seed=1).levels(BUY)
    assert a_ladder(seed=1).levels(BUY) != a_ladder(seed=2).levels(BUY)
    assert len({level.quantity for level in a_ladder().levels(SELL)}) > 50


def test_a_level_is_worth_what_the_terms_say_on_average() -> None:
    worth = [level.quantity * level.price for level in a_ladder(level_notional=Decimal(50_000)).levels(SELL)]

    assert 45_000 < sum(worth) / len(worth) < 55_000
    assert all(9_000 < each < 91_000 for each in worth)


def test_a_price_that_stays_in_sight_keeps_its_size_while_the_ladder_moves() -> None:
    ladder = a_ladder()
    before = dict.fromkeys(ladder.levels(SELL)[10:])
    ladder.move(Decimal("65000.50"))

    assert len(before.keys() & set(ladder.levels(SELL))) > 80


def test_what_was_taken_is_there_again_when_the_taker_is_done_in_another_size() -> None:
    ladder = a_ladder()
    first, second, third = ladder.levels(SELL)[:3]
    trades = taken(ladder, SELL, first.quantity + second.quantity / 2)

    assert [trade.price for trade in trades] == [first.price, second.price]
    assert ladder.best(SELL) == Level(second.quantity / 2, second.price)
    ladder.replenish(SELL)
    again = ladder.levels(SELL)
    assert [level.price for level in again[:2]] == [first.price, second.price]
    assert again[0] != first
    assert again[1] != second
    assert again[2] == third


def test_an_order_larger_than_the_ladder_finds_its_end() -> None:
    ladder = a_ladder(levels=3)
    everything = sum((level.quantity for level in ladder.levels(BUY)), Decimal(0))

    trades = taken(ladder, BUY, everything + 1)
    assert sum((trade.quantity for trade in trades), Decimal(0)) == everything
    assert ladder.best(BUY) is None


def test_bids_end_at_the_lowest_price() -> None:
    ladder = a_ladder(perpetual("TINYUSDT", "0.003", "0.001", "1"))

    assert [level.price for level in ladder.levels(BUY)] == [Decimal("0.002"), Decimal("0.001")]


@pytest.mark.parametrize(
    "terms", [{"levels": 0}, {"spread_ticks": 0}, {"gap_ticks": 0}, {"level_notional": Decimal(0)}]
)
def test_terms_on_which_nothing_can_be_quoted_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="above 0"):
        MarketTerms(**terms)


@pytest.mark.parametrize(
    ("gap", "price", "best"), [(1, "64999.70", "64999.60"), (2, "64999.60", "64999.50"), (1, "65000", "64999.90")]
)
def test_the_house_keeps_off_an_order_that_its_quotes_would_meet(gap: int, price: str, best: str) -> None:
    ladder = a_ladder(gap_ticks=gap)
    usual = ladder.levels(BUY)

    ladder.keep_off(BUY, Decimal(price))
    kept_off = ladder.best(BUY)
    ladder.keep_off(BUY, None)

    assert kept_off is not None
    assert kept_off.price == Decimal(best)
    assert ladder.levels(BUY) == usual


def test_what_is_left_of_an_order_that_took_all_it_found_stands_alone_at_its_price() -> None:
    exchange = a_book("a", "b", terms=MarketTerms(liquidity="book"))
    (best, *_) = exchange.levels("BTCUSDT", "BUY", 1)
    left, _ = place_as(exchange, "a", limit("SELL", str(best.quantity + 1), "64999.90"))
    assert left.remaining == 1

    seen = exchange.best("BTCUSDT")
    assert (seen.bid, seen.ask, seen.ask_quantity) == (Decimal("64999.80"), Decimal("64999.90"), Decimal(1))
    place_as(exchange, "b", limit("BUY", "1", "64999.90"))

    assert exchange.best("BTCUSDT").bid == Decimal("64999.90")
