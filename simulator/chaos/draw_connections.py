"""What befalls connections, listen keys and the engine's process in a drawn run."""

from __future__ import annotations

from simulator.chaos.drawing import Day
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
from simulator.core.scenario.frame_action import CloseNextConnections, HalfOpenConnections, NextConnectionsSilent

__all__ = ["connection_ends", "engine_dies", "key_dies"]

_CODES = (1000, 1001, 1006, 1008, 1011, 1012)


def connection_ends(day: Day, at_ms: float) -> None:
    """Streams are cut, closed, silenced or left half-open; perhaps the next ones are refused or silent, too."""
    dice = day.dice
    code = dice.choice([code for code in _CODES if code != 1006])
    ends: list[Action] = [
        CutConnections(), CutConnections(), CloseConnections(code=code), HalfOpenConnections(), SilenceConnections(),
    ]  # fmt: skip
    next_ones: list[Action] = [
        RefuseConnections(times=dice.randint(1, 4), status=dice.choice((403, 429, 500, 502, 503))),
        CloseNextConnections(times=dice.randint(1, 3)),
        NextConnectionsSilent(times=1),
    ]
    end = dice.choice(ends)
    if dice.random() < 0.4:
        day.add(at_ms, dice.choice(next_ones), end)
    else:
        day.add(at_ms, end)
    if dice.random() < 0.3:
        day.add(at_ms + dice.uniform(5, 4000), CutConnections())


def key_dies(day: Day, at_ms: float) -> None:
    """The listen key dies: with a word, with two, with none, or by another process."""
    ends: tuple[Action, ...] = (
        ExpireListenKey(), ExpireListenKey(twice_after="14ms"), DropListenKey(), ReplaceListenKey(),
    )  # fmt: skip
    day.add(at_ms, day.dice.choice(ends))


def engine_dies(day: Day, at_ms: float) -> None:
    """The engine's process is killed, or stopped; it comes back soon."""
    down = f"{round(day.dice.choice([1, 50, 1000, day.dice.uniform(1000, 90_000)]))}ms"
    if day.dice.random() < 0.7:
        after = day.dice.choice([0, day.dice.randint(0, 30), day.dice.randint(0, 300)])
        day.add(at_ms, EngineCrash(after_steps=after, down=down))
    else:
        day.add(at_ms, EngineRestart(down=down))
