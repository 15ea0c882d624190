"""What only the exchange, the market or another client of the account can do to orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulator.core.accounts.external import external_params
from simulator.core.domain import EXPIRED, EXPIRED_IN_MATCH
from simulator.core.facts import Fact
from simulator.core.lookup import (
    find_account,
    find_open_order,
    find_symbol,
    possible_fill,
    possible_level,
    possible_mark,
    possible_price,
    possible_quantity,
)
from simulator.core.rest.trading_endpoints import place
from simulator.errors import BadStatusError
from simulator.runtime.deeds import Deeds

__all__ = ["OrderDeeds"]


class OrderDeeds(Deeds):
    """Moves the market; fills, amends, cancels and expires orders; places those of others."""

    def set_price(self, symbol: str, price: str | Decimal) -> None:
        """Move the market: resting LIMIT orders that the price crosses fill as maker, best price first.

        Last, mark and index price are this one then, and in a market with a book the house quotes around it. Then the
        conditional orders that the price meets trigger.

        Raises `UnknownSymbolError`, or `BadAmountError` for a price that is not a positive multiple of the tick.
        """
        exchange = self._floor.venue.exchange
        spec = find_symbol(exchange, symbol)
        moved = possible_price(spec, price)
        self._floor.act("market", f"{symbol} is at {moved:f}", lambda now_ms: exchange.set_price(symbol, moved, now_ms))

    def set_mark(self, symbol: str, mark: str | Decimal, index: str | Decimal | None = None) -> None:
        """Move the mark price, and the index price (None: to the same), apart from the market.

        Positions are valued at the mark, and conditional orders may look at it; it fills nothing. Raises
        `UnknownSymbolError`, or `BadAmountError` for a price that is not above 0.
        """
        exchange = self._floor.venue.exchange
        spec = find_symbol(exchange, symbol)
        at = possible_mark(spec, mark)
        index_at = at if index is None else possible_mark(spec, index)
        self._floor.act(
            "market", f"{symbol} is marked {at:f}", lambda now_ms: exchange.set_mark(symbol, at, index_at, now_ms)
        )

    def fill(
        self,
        order: str | int,
        quantity: str | Decimal,
        price: str | Decimal | None = None,
        *,
        account: str | None = None,
    ) -> None:
        """Fill a part, or all, of a resting order as maker, at its own price or at this one.

        `order` is a client order id or an order id. Raises `UnknownOrderError`, `OrderNotOpenError`, `BadAmountError`.
        """
        exchange = self._floor.venue.exchange
        owner = find_account(exchange, account)
        found = find_open_order(owner, order)
        spec = exchange.symbols[found.symbol]
        amount = possible_fill(owner, found, spec, quantity)
        at = found.price if price is None else possible_price(spec, price)
        self._floor.act(
            "action", f"fill {amount:f} of {order} at {at:f}", lambda now_ms: exchange.fill(found, amount, at, now_ms)
        )

    def cancel(self, order: str | int, *, account: str | None = None) -> None:
        """Cancel a resting order, as the exchange or another client of the account would."""
        exchange = self._floor.venue.exchange
        found = find_open_order(find_account(exchange, account), order)
        self._floor.act("action", f"cancel {order}", lambda now_ms: [exchange.cancel(found, now_ms)])

    def expire(self, order: str | int, *, reason: str = "0", status: str = EXPIRED, account: str | None = None) -> None:
        """Expire a resting order: EXPIRED, or EXPIRED_IN_MATCH as self-trade prevention does it.

        `reason` is the wire's `er`, "0" to "9"; self-trade prevention is "1". Raises `BadStatusError` for another
        status.
        """
        known = (EXPIRED, EXPIRED_IN_MATCH)
        if status not in known:
            raise BadStatusError(status, known)
        exchange = self._floor.venue.exchange
        found = find_open_order(find_account(exchange, account), order)
        self._floor.act("action", f"expire {order}", lambda now_ms: [exchange.expire(found, reason, now_ms, status)])

    def amend(
        self,
        order: str | int,
        *,
        quantity: str | Decimal | None = None,
        price: str | Decimal | None = None,
        modify_id: int | None = None,
        account: str | None = None,
    ) -> None:
        """Give a resting order another quantity or price, as another client of the account would.

        Raises `UnknownOrderError`, `OrderNotOpenError`, `BadAmountError`, or `VenueError` when it is refused.
        """
        exchange = self._floor.venue.exchange
        found = find_open_order(find_account(exchange, account), order)
        spec = exchange.symbols[found.symbol]
        amount = found.quantity if quantity is None else possible_quantity(spec, quantity)
        at = found.price if price is None else possible_price(spec, price)
        name = "" if modify_id is None else str(modify_id)
        self._floor.act(
            "action",
            f"amend {order} to {amount:f} at {at:f}",
            lambda now_ms: exchange.amend(found, quantity=amount, price=at, modify_id=name, now_ms=now_ms)[1],
        )

    def set_depth(self, symbol: str, levels: Sequence[tuple[str | Decimal, str | Decimal]] | None) -> None:
        """Say what there is to take, best first, each a quantity and its price; None: what the market has by itself.

        Each level that a taker reaches is a trade; what it does not find rests or expires. In a market with a book the
        levels are the house's quotes: those below the price are bids, the others asks. Raises `UnknownSymbolError` or
        `BadAmountError`.
        """
        exchange = self._floor.venue.exchange
        spec = find_symbol(exchange, symbol)
        possible = None if levels is None else [possible_level(spec, quantity, price) for quantity, price in levels]

        def say(_now_ms: int) -> list[Fact]:
            exchange.set_depth(symbol, possible)
            return []

        count = "no bound" if possible is None else f"{len(possible)} levels"
        self._floor.act("market", f"{symbol} has {count} to take", say)

    def place_external(self, *, account: str | None = None, **order: object) -> int:
        """Place an order as another client of the account would, and return its order id.

        Arguments are those of POST /fapi/v1/order in snake case (`symbol`, `side`, `type`, `quantity`, `price`,
        `client_order_id`, `time_in_force`, `position_side`, `reduce_only`). Raises `VenueError` when it is refused.
        """
        floor = self._floor
        owner = find_account(floor.venue.exchange, account)
        params = external_params(order)
        placed, facts = place(floor.venue, owner, params, floor.clock.time_ms())
        floor.act("action", f"external order {placed.order_id}", lambda _: facts, account=owner.name, body=params)
        return placed.order_id
