"""Runs in which an engine has to do without its safety net.

An engine may have several ways to find what it missed: keeping its listen key alive, the first look after a
reconnection, a second one, and questions now and then. Each hides what is wrong with the others. So in some runs the
questions are left out, and with them every fault that nothing else can notice: a stream that is silent, a key that
somebody else has killed. Three kinds of them leave only one way:

- `second look`: REST lags, and the last thing that happens is read from a lagging account;
- `first look`: REST does not lag, the second look comes too late to help, and the last thing is a gap;
- `key`: no connection ever breaks, so that the key has to be kept alive, or be replaced in time. Nothing is looked for
  by itself then, so these runs end with a fill of which no news comes, on a healthy connection: what the next one says
  of the order is the only sign of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Final, Literal, TypeAlias

from simulator.chaos import draw_orders
from simulator.chaos.draw_faults import installed
from simulator.chaos.draw_gaps import at_a_confirmation, somebody_trades
from simulator.chaos.drawing import Day
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Delay, Drop, Respond
from simulator.core.scenario.action import (
    Action,
    CloseConnections,
    CutConnections,
    DropListenKey,
    ExpireListenKey,
    Fill,
    RefuseConnections,
    ReplaceListenKey,
    RestLag,
    SilenceConnections,
)
from simulator.core.scenario.engine_action import EngineCrash, EngineRestart
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.frame_action import CloseNextConnections, HalfOpenConnections, NextConnectionsSilent
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.position_action import RequestExternal
from simulator.core.scenario.scenario import Step

__all__ = ["Unaided", "draw_kind", "laboratory_unaided", "last_story", "steps_unaided"]

Unaided: TypeAlias = Literal["second look", "first look", "key"]

_HOW_MANY: Final = 0.21
_NEVER_S: Final = "86400"
_TOO_LATE_S: Final = "7200"
_KEY_S: Final = 3000
"""So that a keepalive that fails within the run is not followed by one that heals it before the judgement."""
_ASKED_FOR_MS: Final = 1_200_000
"""How long before the end questions have to be answered, where a hole at the end can be closed by one alone."""
_FOR_QUESTIONS: Final = (
    SilenceConnections, NextConnectionsSilent, DropListenKey, ReplaceListenKey, ExpireListenKey
)  # fmt: skip
_BREAKING: Final = (
    CutConnections, CloseConnections, HalfOpenConnections, RefuseConnections, CloseNextConnections, EngineCrash,
    EngineRestart,
)  # fmt: skip
_SLOW: Final = ("drip", "throttle", "stall", "reset", "close", "half_open")


def draw_kind(dice: Random) -> Unaided | None:
    """Draw whether a run is unaided, and which way is left; None: all of them."""
    kinds: tuple[Unaided, ...] = ("second look", "first look", "key")
    return dice.choice(kinds) if dice.random() < _HOW_MANY else None


def laboratory_unaided(laboratory: Laboratory, kind: Unaided) -> Laboratory:
    """Return a laboratory whose engine asks no questions while it is live.

    Keys that expire do so without a word: who keeps them alive knows when they would.
    """
    settings = {**laboratory.engine, "comparison_interval_s": _NEVER_S}
    if kind != "key":
        settings["connections"] = str(1 + laboratory.seed % 2)
    profile = {**laboratory.profile, "listen_key_expiry": "silent"}
    terms = replace(laboratory, faults="lawful", engine=settings, profile=profile)
    if kind == "second look":
        return replace(terms, engine=settings | {"overlap_s": "5"})
    if kind == "first look":
        return replace(terms, engine=settings | {"rest_lag_s": _TOO_LATE_S, "buffer_frames": "3"})
    if kind == "key":
        kept = {
            "listen_key_lifetime_s": str(_KEY_S),
            "keepalive_interval_s": str(_KEY_S // 2),
            "keepalive_margin_s": str(_KEY_S // 12),
            "rotate_after_s": "82800",
        }
        announced = laboratory.seed % 3 == 0
        return replace(
            terms,
            engine=settings | kept,
            profile={**profile, "listen_key_expiry": "announce" if announced else "silent"},
            listen_key_lifetime=f"{_KEY_S}s",
            connection_lifetime="86400s",
        )
    return terms


def last_story(day: Day, kind: Unaided) -> None:
    """What is to be noticed, late enough that nothing comes after it that would hide what was made of it."""
    if kind == "second look":
        _gap_after_a_gap(day)
        at_a_confirmation(day, day.length_ms - 55_000)
        return
    if kind == "first look":
        _gap_at_the_end(day)
        return
    since_ms = day.length_ms - day.dice.uniform(2_160_000, 2_400_000)
    installed(day, since_ms, Rule(on="request", method="PUT", path="/fapi/v1/listenKey", verdict=Respond(503)))
    somebody_trades(day, day.length_ms - 30_000)
    _hole_at_the_end(day)


def _hole_at_the_end(day: Day) -> None:
    """An order fills in three parts, and nothing is told of the second one.

    TRADE_LITE tells of none of them: it does not say what came before it.
    """
    at_ms = day.length_ms - 20_000
    side = day.side()
    drawn = draw_orders.placed(day, at_ms, side=side, position_side=draw_orders.opening(day, side))
    installed(day, at_ms - 1, Rule(on="frame", event="TRADE_LITE", order=drawn.name, verdict=Drop(), for_s=15.0))
    news = Rule(on="frame", event="ORDER_TRADE_UPDATE", order=drawn.name, verdict=Drop(), for_s=0.5)
    installed(day, at_ms + 3900, news)
    for number, part in enumerate(day.parts(drawn.spec, drawn.quantity, 3)):
        day.add(at_ms + 3000 + 1000 * number, Fill(order=drawn.name, quantity=f"{part:f}"))


def _gap_after_a_gap(day: Day) -> None:
    """REST hides what others did in a gap until there is another one: later looks have to begin at the earlier gap."""
    at_ms = day.length_ms - 150_000
    day.add(at_ms - 20_000, RestLag(orders="30s"))
    installed(day, at_ms, Rule(on="handshake", event="user_stream", verdict=Respond(503), for_s=6.0))
    day.add(at_ms, CutConnections())
    somebody_trades(day, at_ms + 1000)
    for after_ms in (14_000, 16_000, 18_000):
        draw_orders.taken(day, at_ms + after_ms)
    day.add(at_ms + 28_000, CutConnections())
    day.add(at_ms + 45_000, RestLag())


def _gap_at_the_end(day: Day) -> None:
    """No stream can be had for a while, or each takes its time to be opened; others trade meanwhile."""
    at_ms = day.length_ms - 75_000
    handshake, lasts_ms = day.dice.choice(((Respond(503), 15_000), (Delay(6.0), 40_000)))
    rule = Rule(on="handshake", event="user_stream", verdict=handshake, for_s=lasts_ms / 1000)
    installed(day, at_ms, rule)
    day.add(at_ms, CutConnections())
    for trade_ms in range(0, lasts_ms, 3000):
        somebody_trades(day, at_ms + trade_ms + day.dice.uniform(0, 3000))


def steps_unaided(day: Day, steps: Iterable[Step], kind: Unaided) -> list[Step]:
    """Return the steps without what the way that is left could not notice."""
    kept = []
    for step in steps:
        at_ms = milliseconds(step.at or "0s")
        is_late = kind == "key" and day.length_ms - _ASKED_FOR_MS < at_ms < day.length_ms - 20_000
        actions = tuple(
            action
            for action in step.actions
            if not _is_beyond(action, kind) and not (is_late and _keeps_from_asking(action))
        )
        if actions:
            kept.append(replace(step, do=actions[0] if len(actions) == 1 else actions))
    if kind == "key" and day.laboratory.profile["listen_key_expiry"] == "announce":
        kept.append(Step(at=f"{day.length_ms // 4}ms", do=ExpireListenKey()))
    return sorted(kept, key=lambda step: milliseconds(step.at or ""))


def _is_beyond(action: Action, kind: Unaided) -> bool:
    if isinstance(action, RequestExternal):
        return action.request == "DELETE /fapi/v1/listenKey"
    if isinstance(action, Fault):
        return _is_fault_beyond(action, kind)
    if isinstance(action, RestLag):
        return kind == "first look"
    return isinstance(action, _FOR_QUESTIONS) or (kind == "key" and isinstance(action, _BREAKING))


def _keeps_from_asking(action: Action) -> bool:
    if isinstance(action, RestLag):
        return action != RestLag()
    return isinstance(action, Fault) and action.on != "frame" and action.method in {"", "GET"}


def _is_fault_beyond(fault: Fault, kind: Unaided) -> bool:
    verdict = str(fault.verdict)
    if fault.on == "frame" and "duplicate" in verdict:
        return True  # an account update that comes again behind a later one of its own connection
    if kind == "first look" and "skew" in verdict:
        return True  # who is told that it is earlier than it is asks for nothing that is younger
    if kind != "key":
        return False
    on_a_stream = fault.on in {"handshake", "connection", "ping"}
    return on_a_stream or (fault.on == "frame" and any(word in verdict for word in _SLOW))
