"""Several reduce-only orders share one position: who comes first, and whom it leaves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import AccountSpec
from simulator.core.domain import BUY, FOK, LONG, SELL, SHORT
from simulator.core.facts import OrderEnded
from simulator.core.rest.venue_error import VenueError
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.book_trading import a_book, amend, fills, place_as, said
from tests.simulator.core.small_markets import an_exchange, limit, market, place, resting, the_account, told


def long_ten() -> Exchange:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010"))
    return exchange


def open_prices(exchange: Exchange) -> list[int]:
    return [int(order.price) for order in the_account(exchange).open_orders.get("BTCUSDT", {}).values()]


def test_a_better_price_pushes_out_the_order_to_which_it_leaves_nothing() -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.010", "70000", reduce_only=True)

    _, facts = place(exchange, limit(SELL, "0.010", "69000", reduce_only=True))

    assert told(facts) == ["accepted", "EXPIRED 4"]
    assert open_prices(exchange) == [69000]


def test_one_to_which_a_part_is_left_stays_and_trades_that_part() -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.008", "70000", reduce_only=True)
    resting(exchange, SELL, "0.006", "69000", reduce_only=True)

    assert open_prices(exchange) == [70000, 69000]
    facts = exchange.set_price("BTCUSDT", Decimal(71000), 0)

    assert told(facts) == ["filled 0.006 at 69000", "filled 0.004 at 70000", "EXPIRED 4"]
    assert the_account(exchange).position("BTCUSDT", "BOTH").amount == 0


@pytest.mark.parametrize("price", ["70000", "70001"])
def test_one_that_would_rest_behind_orders_that_leave_nothing_is_refused(price: str) -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.010", "70000", reduce_only=True)

    with pytest.raises(VenueError, match="-4118"):
        place(exchange, limit(SELL, "0.010", price, reduce_only=True))

    assert open_prices(exchange) == [70000]


def test_a_market_order_closes_the_position_whatever_rests_before_it() -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.010", "70000", reduce_only=True)

    _, facts = place(exchange, market(SELL, "0.010", reduce_only=True))

    assert told(facts) == ["accepted", "filled 0.010 at 65000", "EXPIRED 4"]


def test_a_smaller_position_pushes_out_the_worst_priced() -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.004", "71000", reduce_only=True)
    resting(exchange, SELL, "0.006", "70000", reduce_only=True)

    _, facts = place(exchange, market(SELL, "0.004"))

    assert told(facts) == ["accepted", "filled 0.004 at 65000", "EXPIRED 4"]
    assert open_prices(exchange) == [70000]


def test_an_amended_order_pushes_out_those_behind_it_and_may_be_behind_itself() -> None:
    exchange = a_book("a")
    place_as(exchange, "a", market(BUY, "0.010"))
    near, _ = place_as(exchange, "a", limit(SELL, "0.005", "70000", reduce_only=True))
    far, _ = place_as(exchange, "a", limit(SELL, "0.005", "71000", reduce_only=True))

    (_, ended) = amend(exchange, near, "0.010", "70000")

    assert isinstance(ended, OrderEnded)
    assert ended.order.order_id == far.order_id
    assert ended.order.expiry_reason == "4"


def test_orders_that_do_not_only_reduce_share_nothing() -> None:
    exchange = long_ten()
    resting(exchange, SELL, "0.010", "69000")

    assert told(place(exchange, limit(SELL, "0.010", "70000", reduce_only=True))[1]) == ["accepted"]
    assert open_prices(exchange) == [69000, 70000]


def test_in_hedge_mode_each_position_has_its_own_line() -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))
    place(exchange, market(BUY, "0.010", position_side=LONG))
    place(exchange, market(SELL, "0.010", position_side=SHORT))
    resting(exchange, SELL, "0.010", "70000", reduce_only=True, position_side=LONG)

    _, facts = place(exchange, limit(BUY, "0.010", "60000", reduce_only=True, position_side=SHORT))
    assert told(facts) == ["accepted"]

    _, facts = place(exchange, limit(BUY, "0.010", "60001", reduce_only=True, position_side=SHORT))
    assert told(facts) == ["accepted", "EXPIRED 4"]
    assert open_prices(exchange) == [70000, 60001]


def test_a_fill_or_kill_order_is_not_promised_what_a_reduce_only_order_cannot_deliver() -> None:
    exchange = said(("0.005", "64000"), ("0.010", "65000"))
    place_as(exchange, "a", market(BUY, "0.010"))
    place_as(exchange, "a", limit(SELL, "0.004", "65001"))
    place_as(exchange, "a", limit(SELL, "0.008", "65002", reduce_only=True))

    with pytest.raises(VenueError, match="-5021"):
        place_as(exchange, "b", limit(BUY, "0.011", "65002", time_in_force=FOK))
    _, facts = place_as(exchange, "b", limit(BUY, "0.010", "65002", time_in_force=FOK))

    assert [fill for fill in fills(facts) if fill[0] == "b"] == [
        ("b", "0.004 at 65001", False),
        ("b", "0.006 at 65002", False),
    ]
