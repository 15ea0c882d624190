"""One conditional ("algo") order and its life: it waits for a price, sends an order of its own, its *child*, and ends.

    NEW ──price met──▶ TRIGGERING ──▶ TRIGGERED ──child ended──▶ FINISHED
     │                     └──child refused──▶ REJECTED
     └──▶ CANCELED (by its owner, or because its position closed), EXPIRED

A stop buys when the price has risen to its trigger, and sells when it has fallen to it; a take-profit the other way
round. A trailing stop waits until the price has been as good as its activation price (at once, if it has none), then
follows the best price, and is met when the price comes back from it by the callback rate. Which price that is, the last
one or the mark price, the order's working type says.

Records never change; a change is a new record.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, BUY, CANCELED, EXPIRED, GTC, LIMIT, MARKET, NEW

__all__ = ["AlgoOrder", "AlgoTerms", "activated", "followed", "is_met", "waits_for_rise", "would_trigger"]

CONDITIONAL: Final = "CONDITIONAL"

STOP: Final = "STOP"
STOP_MARKET: Final = "STOP_MARKET"
TAKE_PROFIT: Final = "TAKE_PROFIT"
TAKE_PROFIT_MARKET: Final = "TAKE_PROFIT_MARKET"
TRAILING_STOP_MARKET: Final = "TRAILING_STOP_MARKET"

TAKE_PROFITS: Final = frozenset({TAKE_PROFIT, TAKE_PROFIT_MARKET})
WITH_LIMIT: Final = frozenset({STOP, TAKE_PROFIT})
CLOSING: Final = frozenset({STOP_MARKET, TAKE_PROFIT_MARKET})

CONTRACT_PRICE: Final = "CONTRACT_PRICE"
MARK_PRICE: Final = "MARK_PRICE"

GTE_GTC: Final = "GTE_GTC"
"""Good till the position that it closes is gone."""

TRIGGERING: Final = "TRIGGERING"
TRIGGERED: Final = "TRIGGERED"
FINISHED: Final = "FINISHED"
REJECTED: Final = "REJECTED"

ENDED: Final = frozenset({FINISHED, CANCELED, EXPIRED, REJECTED})


class AlgoTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A conditional order as its sender wants it. `quantity` 0 with `close_position`: whatever is held then.

    `callback_rate` is in percent; it and `activation_price` belong to trailing stops and are 0 otherwise.
    """

    symbol: str
    side: str
    type: str
    time_in_force: str = GTC
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    price_match: str = "NONE"
    trigger_price: Decimal = ZERO
    activation_price: Decimal = ZERO
    callback_rate: Decimal = ZERO
    position_side: str = BOTH
    working_type: str = CONTRACT_PRICE
    close_position: bool = False
    reduce_only: bool = False
    price_protect: bool = False
    good_till_ms: int = 0
    self_trade_prevention: str = "NONE"

    @property
    def child_type(self) -> str:
        """The type of the order that it sends."""
        return LIMIT if self.type in WITH_LIMIT else MARKET

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL."""
        return 1 if self.side == BUY else -1


class AlgoOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A conditional order as the exchange knows it.

    `child_id` is the order that it sent, 0 before; `best_price` the price that a trailing stop follows, 0 until it is
    activated; `reason` why the exchange ended it, "" when it did not.
    """

    account: str
    algo_id: int
    client_algo_id: str
    terms: AlgoTerms
    created_ms: int
    update_ms: int
    status: str = NEW
    triggered_ms: int = 0
    child_id: int = 0
    best_price: Decimal = ZERO
    reason: str = ""

    @property
    def symbol(self) -> str:
        """The symbol that it trades."""
        return self.terms.symbol

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits for its price."""
        return self.status == NEW

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED

    @property
    def is_activated(self) -> bool:
        """Whether it is a trailing stop that follows the price: the wire's `ia`."""
        return self.best_price > ZERO


def would_trigger(terms: AlgoTerms, price: Decimal) -> bool:
    """Return whether an order that arrives now would trigger at once, or activate a trailing stop that should wait."""
    if terms.type != TRAILING_STOP_MARKET:
        return _is_reached(terms, price)
    return bool(terms.activation_price) and _is_active_at(terms, price)


def activated(algo: AlgoOrder, price: Decimal) -> bool:
    """Return whether this price activates a trailing stop that was not active yet."""
    terms = algo.terms
    is_idle = terms.type == TRAILING_STOP_MARKET and not algo.is_activated
    return is_idle and (not terms.activation_price or _is_active_at(terms, price))


def followed(algo: AlgoOrder, price: Decimal) -> AlgoOrder:
    """Return the order after the market was at this price: an active trailing stop follows the best one."""
    if not algo.is_activated:
        return algo
    best = min(algo.best_price, price) if algo.terms.side == BUY else max(algo.best_price, price)
    return algo if best == algo.best_price else replace(algo, best_price=best)


def is_met(algo: AlgoOrder, price: Decimal) -> bool:
    """Return whether the market at this price triggers the order."""
    terms = algo.terms
    if terms.type != TRAILING_STOP_MARKET:
        return _is_reached(terms, price)
    if not algo.is_activated:
        return False
    trigger = algo.best_price * (100 + terms.sign * terms.callback_rate) / 100
    return terms.sign * (price - trigger) >= 0


def waits_for_rise(terms: AlgoTerms) -> bool:
    """Return whether a stop or take-profit triggers when the price has risen to its trigger, not when it has fallen."""
    return (terms.side == BUY) != (terms.type in TAKE_PROFITS)


def _is_reached(terms: AlgoTerms, price: Decimal) -> bool:
    return price >= terms.trigger_price if waits_for_rise(terms) else price <= terms.trigger_price


def _is_active_at(terms: AlgoTerms, price: Decimal) -> bool:
    return terms.sign * (terms.activation_price - price) >= 0
