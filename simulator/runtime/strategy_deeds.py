"""What an account is told of its grid strategies, which run on Binance's website, and here not at all."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.amounts import decimal_amount
from simulator.core.facts import GridChanged, StrategyChanged
from simulator.core.lookup import find_account, find_symbol
from simulator.runtime.deeds import Deeds

__all__ = ["StrategyDeeds"]


class StrategyDeeds(Deeds):
    """Tells an account of its grid strategies. Wrong names raise `UnknownSymbolError` or `UnknownAccountError`."""

    def update_strategy(
        self,
        symbol: str,
        *,
        strategy_id: int = 1,
        strategy_type: str = "GRID",
        status: str = "NEW",
        code: int = 8007,
        account: str | None = None,
    ) -> None:
        """Send STRATEGY_UPDATE. `code` is the wire's `c`, such as 8005: the user's position was liquidated."""
        exchange = self._floor.venue.exchange
        owner, spec = find_account(exchange, account), find_symbol(exchange, symbol)
        changed = StrategyChanged(
            account=owner.name,
            time_ms=self._floor.clock.time_ms(),
            strategy_id=strategy_id,
            strategy_type=strategy_type,
            status=status,
            symbol=spec.symbol,
            code=code,
        )
        self._floor.act(
            "action", f"strategy {strategy_id} is {status}, {code}", lambda _: [changed], account=owner.name
        )

    def update_grid(
        self,
        symbol: str,
        *,
        strategy_id: int = 1,
        strategy_type: str = "GRID",
        status: str = "WORKING",
        realized: str | Decimal = "0",
        unmatched_price: str | Decimal = "0",
        unmatched_quantity: str | Decimal = "0",
        unmatched_fee: str | Decimal = "0",
        matched: str | Decimal = "0",
        account: str | None = None,
    ) -> None:
        """Send GRID_UPDATE: an order of a grid was filled, and this is what the grid has come to.

        Raises `BadAmountError` for what is no number.
        """
        exchange = self._floor.venue.exchange
        owner, spec = find_account(exchange, account), find_symbol(exchange, symbol)
        changed = GridChanged(
            account=owner.name,
            time_ms=self._floor.clock.time_ms(),
            strategy_id=strategy_id,
            strategy_type=strategy_type,
            status=status,
            symbol=spec.symbol,
            realized=decimal_amount(realized),
            unmatched_price=decimal_amount(unmatched_price),
            unmatched_quantity=decimal_amount(unmatched_quantity),
            unmatched_fee=decimal_amount(unmatched_fee),
            matched=decimal_amount(matched),
        )
        self._floor.act("action", f"grid {strategy_id} is {status}", lambda _: [changed], account=owner.name)
