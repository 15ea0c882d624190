"""The conditional orders of every account: what makes them wait, trigger, send their child, and end.

Triggering takes the exchange a moment (`Profile.algo_trigger_ms`), and the child does not wait for it. Captured:

    ALGO_UPDATE TRIGGERING → the child: TRADE_LITE, ORDER_TRADE_UPDATE NEW, ACCOUNT_UPDATE, ORDER_TRADE_UPDATE TRADE
    → 11 ms later → ALGO_UPDATE TRIGGERED → ALGO_UPDATE FINISHED

The book does not hear of prices, fills and positions: it looks. `follow` finds out what follows from how things are
now, again and again until nothing does; asked twice it has nothing to add. Whoever tells facts asks it first, and says
which accounts the facts are about: only their orders are looked at, and those of symbols whose prices have moved.

An order looks at the price that its workingType names: the last price or the mark price. With priceProtect it does not
trigger while the two are further apart than the symbol's `triggerProtect`. When a symbol's trading is over, the orders
that wait on it expire.

Neither margin nor position is checked before the trigger: then the child is refused, and its parent is REJECTED. A
price match is resolved then too: without a price in the book to match, the order is REJECTED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.amounts import ZERO
from simulator.core.conditional.algo_orders import (
    FINISHED,
    MARK_PRICE,
    REJECTED,
    TAKE_PROFITS,
    TRIGGERED,
    TRIGGERING,
    AlgoOrder,
    AlgoTerms,
    activated,
    followed,
    is_met,
    would_trigger,
)
from simulator.core.conditional.algo_register import AlgoRegister
from simulator.core.domain import CANCELED, EXPIRED, GTC, LIMIT
from simulator.core.facts import AlgoChanged, Fact
from simulator.core.ids import identifier
from simulator.core.profile import Profile
from simulator.core.rest import venue_error
from simulator.core.rest.retention import is_kept
from simulator.core.rest.venue_error import VenueError, refusal
from simulator.core.trading import price_match
from simulator.core.trading.acceptance import OVER, check_status
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order, OrderIntent
from simulator.core.trading.validation import NO_MATCH

__all__ = ["AlgoBook"]

FIRST_ALGO_ID: Final = 1_000_000_033_225_000
MOST_WAITING: Final = 200
POSITION_CLOSED: Final = "Reduce Only reject"

_IMMEDIATE_TRIGGER: Final = {-2021: venue_error.IMMEDIATE_TRIGGER, -4142: venue_error.STRATEGY_IMMEDIATE_TRIGGER}


class AlgoBook:
    """Every conditional order that REST still shows, and those that live."""

    def __init__(self, exchange: Exchange, profile: Profile, seed: int) -> None:
        self._exchange = exchange
        self._profile = profile
        self._seed = seed
        self._last_id = FIRST_ALGO_ID
        self._register = AlgoRegister()
        self._due_ms: dict[int, tuple[int, str]] = {}
        self._guarding: set[int] = set()
        self._seen: dict[str, tuple[Decimal, Decimal]] = {}

    def orders(self, account: str, as_of_ms: int | None = None) -> list[AlgoOrder]:
        """Return all conditional orders of an account, oldest first; as they were at a moment, unless that is None."""
        return self._register.orders(account, as_of_ms)

    def order(self, account: str, algo_id: int) -> AlgoOrder | None:
        """Return a conditional order of an account."""
        return self._register.order(account, algo_id)

    def order_named(self, account: str, client_algo_id: str) -> AlgoOrder | None:
        """Return the newest conditional order of this client id."""
        return self._register.order_named(account, client_algo_id)

    def waiting(self, account: str) -> list[AlgoOrder]:
        """Return those that wait for their price, oldest first."""
        return self._register.waiting(account)

    def child(self, algo: AlgoOrder) -> Order | None:
        """Return the order that it sent, as it is now."""
        return self._exchange.accounts[algo.account].orders.get(algo.child_id)

    def place(
        self, account: Account, terms: AlgoTerms, client_algo_id: str, now_ms: int
    ) -> tuple[AlgoOrder, list[Fact]]:
        """Accept an order; `client_algo_id` "" asks for one.

        Raises `VenueError` -4141, -4140, -4116, -4045, -4130, or that it would trigger at once.
        """
        check_status(terms, self._exchange.symbols[terms.symbol])
        self._check_standing(account.name, terms, client_algo_id)
        market = self._price_of(terms)
        if would_trigger(terms, market):
            raise refusal(_IMMEDIATE_TRIGGER[self._profile.algo_immediate_trigger])
        self._last_id += 1
        algo = AlgoOrder(
            account=account.name,
            algo_id=self._last_id,
            client_algo_id=client_algo_id or identifier(22, self._seed, "algo", self._last_id),
            terms=terms,
            created_ms=now_ms,
            update_ms=now_ms,
        )
        if activated(algo, market):
            algo = replace(algo, best_price=market)
        return algo, [self._change(algo, now_ms)]

    def end(self, algo: AlgoOrder, status: str, reason: str, now_ms: int) -> Fact:
        """End an order that waits: CANCELED, EXPIRED or REJECTED. `reason` "" when its owner did it."""
        return self._change(algo, now_ms, status=status, reason=reason)

    def cancel_all(self, account: str, symbol: str, now_ms: int) -> list[Fact]:
        """Cancel the orders that wait on a symbol."""
        return [self.end(algo, CANCELED, "", now_ms) for algo in self.waiting(account) if algo.symbol == symbol]

    def trigger(self, algo: AlgoOrder, now_ms: int) -> list[Fact]:
        """Trigger an order that waits, wherever the price is."""
        facts: list[Fact] = [self._change(algo, now_ms, status=TRIGGERING, triggered_ms=now_ms)]
        self._due_ms[algo.algo_id] = (now_ms + self._profile.algo_trigger_ms, algo.account)
        if self._profile.algo_child == "before_triggered":
            facts += self._send_child(self._newest(algo), now_ms)
        return facts

    def follow(self, now_ms: int, accounts: Iterable[str] | None = None) -> list[Fact]:
        """Return what follows, for conditional orders and by them, from prices, positions and orders as they are.

        `accounts` are those that anything happened to, None meaning any.
        """
        if not self._register.living:
            return []
        touched = set(self._exchange.accounts if accounts is None else accounts)
        facts: list[Fact] = []
        while found := list(self._consequences(touched, now_ms)):
            facts += found
            touched = {fact.account for fact in found}
        return facts

    def next_deadline_ms(self) -> int | None:
        """Return when `follow` has something to do by itself, or None."""
        if not self._register.living:
            return None
        dates = [date_ms for date_ms, _ in self._due_ms.values()]
        if (date_ms := self._register.next_date_ms()) is not None:
            dates.append(date_ms)
        return min(dates, default=None)

    def forget(self, now_ms: int, most: int) -> None:
        """Forget the orders that REST does not show any more, and of each account the oldest that are too many."""
        self._register.forget(lambda algo: self.is_kept(algo, now_ms), most, now_ms)

    def is_kept(self, algo: AlgoOrder, now_ms: int) -> bool:
        """Return whether queries still find the order."""
        child = self.child(algo)
        executed = ZERO if child is None else child.executed
        return not algo.has_ended or is_kept(executed, algo.update_ms, now_ms)

    def _check_standing(self, account: str, terms: AlgoTerms, client_algo_id: str) -> None:
        waiting = self.waiting(account)
        if client_algo_id and any(algo.client_algo_id == client_algo_id for algo in waiting):
            raise refusal(venue_error.DUPLICATE_CLIENT_ORDER_ID)
        if len(waiting) >= MOST_WAITING:
            raise refusal(venue_error.TOO_MANY_STOP_ORDERS)
        if terms.close_position and any(_closes_alike(algo.terms, terms) for algo in waiting):
            raise refusal(venue_error.CLOSE_POSITION_EXISTS)

    def _consequences(self, touched: Iterable[str], now_ms: int) -> Iterator[Fact]:
        for algo_id, account in sorted(self._candidates(touched, now_ms)):
            algo = self._register.order(account, algo_id)
            if algo is None or algo.has_ended:
                continue
            yield from self._waiting_on(algo, now_ms) if algo.is_waiting else self._triggered_on(algo, now_ms)

    def _candidates(self, touched: Iterable[str], now_ms: int) -> set[tuple[int, str]]:
        """Return the orders that may have something to say, as algo id and account."""
        register, exchange = self._register, self._exchange
        found = {(algo.algo_id, name) for name in touched for algo in register.bound(name)}
        found.update((algo.algo_id, algo.account) for algo in register.overdue(now_ms))
        found.update((algo_id, account) for algo_id, (due_ms, account) in self._due_ms.items() if due_ms <= now_ms)
        for symbol in register.triggers.symbols():
            prices = (exchange.prices[symbol], exchange.marks[symbol])
            if self._seen.get(symbol) != prices:
                self._seen[symbol] = prices
                found.update(register.triggers.concerned(symbol, *prices))
            if exchange.symbols[symbol].status in OVER:
                found.update(register.triggers.waiting_on(symbol))
        return found

    def _waiting_on(self, algo: AlgoOrder, now_ms: int) -> Iterator[Fact]:
        price = self._price_of(algo.terms)
        if self._is_pointless(algo):
            yield self.end(algo, self._profile.algo_position_closed, POSITION_CLOSED, now_ms)
        elif 0 < algo.terms.good_till_ms <= now_ms:
            yield self.end(algo, EXPIRED, "", now_ms)
        elif self._exchange.symbols[algo.symbol].status in OVER:
            yield self.end(algo, EXPIRED, venue_error.SYMBOL_CLOSED[1], now_ms)
        elif activated(algo, price):
            yield self._change(algo, now_ms, best_price=price)
        else:
            algo = self._keep(followed(algo, price), now_ms)
            if is_met(algo, price) and not self._is_protected(algo.terms):
                yield from self.trigger(algo, now_ms)

    def _triggered_on(self, algo: AlgoOrder, now_ms: int) -> Iterator[Fact]:
        if algo.status == TRIGGERING:
            if self._due_ms[algo.algo_id][0] <= now_ms:
                yield from self._report(algo, now_ms)
            return
        child = self.child(algo)
        if child is not None and not child.is_open:
            yield self._change(algo, now_ms, status=FINISHED)

    def _report(self, algo: AlgoOrder, now_ms: int) -> Iterator[Fact]:
        """Say that the order has triggered, unless its child is refused."""
        if algo.child_id:
            yield self._change(algo, now_ms, status=TRIGGERED)
            return
        sent = self._send_child(algo, now_ms)
        newest = self._newest(algo)
        if not newest.has_ended:
            yield self._change(newest, now_ms, status=TRIGGERED)
        yield from sent

    def _send_child(self, algo: AlgoOrder, now_ms: int) -> list[Fact]:
        account = self._exchange.accounts[algo.account]
        try:
            child, facts = self._exchange.place(account, self._child_intent(account, algo), now_ms)
        except VenueError as error:
            return [self._change(algo, now_ms, status=REJECTED, reason=error.message)]
        self._keep(replace(algo, child_id=child.order_id), now_ms)
        return facts

    def _child_intent(self, account: Account, algo: AlgoOrder) -> OrderIntent:
        terms = algo.terms
        quantity = terms.quantity
        if terms.close_position:
            quantity = account.closable(terms.symbol, terms.position_side, terms.sign)
        price = terms.price
        if terms.price_match != NO_MATCH:
            price = price_match.resolve(self._exchange, terms.symbol, terms.side, terms.price_match)
        return OrderIntent(
            symbol=terms.symbol,
            side=terms.side,
            type=terms.child_type,
            original_type=terms.type if self._profile.algo_child_original_type == "algo" else "",
            time_in_force=terms.time_in_force if terms.child_type == LIMIT else GTC,
            quantity=quantity,
            price=price,
            price_match=terms.price_match,
            position_side=terms.position_side,
            reduce_only=terms.reduce_only,
            client_order_id=algo.client_algo_id if self._profile.algo_child_id == "same" else "",
            good_till_ms=terms.good_till_ms,
            self_trade_prevention=terms.self_trade_prevention,
        )

    def _is_pointless(self, algo: AlgoOrder) -> bool:
        """Say whether the position that the order was to close has been there, and is no more."""
        terms = algo.terms
        if not terms.close_position:
            return False
        account = self._exchange.accounts[algo.account]
        if account.closable(terms.symbol, terms.position_side, terms.sign):
            self._guarding.add(algo.algo_id)
            return False
        return algo.algo_id in self._guarding

    def _change(self, algo: AlgoOrder, now_ms: int, **changes: Any) -> AlgoChanged:
        changed = self._keep(replace(algo, update_ms=now_ms, **changes), now_ms)
        return AlgoChanged(account=algo.account, time_ms=now_ms, algo=changed, child=self.child(changed))

    def _keep(self, algo: AlgoOrder, now_ms: int) -> AlgoOrder:
        """Store the order's newest record."""
        if algo is self._register.order(algo.account, algo.algo_id):
            return algo
        self._register.keep(algo, now_ms)
        if algo.has_ended:
            self._guarding.discard(algo.algo_id)
        if algo.status != TRIGGERING:
            self._due_ms.pop(algo.algo_id, None)
        return algo

    def _newest(self, algo: AlgoOrder) -> AlgoOrder:
        return self._register.order(algo.account, algo.algo_id) or algo

    def _price_of(self, terms: AlgoTerms) -> Decimal:
        prices = self._exchange.marks if terms.working_type == MARK_PRICE else self._exchange.prices
        return prices[terms.symbol]

    def _is_protected(self, terms: AlgoTerms) -> bool:
        """Say whether last and mark price are too far apart for an order that asked to be protected."""
        last, mark = self._exchange.prices[terms.symbol], self._exchange.marks[terms.symbol]
        return terms.price_protect and abs(last - mark) > mark * self._exchange.symbols[terms.symbol].trigger_protect


def _closes_alike(terms: AlgoTerms, other: AlgoTerms) -> bool:
    """Say whether both close the same position, and both as a stop or both as a take-profit."""
    return (
        terms.close_position
        and (terms.symbol, terms.side, terms.position_side) == (other.symbol, other.side, other.position_side)
        and (terms.type in TAKE_PROFITS) == (other.type in TAKE_PROFITS)
    )
