"""The exchange itself: accounts, prices and orders. Commands change them and return the facts that became true.

Time is an argument of every command, in ms. Commands take what was already checked (`trading.validation`) and refuse
only what depends on the account or the market: standing (`trading.acceptance`), arrival (`trading.matching`), margin. A
refused command changes nothing.

A symbol has three prices: the last one, the mark and the index. `set_price` moves the market: all three, and the
house's quotes, and it fills the resting orders that it meets, as maker, at their own price, the best price first.
`set_mark` moves only what positions are valued at. In a market with a book a taker moves the last price, and neither
of the others.

In a market with a book an amended order keeps its place among those of its price only if it got smaller and nothing
else; any other goes to the end, and one that crosses trades at once, as taker.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from simulator.core.accounts.account import Account
from simulator.core.accounts.income import income_of_reason
from simulator.core.amounts import ZERO
from simulator.core.domain import (
    FOK,
    MARKET,
    TRADING,
    AccountSpec,
    SymbolSpec,
)
from simulator.core.facts import (
    AccountPatch,
    Fact,
    OrderAccepted,
    OrderAmended,
    WalletChanged,
)
from simulator.core.ids import identifier
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.acceptance import (
    check_amendment,
    check_margin,
    check_market_price,
    check_share,
    check_standing,
    check_status,
)
from simulator.core.trading.amendments import Amendments
from simulator.core.trading.depth import Level
from simulator.core.trading.market_terms import MarketTerms
from simulator.core.trading.matching import POST_ONLY, Arrival, arrival, is_met
from simulator.core.trading.matching_engine import MatchingEngine
from simulator.core.trading.orders import Order, OrderIntent, accept, after_amendment

__all__ = ["Exchange"]

FIRST_ORDER_ID: Final = 8_886_774_000
MOST_AMENDMENTS: Final = 10_000

NO_REASON: Final = "0"


class Exchange(MatchingEngine):
    """The market of every symbol, and the accounts that trade on it."""

    def __init__(
        self,
        accounts: Iterable[AccountSpec],
        symbols: Iterable[SymbolSpec],
        seed: int,
        terms: MarketTerms | None = None,
    ) -> None:
        super().__init__(accounts, symbols, seed, terms or MarketTerms())
        self.amendments = Amendments()
        self.funding_history: dict[str, list[tuple[int, Decimal, Decimal]]] = {}
        self._seed = seed
        self._last_order_id = FIRST_ORDER_ID

    def continue_from(self, before: Exchange) -> None:
        """Take over the prices of the exchange that was here before, and what is known of how they went.

        Ids are given anew, but for those of the book's updates: whoever keeps a book drops what goes back.
        """
        self.tape, self.funding_history = before.tape, before.funding_history
        for symbol, price in before.prices.items():
            self.prices[symbol], self.marks[symbol] = price, before.marks[symbol]
            self.indexes[symbol] = before.indexes[symbol]
            self._books.quote_around(symbol, before.quoted_price(symbol))
            self._books.continue_from(symbol, before.update_id(symbol))

    def place(self, account: Account, intent: OrderIntent, now_ms: int) -> tuple[Order, list[Fact]]:
        """Accept an order: it rests, fills at once as taker, or expires. Raises `VenueError` when it is refused."""
        decision = self.check(account, intent)
        accepted = self.enter(account, intent, now_ms)
        order = accepted.order
        facts: list[Fact] = [accepted]
        if decision == "take":
            facts += self.take(order, now_ms)
        order = account.orders[order.order_id]
        if order.is_open:
            facts += self.leave(order, now_ms)
        return account.orders[order.order_id], facts

    def check(self, account: Account, intent: OrderIntent) -> Arrival:
        """Return what the order would do on arrival, and do nothing. Raises `VenueError` when it is refused."""
        spec = self.symbols[intent.symbol]
        check_status(intent, spec)
        check_standing(account, intent, spec)
        market = self.price_for(intent.symbol, intent.side)
        decision = arrival(intent.type, intent.time_in_force, intent.side, intent.price, market)
        if intent.type == MARKET and market is not None:
            check_market_price(intent.side, market, self.marks[intent.symbol], spec)
        if intent.time_in_force == FOK:
            self._check_fills_wholly(intent)
        if decision == "rest":
            check_share(account, intent)
        check_margin(account, intent, self.symbols, self.marks)
        return decision

    def amend(
        self,
        order: Order,
        *,
        quantity: Decimal,
        price: Decimal,
        modify_id: str,
        now_ms: int,
        price_match: str = "NONE",
    ) -> tuple[Order, list[Fact]]:
        """Give a resting order another quantity and price. What cannot stand is cancelled instead.

        That is: a quantity that is already executed, or a post-only order whose new price would take. Raises
        `VenueError` -5026, -5027 or -2019.
        """
        _check_amendable(order, quantity, price, self.symbols[order.symbol])
        account = self.accounts[order.account]
        market = self.price_for(order.symbol, order.side)
        takes = market is not None and is_met(order.side, price, market)
        if quantity <= order.executed or (takes and order.time_in_force in POST_ONLY):
            fact = self.cancel(order, now_ms)
            return fact.order, [fact]
        amended = after_amendment(order, quantity, price, now_ms, price_match)
        check_amendment(account, order, amended, self.symbols, self.marks)
        account.keep(amended)
        self.amendments.note(order, amended, modify_id, now_ms)
        notional = account.open_notional(order.symbol)
        amendment = OrderAmended(
            account=account.name, time_ms=now_ms, order=amended, open_notional=notional, modify_id=modify_id
        )
        keeps_its_place = price == order.price and quantity < order.quantity
        if keeps_its_place:
            self._books.follow(amended)
        else:
            self._books.pull(order)
        facts = self.take(amended, now_ms) if takes else []
        left = account.orders[order.order_id]
        if left.is_open and not keeps_its_place:
            self._books.put(left)
        facts += self.push_out(left, now_ms)
        return account.orders[order.order_id], [amendment, *facts]

    def enter(self, account: Account, intent: OrderIntent, now_ms: int) -> OrderAccepted:
        """Accept an order that nothing refuses, and let it neither trade nor rest: its sender sees to that."""
        order = self._accept(account, intent, now_ms)
        notional = account.open_notional(order.symbol)
        return OrderAccepted(account=account.name, time_ms=now_ms, order=order, open_notional=notional)

    def force(self, account: Account, intent: OrderIntent, price: Decimal, now_ms: int) -> list[Fact]:
        """Place an order of the exchange's own, which nothing refuses, and let the house fill it at this price."""
        accepted = self.enter(account, intent, now_ms)
        return [accepted, *self.trade(Level(accepted.order.quantity, price), now_ms, taker=accepted.order)]

    def fill(self, order: Order, quantity: Decimal, price: Decimal, now_ms: int) -> list[Fact]:
        """Let the house fill a part of an open order, as maker, at this price; `quantity` is at most what remains."""
        return self.trade(Level(quantity, price), now_ms, maker=order)

    def set_price(self, symbol: str, price: Decimal, now_ms: int) -> list[Fact]:
        """Move the market: the symbol's three prices and the house's quotes. The resting orders that it meets fill."""
        self.prices[symbol] = self.marks[symbol] = self.indexes[symbol] = price
        self.moved.add(symbol)
        self._books.quote_around(symbol, price)
        facts: list[Fact] = []
        for account, order_id in self._books.met_by(symbol, price):
            order = self.accounts[account].orders[order_id]
            if order.is_open:
                facts += self.fill_at_its_price(order, now_ms)
        self.tape.note_prices(symbol, price, price, price, now_ms)
        return facts

    def set_mark(self, symbol: str, mark: Decimal, index: Decimal, now_ms: int) -> list[Fact]:
        """Move the mark and the index price, apart from the market."""
        self.marks[symbol], self.indexes[symbol] = mark, index
        self.moved.add(symbol)
        self.tape.note_prices(symbol, self.prices[symbol], mark, index, now_ms)
        return []

    def set_depth(self, symbol: str, levels: Iterable[Level] | None) -> None:
        """Say what the house offers from now on; None: what it offers by itself."""
        self.depth.set(symbol, levels)
        self._books.touch(symbol)

    def transfer(self, account: Account, asset: str, amount: Decimal, reason: str, now_ms: int) -> list[Fact]:
        """Change a wallet. `reason` is ACCOUNT_UPDATE's `m`."""
        account.credit(asset, amount, now_ms)
        account.earn(income_of_reason(reason), asset, amount, now_ms)
        self.house.note_transfer(asset, amount)
        patch = AccountPatch(balances=(account.balance_row(asset, amount),))
        return [WalletChanged(account=account.name, time_ms=now_ms, reason=reason, patch=patch)]

    def advance(self, now_ms: int) -> list[Fact]:
        """Let time pass: orders whose date has come expire."""
        facts: list[Fact] = []
        while (due := self._good_till.due(now_ms)) is not None:
            account, order_id = due
            facts.append(self.expire(self.accounts[account].orders[order_id], NO_REASON, now_ms))
        return facts

    def next_deadline_ms(self) -> int | None:
        """Return when `advance` has something to do, or None."""
        return self._good_till.next_deadline_ms()

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

    def _check_fills_wholly(self, intent: OrderIntent) -> None:
        if self.terms.liquidity == "one_price":
            available = self.depth.available(intent.symbol, intent.side, intent.price)
        else:
            available = self._books.available(intent.symbol, intent.side, intent.price) - self._unbacked(intent)
        if available is not None and available < intent.quantity:
            raise refusal(venue_error.FILL_OR_KILL_REJECTED)

    def _unbacked(self, intent: OrderIntent) -> Decimal:
        """Return how much of what rests within the limit cannot trade: the position that it reduces is too small."""
        held: dict[tuple[str, str], Decimal] = {}
        missing = ZERO
        for name, order_id in self._books.met_by(intent.symbol, intent.price):
            order = self.accounts[name].orders[order_id]
            key = name, order.position_side
            amount = held.get(key, self.accounts[name].position(order.symbol, order.position_side).amount)
            traded = min(order.remaining, max(ZERO, -order.sign * amount)) if order.reduce_only else order.remaining
            missing += order.remaining - traded
            held[key] = amount + order.sign * traded
        return missing


def _check_amendable(order: Order, quantity: Decimal, price: Decimal, spec: SymbolSpec) -> None:
    if spec.status != TRADING:
        raise refusal(venue_error.SYMBOL_NOT_AMENDABLE)
    if order.amendments >= MOST_AMENDMENTS:
        raise refusal(venue_error.TOO_MANY_AMENDMENTS)
    if (quantity, price) == (order.quantity, order.price):
        raise refusal(venue_error.NOTHING_TO_AMEND)
