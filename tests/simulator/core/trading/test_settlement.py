"""A trade moves wallet, position and order at once, and says so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import AccountSpec
from simulator.core.accounts.margin_modes import change_margin_type, move_isolated_margin
from simulator.core.domain import BUY, LONG, SELL, SHORT
from simulator.core.facts import AccountPatch, Fact, OrderFilled, WalletChanged
from simulator.core.profile import Profile
from simulator.core.streams.stream_events import user_events
from simulator.core.trading.settlement import Match, settle
from tests.simulator.core.small_markets import BTC, NOW, an_exchange, decimals, market, place, resting, the_account


def match(*, is_maker: bool) -> Match:
    quantity, price = decimals("0.004", "60000")
    return Match(trade_id=7, quantity=quantity, price=price, is_maker=is_maker, time_ms=NOW + 1)


MARKS = {"BTCUSDT": Decimal(61000)}


@pytest.mark.parametrize(("is_maker", "commission"), [(True, "0.048"), (False, "0.096")])
def test_the_wallet_pays_the_commission_of_the_trades_role(is_maker: bool, commission: str) -> None:
    exchange = an_exchange()
    account = the_account(exchange)

    fact = settle(account, resting(exchange), BTC, match(is_maker=is_maker), house=exchange.house, marks=MARKS)

    assert fact.fill.commission == Decimal(commission)
    assert account.wallets["USDT"] == 10_000 - Decimal(commission)
    assert fact.patch.balances[0].wallet == account.wallets["USDT"]


def test_order_position_and_trade_agree() -> None:
    exchange = an_exchange()
    account = the_account(exchange)
    order = resting(exchange, BUY, "0.010", "60000")

    fact = settle(account, order, BTC, match(is_maker=True), house=exchange.house, marks=MARKS)

    assert (fact.order.status, fact.order.executed) == ("PARTIALLY_FILLED", Decimal("0.004"))
    assert account.orders[order.order_id] == fact.order
    assert account.fills["BTCUSDT"] == [fact.fill]
    assert (fact.fill.trade_id, fact.fill.time_ms, fact.fill.order_id) == (7, NOW + 1, order.order_id)
    (row,) = fact.patch.positions
    assert (row.amount, row.entry_price, row.unrealized) == decimals("0.004", "60000", "4")


def patch_of(facts: list[Fact]) -> AccountPatch:
    return next(fact.patch for fact in facts if isinstance(fact, OrderFilled | WalletChanged))


def test_a_wallet_that_a_trade_leaves_as_it_was_is_not_told() -> None:
    exchange = an_exchange(AccountSpec(fee_burn=True, balances={"BNB": "1"}))
    exchange.marks["BNBUSDT"] = Decimal(600)

    opened = patch_of(place(exchange, market(BUY, "0.010"))[1])
    exchange.set_price("BTCUSDT", Decimal(65010), NOW)
    closed = patch_of(place(exchange, market(SELL, "0.010"))[1])

    assert [row.asset for row in opened.balances] == ["BNB"]
    assert [row.asset for row in closed.balances] == ["USDT", "BNB"]


def test_margin_that_a_trade_binds_apart_is_told_although_the_wallet_is_the_same() -> None:
    exchange = an_exchange(AccountSpec(fee_burn=True, balances={"BNB": "1"}))
    exchange.marks["BNBUSDT"] = Decimal(600)
    the_account(exchange).isolated_symbols.add("BTCUSDT")

    opened = patch_of(place(exchange, market(BUY, "0.010"))[1])

    assert (opened.balances[0].asset, opened.balances[0].cross_wallet) == ("USDT", Decimal("9967.5"))


def test_in_isolated_hedge_mode_a_trade_tells_the_other_side_too_as_in_the_documented_sample() -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))
    account = the_account(exchange)
    change_margin_type(exchange, account, "BTCUSDT", "ISOLATED", NOW)
    place(exchange, market(BUY, "0.010", position_side=LONG))

    patch = patch_of(place(exchange, market(SELL, "0.020", position_side=SHORT))[1])
    moved = patch_of(move_isolated_margin(exchange, account, account.position("BTCUSDT", LONG), Decimal(1), NOW))

    sides = [("BOTH", 0), ("LONG", Decimal("0.010")), ("SHORT", Decimal("-0.020"))]
    assert [(row.position_side, row.amount) for row in patch.positions] == sides
    assert [(row.position_side, row.amount) for row in moved.positions] == sides


@pytest.mark.parametrize(("listed", "sides"), [("listed", ["BOTH", "LONG"]), ("absent", ["LONG"])])
def test_the_empty_both_entry_of_hedge_mode_is_a_switch(listed: str, sides: list[str]) -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))
    facts = place(exchange, market(BUY, "0.010", position_side=LONG))[1]

    events = user_events(facts, exchange.symbols, Profile(hedge_both=listed))  # type: ignore[arg-type]  # either word

    (update,) = [event.body["a"] for event in events if event.name == "ACCOUNT_UPDATE"]
    assert [row["ps"] for row in update["P"]] == sides


def test_in_one_way_mode_both_is_told_whatever_the_switch() -> None:
    exchange = an_exchange()
    facts = place(exchange, market(BUY, "0.010"))[1]

    events = user_events(facts, exchange.symbols, Profile(hedge_both="absent"))

    (update,) = [event.body["a"] for event in events if event.name == "ACCOUNT_UPDATE"]
    assert [row["ps"] for row in update["P"]] == ["BOTH"]
