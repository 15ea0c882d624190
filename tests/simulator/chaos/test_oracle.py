"""What the oracle finds: each test is an engine that is wrong, or right, in one way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from simulator.chaos.engine import FillSeen, OrderSeen, PositionSeen
from simulator.chaos.exchange_view import ExchangeView, OrderFact, Trade
from simulator.chaos.oracle import EngineView, LifeView, divergences

D = Decimal
KEY = ("BTCUSDT", "7")


def fact(order_id: str = "7", *, status: str = "PARTIALLY_FILLED", executed: str = "3", at: int = 2_000) -> OrderFact:
    return OrderFact(
        "BTCUSDT", order_id, f"c-{order_id}", status, D(executed), D("60000.10"), D("5"), D("60000.2"), 1_500, at
    )  # fmt: skip


def trade(trade_id: int, quantity: str = "1", *, at: int = 2_000, order_id: str = "7") -> Trade:
    return Trade("BTCUSDT", order_id, trade_id, D(quantity), D("60000.10"), at)


def fill(trade_id: int, quantity: str = "1", *, redelivered: bool = False, order_id: str = "7") -> FillSeen:
    return FillSeen("BTCUSDT", order_id, trade_id, D(quantity), D("60000.10"), redelivered)


def seen(
    order_id: str = "7",
    *,
    status: str = "PARTIALLY_FILLED",
    executed: str = "3",
    average: str = "60000.1",
    quantity: str = "5.0",
    price: str = "60000.20",
) -> OrderSeen:
    return OrderSeen("BTCUSDT", order_id, f"c-{order_id}", status, D(executed), D(average), D(quantity), D(price))


TRADES = {(*KEY, number): trade(number) for number in (101, 102, 103)}
EXCHANGE = ExchangeView(
    time_ms=9_000,
    orders={KEY: fact()},
    trades=TRADES,
    positions={("BTCUSDT", "BOTH"): (D("3"), D("60000.1"))},
    balances={"USDT": D("99999.5"), "BNB": D(0)},
    waiting_algo_orders=frozenset({"stop"}),
)
LIFE = LifeView(ready_ms=1_000, fills=(fill(101), fill(102), fill(103)))
ENGINE = EngineView(
    lives=(LIFE,),
    orders=(seen(),),
    positions=(PositionSeen("BTCUSDT", "BOTH", D("3.0"), D("60000.10")),),
    balances={"USDT": D("99999.50000000")},
    waiting_algo_orders=frozenset({"stop"}),
    redelivered_at_most=2,
)


def found(engine: EngineView, exchange: ExchangeView = EXCHANGE) -> list[tuple[str, str]]:
    return [(divergence.rule, divergence.what) for divergence in divergences(exchange, engine)]


def test_engine_that_knows_everything_differs_in_nothing() -> None:
    assert found(ENGINE) == []


@pytest.mark.parametrize(
    ("lie", "rule", "said"),
    [
        ({"orders": ()}, "order", "BTCUSDT 7 (c-7): the exchange has PARTIALLY_FILLED 3, the engine does not know it"),
        ({"orders": (seen(status="FILLED"),)}, "order", "the engine FILLED 3"),
        ({"orders": (seen(status=""),)}, "order", "the engine nothing certain 3"),
        ({"orders": (seen(executed="2"),)}, "order", "the engine PARTIALLY_FILLED 2"),
        ({"orders": (seen(quantity="4"),)}, "order", "the exchange has PARTIALLY_FILLED 3 of 5, the engine of 4"),
        ({"orders": (seen(price="6"),)}, "order", "PARTIALLY_FILLED 3 with limit 60000.2, the engine with 6"),
        ({"orders": (seen(average="60000"),)}, "order", "at 60000.10, the engine at 60000"),
        ({"orders": (seen(executed="2"), seen())}, "order", "it twice: PARTIALLY_FILLED 2, and PARTIALLY_FILLED 3"),
        ({"orders": (seen(), seen("8", status="NEW", executed="0"))}, "order", "exchange has none, the engine NEW 0"),
        ({"orders": (seen(), seen("", status="NEW", executed="0"))}, "order", "does not know its id"),
        ({"positions": ()}, "position", "position BTCUSDT BOTH: the exchange has 3, the engine 0"),
        ({"positions": (PositionSeen("BTCUSDT", "A", D(3)),)}, "position", "BTCUSDT A: the exchange has 0"),
        ({"positions": (PositionSeen("BTCUSDT", "BOTH", D(3), D(1)),)}, "position", "from 60000.1, the engine from 1"),
        ({"balances": {"USDT": D("99999.4")}}, "balance", "balance USDT: the exchange has 99999.5, the engine 99999.4"),
        ({"balances": {"USDT": D("99999.5"), "BTC": D(1)}}, "balance", "balance BTC: the exchange has 0, the engine 1"),
        ({"waiting_algo_orders": frozenset()}, "algo order", "algo order stop: it waits, and the engine does not know"),
        ({"waiting_algo_orders": frozenset({"stop", "x"})}, "algo order", "algo order x: the engine has it waiting"),
    ],
)  # fmt: skip
def test_what_the_engine_believes_in_the_end_is_compared(lie: dict[str, object], rule: str, said: str) -> None:
    [(what_rule, what), *_] = found(replace(ENGINE, **lie))  # type: ignore[arg-type]  # a case is data
    assert what_rule == rule
    assert said in what


@pytest.mark.parametrize(
    ("fills", "rule", "said"),
    [
        ((fill(101), fill(103)), "fill", "102 of order 7: the exchange has 1 at 60000.10, the engine was never told"),
        ((fill(101), fill(102), fill(102), fill(103)), "fill", "was told it once more, and it was not said"),
        ((fill(101), fill(102), fill(103), fill(104)), "fill", "exchange has none, the engine was told 1 at 60000.10"),
        ((fill(101), fill(102, "2"), fill(103)), "fill", "the engine was told 2 at 60000.10"),
        ((fill(102), fill(101), fill(103)), "fill order", "after trade 102 of the same order, and declared no gap"),
        ((fill(101), fill(0, "0.5"), fill(103)), "fill", "BTCUSDT 102 of order 7"),
        ((fill(101), fill(102), fill(103), fill(0)), "fill", "the exchange filled 3, the engine was told 4 in all"),
        ((fill(101), fill(102), fill(103), fill(0, order_id="9")), "fill", "filled 0, the engine was told 1 in all"),
    ],
)  # fmt: skip
def test_fills_are_told_once_whole_and_in_order(fills: tuple[FillSeen, ...], rule: str, said: str) -> None:
    [(what_rule, what), *_] = found(replace(ENGINE, lives=(replace(LIFE, fills=fills),)))
    assert what_rule == rule
    assert said in what


def test_fills_may_come_late_where_a_gap_was_declared() -> None:
    """Rule 11."""
    life = replace(LIFE, fills=(fill(102), fill(101), fill(103)), gaps=frozenset({KEY}))
    assert found(replace(ENGINE, lives=(life,))) == []


def test_fill_without_a_name_is_the_one_that_its_order_lacks() -> None:
    """Rule 1."""
    assert found(replace(ENGINE, lives=(replace(LIFE, fills=(fill(101), fill(0), fill(103))),))) == []


def test_fills_before_the_first_life_was_ready_need_not_be_told() -> None:
    """Rule 7: they are the baseline's; what their order executed has to be known all the same."""
    baseline = replace(EXCHANGE, trades={**TRADES, (*KEY, 101): trade(101, at=900)})
    late = replace(ENGINE, lives=(replace(LIFE, fills=(fill(102), fill(103))),))
    assert found(late, baseline) == []
    assert [rule for rule, _ in found(replace(late, orders=(seen(executed="2"),)), baseline)] == ["order"]


