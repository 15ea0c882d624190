"""Commands change the exchange and return what became true; refused ones change nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator import AccountSpec, VenueError
from simulator.core.accounts.margin_modes import change_leverage
from simulator.core.domain import BUY, LONG, SELL, SHORT
from simulator.core.facts import OrderFilled, WalletChanged
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.small_markets import (
    ETH,
    NOW,
    an_exchange,
    decimals,
    limit,
    market,
    place,
    resting,
    the_account,
    told,
)

LATER = NOW + 1000


def amend(exchange: Exchange, client_order_id: str, quantity: str, price: str) -> list[str]:
    order = the_account(exchange).order_named("BTCUSDT", client_order_id)
    assert order is not None
    _, facts = exchange.amend(order, quantity=Decimal(quantity), price=Decimal(price), modify_id="", now_ms=LATER)
    return told(facts)


def test_a_market_order_fills_at_the_price_of_the_symbol() -> None:
    order, facts = place(an_exchange(), market(BUY, "0.010"))

    assert told(facts) == ["accepted", "filled 0.010 at 65000"]
    assert order.status == "FILLED"
    assert order.average_price == 65000


def test_a_limit_order_rests_until_the_price_crosses_and_fills_at_its_own() -> None:
    exchange = an_exchange()
    _, accepted = place(exchange, limit(BUY, "0.010", "60000"))

    assert told(accepted) == ["accepted"]
    assert told(exchange.set_price("BTCUSDT", Decimal("60000.10"), LATER)) == []
    assert told(exchange.set_price("BTCUSDT", Decimal(59000), LATER)) == ["filled 0.010 at 60000"]


def test_a_marketable_limit_order_takes_at_the_market_price() -> None:
    _, facts = place(an_exchange(), limit(BUY, "0.010", "66000"))

    assert told(facts) == ["accepted", "filled 0.010 at 65000"]


def test_better_prices_fill_first_and_older_orders_before_younger() -> None:
    exchange = an_exchange()
    for price in ("60000", "61000", "60000"):
        resting(exchange, BUY, "0.010", price)

    facts = exchange.set_price("BTCUSDT", Decimal(60000), LATER)

    ids = [fact.order.order_id for fact in facts if isinstance(fact, OrderFilled)]
    assert told(facts) == ["filled 0.010 at 61000", "filled 0.010 at 60000", "filled 0.010 at 60000"]
    assert ids == [ids[1] + 1, ids[1], ids[1] + 2]


def test_makers_pay_half_of_what_takers_pay() -> None:
    exchange = an_exchange()
    _, taken = place(exchange, market(BUY, "0.010"))
    maker = resting(exchange, SELL, "0.010", "66000")
    made = exchange.fill(maker, maker.remaining, maker.price, LATER)

    fills = [fact.fill for fact in (*taken, *made) if isinstance(fact, OrderFilled)]
    assert [(fill.commission, fill.is_maker) for fill in fills] == [(Decimal("0.26"), False), (Decimal("0.132"), True)]


def test_an_ioc_order_that_meets_nothing_expires_with_reason_2() -> None:
    _, facts = place(an_exchange(), limit(BUY, "0.010", "60000", time_in_force="IOC"))

    assert told(facts) == ["accepted", "EXPIRED 2"]


def test_scripted_fills_take_an_order_through_partial_to_filled() -> None:
    exchange = an_exchange()
    order = resting(exchange)

    first = exchange.fill(order, Decimal("0.004"), order.price, LATER)
    order = the_account(exchange).orders[order.order_id]
    assert (told(first), order.status, order.remaining) == (
        ["filled 0.004 at 60000"],
        "PARTIALLY_FILLED",
        Decimal("0.006"),
    )

    exchange.fill(order, Decimal("0.006"), Decimal(59990), LATER)
    order = the_account(exchange).orders[order.order_id]
    assert (order.status, order.average_price) == ("FILLED", Decimal(59994))


def test_a_cancelled_order_keeps_what_it_executed() -> None:
    exchange = an_exchange()
    order = resting(exchange)
    exchange.fill(order, Decimal("0.004"), order.price, LATER)

    ended = exchange.cancel(the_account(exchange).orders[order.order_id], LATER).order

    assert (ended.status, ended.executed) == ("CANCELED", Decimal("0.004"))
    assert not the_account(exchange).open_orders


def test_a_gtd_order_expires_at_its_date() -> None:
    exchange = an_exchange()
    resting(exchange, good_till_ms=LATER, time_in_force="GTD")

    assert exchange.next_deadline_ms() == LATER
    assert told(exchange.advance(LATER - 1)) == []
    assert told(exchange.advance(LATER)) == ["EXPIRED 0"]
    assert exchange.next_deadline_ms() is None


def test_order_and_trade_ids_increase() -> None:
    exchange = an_exchange()
    first, one = place(exchange, market(BUY, "0.010"))
    second, two = place(exchange, market(BUY, "0.010"))

    trades = [fact.fill.trade_id for fact in (*one, *two) if isinstance(fact, OrderFilled)]
    assert second.order_id == first.order_id + 1 > 8_886_774_000
    assert trades == [trades[0], trades[0] + 1]


def test_an_order_without_a_client_order_id_gets_one() -> None:
    order, _ = place(an_exchange(), market(BUY, "0.010"))

    assert len(order.client_order_id) == 22


def test_an_amendment_changes_price_and_quantity_and_keeps_the_ids() -> None:
    exchange = an_exchange()
    before = resting(exchange, client_order_id="a")

    assert amend(exchange, "a", "0.020", "59000") == ["amended"]

    after = the_account(exchange).orders[before.order_id]
    assert (after.quantity, after.price) == decimals("0.020", "59000")
    assert after.client_order_id == "a"
    assert (after.status, after.self_trade_prevention) == ("NEW", "NONE")


def test_an_amendment_to_a_marketable_price_takes() -> None:
    exchange = an_exchange()
    resting(exchange, client_order_id="a")

    assert amend(exchange, "a", "0.010", "65000") == ["amended", "filled 0.010 at 65000"]


def test_an_amendment_below_the_executed_quantity_cancels() -> None:
    exchange = an_exchange()
    order = resting(exchange, client_order_id="a")
    exchange.fill(order, Decimal("0.004"), order.price, LATER)

    assert amend(exchange, "a", "0.004", "60000") == ["CANCELED 0"]


@pytest.mark.parametrize("post_only", ["GTX", "RPI"])
def test_an_amendment_that_would_make_a_post_only_order_take_cancels(post_only: str) -> None:
    exchange = an_exchange()
    resting(exchange, client_order_id="a", time_in_force=post_only)

    assert amend(exchange, "a", "0.010", "66000") == ["CANCELED 0"]


def test_an_amendment_that_changes_nothing_is_refused() -> None:
    exchange = an_exchange()
    resting(exchange, client_order_id="a")

    with pytest.raises(VenueError) as refused:
        amend(exchange, "a", "0.010", "60000")

    assert refused.value.code == -5027


def test_an_order_takes_ten_thousand_amendments() -> None:
    exchange = an_exchange()
    order = replace(resting(exchange, client_order_id="a"), amendments=10_000)
    the_account(exchange).keep(order)

    with pytest.raises(VenueError) as refused:
        amend(exchange, "a", "0.020", "60000")

    assert refused.value.code == -5026


def test_an_amendment_needs_margin_for_what_it_adds() -> None:
    exchange = an_exchange(AccountSpec(balance="100", leverage=10))
    resting(exchange, BUY, "0.010", "60000", client_order_id="a")

    with pytest.raises(VenueError) as refused:
        amend(exchange, "a", "0.100", "60000")

    assert refused.value.code == -2019


def test_a_reduce_only_order_fills_no_more_than_the_position() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010"))

    _, facts = place(exchange, market(SELL, "0.025", reduce_only=True))

    assert told(facts) == ["accepted", "filled 0.010 at 65000", "EXPIRED 4"]
    assert the_account(exchange).position("BTCUSDT", "BOTH").amount == 0


def test_reduce_only_orders_expire_when_nothing_is_left_to_reduce() -> None:
    exchange = an_exchange()
    place(exchange, market(BUY, "0.010"))
    resting(exchange, SELL, "0.010", "70000", reduce_only=True)

    _, facts = place(exchange, market(SELL, "0.010"))

    assert told(facts) == ["accepted", "filled 0.010 at 65000", "EXPIRED 4"]


def test_hedge_mode_holds_long_and_short_apart() -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))
    place(exchange, market(BUY, "0.010", position_side=LONG))
    _, facts = place(exchange, market(SELL, "0.020", position_side=SHORT))

    account = the_account(exchange)
    assert account.position("BTCUSDT", LONG).amount == Decimal("0.010")
    assert account.position("BTCUSDT", SHORT).amount == Decimal("-0.020")
    patch = next(fact.patch for fact in facts if isinstance(fact, OrderFilled))
    assert [(row.position_side, row.amount) for row in patch.positions] == [("BOTH", 0), ("SHORT", Decimal("-0.020"))]


def test_a_transfer_says_what_it_changed() -> None:
    exchange = an_exchange()

    (fact,) = exchange.transfer(the_account(exchange), "USDT", Decimal(100), "DEPOSIT", NOW)

    assert isinstance(fact, WalletChanged)
    assert [(row.wallet, row.change) for row in fact.patch.balances] == [decimals("10100", "100")]


def test_leverage_beyond_the_symbol_is_refused() -> None:
    with pytest.raises(VenueError) as refused:
        change_leverage(an_exchange(), the_account(an_exchange()), "ETHUSDT", ETH.max_leverage + 1, NOW)

    assert refused.value.code == -4028


def test_a_refused_order_leaves_no_trace() -> None:
    exchange = an_exchange()

    with pytest.raises(VenueError):
        place(exchange, limit(BUY, "0.010", "60000", time_in_force="FOK"))

    assert not the_account(exchange).orders
    assert place(exchange, market(BUY, "0.010"))[0].order_id == 8_886_774_001


command = st.one_of(
    st.tuples(st.just("market"), st.sampled_from([BUY, SELL]), st.integers(1, 40)),
    st.tuples(st.just("limit"), st.sampled_from([BUY, SELL]), st.integers(1, 40)),
    st.tuples(st.just("reduce"), st.sampled_from([BUY, SELL]), st.integers(1, 40)),
    st.tuples(st.just("price"), st.just(""), st.integers(600, 700)),
    st.tuples(st.just("cancel"), st.just(""), st.integers(0, 10)),
    st.tuples(st.just("transfer"), st.just(""), st.integers(-50, 50)),
)


def carry_out(exchange: Exchange, kind: str, side: str, number: int) -> None:
    quantity = str(Decimal(number) / 1000)
    price = exchange.prices["BTCUSDT"] + (number - 20) * 10
    match kind:
        case "market":
            place(exchange, market(side, quantity))
        case "limit":
            place(exchange, limit(side, quantity, str(price)))
        case "reduce":
            place(exchange, market(side, quantity, reduce_only=True))
        case "price":
            exchange.set_price("BTCUSDT", Decimal(number * 100), NOW)
        case "cancel":
            for order in list(the_account(exchange).open_orders.get("BTCUSDT", {}).values())[: number % 3]:
                exchange.cancel(order, NOW)
        case _:
            exchange.transfer(the_account(exchange), "USDT", Decimal(number), "DEPOSIT", NOW)


@settings(max_examples=150, deadline=None)
@given(st.lists(command, max_size=40))
def test_money_adds_up(commands: list[tuple[str, str, int]]) -> None:
    exchange = an_exchange(AccountSpec(balance="1000", leverage=20))
    transferred = Decimal(1000)
    refusals = set()
    for kind, side, number in commands:
        try:
            carry_out(exchange, kind, side, number)
        except VenueError as refused:
            refusals.add(refused.code)
        else:
            transferred += number if kind == "transfer" else 0

    assert refusals <= {-2019, -2022}
    account = the_account(exchange)
    fills = account.fills.get("BTCUSDT", [])
    signed = [fill.quantity if fill.side == BUY else -fill.quantity for fill in fills]
    booked = sum((fill.realized_profit - fill.commission for fill in fills), Decimal(0))
    assert account.wallets["USDT"] == transferred + booked
    assert account.position("BTCUSDT", "BOTH").amount == sum(signed)
    for order in account.orders.values():
        of_order = [fill for fill in fills if fill.order_id == order.order_id]
        assert order.executed == sum(fill.quantity for fill in of_order) <= order.quantity
        assert order.is_open == (order.order_id in account.open_orders.get("BTCUSDT", {}))
