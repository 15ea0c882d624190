"""Gaps that last, and runs in which an engine has to do without its safety net.

An engine may have several ways to find what it missed: the stream, the first look after a reconnection, a second one,
and questions now and then. Each hides what is wrong with the others. So in some runs the questions are left out
(*unaided*), and with them every fault that nothing else can notice: a stream that is silent, a key that died without
a word. In half of these REST does not lag either, and the second look comes too late to help.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from simulator.chaos import draw_market, draw_orders
from simulator.chaos.draw_faults import READS, installed, read_verdict
from simulator.chaos.drawing import Day
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Close, Delay, Drop, Respond
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.action import (
    Action,
    CutConnections,
    DropListenKey,
    ExpireListenKey,
    Fill,
    ReplaceListenKey,
    RestLag,
    SilenceConnections,
)
from simulator.core.scenario.engine_action import EngineCrash
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.frame_action import NextConnectionsSilent
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.position_action import RequestExternal
from simulator.core.scenario.scenario import Step

__all__ = [
    "accounts_lag", "at_a_confirmation", "last_gap", "long_death", "lost_at_the_end", "outage", "steps_unaided",
    "thrown_out", "unaided",
]  # fmt: skip

_NEVER_S: Final = "86400"
_TOO_LATE_S: Final = "7200"
_STRANGE: Final = ("ADAUSDT", "AVAXUSDT", "LTCUSDT")
_SPECS: Final = [spec for spec in DEFAULT_SYMBOLS if spec.symbol in _STRANGE]
"""Symbols that no drawn engine trades."""
_NOTICED_BY_QUESTIONS: Final = (
    SilenceConnections, NextConnectionsSilent, DropListenKey, ReplaceListenKey, ExpireListenKey
)  # fmt: skip


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
        _somebody_trades(day, at_ms + dice.uniform(500, lasts_ms - 500))
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


def _somebody_trades(day: Day, at_ms: float) -> None:
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


def last_gap(day: Day, *, without_lag: bool) -> None:
    """The last thing that happens is a gap: nothing comes after it that would hide what was made of it."""
    if without_lag:
        at_ms = day.length_ms - 60_000
        rule = Rule(on="handshake", event="user_stream", verdict=Respond(503), for_s=15.0)
        installed(day, at_ms, rule)
        day.add(at_ms, CutConnections())
        for _ in range(2):
            _somebody_trades(day, at_ms + day.dice.uniform(500, 14_000))
    else:
        at_a_confirmation(day, day.length_ms - 55_000)


def unaided(laboratory: Laboratory, *, without_lag: bool) -> Laboratory:
    """Return a laboratory whose engine asks no questions while it is live.

    Keys that expire do so without a word: who keeps them alive knows when they would. Without a lag of REST, buffers
    are small.
    """
    settings = {**laboratory.engine, "comparison_interval_s": _NEVER_S}
    if without_lag:
        settings |= {"rest_lag_s": _TOO_LATE_S, "buffer_frames": "3"}
    profile = {**laboratory.profile, "listen_key_expiry": "silent"}
    return replace(laboratory, faults="lawful", engine=settings, profile=profile)


def steps_unaided(steps: Iterable[Step], *, without_lag: bool) -> list[Step]:
    """Return the steps without what only questions could notice, and without REST's lag where there is to be none."""
    kept = []
    for step in steps:
        actions = tuple(action for action in step.actions if not _needs_questions(action, without_lag=without_lag))
        if actions:
            kept.append(replace(step, do=actions[0] if len(actions) == 1 else actions))
    return kept


def _needs_questions(action: Action, *, without_lag: bool) -> bool:
    if isinstance(action, RequestExternal) and action.request == "DELETE /fapi/v1/listenKey":
        return True
    if isinstance(action, Fault) and action.on == "frame" and "duplicate" in str(action.verdict):
        return True  # an account update that comes again behind a later one of its own connection
    return isinstance(action, _NOTICED_BY_QUESTIONS) or (without_lag and isinstance(action, RestLag))
