"""Two orders of one account do not trade with each other, unless they are told to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.domain import BUY, FOK, IOC, SELL
from simulator.core.facts import Fact, OrderFilled
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order
from tests.simulator.core.book_trading import a_book, amend, fills, place_as
from tests.simulator.core.small_markets import limit, market, told


def with_own_bid(mode: str = "NONE") -> tuple[Exchange, Order]:
    """Return a book in which account a bids 65000, and account b as much a tick lower than the house."""
    exchange = a_book()
    own, _ = place_as(exchange, "a", limit(BUY, "0.010", "65000", self_trade_prevention=mode))
    return exchange, own


def now(exchange: Exchange, order: Order) -> tuple[str, str]:
    current = exchange.accounts[order.account].orders[order.order_id]
    return current.status, current.expiry_reason


def sell(exchange: Exchange, mode: str, quantity: str = "0.020", **terms: object) -> tuple[Order, list[Fact]]:
    return place_as(exchange, "a", limit(SELL, quantity, "64000", self_trade_prevention=mode, **terms))


def test_without_prevention_both_orders_fill_under_one_trade_id_and_nothing_is_won_or_lost() -> None:
    exchange, own = with_own_bid()
    taker, facts = sell(exchange, "NONE", "0.010")

    assert fills(facts) == [("a", "0.010 at 65000", False), ("a", "0.010 at 65000", True)]
    assert len({fact.fill.trade_id for fact in facts if isinstance(fact, OrderFilled)}) == 1
    assert now(exchange, own)[0] == now(exchange, taker)[0] == "FILLED"
    assert exchange.accounts["a"].wallets["USDT"] == Decimal(10_000_000) - Decimal("0.39")


def test_the_maker_expires_and_the_taker_goes_on() -> None:
    exchange, own = with_own_bid()
    taker, facts = sell(exchange, "EXPIRE_MAKER")

    assert told(facts) == ["accepted", "EXPIRED_IN_MATCH 1", "filled 0.020 at 64999.90"]
    assert now(exchange, own) == ("EXPIRED_IN_MATCH", "1")
    assert now(exchange, taker)[0] == "FILLED"


def test_the_taker_expires_and_the_maker_rests_on() -> None:
    exchange, own = with_own_bid("EXPIRE_MAKER")
    taker, facts = sell(exchange, "EXPIRE_TAKER")

    assert told(facts) == ["accepted", "EXPIRED_IN_MATCH 1"]
    assert now(exchange, taker) == ("EXPIRED_IN_MATCH", "1")
    assert now(exchange, own)[0] == "NEW"


def test_both_expire() -> None:
    exchange, own = with_own_bid()
    taker, facts = sell(exchange, "EXPIRE_BOTH")

    assert told(facts) == ["accepted", "EXPIRED_IN_MATCH 1", "EXPIRED_IN_MATCH 1"]
    assert now(exchange, own) == now(exchange, taker) == ("EXPIRED_IN_MATCH", "1")


def test_a_taker_keeps_what_it_had_before_it_met_its_own_order() -> None:
    exchange = a_book()
    place_as(exchange, "b", limit(BUY, "0.004", "65000"))
    place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    taker, _ = sell(exchange, "EXPIRE_TAKER", "0.010")

    assert (taker.status, taker.executed) == ("EXPIRED_IN_MATCH", Decimal("0.004"))


@pytest.mark.parametrize("mode", ["EXPIRE_TAKER", "EXPIRE_BOTH"])
def test_an_ioc_order_that_expires_so_says_that_its_remainder_was_cancelled(mode: str) -> None:
    exchange, _ = with_own_bid()
    taker, _ = sell(exchange, mode, time_in_force=IOC)

    assert now(exchange, taker) == ("EXPIRED_IN_MATCH", "3")


def test_a_market_order_is_prevented_too() -> None:
    exchange, _ = with_own_bid()
    taker, _ = place_as(exchange, "a", market(SELL, "0.010", self_trade_prevention="EXPIRE_TAKER"))

    assert now(exchange, taker) == ("EXPIRED_IN_MATCH", "1")


def test_a_fok_order_trades_with_its_own() -> None:
    exchange, own = with_own_bid()
    sell(exchange, "EXPIRE_BOTH", "0.010", time_in_force=FOK)

    assert now(exchange, own)[0] == "FILLED"


def test_an_amended_order_trades_with_its_own() -> None:
    exchange, own = with_own_bid()
    other, _ = place_as(exchange, "a", limit(SELL, "0.010", "66000", self_trade_prevention="EXPIRE_BOTH"))
    amend(exchange, other, "0.010", "65000")

    assert now(exchange, own)[0] == now(exchange, other)[0] == "FILLED"


def test_orders_of_different_accounts_always_trade() -> None:
    exchange, own = with_own_bid("EXPIRE_BOTH")
    place_as(exchange, "b", limit(SELL, "0.010", "65000", self_trade_prevention="EXPIRE_BOTH"))

    assert now(exchange, own)[0] == "FILLED"
