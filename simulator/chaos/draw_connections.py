"""What befalls connections, frames, listen keys and the engine's process in a drawn run.

TCP and a correct exchange allow that a connection ends, stalls or is slow, that frames of one type come long after
those of another, and that they come twice. They do not allow that one is missing, spoilt, or out of its type's order:
that happens only where any fault may.
"""

from __future__ import annotations

from typing import Final

from simulator.chaos.draw_faults import installed
from simulator.chaos.drawing import Day
from simulator.core.faults.corruption import Corrupt
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import (
    Close,
    Delay,
    Drip,
    Drop,
    Duplicate,
    Reorder,
    Reset,
    Respond,
    Stall,
    Throttle,
    Verdict,
)
from simulator.core.scenario.action import (
    Action,
    CloseConnections,
    CutConnections,
    DropListenKey,
    ExpireListenKey,
    RefuseConnections,
    ReplaceListenKey,
    SilenceConnections,
)
from simulator.core.scenario.engine_action import EngineCrash, EngineRestart
from simulator.core.scenario.frame_action import (
    CloseNextConnections,
    HalfOpenConnections,
    HoldFrames,
    NextConnectionsSilent,
    ReleaseFrames,
)
from simulator.core.scenario.position_action import RequestExternal

__all__ = [
    "connection_ends", "connections_are_slow", "engine_dies", "frames_are_spoilt", "frames_come_otherwise",
    "handshakes_fail", "key_dies",
]  # fmt: skip

_CODES: Final = (1000, 1001, 1008, 1011, 1012)
_EVENTS: Final = ("ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "*")
_SPOILT: Final = (
    "truncated", "bad_json", "binary", "wrong_types", "swapped_numbers", "text_event_time", "unknown_fields",
    "unknown_values", "unknown_event",
)  # fmt: skip


def connection_ends(day: Day, at_ms: float) -> None:
    """Streams are cut, closed, silenced or left half-open; perhaps the next ones are refused or silent, too."""
    dice = day.dice
    ends: list[Action] = [
        CutConnections(), CutConnections(), CloseConnections(code=dice.choice(_CODES)), HalfOpenConnections(),
        SilenceConnections(),
    ]  # fmt: skip
    next_ones: list[Action] = [
        RefuseConnections(times=dice.randint(1, 4), status=dice.choice((403, 429, 500, 502, 503))),
        CloseNextConnections(times=dice.randint(1, 3), code=dice.choice(_CODES)),
        NextConnectionsSilent(times=1),
    ]
    end = dice.choice(ends)
    day.add(at_ms, *([dice.choice(next_ones)] if dice.random() < 0.4 else []), end)
    if dice.random() < 0.3:
        day.add(at_ms + dice.uniform(5, 4000), CutConnections())


def handshakes_fail(day: Day, at_ms: float) -> None:
    """For a while no new connection is accepted, or it is at once late, closed or reset; the present ones are cut."""
    dice = day.dice
    verdicts: tuple[Verdict, ...] = (
        Respond(403), Respond(429), Respond(500), Respond(503), Delay(2), Delay(12), Drop(), Reset(), Close(),
    )  # fmt: skip
    rule = Rule(
        on="handshake",
        event="user_stream",
        verdict=dice.choice(verdicts),
        times=dice.choice((1, 3, None)),
        for_s=dice.choice((5.0, 30.0, 120.0)),
    )
    installed(day, at_ms, rule)
    day.add(at_ms + dice.choice((0, 1, 500)), CutConnections())


def connections_are_slow(day: Day, at_ms: float) -> None:
    """Bytes arrive slowly, or nothing is read for a while; pongs are late or missing. It ends with the connection."""
    dice = day.dice
    verdicts: tuple[Verdict, ...] = (Drip(3000), Throttle(400), Throttle(5000), Stall(5.0), Stall(45.0))
    rule = Rule(on="frame", verdict=dice.choice(verdicts), times=1, for_s=300.0)
    if dice.random() < 0.3:
        rule = Rule(on="ping", verdict=dice.choice((Drop(), Delay(5.0), Delay(30.0))), for_s=dice.choice((30.0, 90.0)))
    installed(day, at_ms, rule)
    day.add(at_ms + dice.uniform(10_000, 90_000), CutConnections())


def frames_come_otherwise(day: Day, at_ms: float) -> None:
    """Frames of a type come late, twice, or behind those of other types."""
    dice = day.dice
    if dice.random() < 0.15:
        day.add(at_ms, HoldFrames(event=dice.choice(_EVENTS)))
        day.add(at_ms + dice.choice((20, 500, 4000, 15_000)), ReleaseFrames())
        return
    verdicts: tuple[Verdict, ...] = (
        Delay(0.005), Delay(0.3), Delay(2), Delay(8), Duplicate(), Duplicate(0.05), Duplicate(4),
        Reorder(past=dice.randint(1, 3)),
    )  # fmt: skip
    rule = Rule(
        on="frame",
        event=dice.choice(_EVENTS),
        connection=dice.choice((0, 0, dice.randint(1, 6))),  # of several, one may be slower than the others
        verdict=dice.choice(verdicts),
        times=dice.choice((1, 3, None)),
        probability=dice.choice((1.0, 0.5)),
        for_s=dice.choice((10.0, 60.0, 200.0)),
    )
    installed(day, at_ms, rule)


def frames_are_spoilt(day: Day, at_ms: float) -> None:
    """Frames are missing, damaged or out of their order. Where only lawful faults are, they come late instead."""
    dice = day.dice
    if day.laboratory.faults == "lawful":
        frames_come_otherwise(day, at_ms)
        return
    verdicts: tuple[Verdict, ...] = (
        Drop(), Drop(), Reorder(past=dice.randint(1, 2), of="its_type"), Delay(30), Corrupt(how=dice.choice(_SPOILT)),
        Corrupt(how=dice.choice(_SPOILT)),
    )  # fmt: skip
    rule = Rule(
        on="frame",
        event=dice.choice(_EVENTS),
        verdict=dice.choice(verdicts),
        times=dice.choice((1, 2, 6)),
        probability=dice.choice((1.0, 0.4)),
        for_s=dice.choice((60.0, 400.0)),
    )
    installed(day, at_ms, rule)


def key_dies(day: Day, at_ms: float) -> None:
    """The listen key dies: with a word, with two, with none, or by another process; or that only asks for it."""
    others = (RequestExternal(request=f"{method} /fapi/v1/listenKey") for method in ("DELETE", "PUT", "POST"))
    ends: tuple[Action, ...] = (
        ExpireListenKey(), ExpireListenKey(twice_after="14ms"), DropListenKey(), ReplaceListenKey(), *others,
    )  # fmt: skip
    day.add(at_ms, day.dice.choice(ends))


def engine_dies(day: Day, at_ms: float) -> None:
    """The engine's process is killed, or stopped; it comes back soon, and may be killed again as it recovers."""
    dice = day.dice
    down_ms = round(dice.choice([1, 50, 1000, dice.uniform(1000, 90_000)]))
    if dice.random() < 0.3:
        day.add(at_ms, EngineRestart(down=f"{down_ms}ms"))
        return
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        after = dice.choice([0, dice.randint(0, 30), dice.randint(0, 300)])
        day.add(at_ms, EngineCrash(after_steps=after, down=f"{down_ms}ms"))
        at_ms += down_ms + dice.choice([5, 50, 400, 3000])
