"""Conditional orders: their own book, and the orders that they become.

A conditional order lives in a book of its own under an algo id. Its life there is NEW, TRIGGERING, TRIGGERED, FINISHED,
or an end before that: CANCELED, EXPIRED, REJECTED. When its price is reached it becomes an ordinary order with an order
id of its own, its *child*, whose life the ledger follows. Facts come from ALGO_UPDATE, over any connection and any
number of times, and from REST; the status only moves forward, and the first end stays.

The book never tells a fill: what it repeats of the child's execution is not even read. So nothing here is ever FILLED:
FINISHED says only that the child is over, and with nothing executed it is not filled. A quantity of "0" closes whatever
position there is.

What goes out is a delivery like any other, without a fill. Until the child is known its order id is "", its name the
client algo id. From then on it repeats what the ledger has told of the child, so that nothing goes backwards, and the
child's deliveries are annotated with the algo id. FINISHED is delivered only by whom it names for the first time, the
order or its child: that it is over is the child's to say.

The child can be faster than the news of its parent: its fills come between TRIGGERING and TRIGGERED, which names it. An
order that nobody knows and that fits an order being triggered may be that child, so its facts wait for the name; its
client order id may be the client algo id or made by the exchange, so it proves nothing by being another. A child that
was told as somebody else's order is linked late, by the delivery that names both.

A conditional order that is in no answer has not ended by that: it ends, as inferred, under the same caution as an
ordinary one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypedDict

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.algo_rows import algo_order_status
from user_stream.core.intents import Intents
from user_stream.core.ledger import Ledger, Told
from user_stream.core.mapping import ENDED
from user_stream.core.order_record import OrderKey
from user_stream.core.orders import CONDITIONAL_TYPES, fits_type

__all__ = ["ConditionalOrder", "ConditionalOrders"]

_KEEP_EVICTED = 10_000
_KEEP_STRAYS = 1_000
_RETENTION_MS = 3 * 86_400_000
"""How long the exchange finds an order that ended without a fill."""
_LAST_RANK = 3
_RANK = {"NEW": 0, "TRIGGERING": 1, "TRIGGERED": 2, "FINISHED": 3, "CANCELED": 3, "EXPIRED": 3, "REJECTED": 3}
_UNKNOWN = -1
_TRIGGERED = frozenset({"TRIGGERING", "TRIGGERED", "FINISHED"})


class _Standing(TypedDict, total=False):
    """Where a child stands, as far as it was told."""

    order_status: str
    price: str
    orig_qty: str
    accumulated_filled_qty: str
    avg_price: str


@dataclass(slots=True)
class ConditionalOrder:
    """What is held of one conditional order. `facts` are those of its furthest status; times are exchange ms."""

    algo_id: int
    facts: MappedOrderUpdate
    child: OrderKey | None = None
    last_sign: int = 0
    outlived: bool = False
    """True when the child was told to be over before anybody said whose it is."""
    missing_since: int = 0
    """When an answer first did not list it; 0 while the last one did."""

    @property
    def status(self) -> str:
        """As its own book says."""
        return self.facts.get("algo_status", "")

    @property
    def client_algo_id(self) -> str:
        """Its name, which whoever placed it chose."""
        return self.facts["client_order_id"]

    @property
    def ended(self) -> bool:
        """True when its own book says no more of it; its child may still be open where it was triggered."""
        return _RANK.get(self.status, _UNKNOWN) == _LAST_RANK

    @property
    def lacks_child(self) -> bool:
        """True when it was triggered and nobody said yet which order it became."""
        return self.child is None and self.status in _TRIGGERED

    def may_become(self, update: MappedOrderUpdate) -> bool:
        """Say whether an order that nobody knows may be the child of this one."""
        if self.child is not None or self.ended or not self.fits(update):
            return False
        return _RANK.get(self.status, _UNKNOWN) > 0 or update["client_order_id"] == self.client_algo_id

    def fits(self, update: MappedOrderUpdate) -> bool:
        """Say whether an order is such as this one becomes."""
        market = self.facts["order_type"].endswith("MARKET")
        return (
            update["symbol"] == self.facts["symbol"]
            and update["side"] == self.facts["side"]
            and update["position_side"] in {"", self.facts["position_side"]}
            and fits_type(update["order_type"], "MARKET" if market else "LIMIT")
        )


class ConditionalOrders:
    """All conditional orders of one account, beside the ledger of ordinary ones, whose numbers their deliveries share.

    `bind_tolerance_ms`: how much older than its sending an order may look, because clocks err.
    """

    def __init__(self, ledger: Ledger, *, number: Callable[[], int], bind_tolerance_ms: int = 2_000) -> None:
        self._ledger = ledger
        self._number = number
        self._orders: dict[int, ConditionalOrder] = {}
        self._children: dict[OrderKey, int] = {}
        self._evicted: dict[int, None] = {}
        self._strays: dict[OrderKey, MappedOrderUpdate] = {}
        """What was last told of orders without a parent that fit one."""
        self.intents = Intents(bind_tolerance_ms=bind_tolerance_ms)
        self.duplicates = 0
        self.unknown_statuses = 0

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def live(self) -> list[ConditionalOrder]:
        """Those whose own book has not told their end."""
        return [order for order in self._orders.values() if not order.ended]

    @property
    def unsettled(self) -> list[ConditionalOrder]:
        """Those that say less than they should: which order they became, or that it is over when they are."""
        return [order for order in self._orders.values() if order.lacks_child or self._owes_end(order)]

    def _owes_end(self, order: ConditionalOrder) -> bool:
        child = self._ledger.order(order.child) if order.child else None
        return order.ended and order.child is not None and not (order.outlived if child is None else child.ended)

    def get(self, algo_id: int) -> ConditionalOrder | None:
        """Return what is held of one."""
        return self._orders.get(algo_id)

    def named(self, client_algo_id: str) -> ConditionalOrder | None:
        """Return the newest that bears this client algo id."""
        found = [order for order in self._orders.values() if order.client_algo_id == client_algo_id]
        return max(found, key=lambda order: order.algo_id, default=None)

    def parent_of(self, key: OrderKey) -> ConditionalOrder | None:
        """Return the conditional order that became this order."""
        return self._orders.get(self._children.get(key, 0))

    def may_be_child(self, update: MappedOrderUpdate) -> bool:
        """Say whether an update speaks of an order that nobody knows and that a conditional order may just have become.

        Its facts had better wait until `ALGO_UPDATE` or a query says which (rule 12).
        """
        return bool(self.likely_parents(update))

    def likely_parents(self, update: MappedOrderUpdate) -> list[int]:
        """Return the algo ids of those that may just have become the order of an update."""
        key = (update["symbol"], update["order_id"])
        if not self._orders or key in self._children or self._ledger.order(key) is not None:
            return []
        if update["client_order_id"] in self._ledger.intents:
            return []
        return [order.algo_id for order in self._orders.values() if order.may_become(update)]

    def annotate(self, update: MappedOrderUpdate) -> MappedOrderUpdate:
        """Return a delivery of an order with the conditional order that it comes from, if it comes from one."""
        parent = self.parent_of((update["symbol"], update["order_id"]))
        if parent is None or "algo_id" in update:
            self._remember_stray(update)
            return update
        return {**update, "algo_id": parent.algo_id, "algo_status": parent.status}

    def _remember_stray(self, update: MappedOrderUpdate) -> None:
        """Keep what was told of an order that may turn out to be a child when the ledger has forgotten it."""
        if any(order.child is None and not order.ended and order.fits(update) for order in self._orders.values()):
            key = (update["symbol"], update["order_id"])
            self._strays.pop(key, None)
            self._strays[key] = update
            if len(self._strays) > _KEEP_STRAYS:
                del self._strays[next(iter(self._strays))]

    # --- facts in, deliveries out ---------------------------------------------------------------------------------

    def fold(self, update: MappedOrderUpdate) -> list[Told]:
        """Fold what ALGO_UPDATE or a row of REST says, mapped by `algo_rows`."""
        algo_id, status = update.get("algo_id", 0), update.get("algo_status", "")
        if algo_id in self._evicted:
            self.duplicates += 1
            return []
        self.unknown_statuses += status not in _RANK
        order = self._orders.get(algo_id)
        met = order is None
        moved = order is None or _RANK.get(status, _UNKNOWN) > _RANK.get(order.status, _UNKNOWN)
        if order is None:
            order = self._orders[algo_id] = ConditionalOrder(algo_id, update)
            self.intents.claim(update, made=update["order_trade_time"])
        elif moved:
            order.facts = _completed(update, order.facts)
        order.last_sign = max(order.last_sign, update["order_trade_time"])
        linked = self._link(order, update["order_id"])
        if met or linked or (moved and status != "FINISHED"):
            return [self._delivery(order, update)]
        self.duplicates += not moved
        return []

    def _link(self, order: ConditionalOrder, order_id: str) -> bool:
        if not order_id or order.child is not None:
            return False
        order.child = (order.facts["symbol"], order_id)
        self._children[order.child] = order.algo_id
        return True

    def _delivery(self, order: ConditionalOrder, update: MappedOrderUpdate) -> Told:
        told: MappedOrderUpdate = {
            **order.facts,
            "order_id": order.child[1] if order.child else "",
            "execution_type": update["execution_type"],
            "order_trade_time": update["order_trade_time"],
            "event_time": update["event_time"],
            "source": update["source"],
            "delivery_id": self._number(),
        }
        standing: _Standing = {} if order.child is None else self._standing(order.child)
        order.outlived = standing.get("order_status") in ENDED
        return Told("delivery", {**told, **standing})

    def _standing(self, child: OrderKey) -> _Standing:
        """Return what was told of a child before: nothing of it may go backwards."""
        record = self._ledger.order(child)
        if record is not None and record.status:
            return {
                "order_status": record.status,
                "price": record.facts["price"],
                "orig_qty": record.facts["orig_qty"],
                "accumulated_filled_qty": format(record.cumulative, "f"),
                "avg_price": record.average_price(),
            }
        stray = self._strays.pop(child, None)
        if stray is None:
            return {}
        return {
            "order_status": stray["order_status"],
            "price": stray["price"],
            "orig_qty": stray["orig_qty"],
            "accumulated_filled_qty": stray["accumulated_filled_qty"],
            "avg_price": stray["avg_price"],
        }

    # --- absence --------------------------------------------------------------------------------------------------

    def unlisted(self, listed: Iterable[int], *, at: int) -> list[ConditionalOrder]:
        """Take note of an answer of all open conditional orders, asked for at `at` (exchange ms); return those that it
        does not list though we hold them: each is asked for by its id.
        """
        algo_ids = set(listed)
        missing = []
        for order in self.live:
            if order.algo_id in algo_ids:
                order.missing_since = 0
            else:
                order.missing_since = order.missing_since or at
                missing.append(order)
        return missing

    def fold_not_found(self, algo_id: int, *, at: int, lag_ms: int) -> list[Told]:
        """Fold that the exchange does not find one by its id.

        It has ended, as inferred, only if two answers `lag_ms` apart did not list it and its last sign is older than
        what the exchange keeps (rule 17).
        """
        order = self._orders.get(algo_id)
        if order is None or order.ended or not order.missing_since:
            return []
        if at - order.missing_since < lag_ms or at - order.last_sign < _RETENTION_MS:
            return []
        inferred: MappedOrderUpdate = {
            **order.facts,
            "order_status": "EXPIRED",
            "execution_type": "",
            "source": "rest",
            "algo_status": "EXPIRED",
        }
        return self.fold(inferred)

    # --- restarts and memory --------------------------------------------------------------------------------------

    def restore(self, deliveries: Iterable[MappedOrderUpdate]) -> None:
        """Know again what was delivered before a restart, oldest first, and deliver none of it."""
        for update in deliveries:
            algo_id, status = update.get("algo_id", 0), update.get("algo_status", "")
            if not algo_id:
                continue
            order = self._orders.get(algo_id)
            if update["order_type"] not in CONDITIONAL_TYPES:  # its child's
                if order is None:
                    continue
                facts: MappedOrderUpdate = {**order.facts, "algo_status": status}
            else:
                facts = {**update, "order_id": "", "order_status": algo_order_status(status)}
            if order is None:
                order = self._orders[algo_id] = ConditionalOrder(algo_id, facts)
            elif _RANK.get(status, _UNKNOWN) >= _RANK.get(order.status, _UNKNOWN):
                order.facts = facts
            order.last_sign = max(order.last_sign, update["order_trade_time"])
            self._link(order, update["order_id"])

    def start_over(self) -> None:
        """Go on with an exchange that began anew: what ended is of no use, and what is open is believed no more than
        the next answers say.
        """
        self._evicted.clear()
        for order in [order for order in self._orders.values() if order.ended]:
            del self._orders[order.algo_id]
            self._children.pop(order.child or ("", ""), None)
        for order in self._orders.values():
            order.last_sign = 0

    def evict(self, before: int) -> int:
        """Forget those that ended before this transaction time (ms) and whose child the ledger has forgotten. Return
        how many.
        """
        over = [
            order
            for order in self._orders.values()
            if order.ended
            and order.last_sign < before
            and (order.child is None or self._ledger.order(order.child) is None)
        ]
        for order in over:
            del self._orders[order.algo_id]
            self._children.pop(order.child or ("", ""), None)
            self._evicted[order.algo_id] = None
        while len(self._evicted) > _KEEP_EVICTED:
            del self._evicted[next(iter(self._evicted))]
        return len(over)


def _completed(update: MappedOrderUpdate, known: MappedOrderUpdate) -> MappedOrderUpdate:
    """Return newer facts, with what they leave open from the older ones."""
    completed = update.copy()
    attributes: tuple[Literal["symbol", "client_order_id", "side", "position_side", "order_type", "time_in_force"], ...]
    attributes = ("symbol", "client_order_id", "side", "position_side", "order_type", "time_in_force")
    for attribute in attributes:
        completed[attribute] = update[attribute] or known[attribute]
    return completed
