"""A trade moves wallet, position and order at once, and says so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.domain import BUY
from simulator.core.trading.settlement import Match, settle
from tests.simulator.core.small_markets import BTC, NOW, an_exchange, decimals, resting, the_account


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
