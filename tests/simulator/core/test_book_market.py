"""A market with a book: accounts and the house meet by price, then time; each trade has two sides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from simulator import VenueError
from simulator.core.domain import BUY, FOK, GTX, IOC, SELL, SymbolSpec
from simulator.core.facts import OrderFilled
from simulator.core.trading.orders import OrderIntent
from tests.simulator.core.book_trading import a_book, amend, fills, place_as, said
from tests.simulator.core.small_markets import BTC, NOW, limit, market, told


def with_status(status: str) -> SymbolSpec:
    return replace(BTC, status=status)


def test_a_market_order_takes_the_houses_best_ask() -> None:
    exchange = a_book()
    order, facts = place_as(exchange, "a", market(BUY, "0.010"))

    assert fills(facts) == [("a", "0.010 at 65000.10", False)]
    assert order.status == "FILLED"
    assert exchange.prices["BTCUSDT"] == Decimal("65000.10")
    assert exchange.marks["BTCUSDT"] == 65000


def test_two_accounts_trade_with_each_other_under_one_trade_id() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    _, facts = place_as(exchange, "b", market(SELL, "0.010"))

    assert fills(facts) == [("b", "0.010 at 65000", False), ("a", "0.010 at 65000", True)]
    taker, maker = (fact.fill for fact in facts if isinstance(fact, OrderFilled))
    assert taker.trade_id == maker.trade_id
    assert (taker.commission, maker.commission) == (Decimal("0.26"), Decimal("0.13"))
    assert not exchange.house.positions["BTCUSDT"]


def test_the_better_price_trades_first_and_at_a_price_the_older_order() -> None:
    exchange = said(("1", "65001"))
    place_as(exchange, "a", limit(SELL, "0.001", "65002"))
    place_as(exchange, "a", limit(SELL, "0.002", "65001"))
    place_as(exchange, "b", limit(SELL, "0.003", "65001"))
    place_as(exchange, "b", limit(SELL, "0.004", "65000.50"))
    _, facts = place_as(exchange, "c", market(BUY, "1.010"))

    assert fills(facts) == [
        ("c", "0.004 at 65000.50", False),
        ("b", "0.004 at 65000.50", True),
        ("c", "0.002 at 65001", False),
        ("a", "0.002 at 65001", True),
        ("c", "0.003 at 65001", False),
        ("b", "0.003 at 65001", True),
        ("c", "1 at 65001", False),
        ("c", "0.001 at 65002", False),
        ("a", "0.001 at 65002", True),
    ]


def test_an_accounts_order_trades_before_the_houses_quote_at_the_same_price() -> None:
    exchange = said(("1", "65001"))
    place_as(exchange, "a", limit(SELL, "0.002", "65001"))

    assert fills(place_as(exchange, "b", market(BUY, "0.002"))[1])[1] == ("a", "0.002 at 65001", True)


def test_a_limit_order_takes_what_it_may_and_rests_with_what_is_left() -> None:
    exchange = said(("0.004", "65001"), ("1", "65010"))
    order, facts = place_as(exchange, "a", limit(BUY, "0.010", "65005"))

    assert told(facts) == ["accepted", "filled 0.004 at 65001"]
    assert exchange.best("BTCUSDT")[:2] == (Decimal(65005), Decimal("0.006"))
    assert order.status == "PARTIALLY_FILLED"


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (market(BUY, "0.010"), "9"),
        (limit(BUY, "0.010", "65001", time_in_force=IOC), "2"),
    ],
)
def test_what_is_left_of_a_market_or_ioc_order_expires(intent: OrderIntent, reason: str) -> None:
    _, facts = place_as(said(("0.004", "65001")), "a", intent)

    assert told(facts) == ["accepted", "filled 0.004 at 65001", f"EXPIRED {reason}"]


def test_a_fok_order_fills_wholly_or_is_refused() -> None:
    exchange = said(("0.004", "65001"))
    place_as(exchange, "b", limit(SELL, "0.004", "65001.50"))
    with pytest.raises(VenueError, match="-5021"):
        place_as(exchange, "a", limit(BUY, "0.010", "65002", time_in_force=FOK))

    assert place_as(exchange, "a", limit(BUY, "0.008", "65002", time_in_force=FOK))[0].status == "FILLED"


def test_a_post_only_order_is_refused_when_an_accounts_order_would_meet_it() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(SELL, "0.010", "65000"))
    with pytest.raises(VenueError, match="-5022"):
        place_as(exchange, "b", limit(BUY, "0.010", "65000", time_in_force=GTX))

    assert place_as(exchange, "b", limit(BUY, "0.010", "64999.90", time_in_force=GTX))[0].status == "NEW"


def test_a_market_order_takes_no_further_than_its_bound_from_the_mark() -> None:
    exchange = said(("0.004", "65001"), ("1", "68300"))

    assert told(place_as(exchange, "a", market(BUY, "0.010"))[1]) == ["accepted", "filled 0.004 at 65001", "EXPIRED 9"]


def test_a_market_order_is_refused_when_the_best_price_is_too_far_from_the_mark() -> None:
    exchange = said(("1", "68300"), ("1", "61700"))
    for side in (BUY, SELL):
        with pytest.raises(VenueError, match="-4131"):
            place_as(exchange, "a", market(side, "0.010"))


def test_the_price_fills_the_resting_orders_that_it_meets_at_their_own_price() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.001", "64000"))
    place_as(exchange, "b", limit(BUY, "0.002", "64500"))
    place_as(exchange, "a", limit(BUY, "0.003", "64500"))
    facts = exchange.set_price("BTCUSDT", Decimal(64500), NOW)

    assert fills(facts) == [("b", "0.002 at 64500", True), ("a", "0.003 at 64500", True)]
    assert exchange.best("BTCUSDT").ask == Decimal("64500.10")
    assert exchange.prices["BTCUSDT"] == exchange.marks["BTCUSDT"] == exchange.indexes["BTCUSDT"] == 64500


def test_an_order_that_only_got_smaller_keeps_its_place() -> None:
    exchange = a_book("a", "b", "c")
    first, _ = place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    place_as(exchange, "b", limit(BUY, "0.010", "65000"))
    amend(exchange, first, "0.005", "65000")

    assert fills(place_as(exchange, "c", market(SELL, "0.005"))[1])[1] == ("a", "0.005 at 65000", True)


@pytest.mark.parametrize(("quantity", "price"), [("0.011", "65000"), ("0.009", "64999.90")])
def test_an_order_that_grew_or_moved_goes_to_the_end(quantity: str, price: str) -> None:
    exchange = a_book("a", "b", "c")
    first, _ = place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    place_as(exchange, "b", limit(BUY, "0.010", price))
    amend(exchange, first, quantity, price)

    assert fills(place_as(exchange, "c", market(SELL, "0.005"))[1])[1] == ("b", f"0.005 at {price}", True)


def test_an_amendment_that_crosses_trades_at_once_and_the_rest_of_it_rests() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(SELL, "0.004", "65000"))
    order, _ = place_as(exchange, "b", limit(BUY, "0.010", "64000"))
    facts = amend(exchange, order, "0.010", "65000")

    assert told(facts) == ["amended", "filled 0.004 at 65000", "filled 0.004 at 65000"]
    assert exchange.best("BTCUSDT")[:2] == (Decimal(65000), Decimal("0.006"))


def test_a_reduce_only_maker_fills_no_more_than_its_position() -> None:
    exchange = a_book()
    place_as(exchange, "a", market(BUY, "0.004"))
    order, _ = place_as(exchange, "a", limit(SELL, "0.010", "65000", reduce_only=True))
    _, facts = place_as(exchange, "b", limit(BUY, "0.010", "65000"))

    assert fills(facts) == [("b", "0.004 at 65000", False), ("a", "0.004 at 65000", True)]
    ended = exchange.accounts["a"].orders[order.order_id]
    assert (ended.status, ended.expiry_reason) == ("EXPIRED", "4")


def test_every_trade_is_on_the_tape_once() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    _, facts = place_as(exchange, "b", market(SELL, "0.030"))

    trades = exchange.tape.trades("BTCUSDT")
    ids = {fact.fill.trade_id for fact in facts if isinstance(fact, OrderFilled)}
    assert [(trade.price, trade.quantity, trade.is_buyer_maker) for trade in trades] == [
        (Decimal(65000), Decimal("0.010"), True),
        (Decimal("64999.90"), Decimal("0.020"), True),
    ]
    assert {trade.trade_id for trade in trades} == ids


def test_a_cancelled_order_leaves_the_book() -> None:
    exchange = a_book()
    order, _ = place_as(exchange, "a", limit(BUY, "0.010", "65000"))
    exchange.cancel(order, NOW)

    assert exchange.best("BTCUSDT").bid == Decimal("64999.90")


@pytest.mark.parametrize("status", ["PENDING_TRADING", "TRADING_HALT", "PRE_SETTLE"])
def test_a_symbol_that_does_not_trade_takes_no_orders(status: str) -> None:
    exchange = a_book()
    order, _ = place_as(exchange, "a", limit(BUY, "0.010", "64000"))
    exchange.symbols["BTCUSDT"] = with_status(status)
    with pytest.raises(VenueError, match="-4140"):
        place_as(exchange, "a", market(BUY, "0.010"))
    with pytest.raises(VenueError, match="-5024"):
        amend(exchange, order, "0.010", "64100")

    assert exchange.cancel(order, NOW).order.status == "CANCELED"


def test_a_symbol_that_closed_says_so() -> None:
    exchange = a_book()
    exchange.symbols["BTCUSDT"] = with_status("CLOSE")
    with pytest.raises(VenueError, match="-4141"):
        place_as(exchange, "a", market(BUY, "0.010"))


def test_positions_may_be_reduced_while_a_symbol_is_about_to_be_settled() -> None:
    exchange = a_book()
    place_as(exchange, "a", market(BUY, "0.010"))
    exchange.symbols["BTCUSDT"] = with_status("PRE_SETTLE")

    assert place_as(exchange, "a", market(SELL, "0.010", reduce_only=True))[0].status == "FILLED"
