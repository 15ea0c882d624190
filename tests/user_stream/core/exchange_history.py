"""An exchange in its smallest form, which says everything that it does on two connections and over REST.

A history is data: what happens to a few orders, and in which order whoever listens hears of it. Hypothesis writes it,
`Exchange` plays it against a ledger. Each connection keeps the order of each type of event, and nothing more; it may
begin and end anywhere, lose a frame, say things again, and run behind the other one by any number of events. REST may
be stale, and its rows may be older or newer than its trades.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from tests.user_stream.core.order_facts import SYMBOL, intent, order_row, told_by_lite, told_by_stream, trade_row
from tests.user_stream.core.order_plans import Happening, History
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Ledger, Told
from user_stream.core.order_record import OrderKey
from user_stream.core.rest_rows import OrderRow, TradeRow

Kind: TypeAlias = Literal["lite", "order"]

LAGS = {"ask": (0, 0), "ask stale": (1, 1), "ask before trades": (1, 0), "ask before row": (0, 1)}
"""How many times the argument of the action an order's row and its trades lag behind."""

HEARD = ("hear a lite", "hear a order", "hear b lite", "hear b order")
UNBROKEN = ("happen", "happen", "happen", *HEARD, *HEARD, "begin b", "connect b", "again")
"""Connection a carries everything from the first moment on; b comes later."""
HEALED = (*UNBROKEN, "cut a", "cut b", "connect a", "lose a lite", "lose a order", "lose b order", *LAGS, "repair")
"""Everything breaks, but nobody stops waiting for what is missing."""
ANYTHING = (*HEALED, "give up", "restart", "evict", "external")


@dataclass
class Connection:
    """What a connection still has to say, and the epoch as which the ledger knows it, once somebody listens."""

    queues: dict[Kind, deque[MappedOrderUpdate]] = field(default_factory=lambda: {"lite": deque(), "order": deque()})
    epoch: int = 0


