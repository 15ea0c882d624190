"""What the machines of one account share: REST, what is known of it, the way out to the engine, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from user_stream.core.account_feed import AccountFeed
from user_stream.core.coverage import Coverage
from user_stream.core.ledger import Ledger
from user_stream.observer import Metrics
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock
from user_stream.runtime.delivery import Delivery
from user_stream.runtime.memory import Memory
from user_stream.settings import Settings

__all__ = ["Account"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account, as its service works on it. `draw`: a random number in [0, 1)."""

    rest: BinanceRest
    ledger: Ledger
    feed: AccountFeed
    coverage: Coverage
    delivery: Delivery
    memory: Memory
    metrics: Metrics
    settings: Settings
    clock: Clock
    draw: Callable[[], float]