def test_order_that_ended_before_the_first_life_was_ready_may_be_unknown() -> None:
    gone = fact("6", status="FILLED", executed="1", at=900)
    exchange = replace(EXCHANGE, orders={**EXCHANGE.orders, ("BTCUSDT", "6"): gone})
    assert found(ENGINE, exchange) == []
    assert found(ENGINE, replace(exchange, orders={**exchange.orders, ("BTCUSDT", "6"): replace(gone, status="NEW")}))


def crashed(again: tuple[FillSeen, ...]) -> EngineView:
    first = LifeView(ready_ms=1_000, over_ms=3_000, crashed=True, fills=(fill(101), fill(102)))
    return replace(ENGINE, lives=(first, LifeView(ready_ms=4_000, fills=(*again, fill(103)))))


def test_after_a_crash_a_group_of_fills_may_be_told_again_if_it_says_so() -> None:
    """Rule 28."""
    again = (fill(101, redelivered=True), fill(102, redelivered=True))
    assert found(crashed(again)) == []
    assert [rule for rule, _ in found(crashed((fill(102),)))] == ["fill"]
    [(rule, what)] = found(replace(crashed(again), redelivered_at_most=1))
    assert (rule, "told 2 of them again, after 1 crashes: at most 1" in what) == ("fill", True)


