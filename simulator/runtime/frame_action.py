"""Does what a step of a scenario says to frames, and to connections that come."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from simulator.core.faults.verdict import Corrupt, Delay, Drop, Duplicate, Hold, Verdict
from simulator.core.scenario import frame_action as act
from simulator.core.scenario.notation import milliseconds

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["perform_on_connections"]

_SELECTORS = ("symbol", "status", "execution_type", "reason", "client_order_id", "account")


def perform_on_connections(simulator: Simulator, action: act.OnConnections, account: str | None) -> None:
    """Do an action; `account` is the one that it is about where it names none."""
    match action:
        case act.ReleaseFrames():
            simulator.release_frames()
        case act.HalfOpenConnections():
            simulator.half_open_connections(account=account, connection=action.connection)
        case act.NextConnectionsSilent():
            simulator.next_connections_silent(action.times, control=action.control)
        case act.CloseNextConnections():
            simulator.close_next_connections(action.times, action.code, action.reason)
        case _:
            _on_frames(simulator, action)


def _on_frames(
    simulator: Simulator,
    action: act.DropFrames | act.DuplicateFrames | act.DelayFrames | act.HoldFrames | act.CorruptFrames,
) -> None:
    match = {name: text for name in _SELECTORS if (text := getattr(action, name)) is not None}
    simulator.on_frame(
        _verdict(action),
        event=action.event,
        connection=action.connection,
        nth=action.nth,
        times=action.frames,
        **match,
    )


def _verdict(
    action: act.DropFrames | act.DuplicateFrames | act.DelayFrames | act.HoldFrames | act.CorruptFrames,
) -> Verdict:
    match action:
        case act.DropFrames():
            return Drop()
        case act.DuplicateFrames():
            return Duplicate(milliseconds(action.after) / 1000)
        case act.DelayFrames():
            return Delay(milliseconds(action.by) / 1000)
        case act.HoldFrames():
            return Hold()
        case act.CorruptFrames():
            return Corrupt(action.how, replace=action.replace)
        case _:
            assert_never(action)
