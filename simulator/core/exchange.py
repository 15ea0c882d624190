"""The exchange itself: accounts, prices and orders. Commands change them and return the facts that became true.

Time is an argument of every command, in ms. Commands take what was already checked (`core.validation`) and refuse only
what depends on the account or the market: standing (`core.acceptance`), arrival (`core.matching`), margin. A refused
command changes nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from simulator.core import venue_error
from simulator.core.acceptance import check_amendment, check_margin, check_standing
from simulator.core.account import Account
from simulator.core.amendments import Amendments
from simulator.core.depth import Depth, Level
from simulator.core.domain import CANCELED, EXPIRED, FOK, IOC, MARKET, AccountSpec, SymbolSpec
from simulator.core.facts import (
    AccountPatch,
    Fact,
    LeverageChanged,
    OrderAccepted,
    OrderAmended,
    OrderEnded,
    WalletChanged,
)
from simulator.core.ids import identifier
from simulator.core.income import income_of_reason
from simulator.core.matching import POST_ONLY, Arrival, arrival, is_met
from simulator.core.orders import Order, OrderIntent, accept, after_amendment, after_end
from simulator.core.settlement import Match, settle
from simulator.core.venue_error import refusal

__all__ = ["Exchange"]

FIRST_ORDER_ID: Final = 8_886_774_000
FIRST_TRADE_ID: Final = 7_000_000
MOST_AMENDMENTS: Final = 10_000

NO_REASON: Final = "0"
IMMEDIATE_REMAINDER: Final = "2"
REDUCE_ONLY_REMAINDER: Final = "4"
MARKET_REMAINDER: Final = "9"


class Exchange:
    """A market of one price per symbol, and the accounts that trade on it."""

    def __init__(self, accounts: Iterable[AccountSpec], symbols: Iterable[SymbolSpec], seed: int) -> None:
        self.symbols = {spec.symbol: spec for spec in symbols}
        self.prices = {spec.symbol: spec.price for spec in self.symbols.values()}
        margin_assets = {spec.symbol: spec.quote_asset for spec in self.symbols.values()}
        self.accounts = {spec.name: Account(spec, margin_assets) for spec in accounts}
        self.depth = Depth()
        self.amendments = Amendments()
        self._seed = seed
        self._last_order_id = FIRST_ORDER_ID
        self._last_trade_id = FIRST_TRADE_ID
        self._good_till: list[tuple[int, int, str]] = []

    def place(self, account: Account, intent: OrderIntent, now_ms: int) -> tuple[Order, list[Fact]]:
        """Accept an order: it rests, fills at once as taker, or expires. Raises `VenueError` when it is refused."""
        decision = self.check(account, intent)
        order = self._accept(account, intent, now_ms)
        notional = account.open_notional(order.symbol)
        facts: list[Fact] = [OrderAccepted(account=account.name, time_ms=now_ms, order=order, open_notional=notional)]
        if decision == "take":
            facts += self._take(order, now_ms)
        order = account.orders[order.order_id]
        if order.is_open:
            facts += self._leave(order, now_ms)
        return account.orders[order.order_id], facts

    def check(self, account: Account, intent: OrderIntent) -> Arrival:
        """Return what the order would do on arrival, and do nothing. Raises `VenueError` when it is refused."""
        check_standing(account, intent, self.symbols[intent.symbol])
        market = self.prices[intent.symbol]
        decision = arrival(intent.type, intent.time_in_force, intent.side, intent.price, market)
        self._check_fills_wholly(intent)
        check_margin(account, intent, self.symbols, self.prices)
        return decision

    def amend(
        self, order: Order, *, quantity: Decimal, price: Decimal, modify_id: str, now_ms: int
    ) -> tuple[Order, list[Fact]]:
        """Give a resting order another quantity and price. What cannot stand is cancelled instead.

        That is: a quantity that is already executed, or a post-only order whose new price would take. Raises
        `VenueError` -5026, -5027 or -2019.
        """
        _check_amendable(order, quantity, price)
        account = self.accounts[order.account]
        market = self.prices[order.symbol]
        takes = is_met(order.side, price, market)
        if quantity <= order.executed or (takes and order.time_in_force in POST_ONLY):
            fact = self.cancel(order, now_ms)
            return fact.order, [fact]
        amended = after_amendment(order, quantity, price, now_ms)
        check_amendment(account, order, amended, self.symbols, self.prices)
        account.keep(amended)
        self.amendments.note(order, amended, modify_id, now_ms)
        notional = account.open_notional(order.symbol)
        facts: list[Fact] = [
            OrderAmended(
                account=account.name, time_ms=now_ms, order=amended, open_notional=notional, modify_id=modify_id
            )
        ]
        if takes:
            facts += self._take(amended, now_ms)
        return account.orders[order.order_id], facts

    def cancel(self, order: Order, now_ms: int) -> OrderEnded:
        """Cancel an open order."""
        return self._end(order, CANCELED, "0", now_ms)

    def expire(self, order: Order, reason: str, now_ms: int, status: str = EXPIRED) -> OrderEnded:
        """Expire an open order: EXPIRED, or EXPIRED_IN_MATCH. `reason` is the wire's `er`."""
        return self._end(order, status, reason, now_ms)

    def force(self, account: Account, intent: OrderIntent, price: Decimal, now_ms: int) -> list[Fact]:
        """Place an order of the exchange's own, which nothing refuses, and fill it wholly at this price as taker."""
        order = self._accept(account, intent, now_ms)
        notional = account.open_notional(order.symbol)
        accepted = OrderAccepted(account=account.name, time_ms=now_ms, order=order, open_notional=notional)
        return [accepted, *self._fill(order, order.quantity, price, now_ms, is_maker=False)]

    def fill(self, order: Order, quantity: Decimal, price: Decimal, now_ms: int) -> list[Fact]:
        """Fill a part of an open order as maker at this price; `quantity` is at most what remains."""
        return self._fill(order, quantity, price, now_ms, is_maker=True)

    def set_price(self, symbol: str, price: Decimal, now_ms: int) -> list[Fact]:
        """Move the market. Resting orders that it meets fill as maker at their own price, best price first."""
        self.prices[symbol] = price
        facts: list[Fact] = []
        for account in self.accounts.values():
            met = [o for o in account.open_orders.get(symbol, {}).values() if is_met(o.side, o.price, price)]
            for order_id in [o.order_id for o in sorted(met, key=lambda o: (-o.sign * o.price, o.order_id))]:
                order = account.orders[order_id]
                if order.is_open:
                    facts += self._fill(order, self._fillable(order), order.price, now_ms, is_maker=True)
        return facts

    def transfer(self, account: Account, asset: str, amount: Decimal, reason: str, now_ms: int) -> list[Fact]:
        """Change a wallet. `reason` is ACCOUNT_UPDATE's `m`."""
        account.credit(asset, amount, now_ms)
        account.earn(income_of_reason(reason), asset, amount, now_ms)
        patch = AccountPatch(balances=(account.balance_row(asset, amount),))
        return [WalletChanged(account=account.name, time_ms=now_ms, reason=reason, patch=patch)]

    def set_leverage(self, account: Account, symbol: str, leverage: int, now_ms: int) -> list[Fact]:
        """Choose a leverage. Raises `VenueError` -4028 when the symbol does not allow it."""
        if not 1 <= leverage <= self.symbols[symbol].max_leverage:
            code, message = venue_error.BAD_LEVERAGE
            raise venue_error.VenueError(code, message.format(leverage=leverage))
        self._check_reduction(account, symbol, leverage)
        account.set_leverage(symbol, leverage)
        return [LeverageChanged(account=account.name, time_ms=now_ms, symbol=symbol, leverage=leverage)]

    def advance(self, now_ms: int) -> list[Fact]:
        """Let time pass: GTD orders whose date has come expire."""
        facts: list[Fact] = []
        while self._good_till and self._good_till[0][0] <= now_ms:
            _, order_id, name = heapq.heappop(self._good_till)
            order = self.accounts[name].orders[order_id]
            if order.is_open:
                facts.append(self.expire(order, NO_REASON, now_ms))
        return facts

    def next_deadline_ms(self) -> int | None:
        """Return when `advance` has something to do, or None."""
        return self._good_till[0][0] if self._good_till else None

    def _accept(self, account: Account, intent: OrderIntent, now_ms: int) -> Order:
        self._last_order_id += 1
        order = accept(
            intent,
            account=account.name,
            order_id=self._last_order_id,
            client_order_id=intent.client_order_id or identifier(22, self._seed, "order", self._last_order_id),
            time_ms=now_ms,
        )
        account.keep(order)
        return order

    def _check_reduction(self, account: Account, symbol: str, leverage: int) -> None:
        held = any(p.amount for (held, _), p in account.positions.items() if held == symbol)
        reduced = leverage < account.leverage(symbol, self.symbols[symbol].max_leverage)
        if held and reduced and account.is_isolated(symbol):
            raise refusal(venue_error.ISOLATED_LEVERAGE_REDUCTION)

    def _check_fills_wholly(self, intent: OrderIntent) -> None:
        available = self.depth.available(intent.symbol, intent.side, intent.price)
        if intent.time_in_force == FOK and available is not None and available < intent.quantity:
            raise refusal(venue_error.FILL_OR_KILL_REJECTED)

    def _take(self, order: Order, now_ms: int) -> list[Fact]:
        """Fill as taker what there is to take, trade by trade."""
        wanted = Level(self._fillable(order), self.prices[order.symbol])
        facts: list[Fact] = []
        for quantity, price in self.depth.take(order.symbol, order.side, order.price, wanted):
            current = self.accounts[order.account].orders[order.order_id]
            facts += self._fill(current, quantity, price, now_ms, is_maker=False)
        return facts

    def _leave(self, order: Order, now_ms: int) -> list[Fact]:
        """Let what an arriving order did not fill rest, or expire."""
        if order.type == MARKET:
            return [self.expire(order, MARKET_REMAINDER, now_ms)]
        if order.time_in_force == IOC:
            return [self.expire(order, IMMEDIATE_REMAINDER, now_ms)]
        if order.good_till_ms:
            heapq.heappush(self._good_till, (order.good_till_ms, order.order_id, order.account))
        return []

    def _fillable(self, order: Order) -> Decimal:
        """Return all that remains, of a reduce-only order no more than the position."""
        if not order.reduce_only:
            return order.remaining
        account = self.accounts[order.account]
        return min(order.remaining, account.closable(order.symbol, order.position_side, order.sign))

    def _fill(self, order: Order, quantity: Decimal, price: Decimal, now_ms: int, *, is_maker: bool) -> list[Fact]:
        self._last_trade_id += 1
        match = Match(
            trade_id=self._last_trade_id,
            quantity=quantity,
            price=price,
            mark=self.prices[order.symbol],
            is_maker=is_maker,
            time_ms=now_ms,
        )
        account = self.accounts[order.account]
        filled = settle(account, order, self.symbols[order.symbol], match)
        return [filled, *self._expire_pointless(account, order.symbol, order.position_side, now_ms)]

    def _expire_pointless(self, account: Account, symbol: str, position_side: str, now_ms: int) -> list[Fact]:
        """Expire the reduce-only orders that have no position left to reduce."""
        orders = account.open_orders.get(symbol)
        if not orders:
            return []
        pointless = [
            order
            for order in orders.values()
            if order.reduce_only
            and order.position_side == position_side
            and not account.closable(symbol, position_side, order.sign)
        ]
        return [self.expire(order, REDUCE_ONLY_REMAINDER, now_ms) for order in pointless]

    def _end(self, order: Order, status: str, reason: str, now_ms: int) -> OrderEnded:
        account = self.accounts[order.account]
        ended = after_end(order, status, reason, now_ms)
        account.keep(ended)
        notional = account.open_notional(order.symbol)
        return OrderEnded(account=account.name, time_ms=now_ms, order=ended, open_notional=notional)


def _check_amendable(order: Order, quantity: Decimal, price: Decimal) -> None:
    if order.amendments >= MOST_AMENDMENTS:
        raise refusal(venue_error.TOO_MANY_AMENDMENTS)
    if (quantity, price) == (order.quantity, order.price):
        raise refusal(venue_error.NOTHING_TO_AMEND)
