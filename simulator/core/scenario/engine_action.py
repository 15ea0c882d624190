"""What the engine itself does in a step, when it is in the laboratory (`simulator chaos`): it trades, and it dies.

Elsewhere the engine is somebody else's process, which does what it wants; a scenario that holds one of these cannot be
played there. `order` and `client_order_id` are client order ids: the engine gives each order the one that it is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from simulator.core.scenario.notation import DecimalText, Duration, Symbol

__all__ = [
    "EngineAmend",
    "EngineCancel",
    "EngineCancelAlgo",
    "EngineCancelAll",
    "EngineCrash",
    "EnginePlace",
    "EnginePlaceAlgo",
    "EngineRestart",
    "OnEngine",
]

Side: TypeAlias = Literal["BUY", "SELL"]
PositionSide: TypeAlias = Literal["BOTH", "LONG", "SHORT"]


@dataclass(frozen=True, kw_only=True)
class EnginePlace:
    """The engine places an order."""

    symbol: Symbol
    side: Side
    type: Literal["LIMIT", "MARKET"] = "LIMIT"
    quantity: DecimalText
    price: DecimalText | None = None
    """Quote asset; a MARKET order has none."""
    time_in_force: Literal["GTC", "IOC", "FOK", "GTX", "GTD"] | None = None
    """Left out, the engine's choice."""
    position_side: PositionSide = "BOTH"
    reduce_only: Literal["true", "false"] = "false"
    client_order_id: str


@dataclass(frozen=True, kw_only=True)
class EngineCancel:
    """The engine cancels an order."""

    symbol: Symbol
    order: str


@dataclass(frozen=True, kw_only=True)
class EngineCancelAll:
    """The engine cancels every open order of a symbol, conditional ones included."""

    symbol: Symbol


@dataclass(frozen=True, kw_only=True)
class EngineAmend:
    """The engine gives a resting order another quantity or price, or both."""

    symbol: Symbol
    side: Side
    order: str
    quantity: DecimalText
    price: DecimalText


@dataclass(frozen=True, kw_only=True)
class EnginePlaceAlgo:
    """The engine places a conditional ("algo") order."""

    symbol: Symbol
    side: Side
    type: Literal["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"] = "STOP_MARKET"
    quantity: DecimalText | None = None
    """Base asset; left out with `close_position`."""
    trigger_price: DecimalText | None = None
    price: DecimalText | None = None
    callback_rate: DecimalText | None = None
    """Per cent, of TRAILING_STOP_MARKET."""
    close_position: Literal["true", "false"] = "false"
    reduce_only: Literal["true", "false"] = "false"
    position_side: PositionSide = "BOTH"
    client_order_id: str


@dataclass(frozen=True, kw_only=True)
class EngineCancelAlgo:
    """The engine cancels a conditional order."""

    symbol: Symbol
    order: str


@dataclass(frozen=True, kw_only=True)
class EngineCrash:
    """The engine's process dies: no task of it goes on, no `finally` runs. It is started anew from its directory."""

    after_steps: int = 0
    """It dies at the so manieth await from now on; 0: at once."""
    down: Duration = "1s"
    """How long until the next life begins."""


@dataclass(frozen=True, kw_only=True)
class EngineRestart:
    """The engine is stopped as its own `stop` does it, and started anew."""

    down: Duration = "1s"


OnEngine: TypeAlias = (
    EnginePlace
    | EngineCancel
    | EngineCancelAll
    | EngineAmend
    | EnginePlaceAlgo
    | EngineCancelAlgo
    | EngineCrash
    | EngineRestart
)
