"""What the exchange did and an engine does not know yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from simulator.chaos.engine import FillSeen, OrderSeen, PositionSeen
from simulator.chaos.unseen import Unseen

D = Decimal


@dataclass
class Knows:
    """An engine that knows what it is given, and does nothing."""

    seen_orders: list[OrderSeen] = field(default_factory=list)
    told: list[FillSeen] = field(default_factory=list)
    held: list[PositionSeen] = field(default_factory=list)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def place(self, order: Any) -> None: ...

    async def cancel(self, symbol: str, client_order_id: str) -> None: ...

    def orders(self) -> Iterable[OrderSeen]:
        return self.seen_orders

    def fills(self) -> Iterable[FillSeen]:
        return self.told

    def positions(self) -> Iterable[PositionSeen]:
        return self.held


@dataclass
class KnowsMore(Knows):
    wallets: dict[str, Decimal] = field(default_factory=dict)

    def balances(self) -> Mapping[str, Decimal]:
        return self.wallets

    def order(self, symbol: str, order_id: str) -> OrderSeen | None:
        return next((each for each in self.seen_orders if (each.symbol, each.order_id) == (symbol, order_id)), None)


def order_event(status: str, executed: str, last: str = "0", trade_id: int = 0) -> dict[str, Any]:
    return {"o": {"s": "BTCUSDT", "i": 7, "c": "a", "X": status, "z": executed, "l": last, "t": trade_id}}


def order(status: str, executed: str) -> OrderSeen:
    return OrderSeen("BTCUSDT", "7", "a", status, D(executed))


FILL = FillSeen("BTCUSDT", "7", 101, D(1), D(60000))


def left(events: list[tuple[str, dict[str, Any]]], engine: Knows) -> list[str]:
    unseen = Unseen()
    for at_ms, (name, body) in enumerate(events, 1):
        unseen.happened(name, body, at_ms)
    unseen.learn(1, engine)
    unseen.settle(engine)
    return [event.what for event in unseen.take_older(1_000)]


@pytest.mark.parametrize("kind", [Knows, KnowsMore])
def test_fill_is_unseen_until_it_is_told(kind: type[Knows]) -> None:
    event = ("ORDER_TRADE_UPDATE", order_event("FILLED", "1", "1", 101))
    assert left([event], kind([order("FILLED", "1")])) == [
        "order BTCUSDT 7 (a) became FILLED 1, fill 1 of trade 101"
    ]  # fmt: skip
    assert left([event], kind(told=[FILL])) == []


def test_fill_without_a_trade_id_is_seen_by_its_quantity() -> None:
    event = ("ORDER_TRADE_UPDATE", order_event("FILLED", "1", "1", 0))
    assert left([event], Knows([order("NEW", "0")]))
    assert left([event], Knows([order("FILLED", "1")])) == []


def test_order_and_its_end_are_unseen_until_they_are_known() -> None:
    new, end = order_event("NEW", "0"), order_event("CANCELED", "0")
    events = [("ORDER_TRADE_UPDATE", new), ("ORDER_TRADE_UPDATE", end)]
    assert len(left(events, Knows())) == 2
    assert left(events, Knows([order("NEW", "0")])) == ["order BTCUSDT 7 (a) became CANCELED 0"]
    assert left(events, Knows([order("CANCELED", "0")])) == []


def patch(amount: str, wallet: str = "5") -> tuple[str, dict[str, Any]]:
    return "ACCOUNT_UPDATE", {
        "a": {"B": [{"a": "USDT", "wb": wallet}], "P": [{"s": "BTCUSDT", "ps": "BOTH", "pa": amount}]}
    }


def test_position_is_unseen_until_the_engine_has_it_or_anything_later() -> None:
    held = [PositionSeen("BTCUSDT", "BOTH", D(2))]
    assert left([patch("1"), patch("2"), patch("3")], Knows(held=held)) == ["position BTCUSDT BOTH became 3"]
    assert left([patch("1"), patch("3"), patch("2")], Knows(held=held)) == []
    assert left([patch("0")], Knows()) == []


def test_wallets_are_asked_only_of_who_shows_them() -> None:
    assert left([patch("0")], Knows()) == []
    assert left([patch("0")], KnowsMore()) == ["balance USDT became 5"]
    assert left([patch("0")], KnowsMore(wallets={"USDT": D("5.00")})) == []


def test_what_fell_into_the_baseline_is_asked_no_more() -> None:
    unseen = Unseen()
    unseen.happened("ORDER_TRADE_UPDATE", order_event("FILLED", "1", "1", 101), 5)
    unseen.happened(*patch("1"), 6)
    assert unseen.oldest_ms == 5
    unseen.forget(5)
    assert unseen.oldest_ms == 6
    unseen.forget(6)
    assert unseen.oldest_ms is None


def test_other_events_need_not_be_known() -> None:
    assert not Unseen().happened("MARGIN_CALL", {}, 1)
