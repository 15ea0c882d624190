"""The conditional orders of every account: what makes them wait, trigger, send their child, and end.

Triggering takes the exchange a moment (`Profile.algo_trigger_ms`), and the child does not wait for it. Captured:

    ALGO_UPDATE TRIGGERING → the child: TRADE_LITE, ORDER_TRADE_UPDATE NEW, ACCOUNT_UPDATE, ORDER_TRADE_UPDATE TRADE
    → 11 ms later → ALGO_UPDATE TRIGGERED → ALGO_UPDATE FINISHED

The book does not hear of prices, fills and positions: it looks. `follow` finds out what follows from how things are
now, again and again until nothing does; asked twice it has nothing to add. Whoever tells facts asks it first.

Neither margin nor position is checked before the trigger: then the child is refused, and its parent is REJECTED.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from simulator.core import venue_error
from simulator.core.account import Account
from simulator.core.algo_orders import (
    FINISHED,
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
from simulator.core.domain import CANCELED, EXPIRED
from simulator.core.exchange import Exchange
from simulator.core.facts import AlgoChanged, Fact
from simulator.core.ids import identifier
from simulator.core.orders import Order, OrderIntent
from simulator.core.past import Past
from simulator.core.profile import Profile
from simulator.core.venue_error import VenueError, refusal

__all__ = ["AlgoBook"]

FIRST_ALGO_ID: Final = 1_000_000_033_225_000
MOST_WAITING: Final = 200
POSITION_CLOSED: Final = "Reduce Only reject"

_IMMEDIATE_TRIGGER: Final = {-2021: venue_error.IMMEDIATE_TRIGGER, -4142: venue_error.STRATEGY_IMMEDIATE_TRIGGER}


class AlgoBook:
    """Every conditional order that there ever was, and those that live."""

    def __init__(self, exchange: Exchange, profile: Profile, seed: int) -> None:
        self._exchange = exchange
        self._profile = profile
        self._seed = seed
        self._last_id = FIRST_ALGO_ID
        self._orders: dict[str, dict[int, AlgoOrder]] = {name: {} for name in exchange.accounts}
        self._pasts: dict[str, Past[int, AlgoOrder]] = {name: Past() for name in exchange.accounts}
        self._living: dict[int, AlgoOrder] = {}
        self._due_ms: dict[int, int] = {}
        self._guarding: set[int] = set()

    def orders(self, account: str, as_of_ms: int | None = None) -> list[AlgoOrder]:
        """Return all conditional orders of an account, oldest first; as they were at a moment, unless that is None."""
        orders = self._orders[account]
        return list((orders if as_of_ms is None else self._pasts[account].rewind(orders, as_of_ms)).values())

    def waiting(self, account: str) -> list[AlgoOrder]:
        """Return those that wait for their price, oldest first."""
        return [algo for algo in self._living.values() if algo.account == account and algo.is_waiting]

    def child(self, algo: AlgoOrder) -> Order | None:
        """Return the order that it sent, as it is now."""
        return self._exchange.accounts[algo.account].orders.get(algo.child_id)

    def place(
        self, account: Account, terms: AlgoTerms, client_algo_id: str, now_ms: int
    ) -> tuple[AlgoOrder, list[Fact]]:
        """Accept an order; `client_algo_id` "" asks for one.

        Raises `VenueError` -4116, -4045, -4130, or that it would trigger at once.
        """
        self._check_standing(account.name, terms, client_algo_id)
        market = self._exchange.prices[terms.symbol]
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
        self._due_ms[algo.algo_id] = now_ms + self._profile.algo_trigger_ms
        if self._profile.algo_child == "before_triggered":
            facts += self._send_child(self._living[algo.algo_id], now_ms)
        return facts

    def follow(self, now_ms: int) -> list[Fact]:
        """Return what follows, for conditional orders and by them, from prices, positions and orders as they are."""
        facts: list[Fact] = []
        while self._living and (found := list(self._consequences(now_ms))):
            facts += found
        return facts

    def next_deadline_ms(self) -> int | None:
        """Return when `follow` has something to do by itself, or None."""
        dates = [algo.terms.good_till_ms for algo in self._living.values() if algo.is_waiting]
        return min((date for date in (*self._due_ms.values(), *dates) if date), default=None)

    def _check_standing(self, account: str, terms: AlgoTerms, client_algo_id: str) -> None:
        waiting = self.waiting(account)
        if client_algo_id and any(algo.client_algo_id == client_algo_id for algo in waiting):
            raise refusal(venue_error.DUPLICATE_CLIENT_ORDER_ID)
        if len(waiting) >= MOST_WAITING:
            raise refusal(venue_error.TOO_MANY_STOP_ORDERS)
        if terms.close_position and any(_closes_alike(algo.terms, terms) for algo in waiting):
            raise refusal(venue_error.CLOSE_POSITION_EXISTS)

    def _consequences(self, now_ms: int) -> Iterator[Fact]:
        for algo in list(self._living.values()):
            if algo.is_waiting:
                yield from self._waiting_on(algo, now_ms)
            else:
                yield from self._triggered_on(algo, now_ms)

    def _waiting_on(self, algo: AlgoOrder, now_ms: int) -> Iterator[Fact]:
        price = self._exchange.prices[algo.symbol]
        if self._is_pointless(algo):
            yield self.end(algo, self._profile.algo_position_closed, POSITION_CLOSED, now_ms)
        elif 0 < algo.terms.good_till_ms <= now_ms:
            yield self.end(algo, EXPIRED, "", now_ms)
        elif activated(algo, price):
            yield self._change(algo, now_ms, best_price=price)
        else:
            algo = self._keep(followed(algo, price), now_ms)
            if is_met(algo, price):
                yield from self.trigger(algo, now_ms)

    def _triggered_on(self, algo: AlgoOrder, now_ms: int) -> Iterator[Fact]:
        if algo.status == TRIGGERING:
            if self._due_ms[algo.algo_id] <= now_ms:
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
        living = self._living.get(algo.algo_id)
        if living is not None:
            yield self._change(living, now_ms, status=TRIGGERED)
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
        return OrderIntent(
            symbol=terms.symbol,
            side=terms.side,
            type=terms.child_type,
            original_type=terms.type if self._profile.algo_child_original_type == "algo" else "",
            time_in_force=terms.time_in_force if terms.price else "GTC",
            quantity=quantity,
            price=terms.price,
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
        orders = self._orders[algo.account]
        if algo is orders.get(algo.algo_id):
            return algo
        self._pasts[algo.account].note(algo.algo_id, orders.get(algo.algo_id), now_ms)
        orders[algo.algo_id] = algo
        if algo.has_ended:
            self._living.pop(algo.algo_id, None)
            self._guarding.discard(algo.algo_id)
        else:
            self._living[algo.algo_id] = algo
        if algo.status != TRIGGERING:
            self._due_ms.pop(algo.algo_id, None)
        return algo


def _closes_alike(terms: AlgoTerms, other: AlgoTerms) -> bool:
    """Say whether both close the same position, and both as a stop or both as a take-profit."""
    return (
        terms.close_position
        and (terms.symbol, terms.side, terms.position_side) == (other.symbol, other.side, other.position_side)
        and (terms.type in TAKE_PROFITS) == (other.type in TAKE_PROFITS)
    )
