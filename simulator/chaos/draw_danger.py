"""Faults at the very moment at which something depends on it.

An engine that survives everything at random times may still lose an order when the answer is lost, the stream is cut
and the fill comes within the same ten milliseconds. Here such moments are made on purpose: around a command and its
answer, a cancellation and a fill, a connection and the snapshot that follows it, a death and the recovery.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.chaos import draw_orders
from simulator.chaos.draw_faults import READS, installed, order_verdict, read_verdict
from simulator.chaos.drawing import Day, Drawn
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Delay, Drop, Duplicate, Reorder, Verdict
from simulator.core.scenario.action import (
    Action,
    Cancel,
    CutConnections,
    ExpireListenKey,
    Fill,
    ReplaceListenKey,
    RestLag,
)
from simulator.core.scenario.engine_action import EngineCancel, EngineCrash
from simulator.core.scenario.frame_action import HalfOpenConnections

__all__ = [
    "at_a_cancellation", "at_a_command", "at_a_death", "at_a_fill", "at_a_reconnection", "name_used_again",
]  # fmt: skip


def at_a_command(day: Day, at_ms: float) -> None:
    """An order is placed; its answer is lost or late, the stream ends about then, it fills, and queries fail or lag."""
    dice = day.dice
    drawn = draw_orders.filled(day, at_ms) if dice.random() < 0.5 else draw_orders.taken(day, at_ms)
    rule = Rule(on="request", method="POST", verdict=order_verdict(day), order=drawn.name, times=1, for_s=60.0)
    installed(day, at_ms - 1, rule)
    _perhaps_blind(day, at_ms)
    _perhaps_blind(day, at_ms)


def at_a_cancellation(day: Day, at_ms: float) -> None:
    """A cancellation's answer is lost, while the order fills or ends, unseen."""
    dice = day.dice
    drawn = draw_orders.placed(day, at_ms)
    when = at_ms + 200 + day.soon_ms()
    rule = Rule(on="request", method="DELETE", verdict=order_verdict(day), order=drawn.name, times=1, for_s=60.0)
    installed(day, when - 1, rule)
    day.add(when, EngineCancel(symbol=drawn.spec.symbol, order=drawn.name))
    _perhaps_blind(day, when)
    part = day.parts(drawn.spec, drawn.quantity, dice.choice((1, 2)))[0]
    end: Action = Fill(order=drawn.name, quantity=f"{part:f}") if dice.random() < 0.7 else Cancel(order=drawn.name)
    day.add(when + dice.uniform(-5, 200), end)


def at_a_reconnection(day: Day, at_ms: float) -> None:
    """A connection ends; things happen in the gap, and again just when the snapshot is read, which is old or fails."""
    dice = day.dice
    resting = [draw_orders.placed(day, at_ms - dice.uniform(50, 20_000)) for _ in range(dice.randint(1, 3))]
    ends: tuple[Action, ...] = (CutConnections(), CutConnections(), ExpireListenKey(), ReplaceListenKey(),
                                HalfOpenConnections())  # fmt: skip
    if dice.random() < 0.5:
        lag = RestLag(orders=f"{dice.choice((500, 5000, 39_000))}ms", account=f"{dice.choice((0, 4900))}ms")
        day.add(at_ms - 1, lag)
        day.add(at_ms + dice.uniform(2000, 90_000), RestLag())
    day.add(at_ms, dice.choice(ends))
    for _ in range(dice.randint(1, 5)):
        when = at_ms + dice.choice((dice.uniform(-60, 60), dice.uniform(0, 1500), dice.uniform(0, 15_000)))
        _something_happens(day, when, dice.choice(resting))
    if dice.random() < 0.4:
        rule = Rule(on="request", method="GET", path=dice.choice(READS), verdict=read_verdict(day), times=2, for_s=20.0)
        installed(day, at_ms, rule)
    if dice.random() < 0.4:
        day.add(at_ms + dice.uniform(1, 3000), CutConnections())


