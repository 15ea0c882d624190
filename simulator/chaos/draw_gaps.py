"""Gaps that last, in which others trade, and moments at which what was seen in a gap is old already."""

from __future__ import annotations

from typing import Final

from simulator.chaos import draw_market, draw_orders
from simulator.chaos.draw_faults import READS, installed, read_verdict
from simulator.chaos.drawing import Day
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Close, Delay, Drop, ExecuteThen, Respond
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.action import (
    CutConnections,
    Fill,
    RestLag,
)
from simulator.core.scenario.engine_action import EngineCrash

__all__ = [
    "accounts_lag", "at_a_confirmation", "long_death", "lost_at_the_end", "outage", "somebody_trades", "thrown_out",
]  # fmt: skip

_STRANGE: Final = ("ADAUSDT", "AVAXUSDT", "LTCUSDT")
_SPECS: Final = [spec for spec in DEFAULT_SYMBOLS if spec.symbol in _STRANGE]
"""Symbols that no drawn engine trades."""


def outage(day: Day, at_ms: float) -> None:
    """For minutes no stream can be had; others trade meanwhile."""
    lasts_s = round(day.dice.uniform(75, 260))
    rule = Rule(on="handshake", event="user_stream", verdict=Respond(503), for_s=float(lasts_s))
    installed(day, at_ms, rule)
    day.add(at_ms, CutConnections())
    _meanwhile(day, at_ms, lasts_s * 1000)


def long_death(day: Day, at_ms: float) -> None:
    """For minutes no engine lives; others trade meanwhile."""
    lasts_s = round(day.dice.uniform(75, 260))
    day.add(at_ms, EngineCrash(down=f"{lasts_s}s"))
    _meanwhile(day, at_ms, lasts_s * 1000)


def _meanwhile(day: Day, at_ms: float, lasts_ms: int) -> None:
    """Others trade; and when it is over, the first queries fail, perhaps, or show the past."""
    dice = day.dice
    for _ in range(dice.randint(1, 4)):
        somebody_trades(day, at_ms + dice.uniform(500, lasts_ms - 500))
    if dice.random() < 0.4:
        draw_market.closed_by_force(day, at_ms + dice.uniform(500, lasts_ms - 500))
    if dice.random() < 0.6:
        rule = Rule(
            on="request",
            method="GET",
            path=dice.choice(READS),
            verdict=read_verdict(day),
            times=dice.choice((1, 2, 4)),
            for_s=90.0,
        )
        installed(day, at_ms + lasts_ms - 200, rule)
    if dice.random() < 0.5:
        day.add(at_ms + lasts_ms - 45_000, RestLag(orders=f"{dice.choice((5000, 25_000, 39_000))}ms"))
        day.add(at_ms + lasts_ms + 75_000, RestLag())


def somebody_trades(day: Day, at_ms: float) -> None:
    """Somebody else's order is placed and done at once, perhaps on a symbol that nobody here ever traded."""
    spec = day.dice.choice(_SPECS) if day.dice.random() < 0.4 else day.symbol()
    day.prices.setdefault(spec.symbol, spec.price)
    day.add(at_ms, draw_orders.external_order(day, spec, day.side(), day.name("web")))


def thrown_out(day: Day, at_ms: float) -> None:
    """For minutes every stream is accepted, and closed at once."""
    rule = Rule(
        on="connection", event="user_stream", verdict=Close(1008, "policy"), for_s=day.dice.choice((60.0, 340.0))
    )
    installed(day, at_ms, rule)
    day.add(at_ms + 1, CutConnections())


def at_a_confirmation(day: Day, at_ms: float) -> None:
    """Fills come while the second look reads an account that is a few seconds behind."""
    dice = day.dice
    day.add(at_ms, CutConnections())
    day.add(at_ms + 37_000, RestLag(orders="2s", account="4900ms"))
    day.add(at_ms + 60_000, RestLag())
    for _ in range(3):
        draw_orders.taken(day, at_ms + dice.uniform(37_500, 40_500))


def unsure(day: Day, at_ms: float) -> None:
    """The exchange says that it does not know whether it took an order, which it did; what came of it is told later."""
    drawn = draw_orders.taken(day, at_ms)
    said = Respond(503, -1000, "Unknown error, please check your request or try again later.")
    rule = Rule(on="request", method="POST", verdict=ExecuteThen(said), order=drawn.name, times=1, for_s=60.0)
    installed(day, at_ms - 1, rule)
    for event in ("TRADE_LITE", "ORDER_TRADE_UPDATE"):
        installed(day, at_ms - 1, Rule(on="frame", event=event, order=drawn.name, verdict=Delay(2.0), for_s=60.0))


def accounts_lag(day: Day, at_ms: float) -> None:
    """Some account updates are seconds late on one connection, while others come in between on the other one."""
    dice = day.dice
    rule = Rule(on="frame", event="ACCOUNT_UPDATE", verdict=Delay(6.0), probability=0.5, for_s=12.0)
    installed(day, at_ms, rule)
    for _ in range(4):
        draw_orders.taken(day, at_ms + dice.uniform(1, 12_000))


def lost_at_the_end(day: Day) -> None:
    """Shortly before everything is well again the news of a fill is lost, and only the next fill tells that it was.

    TRADE_LITE tells of none of them: it does not say what came before it.
    """
    at_ms = day.length_ms - day.dice.uniform(20_000, 100_000)
    drawn = draw_orders.placed(day, at_ms - 10_000)
    for event, for_s in (("TRADE_LITE", 10.0), ("ORDER_TRADE_UPDATE", 0.2)):
        installed(day, at_ms, Rule(on="frame", event=event, order=drawn.name, verdict=Drop(), for_s=for_s))
    for number, part in enumerate(day.parts(drawn.spec, drawn.quantity, 3)):
        day.add(at_ms + 100 + 900 * number, Fill(order=drawn.name, quantity=f"{part:f}"))
