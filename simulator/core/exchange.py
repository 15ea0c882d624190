"""The exchange itself: accounts, prices and orders. Commands change them and return the facts that became true.

Time is an argument of every command, in ms. Commands take what was already checked (`core.validation`) and refuse only
what depends on the account or the market: standing (`core.acceptance`), arrival (`core.matching`), margin. A refused
command changes nothing.

A symbol has three prices: the last one, the mark and the index. `set_price` moves the market: all three, and the
house's quotes, and it fills the resting orders that it meets, as maker, at their own price, the best price first.
`set_mark` moves only what positions are valued at. In a market with a book a taker moves the last price, and neither
of the others.

Every trade has two sides (`core.house`), one trade id, and one line on the tape. In a market with a book an amended
order keeps its place among those of its price only if it got smaller and nothing else; any other goes to the end, and
one that crosses trades at once, as taker.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from simulator.core import venue_error
from simulator.core.acceptance import (
    check_amendment,
    check_margin,
    check_market_price,
    check_standing,
    check_status,
)
from simulator.core.account import Account, Holders
from simulator.core.amendments import Amendments
from simulator.core.depth import Depth, Level
from simulator.core.domain import (
    BUY,
    CANCELED,
    EXPIRED,
    EXPIRED_IN_MATCH,
    FOK,
    IOC,
    MARKET,
    SELL,
    TRADING,
    AccountSpec,
    SymbolSpec,
)
from simulator.core.facts import (
    AccountPatch,
    Fact,
    OrderAccepted,
    OrderAmended,
    OrderEnded,
    WalletChanged,
)
from simulator.core.good_till import GoodTill
from simulator.core.house import House
from simulator.core.ids import identifier
from simulator.core.income import income_of_reason
from simulator.core.market_terms import MarketTerms
from simulator.core.matching import POST_ONLY, Arrival, arrival, is_met
from simulator.core.order_books import Best, Offer, OrderBooks
from simulator.core.orders import Order, OrderIntent, accept, after_amendment, after_end
from simulator.core.self_trade import MAKER_EXPIRED, Prevention, expiry_of_taker, prevention
from simulator.core.settlement import Match, settle
from simulator.core.tape import PublicTrade, Tape
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
    """The market of every symbol, and the accounts that trade on it.

    `prices` are the last prices, `marks` the mark and `indexes` the index prices; `moved` are the symbols whose mark
    has moved, until who asks for them takes them away. `holders` says of each symbol who has a position. `house` is the
    market's own counterparty, `tape` has every trade.
    """

    def __init__(
        self,
        accounts: Iterable[AccountSpec],
        symbols: Iterable[SymbolSpec],
        seed: int,
        terms: MarketTerms | None = None,
    ) -> None:
        self.symbols = {spec.symbol: spec for spec in symbols}
        self.prices = {spec.symbol: spec.price for spec in self.symbols.values()}
        self.marks = dict(self.prices)
        self.indexes = dict(self.prices)
        margin_assets = {spec.symbol: spec.quote_asset for spec in self.symbols.values()}
        self.moved: set[str] = set()
        self.holders: Holders = {}
        self.accounts = {spec.name: Account(spec, margin_assets, self.holders) for spec in accounts}
        self.terms = terms or MarketTerms()
        self.house = House()
        self.tape = Tape(self.symbols, seed)
        self.depth = Depth()
        self.amendments = Amendments()
        self.funding_history: dict[str, list[tuple[int, Decimal, Decimal]]] = {}
        self._books = OrderBooks(self.symbols, self.terms, self.depth, seed)
        self._seed = seed
        self._last_order_id = FIRST_ORDER_ID
        self._last_trade_id = FIRST_TRADE_ID
        self._good_till = GoodTill()

    def best(self, symbol: str) -> Best:
        """Return the best bid and ask, as bookTicker shows them."""
        return self._books.best(symbol)

    def levels(self, symbol: str, side: str, most: int | None = None) -> list[Level]:
        """Return what is offered at each price, best first; BUY: bids."""
        return self._books.levels(symbol, side, most)

    def update_id(self, symbol: str) -> int:
        """Return a number that grows whenever the visible levels change."""
        return self._books.update_id(symbol)

    def next_trade_id(self) -> int:
        """Return a trade id that nothing else has."""
        self._last_trade_id += 1
        return self._last_trade_id

    def continue_from(self, before: Exchange) -> None:
        """Take over the prices of the exchange that was here before."""
        for symbol, price in before.prices.items():
            self.prices[symbol], self.marks[symbol] = price, before.marks[symbol]
            self.indexes[symbol] = before.indexes[symbol]
            self._books.quote_around(symbol, before.quoted_price(symbol))

    def quoted_price(self, symbol: str) -> Decimal:
        """Return the price that the house quotes around: the one that was set last."""
        return self._books.quoted_price(symbol)

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
            facts += self._leave(order, now_ms)
        return account.orders[order.order_id], facts

    def check(self, account: Account, intent: OrderIntent) -> Arrival:
        """Return what the order would do on arrival, and do nothing. Raises `VenueError` when it is refused."""
        spec = self.symbols[intent.symbol]
        check_status(intent, spec)
        check_standing(account, intent, spec)
        market = self._price_for(intent.symbol, intent.side)
        decision = arrival(intent.type, intent.time_in_force, intent.side, intent.price, market)
        if intent.type == MARKET and market is not None:
            check_market_price(intent.side, market, self.marks[intent.symbol], spec)
        if intent.time_in_force == FOK:
            self._check_fills_wholly(intent)
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
        market = self._price_for(order.symbol, order.side)
        takes = market is not None and is_met(order.side, price, market)
        if quantity <= order.executed or (takes and order.time_in_force in POST_ONLY):
            fact = self.cancel(order, now_ms)
            return fact.order, [fact]
        amended = after_amendment(order, quantity, price, now_ms, price_match)
        check_amendment(account, order, amended, self.symbols, self.marks)
        account.keep(amended)
        self.amendments.note(order, amended, modify_id, now_ms)
        notional = account.open_notional(order.symbol)
        facts: list[Fact] = [
            OrderAmended(
                account=account.name, time_ms=now_ms, order=amended, open_notional=notional, modify_id=modify_id
            )
        ]
        keeps_its_place = price == order.price and quantity < order.quantity
        if keeps_its_place:
            self._books.follow(amended)
        else:
            self._books.pull(order)
        if takes:
            facts += self.take(amended, now_ms)
        left = account.orders[order.order_id]
        if left.is_open and not keeps_its_place:
            self._books.put(left)
        return left, facts

    def cancel(self, order: Order, now_ms: int) -> OrderEnded:
        """Cancel an open order."""
        return self._end(order, CANCELED, "0", now_ms)

    def expire(self, order: Order, reason: str, now_ms: int, status: str = EXPIRED) -> OrderEnded:
        """Expire an open order: EXPIRED, or EXPIRED_IN_MATCH. `reason` is the wire's `er`."""
        return self._end(order, status, reason, now_ms)

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
                facts += self.trade(Level(self._fillable(order), order.price), now_ms, maker=order)
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

    def _price_for(self, symbol: str, side: str) -> Decimal | None:
        """Return the price at which a taker on this side trades first, or None when there is nothing to take."""
        if self.terms.liquidity == "one_price":
            return self.prices[symbol]
        offer = self._books.offer(symbol, side)
        return None if offer is None else offer.price

    def _check_fills_wholly(self, intent: OrderIntent) -> None:
        if self.terms.liquidity == "one_price":
            available = self.depth.available(intent.symbol, intent.side, intent.price)
        else:
            available = self._books.available(intent.symbol, intent.side, intent.price)
        if available is not None and available < intent.quantity:
            raise refusal(venue_error.FILL_OR_KILL_REJECTED)

    def take(self, order: Order, now_ms: int) -> list[Fact]:
        """Fill as taker what there is to take, trade by trade."""
        if self.terms.liquidity == "one_price":
            return self._take_of_depth(order, now_ms)
        facts: list[Fact] = []
        while (taker := self.accounts[order.account].orders[order.order_id]).is_open:
            offer = self._books.offer(order.symbol, order.side)
            if offer is None or not is_met(order.side, self._limit_of(order), offer.price):
                break
            facts += self._meet(taker, offer, now_ms)
        self._books.replenish(order.symbol, order.side)
        return facts

    def _take_of_depth(self, order: Order, now_ms: int) -> list[Fact]:
        wanted = Level(self._fillable(order), self.prices[order.symbol])
        facts: list[Fact] = []
        for level in self.depth.take(order.symbol, order.side, order.price, wanted):
            current = self.accounts[order.account].orders[order.order_id]
            facts += self.trade(level, now_ms, taker=current)
        return facts

    def _limit_of(self, order: Order) -> Decimal:
        """Return the order's limit; that of a MARKET order is how far from the mark it may take."""
        if order.type != MARKET:
            return order.price
        bound = self.symbols[order.symbol].market_take_bound
        return self.marks[order.symbol] * (1 + order.sign * bound)

    def _meet(self, taker: Order, offer: Offer, now_ms: int) -> list[Fact]:
        """Let a taker have of an offer what he can, or keep him from trading with himself."""
        wanted = self._fillable(taker)
        if offer.order is None:
            level = Level(min(wanted, offer.quantity), offer.price)
            self._books.take_quote(taker.symbol, taker.side, level)
            facts = self.trade(level, now_ms, taker=taker)
        else:
            account, order_id = offer.order
            maker = self.accounts[account].orders[order_id]
            prevented = prevention(taker, maker)
            if prevented is not None:
                return self._prevent(prevented, taker, maker, now_ms)
            level = Level(min(wanted, self._fillable(maker)), offer.price)
            facts = self.trade(level, now_ms, taker=taker, maker=maker)
        self.prices[taker.symbol] = offer.price
        return facts

    def _prevent(self, prevented: Prevention, taker: Order, maker: Order, now_ms: int) -> list[Fact]:
        facts: list[Fact] = []
        if prevented.maker:
            facts.append(self.expire(maker, MAKER_EXPIRED, now_ms, EXPIRED_IN_MATCH))
        if prevented.taker:
            facts.append(self.expire(taker, expiry_of_taker(taker), now_ms, EXPIRED_IN_MATCH))
        return facts

    def _leave(self, order: Order, now_ms: int) -> list[Fact]:
        """Let what an arriving order did not fill rest, or expire."""
        if order.type == MARKET:
            return [self.expire(order, MARKET_REMAINDER, now_ms)]
        if order.time_in_force == IOC:
            return [self.expire(order, IMMEDIATE_REMAINDER, now_ms)]
        self._books.put(order)
        self._good_till.note(order)
        return []

    def _fillable(self, order: Order) -> Decimal:
        """Return all that remains, of a reduce-only order no more than the position."""
        if not order.reduce_only:
            return order.remaining
        account = self.accounts[order.account]
        return min(order.remaining, account.closable(order.symbol, order.position_side, order.sign))

    def trade(self, level: Level, now_ms: int, *, taker: Order | None = None, maker: Order | None = None) -> list[Fact]:
        """Let two orders trade, or one with the house: who is missing is the house."""
        trade_id = self.next_trade_id()
        sides = [(order, order is maker) for order in (taker, maker) if order is not None]
        facts: list[Fact] = []
        for order, is_maker in sides:
            match = Match(
                trade_id=trade_id, quantity=level.quantity, price=level.price, is_maker=is_maker, time_ms=now_ms
            )
            facts.append(self._settle(order, match))
        symbol = sides[0][0].symbol
        is_buyer_maker = maker.side == BUY if maker else taker is not None and taker.side == SELL
        self.tape.note(PublicTrade(symbol, trade_id, level.price, level.quantity, is_buyer_maker, now_ms))
        for order, _ in sides:
            facts += self._expire_pointless(self.accounts[order.account], symbol, order.position_side, now_ms)
        return facts

    def _settle(self, order: Order, match: Match) -> Fact:
        account = self.accounts[order.account]
        filled = settle(account, order, self.symbols[order.symbol], match, house=self.house, marks=self.marks)
        self._show(filled.order)
        return filled

    def _show(self, order: Order) -> None:
        """Let book and calendar know what became of an order."""
        self._books.follow(order)
        if not order.is_open:
            self._good_till.forget(order.order_id)

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
        self._show(ended)
        notional = account.open_notional(order.symbol)
        return OrderEnded(account=account.name, time_ms=now_ms, order=ended, open_notional=notional)


def _check_amendable(order: Order, quantity: Decimal, price: Decimal, spec: SymbolSpec) -> None:
    if spec.status != TRADING:
        raise refusal(venue_error.SYMBOL_NOT_AMENDABLE)
    if order.amendments >= MOST_AMENDMENTS:
        raise refusal(venue_error.TOO_MANY_AMENDMENTS)
    if (quantity, price) == (order.quantity, order.price):
        raise refusal(venue_error.NOTHING_TO_AMEND)
