"""Rules 1, 4, 5, 8, 10 and 11, exhaustively: every merge of what two connections, and REST, tell of a small history.

Each connection tells NEW, fills and ends in their order, and TRADE_LITEs in theirs; one of the two types may run ahead
of the other, and one connection ahead of the other one, by any number of events. A merge is one order in which all that
can reach the ledger. Merges that have led to the same ledger and the same deliveries go on as one.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeAlias

import pytest

from tests.user_stream.core.exchange_history import Exchange
from tests.user_stream.core.order_facts import SYMBOL
from tests.user_stream.core.order_plans import Happening, History, OrderPlan, life_of
from tests.user_stream.core.test_ledger_histories import assert_told_exactly_once, assert_told_in_order
from user_stream.core.ledger import Ledger, Told
from user_stream.core.order_record import OrderRecord

Fact: TypeAlias = Callable[[Ledger], list[Told]]


class Merged(NamedTuple):
    """Where a merge has led to."""

    ledger: Ledger
    told: list[Told]


def merges(start: Ledger, sources: list[list[Fact]]) -> Iterator[Merged]:
    """Yield where every merge of the sources leads to."""
    seen = set()
    waiting = [((0,) * len(sources), pickle.dumps(Merged(start, [])))]
    while waiting:
        positions, state = waiting.pop()
        if all(at == len(source) for at, source in zip(positions, sources, strict=True)):
            yield pickle.loads(state)  # noqa: S301  what was dumped below
        for index, source in enumerate(sources):
            if positions[index] < len(source):
                merged = Merged(*pickle.loads(state))  # noqa: S301  the same
                merged.told.extend(source[positions[index]](merged.ledger))
                step = tuple(at + (other == index) for other, at in enumerate(positions))
                place = (step, *described(merged))
                if place not in seen:
                    seen.add(place)
                    waiting.append((step, pickle.dumps(merged)))


_TOLD = ("order_id", "order_status", "trade_id", "last_filled_qty", "accumulated_filled_qty", "avg_price", "orig_qty")


def described(merged: Merged) -> tuple[object, ...]:
    """Return all that decides how a merge can go on, and all that it has told."""
    held = [merged.ledger.order((SYMBOL, order)) for order in ("1", "2")]
    return tuple([str(_described(record)) for record in held if record]), tuple(map(_said, merged.told))


def _described(record: OrderRecord) -> list[object]:
    values: list[object] = []
    for name in OrderRecord.__slots__:
        value = getattr(record, name)
        values.append(sorted(map(str, value)) if isinstance(value, set) else value)
    values[OrderRecord.__slots__.index("facts")] = [record.facts["price"], record.facts["orig_qty"]]
    values[OrderRecord.__slots__.index("held")] = sorted(
        map(_said, [Told("delivery", update) for update in record.held])
    )
    return values


def _said(told: Told) -> tuple[str, ...]:
    return (told.kind, *[str(told.update[name]) for name in _TOLD])  # type: ignore[literal-required]  # keys of it


def history_of(*plans: OrderPlan) -> History:
    """Return the lives of orders, one step of each after the other; fills of one moment are two sides of one trade."""
    timeline = []
    lives = [life_of(index, plan) for index, plan in enumerate(plans)]
    for turn in range(max(map(len, lives))):
        for step in (life[turn] for life in lives if turn < len(life)):
            trade = 101 + turn if step.trade else 0
            timeline.append(
                Happening(
                    step.order, step.status, 1_000 * (turn + 1), trade,
                    step.last, step.cumulative, step.quantity, step.execution,
                )
            )  # fmt: skip
    return History(list(plans), timeline, [])


def told_by_connection(exchange: Exchange, epoch: int, *, since: int = 0) -> list[list[Fact]]:
    """Return the two types of event of a connection, which began after `since` steps of the history."""
    happened = exchange.history.timeline[since:]
    orders = [exchange.event(step) for step in happened]
    plans = exchange.history.orders
    lites = [exchange.lite(step) for step in happened if step.trade and not plans[step.order].unnamed]
    return [[partial(_fold, update=update, epoch=epoch) for update in told] for told in (orders, lites)]


def _fold(ledger: Ledger, **fact: object) -> list[Told]:
    return ledger.fold(**fact)  # type: ignore[arg-type]  # a partial of its own arguments


def told_by_rest(exchange: Exchange, *moments: tuple[int, int]) -> list[Fact]:
    """Return answers about the first order: (steps that its row, steps that its trades have seen)."""
    rows = [(exchange.row(0, row), exchange.trades(0, trades)) for row, trades in moments]
    return [partial(Ledger.fold_order, row=row, trades=trades, since=0) for row, trades in rows if row is not None]


def assert_all_merges(exchange: Exchange, sources: list[list[Fact]]) -> None:
    ended = list(merges(exchange.ledger, sources))
    assert ended
    for merged in ended:
        after = Exchange(exchange.history, ledger=merged.ledger, told=merged.told)
        assert_told_exactly_once(after)
        assert_told_in_order(after)


PLANS = {
    "filled": [OrderPlan((4, 6), "FILLED")],
    "of somebody else": [OrderPlan((4, 6), "FILLED", own=False)],
    "canceled": [OrderPlan((4,), "CANCELED")],
    "amended up, then filled": [OrderPlan((4, 6), "FILLED", amended_after=1)],
    "fills after its end": [OrderPlan((4,), "CANCELED", late=2)],
    "liquidated": [OrderPlan((4, 6), "FILLED", own=False, unnamed=True)],
    "traded with another one": [OrderPlan((4,), "FILLED"), OrderPlan((4,), "OPEN")],
}


def opened(plans: list[OrderPlan]) -> Exchange:
    """Return an exchange where our own orders are about to be sent, and one connection has begun."""
    exchange = Exchange(history_of(*plans))
    for step in exchange.history.timeline:
        plan = plans[step.order]
        if step.execution == "NEW" and plan.own:
            exchange.send(step)
    return exchange


@pytest.mark.parametrize("begins_after", [0, 2])
@pytest.mark.parametrize("plans", PLANS.values(), ids=PLANS)
@pytest.mark.no_cover
def test_every_merge_of_two_connections_tells_the_same(plans: list[OrderPlan], begins_after: int) -> None:
    """The second one begins anywhere in the history; the first one carries everything."""
    exchange = opened(plans)
    second = exchange.ledger.begin_epoch()

    sources = told_by_connection(exchange, 1) + told_by_connection(exchange, second, since=begins_after)

    assert_all_merges(exchange, sources)


@pytest.mark.parametrize("plans", PLANS.values(), ids=PLANS)
def test_every_merge_of_a_connection_and_rest_tells_the_same(plans: list[OrderPlan]) -> None:
    """REST answers are stale, their rows and trades of different moments, and they come at any time."""
    exchange = opened(plans)
    whole = len(exchange.history.timeline)

    sources = [*told_by_connection(exchange, 1), told_by_rest(exchange, (2, 1), (whole, 2), (2, whole))]

    assert_all_merges(exchange, sources)
