"""What a step of a scenario does to positions, to the venue as a whole, and in another client's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from simulator.core.risk.forced import Told, TradeIdShown
from simulator.core.scenario.notation import AccountName, DecimalText, Duration, RequestLine, Symbol

__all__ = [
    "AdjustPosition",
    "Adl",
    "AdvanceClock",
    "ForcedClosing",
    "Funding",
    "Liquidate",
    "MarginCall",
    "OnVenue",
    "RequestExternal",
    "Settle",
    "UpdateGrid",
    "UpdateStrategy",
    "Wipe",
]


@dataclass(frozen=True, kw_only=True)
class ForcedClosing:
    """What liquidation, ADL and settlement have in common. They tell, and leave in REST, an order and its trade."""

    symbol: Symbol
    price: DecimalText | None = None
    """Left out, the market's."""
    position_side: Literal["BOTH", "LONG", "SHORT"] | None = None
    """Left out, the only position of the symbol."""
    told: Told = "everything"
    trade_id: TradeIdShown = "real"
    """What the streams show as the trade's id."""
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class Liquidate(ForcedClosing):
    """Liquidates a position; the symbol's open orders expire first."""

    quantity: DecimalText | None = None
    """Left out, the whole position."""


@dataclass(frozen=True, kw_only=True)
class Adl(ForcedClosing):
    """Reduces a position by auto-deleverage."""

    quantity: DecimalText | None = None
    """Left out, the whole position."""


@dataclass(frozen=True, kw_only=True)
class Settle(ForcedClosing):
    """Settles a position, as at a delisting."""


@dataclass(frozen=True, kw_only=True)
class AdjustPosition:
    """Gives a position another amount with neither order nor trade: ACCOUNT_UPDATE, or no word at all."""

    symbol: Symbol
    amount: DecimalText
    """Signed."""
    entry_price: DecimalText
    position_side: Literal["BOTH", "LONG", "SHORT"] | None = None
    told: Told = "account_update"
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class Funding:
    """Charges the funding fee on all positions of a symbol: ACCOUNT_UPDATE."""

    symbol: Symbol
    rate: DecimalText


@dataclass(frozen=True, kw_only=True)
class MarginCall:
    """Sends MARGIN_CALL for the account's positions of a symbol."""

    symbol: Symbol
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateStrategy:
    """Sends STRATEGY_UPDATE of a grid strategy, which runs nowhere."""

    symbol: Symbol
    strategy_id: int = 1
    strategy_type: str = "GRID"
    status: str = "NEW"
    code: int = 8007
    """The wire's `c`."""
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateGrid:
    """Sends GRID_UPDATE: an order of a grid strategy, which runs nowhere, was filled."""

    symbol: Symbol
    strategy_id: int = 1
    strategy_type: str = "GRID"
    status: str = "WORKING"
    realized: DecimalText = "0"
    unmatched_price: DecimalText = "0"
    unmatched_quantity: DecimalText = "0"
    unmatched_fee: DecimalText = "0"
    matched: DecimalText = "0"
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class Wipe:
    """Forgets every order, trade, position and balance, and numbers anew, as the testnet does each month."""

    connections: Literal["kept", "cut"] = "kept"


@dataclass(frozen=True, kw_only=True)
class AdvanceClock:
    """Lets the exchange live through so much time at once: keys expire, funding is paid, what is due happens."""

    by: Duration


@dataclass(frozen=True, kw_only=True)
class RequestExternal:
    """Sends a request as another client of the account would: a mode, a leverage, a cancellation."""

    request: RequestLine
    parameters: Mapping[str, str] = field(default_factory=dict)
    """By their wire names."""
    account: AccountName | None = None


OnVenue: TypeAlias = (
    Liquidate | Adl | Settle | AdjustPosition | Funding | MarginCall | UpdateStrategy | UpdateGrid | Wipe
    | AdvanceClock | RequestExternal
)  # fmt: skip
