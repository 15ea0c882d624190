"""What the exchange does with a symbol: it begins to trade, is halted, is settled, is closed.

The contract's terms stay; its status changes, which `exchangeInfo` shows and `!contractInfo` tells. Orders and
positions on it are left as they are: whoever delists a symbol settles them too.
"""

from __future__ import annotations

from msgspec.structs import replace

from simulator.core.domain import STATUSES
from simulator.core.facts import ContractChanged, Fact
from simulator.core.trading.exchange import Exchange
from simulator.errors import BadStatusError

__all__ = ["set_status"]


def set_status(exchange: Exchange, symbol: str, status: str, now_ms: int) -> list[Fact]:
    """Give a known symbol another status; there is no fact when it has it already. Raises `BadStatusError`."""
    if status not in STATUSES:
        raise BadStatusError(status, sorted(STATUSES))
    spec = exchange.symbols[symbol]
    if spec.status == status:
        return []
    changed = replace(spec, status=status)
    exchange.symbols[symbol] = changed
    return [ContractChanged(account="", time_ms=now_ms, spec=changed)]
