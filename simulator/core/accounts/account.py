"""What one account holds: wallets, positions, orders, trades, and its settings per symbol.

It remembers for a while what its records were, so that it can be shown as it was (see `accounts.past`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.accounts.income import Income
from simulator.core.accounts.open_interest import OpenInterest
from simulator.core.accounts.past import Past
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, BUY, LONG, SHORT, AccountSpec
from simulator.core.facts import BalanceRow, OpenNotional, PositionRow
from simulator.core.trading.orders import Fill, Order

__all__ = ["Account", "Holders", "MarginMove"]


class Holders(dict[str, dict[str, "Account"]]):
    """The accounts that have a position, by symbol and name. The accounts keep it up.

    `places` is for whoever ranks the holders of a symbol: what he notes there is forgotten when one of them changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interest = OpenInterest()
        self.places: dict[str, tuple[Decimal, dict[tuple[str, str], int]]] = {}

    def note(self, account: Account, symbol: str, *, is_holder: bool) -> None:
        """Note that an account's position of a symbol, or what it is reckoned by, has changed."""
        self.places.pop(symbol, None)
        if is_holder:
            self.setdefault(symbol, {})[account.name] = account
        else:
            self.get(symbol, {}).pop(account.name, None)


MOST_MARGIN_MOVES: Final = 1000
"""How many are remembered: GET positionMargin/history shows 500 at most."""

FUNDED_MS: Final = 1_569_398_400_000
"""When every account got what it has at the start. Clients take a wallet that has never changed (time 0) for none."""

_NOTHING: Final = OpenNotional()


class MarginMove(msgspec.Struct, frozen=True):
    """Margin that was moved into an isolated position, or out of it when negative."""

    symbol: str
    position_side: str
    asset: str
    amount: Decimal
    time_ms: int


