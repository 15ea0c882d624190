"""What the exchange does to positions: it closes them by force, charges funding, calls for margin."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.accounts.position import Position
from simulator.core.amounts import decimal_amount
from simulator.core.facts import Fact
from simulator.core.lookup import find_account, find_position, find_symbol, possible_closing, possible_price
from simulator.core.risk.delisting import delist
from simulator.core.risk.forced import Closing, ClosingKind, Told, TradeIdShown, adjust_position, close_position
from simulator.core.risk.funding import call_margin
from simulator.errors import NoPositionError
from simulator.runtime.deeds import Deeds

__all__ = ["PositionDeeds"]


class PositionDeeds(Deeds):
    """Liquidates, deleverages, settles, adjusts and funds positions, and calls for margin.

    `position_side` may be left out where the symbol has only one position. Wrong names raise `UnknownSymbolError` or
    `UnknownAccountError`; where there is no such position, `NoPositionError`; wrong amounts, `BadAmountError`.
    """

    def liquidate(
        self,
        symbol: str,
        *,
        quantity: str | Decimal | None = None,
        price: str | Decimal | None = None,
        position_side: str | None = None,
        trade_id: TradeIdShown = "real",
        told: Told = "everything",
        account: str | None = None,
    ) -> int:
        """Liquidate a position, or `quantity` of it, at this price or the market's; return the order id.

        The symbol's open orders expire first. `trade_id` "zero" shows 0 for the trade's id on the stream, while REST
        shows the real one. `told` is how much the streams tell: everything, all but the order's NEW, only the
        ACCOUNT_UPDATE, or nothing. REST shows it all in every case.
        """
        owner, held = self._position(symbol, position_side, account)
        closing = self._closing("LIQUIDATION", held, quantity, price)
        return self._close(owner, held, replace(closing, trade_id=trade_id, told=told))

    def adl(
        self,
        symbol: str,
        *,
        quantity: str | Decimal | None = None,
        price: str | Decimal | None = None,
        position_side: str | None = None,
        trade_id: TradeIdShown = "real",
        told: Told = "everything",
        account: str | None = None,
    ) -> int:
        """Reduce a position by auto-deleverage, as `liquidate` does; each such order is called `adl_autoclose`."""
        owner, held = self._position(symbol, position_side, account)
        closing = self._closing("ADL", held, quantity, price)
        return self._close(owner, held, replace(closing, trade_id=trade_id, told=told))

    def settle(
        self,
        symbol: str,
        price: str | Decimal | None = None,
        *,
        position_side: str | None = None,
        trade_id: TradeIdShown = "real",
        told: Told = "everything",
        account: str | None = None,
    ) -> int:
        """Settle a position as at a delisting, as `liquidate` does; return the order id."""
        owner, held = self._position(symbol, position_side, account)
        closing = self._closing("SETTLEMENT", held, None, price)
        return self._close(owner, held, replace(closing, trade_id=trade_id, told=told))

    def adjust_position(
        self,
        symbol: str,
        amount: str | Decimal,
        entry_price: str | Decimal,
        *,
        position_side: str | None = None,
        told: Told = "account_update",
        account: str | None = None,
    ) -> None:
        """Give a position another amount (signed) and entry price, with no order and no trade to explain it.

        ACCOUNT_UPDATE says so with the reason ADJUSTMENT, unless `told` is "nothing".
        """
        exchange = self._floor.venue.exchange
        owner = find_account(exchange, account)
        side = position_side or owner.position_sides()[0]
        held = owner.position(find_symbol(exchange, symbol).symbol, side)
        wanted, entry = decimal_amount(amount), possible_price(exchange.symbols[symbol], entry_price)

        def adjust(now_ms: int) -> list[Fact]:
            facts = adjust_position(exchange, owner, held, wanted, entry_price=entry, now_ms=now_ms)
            return [] if told == "nothing" else facts

        self._floor.act("action", f"{symbol} is {wanted:f} now", adjust, account=owner.name)

    def delist(self, symbol: str, price: str | Decimal | None = None) -> None:
        """Settle every account's orders and positions on the symbol, at this price or the mark, and close it.

        Orders expire (reason 7), positions are closed as by `settle`; the status becomes SETTLING, and CLOSE at last.
        """
        venue = self._floor.venue
        spec = find_symbol(venue.exchange, symbol)
        at = venue.exchange.marks[symbol] if price is None else possible_price(spec, price)
        self._floor.act(
            "action",
            f"{symbol} is delisted at {at:f}",
            lambda now_ms: delist(venue.exchange, spec.symbol, at, profile=venue.profile, now_ms=now_ms),
        )

    def funding(self, symbol: str, rate: str | Decimal) -> None:
        """Charge the funding fee on every account's position of the symbol: amount × mark × rate (0.0001 is 1 bp).

        ACCOUNT_UPDATE tells the balance, and of an isolated position the position too.
        """
        venue = self._floor.venue
        spec, at = find_symbol(venue.exchange, symbol), decimal_amount(rate)
        self._floor.act(
            "action", f"funding of {symbol} at {at:f}", lambda now_ms: venue.funding.pay(spec.symbol, at, now_ms)
        )

    def set_funding_rate(self, symbol: str, rate: str | Decimal) -> None:
        """Choose the rate at which the symbol's funding is paid every 8 hours, where it is paid by itself."""
        venue = self._floor.venue
        venue.funding.set_rate(find_symbol(venue.exchange, symbol).symbol, decimal_amount(rate))

    def margin_call(self, symbol: str, *, account: str | None = None) -> None:
        """Send MARGIN_CALL for the account's positions of the symbol, as they are."""
        exchange = self._floor.venue.exchange
        owner = find_account(exchange, account)
        if not any(
            owner.position(find_symbol(exchange, symbol).symbol, side).amount for side in owner.position_sides()
        ):
            raise NoPositionError(symbol, f"account {owner.name!r} has no position")
        self._floor.act(
            "action",
            f"margin call for {symbol}",
            lambda now_ms: call_margin(exchange, owner, symbol, now_ms),
            account=owner.name,
        )

    def _position(self, symbol: str, position_side: str | None, account: str | None) -> tuple[Account, Position]:
        exchange = self._floor.venue.exchange
        owner = find_account(exchange, account)
        return owner, find_position(owner, find_symbol(exchange, symbol).symbol, position_side)

    def _closing(
        self, kind: ClosingKind, held: Position, quantity: str | Decimal | None, price: str | Decimal | None
    ) -> Closing:
        exchange = self._floor.venue.exchange
        spec = exchange.symbols[held.symbol]
        amount = abs(held.amount) if quantity is None else possible_closing(held, spec, quantity)
        return Closing(
            kind=kind,
            quantity=amount,
            price=exchange.prices[held.symbol] if price is None else possible_price(spec, price),
        )

    def _close(self, owner: Account, held: Position, closing: Closing) -> int:
        venue = self._floor.venue
        now_ms = self._floor.clock.time_ms()
        order_id, facts = close_position(venue.exchange, owner, held, closing, profile=venue.profile, now_ms=now_ms)
        summary = f"{closing.kind} of {closing.quantity:f} {held.symbol} at {closing.price:f}"
        self._floor.act("action", summary, lambda _: facts, account=owner.name)
        return order_id
