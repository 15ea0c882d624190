"""Does what a step of a scenario says about faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.core.scenario.fault_action import EndFault, OnFaults
from simulator.core.scenario.fault_reading import meaning_of

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["perform_on_faults"]


def perform_on_faults(simulator: Simulator, action: OnFaults) -> None:
    """Do an action. Raises `BadFaultError`, or what keeps a deed of a named fault from being done."""
    if isinstance(action, EndFault):
        simulator.faults.end(action.named)
    else:
        simulator.faults.bring_about(meaning_of(action), action.named or action.name)
