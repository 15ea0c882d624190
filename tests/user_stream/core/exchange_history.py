"""An exchange in its smallest form, which says everything that it does on two connections and over REST.

A history is data: what happens to a few orders, and in which order whoever listens hears of it. Hypothesis writes it,
`play` runs it against a ledger. Each connection keeps the order of each type of event, and nothing more; REST may be
stale, and its rows may be older or newer than its trades.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st

from tests.user_stream.core.order_facts import SYMBOL, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Ledger, Told
from user_stream.core.order_record import OrderKey
from user_stream.core.rest_rows import OrderRow, TradeRow


@dataclass(frozen=True)
class OrderPlan:
    """One order's whole life: `fills` in lots, then `end`. Only our own orders are registered before they are sent."""

    fills: tuple[int, ...]
    end: str
    own: bool = True
    unnamed: bool = False
    """True when the stream tells its fills with trade id 0."""

    @property
    def executed(self) -> int:
        return sum(self.fills)

    @property
    def quantity(self) -> int:
        """A filled order asked for what it got, any other one for more."""
        return self.executed if self.end == "FILLED" else self.executed + 5


@dataclass(frozen=True)
class Happening:
    """One thing at the exchange: `order` is the plan's index, `trade` 0 for what is no fill."""

    order: int
    status: str
    at: int
    trade: int = 0
    last: int = 0
    cumulative: int = 0


ENDS = ("FILLED", "CANCELED", "EXPIRED", "OPEN")
LAGS = {"ask": (0, 0), "ask stale": (1, 1), "ask before trades": (1, 0), "ask before row": (0, 1)}
"""How many times the argument of the action an order's row and its trades lag behind."""
ACTIONS = (
    "happen", "happen", "hear a lite", "hear a order", "hear b lite", "hear b order", "hear a order",
    "cut", "connect", "ask", *LAGS, "repair", "give up",
)  # fmt: skip


def plans(*, own: st.SearchStrategy[bool], unnamed: st.SearchStrategy[bool]) -> st.SearchStrategy[OrderPlan]:
    """Return orders with up to four fills; one that filled has at least one."""
    return st.builds(
        OrderPlan,
        fills=st.lists(st.integers(1, 3), max_size=4).map(tuple),
        end=st.sampled_from(ENDS),
        own=own,
        unnamed=unnamed,
    ).filter(lambda plan: bool(plan.fills) or plan.end != "FILLED")


@st.composite
def timelines(draw: st.DrawFn, orders: list[OrderPlan]) -> list[Happening]:
    """Interleave the lives of the orders. Trade ids rise, times are 1000 ms apart."""
    steps = [_steps(plan) for plan in orders]
    turns = draw(st.permutations([index for index, life in enumerate(steps) for _ in life]))
    timeline: list[Happening] = []
    for at, index in enumerate(turns, start=1):
        status, last, cumulative = steps[index].popleft()
        timeline.append(Happening(index, status, at * 1000, at + 100 if last else 0, last, cumulative))
    return timeline


def _steps(plan: OrderPlan) -> deque[tuple[str, int, int]]:
    steps: deque[tuple[str, int, int]] = deque([("NEW", 0, 0)])
    cumulative = 0
    for last in plan.fills:
        cumulative += last
        filled = plan.end == "FILLED" and cumulative == plan.executed
        steps.append(("FILLED" if filled else "PARTIALLY_FILLED", last, cumulative))
    if plan.end in {"CANCELED", "EXPIRED"}:
        steps.append((plan.end, 0, cumulative))
    return steps


@dataclass
class History:
    """Everything that Hypothesis decides."""

    orders: list[OrderPlan]
    timeline: list[Happening]
    actions: list[tuple[str, int]]
    before: int = 0
    """How much of the timeline happens before the ledger begins."""


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    own: st.SearchStrategy[bool],
    unnamed: st.SearchStrategy[bool],
    actions: tuple[str, ...] = ACTIONS,
    begins_late: bool = False,
) -> History:
    """Return whole histories, in which only `actions` happen."""
    orders = draw(st.lists(plans(own=own, unnamed=unnamed), min_size=1, max_size=3))
    timeline = draw(timelines(orders))
    doings = draw(st.lists(st.tuples(st.sampled_from(actions), st.integers(0, 5)), min_size=5, max_size=40))
    before = draw(st.integers(0, len(timeline))) if begins_late else 0
    return History(orders, timeline, doings, before)


