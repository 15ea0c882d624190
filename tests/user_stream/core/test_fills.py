"""The last fill of each symbol: 500 symbols, 60 seconds."""

from __future__ import annotations

from decimal import Decimal

from user_stream.core.fills import FillPriceCache, LastFill


def fill(symbol: str = "BTCUSDT", *, price: str = "100", time_ms: int = 1_000) -> LastFill:
    return LastFill(symbol, Decimal(price), "BUY", time_ms)


def test_the_501st_symbol_evicts_the_one_that_filled_longest_ago() -> None:
    cache = FillPriceCache()
    for number in range(500):
        assert cache.record(fill(f"S{number}")) is None
    cache.record(fill("S0", time_ms=2_000))

    evicted = cache.record(fill("S500"))

    assert evicted == fill("S1")
    assert len(cache) == 500
    assert "S1" not in cache
    assert "S0" in cache


def test_a_fill_is_an_answer_for_less_than_60_seconds() -> None:
    cache = FillPriceCache()
    cache.record(fill(time_ms=1_000))

    assert cache.last_fill("BTCUSDT", now_ms=60_999) == fill()
    assert cache.last_fill("BTCUSDT", now_ms=61_000) is None


def test_a_stale_fill_is_kept_for_who_asks_for_any_age() -> None:
    cache = FillPriceCache()
    cache.record(fill())

    assert cache.last_fill_of_any_age("BTCUSDT") == fill()
    assert cache.is_stale(fill(), now_ms=61_000)


def test_an_older_fill_does_not_overwrite_a_younger_one() -> None:
    cache = FillPriceCache()
    cache.record(fill(price="101", time_ms=2_000))

    assert cache.record(fill(price="100", time_ms=1_999)) is None
    assert cache.last_fill_of_any_age("BTCUSDT") == fill(price="101", time_ms=2_000)


def test_of_two_fills_at_the_same_time_the_later_told_stands() -> None:
    """One match fills at several prices, all with one transaction time."""
    cache = FillPriceCache()
    cache.record(fill(price="100"))
    cache.record(fill(price="101"))

    assert cache.last_fill_of_any_age("BTCUSDT") == fill(price="101")


def test_a_symbol_without_fills_has_no_answer() -> None:
    cache = FillPriceCache()

    assert cache.last_fill("BTCUSDT", now_ms=0) is None
    assert cache.last_fill_of_any_age("BTCUSDT") is None


def test_an_old_fill_does_not_keep_its_symbol_from_eviction() -> None:
    cache = FillPriceCache(max_symbols=2)
    cache.record(fill("A", time_ms=5_000))
    cache.record(fill("B", time_ms=6_000))
    cache.record(fill("A", time_ms=4_000))

    assert cache.record(fill("C", time_ms=7_000)) == fill("A", time_ms=5_000)
