"""The most profitable are the first to be reduced."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec
from simulator.core.domain import BUY, SELL
from simulator.core.risk.adl import line, quantile
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.small_markets import NOW, an_exchange, market

NAMES = ("a", "b", "c", "d", "e")


def entering_one_after_another() -> Exchange:
    exchange = an_exchange(*(AccountSpec(name=name, api_key=name * 64) for name in NAMES))
    for step, name in enumerate(NAMES):
        exchange.set_price("BTCUSDT", Decimal(65000 + 100 * step), NOW)
        exchange.place(exchange.accounts[name], market(BUY, "0.010"), NOW)
    return exchange


def test_the_line_begins_with_the_most_profitable() -> None:
    exchange = entering_one_after_another()

    assert [account.name for account, _ in line(exchange, "BTCUSDT", 1)] == list(NAMES)
    assert line(exchange, "BTCUSDT", -1) == []


def test_the_line_turns_when_losses_do() -> None:
    exchange = entering_one_after_another()
    exchange.accounts["e"].set_leverage("BTCUSDT", 100)
    exchange.set_mark("BTCUSDT", Decimal(60000), Decimal(60000), NOW)

    assert next(iter(line(exchange, "BTCUSDT", 1)))[0].name == "e"


def test_a_quantile_is_the_fifth_of_the_line() -> None:
    exchange = entering_one_after_another()

    quantiles = [
        quantile(exchange, account, account.position("BTCUSDT", "BOTH")) for account in exchange.accounts.values()
    ]

    assert quantiles == [4, 3, 2, 1, 0]


def test_who_has_closed_is_not_in_line() -> None:
    exchange = entering_one_after_another()
    account = exchange.accounts["a"]
    exchange.place(account, market(SELL, "0.010"), NOW)

    assert quantile(exchange, account, account.position("BTCUSDT", "BOTH")) == 0
    assert [owner.name for owner, _ in line(exchange, "BTCUSDT", 1)] == list(NAMES[1:])


def test_a_position_that_has_closed_since_it_was_read_is_not_in_line() -> None:
    """REST reads a database that lags behind, and shows what is no more."""
    exchange = entering_one_after_another()
    account = exchange.accounts["a"]
    exchange.place(account, market(SELL, "0.010"), NOW + 1)
    past = account.as_of(NOW)

    assert past.position("BTCUSDT", "BOTH").amount == Decimal("0.010")
    assert quantile(exchange, past, past.position("BTCUSDT", "BOTH")) == 0


def test_the_line_is_made_anew_when_a_position_a_mark_or_a_leverage_changes() -> None:
    exchange = entering_one_after_another()
    account = exchange.accounts["e"]

    def place() -> int:
        return quantile(exchange, account, account.position("BTCUSDT", "BOTH"))

    assert place() == 0
    exchange.set_mark("BTCUSDT", Decimal(66000), Decimal(66000), NOW)
    account.set_leverage("BTCUSDT", 125)
    assert place() == 4
    exchange.place(exchange.accounts["a"], market(SELL, "0.010"), NOW)
    exchange.place(exchange.accounts["b"], market(SELL, "0.010"), NOW)
    assert [quantile(exchange, owner, held) for owner, held in line(exchange, "BTCUSDT", 1)] == [4, 3, 1]


def test_a_position_as_it_was_is_placed_as_it_is() -> None:
    exchange = entering_one_after_another()
    account = exchange.accounts["a"]
    before = account.as_of(NOW)
    exchange.place(account, market(BUY, "0.010"), NOW + 1)

    assert quantile(exchange, before, before.position("BTCUSDT", "BOTH")) in range(5)
