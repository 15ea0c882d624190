"""An invented past: the same for the same seed, leading to the price of the start, on ticks."""

from __future__ import annotations

import pytest

from simulator.core.domain import SymbolSpec
from simulator.core.market.klines import DAY_MS, HOUR_MS, MINUTE_MS
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.market.synthetic_past import KEPT, SyntheticPast

NOW_MS = 1_797_066_123_456
MINUTE = NOW_MS // MINUTE_MS * MINUTE_MS


def past_of(spec: SymbolSpec, seed: int = 0) -> SyntheticPast:
    return SyntheticPast(spec, spec.price, NOW_MS, seed)


@pytest.mark.parametrize("spec", DEFAULT_SYMBOLS, ids=lambda spec: spec.symbol)
def test_it_leads_to_the_price_of_the_start_on_ticks_and_steps(spec: SymbolSpec) -> None:
    candle = past_of(spec).candle(MINUTE_MS, MINUTE - MINUTE_MS)

    assert candle is not None
    assert candle.close == spec.price
    for amount, unit in ((candle.high, spec.tick_size), (candle.volume, spec.step_size)):
        assert amount % unit == 0
    assert candle.buy_volume % spec.step_size == 0
    assert candle.low <= candle.quote_volume / candle.volume <= candle.high


def test_the_same_seed_gives_the_same_past_and_another_another() -> None:
    spec = DEFAULT_SYMBOLS[0]
    asked = [(MINUTE_MS, MINUTE - 9 * MINUTE_MS), (HOUR_MS, MINUTE // HOUR_MS * HOUR_MS - 40 * HOUR_MS)]
    once = [past_of(spec).candle(*key) for key in asked]

    assert once == [past_of(spec).candle(*key) for key in reversed(asked)][::-1]
    assert once != [past_of(spec, seed=1).candle(*key) for key in asked]


def test_nothing_is_known_of_the_present_and_of_long_ago() -> None:
    past = past_of(DEFAULT_SYMBOLS[0])
    day_ms = MINUTE // DAY_MS * DAY_MS

    assert past.candle(MINUTE_MS, MINUTE) is None
    assert past.candle(DAY_MS, day_ms) is None
    assert past.candle(DAY_MS, day_ms - KEPT[DAY_MS] * DAY_MS) is not None
    assert past.candle(DAY_MS, day_ms - (KEPT[DAY_MS] + 1) * DAY_MS) is None


def test_a_price_of_long_ago_is_that_of_its_hour_or_day() -> None:
    spec = DEFAULT_SYMBOLS[0]
    past = past_of(spec)
    hour = past.candle(HOUR_MS, MINUTE // HOUR_MS * HOUR_MS - 300 * HOUR_MS)

    assert hour is not None
    assert past.price_at(hour.open_ms + 5 * MINUTE_MS) == hour.open
    assert past.price_at(NOW_MS) == spec.price
