"""A Binance USDⓈ-M futures exchange on this machine."""

from simulator.core.domain import AccountSpec, SymbolSpec
from simulator.core.fault import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from simulator.core.journal import Journal, JournalEntry
from simulator.core.profile import Profile
from simulator.core.venue_error import VenueError
from simulator.errors import (
    NotRunningError,
    PortInUseError,
    SimulatorError,
    UnknownAccountError,
    UnknownOrderError,
    UnknownSymbolError,
)
from simulator.runtime.server import Simulator

__all__ = [
    "AccountSpec",
    "Delay",
    "ExecuteThen",
    "ExecuteThenReset",
    "Journal",
    "JournalEntry",
    "NotRunningError",
    "PortInUseError",
    "Profile",
    "Reset",
    "Respond",
    "Simulator",
    "SimulatorError",
    "SymbolSpec",
    "UnknownAccountError",
    "UnknownOrderError",
    "UnknownSymbolError",
    "VenueError",
]