def test_one_life_is_told_nothing_twice_whatever_it_says() -> None:
    """Rule 28: a group comes again in the next life, once."""
    again = (fill(102, redelivered=True), fill(102, redelivered=True))
    assert [rule for rule, _ in found(crashed(again))] == ["fill"]


def test_fills_of_an_order_are_in_order_over_the_lives_of_who_remembers() -> None:
    """Rule 11."""
    first = LifeView(ready_ms=1_000, over_ms=3_000, crashed=True, fills=(fill(101), fill(103)))
    last = LifeView(ready_ms=4_000, fills=(fill(103, redelivered=True), fill(102)))
    engine = replace(ENGINE, lives=(first, last))
    assert [rule for rule, _ in found(engine)] == ["fill order"]
    assert found(replace(engine, lives=(first, replace(last, gaps=frozenset({KEY}))))) == []


def test_a_gap_that_is_declared_later_excuses_no_disorder_before() -> None:
    first = replace(LIFE, over_ms=3_000, fills=(fill(102), fill(101)))
    last = LifeView(ready_ms=4_000, fills=(fill(103),), gaps=frozenset({KEY}))
    assert [rule for rule, _ in found(replace(ENGINE, lives=(first, last)))] == ["fill order"]


def test_fills_while_nobody_lived_are_told_by_who_remembers() -> None:
    between = replace(EXCHANGE, trades={**TRADES, (*KEY, 103): trade(103, at=100_000)})
    first = LifeView(ready_ms=1_000, over_ms=90_000, sure_ms=3_000, fills=(fill(101), fill(102)))
    engine = replace(ENGINE, lives=(first, LifeView(ready_ms=110_000)))
    assert [rule for rule, _ in found(engine, between)] == ["fill"]
    forgetful = replace(engine, redelivered_at_most=None)
    assert found(forgetful, between) == []
    deaf = replace(forgetful, lives=(replace(first, fills=(fill(101),)), *forgetful.lives[1:]))
    assert [rule for rule, _ in found(deaf, between)] == ["fill"]


def test_who_remembers_nothing_may_be_told_again_by_its_next_life_and_not_by_the_same() -> None:
    lives = (replace(LIFE, over_ms=3_000, sure_ms=2_500), LifeView(ready_ms=4_000, fills=(fill(103),)))
    forgetful = replace(ENGINE, lives=lives, redelivered_at_most=None)
    assert found(forgetful) == []
    twice = replace(forgetful, lives=(lives[0], replace(lives[1], fills=(fill(103), fill(103)))))
    assert [rule for rule, _ in found(twice)] == ["fill"]


def test_who_remembers_nothing_need_not_know_what_ended_before_its_last_life() -> None:
    ended = replace(EXCHANGE, orders={KEY: fact(status="FILLED", at=2_500)})
    lives = (LIFE, LifeView(ready_ms=4_000))
    assert [rule for rule, _ in found(replace(ENGINE, orders=(), lives=lives), ended)] == ["order"]
    assert found(replace(ENGINE, orders=(), lives=lives, redelivered_at_most=None), ended) == []


@pytest.mark.parametrize("status", ["", "REJECTED"])
def test_order_that_the_exchange_never_had_may_be_lost_or_rejected(status: str) -> None:
    assert found(replace(ENGINE, orders=(seen(), seen("", status=status, executed="0")))) == []


def test_what_an_engine_does_not_show_is_not_asked() -> None:
    silent = replace(
        ENGINE,
        orders=(OrderSeen(*KEY, "c-7", "PARTIALLY_FILLED", D(3)),),
        positions=(PositionSeen("BTCUSDT", "BOTH", D(3)),),
        balances=None,
        waiting_algo_orders=None,
    )
    assert found(silent) == []


def test_unlawful_deliveries_are_told() -> None:
    [(rule, what)] = found(replace(ENGINE, lives=(replace(LIFE, breaches=("it was FILLED before",)),)))
    assert (rule, what) == ("delivery", "life 1: it was FILLED before")


def test_what_an_engine_does_not_keep_of_an_order_is_not_compared() -> None:
    bare = OrderSeen("BTCUSDT", "7", "c-7", "PARTIALLY_FILLED", D(3))
    assert found(replace(ENGINE, orders=(bare,))) == []
