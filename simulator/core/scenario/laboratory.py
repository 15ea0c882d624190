"""The world that a scenario needs when an engine is tried in the laboratory: its seed, its length, its exchange.

With it a scenario says everything there is to say of a run: whoever has the file has the run, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.core.scenario.notation import Duration

__all__ = ["Laboratory"]


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """What the run is made of, besides its steps."""

    seed: int = 0
    """Listen keys, latencies and whatever else a run draws while it goes on are functions of it."""
    length: Duration = "1h"
    """How long things happen. Then every fault stops."""
    calm: Duration = "10m"
    """How long the engine then has, until it must be where the exchange is."""
    faults: Literal["lawful", "any"] = "any"
    """Whether all faults are such as TCP and a correct exchange allow; then what is live may lag by its bound only, and
    fills have to be told in order.
    """
    market: Literal["one_price", "book"] = "one_price"
    """Who trades with the engine: the house at one price per symbol, or everybody in an order book."""
    risk: Literal["scripted", "automatic"] = "scripted"
    """Whether accounts are liquidated and funding is paid only by steps, or by themselves."""
    position_mode: Literal["one_way", "hedge"] = "one_way"
    assets_mode: Literal["single", "multi"] = "single"
    balance: str = "100000"
    """What each account has at the start: quote asset."""
    accounts: int = 1
    """How many accounts trade; the engine's is the first."""
    listen_key_lifetime: Duration = "60m"
    connection_lifetime: Duration = "24h"
    ping_interval: Duration = "3m"
    pong_timeout: Duration = "10m"
    latency: Duration = "0s"
    """The most that a piece takes one way on the network, drawn for each."""
    profile: Mapping[str, str] = field(default_factory=dict)
    """Which of the exchange's undocumented behaviours are shown: fields of the simulator's `Profile`."""
    engine: Mapping[str, str] = field(default_factory=dict)
    """What the engine's factory is told of this run: `{"connections": "2"}`."""
