"""What a fault is written with in Python: rules, verdicts, and the catalogue. `docs/faults.md` has what they mean."""

from simulator.core.faults.catalogue import CATALOGUE
from simulator.core.faults.corruption import Corruption
from simulator.core.faults.named_fault import NamedFault
from simulator.core.faults.rule import Installed, Rule
from simulator.core.faults.rule_data import data_of, rule_of
from simulator.core.faults.verdict import (
    Close,
    Corrupt,
    Delay,
    Drip,
    Drop,
    Duplicate,
    ExecuteThen,
    ExecuteThenReset,
    HalfOpen,
    Hold,
    Lag,
    Pass,
    RefuseThenAccept,
    Reorder,
    Reset,
    Respond,
    Silence,
    Skew,
    Stall,
    Throttle,
    Verdict,
)
from simulator.errors import BadFaultError
from simulator.runtime.fault_control import Brought, FaultControl

__all__ = [
    "CATALOGUE",
    "BadFaultError",
    "Brought",
    "Close",
    "Corrupt",
    "Corruption",
    "Delay",
    "Drip",
    "Drop",
    "Duplicate",
    "ExecuteThen",
    "ExecuteThenReset",
    "FaultControl",
    "HalfOpen",
    "Hold",
    "Installed",
    "Lag",
    "NamedFault",
    "Pass",
    "RefuseThenAccept",
    "Reorder",
    "Reset",
    "Respond",
    "Rule",
    "Silence",
    "Skew",
    "Stall",
    "Throttle",
    "Verdict",
    "data_of",
    "rule_of",
]
