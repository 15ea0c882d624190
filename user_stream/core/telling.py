"""How a fact becomes what the engine is told: completed with what only the ledger knows, and with nothing that is old.

Attributes that a source does not carry (TRADE_LITE has few, a trade row fewer), and terms that are no longer so, come
from the latest that is known of the order, its *facts*. The cumulative quantity and the average price are the sender's
when he speaks of the present, else the ledger's own, and where fills are missing what was told last.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, TypeAlias, get_args

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.order_record import OrderRecord, Terms, has_fill, status_rank

__all__ = ["brings_terms", "completed", "intended", "learn", "of_present_terms", "terms_of", "without_fill"]

_OfTheOrder: TypeAlias = Literal["client_order_id", "position_side", "order_type", "time_in_force"]
_OF_THE_ORDER: tuple[_OfTheOrder, ...] = get_args(_OfTheOrder)
_NO_AMENDMENT: Final = frozenset({"NEW", "TRADE", "CANCELED", "CALCULATED", "EXPIRED", "REJECTED"})
"""Execution types of ORDER_TRADE_UPDATE that leave price and quantity as they were (Event: Order Update)."""


def without_fill(update: MappedOrderUpdate) -> MappedOrderUpdate:
    """Return what an update says beside its fill."""
    return {
        **update,
        "last_filled_qty": "0",
        "last_filled_price": "0",
        "trade_id": 0,
        "commission": "0",
        "realized_profit": "0",
    }


def intended(update: MappedOrderUpdate, intent: OrderIntent) -> MappedOrderUpdate:
    """Return the first fact of an order with what its sender knows of it."""
    return {
        **update,
        "position_side": update["position_side"] or intent.position_side,
        "order_type": update["order_type"] or intent.order_type,
        "time_in_force": update["time_in_force"] or intent.time_in_force,
        "stop_price": intent.stop_price if update["source"] == "trade_lite" else update["stop_price"],
        "reduce_only": update["reduce_only"] or intent.reduce_only,
    }


def completed(record: OrderRecord, update: MappedOrderUpdate) -> MappedOrderUpdate:
    """Return an update as it is told, with the order's status and cumulative quantity as they stand."""
    facts, told = record.facts, update.copy()
    told["order_status"] = record.status
    told["client_order_id"] = update["client_order_id"] or facts["client_order_id"]
    if Decimal(update["accumulated_filled_qty"]) != record.cumulative:
        told["accumulated_filled_qty"] = format(record.cumulative, "f")
        told["avg_price"] = record.average_price() if record.booked == record.cumulative else record.average
    is_lite = update["source"] == "trade_lite"
    if not is_lite or record.terms or update["order_trade_time"] < record.last_time:
        told["price"], told["orig_qty"] = terms_of(facts)  # those of the update may be older
    if is_lite:
        told["position_side"] = facts["position_side"]
        told["order_type"] = facts["order_type"]
        told["time_in_force"] = facts["time_in_force"]
        told["stop_price"] = facts["stop_price"]
        told["reduce_only"] = facts["reduce_only"]
    return told


def brings_terms(record: OrderRecord, update: MappedOrderUpdate) -> bool:
    """Say whether an update tells of a price or quantity that is news: not what an older amendment, told late, set.

    Only amendments, events of types that nobody knows yet, and rows of REST do. Amendments of one millisecond are told
    apart by their terms. A row of the millisecond that we know of must agree with us, or know as much as we do, and we
    of no amendment.
    """
    at, terms = update["order_trade_time"], terms_of(update)
    if update["execution_type"] in _NO_AMENDMENT or record.ended or at < record.last_time:
        return False
    if not record.status or _are_equal(terms, record.told_terms or _terms_before(record, update)):
        return False
    if at > record.last_time or _are_equal(terms, terms_of(record.facts)):
        return True
    if update["execution_type"] == "AMENDMENT":
        return terms not in record.terms
    return not record.terms and _progress(update) >= _progress(record.facts)


def _terms_before(record: OrderRecord, update: MappedOrderUpdate) -> Terms:
    """Return the terms of an order of which TRADE_LITE alone was told, so that any amendment is news."""
    return ("-1", "-1") if update["execution_type"] == "AMENDMENT" else terms_of(record.facts)


def of_present_terms(record: OrderRecord, update: MappedOrderUpdate) -> MappedOrderUpdate:
    """Return an update with the terms of its order as they are known now."""
    price, quantity = terms_of(record.facts)
    return {**update, "price": price, "orig_qty": quantity}


def terms_of(update: MappedOrderUpdate) -> Terms:
    """Return price and quantity that an order asks for, as an update says."""
    return update["price"], update["orig_qty"]


def _are_equal(terms: Terms, others: Terms) -> bool:
    return all(Decimal(term) == Decimal(other) for term, other in zip(terms, others, strict=True))


def learn(record: OrderRecord, update: MappedOrderUpdate) -> None:
    """Keep the newest attributes. TRADE_LITE has too few to teach any, and a trade's row has those of another time."""
    at = update["order_trade_time"]
    if update is record.facts and at == record.last_time:
        return
    if update["source"] == "trade_lite" or at < record.last_time or (update["source"] == "rest" and has_fill(update)):
        return
    if at == record.last_time and _progress(update) < _progress(record.facts):
        return
    if at > record.last_time:
        record.last_time = at
        record.terms.clear()
    if update["execution_type"] == "AMENDMENT":
        if terms_of(update) in record.terms:
            return
        record.terms.add(terms_of(update))
        record.amending = max(record.amending - 1, 0)
    elif record.terms:
        return  # an amendment of the same millisecond says more than what came before it
    _keep(record, update)


def _progress(update: MappedOrderUpdate) -> tuple[Decimal, int]:
    """Say how far an order was, for facts of one millisecond."""
    return Decimal(update["accumulated_filled_qty"]), status_rank(update["order_status"])


def _keep(record: OrderRecord, update: MappedOrderUpdate) -> None:
    known, record.facts = record.facts, update
    if not (update["client_order_id"] and update["position_side"] and update["order_type"] and update["time_in_force"]):
        record.facts = update.copy()
        for name in _OF_THE_ORDER:
            record.facts[name] = update[name] or known[name]
