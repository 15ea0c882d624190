"""Exactly once, in order: the ledger of everything that we were told about orders.

Facts come in as mapped updates, whoever told them: ORDER_TRADE_UPDATE, TRADE_LITE, an order row or a trade row of a
REST answer. What comes out is what the engine is told. The same fact told twice, or by two sources, comes out once.

Identity. An order is (symbol, order id), a fill is that plus its trade id. Client order ids are attributes: the
exchange reuses them. A fill is booked whenever a last quantity is above zero, whatever the execution type says.

Delivery. Over all deliveries of an order the last quantities add up to what was executed since its baseline; what
brings no new fill carries "0". Status and cumulative quantity never go backwards: an order's end stays its end, a fill
that turns up later repeats it, and a NEW that comes after the first fill (TRADE_LITE runs ahead of it) is not told.

TRADE_LITE knows neither status nor cumulative quantity. It goes out at once only when every earlier fill of its order
is known for certain: the order was sent, or first heard of on the stream, since the TRADE_LITE's connection began, and
nothing is missing. Otherwise its ORDER_TRADE_UPDATE, which follows, is the delivery. The second telling of a fill is
delivered only if it moves the status; its commission and realized profit always go out as *details*.

Holes. A fill whose predecessors do not add up, and an end above what is booked, are held back with everything later of
that order, and the order is named in `holes`. Whoever drives the ledger fetches its trades, folds them, and releases
it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.baseline import baseline_of
from user_stream.core.intents import Intents
from user_stream.core.mapping import ENDED, map_order_row, map_trade_row
from user_stream.core.order_record import ZERO, OrderKey, OrderRecord, status_rank
from user_stream.core.rest_rows import OrderRow, TradeRow

__all__ = ["Ledger", "Told"]

_UNPROVEN_BASE = 0
_WHOLE_CONNECTIONS = 16


class Told(NamedTuple):
    """What goes out: a delivery for `on_order_update`, or the details of a fill that was delivered before."""

    kind: Literal["delivery", "details"]
    update: MappedOrderUpdate


class Ledger:
    """All orders of one account.

    `bind_tolerance_ms`: how much older than its sending an order may look, because clocks err. `deliver_enrichment`:
    tell `on_order_update` too when commission and profit of a TRADE_LITE fill become known.
    """

    def __init__(self, *, bind_tolerance_ms: int = 2_000, deliver_enrichment: bool = False) -> None:
        self._orders: dict[OrderKey, OrderRecord] = {}
        self._ended: deque[tuple[int, OrderKey]] = deque()
        self.intents = Intents(bind_tolerance_ms=bind_tolerance_ms)
        self._epochs = 0
        self._whole: deque[int] = deque(maxlen=_WHOLE_CONNECTIONS)
        self._next_delivery_id = 1
        self._deliver_enrichment = deliver_enrichment
        self._evicted_until = 0
        self._evicted_trade: dict[str, int] = {}
        self.holes: set[OrderKey] = set()
        self.duplicates = 0
        self.stale = 0
        self.waiting = 0
        """TRADE_LITEs left to their ORDER_TRADE_UPDATE."""
        self.shortfalls = 0

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def open_orders(self) -> list[OrderKey]:
        """Orders that we hold open, in the order in which we met them."""
        return [key for key, record in self._orders.items() if not record.ended]

    def order(self, key: OrderKey) -> OrderRecord | None:
        """Return what is held of an order."""
        return self._orders.get(key)

    @property
    def incomplete_orders(self) -> list[OrderKey]:
        """Orders of which more was executed than we hold fills of."""
        return [key for key, record in self._orders.items() if record.booked < record.claimed]

    @property
    def symbols(self) -> set[str]:
        """Symbols of all orders that we hold, ended ones too: those that a recovery reads trades of."""
        return {symbol for symbol, _ in self._orders}

    def is_complete(self, key: OrderKey) -> bool:
        """Say whether every fill that anyone claims for this order is booked."""
        record = self._orders.get(key)
        return record is None or record.booked >= record.claimed

    def begin_epoch(self) -> int:
        """Return the number of a connection that carries everything from now on. Several may be alive at once."""
        self._epochs += 1
        self._whole.append(self._epochs)
        return self._epochs

    def cut_epoch(self) -> int:
        """Return the number of what is left of a connection of which a frame was lost.

        Its types were cut at different moments (TRADE_LITE runs ahead), so only orders sent from now on have a base.
        """
        self._epochs += 1
        return self._epochs

    def register(self, intent: OrderIntent) -> None:
        """Expect an order: its first event is then ours from its first fill on."""
        self.intents.register(intent, epoch=self._epochs)

    def evict(self, before: int) -> int:
        """Forget orders that ended, complete, before this transaction time (ms). Return how many."""
        count = 0
        incomplete = []
        while self._ended and self._ended[0][0] < before:
            ended, key = self._ended.popleft()
            record = self._orders[key]
            if record.held or record.booked < record.claimed:
                incomplete.append((ended, key))
                continue
            del self._orders[key]
            self._evicted_trade[key[0]] = max(self._evicted_trade.get(key[0], 0), *record.fills, 0)
            count += 1
        self._ended.extendleft(reversed(incomplete))
        self._evicted_until = max(self._evicted_until, before)
        return count

    # --- facts in, deliveries out ---------------------------------------------------------------------------------

    def fold(self, update: MappedOrderUpdate, epoch: int) -> list[Told]:
        """Fold one event of the stream, told by the connection that began as `epoch`."""
        if self._was_evicted(update):
            self.duplicates += 1
            return []
        record = self._record(update, epoch=epoch)
        if update["source"] == "trade_lite":
            return self._fold_trade_lite(record, update, epoch)
        if record.held:
            record.claimed = max(record.claimed, Decimal(update["accumulated_filled_qty"]))
            record.held.append(update)
            return []
        return self._fold_order_update(record, update, epoch)

    def fold_order(self, row: OrderRow, trades: Iterable[TradeRow], *, since: int) -> list[Told]:
        """Fold an order as REST knows it, with those of its trades that were fetched.

        An order created before `since` (ms) that we never met starts from a baseline: what it executed before then is
        known and not delivered.
        """
        update = map_order_row(row)
        if row.status in ENDED and self._was_evicted(update):
            return []
        key = (row.symbol, str(row.order_id))
        record = self._record(update, made=row.time)
        ordered = sorted(trades, key=lambda trade: trade.id)
        told: list[Told] = []
        if not record.met_from_start and not record.status and not record.booked:
            told += self._meet(record, row, ordered, since=since)
        self._recognise(record, ordered)
        for trade in ordered:
            told += self._fold_fill(record, map_trade_row(trade, row))
        record.claimed = max(record.claimed, Decimal(row.executed_qty))
        if record.held and record.booked >= record.claimed:
            told += self.release(key)
        if not record.held:
            told += self._fold_status(record, update)
        elif row.status in ENDED:
            record.held.append(update)
        if record.booked < record.claimed:
            self.holes.add(key)
        return told

    def release(self, key: OrderKey) -> list[Told]:
        """Let an order's held facts go: its trades were fetched, or the wait is over. What is missing stays missing."""
        self.holes.discard(key)
        record = self._orders.get(key)
        if record is None:
            return []
        held, record.held = record.held, []
        told: list[Told] = []
        for update in held:
            if _has_fill(update):
                told += self._fold_fill(record, update)
            told += self._fold_status_regardless(record, update)
        if record.booked < record.claimed:
            self.shortfalls += 1
        return told

    # --- one source each ------------------------------------------------------------------------------------------

    def _fold_trade_lite(self, record: OrderRecord, update: MappedOrderUpdate, epoch: int) -> list[Told]:
        if record.knows(update):
            self.duplicates += 1
            return []
        if record.held or not self._base_is_known(record, epoch):
            self.waiting += 1
            record.awaited.add(update["trade_id"])
            return []
        record.undetailed.add(update["trade_id"])
        return self._fold_fill(record, update)

    def _fold_order_update(self, record: OrderRecord, update: MappedOrderUpdate, epoch: int) -> list[Told]:
        record.claimed = max(record.claimed, Decimal(update["accumulated_filled_qty"]))
        if not _has_fill(update):
            return self._fold_status(record, update)
        if record.knows(update):
            self.duplicates += 1
            if record.booked < record.claimed:  # it was told early, by TRADE_LITE, and others before it were not
                self.holes.add(record.key)
            return self._details(record, update) + self._fold_status(record, update)
        if record.missing_before(update) > 0:
            return self._hold(record, update)
        self._prove_base(record, epoch)
        told = self._fold_fill(record, update)
        return told if record.status == update["order_status"] else told + self._fold_status(record, update)

    def _fold_fill(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        if record.knows(update):
            return self._details(record, update)
        record.book(update)
        self._learn(record, update)
        return [self._deliver(record, update, status=record.status_with(update))]

    def _fold_status(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        if status_rank(update["order_status"]) == 3 and record.booked < record.claimed and not record.ended:
            return self._hold(record, update)
        return self._fold_status_regardless(record, update)

    def _fold_status_regardless(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        rank, held_rank = status_rank(update["order_status"]), status_rank(record.status)
        amended = update["execution_type"] == "AMENDMENT" and not record.ended
        if rank < held_rank and not amended:
            self.stale += update["execution_type"] == "NEW" and update["order_trade_time"] > record.first_fill_time > 0
            self._learn(record, update)
            return []
        if rank == held_rank and not (amended and self._changes_terms(record, update)):
            self._learn(record, update)
            return []
        self._learn(record, update)
        status = update["order_status"] if rank >= held_rank else record.status
        return [self._deliver(record, _without_fill(update), status=status)]

    # --- the parts ------------------------------------------------------------------------------------------------

    def _record(
        self, update: MappedOrderUpdate, *, epoch: int = _UNPROVEN_BASE, made: int | None = None
    ) -> OrderRecord:
        key = (update["symbol"], update["order_id"])
        record = self._orders.get(key)
        if record is None:
            record = self._orders[key] = OrderRecord(key, facts=update)
            self._bind_intent(record, update, made=update["order_trade_time"] if made is None else made)
        is_new = update["execution_type"] == "NEW" and update["source"] == "stream"
        if is_new and not record.fills and not record.baseline:
            record.met_from_start = True
            self._prove_base(record, epoch)
        return record

    def _bind_intent(self, record: OrderRecord, update: MappedOrderUpdate, *, made: int) -> None:
        claimed = self.intents.claim(update, made=made)
        if claimed is None:
            return
        intent, record.base_epoch = claimed
        record.met_from_start = True
        record.facts = {
            **update,
            "position_side": update["position_side"] or intent.position_side,
            "order_type": update["order_type"] or intent.order_type,
            "time_in_force": update["time_in_force"] or intent.time_in_force,
            "stop_price": intent.stop_price if update["source"] == "trade_lite" else update["stop_price"],
            "reduce_only": update["reduce_only"] or intent.reduce_only,
        }

    def _prove_base(self, record: OrderRecord, epoch: int) -> None:
        if epoch in self._whole:
            record.base_epoch = max(record.base_epoch, epoch)

    def _base_is_known(self, record: OrderRecord, epoch: int) -> bool:
        if epoch == _UNPROVEN_BASE or record.base_epoch < epoch:
            return False
        return not record.awaited and record.booked >= record.claimed

    def _meet(self, record: OrderRecord, row: OrderRow, trades: Sequence[TradeRow], *, since: int) -> list[Told]:
        if row.time >= since:
            record.met_from_start = True
            return []
        baseline, notional = baseline_of(row, trades, since=since)
        record.set_baseline(baseline, notional)
        if not baseline or row.status in ENDED:
            return []
        update = _without_fill(map_order_row(row))
        if baseline != Decimal(row.executed_qty):  # the row speaks of another moment than the baseline
            update["accumulated_filled_qty"] = format(baseline, "f")
            update["avg_price"] = record.average_price()
        return [self._deliver(record, update, status="PARTIALLY_FILLED")]

    def _recognise(self, record: OrderRecord, trades: Sequence[TradeRow]) -> None:
        """Find among an order's trades, told from its first on, those that the baseline or an unnamed fill
        stands for.
        """
        reached = ZERO
        for trade in trades:
            start, reached = reached, reached + Decimal(trade.qty)
            if trade.id in record.fills:
                continue
            if reached <= record.baseline:
                record.fills[trade.id] = ZERO  # its quantity is in the baseline already
            else:
                record.name_fill(trade.id, start, reached)

    def _hold(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        record.held.append(update)
        self.holes.add(record.key)
        return []

    def _details(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        record.recognise(update["trade_id"])
        if update["trade_id"] not in record.undetailed:
            return []
        record.undetailed.discard(update["trade_id"])
        self._learn(record, update)
        details: MappedOrderUpdate = {**self._told(record, update), "last_filled_qty": "0"}
        told = [Told("details", details)]
        if self._deliver_enrichment:
            told.append(Told("delivery", {**details, "trade_id": 0, "delivery_id": self.number()}))
        return told

    def _learn(self, record: OrderRecord, update: MappedOrderUpdate) -> None:
        """Keep the newest attributes; TRADE_LITE has too few to teach anything."""
        if update["source"] == "trade_lite" or update["order_trade_time"] < record.last_time:
            return
        known, record.facts = record.facts, update
        record.last_time = update["order_trade_time"]
        if not (update["client_order_id"] and update["position_side"] and update["order_type"]):
            record.facts = {
                **update,
                "client_order_id": update["client_order_id"] or known["client_order_id"],
                "position_side": update["position_side"] or known["position_side"],
                "order_type": update["order_type"] or known["order_type"],
                "time_in_force": update["time_in_force"] or known["time_in_force"],
            }

    def _changes_terms(self, record: OrderRecord, update: MappedOrderUpdate) -> bool:
        return any(Decimal(update[term]) != Decimal(record.facts[term]) for term in ("price", "orig_qty"))

    def _deliver(self, record: OrderRecord, update: MappedOrderUpdate, *, status: str) -> Told:
        if status_rank(status) == 3 and not record.ended:
            self._ended.append((update["order_trade_time"], record.key))
        record.status = status
        claimed = Decimal(update["accumulated_filled_qty"])
        record.cumulative = max(record.cumulative, record.booked, claimed)
        told = self._told(record, update)
        told["delivery_id"] = self.number()
        return Told("delivery", told)

    def _told(self, record: OrderRecord, update: MappedOrderUpdate) -> MappedOrderUpdate:
        """Complete an update with what only the ledger knows."""
        facts = record.facts
        told = update.copy()
        told["order_status"] = record.status
        told["client_order_id"] = update["client_order_id"] or facts["client_order_id"]
        if Decimal(update["accumulated_filled_qty"]) != record.cumulative:
            told["accumulated_filled_qty"] = format(record.cumulative, "f")
            told["avg_price"] = record.average_price()
        if update["source"] == "trade_lite":
            told["position_side"] = facts["position_side"]
            told["order_type"] = facts["order_type"]
            told["time_in_force"] = facts["time_in_force"]
            told["stop_price"] = facts["stop_price"]
            told["reduce_only"] = facts["reduce_only"]
        return told

    def number(self) -> int:
        """Return the next delivery's number; deliveries of conditional orders are numbered with the others."""
        number = self._next_delivery_id
        self._next_delivery_id += 1
        return number

    def _was_evicted(self, update: MappedOrderUpdate) -> bool:
        key = (update["symbol"], update["order_id"])
        if key in self._orders or update["order_trade_time"] >= self._evicted_until:
            return False
        return update["trade_id"] <= self._evicted_trade.get(key[0], -1)


def _has_fill(update: MappedOrderUpdate) -> bool:
    return update["last_filled_qty"] != "0" and Decimal(update["last_filled_qty"]) > 0


def _without_fill(update: MappedOrderUpdate) -> MappedOrderUpdate:
    return {
        **update,
        "last_filled_qty": "0",
        "last_filled_price": "0",
        "trade_id": 0,
        "commission": "0",
        "realized_profit": "0",
    }
