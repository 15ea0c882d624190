"""Where orders meet: what a taker finds, what a trade does to its two sides, how an order ends.

The engine has the state of the market and of the accounts, and knows nothing of who may do what: `trading.exchange`
asks that first. Every trade has two sides (`trading.house`), one trade id, and one line on the tape; in a market with a
book the taker moves the last price.

A reduce-only order trades no more than the position that it reduces, and expires with reason 4 when there is nothing
left for it (`trading.reduce_only`).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from simulator.core.accounts.account import Account, Holders
from simulator.core.domain import (
    BUY,
    CANCELED,
    EXPIRED,
    EXPIRED_IN_MATCH,
    FOK,
    IOC,
    MARKET,
    SELL,
    AccountSpec,
    SymbolSpec,
)
from simulator.core.facts import Fact, OrderEnded
from simulator.core.market.tape import PublicTrade, Tape
from simulator.core.trading.depth import Depth, Level
from simulator.core.trading.good_till import GoodTill
from simulator.core.trading.house import House
from simulator.core.trading.market_terms import MarketTerms
from simulator.core.trading.matching import is_met
from simulator.core.trading.order_books import Best, Offer, OrderBooks
from simulator.core.trading.orders import Order, after_end
from simulator.core.trading.reduce_only import pushed_out
from simulator.core.trading.self_trade import MAKER_EXPIRED, Prevention, expiry_of_taker, prevention
from simulator.core.trading.settlement import Match, settle
from simulator.core.trading.snapshots import Snapshots

__all__ = ["MatchingEngine"]

FIRST_TRADE_ID: Final = 7_000_000

IMMEDIATE_REMAINDER: Final = "2"
REDUCE_ONLY_REMAINDER: Final = "4"
MARKET_REMAINDER: Final = "9"


class MatchingEngine:
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
        terms: MarketTerms,
    ) -> None:
        self.symbols = {spec.symbol: spec for spec in symbols}
        self.prices = {spec.symbol: spec.price for spec in self.symbols.values()}
        self.marks = dict(self.prices)
        self.indexes = dict(self.prices)
        margin_assets = {spec.symbol: spec.quote_asset for spec in self.symbols.values()}
        self.moved: set[str] = set()
        self.holders = Holders()
        self.accounts = {spec.name: Account(spec, margin_assets, self.holders) for spec in accounts}
        self.terms = terms
        self.house = House()
        self.tape = Tape(self.symbols, seed)
        self.snapshots = Snapshots()
        self.depth = Depth()
        self._books = OrderBooks(self.symbols, self.terms, self.depth, seed)
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

    def quoted_price(self, symbol: str) -> Decimal:
        """Return the price that the house quotes around: the one that was set last."""
        return self._books.quoted_price(symbol)

    def fill_at_its_price(self, order: Order, now_ms: int) -> list[Fact]:
        """Let the house fill a resting order, as maker, as far as it can be filled."""
        quantity = self._fillable(order)
        if not quantity:
            return [self.expire(order, REDUCE_ONLY_REMAINDER, now_ms)]
        return self.trade(Level(quantity, order.price), now_ms, maker=order)

    def price_for(self, symbol: str, side: str) -> Decimal | None:
        """Return the price at which a taker on this side trades first, or None when there is nothing to take."""
        if self.terms.liquidity == "one_price":
            return self.prices[symbol]
        offer = self._books.offer(symbol, side)
        return None if offer is None else offer.price

    def take(self, order: Order, now_ms: int) -> list[Fact]:
        """Fill as taker what there is to take, trade by trade."""
        if self.terms.liquidity == "one_price":
            return self._take_of_depth(order, now_ms)
        facts: list[Fact] = []
        while (taker := self.accounts[order.account].orders[order.order_id]).is_open:
            offer = self._books.offer(order.symbol, order.side)
            if offer is None or not is_met(order.side, self._limit_of(order), offer.price):
                break
            wanted = self._fillable(taker)
            if not wanted:
                facts.append(self.expire(taker, REDUCE_ONLY_REMAINDER, now_ms))
                break
            facts += self._meet(taker, wanted, offer, now_ms)
        self._books.replenish(order.symbol, order.side)
        return facts

    def _take_of_depth(self, order: Order, now_ms: int) -> list[Fact]:
        if order.type != MARKET and not is_met(order.side, order.price, self.prices[order.symbol]):
            return []
        wanted = Level(self._fillable(order), self.prices[order.symbol])
        if not wanted.quantity:
            return []
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

    def _meet(self, taker: Order, wanted: Decimal, offer: Offer, now_ms: int) -> list[Fact]:
        """Let a taker have what he wants of an offer, or keep him from trading with himself."""
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
            offered = self._fillable(maker)
            if not offered:
                return [self.expire(maker, REDUCE_ONLY_REMAINDER, now_ms)]
            facts = self.trade(Level(min(wanted, offered), offer.price), now_ms, taker=taker, maker=maker)
        self.prices[taker.symbol] = offer.price
        return facts

    def _prevent(self, prevented: Prevention, taker: Order, maker: Order, now_ms: int) -> list[Fact]:
        facts: list[Fact] = []
        if prevented.maker:
            facts.append(self.expire(maker, MAKER_EXPIRED, now_ms, EXPIRED_IN_MATCH))
        if prevented.taker:
            facts.append(self.expire(taker, expiry_of_taker(taker), now_ms, EXPIRED_IN_MATCH))
        return facts

    def leave(self, order: Order, now_ms: int) -> list[Fact]:
        """Let what an arriving order did not fill rest, or expire."""
        if order.type == MARKET:
            return [self.expire(order, MARKET_REMAINDER, now_ms)]
        if order.time_in_force in {IOC, FOK}:
            return [self.expire(order, IMMEDIATE_REMAINDER, now_ms)]
        self._books.put(order)
        self._good_till.note(order)
        return self.push_out(order, now_ms)

    def cancel(self, order: Order, now_ms: int) -> OrderEnded:
        """Cancel an open order."""
        return self._end(order, CANCELED, "0", now_ms)

    def expire(self, order: Order, reason: str, now_ms: int, status: str = EXPIRED) -> OrderEnded:
        """Expire an open order: EXPIRED, or EXPIRED_IN_MATCH. `reason` is the wire's `er`."""
        return self._end(order, status, reason, now_ms)

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
            facts += self.push_out(order, now_ms)
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

    def push_out(self, changed: Order, now_ms: int) -> list[Fact]:
        """Expire the reduce-only orders to which this order, which changed, or its position leaves nothing."""
        account = self.accounts[changed.account]
        if not changed.reduce_only and not account.reduces(changed.symbol, changed.position_side):
            return []
        found = pushed_out(account, changed.symbol, changed.position_side)
        return [self.expire(order, REDUCE_ONLY_REMAINDER, now_ms) for order in found]

    def _end(self, order: Order, status: str, reason: str, now_ms: int) -> OrderEnded:
        account = self.accounts[order.account]
        ended = after_end(order, status, reason, now_ms)
        account.keep(ended)
        self._show(ended)
        notional = account.open_notional(order.symbol)
        return OrderEnded(account=account.name, time_ms=now_ms, order=ended, open_notional=notional)
