"""A Binance USDⓈ-M futures exchange on this machine."""

from simulator.core.domain import AccountSpec, ApiKey, SymbolSpec
from simulator.core.faults.fault import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from simulator.core.faults.frame_fault import Corrupt, Drop, Duplicate, Hold
from simulator.core.journal import Journal, JournalEntry
from simulator.core.market.symbols import (
    DEFAULT_SYMBOLS,
    delivery,
    market_at,
    perpetual,
    quarterlies,
    synthetic_symbols,
)
from simulator.core.profile import Profile
from simulator.core.rest.venue_error import VenueError
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.trading.market_terms import MarketTerms
from simulator.errors import (
    BadAmountError,
    BadFrameError,
    BadPathError,
    BadStatusError,
    ConfigurationError,
    NoListenKeyError,
    NoPositionError,
    NotRunningError,
    OrderNotOpenError,
    PortInUseError,
    SimulatorError,
    UnknownAccountError,
    UnknownOrderError,
    UnknownPathError,
    UnknownSymbolError,
)
from simulator.runtime.server import Simulator

__all__ = [
    "DEFAULT_SYMBOLS",
    "AccountSpec",
    "ApiKey",
    "BadAmountError",
    "BadFrameError",
    "BadPathError",
    "BadStatusError",
    "ConfigurationError",
    "Corrupt",
    "Delay",
    "Drop",
    "Duplicate",
    "ExecuteThen",
    "ExecuteThenReset",
    "Hold",
    "Journal",
    "JournalEntry",
    "MarketTerms",
    "NoListenKeyError",
    "NoPositionError",
    "NotRunningError",
    "OrderNotOpenError",
    "PortInUseError",
    "Profile",
    "Reset",
    "Respond",
    "RiskTerms",
    "Simulator",
    "SimulatorError",
    "SymbolSpec",
    "UnknownAccountError",
    "UnknownOrderError",
    "UnknownPathError",
    "UnknownSymbolError",
    "VenueError",
    "delivery",
    "market_at",
    "perpetual",
    "quarterlies",
    "synthetic_symbols",
]
