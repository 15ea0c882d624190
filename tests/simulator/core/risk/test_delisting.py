"""When a symbol is delisted, nothing is left open on it, whoever it belonged to."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec, Profile
from simulator.core.domain import BUY, SELL
from simulator.core.facts import ContractChanged, OrderEnded, OrderFilled
from simulator.core.risk.delisting import delist
from tests.simulator.core.small_markets import NOW, an_exchange, limit, market


def test_orders_expire_positions_are_settled_and_the_symbol_is_closed() -> None:
    exchange = an_exchange(AccountSpec(), AccountSpec(name="bob", api_key="b" * 64))
    alice, bob = exchange.accounts.values()
    exchange.place(alice, market(BUY, "0.010"), NOW)
    exchange.place(alice, limit(BUY, "0.010", "60000"), NOW)
    exchange.place(bob, market(SELL, "0.020"), NOW)
    exchange.place(bob, market(SELL, "1", symbol="ETHUSDT"), NOW)

    facts = delist(exchange, "BTCUSDT", Decimal(64000), profile=Profile(), now_ms=NOW)

    assert [fact.spec.status for fact in facts if isinstance(fact, ContractChanged)] == ["SETTLING", "CLOSE"]
    assert [fact.order.expiry_reason for fact in facts if isinstance(fact, OrderEnded)] == ["7"]
    settled = [fact for fact in facts if isinstance(fact, OrderFilled)]
    assert [(fact.account, fact.fill.price, fact.fill.realized_profit) for fact in settled] == [
        ("default", Decimal(64000), Decimal(-10)),
        ("bob", Decimal(64000), Decimal(20)),
    ]
    assert all(fact.order.client_order_id.startswith("settlement_autoclose-") for fact in settled)
    assert not alice.open_orders
    assert [symbol for symbol, _ in bob.held] == ["ETHUSDT"]
    assert list(exchange.holders.get("BTCUSDT", ())) == []
