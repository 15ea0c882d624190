"""How facts are told on a user stream: which frames, with which keys, in which order.

The order within one match is the captured one. For an order that fills on arrival:

    TRADE_LITE → ORDER_TRADE_UPDATE NEW → ACCOUNT_UPDATE → ORDER_TRADE_UPDATE TRADE

and for a resting order the same without NEW. All carry the same transaction time `T` and event time `E`. Whether
TRADE_LITE comes first, last or never is the profile's; a liquidation has none. An order that meets several others is
told of all its trades before the next order is told of its own, as far as one account hears of both; how the
TRADE_LITEs of several trades stand between its other events was not captured, and is the profile's too.

What one account hears is in the order in which it became true; of what two accounts hear nobody can say which came
first. One-letter keys appear in this module, in `streams.account_events` and in `conditional.algo_events`, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, TypeGuard, assert_never

from simulator.core.amounts import ZERO, eight_or_zero, padded, trimmed
from simulator.core.conditional.algo_events import ALGO_UPDATE, TRIGGER_REJECT, algo_content, rejection_content
from simulator.core.conditional.algo_orders import REJECTED
from simulator.core.domain import AMENDMENT, CANCELED, EXPIRED, NEW, TRADE, SymbolSpec
from simulator.core.facts import (
    AlgoChanged,
    ContractChanged,
    Fact,
    OrderAccepted,
    OrderAmended,
    OrderEnded,
    OrderFilled,
)
from simulator.core.profile import Profile
from simulator.core.streams.account_events import account_events, account_update
from simulator.core.streams.user_event import UserEvent, user_event
from simulator.core.trading.orders import Fill, Order

__all__ = ["average_price_text", "user_events"]

TRADE_LITE = "TRADE_LITE"
ORDER_TRADE_UPDATE = "ORDER_TRADE_UPDATE"

_ORDER_FACTS: Final = (OrderAccepted, OrderFilled, OrderAmended, OrderEnded)

_NO_FILL: Final = Fill(
    symbol="",
    trade_id=0,
    order_id=0,
    side="",
    position_side="",
    price=ZERO,
    quantity=ZERO,
    commission=ZERO,
    commission_asset="",
    realized_profit=ZERO,
    is_maker=False,
    time_ms=0,
)


def user_events(facts: Iterable[Fact], symbols: dict[str, SymbolSpec], profile: Profile) -> list[UserEvent]:
    """Return the frames that tell these facts, in the order in which they are sent."""
    by_account: dict[str, list[Fact]] = {}
    for fact in facts:
        by_account.setdefault(fact.account, []).append(fact)
    events: list[UserEvent] = []
    for heard in by_account.values():
        for _, group in groupby(heard, _subject):
            events += _told(list(group), symbols, profile)
    return events


def _told(facts: list[Fact], symbols: dict[str, SymbolSpec], profile: Profile) -> list[UserEvent]:
    """Return the frames about one order, or about what is no order's."""
    lite = [_trade_lite(fact, symbols[fact.order.symbol]) for fact in facts if _has_trade_lite(fact, profile)]
    if profile.trade_lite == "each":
        return _interleaved(facts, lite, symbols, profile)
    rest = [event for fact in facts for event in _events(fact, symbols, profile)]
    match profile.trade_lite:
        case "first":
            return lite + rest
        case "last":
            return rest + lite
        case "absent":
            return rest
        case _:
            assert_never(profile.trade_lite)


def _interleaved(
    facts: list[Fact], lite: list[UserEvent], symbols: dict[str, SymbolSpec], profile: Profile
) -> list[UserEvent]:
    """Return the frames with the first TRADE_LITE before all others, and each later one before its own trade."""
    events, later = lite[:1], iter(lite[1:])
    is_first = True
    for fact in facts:
        if _has_trade_lite(fact, profile):
            events += [] if is_first else [next(later)]
            is_first = False
        events += _events(fact, symbols, profile)
    return events


def average_price_text(order: Order, spec: SymbolSpec) -> str:
    """Return an order's average price as ORDER_TRADE_UPDATE and REST write it, with at least 5 decimals."""
    return padded(order.average_price, max(5, spec.price_precision + 3))


