"""The market of every symbol as it can be seen and traded with: the accounts' resting orders and the house's quotes.

An *offer* is what a taker finds first: at the better price; at equal prices an account's order comes before the house's
quote, and older orders before younger ones.

The house's quotes are a ladder around the symbol's price (`trading.ladder`), unless a test said which levels there are
(`trading.depth`): then those below the price are bids and the others asks, and what is taken of them is gone. The house
does not quote where it would trade with an order that rests: what is left of an order that took all it found stands
alone at its price until somebody takes it, or the market moves.

Every symbol has an update id, which grows with each change that can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from typing import Final, NamedTuple

from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.trading.book import Book
from simulator.core.trading.depth import Depth, Level
from simulator.core.trading.ladder import Ladder
from simulator.core.trading.market_terms import MarketTerms
from simulator.core.trading.matching import is_met
from simulator.core.trading.orders import Order

__all__ = ["Best", "Offer", "OrderBooks", "opposite"]

FIRST_UPDATE_ID: Final = 1_027_000


class Best(NamedTuple):
    """The best bid and the best ask, as bookTicker shows them; 0 and 0 where a side is empty."""

    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


class Offer(NamedTuple):
    """What a taker finds first: account and order id of a resting order, or a quantity of the house's."""

    price: Decimal
    quantity: Decimal
    order: tuple[str, int] | None


class _SymbolBook:
    """One symbol's orders and quotes."""

    def __init__(self, spec: SymbolSpec, terms: MarketTerms, seed: int) -> None:
        self.orders = Book()
        self.ladder = Ladder(spec, terms, seed)
        self.price = spec.price
        self.update_id = FIRST_UPDATE_ID
        self.shown: dict[str, tuple[int, list[Level]]] = {}

    def quotes_of(self, side: str) -> Ladder:
        """Return the house's quotes; on this side they keep off the orders that rest on the other."""
        self.ladder.keep_off(side, self.orders.best_price(opposite(side)))
        return self.ladder


class OrderBooks:
    """The books of all symbols. A `side` is that of what rests, BUY for bids, unless it says the taker's."""

    def __init__(self, symbols: Mapping[str, SymbolSpec], terms: MarketTerms, depth: Depth, seed: int) -> None:
        self._symbols = symbols
        self._terms = terms
        self._depth = depth
        self._seed = seed
        self._books: dict[str, _SymbolBook] = {}

    def update_id(self, symbol: str) -> int:
        """Return a number that grows whenever the visible levels change."""
        return self._book(symbol).update_id

    def levels(self, symbol: str, side: str, most: int | None = None) -> list[Level]:
        """Return what is offered at each price, best first, orders and quotes together; at most so many levels."""
        book = self._book(symbol)
        seen = book.shown.get(side)
        if seen is None or seen[0] != book.update_id:
            seen = book.shown[side] = (book.update_id, self._merged(symbol, book, side))
        return seen[1][:most]

    def best(self, symbol: str) -> Best:
        """Return the best level of either side."""
        bid, ask = (self._best_level(symbol, side) for side in (BUY, SELL))
        return Best(bid.price, bid.quantity, ask.price, ask.quantity)

    def offer(self, symbol: str, side: str) -> Offer | None:
        """Return what a taker on this side finds first, or None when there is nothing."""
        resting = opposite(side)
        book = self._book(symbol)
        quote = self._quote(symbol, book, resting)
        price = book.orders.best_price(resting)
        if price is not None and (quote is None or is_met(resting, price, quote.price)):
            return Offer(price, ZERO, book.orders.first(resting))
        return None if quote is None else Offer(quote.price, quote.quantity, None)

    def available(self, symbol: str, side: str, limit: Decimal) -> Decimal:
        """Return how much a taker on this side finds at its limit (0: at any price)."""
        good = (
            level.quantity
            for level in self.levels(symbol, opposite(side))
            if not limit or is_met(side, limit, level.price)
        )
        return sum(good, ZERO)

    def met_by(self, symbol: str, price: Decimal) -> list[tuple[str, int]]:
        """Return account and order id of the resting orders that trade at this price, in their order."""
        return self._book(symbol).orders.met_by(price)

    def quoted_price(self, symbol: str) -> Decimal:
        """Return the price that the house quotes around."""
        return self._book(symbol).price

    def continue_from(self, symbol: str, update_id: int) -> None:
        """Let the update ids of a symbol go on after this one."""
        self._book(symbol).update_id = update_id + 1

    def quote_around(self, symbol: str, price: Decimal) -> None:
        """Move the house's quotes."""
        book = self._book(symbol)
        book.price = price
        book.ladder.move(price)
        book.update_id += 1

    def touch(self, symbol: str) -> None:
        """Note that the house's levels were said anew."""
        self._book(symbol).update_id += 1

    def put(self, order: Order) -> None:
        """Let an open order rest, behind the others of its price."""
        book = self._book(order.symbol)
        book.orders.put(order)
        book.update_id += 1

    def pull(self, order: Order) -> None:
        """Take an order out, if it rests."""
        book = self._book(order.symbol)
        book.orders.pull(order.order_id)
        book.update_id += 1

    def follow(self, order: Order) -> None:
        """Show an order as it is now, if it rests: less of it is left, or it has ended."""
        book = self._book(order.symbol)
        book.orders.follow(order)
        book.update_id += 1

    def take_quote(self, symbol: str, side: str, taken: Level) -> None:
        """Let a taker on this side have a part of the house's best quote, or all of it."""
        book = self._book(symbol)
        if self._depth.is_said(symbol):
            self._depth.lower(symbol, taken.price, taken.quantity)
        else:
            book.ladder.take(opposite(side), taken.quantity)
        book.update_id += 1

    def replenish(self, symbol: str, side: str) -> None:
        """Let the house quote again what a taker on this side took; levels that were said stay gone."""
        self._book(symbol).ladder.replenish(opposite(side))

    def _book(self, symbol: str) -> _SymbolBook:
        book = self._books.get(symbol)
        if book is None:
            book = self._books[symbol] = _SymbolBook(self._symbols[symbol], self._terms, self._seed)
        return book

    def _quote(self, symbol: str, book: _SymbolBook, side: str) -> Level | None:
        if self._depth.is_said(symbol):
            return next(iter(self._said(symbol, book, side)), None)
        return book.quotes_of(side).best(side)

    def _said(self, symbol: str, book: _SymbolBook, side: str) -> list[Level]:
        resting = book.orders.best_price(opposite(side))
        said = self._depth.quotes(symbol, side, book.price)
        return [level for level in said if resting is None or not is_met(side, level.price, resting)]

    def _best_level(self, symbol: str, side: str) -> Level:
        offer = self.offer(symbol, opposite(side))
        if offer is None:
            return Level(ZERO, ZERO)
        return self.levels(symbol, side, 1)[0]

    def _merged(self, symbol: str, book: _SymbolBook, side: str) -> list[Level]:
        quotes = self._said(symbol, book, side) if self._depth.is_said(symbol) else book.quotes_of(side).levels(side)
        quantities: dict[Decimal, Decimal] = {}
        for level in chain(quotes, book.orders.levels(side)):
            quantities[level.price] = quantities.get(level.price, ZERO) + level.quantity
        return [Level(quantities[price], price) for price in sorted(quantities, reverse=side == BUY)]


def opposite(side: str) -> str:
    """Return SELL for BUY, and BUY for SELL."""
    return SELL if side == BUY else BUY
