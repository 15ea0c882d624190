"""Every trade once, as everybody sees it; told together where they belong together; bounded for ever."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.market.tape import AGGREGATE_MS, MOST_TRADES, PublicTrade, Tape

NOW_MS = 1_797_066_123_456
SYMBOL = "BTCUSDT"


def a_tape() -> Tape:
    tape = Tape({spec.symbol: spec for spec in DEFAULT_SYMBOLS}, seed=0)
    tape.begin(NOW_MS, {spec.symbol: spec.price for spec in DEFAULT_SYMBOLS})
    return tape


def a_trade(number: int, price: str = "65000", *, sold: bool = False, after_ms: int = 0) -> PublicTrade:
    return PublicTrade(SYMBOL, number, Decimal(price), Decimal("0.010"), sold, NOW_MS + after_ms)


def test_trades_are_kept_in_their_order_up_to_a_bound() -> None:
    tape = a_tape()
    for number in range(1, MOST_TRADES + 6):
        tape.note(a_trade(number))

    kept = [trade.trade_id for trade in tape.trades(SYMBOL)]
    assert kept == list(range(6, MOST_TRADES + 6))
    assert not tape.trades("ETHUSDT")


def test_trades_at_one_price_from_one_side_are_one_aggregate() -> None:
    tape = a_tape()
    tape.note(a_trade(1))
    tape.note(a_trade(2))
    tape.note(a_trade(3, sold=True))
    tape.note(a_trade(4, "65000.1", sold=True))

    found = [(a.first_id, a.last_id, str(a.quantity)) for a in tape.aggregates(SYMBOL)]
    assert found == [(1, 2, "0.020"), (3, 3, "0.010"), (4, 4, "0.010")]
    ids = [a.aggregate_id for a in tape.aggregates(SYMBOL)]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


def test_an_aggregate_ends_with_its_window() -> None:
    tape = a_tape()
    left_ms = AGGREGATE_MS - NOW_MS % AGGREGATE_MS
    tape.note(a_trade(1))
    tape.note(a_trade(2, after_ms=left_ms - 1))
    tape.note(a_trade(3, after_ms=left_ms))

    assert [(a.first_id, a.last_id) for a in tape.aggregates(SYMBOL)] == [(1, 2), (3, 3)]


def test_a_trade_makes_the_last_price() -> None:
    tape = a_tape()
    tape.note(a_trade(1, "65010.5"))

    assert tape.chart(SYMBOL, NOW_MS).last == Decimal("65010.5")
    assert tape.chart(SYMBOL, NOW_MS, "mark").last == Decimal(65000)
    assert tape.changed == {SYMBOL}


def test_prices_move_without_a_trade() -> None:
    tape = a_tape()
    tape.note_prices(SYMBOL, Decimal(64000), Decimal(64001), Decimal(64002), NOW_MS)

    assert tape.chart(SYMBOL, NOW_MS).last == Decimal(64000)
    assert tape.chart(SYMBOL, NOW_MS, "mark").last == Decimal(64001)
    assert tape.chart(SYMBOL, NOW_MS, "index").last == Decimal(64002)
    assert not tape.trades(SYMBOL)
