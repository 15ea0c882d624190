"""Positions and balances, as account updates say them.

An account update is an absolute patch: a position or balance that it lists replaces what was known, one that it does
not list did not change. "" stands for what the source does not carry and replaces nothing. Positions are keyed by
symbol and position side, since a hedge-mode account has up to three per symbol. Fills never move this book.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange

__all__ = ["PositionBook", "PositionKey"]

PositionKey: TypeAlias = tuple[str, str]
"""(symbol, position side)."""


class PositionBook:
    """A risk engine in its smallest form: what the account holds, kept from `on_account_update`."""

    def __init__(self) -> None:
        self._positions: dict[PositionKey, PositionChange] = {}
        self._balances: dict[str, BalanceChange] = {}

    def on_account_update(self, data: MappedAccountUpdate) -> None:
        """Apply one patch."""
        for balance in data["balances"]:
            held = self._balances.get(balance["asset"], balance)
            self._balances[balance["asset"]] = {
                "asset": balance["asset"],
                "wallet_balance": balance["wallet_balance"] or held["wallet_balance"],
                "cross_wallet_balance": balance["cross_wallet_balance"] or held["cross_wallet_balance"],
                "balance_change": balance["balance_change"],
            }
        for position in data["positions"]:
            self._apply(position)

    def _apply(self, position: PositionChange) -> None:
        key = (position["symbol"], position["position_side"])
        if not Decimal(position["position_amount"]):
            self._positions.pop(key, None)
            return
        held = self._positions.get(key, position)
        self._positions[key] = {
            "symbol": position["symbol"],
            "position_side": position["position_side"],
            "position_amount": position["position_amount"],
            "entry_price": position["entry_price"] or held["entry_price"],
            "break_even_price": position["break_even_price"] or held["break_even_price"],
            "accumulated_realized": position["accumulated_realized"] or held["accumulated_realized"],
            "unrealized_pnl": position["unrealized_pnl"] or held["unrealized_pnl"],
            "margin_type": position["margin_type"] or held["margin_type"],
            "isolated_wallet": position["isolated_wallet"] or held["isolated_wallet"],
        }

    @property
    def positions(self) -> dict[PositionKey, PositionChange]:
        """Open positions by (symbol, position side)."""
        return dict(self._positions)

    @property
    def balances(self) -> dict[str, BalanceChange]:
        """Balances by asset, zero ones included once they were listed."""
        return dict(self._balances)

    @property
    def amounts(self) -> dict[PositionKey, Decimal]:
        """Open positions, signed, in the base asset."""
        return {key: Decimal(position["position_amount"]) for key, position in self._positions.items()}

    def position_amount(self, symbol: str, position_side: str = "BOTH") -> Decimal:
        """Return the signed position in the base asset, zero when there is none."""
        position = self._positions.get((symbol, position_side))
        return Decimal(position["position_amount"]) if position else Decimal(0)

    def wallet_balance(self, asset: str) -> Decimal:
        """Return the wallet balance in units of `asset`, zero when it was never listed."""
        balance = self._balances.get(asset)
        return Decimal(balance["wallet_balance"]) if balance else Decimal(0)