def _has_trade_lite(fact: Fact, profile: Profile) -> TypeGuard[OrderFilled]:
    """Say whether the fact is a fill that TRADE_LITE tells, as it tells no liquidation in the regular case."""
    if not isinstance(fact, OrderFilled):
        return False
    return fact.execution_type == TRADE or profile.forced_trade_lite == "present"


def _subject(fact: Fact) -> int:
    """Return the id of the order that a fact is about, 0 when it is about none."""
    return fact.order.order_id if isinstance(fact, _ORDER_FACTS) else 0


def _events(fact: Fact, symbols: dict[str, SymbolSpec], profile: Profile) -> Iterator[UserEvent]:
    match fact:
        case OrderFilled():
            yield account_update(fact, "ORDER", fact.patch, profile)
            yield _order_update(fact, fact.execution_type, symbols, fact.fill)
        case OrderAccepted() | OrderAmended() | OrderEnded():
            yield _order_update(fact, _execution_type(fact), symbols)
        case AlgoChanged():
            content = algo_content(fact.algo, fact.child, profile)
            summary = f"{fact.algo.symbol} {fact.algo.client_algo_id} {fact.algo.terms.type} {fact.algo.status}"
            if fact.algo.status == REJECTED and profile.trigger_rejections == "both":
                yield user_event(fact, TRIGGER_REJECT, {"or": rejection_content(fact.algo)}, summary)
            yield user_event(fact, ALGO_UPDATE, {"o": content}, summary)
        case ContractChanged():
            return
        case _:
            yield from account_events(fact, profile)


def _execution_type(fact: OrderAccepted | OrderAmended | OrderEnded) -> str:
    match fact:
        case OrderAccepted():
            return NEW
        case OrderAmended():
            return AMENDMENT
        case OrderEnded():
            return CANCELED if fact.order.status == CANCELED else EXPIRED


def _trade_lite(fact: OrderFilled, spec: SymbolSpec) -> UserEvent:
    order, fill = fact.order, fact.fill
    body = {
        "e": TRADE_LITE,
        "E": fact.time_ms,
        "T": fact.time_ms,
        "s": order.symbol,
        "q": padded(order.quantity, spec.quantity_precision),
        "p": padded(order.price, spec.price_precision),
        "m": fill.is_maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": padded(fill.price, spec.price_precision),
        "l": padded(fill.quantity, spec.quantity_precision),
        "t": fill.trade_id,
        "i": order.order_id,
    }
    summary = f"{order.symbol} {order.client_order_id} {body['l']} at {body['L']}"
    return UserEvent(fact.account, TRADE_LITE, body, summary)


def _order_update(
    fact: OrderAccepted | OrderFilled | OrderAmended | OrderEnded,
    execution_type: str,
    symbols: dict[str, SymbolSpec],
    fill: Fill = _NO_FILL,
) -> UserEvent:
    order = fact.order
    spec = symbols[order.symbol]
    content = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": trimmed(order.quantity),
        "p": trimmed(order.price),
        "ap": average_price_text(order, spec) if order.executed else "0",
        "sp": "0",
        "x": execution_type,
        "X": order.status,
        "i": order.order_id,
        "l": trimmed(fill.quantity),
        "z": trimmed(order.executed),
        "L": trimmed(fill.price),
        "n": eight_or_zero(fill.commission),
        "N": fill.commission_asset or spec.quote_asset,
        "T": fact.time_ms,
        "t": fill.trade_id,
        "b": trimmed(fact.open_notional.bids),
        "a": trimmed(fact.open_notional.asks),
        "m": fill.is_maker,
        **_terms(order, fill),
    }
    if isinstance(fact, OrderAmended) and fact.modify_id:
        content["M"] = fact.modify_id
    summary = f"{order.symbol} {order.client_order_id} {execution_type} {order.status} {content['z']}/{content['q']}"
    return user_event(fact, ORDER_TRADE_UPDATE, {"o": content}, summary)


def _terms(order: Order, fill: Fill) -> dict[str, Any]:
    return {
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": order.original_type,
        "ps": order.position_side,
        "cp": False,
        "rp": eight_or_zero(fill.realized_profit),
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": order.self_trade_prevention,
        "pm": order.price_match,
        "gtd": order.good_till_ms,
        "er": order.expiry_reason,
    }