class Account:
    """The state of an account. `orders`, `fills` (by symbol) and `incomes` are its history, oldest first.

    `margin_assets` names the asset in which each symbol's positions are kept. `positions` are all that there ever were,
    `held` those that are not empty; `holders` says of each symbol which accounts hold it, and is kept up by them.
    """

    def __init__(
        self, spec: AccountSpec, margin_assets: Mapping[str, str] | None = None, holders: Holders | None = None
    ) -> None:
        self.name = spec.name
        self.margin_assets = margin_assets or {}
        self.wallets = {asset: Decimal(amount) for asset, amount in {"USDT": spec.balance, **spec.balances}.items()}
        self.wallet_times = dict.fromkeys(self.wallets, FUNDED_MS)
        self.positions: dict[tuple[str, str], Position] = {}
        self.held: dict[tuple[str, str], Position] = {}
        self.orders: dict[int, Order] = {}
        self.open_orders: dict[str, dict[int, Order]] = {}
        self.fills: dict[str, list[Fill]] = {}
        self.incomes: list[Income] = []
        self.margin_moves: deque[MarginMove] = deque(maxlen=MOST_MARGIN_MOVES)
        self.dual_side_position = spec.dual_side_position
        self.multi_assets_margin = False
        self.fee_tier = spec.fee_tier
        self.fee_burn = spec.fee_burn
        self.has_signed_tradfi = False
        self.isolated_symbols: set[str] = set()
        self._holders = Holders() if holders is None else holders
        self._interest: dict[str, dict[tuple[str, bool], OpenNotional]] = {}
        self._leverage = spec.leverage
        self._leverages: dict[str, int] = {}
        self._earned = 0
        self._named: dict[tuple[str, str], int] = {}
        self._past_orders: Past[int, Order] = Past()
        self._past_positions: Past[tuple[str, str], Position] = Past()
        self._past_wallets: Past[str, tuple[Decimal, int]] = Past()

    def as_of(self, time_ms: int) -> Account:
        """Return the account as it was at a moment: orders, trades, positions and wallets, but today's settings."""
        past = copy(self)
        past._rewind(time_ms)  # noqa: SLF001  its own class
        return past

    def leverage(self, symbol: str, most: int) -> int:
        """Return the leverage chosen for the symbol, which allows `most`."""
        return min(self._leverages.get(symbol, self._leverage), most)

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Choose a leverage for the symbol."""
        self._leverages[symbol] = leverage
        self._holders.places.pop(symbol, None)

    def is_isolated(self, symbol: str) -> bool:
        """Return whether positions of the symbol have wallets of their own."""
        return symbol in self.isolated_symbols

    def isolated_wallets(self, asset: str) -> Decimal:
        """Return what the isolated positions kept in this asset hold of its wallet."""
        if not self.isolated_symbols:
            return ZERO
        held = (p for p in self.held.values() if p.isolated_wallet and self.margin_assets.get(p.symbol) == asset)
        return sum((position.isolated_wallet for position in held), ZERO)

    def position(self, symbol: str, position_side: str) -> Position:
        """Return the position, empty if there never was one."""
        return self.positions.get((symbol, position_side)) or Position(symbol, position_side)

    def position_sides(self) -> tuple[str, ...]:
        """Return the position sides that a symbol has in the account's position mode."""
        return (LONG, SHORT) if self.dual_side_position else (BOTH,)

    def keep(self, order: Order) -> None:
        """Store the order's newest record."""
        before = self.orders.get(order.order_id)
        self._past_orders.note(order.order_id, before, order.update_ms)
        self.orders[order.order_id] = order
        of_symbol = self.open_orders.setdefault(order.symbol, {})
        if order.is_open:
            of_symbol[order.order_id] = order
            self._named[order.symbol, order.client_order_id] = order.order_id
        else:
            of_symbol.pop(order.order_id, None)
            if not of_symbol:
                del self.open_orders[order.symbol]
        self._count_interest(before, order)

    def hold(self, position: Position) -> None:
        """Store the position's newest record."""
        key = (position.symbol, position.position_side)
        before = self.positions.get(key)
        self._past_positions.note(key, before, position.update_ms)
        self._holders.interest.note(
            position.symbol, before.amount if before else ZERO, position.amount, position.update_ms
        )
        self.positions[key] = position
        if position.amount:
            self.held[key] = position
            self._holders.note(self, position.symbol, is_holder=True)
        elif self.held.pop(key, None) is not None:
            still = any(symbol == position.symbol for symbol, _ in self.held)
            self._holders.note(self, position.symbol, is_holder=still)

    def order_named(self, symbol: str, client_order_id: str) -> Order | None:
        """Return the newest order of this client order id: an id may be used again when its order has ended."""
        order_id = self._named.get((symbol, client_order_id))
        return None if order_id is None else self.orders.get(order_id)

    def closable(self, symbol: str, position_side: str, sign: int) -> Decimal:
        """Return how much a BUY (sign 1) or SELL (sign -1) can take off the position."""
        return max(ZERO, -sign * self.position(symbol, position_side).amount)

    def book(self, fill: Fill) -> None:
        """Store a trade."""
        self.fills.setdefault(fill.symbol, []).append(fill)

    def credit(self, asset: str, amount: Decimal, time_ms: int) -> None:
        """Add to a wallet; a negative amount takes away."""
        before = (self.wallets[asset], self.wallet_times[asset]) if asset in self.wallets else None
        self._past_wallets.note(asset, before, time_ms)
        self.wallets[asset] = self.wallets.get(asset, ZERO) + amount
        self.wallet_times[asset] = time_ms

    def earn(self, kind: str, asset: str, amount: Decimal, time_ms: int, symbol: str = "") -> None:
        """Note an income that is not of a trade; a negative amount is an expense."""
        self._earned += 1
        self.incomes.append(Income(kind, asset, amount, time_ms, self._earned, symbol))

    def note_margin_move(self, move: MarginMove) -> None:
        """Remember that margin was moved."""
        self.margin_moves.append(move)

    def forget(self, is_kept: Callable[[Order], bool], earliest_ms: int, most: int, now_ms: int) -> None:
        """Forget the orders that have ended and are not kept, and trades and incomes of before a moment.

        Of ended orders, of a symbol's trades, and of incomes the newest `most` are left.
        """
        orders = {order_id: order for order_id, order in self.orders.items() if order.is_open or is_kept(order)}
        ended = [order_id for order_id, order in orders.items() if not order.is_open]
        for order_id in ended[: max(0, len(ended) - most)]:
            del orders[order_id]
        self.orders = orders
        self._named = {named: order_id for named, order_id in self._named.items() if order_id in orders}
        recent = {
            symbol: [fill for fill in fills[-most:] if fill.time_ms >= earliest_ms]
            for symbol, fills in self.fills.items()
        }
        self.fills = {symbol: fills for symbol, fills in recent.items() if fills}
        self.incomes = [income for income in self.incomes[-most:] if income.time_ms >= earliest_ms]
        for past in (self._past_orders, self._past_positions, self._past_wallets):
            past.trim(now_ms)

    def open_notional(self, symbol: str) -> OpenNotional:
        """Return what is bid and asked on the symbol, in the quote asset."""
        of_symbol = self._interest.get(symbol)
        if not of_symbol:
            return _NOTHING
        asked = of_symbol.values()
        return OpenNotional(sum((i.bids for i in asked), ZERO), sum((i.asks for i in asked), ZERO))

    def interest(self, symbol: str, position_side: str) -> OpenNotional:
        """Return what orders bid and ask on one position of the symbol that may enlarge it."""
        return self._interest.get(symbol, {}).get((position_side, False), _NOTHING)

    def reduces(self, symbol: str, position_side: str) -> bool:
        """Return whether any open order only reduces the position."""
        return (position_side, True) in self._interest.get(symbol, ())

    def exposed(self) -> list[tuple[str, str]]:
        """Return (symbol, position side) of every position that is held or that an open order may change."""
        if not self._interest:
            return list(self.held)
        asked = ((symbol, side) for symbol, sides in self._interest.items() for side, _ in sides)
        return list(dict.fromkeys((*self.held, *asked)))

    def balance_row(self, asset: str, change: Decimal = ZERO) -> BalanceRow:
        """Return the wallet as a patch lists it."""
        wallet = self.wallets.get(asset, ZERO)
        return BalanceRow(asset, wallet, wallet - self.isolated_wallets(asset), change)

    def position_row(self, position: Position, mark: Decimal, margin_asset: str) -> PositionRow:
        """Return the position as a patch lists it."""
        return PositionRow(
            position.symbol,
            position.position_side,
            position.amount,
            position.entry_price,
            position.break_even_price,
            position.accumulated_realized,
            position.unrealized(mark),
            margin_asset,
            "isolated" if self.is_isolated(position.symbol) else "cross",
            position.isolated_wallet,
            mark,
        )

    def position_rows(self, position: Position, mark: Decimal, margin_asset: str) -> tuple[PositionRow, ...]:
        """Return the rows by which a patch tells that a position changed.

        In hedge mode the symbol's BOTH entry is told with it, and in isolated margin the other side, if ever held.
        """
        if position.position_side == BOTH:
            return (self.position_row(position, mark, margin_asset),)
        told = {BOTH: self.position(position.symbol, BOTH)}
        for side in (LONG, SHORT):
            if side == position.position_side:
                told[side] = position
            elif self.is_isolated(position.symbol) and (position.symbol, side) in self.positions:
                told[side] = self.positions[position.symbol, side]
        return tuple(self.position_row(entry, mark, margin_asset) for entry in told.values())

    def _count_interest(self, before: Order | None, after: Order) -> None:
        """Keep up what is bid and asked, so that nobody has to add up the open orders."""
        if after.symbol not in self.open_orders:
            self._interest.pop(after.symbol, None)
            return
        was = before.remaining * before.price if before is not None and before.is_open else ZERO
        change = (after.remaining * after.price if after.is_open else ZERO) - was
        if not change:
            return
        of_symbol = self._interest.setdefault(after.symbol, {})
        key = (after.position_side, after.reduce_only)
        now = of_symbol.get(key, _NOTHING)
        bids, asks = (change, ZERO) if after.side == BUY else (ZERO, change)
        of_symbol[key] = OpenNotional(now.bids + bids, now.asks + asks)
        if of_symbol[key] == _NOTHING:
            del of_symbol[key]

    def _rewind(self, time_ms: int) -> None:
        self.orders = self._past_orders.rewind(self.orders, time_ms)
        self._named = {(order.symbol, order.client_order_id): order.order_id for order in self.orders.values()}
        self.open_orders, self._interest = {}, {}
        for order in self.orders.values():
            if order.is_open:
                self.open_orders.setdefault(order.symbol, {})[order.order_id] = order
                self._count_interest(None, order)
        self.fills = {
            symbol: fills[: bisect_right(fills, time_ms, key=lambda fill: fill.time_ms)]
            for symbol, fills in self.fills.items()
        }
        self.incomes = self.incomes[: bisect_right(self.incomes, time_ms, key=lambda income: income.time_ms)]
        self.positions = self._past_positions.rewind(self.positions, time_ms)
        self.held = {key: position for key, position in self.positions.items() if position.amount}
        wallets = {asset: (amount, self.wallet_times[asset]) for asset, amount in self.wallets.items()}
        wallets = self._past_wallets.rewind(wallets, time_ms)
        self.wallets = {asset: amount for asset, (amount, _) in wallets.items()}
        self.wallet_times = {asset: changed_ms for asset, (_, changed_ms) in wallets.items()}