def at_a_fill(day: Day, at_ms: float) -> None:
    """An order fills in parts, and the news of one part is lost, or comes late, twice or behind other news."""
    dice = day.dice
    drawn = draw_orders.placed(day, at_ms)
    parts = day.parts(drawn.spec, drawn.quantity, dice.randint(2, 6))
    when = at_ms + 400 + day.soon_ms()
    verdicts: tuple[Verdict, ...] = (Delay(0.05), Delay(1.2), Delay(6), Duplicate(), Duplicate(0.4), Reorder())
    if day.laboratory.faults == "any":
        verdicts = (Drop(), Drop(), Drop(), Reorder(of="its_type"), *verdicts)
    event = dice.choice(("ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "*"))
    order = drawn.name if event in ("ORDER_TRADE_UPDATE", "TRADE_LITE") else ""
    rule = Rule(
        on="frame",
        event=event,
        order=order,
        verdict=dice.choice(verdicts),
        nth=dice.randint(1, len(parts)),
        times=dice.choice((1, 1, 2)),
        for_s=20.0,
    )
    installed(day, when - 1, rule)
    gap_ms = dice.choice((0, 1, 30, 900, 4000))
    for number, part in enumerate(parts):
        day.add(when + number * gap_ms, Fill(order=drawn.name, quantity=f"{part:f}"))
    if dice.random() < 0.3:
        day.add(when + len(parts) * gap_ms / 2, Cancel(order=drawn.name))


def name_used_again(day: Day, at_ms: float) -> None:
    """An order ends, and somebody else's gets its client order id, which nobody forbids; the stream may end between."""
    dice = day.dice
    drawn = draw_orders.placed(day, at_ms)
    when = at_ms + 400 + day.soon_ms()
    day.add(when, Fill(order=drawn.name) if dice.random() < 0.5 else Cancel(order=drawn.name))
    if dice.random() < 0.4:
        day.add(when + dice.uniform(-20, 20), CutConnections())
    when += 20 + day.soon_ms()
    price = Decimal(drawn.order.price or "0")
    day.add(when, draw_orders.external_order(day, drawn.spec, drawn.order.side, drawn.name, price))
    end: Action = Fill(order=drawn.name) if dice.random() < 0.6 else Cancel(order=drawn.name)
    day.add(when + day.soon_ms() + day.soon_ms(), end)


def at_a_death(day: Day, at_ms: float) -> None:
    """The engine is killed at one of the next awaits after it was told to do something; it fills while nobody lives."""
    dice = day.dice
    story = dice.choice((draw_orders.filled, draw_orders.cancelled, draw_orders.amended, draw_orders.taken))
    drawn = story(day, at_ms)
    when = at_ms + dice.choice((0, 0, 1, 40, 400))
    down_ms = round(dice.choice((1, 20, 300, 5000)))
    day.add(when, EngineCrash(after_steps=dice.randint(0, 60), down=f"{down_ms}ms"))
    _something_happens(day, when + dice.uniform(1, down_ms + 300), drawn)
    if dice.random() < 0.3:
        again = when + down_ms + dice.uniform(5, 600)
        day.add(again, EngineCrash(after_steps=dice.randint(0, 150), down="20ms"))


def _something_happens(day: Day, at_ms: float, drawn: Drawn) -> None:
    dice = day.dice
    parts = day.parts(drawn.spec, drawn.quantity, 3)
    happenings: tuple[Action, ...] = (
        Fill(order=drawn.name, quantity=f"{parts[0]:f}"), Fill(order=drawn.name, quantity=f"{parts[-1]:f}"),
        Fill(order=drawn.name), Cancel(order=drawn.name),
    )  # fmt: skip
    day.add(at_ms, dice.choice(happenings))
    if dice.random() < 0.2:
        draw_orders.external(day, at_ms)


def _perhaps_blind(day: Day, at_ms: float) -> None:
    """Take away one of the ways in which the engine could learn what became of its command."""
    dice = day.dice
    kind = dice.random()
    if kind < 0.25:
        day.add(at_ms + dice.uniform(-5, 100), CutConnections())
    elif kind < 0.45:
        rule = Rule(on="request", method="GET", path=dice.choice(READS), verdict=read_verdict(day), for_s=10.0)
        installed(day, at_ms, rule)
    elif kind < 0.6:
        day.add(at_ms, RestLag(orders=f"{dice.choice((1000, 20_000))}ms"))
        day.add(at_ms + 25_000, RestLag())
    elif kind < 0.75:
        installed(day, at_ms, Rule(on="frame", verdict=dice.choice((Delay(1), Duplicate(0.2))), times=3, for_s=5.0))
    elif kind < 0.8 and day.laboratory.faults == "any":
        installed(day, at_ms, Rule(on="frame", verdict=Drop(), times=dice.choice((1, 2)), for_s=5.0))