@dataclass
class Exchange:
    """Plays a history against a ledger, and keeps what the ledger told."""

    history: History
    ledger: Ledger = field(default_factory=Ledger)
    told: list[Told] = field(default_factory=list)
    happened: int = 0
    connected: bool = False
    epoch: int = 0
    queues: dict[str, deque[MappedOrderUpdate]] = field(default_factory=dict)

    @property
    def since(self) -> int:
        """When the ledger began."""
        return self.history.before * 1000 + 1

    def key(self, order: int) -> OrderKey:
        return (SYMBOL, str(order + 1))

    def play(self) -> list[MappedOrderUpdate]:
        """Play it all, let the faults end, and return the deliveries."""
        self.happened = self.history.before
        self._connect()
        for action, argument in self.history.actions:
            self._do(action, argument)
        self._settle()
        return [item.update for item in self.told if item.kind == "delivery"]

    def _settle(self) -> None:
        self._connect()
        while self.happened < len(self.history.timeline):
            self._happen()
        for queue in self.queues.values():
            while queue:
                self.told += self.ledger.fold(queue.popleft(), self.epoch)
        for order in range(len(self.history.orders)):
            self._ask(order)
        self._repair()
        self._give_up()

    def _do(self, action: str, argument: int) -> None:
        if action in LAGS:
            row, trades = LAGS[action]
            self._ask(argument % len(self.history.orders), row_lag=row * argument, trades_lag=trades * argument)
        elif action.startswith("hear "):
            self._hear(action.removeprefix("hear "))
        else:
            doings = {"happen": self._happen, "cut": self._cut, "connect": self._connect, "repair": self._repair}
            doings.get(action, self._give_up)()

    def _cut(self) -> None:
        self.connected = False
        self.queues = {}

    def _connect(self) -> None:
        if self.connected:
            return
        self.connected = True
        self.epoch = self.ledger.begin_epoch()
        self.queues = {name: deque() for name in ("a lite", "a order", "b lite", "b order")}

    def _happen(self) -> None:
        if self.happened == len(self.history.timeline):
            return
        happening = self.history.timeline[self.happened]
        plan = self.history.orders[happening.order]
        self.happened += 1
        if happening.status == "NEW" and plan.own:
            self.ledger.register(intent(f"c{happening.order}", quantity=str(plan.quantity), sent_at_ms=happening.at))
        for connection in ("a", "b"):
            if self.connected:
                self.queues[f"{connection} order"].append(self._event(happening))
                if happening.trade and not plan.unnamed:
                    self.queues[f"{connection} lite"].append(self._lite(happening))

    def _hear(self, queue: str) -> None:
        if self.queues.get(queue):
            self.told += self.ledger.fold(self.queues[queue].popleft(), self.epoch)

    def _event(self, happening: Happening) -> MappedOrderUpdate:
        plan = self.history.orders[happening.order]
        return told_by_stream(
            happening.status,
            order_id=happening.order + 1,
            client_order_id=f"c{happening.order}",
            trade=0 if plan.unnamed else happening.trade,
            last=str(happening.last),
            cumulative=str(happening.cumulative),
            quantity=str(plan.quantity),
            price=price_of(happening.trade),
            average=format(self.average(happening.order, happening.at), "f"),
            at=happening.at,
        )

    def _lite(self, happening: Happening) -> MappedOrderUpdate:
        return told_by_lite(
            happening.trade,
            str(happening.last),
            order_id=happening.order + 1,
            client_order_id=f"c{happening.order}",
            quantity=str(self.history.orders[happening.order].quantity),
            price=price_of(happening.trade),
            at=happening.at,
        )

    def _ask(self, order: int, *, row_lag: int = 0, trades_lag: int = 0) -> None:
        row = self._row(order, self.happened - row_lag)
        if row is not None:
            trades = self._trades(order, self.happened - trades_lag)
            self.told += self.ledger.fold_order(row, trades, since=self.since)

    def _repair(self) -> None:
        for key in sorted(self.ledger.holes):
            self._ask(int(key[1]) - 1)
            if self.ledger.is_complete(key):
                self.told += self.ledger.release(key)

    def _give_up(self) -> None:
        for key in sorted(self.ledger.holes):
            self.told += self.ledger.release(key)

    def _life(self, order: int, until: int) -> list[Happening]:
        return [happening for happening in self.history.timeline[: max(until, 0)] if happening.order == order]

    def _row(self, order: int, until: int) -> OrderRow | None:
        life = self._life(order, until)
        if not life:
            return None
        plan = self.history.orders[order]
        return order_row(
            life[-1].status,
            executed=str(life[-1].cumulative),
            order_id=order + 1,
            client_order_id=f"c{order}",
            quantity=str(plan.quantity),
            average=format(self.average(order, life[-1].at), "f"),
            made_at=life[0].at,
            at=life[-1].at,
        )

    def _trades(self, order: int, until: int) -> list[TradeRow]:
        return [
            trade_row(fill.trade, str(fill.last), order_id=order + 1, price=price_of(fill.trade), at=fill.at)
            for fill in self._life(order, until)
            if fill.trade
        ]

    def average(self, order: int, until: int) -> Decimal:
        """Return the average price of an order's fills up to a time."""
        fills = [f for f in self.history.timeline if f.order == order and f.trade and f.at <= until]
        executed = sum(fill.last for fill in fills)
        notional = sum((fill.last * Decimal(price_of(fill.trade)) for fill in fills), Decimal(0))
        return round(notional / executed, 8) if executed else Decimal(0)


def price_of(trade: int) -> str:
    """Return the price of a trade, another one for each."""
    return str(1000 + trade)
