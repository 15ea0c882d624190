"""Candles of any interval, from what was invented before the start and what happened since."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from simulator.core.market.chart import Chart
from simulator.core.market.klines import DAY_MS, HOUR_MS, INTERVALS, MINUTE_MS, Candle, end_of
from simulator.core.market.public_trade import PublicTrade
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.market.synthetic_past import KEPT, SyntheticPast

NOW_MS = 1_797_066_123_456
BTC = DEFAULT_SYMBOLS[0]


def a_chart() -> Chart:
    return Chart(SyntheticPast(BTC, BTC.price, NOW_MS, seed=1), BTC.price, NOW_MS)


def a_trade(number: int, price: str, time_ms: int, *, sold: bool = False) -> PublicTrade:
    return PublicTrade(BTC.symbol, number, Decimal(price), Decimal("0.5"), sold, time_ms)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def the_last(chart: Chart, interval: str, count: int, now_ms: int) -> list[Candle]:
    return list(chart.candles(interval, now_ms - (count + 1) * INTERVALS[interval], now_ms, now_ms))[-count:]


@pytest.mark.parametrize("interval", INTERVALS)
def test_candles_follow_each_other_without_a_hole_up_to_now(interval: str) -> None:
    candles = the_last(a_chart(), interval, 30, NOW_MS)

    assert len(candles) == 30
    assert candles[-1].close == BTC.price
    assert end_of(interval, candles[-1].open_ms) > NOW_MS
    for earlier, later in pairwise(candles):
        assert later.open_ms == end_of(interval, earlier.open_ms)
        assert later.open == earlier.close
    for candle in candles:
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high


def test_an_hour_is_its_minutes() -> None:
    chart = a_chart()
    hour_ms = NOW_MS // HOUR_MS * HOUR_MS - 5 * HOUR_MS
    minutes = list(chart.candles("1m", hour_ms, hour_ms + HOUR_MS - 1, NOW_MS))
    hour = chart.candle("1h", hour_ms, NOW_MS)

    assert hour is not None
    assert len(minutes) == 60
    assert (hour.open, hour.close) == (minutes[0].open, minutes[-1].close)
    assert (hour.high, hour.low) == (max(m.high for m in minutes), min(m.low for m in minutes))
    assert hour.volume == sum(m.volume for m in minutes)


def test_what_happens_is_in_the_present_candles_of_every_interval() -> None:
    chart = a_chart()
    chart.trade(a_trade(1, "66000", NOW_MS))
    chart.trade(a_trade(2, "64000", NOW_MS + 1, sold=True))
    minute = chart.candle("1m", NOW_MS // MINUTE_MS * MINUTE_MS, NOW_MS + 1)

    assert minute is not None
    assert [minute.open, minute.high, minute.low, minute.close] == decimals("65000", "66000", "64000", "64000")
    assert [minute.volume, minute.quote_volume] == decimals("1", "65000")
    assert [minute.buy_volume, minute.buy_quote_volume] == decimals("0.5", "33000")
    assert minute.count == 2
    assert (minute.first_id, minute.last_id) == (1, 2)
    for interval in INTERVALS:
        assert the_last(chart, interval, 1, NOW_MS + 1)[0].close == 64000


def test_a_minute_in_which_nothing_happened_has_the_price_before_it() -> None:
    chart = a_chart()
    chart.trade(a_trade(1, "66000", NOW_MS))
    later_ms = NOW_MS + 3 * HOUR_MS
    quiet = the_last(chart, "1m", 2, later_ms)

    assert [[c.open, c.high, c.low, c.close, c.volume] for c in quiet] == [decimals(*["66000"] * 4, "0")] * 2


def test_a_week_of_minutes_is_remembered_and_no_more() -> None:
    chart = a_chart()
    for minute in range(KEPT[MINUTE_MS] + 500):
        chart.move(BTC.price + minute % 7, NOW_MS + minute * MINUTE_MS)
    now_ms = NOW_MS + (KEPT[MINUTE_MS] + 499) * MINUTE_MS

    candles = list(chart.candles("1m", 0, now_ms, now_ms))
    assert len(candles) == KEPT[MINUTE_MS]
    assert all(len(series) <= KEPT[grain] for grain, series in chart._series.items())  # noqa: SLF001  the bound itself
    assert candles[0].open == candles[1].open - 1


def test_the_last_day_is_24_hours_to_the_minute() -> None:
    chart = a_chart()
    chart.trade(a_trade(1, "70000", NOW_MS))
    later_ms = NOW_MS + DAY_MS - 2 * MINUTE_MS

    assert chart.last_day(later_ms).high == 70000
    assert chart.last_day(later_ms + 3 * MINUTE_MS).count == 0
    whole = chart.last_day(NOW_MS)
    minutes = list(chart.candles("1m", whole.open_ms, NOW_MS, NOW_MS))
    assert len(minutes) == 1440
    assert (whole.open, whole.low, whole.volume) == (
        minutes[0].open,
        min(m.low for m in minutes),
        sum(m.volume for m in minutes),
    )
