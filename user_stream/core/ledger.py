"""Exactly once, in order: the ledger of everything that we were told about orders.

Facts come in as mapped updates, whoever told them: ORDER_TRADE_UPDATE, TRADE_LITE, an order row or a trade row of a
REST answer. What comes out is what the engine is told. The same fact told twice, or by two sources, comes out once, and
in which order the sources speak changes nothing of where it all ends.

Identity. An order is (symbol, order id), a fill is that plus its trade id. Client order ids are attributes: the
exchange reuses them. A fill is booked whenever a last quantity is above zero, whatever the execution type says.

Delivery. Over all deliveries of an order the last quantities add up to what was executed since its baseline; what
brings no new fill carries "0". Status and cumulative quantity never go backwards: an order's end stays its end, a fill
that turns up later repeats it, and a NEW that comes after the first fill (TRADE_LITE runs ahead of it) is not told.

TRADE_LITE knows neither status nor cumulative quantity. It goes out at once only when every earlier fill of its order
is known for certain: its connection has told every fill of this order that we did not know already (the order was sent
after the connection began, or the connection told of it with nothing missing: `epochs`), and none of them waits.
Otherwise its ORDER_TRADE_UPDATE, which follows, is the delivery. The second telling of a fill is delivered only if it
moves the status; its commission and realized profit always go out as *details*.

Holes. What comes before its time (a fill whose predecessors do not add up, a status or an end above what is booked) is
held, and the order is named in `holes`. Whatever then closes the hole, another connection or REST, lets go what was
held, in order. If nothing does, whoever drives the ledger releases the order, and what is missing is forgiven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.baseline import begin, take_left_over, take_list, take_lone_trade
from user_stream.core.epochs import Epochs
from user_stream.core.forgotten import Forgotten
from user_stream.core.held_facts import hold, take_all, take_next
from user_stream.core.intents import Intents
from user_stream.core.mapping import ENDED, map_order_row, map_trade_row
from user_stream.core.order_record import ZERO, OrderKey, OrderRecord, has_fill, status_rank
from user_stream.core.rest_rows import OrderRow, TradeRow
from user_stream.core.restart import recall
from user_stream.core.telling import brings_terms, completed, intended, learn, of_present_terms, terms_of, without_fill

__all__ = ["Ledger", "Told"]


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
        self._epochs = Epochs()
        self.forgotten = Forgotten()
        self._next_delivery_id = 1
        self._deliver_enrichment = deliver_enrichment
        self.intents = Intents(bind_tolerance_ms=bind_tolerance_ms)
        self.holes: set[OrderKey] = set()
        """Orders of which facts are held, because fills before them are missing."""
        self.venue_reset: str | None = None
        """The symbol whose trades show that the exchange began anew: nothing that we know holds any more."""
        self.duplicates = 0
        self.stale = 0
        self.waiting = 0
        """TRADE_LITEs left to their ORDER_TRADE_UPDATE."""
        self.shortfalls = 0

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def open_orders(self) -> list[OrderKey]:
        """Orders that we hold open, in the order in which we met them."""
        return [key for key, record in self._orders.items() if not record.ended]

    @property
    def incomplete_orders(self) -> list[OrderKey]:
        """Orders of which more was executed than we hold fills of."""
        return [key for key, record in self._orders.items() if record.booked < record.claimed]

    def undetailed_orders(self, before: int | None = None) -> list[OrderKey]:
        """Return the orders with a fill (made before this time, in ms) of which TRADE_LITE alone has told."""
        lacking = [(key, record.undetailed) for key, record in self._orders.items() if record.undetailed]
        return [key for key, times in lacking if before is None or min(times.values()) < before]

    @property
    def symbols(self) -> set[str]:
        """Symbols of all orders that we hold, ended ones too: those that a recovery reads trades of."""
        return {symbol for symbol, _ in self._orders}

    def order(self, key: OrderKey) -> OrderRecord | None:
        """Return what is held of an order."""
        return self._orders.get(key)

    def is_complete(self, key: OrderKey) -> bool:
        """Say whether every fill that anyone claims for this order is booked."""
        record = self._orders.get(key)
        return record is None or record.booked >= record.claimed

    # --- what is about to happen ----------------------------------------------------------------------------------

    def begin_epoch(self) -> int:
        """Return the number of a connection that carries everything from now on. Several may be alive at once."""
        return self._epochs.begin()

    def cut_epoch(self) -> int:
        """Return the number of what is left of a connection of which a frame was lost."""
        return self._epochs.cut()

    def register(self, intent: OrderIntent) -> None:
        """Expect an order: its first event is then ours from its first fill on."""
        self.intents.register(intent, epoch=self._epochs.newest)

    def amendment_requested(self, key: OrderKey) -> None:
        """Infer no FILLED of this order until its amendment is told: nobody can say what its quantity is."""
        if record := self._orders.get(key):
            record.amending += 1

    def amendment_settled(self, key: OrderKey) -> None:
        """Take the request for certain to have changed nothing."""
        if record := self._orders.get(key):
            record.amending = max(record.amending - 1, 0)

    def number(self) -> int:
        """Return the next delivery's number; deliveries of conditional orders are numbered with the others."""
        number = self._next_delivery_id
        self._next_delivery_id += 1
        return number

    # --- what is over ---------------------------------------------------------------------------------------------

    def evict(self, before: int) -> int:
        """Forget orders that ended, complete, before this transaction time (ms). Return how many."""
        over = [key for key, record in self._orders.items() if record.is_over(before)]
        for key in over:
            self.forgotten.add(*key, max(self._orders.pop(key).fills, default=0))
        self.forgotten.until = max(self.forgotten.until, before)
        return len(over)

    def start_over(self, before: int) -> None:
        """Go on with an exchange that began anew: what ended on the old one before this time (ms) is of no use.

        Open orders are kept: a recovery finds which of them are the new exchange's.
        """
        self.forgotten = Forgotten()
        self.venue_reset = None
        over = [key for key, record in self._orders.items() if record.ended and record.last_time < before]
        for key in over:
            del self._orders[key]
            self.holes.discard(key)

    def _is_forgotten(self, update: MappedOrderUpdate) -> bool:
        """Say whether a fact is of no use: known before its order was forgotten, or told by another exchange."""
        if not self.forgotten.until:
            return False
        symbol = update["symbol"]
        if self.forgotten.contradicts(symbol, update["trade_id"], update["order_trade_time"]):
            self.venue_reset = symbol
            return True
        return (symbol, update["order_id"]) not in self._orders and self.forgotten.covers(update)

    # --- facts in, deliveries out ---------------------------------------------------------------------------------

    def fold(self, update: MappedOrderUpdate, epoch: int) -> list[Told]:
        """Fold one event of the stream, told by the connection that began as `epoch`."""
        if self._is_forgotten(update):
            self.duplicates += 1
            return []
        record = self._record(update)
        if update["source"] == "trade_lite":
            told = self._take_trade_lite(record, update, epoch)
        else:
            if self._epochs.is_whole(epoch):
                record.prove(update, epoch)
            told = self._take(record, update)
        return told + self._let_go(record) if record.held else told

    def fold_order(self, row: OrderRow, trades: Iterable[TradeRow], *, since: int) -> list[Told]:
        """Fold an order as REST knows it, with its trades from its first on, if they were fetched.

        Of an order made before `since` (ms) that we never met, what it executed before then is its baseline: known, and
        not delivered.
        """
        update = map_order_row(row)
        ordered = sorted(trades, key=lambda trade: trade.id)
        if self._is_forgotten_row(update, ordered):
            return []
        record = self._record(update, made=row.time)
        if is_met := not record.begun:
            begin(record, row, since=max(since, self.forgotten.until))  # what is older than that was told
        record.claim(update)
        news = take_list(record, ordered)
        told = self._tell_baseline(record, row) if is_met else []
        forgiven, record.forgiven = record.forgiven, ZERO  # what was missing may be listed now, and is told first
        told += self._take_status(record, update)
        for trade in ordered:
            if trade.id in record.undetailed:
                told += self._details(record, map_trade_row(trade, row))
        for trade, quantity in news:
            if record.lacks(trade):
                fill: MappedOrderUpdate = {**map_trade_row(trade, row), "last_filled_qty": quantity}
                told += [self._tell_fill(record, fill), *self._let_go(record)]
        record.covered = max(record.covered, record.listed)
        record.forgive(at_most=forgiven)
        return told + self._let_go(record)

    def fold_external_trade(self, trade: TradeRow, *, since: int) -> list[Told]:
        """Fold a trade whose order nobody can name, as a fill of an order of somebody else.

        Trades of before `since` (ms) of orders that we never met are known, and not delivered.
        """
        row = OrderRow(
            symbol=trade.symbol,
            order_id=trade.order_id,
            status="NEW",
            side=trade.side,
            position_side=trade.position_side,
        )
        fill = map_trade_row(trade, row)
        held = self._orders.get((row.symbol, fill["order_id"]))
        floor = held.baseline_until if held is not None and held.begun else since
        if trade.time < floor or self._is_forgotten(fill):
            return []
        record = held or self._record(fill)
        if not take_lone_trade(record, trade):
            return self._details(record, fill)
        begun = record.begun
        told = [self._tell_fill(record, fill), *self._let_go(record)]
        record.begun = begun  # where this order began, nobody knows yet
        return told

    def forgo_details(self, key: OrderKey, before: int) -> None:
        """Await the details of no fill that was made before this time (ms): they were asked for in vain."""
        if record := self._orders.get(key):
            record.undetailed = {trade: time for trade, time in record.undetailed.items() if time >= before}

    def release(self, key: OrderKey) -> list[Told]:
        """Let an order's held facts go, because the wait is over. What is missing stays missing, and is forgiven."""
        self.holes.discard(key)
        record = self._orders.get(key)
        if record is None or not record.held:
            return []
        record.forgive()
        told: list[Told] = []
        for update in take_all(record):
            if has_fill(update) and not record.knows(update):
                told.append(self._tell_fill(record, update))
            told += self._tell_status(record, update)
        record.forgive()
        self.shortfalls += record.booked < record.claimed
        return told

    def restore(self, told: Sequence[Told], *, next_delivery_id: int) -> None:
        """Know again what was told before a restart, oldest first: nothing of it will be told as new."""
        self._orders = recall(told)
        newest = max((update["delivery_id"] for _, update in told), default=0)
        self._next_delivery_id = max(next_delivery_id, newest + 1)

    # --- one kind of fact each ------------------------------------------------------------------------------------

    def _take_trade_lite(self, record: OrderRecord, update: MappedOrderUpdate, epoch: int) -> list[Told]:
        trade_id = update["trade_id"]
        if record.knows(update):
            self.duplicates += 1
            return []
        if not record.follows(update, epoch):
            self.waiting += 1
            if trade_id:
                record.awaited.add(trade_id)
            return []
        record.undetailed[trade_id] = update["order_trade_time"]
        return [self._tell_fill(record, update)]

    def _take(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        """Take an event that knows its order's status and cumulative quantity."""
        record.claim(update)
        if not has_fill(update):
            return self._take_status(record, update)
        if record.knows(update):
            self.duplicates += 1
            return self._details(record, update) + self._take_status(record, update)
        if not record.is_due(update):
            return self._hold(record, update)
        told = self._tell_fill(record, update)
        return [told] if record.status == update["order_status"] else [told, *self._take_status(record, update)]

    def _take_status(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        if Decimal(update["accumulated_filled_qty"]) > record.booked + record.forgiven:
            return self._hold(record, without_fill(update))
        return self._tell_status(record, update)

    def _hold(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        self.holes.add(record.key)
        learn(record, update)
        hold(record, update)
        return []

    def _let_go(self, record: OrderRecord) -> list[Told]:
        """Take what was held and is due now, in order; what it brings may make the next due."""
        told: list[Told] = []
        while update := take_next(record):
            told += self._take(record, of_present_terms(record, update))
        if not record.held:
            self.holes.discard(record.key)
        return told

    def _tell_fill(self, record: OrderRecord, update: MappedOrderUpdate) -> Told:
        record.book(update)
        learn(record, update)
        return self._deliver(record, update, status=record.status_with(update))

    def _tell_status(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        rank, held_rank = status_rank(update["order_status"]), status_rank(record.status)
        is_news = rank > held_rank or brings_terms(record, update) or record.booked > record.cumulative
        if (
            rank < held_rank
            and update["execution_type"] == "NEW"
            and update["order_trade_time"] > record.first_fill_time
        ):
            self.stale += record.first_fill_time > 0
        learn(record, update)
        if not is_news:
            return []
        status = update["order_status"] if rank > held_rank else record.status
        if status == "NEW" and record.booked:  # the baseline grew
            status = "PARTIALLY_FILLED"
        return [self._deliver(record, without_fill(update), status=status)]

    def _details(self, record: OrderRecord, update: MappedOrderUpdate) -> list[Told]:
        record.recognise(update["trade_id"])
        if update["trade_id"] not in record.undetailed:
            return []
        del record.undetailed[update["trade_id"]]
        learn(record, update)
        details: MappedOrderUpdate = {**completed(record, update), "last_filled_qty": "0"}
        record.average = details["avg_price"]
        told = [Told("details", details)]
        if self._deliver_enrichment:
            told.append(Told("delivery", {**details, "trade_id": 0, "delivery_id": self.number()}))
        return told

    def _deliver(self, record: OrderRecord, update: MappedOrderUpdate, *, status: str) -> Told:
        if status in ENDED and not record.ended:
            record.ended_at = update["order_trade_time"]
        record.status = status
        record.cumulative = max(record.cumulative, record.booked, Decimal(update["accumulated_filled_qty"]))
        record.begun = record.begun or record.booked == record.cumulative
        told = completed(record, update)
        record.average = told["avg_price"]
        if update["source"] != "trade_lite":
            record.told_terms = terms_of(told)
        told["delivery_id"] = self.number()
        return Told("delivery", told)

    # --- meeting an order -----------------------------------------------------------------------------------------

    def _record(self, update: MappedOrderUpdate, *, made: int | None = None) -> OrderRecord:
        key = (update["symbol"], update["order_id"])
        record = self._orders.get(key)
        if record is None:
            record = self._orders[key] = OrderRecord(key, facts=update)
        if not record.is_expected and update["client_order_id"] in self.intents:
            self._bind_intent(record, update, made=update["order_trade_time"] if made is None else made)
        if not record.begun and update["execution_type"] == "NEW" and update["source"] == "stream":
            record.begun = True
        return record

    def _bind_intent(self, record: OrderRecord, update: MappedOrderUpdate, *, made: int) -> None:
        claimed = self.intents.claim(update, made=made)
        if claimed is not None:
            intent, record.sent_epoch = claimed
            record.is_expected = record.begun = True
            record.facts = intended(record.facts, intent)

    def _tell_baseline(self, record: OrderRecord, row: OrderRow) -> list[Told]:
        take_left_over(record, row)
        if not record.baseline or record.status or row.status in ENDED:
            return []
        update = without_fill(map_order_row(row))
        if record.booked != Decimal(row.executed_qty):  # the row speaks of another moment than the baseline
            update["accumulated_filled_qty"] = format(record.booked, "f")
            update["avg_price"] = record.average_price()
        return [self._deliver(record, update, status="PARTIALLY_FILLED")]

    def _is_forgotten_row(self, update: MappedOrderUpdate, trades: Iterable[TradeRow]) -> bool:
        """Say whether an order that ended was forgotten; an open one that we do not hold never is."""
        for trade in trades:
            if self.forgotten.contradicts(trade.symbol, trade.id, trade.time):
                self.venue_reset = trade.symbol
                return True
        return update["order_status"] in ENDED and self._is_forgotten(update)
