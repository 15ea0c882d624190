"""How a market moves by itself: as written, on ticks, and the same way each time."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

import pytest

from simulator.core.market.price_path import Constant, Recorded, Steps, Walk, moves, parse_path, parse_recorded
from simulator.errors import BadPathError
from tests.simulator.core.small_markets import BTC

PRICE = Decimal(65000)


def test_a_constant_price_moves_once_or_never() -> None:
    assert list(moves(Constant(), BTC, PRICE)) == []
    assert list(moves(Constant(Decimal(64000)), BTC, PRICE)) == [(0, Decimal(64000))]


def test_steps_follow_each_other_on_ticks() -> None:
    path = Steps(prices=(Decimal("65000.04"), Decimal(65100)), every_ms=5000)

    assert list(moves(path, BTC, PRICE)) == [(0, Decimal(65000)), (5000, Decimal(65100))]


def test_a_walk_goes_the_same_way_with_the_same_seed() -> None:
    one, other = (list(islice(moves(Walk(seed=seed), BTC, PRICE), 100)) for seed in (1, 2))

    assert one == list(islice(moves(Walk(seed=1), BTC, PRICE), 100))
    assert one != other
    assert [move.after_ms for move in one] == list(range(1000, 101_000, 1000))


def test_a_walk_stays_on_ticks_and_within_its_reach() -> None:
    price = PRICE
    for move in islice(moves(Walk(percent=Decimal("0.1")), BTC, PRICE), 500):
        assert move.price % BTC.tick_size == 0
        assert abs(move.price - price) <= price / 1000
        price = move.price


def test_a_walk_never_leaves_the_possible_prices() -> None:
    prices = {move.price for move in islice(moves(Walk(percent=Decimal(50)), BTC, PRICE), 2000)}

    assert BTC.min_price <= min(prices) < max(prices) <= BTC.max_price


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("constant", Constant()),
        ("constant:65000.1", Constant(Decimal("65000.1"))),
        ("steps:every=500ms,1,2", Steps(prices=(Decimal(1), Decimal(2)), every_ms=500)),
        ("walk", Walk()),
        ("walk:every=2s,by=0.1,seed=7", Walk(every_ms=2000, percent=Decimal("0.1"), seed=7)),
    ],
)
def test_a_path_is_written_in_a_line(text: str, path: object) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    ["", "jump", "constant:1,2", "steps", "steps:every=5s", "steps:0", "steps:by=1,5", "walk:5", "walk:every=1",
     "walk:every=0s", "walk:by=80", "walk:seed=x", "walk:by=-1"],
)  # fmt: skip
def test_a_text_of_no_path_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadPathError, match="expected a price path such as"):
        parse_path(text)


def test_what_was_recorded_is_read_line_by_line() -> None:
    path = parse_recorded("time_ms,price\n# a day\n1000,65000\n\n1500, 65010.5\n", "a.csv")

    assert path == Recorded(((1000, PRICE), (1500, Decimal("65010.5"))))
    assert [move.after_ms for move in moves(path, BTC, PRICE)] == [0, 500]


@pytest.mark.parametrize("line", ["2000", "500,65000", "2000,-1", "x,65000", "2000,nan"])
def test_a_line_that_is_wrong_is_named(line: str) -> None:
    with pytest.raises(BadPathError, match=r"a\.csv, line 2"):
        parse_recorded(f"1000,65000\n{line}", "a.csv")


def test_an_empty_record_is_refused() -> None:
    with pytest.raises(BadPathError):
        parse_recorded("time_ms,price\n", "a.csv")
