"""How grid strategies are told: STRATEGY_UPDATE when one changes, GRID_UPDATE when one of its orders is filled.

They run on Binance's website; here they are no more than what a test says of them.
"""

from __future__ import annotations

from typing import Any

from simulator.core.amounts import trimmed
from simulator.core.facts import GridChanged, StrategyChanged
from simulator.core.streams.user_event import UserEvent, user_event

__all__ = ["strategy_event"]

STRATEGY_UPDATE = "STRATEGY_UPDATE"
GRID_UPDATE = "GRID_UPDATE"


def strategy_event(fact: StrategyChanged | GridChanged) -> UserEvent:
    """Return the frame that tells what became of a grid strategy."""
    strategy = {"si": fact.strategy_id, "st": fact.strategy_type, "ss": fact.status, "s": fact.symbol}
    if isinstance(fact, StrategyChanged):
        content = {"su": strategy | {"ut": fact.time_ms, "c": fact.code}}
        return user_event(fact, STRATEGY_UPDATE, content, f"{fact.symbol} {fact.status} {fact.code}")
    content = {"gu": strategy | _filled(fact) | {"ut": fact.time_ms}}
    return user_event(fact, GRID_UPDATE, content, f"{fact.symbol} {fact.status}")


def _filled(fact: GridChanged) -> dict[str, Any]:
    return {
        "r": trimmed(fact.realized),
        "up": trimmed(fact.unmatched_price),
        "uq": trimmed(fact.unmatched_quantity),
        "uf": trimmed(fact.unmatched_fee),
        "mp": trimmed(fact.matched) if fact.matched else "0.0",
    }
