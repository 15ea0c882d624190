"""What may happen to a few orders: whole lives, interleaved, as Hypothesis makes them up."""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from hypothesis import strategies as st


@dataclass(frozen=True)
class OrderPlan:
    """One order's whole life: `fills` in lots, then `end`. Only our own orders are registered before they are sent."""

    fills: tuple[int, ...]
    end: str
    own: bool = True
    unnamed: bool = False
    """True when the stream tells its fills with trade id 0, and TRADE_LITE not at all."""
    amended_after: int = -1
    """After how many fills its quantity is amended; -1 when it never is."""
    amended_up: bool = True
    late: int = 0
    """What it executes after its end."""

    @property
    def executed(self) -> int:
        return sum(self.fills) + self.late

    @property
    def quantity(self) -> int:
        """A filled order asked for what it got, any other one for more."""
        return self.executed if self.end == "FILLED" else self.executed + 5

    def quantity_after(self, fills: int) -> int:
        """Return the quantity after so many fills."""
        if fills >= self.amended_after:
            return self.quantity
        return sum(self.fills[: self.amended_after]) + 1 if self.amended_up else self.quantity + 3


@dataclass(frozen=True)
class Happening:
    """One thing at the exchange: `order` is the plan's index, `trade` 0 for what is no fill."""

    order: int
    status: str
    at: int
    trade: int = 0
    last: int = 0
    cumulative: int = 0
    quantity: int = 10
    execution: str = ""


@dataclass
class History:
    """Everything that Hypothesis decides."""

    ends: ClassVar[frozenset[str]] = frozenset({"FILLED", "CANCELED", "EXPIRED"})
    orders: list[OrderPlan]
    timeline: list[Happening]
    actions: list[tuple[str, int]]
    before: int = 0
    """How much of the timeline happens before the ledger begins."""


def plans(*, unnamed: st.SearchStrategy[bool]) -> st.SearchStrategy[OrderPlan]:
    """Return orders with up to four fills; one that filled has at least one and none after its end."""
    return st.builds(
        OrderPlan,
        fills=st.lists(st.integers(1, 3), max_size=4).map(tuple),
        end=st.sampled_from((*sorted(History.ends), "OPEN")),
        own=st.booleans(),
        unnamed=unnamed,
        amended_after=st.integers(-1, 3),
        amended_up=st.booleans(),
        late=st.sampled_from((0, 0, 0, 2)),
    ).filter(_is_possible)


def _is_possible(plan: OrderPlan) -> bool:
    if plan.late and plan.end not in {"CANCELED", "EXPIRED"}:
        return False
    if plan.end == "FILLED" and not plan.fills:
        return False
    return plan.amended_after < max(len(plan.fills), 1) + (plan.end != "FILLED")


@st.composite
def timelines(draw: st.DrawFn, orders: list[OrderPlan]) -> list[Happening]:
    """Interleave lives of orders. Trade ids rise; two orders may trade with each other; time may stand still."""
    steps = [deque(life_of(index, plan)) for index, plan in enumerate(orders)]
    turns = draw(st.permutations([index for index, life in enumerate(steps) for _ in life]))
    timeline: list[Happening] = []
    at = 1_000
    for index in turns:
        step = steps[index].popleft()
        if _may_trade_with(timeline, step) and draw(st.booleans()):
            timeline.append(_placed(step, timeline[-1].trade, at))
            continue
        at += draw(st.sampled_from((1_000, 1, 0)))
        timeline.append(_placed(step, len(timeline) + 101, at))
    return timeline


def _may_trade_with(timeline: list[Happening], step: Happening) -> bool:
    """Two orders of the account can be the two sides of the latest trade."""
    if not step.trade or not timeline or not timeline[-1].trade or timeline[-1].order == step.order:
        return False
    return [fill.trade for fill in timeline].count(timeline[-1].trade) == 1


def _placed(step: Happening, trade: int, at: int) -> Happening:
    return Happening(
        step.order,
        step.status,
        at,
        trade if step.trade else 0,
        step.last,
        step.cumulative,
        step.quantity,
        step.execution,
    )


def life_of(index: int, plan: OrderPlan) -> list[Happening]:
    """Return what happens to an order; `trade` is 1 for every fill, and times are open."""
    quantity = plan.quantity_after(-1 if plan.amended_after >= 0 else 0)
    life = [Happening(index, "NEW", 0, quantity=quantity, execution="NEW")]
    cumulative = 0
    for count, last in enumerate((*plan.fills, 0)):
        if count == plan.amended_after:
            quantity = plan.quantity
            status = "PARTIALLY_FILLED" if cumulative else "NEW"
            life.append(Happening(index, status, 0, 0, 0, cumulative, quantity, "AMENDMENT"))
        if last:
            cumulative += last
            status = "FILLED" if plan.end == "FILLED" and cumulative == plan.executed else "PARTIALLY_FILLED"
            life.append(Happening(index, status, 0, 1, last, cumulative, quantity))
    if plan.end in {"CANCELED", "EXPIRED"}:
        life.append(Happening(index, plan.end, 0, 0, 0, cumulative, quantity))
    if plan.late:
        life.append(Happening(index, "PARTIALLY_FILLED", 0, 1, plan.late, cumulative + plan.late, quantity))
    return life


@functools.cache
def _with_arguments(actions: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return actions with how far back they reach, where that matters."""
    far = [action for action in actions if action.startswith(("ask", "again", "external"))]
    reaching = [(action, back) for action in far for back in range(1, 4)]
    return [(action, 0) for action in actions] + reaching


@functools.cache
def _strategy(unnamed: bool) -> st.SearchStrategy[list[OrderPlan]]:
    return st.lists(plans(unnamed=st.booleans() if unnamed else st.just(False)), min_size=1, max_size=3)


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    actions: tuple[str, ...],
    unnamed: bool = False,
    begins_late: bool = False,
) -> History:
    """Return whole histories, in which only `actions` happen."""
    orders = draw(_strategy(unnamed))
    timeline = draw(timelines(orders))
    doings = draw(st.lists(st.sampled_from(_with_arguments(actions)), min_size=10, max_size=60))
    before = draw(st.integers(0, len(timeline))) if begins_late else 0
    return History(orders, timeline, doings, before)