@dataclass
class Exchange:
    """Plays a history against a ledger, and keeps what the ledger told."""

    history: History
    ledger: Ledger = field(default_factory=Ledger)
    told: list[Told] = field(default_factory=list)
    happened: int = 0
    shown: int = 0
    """REST lags no further behind than this."""
    connections: dict[str, Connection] = field(default_factory=dict)
    heard: list[tuple[MappedOrderUpdate, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.happened = self.history.before
        self.connections["a"] = Connection(epoch=self.ledger.begin_epoch())

    @property
    def since(self) -> int:
        """When the ledger began."""
        return self.now(self.history.before) + 1

    @property
    def deliveries(self) -> list[MappedOrderUpdate]:
        return [item.update for item in self.told if item.kind == "delivery"]

    def now(self, happened: int) -> int:
        """Return the time of the latest thing that happened."""
        return self.history.timeline[happened - 1].at if happened else 0

    def key(self, order: int) -> OrderKey:
        return (SYMBOL, str(order + 1))

    def play(self) -> None:
        """Play it all, then let the faults end: everything is heard, and REST shows everything."""
        for action, argument in self.history.actions:
            self.do(action, argument)
        while self.happened < len(self.history.timeline):
            self._happen()
        for name in tuple(self.connections):
            for kind in ("order", "lite"):
                while self.connections[name].queues[kind]:
                    self._hear(f"{name} {kind}")
        self.ask_all()

    def ask_all(self) -> None:
        for order in range(len(self.history.orders)):
            self._ask(order)

    def do(self, action: str, argument: int) -> None:
        verb, _, rest = action.partition(" ")
        if action in LAGS:
            row, trades = LAGS[action]
            self._ask(argument % len(self.history.orders), row_lag=row * argument, trades_lag=trades * argument)
        elif verb in {"hear", "lose", "connect", "begin", "cut"}:
            doings = {"hear": self._hear, "lose": self._lose, "connect": self._connect, "begin": self._begin}
            doings.get(verb, self._cut)(rest)
        elif action == "again":
            self._hear_again(argument)
        elif action == "external":
            self._find_external(argument % len(self.history.orders))
        else:
            doing = {"happen": self._happen, "repair": self._repair, "restart": self._restart, "evict": self._evict}
            doing.get(action, self._give_up)()

    # --- connections ----------------------------------------------------------------------------------------------

    def _connect(self, name: str) -> None:
        self.connections.setdefault(name, Connection())

    def _begin(self, name: str) -> None:
        """The handshake's answer is read, maybe long after the exchange gave it."""
        if name in self.connections and not self.connections[name].epoch:
            self.connections[name].epoch = self.ledger.begin_epoch()

    def _cut(self, name: str) -> None:
        self.connections.pop(name, None)

    def _hear(self, queue: str) -> None:
        name, kind = queue.split()
        if update := self._next(name, kind):
            self._fold(update, self.connections[name].epoch)

    def _lose(self, queue: str) -> None:
        name, kind = queue.split()
        if self._next(name, kind):
            self.connections[name].epoch = self.ledger.cut_epoch()

    def _next(self, name: str, kind: str) -> MappedOrderUpdate | None:
        self._begin(name)
        connection = self.connections.get(name)
        queue = connection.queues["lite" if kind == "lite" else "order"] if connection else None
        return queue.popleft() if queue else None

    def _hear_again(self, back: int) -> None:
        if len(self.heard) > back:
            self._fold(*self.heard[-1 - back])

    def _fold(self, update: MappedOrderUpdate, epoch: int) -> None:
        self.heard.append((update, epoch))
        self.told += self.ledger.fold(update, epoch)

    # --- the exchange ---------------------------------------------------------------------------------------------

    def _happen(self) -> None:
        if self.happened == len(self.history.timeline):
            return
        happening = self.history.timeline[self.happened]
        plan = self.history.orders[happening.order]
        self.happened += 1
        if happening.execution == "NEW" and plan.own:
            self.send(happening)
        for connection in self.connections.values():
            connection.queues["order"].append(self.event(happening))
            if happening.trade and not plan.unnamed:
                connection.queues["lite"].append(self.lite(happening))

    def send(self, happening: Happening) -> None:
        """Announce an order of our own, which is about to be made."""
        meant = intent(f"c{happening.order}", quantity=str(happening.quantity), sent_at_ms=happening.at)
        self.ledger.register(meant)

    def event(self, happening: Happening) -> MappedOrderUpdate:
        plan = self.history.orders[happening.order]
        return told_by_stream(
            happening.status,
            execution=happening.execution,
            order_id=happening.order + 1,
            client_order_id=f"c{happening.order}",
            trade=0 if plan.unnamed else happening.trade,
            last=str(happening.last),
            cumulative=str(happening.cumulative),
            quantity=str(happening.quantity),
            price=price_of(happening.trade),
            average=format(self.average(happening.order, happening.cumulative), "f"),
            at=happening.at,
        )

    def lite(self, happening: Happening) -> MappedOrderUpdate:
        return told_by_lite(
            happening.trade,
            str(happening.last),
            order_id=happening.order + 1,
            client_order_id=f"c{happening.order}",
            quantity=str(happening.quantity),
            price=price_of(happening.trade),
            at=happening.at,
        )

    # --- REST -----------------------------------------------------------------------------------------------------

    def _ask(self, order: int, *, row_lag: int = 0, trades_lag: int = 0) -> None:
        row = self.row(order, max(self.happened - row_lag, self.shown))
        if row is not None:
            trades = self.trades(order, max(self.happened - trades_lag, self.shown))
            self.told += self.ledger.fold_order(row, trades, since=self.since)

    def _find_external(self, order: int) -> None:
        """Find trades of somebody else's order, which cannot be asked for."""
        if not self.history.orders[order].own:
            for trade in self.trades(order, self.happened):
                self.told += self.ledger.fold_external_trade(trade, since=self.since)

    def _repair(self) -> None:
        for key in sorted(self.ledger.holes):
            self._ask(int(key[1]) - 1)

    def _give_up(self) -> None:
        for key in sorted(self.ledger.holes):
            self.told += self.ledger.release(key)

    def _evict(self) -> None:
        """Everything until now is known, and what is over is forgotten while connections still lag behind."""
        self.ask_all()
        now = self.now(self.happened)
        goes_on = self.happened < len(self.history.timeline) and self.now(self.happened + 1) == now
        if not goes_on and not any(plan.late for plan in self.history.orders):
            self.ledger.evict(before=now + 1)
            self.shown = self.happened

    def _restart(self) -> None:
        """The process dies; what was told is all that is left, and every connection is another one."""
        intents = [*self.ledger.intents]
        self.ledger = Ledger()
        self.ledger.restore(self.told, next_delivery_id=len(self.deliveries) + 1)
        for pending in intents:
            self.ledger.register(pending)
        self.connections = {"a": Connection(epoch=self.ledger.begin_epoch())}
        self.heard = []

    def _life(self, order: int, until: int) -> list[Happening]:
        return [happening for happening in self.history.timeline[: max(until, 0)] if happening.order == order]

    def row(self, order: int, until: int) -> OrderRow | None:
        """Return an order's row as it was when so much had happened."""
        life = self._life(order, until)
        if not life:
            return None
        return order_row(
            next((step.status for step in reversed(life) if step.status in self.history.ends), life[-1].status),
            executed=str(life[-1].cumulative),
            order_id=order + 1,
            client_order_id=f"c{order}",
            quantity=str(life[-1].quantity),
            average=format(self.average(order, life[-1].cumulative), "f"),
            made_at=life[0].at,
            at=life[-1].at,
        )

    def trades(self, order: int, until: int) -> list[TradeRow]:
        """Return an order's trades as they were when so much had happened."""
        return [
            trade_row(fill.trade, str(fill.last), order_id=order + 1, price=price_of(fill.trade), at=fill.at)
            for fill in self._life(order, until)
            if fill.trade
        ]

    # --- the truth ------------------------------------------------------------------------------------------------

    def quantity(self, order: int) -> str:
        """Return what an order asked for in the end."""
        return str(self._life(order, len(self.history.timeline))[-1].quantity)

    def average(self, order: int, cumulative: Decimal | int) -> Decimal:
        """Return the average price of an order's fills up to a cumulative quantity."""
        fills = [f for f in self.history.timeline if f.order == order and f.trade and f.cumulative <= cumulative]
        executed = sum(fill.last for fill in fills)
        notional = sum((fill.last * Decimal(price_of(fill.trade)) for fill in fills), Decimal(0))
        return round(notional / executed, 5) if executed else Decimal(0)


def price_of(trade: int) -> str:
    """Return the price of a trade, another one for each."""
    return str(1000 + trade)
